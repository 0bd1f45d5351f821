"""Answers calls: the Bot API below `/bot<token>/`, the page, the control of its moods."""

import asyncio
import hmac
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode

import msgspec

from sandbox.acquirer.wire import Answer, Call
from sandbox.telegram import pages
from sandbox.telegram.chats import Chats
from sandbox.telegram.methods import BotApi, Failed, Limited
from sandbox.telegram.updates import UpdateMood, Updates


class Mood(msgspec.Struct):
    """How the Bot API misbehaves. Counts go down with each call concerned.

    `lose_answers`: do it and cut the connection. `fail`: answer 500, do nothing. `too_many`: answer
    429 with `retry_after`.
    """

    lose_answers: int = 0
    fail: int = 0
    too_many: int = 0
    retry_after: int = 1
    slow_seconds: float = 0


class _Press(msgspec.Struct):
    user: int
    chat: int
    message_id: int
    data: str


@dataclass
class Service:
    """Chats behind HTTP."""

    api: BotApi
    updates: Updates
    token: str
    mood: Mood = field(default_factory=Mood)

    @property
    def chats(self) -> Chats:
        """The chats."""
        return self.api.chats

    async def answer(self, call: Call) -> Answer:
        """Answer one call."""
        try:
            parts = [unquote(part) for part in call.path.strip("/").split("/")]
            if parts[0].startswith("bot") and len(parts) == 2:  # noqa: PLR2004 - token and method
                return await self._call(call, parts[0].removeprefix("bot"), parts[1])
            return self._route(call, parts)
        except (msgspec.DecodeError, UnicodeDecodeError, LookupError, ValueError) as error:
            return _failed(400, f"Bad Request: {error}")

    def _route(self, call: Call, parts: list[str]) -> Answer:
        match parts:
            case ["press"]:
                return self._press(call)
            case ["presses"]:
                made = msgspec.json.decode(call.body, type=_Press)
                return Answer.of(self.updates.press(**msgspec.to_builtins(made)))
            case ["control"]:
                return self._control(call)
            case _:
                return self._look(call, parts)

    def _look(self, call: Call, parts: list[str]) -> Answer:
        match parts:
            case [""]:
                return _to(f"/chats/{next(iter(self.chats.chats), 0)}")
            case ["chats", chat]:
                return self._page(call, int(chat))
            case ["messages", chat]:
                return Answer.of(self.chats.messages(int(chat)))
            case ["queries"]:
                return Answer.of(self.chats.queries)
            case ["health"]:
                return Answer.of({"messages": self.chats.kept.last_message})
            case _:
                return _failed(404, "Not Found")

    async def _call(self, call: Call, token: str, method: str) -> Answer:
        mood = self.mood
        if mood.slow_seconds:
            await asyncio.sleep(mood.slow_seconds)
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return _failed(401, "Unauthorized")
        if self._once("fail"):
            return _failed(500, "Internal Server Error")
        if self._once("too_many"):
            return _limited(mood.retry_after)
        try:
            content_type = call.headers.get("content-type", "")
            result = self.api.call(method, content_type, call.body, call.query)
            answer = Answer.of({"ok": True, "result": result})
        except Failed as failure:
            answer = _failed(failure.code, failure.description)
        except Limited as limit:
            return _limited(limit.seconds)
        answer.cut = self._once("lose_answers")
        return answer

    def _page(self, call: Call, chat: int) -> Answer:
        people = self.chats.people
        inside = next((one.id for one in people.values() if chat in one.chats), 0)
        asked = int(parse_qs(call.query).get("as", [str(inside)])[0])
        user = asked if asked in people else inside
        body = pages.page(self.chats, chat, user, self.api.webhook.last_error)
        return Answer(body=body, content_type="text/html; charset=utf-8")

    def _press(self, call: Call) -> Answer:
        form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
        user, chat = int(form["user"]), int(form["chat"])
        self.updates.press(
            user=user, chat=chat, message_id=int(form["message_id"]), data=form["data"]
        )
        return _to(f"/chats/{chat}?{urlencode({'as': user})}")

    def _control(self, call: Call) -> Answer:
        """Show or set the moods and the clock; the page sends a form, programs send JSON."""
        if call.method == "POST":
            is_form = call.headers.get("content-type", "").startswith("application/x-www-form")
            changes: dict[str, Any] = (
                {name: int(values[0]) for name, values in parse_qs(call.body.decode()).items()}
                if is_form
                else msgspec.json.decode(call.body, type=dict[str, Any])
            )
            self._change(changes)
            if is_form:
                query = parse_qs(call.query)
                return _to(f"/chats/{query.get('chat', ['0'])[0]}?as={query.get('as', ['0'])[0]}")
        return Answer.of(
            {
                **msgspec.to_builtins(self.mood),
                **msgspec.to_builtins(self.updates.mood),
                "clock_offset_seconds": self.chats.clock_offset_seconds,
                "per_second": self.api.rates.per_second,
                "burst": self.api.rates.burst,
            }
        )

    def _change(self, changes: dict[str, Any]) -> None:
        mood, updates = msgspec.to_builtins(self.mood), msgspec.to_builtins(self.updates.mood)
        for name, value in changes.items():
            if name in mood:
                mood[name] = value
            elif name in updates:
                updates[name] = value
            elif name == "clock_offset_seconds":
                self.chats.clock_offset_seconds = float(value)
            elif name in {"per_second", "burst"}:
                setattr(self.api.rates, name, value)
            else:
                raise ValueError(f"unknown: {name}")
        self.mood = msgspec.convert(mood, Mood)
        self.updates.mood = msgspec.convert(updates, UpdateMood)

    def _once(self, name: str) -> bool:
        left: int = getattr(self.mood, name)
        if left > 0:
            setattr(self.mood, name, left - 1)
        return left > 0


def _failed(code: int, description: str) -> Answer:
    return Answer.of({"ok": False, "error_code": code, "description": description}, code)


def _limited(seconds: int) -> Answer:
    body = {
        "ok": False,
        "error_code": 429,
        "description": f"Too Many Requests: retry after {seconds}",
        "parameters": {"retry_after": seconds},
    }
    answer = Answer.of(body, 429)
    answer.headers["retry-after"] = str(seconds)
    return answer


def _to(address: str) -> Answer:
    return Answer(status=303, headers={"location": address})
