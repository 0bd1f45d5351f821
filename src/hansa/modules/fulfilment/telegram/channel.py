"""The connector to Telegram's Bot API."""

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from hansa.modules.fulfilment.asking import AnswerChannel, Handle
from hansa.modules.fulfilment.chat.refusals import ChannelRefused
from hansa.modules.fulfilment.chat.words import Words
from hansa.modules.fulfilment.model import Question, Shop, ShopChannel, Told
from hansa.modules.fulfilment.telegram.drawing import keyboard_of, picture_of, text_of
from hansa.runtime.context import Context
from hansa.runtime.outbound import Destination, NoAnswer

NAME = "telegram"
UPDATES_PATH = "/api/v1/fulfilment/telegram/updates"
MESSAGES_PER_SECOND = 25
_UNCHANGED = "message is not modified"
_GONE = ("message to edit not found", "message can't be edited")

_log = structlog.get_logger(__name__)


class _Message(msgspec.Struct):
    message_id: int = 0


class _Answer(msgspec.Struct):
    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"null")
    description: str = ""


class TelegramChannel(AnswerChannel):
    """Asks in Telegram chats; `Shop.address` is the chat's id."""

    def __init__(self, context: Context) -> None:
        settings = context.settings
        # The token is part of every address. In the base address it stays out of the log.
        token = settings.telegram_token.reveal()
        context.outbound.configure(
            Destination(
                name=NAME,
                base_url=f"{settings.telegram_url.rstrip('/')}/bot{token}",
                connect_seconds=3,
                read_seconds=10,
                total_seconds=30,
                attempts=4,
                rate_per_second=MESSAGES_PER_SECOND,
            )
        )
        self._outbound = context.outbound
        self._words = Words(settings)
        self._secret = settings.telegram_secret
        self._webhook_url = settings.public_url.rstrip("/") + UPDATES_PATH

    async def ask(self, question: Question, shop: Shop, *, key: str, is_repeat: bool) -> Handle:  # noqa: ARG002 - the Bot API has no use for them
        """Send the question. A repeat sends it again: there is no way to ask what has arrived.

        Raises:
            ChannelRefused: Telegram will never take it.
            Unavailable: try again later.
        """
        body = {"chat_id": _chat_id(shop.address), **self._drawn(question, shop)}
        answer = await self._call("sendMessage", body)
        try:
            message = msgspec.json.decode(answer.result, type=_Message)
        except msgspec.DecodeError as error:
            raise NoAnswer(NAME, "an answer that is not understood", maybe_done=True) from error
        return {"address": shop.address, "message": str(message.message_id)}

    async def update(self, handle: Handle, question: Question, shop: Shop, text: Told) -> None:
        """Draw a message anew. One that looks so already, or is gone, is left.

        Raises:
            ChannelRefused: Telegram will never do this.
            Unavailable: try again later.
        """
        said = self._words.say(shop.language, text) if text.message else ""
        said = said or self._words.status(question, shop)
        body = {
            "chat_id": _chat_id(handle["address"]),
            "message_id": int(handle["message"]),
            **self._drawn(question, shop, said=said),
        }
        try:
            await self._call("editMessageText", body)
        except ChannelRefused as refusal:
            if _UNCHANGED in refusal.reason:
                return
            if not any(known in refusal.reason for known in _GONE):
                raise
            _log.info("message is gone", channel=NAME, reason=refusal.reason)

    async def connect(self) -> str:
        """Tell Telegram where to send updates and with which secret; give the address.

        Raises: as `update`.
        """
        body = {
            "url": self._webhook_url,
            "secret_token": self._secret.reveal(),
            "allowed_updates": ["callback_query"],
        }
        await self._call("setWebhook", body)
        return self._webhook_url

    def say(self, language: str, told: Told) -> str:
        """Put a sentence into a language."""
        return self._words.say(language, told)

    def _drawn(self, question: Question, shop: Shop, *, said: str = "") -> dict[str, Any]:
        return {
            "text": text_of(self._words, question, shop, said=said),
            "parse_mode": "HTML",
            "reply_markup": {"inline_keyboard": keyboard_of(self._words, question, shop)},
            "link_preview_options": picture_of(self._words, question),
        }

    async def _call(self, method: str, body: Mapping[str, Any]) -> _Answer:
        answer = await self._outbound.send(NAME, "POST", f"/{method}", json=body)
        try:
            read = msgspec.json.decode(answer.body, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NoAnswer(NAME, "an answer that is not understood", maybe_done=True) from error
        if not read.ok:
            raise ChannelRefused(channel=ShopChannel.TELEGRAM, reason=read.description)
        return read


def make(context: Context) -> TelegramChannel | None:
    """Make the adapter, or nothing if this installation has no token of a bot."""
    return TelegramChannel(context) if context.settings.telegram_token else None


async def connect(context: Context) -> str | None:
    """Tell Telegram where to send what people press, and with which secret; give the address.

    Nothing is done, and nothing given, if this installation has no token of a bot.

    Raises:
        ChannelRefused: Telegram does not take the address or the token.
        Unavailable: try again later.
    """
    channel = make(context)
    return None if channel is None else await channel.connect()


def _chat_id(address: str) -> int | str:
    """Give a chat's id as Telegram takes it: a number, or the name of a public channel."""
    return int(address) if address.removeprefix("-").isdecimal() else address
