"""The Bot API: what a bot may call, with Telegram's own errors and limits."""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from sandbox.telegram.chats import Chats, Message

TEXT_MAX = 4096
DATA_BYTES_MAX = 64
BUTTONS_MAX = 100
ROW_MAX = 8
ANSWER_TEXT_MAX = 200
QUERY_SECONDS = 600
BURST = 4
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TAGS = re.compile(r"</?(?:b|strong|i|em|u|s|code|pre|a)(?: href=\"[^\"]*\")?>")


@dataclass
class Failed(Exception):
    """A method says `ok: false`."""

    description: str
    code: int = 400


@dataclass
class Limited(Exception):
    """Too many messages."""

    seconds: int


@dataclass
class Webhook:
    """Where updates go."""

    url: str = ""
    secret: str = ""
    allowed: list[str] = field(default_factory=list)
    last_error: str = ""


@dataclass
class Rates:
    """About a message a second in each chat; a short burst is let through."""

    chats: Chats
    per_second: float = 1.0
    burst: int = BURST
    _tokens: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, key: str) -> None:
        """Count a message.

        Raises:
            Limited: it is one too many.
        """
        now = self.chats.time()
        tokens, at = self._tokens.get(key, (float(self.burst), now))
        tokens = min(self.burst, tokens + (now - at) * self.per_second) - 1
        if tokens < 0:
            raise Limited(max(1, round(-tokens / self.per_second)))
        self._tokens[key] = (tokens, now)


@dataclass
class BotApi:
    """Answers methods by their names."""

    chats: Chats
    rates: Rates
    webhook: Webhook = field(default_factory=Webhook)
    webhook_changed: Callable[[], None] = lambda: None

    def call(self, method: str, content_type: str, body: bytes, query: str = "") -> object:
        """Answer a call with its `result`.

        Raises:
            Failed: with Telegram's words for what is wrong.
            Limited: too many messages.
        """
        given = dict(parse_qsl(query)) | _arguments(content_type, body)
        return self.run(method, given)

    def run(self, method: str, given: Mapping[str, Any]) -> object:
        """Answer a method with arguments that were read."""
        methods: dict[str, Callable[[Mapping[str, Any]], object]] = {
            "getme": self._me,
            "sendmessage": self._send,
            "editmessagetext": self._edit_text,
            "editmessagereplymarkup": self._edit_keyboard,
            "answercallbackquery": self._answer,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "getwebhookinfo": self._webhook_info,
        }
        found = methods.get(method.lower())
        if found is None:
            raise Failed("Not Found", 404)
        return found(given)

    def _me(self, _given: Mapping[str, Any]) -> object:
        return {"id": 700000001, "is_bot": True, "first_name": "Hansa", "username": "hansa_bot"}

    def _send(self, given: Mapping[str, Any]) -> object:
        chat = self._chat(given)
        text, keyboard, preview = _text(given), _keyboard(given), _preview(given)
        self.rates.take(f"{chat} new")
        return self.view(chat, self.chats.post(chat, text, keyboard, preview))

    def _edit_text(self, given: Mapping[str, Any]) -> object:
        chat, message = self._message(given)
        text, keyboard, preview = _text(given), _keyboard(given), _preview(given)
        if (text, keyboard) == (message.text, message.keyboard):
            raise Failed(
                "Bad Request: message is not modified: specified new message content and reply "
                "markup are exactly the same as a current content and reply markup of the message"
            )
        self.rates.take(f"{chat} edits")
        message.text, message.keyboard, message.preview = text, keyboard, preview
        return self._edited(chat, message)

    def _edit_keyboard(self, given: Mapping[str, Any]) -> object:
        chat, message = self._message(given)
        keyboard = _keyboard(given)
        if keyboard == message.keyboard:
            raise Failed("Bad Request: message is not modified")
        self.rates.take(f"{chat} edits")
        message.keyboard = keyboard
        return self._edited(chat, message)

    def _edited(self, chat: int, message: Message) -> object:
        message.edited_at = int(self.chats.now())
        self.chats.save()
        return self.view(chat, message)

    def _answer(self, given: Mapping[str, Any]) -> object:
        name = str(given.get("callback_query_id", ""))
        query = next((one for one in self.chats.queries if one.id == name), None)
        text = str(given.get("text", ""))
        if query is None or query.is_answered or self.chats.time() - query.at > QUERY_SECONDS:
            raise Failed(
                "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        if len(text) > ANSWER_TEXT_MAX:
            raise Failed("Bad Request: MESSAGE_TOO_LONG")
        query.is_answered, query.text = True, text
        query.is_alert = given.get("show_alert") in {True, "true", "True"}
        return True

    def _set_webhook(self, given: Mapping[str, Any]) -> object:
        url, secret = str(given.get("url", "")), str(given.get("secret_token", ""))
        is_local = url.startswith(("http://127.0.0.1", "http://localhost"))
        if url and not url.startswith("https://") and not is_local:
            raise Failed("Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not _SECRET.fullmatch(secret):
            raise Failed("Bad Request: secret token contains unallowed characters")
        allowed = given.get("allowed_updates", [])
        allowed = msgspec.json.decode(allowed) if isinstance(allowed, str) else allowed
        self.webhook.url, self.webhook.secret, self.webhook.allowed = url, secret, list(allowed)
        self.webhook.last_error = ""
        self.webhook_changed()
        return True

    def _delete_webhook(self, _given: Mapping[str, Any]) -> object:
        return self._set_webhook({})

    def _webhook_info(self, _given: Mapping[str, Any]) -> object:
        return {
            "url": self.webhook.url,
            "has_custom_certificate": False,
            "pending_update_count": 0,
            "last_error_message": self.webhook.last_error,
            "allowed_updates": self.webhook.allowed,
        }

    def _chat(self, given: Mapping[str, Any]) -> int:
        try:
            chat = self.chats.chats.get(int(given.get("chat_id", "")))
        except ValueError:
            chat = None
        if chat is None:
            raise Failed("Bad Request: chat not found")
        if not chat.is_bot_in:
            raise Failed("Forbidden: bot is not a member of the group chat", 403)
        return chat.id

    def _message(self, given: Mapping[str, Any]) -> tuple[int, Message]:
        chat = self._chat(given)
        message = self.chats.find(chat, int(given.get("message_id", 0)))
        if message is None:
            raise Failed("Bad Request: message to edit not found")
        return chat, message

    def view(self, chat: int, message: Message) -> dict[str, Any]:
        """Show a message as the API does."""
        shown: dict[str, Any] = {
            "message_id": message.message_id,
            "from": self._me({}),
            "chat": {"id": chat, "title": self.chats.chats[chat].title, "type": "supergroup"},
            "date": message.date,
            "text": html.unescape(_TAGS.sub("", message.text)),
        }
        if message.edited_at is not None:
            shown["edit_date"] = message.edited_at
        if message.keyboard:
            shown["reply_markup"] = {"inline_keyboard": message.keyboard}
        return shown


def _arguments(content_type: str, body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        if content_type.partition(";")[0].strip() == "application/json":
            return msgspec.json.decode(body, type=dict[str, Any])
        given: dict[str, Any] = dict(parse_qsl(body.decode()))
        for name in ("reply_markup", "link_preview_options"):
            if name in given:
                given[name] = msgspec.json.decode(given[name])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Failed("Bad Request: can't parse arguments") from error
    return given


def _text(given: Mapping[str, Any]) -> str:
    text = str(given.get("text", ""))
    if given.get("parse_mode", "") != "HTML":
        text = html.escape(text, quote=False)
    elif "<" in _TAGS.sub("", text):
        raise Failed("Bad Request: can't parse entities: Unsupported start tag")
    plain = html.unescape(_TAGS.sub("", text))
    if not plain.strip():
        raise Failed("Bad Request: message text is empty")
    if len(plain) > TEXT_MAX:
        raise Failed("Bad Request: message is too long")
    return text


def _preview(given: Mapping[str, Any]) -> str:
    options = given.get("link_preview_options") or {}
    return str(options.get("url", ""))


def _keyboard(given: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    markup = given.get("reply_markup") or {}
    rows: list[list[dict[str, Any]]] = markup.get("inline_keyboard", [])
    if sum(map(len, rows)) > BUTTONS_MAX or any(len(row) > ROW_MAX for row in rows):
        raise Failed("Bad Request: reply markup is too long")
    for row in rows:
        for button in row:
            if not button.get("text"):
                raise Failed("Bad Request: text buttons are unallowed in the inline keyboard")
            data = button.get("callback_data")
            if data is None and not button.get("url"):
                raise Failed("Bad Request: inline keyboard button type is missing")
            if data is not None and not 1 <= len(str(data).encode()) <= DATA_BYTES_MAX:
                raise Failed("Bad Request: BUTTON_DATA_INVALID")
    return rows
