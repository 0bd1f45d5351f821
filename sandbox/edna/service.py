"""Answers calls: the API below `/api/`, the page, the control of its moods."""

import asyncio
import hmac
from dataclasses import dataclass, field
from typing import Any

import msgspec

from sandbox.acquirer.wire import Answer, Call
from sandbox.edna.cascades import RETRY_SECONDS, Callback, Cascades, Message
from sandbox.push import pages
from sandbox.push.moods import Moods

REFUSALS_KEPT = 20
_CONTENTS = {"pushContent", "smsContent", "whatsappContent", "viberContent"}


@dataclass
class Refused(Exception):
    """An error as EDNA writes it."""

    status: int
    title: str
    detail: str = ""

    def answer(self) -> Answer:
        """Write it."""
        body = {"title": self.title, "status": self.status, "detail": self.detail or self.title}
        return Answer.of(body, self.status)


@dataclass
class Service:
    """An account behind HTTP; with `tells` it tells by itself that messages were delivered."""

    cascades: Cascades
    moods: Moods = field(default_factory=Moods)
    tells: bool = False
    refusals: list[str] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def answer(self, call: Call) -> Answer:
        """Answer one call."""
        try:
            return await self._route(call, call.path.split("/")[1:])
        except Refused as refusal:
            self.refusals.append(f"{refusal.status} {refusal.title}")
            del self.refusals[:-REFUSALS_KEPT]
            return refusal.answer()
        except (msgspec.DecodeError, UnicodeDecodeError, LookupError, ValueError) as error:
            return Refused(400, "bad-request", str(error)).answer()

    async def _route(self, call: Call, parts: list[str]) -> Answer:
        match call.method, parts:
            case "POST", ["api", "cascade", "schedule"]:
                return await self.moods.around(
                    lambda: self._schedule(call),
                    failed=Refused(500, "internal-error").answer,
                    limited=Refused(429, "too-many-requests").answer,
                )
            case "POST", ["api", "callback", "set"]:
                return await self._set_callback(call)
            case "POST", ["statuses"]:
                given = msgspec.json.decode(call.body, type=dict[str, str])
                told = await self.cascades.tell(given["requestId"], given["status"])
                return Answer.of([one.is_taken for one in told])
            case _, ["control"]:
                return self.moods.control(call)
            case "GET", [""]:
                return Answer(body=self._page(), content_type="text/html; charset=utf-8")
            case _:
                return Refused(404, "not-found").answer()

    def _schedule(self, call: Call) -> Answer:
        self._check_key(call)
        request = msgspec.json.decode(call.body, type=dict[str, Any])
        request_id = str(request.get("requestId", ""))
        content = request.get("content") or {}
        if not request_id:
            raise Refused(400, "requestId-not-specified")
        if int(request.get("cascadeId", 0)) not in self.cascades.ids:
            raise Refused(400, "cascade-not-found")
        if not content:
            raise Refused(400, "content-not-specified")
        if not set(content) <= _CONTENTS:
            raise Refused(400, "cascade-scheduling-request-not-valid", "an unknown channel")
        address = str(request.get("subscriberFilter", {}).get("address", ""))
        if address in self.cascades.unknown:
            raise Refused(400, "subscriber-not-found")
        if self.cascades.is_repeat(request_id):
            raise Refused(400, "requestId-is-not-unique")
        small = content.get("pushContent", {}).get("small", {})
        text = small.get("text") or content.get("smsContent", {}).get("text", "")
        if not text:
            raise Refused(400, "text-not-specified")
        made = Message(
            request_id,
            len(self.cascades.messages) + 1,
            address,
            str(small.get("title", "")),
            str(text),
            self.cascades.time(),
            request,
        )
        self.cascades.messages.append(made)
        if self.tells:
            task = asyncio.create_task(self._live(request_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return Answer.of({"requestId": request_id, "cascadeId": request["cascadeId"]})

    async def _live(self, request_id: str) -> None:
        """Deliver a message and tell so, as often as it takes."""
        told = await self.cascades.tell(request_id, "DELIVERED")
        for pause in RETRY_SECONDS:
            left: list[Callback] = [one for one in told if not one.is_taken]
            if not left:
                return
            await asyncio.sleep(pause)
            for one in left:
                await self.cascades.deliver(one)

    async def _set_callback(self, call: Call) -> Answer:
        self._check_key(call)
        given = msgspec.json.decode(call.body, type=dict[str, Any])
        url = str(given.get("statusCallbackUrl", ""))
        if not url.startswith(("https://", "http://127.0.0.1")):
            raise Refused(400, "callback-url-not-valid", "HTTPS only")
        if not await self.cascades.try_address(url):
            raise Refused(400, "callback-url-not-available", "HEAD must be answered 200")
        self.cascades.callback_url = url
        return Answer.of({"statusCallbackUrl": url})

    def _check_key(self, call: Call) -> None:
        sent = call.headers.get("x-api-key", "")
        if not hmac.compare_digest(sent.encode(), self.cascades.key.encode()):
            raise Refused(401, "auth-error")

    def _page(self) -> bytes:
        by_address: dict[str, list[pages.Shown]] = {}
        for one in reversed(self.cascades.messages):
            shown = pages.Shown(one.title, one.text, one.at, one.status)
            by_address.setdefault(one.address, []).append(shown)
        telephones = [
            pages.Telephone("Subscriber", address, shown) for address, shown in by_address.items()
        ]
        about = "What went through cascades, and the last status told."
        return pages.page("Practice EDNA", about, telephones, self.refusals)
