"""The Web API: what an app may call, with Slack's own errors and limits."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from sandbox.slack.blocks import faults
from sandbox.slack.workspace import Message, Workspace

TEXT_MAX = 40_000
HISTORY_MAX = 999
BURST = 4


@dataclass
class Failed(Exception):
    """A method says `ok: false`."""

    error: str
    status: int = 200
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class Limited(Exception):
    """Too many calls; `seconds` is what `Retry-After` says."""

    seconds: int


@dataclass
class Rates:
    """About a message a second in each channel; a short burst is let through."""

    workspace: Workspace
    per_second: float = 1.0
    burst: int = BURST
    _tokens: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, channel: str) -> None:
        """Count a message of a channel.

        Raises:
            Limited: it is one too many.
        """
        now = self.workspace.time()
        tokens, at = self._tokens.get(channel, (float(self.burst), now))
        tokens = min(self.burst, tokens + (now - at) * self.per_second) - 1
        if tokens < 0:
            raise Limited(max(1, round(-tokens / self.per_second)))
        self._tokens[channel] = (tokens, now)


@dataclass
class WebApi:
    """Answers methods by their names."""

    workspace: Workspace
    bot_token: str
    rates: Rates

    def call(
        self, method: str, headers: Mapping[str, str], body: bytes, query: str = ""
    ) -> dict[str, Any]:
        """Answer a call; what reads may also be asked by GET, with its arguments in the query.

        Raises:
            Failed: with Slack's name for what is wrong.
            Limited: too many messages.
        """
        methods: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "auth.test": self._test,
            "chat.postMessage": self._post,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.update": self._update,
            "conversations.history": self._history,
        }
        if method not in methods:
            raise Failed("unknown_method", more={"req_method": method})
        given = dict(parse_qsl(query)) | _arguments(headers.get("content-type", ""), body)
        token = headers.get("authorization", "").removeprefix("Bearer ") or given.get("token", "")
        if not token:
            raise Failed("not_authed")
        if not hmac.compare_digest(str(token).encode(), self.bot_token.encode()):
            raise Failed("invalid_auth")
        return {"ok": True, **methods[method](given)}

    def _test(self, _given: dict[str, Any]) -> dict[str, Any]:
        return {"team": "practice", "team_id": "T0PRACTICE", "user": "hansa", "user_id": "U0HANSA"}

    def _post(self, given: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(given)
        message = _message(given)
        self.rates.take(channel)
        kept = self.workspace.post(channel, message)
        return {"channel": channel, "ts": kept.ts, "message": _view(kept)}

    def _post_ephemeral(self, given: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(given)
        person = self.workspace.people.get(str(given.get("user", "")))
        if person is None or channel not in person.channels:
            raise Failed("user_not_in_channel")
        message = _message(given)
        message.seen_by = person.id
        self.rates.take(f"{channel} {person.id}")
        return {"message_ts": self.workspace.post(channel, message).ts}

    def _update(self, given: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(given)
        message = self.workspace.find(channel, str(given.get("ts", "")))
        if message is None:
            raise Failed("message_not_found")
        changed = _message(given)
        self.rates.take(f"{channel} updates")
        message.text = changed.text
        if "blocks" in given:
            message.blocks = changed.blocks
        if changed.metadata is not None:
            message.metadata = changed.metadata
        message.fault = None
        message.edited_ts = f"{self.workspace.now():.6f}"
        self.workspace.save()
        return {"channel": channel, "ts": message.ts, "text": message.text}

    def _history(self, given: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(given)
        limit = min(int(given.get("limit", 100)), HISTORY_MAX)
        oldest = float(given.get("oldest", 0) or 0)
        with_metadata = str(given.get("include_all_metadata", "")).lower() in {"true", "1"}
        found = [
            _view(message, with_metadata=with_metadata)
            for message in reversed(self.workspace.messages[channel])
            if message.seen_by is None and float(message.ts) > oldest
        ]
        return {"messages": found[:limit], "has_more": len(found) > limit}

    def _channel(self, given: dict[str, Any]) -> str:
        channel = self.workspace.channels.get(str(given.get("channel", "")))
        if channel is None:
            raise Failed("channel_not_found")
        if channel.is_archived:
            raise Failed("is_archived")
        if not channel.is_app_in:
            raise Failed("not_in_channel")
        return channel.id


def _arguments(content_type: str, body: bytes) -> dict[str, Any]:
    """Read the arguments of a call, which come as JSON or as a form."""
    try:
        if content_type.partition(";")[0].strip() == "application/json":
            return msgspec.json.decode(body, type=dict[str, Any])
        given: dict[str, Any] = dict(parse_qsl(body.decode()))
        for name in ("blocks", "metadata"):
            if name in given:
                given[name] = msgspec.json.decode(given[name])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Failed("invalid_json" if content_type else "invalid_form_data") from error
    return given


def _message(given: dict[str, Any]) -> Message:
    text, blocks = given.get("text") or "", given.get("blocks") or []
    if not isinstance(text, str):
        raise Failed("invalid_arguments")
    if not text and not blocks:
        raise Failed("no_text")
    if len(text) > TEXT_MAX:
        raise Failed("msg_too_long")
    wrong = faults(blocks)
    if wrong:
        detail = {"response_metadata": {"messages": [f"[ERROR] {fault}" for fault in wrong]}}
        raise Failed("invalid_blocks", more={"errors": wrong, **detail})
    metadata = given.get("metadata")
    if metadata is not None and (
        not isinstance(metadata, dict)
        or not isinstance(metadata.get("event_type"), str)
        or not isinstance(metadata.get("event_payload"), dict)
    ):
        raise Failed("invalid_metadata_format")
    return Message(ts="", text=text, blocks=blocks, metadata=metadata)


def _view(message: Message, *, with_metadata: bool = False) -> dict[str, Any]:
    view: dict[str, Any] = {
        "type": "message",
        "user": "U0HANSA",
        "bot_id": "B0HANSA",
        "app_id": "A0HANSA",
        "ts": message.ts,
        "text": message.text,
        "blocks": message.blocks,
    }
    if message.edited_ts is not None:
        view["edited"] = {"user": "U0HANSA", "ts": message.edited_ts}
    if with_metadata and message.metadata is not None:
        view["metadata"] = message.metadata
    return view
