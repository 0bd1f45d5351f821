"""The connector to Slack's Web API."""

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from hansa.modules.fulfilment.asking import AnswerChannel, Handle
from hansa.modules.fulfilment.chat.refusals import ChannelRefused
from hansa.modules.fulfilment.chat.words import Words
from hansa.modules.fulfilment.model import Question, Shop, ShopChannel, Told
from hansa.modules.fulfilment.slack.drawing import blocks_of, fallback
from hansa.runtime.context import Context
from hansa.runtime.outbound import Destination, NoAnswer

NAME = "slack"
EVENT_TYPE = "hansa_question"
HISTORY_LIMIT = 200
# A message is looked for from a little before it can have been sent: clocks differ.
LOOK_BACK_SECONDS = 600

_PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})

_log = structlog.get_logger(__name__)


class _Metadata(msgspec.Struct):
    event_type: str = ""
    event_payload: dict[str, Any] = {}


class _Message(msgspec.Struct):
    ts: str
    metadata: _Metadata | None = None


class _Answer(msgspec.Struct):
    ok: bool
    error: str = ""
    channel: str = ""
    ts: str = ""
    messages: list[_Message] = []


class SlackChannel(AnswerChannel):
    """Asks in Slack channels; `Shop.address` is the channel's id."""

    def __init__(self, context: Context) -> None:
        settings = context.settings
        context.outbound.configure(
            Destination(
                name=NAME,
                base_url=settings.slack_url.rstrip("/"),
                headers={"Authorization": f"Bearer {settings.slack_bot_token.reveal()}"},
                connect_seconds=3,
                read_seconds=10,
                total_seconds=30,
                attempts=4,
            )
        )
        self._outbound = context.outbound
        self._words = Words(settings)

    async def ask(self, question: Question, shop: Shop, *, key: str, is_repeat: bool) -> Handle:
        """Send the question; if it may have been sent before, look for it first.

        Slack knows no key that makes a message unique. The key travels in the message's metadata,
        by which the channel's history tells whether it arrived.

        Raises:
            ChannelRefused: Slack will never take it.
            Unavailable: try again later.
        """
        if is_repeat:
            sent = await self._find(question, shop, key)
            if sent is not None:
                return _handle(shop.address, sent)
        try:
            answer = await self._post(question, shop, key=key)
        except ChannelRefused as refusal:
            if refusal.reason != "invalid_blocks":
                raise
            # Slack loads pictures while it takes a message, and refuses it if it cannot.
            answer = await self._post(question, shop, key=key, with_pictures=False)
        return _handle(answer.channel or shop.address, answer.ts)

    async def update(self, handle: Handle, question: Question, shop: Shop, text: Told) -> None:
        """Draw a message anew. One that is gone is left gone.

        Raises:
            ChannelRefused: Slack will never do this.
            Unavailable: try again later.
        """
        said = self._words.say(shop.language, text) if text.message else ""
        said = said or self._words.status(question, shop)
        address = {"channel": handle["address"], "ts": handle["message"]}
        for with_pictures in (True, False):
            drawn = self._drawn(question, shop, said=said, with_pictures=with_pictures)
            try:
                await self._call("chat.update", {**address, **drawn})
            except ChannelRefused as refusal:
                if refusal.reason in _GONE:
                    _log.info("message is gone", channel=NAME, reason=refusal.reason)
                    return
                if refusal.reason != "invalid_blocks" or not with_pictures:
                    raise
            else:
                return

    async def tell(self, *, channel: str, user: str, language: str, told: Told) -> None:
        """Tell one person of a channel something that nobody else sees.

        Raises: as `update`.
        """
        text = self._words.say(language, told)
        await self._call("chat.postEphemeral", {"channel": channel, "user": user, "text": text})

    async def _post(
        self, question: Question, shop: Shop, *, key: str, with_pictures: bool = True
    ) -> _Answer:
        body = {
            "channel": shop.address,
            "unfurl_links": False,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key}},
            **self._drawn(question, shop, with_pictures=with_pictures),
        }
        return await self._call("chat.postMessage", body)

    def _drawn(
        self, question: Question, shop: Shop, *, said: str = "", with_pictures: bool = True
    ) -> dict[str, Any]:
        words = self._words
        return {
            "text": fallback(words, question, shop, said),
            "blocks": blocks_of(words, question, shop, said=said, with_pictures=with_pictures),
        }

    async def _find(self, question: Question, shop: Shop, key: str) -> str | None:
        """Give the name of the message that carries the key, if it is there."""
        answer = await self._outbound.send(
            NAME,
            "GET",
            "/api/conversations.history",
            query={
                "channel": shop.address,
                "oldest": f"{question.asked_at.timestamp() - LOOK_BACK_SECONDS:.6f}",
                "limit": str(HISTORY_LIMIT),
                "include_all_metadata": "true",
            },
        )
        found = _read(answer.body)
        for message in found.messages:
            known = message.metadata
            is_ours = known is not None and known.event_type == EVENT_TYPE
            if known is not None and is_ours and known.event_payload.get("key") == key:
                return message.ts
        return None

    async def _call(self, method: str, body: Mapping[str, Any]) -> _Answer:
        answer = await self._outbound.send(NAME, "POST", f"/api/{method}", json=body)
        return _read(answer.body)


def make(context: Context) -> SlackChannel | None:
    """Make the adapter, or nothing if this installation has no token of a Slack app."""
    return SlackChannel(context) if context.settings.slack_bot_token else None


def _handle(channel: str, ts: str) -> Handle:
    return {"address": channel, "message": ts}


def _read(body: bytes) -> _Answer:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NoAnswer(NAME, "an answer that is not understood", maybe_done=True) from error
    if answer.ok:
        return answer
    if answer.error in _PASSING:
        raise NoAnswer(NAME, answer.error, maybe_done=True)
    raise ChannelRefused(channel=ShopChannel.SLACK, reason=answer.error)
