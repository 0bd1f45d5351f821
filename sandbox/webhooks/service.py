"""Answers calls: deliveries below `/in/`, the page, JSON for programs, the control of moods."""

import asyncio
import contextlib
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from sandbox.acquirer.wire import Answer, Call
from sandbox.webhooks import pages
from sandbox.webhooks.boxes import Box, Boxes, Delivery
from sandbox.webhooks.signatures import fault_of

STATUSES = {
    "cut": 500,
    "gone": 410,
    "too_many": 429,
    "unavailable": 503,
    "redirect": 302,
    "fail": 500,
}
# What a careless partner answers; whoever keeps it hides what must not be read.
TOLD = {"error": "failed", "token": "abc123secret", "mail": "anna@example.com"}
_OK, _UNAUTHORISED = 204, 401


@dataclass
class Service:
    """Boxes behind HTTP."""

    boxes: Boxes = field(default_factory=Boxes)
    tolerance_seconds: float = 300
    asleep: set[asyncio.Event] = field(default_factory=set)

    async def answer(self, call: Call) -> Answer:
        """Answer one call."""
        try:
            return await self._route(call)
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            return Answer.of({"error": str(error)}, 400)

    async def _route(self, call: Call) -> Answer:
        match call.method, [unquote(part) for part in call.path.strip("/").split("/")]:
            case "POST", ["in", name]:
                return await self._deliver(self.boxes[name], call)
            case "POST", ["control", name]:
                return self._control(self.boxes[name], call)
            case "GET", path:
                return self._look(path)
            case _:
                return Answer.of({"error": "there is nothing here"}, 404)

    def _look(self, path: list[str]) -> Answer:
        match path:
            case [""]:
                return _to(f"/boxes/{next(iter(self.boxes), 'partner')}")
            case ["boxes", name]:
                body = pages.page(self.boxes, self.boxes[name])
                return Answer(body=body, content_type="text/html; charset=utf-8")
            case ["received", name]:
                return Answer.of(_shown(self.boxes[name]))
            case _:
                return Answer.of({"error": "there is nothing here"}, 404)

    async def _deliver(self, box: Box, call: Call) -> Answer:
        box.calls += 1
        box.under_way += 1
        box.under_way_max = max(box.under_way_max, box.under_way)
        try:
            if box.mood.slow_seconds:
                await self._sleep(box.mood.slow_seconds)
            return self._receive(box, call)
        finally:
            box.under_way -= 1

    async def _sleep(self, seconds: float) -> None:
        """Be slow, unless somebody says that it is enough."""
        enough = asyncio.Event()
        self.asleep.add(enough)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(enough.wait(), seconds)
        finally:
            self.asleep.discard(enough)

    def _receive(self, box: Box, call: Call) -> Answer:
        answer = _mood_of(box)
        if answer.cut:
            return answer
        fault = fault_of(
            call.headers, call.body, box.secrets, tolerance_seconds=self.tolerance_seconds
        )
        if fault and answer.status < 300:  # noqa: PLR2004 - the class of success
            answer = Answer.of({"error": fault}, _UNAUTHORISED)
        message_id = call.headers.get("webhook-id", "")
        box.keep(
            Delivery(
                number=box.calls,
                id=message_id,
                timestamp=int(call.headers.get("webhook-timestamp", "0") or 0),
                signatures=call.headers.get("webhook-signature", ""),
                content_type=call.headers.get("content-type", ""),
                fault=fault,
                status=answer.status,
                is_repeat=message_id in box.taken,
                event=msgspec.json.decode(call.body),
            )
        )
        answer.cut = answer.status < 300 and box.take("lose_answers")  # noqa: PLR2004 - the same
        return answer

    def _control(self, box: Box, call: Call) -> Answer:
        """Set moods, secrets and the tolerance; the page sends a form, programs send JSON."""
        is_form = call.headers.get("content-type", "").startswith("application/x-www-form")
        changes: dict[str, Any] = (
            {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
            if is_form
            else msgspec.json.decode(call.body, type=dict[str, Any])
        )
        if "secret" in changes:
            box.secrets.append(str(changes.pop("secret")))
        if "secrets" in changes:
            box.secrets = list(changes.pop("secrets"))
        if "tolerance_seconds" in changes:
            self.tolerance_seconds = float(changes.pop("tolerance_seconds"))
        moods = msgspec.to_builtins(box.mood) | changes
        box.mood = msgspec.convert(moods, type(box.mood), strict=False)
        return _to(f"/boxes/{box.name}") if is_form else Answer.of(msgspec.to_builtins(box.mood))


def _mood_of(box: Box) -> Answer:
    mood = next((name for name in STATUSES if box.take(name)), "")
    if not mood and box.mood.long_answer:
        return Answer(body=b"x" * box.mood.long_answer, content_type="text/plain")
    if not mood:
        return Answer(status=_OK)
    answer = Answer.of(TOLD, STATUSES[mood])
    answer.cut = mood == "cut"
    if mood in {"too_many", "unavailable"}:
        answer.headers["retry-after"] = str(box.mood.retry_after)
    if mood == "redirect":
        answer.headers["location"] = box.mood.redirect_to
    return answer


def _shown(box: Box) -> dict[str, Any]:
    return {
        "box": box.name,
        "calls": box.calls,
        "under_way_max": box.under_way_max,
        "ids": box.ids(),
        "deliveries": [asdict(one) for one in box.deliveries],
    }


def _to(address: str) -> Answer:
    return Answer(status=303, headers={"location": address})
