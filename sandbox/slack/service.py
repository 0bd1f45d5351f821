"""Answers calls: the Web API below `/api/`, the page, the control of its moods."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import msgspec

from sandbox.acquirer.wire import Answer, Call
from sandbox.slack import pages
from sandbox.slack.clicks import ClickMood, Clicks
from sandbox.slack.methods import Failed, Limited, WebApi
from sandbox.slack.workspace import Message, Workspace


class Mood(msgspec.Struct):
    """How the Web API misbehaves. Counts go down with each call concerned.

    `lose_answers`: do it and cut the connection. `fail`: answer 500, do nothing. `too_many`: answer
    429 with `retry_after`.
    """

    lose_answers: int = 0
    fail: int = 0
    too_many: int = 0
    retry_after: int = 1
    slow_seconds: float = 0


class _Press(msgspec.Struct):
    """A click made by a program: any button of any message, by anybody."""

    user: str
    channel: str
    ts: str
    action: dict[str, Any]


@dataclass
class Service:
    """A workspace behind HTTP."""

    api: WebApi
    clicks: Clicks
    mood: Mood = field(default_factory=Mood)

    @property
    def workspace(self) -> Workspace:
        """The workspace."""
        return self.api.workspace

    async def answer(self, call: Call) -> Answer:
        """Answer one call."""
        try:
            return await self._route(call, call.path.strip("/").split("/"))
        except (msgspec.DecodeError, UnicodeDecodeError, LookupError, ValueError) as error:
            return Answer.of({"ok": False, "error": str(error)}, 400)

    async def _route(self, call: Call, parts: list[str]) -> Answer:
        match call.method, parts:
            case _, ["api", method]:
                return await self._call(call, method)
            case "POST", ["press"]:
                return await self._press(call)
            case "POST", ["clicks"]:
                return await self._click(call)
            case _, ["control"]:
                return self._control(call)
            case _:
                return self._look(call, parts)

    def _look(self, call: Call, parts: list[str]) -> Answer:
        match parts:
            case [""]:
                return _to(f"/channels/{next(iter(self.workspace.channels), '')}")
            case ["channels", channel]:
                return self._page(call, channel)
            case ["messages", channel]:
                return Answer.of(self.workspace.messages.get(channel, []))
            case ["health"]:
                return Answer.of({"messages": self._count()})
            case _:
                return Answer.of({"ok": False, "error": "not found"}, 404)

    async def _click(self, call: Call) -> Answer:
        made = msgspec.json.decode(call.body, type=_Press)
        click = await self.clicks.press(
            user=made.user, channel=made.channel, ts=made.ts, action=made.action
        )
        return Answer.of(click)

    async def _call(self, call: Call, method: str) -> Answer:
        mood = self.mood
        if mood.slow_seconds:
            await asyncio.sleep(mood.slow_seconds)
        if self._once("fail"):
            return Answer.of({"ok": False, "error": "internal_error"}, 500)
        if self._once("too_many"):
            return _limited(mood.retry_after)
        try:
            answer = Answer.of(self.api.call(method, call.headers, call.body, call.query))
        except Failed as failure:
            body = {"ok": False, "error": failure.error, **failure.more}
            answer = Answer.of(body, failure.status)
        except Limited as limit:
            return _limited(limit.seconds)
        answer.cut = self._once("lose_answers")
        return answer

    def _page(self, call: Call, channel: str) -> Answer:
        query = parse_qs(call.query)
        people = self.workspace.people
        inside = next((one.id for one in people.values() if channel in one.channels), "")
        user = query.get("as", [inside])[0]
        if user not in people:
            user = inside
        body = pages.page(self.workspace, channel, user, query.get("note", [""])[0])
        return Answer(body=body, content_type="text/html; charset=utf-8")

    async def _press(self, call: Call) -> Answer:
        form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
        channel, user = form.get("channel", ""), form.get("user", "")
        note = {}
        try:
            await self.clicks.press(
                user=user,
                channel=channel,
                ts=form.get("ts", ""),
                action=msgspec.json.decode(form.get("action", ""), type=dict[str, Any]),
            )
        except LookupError as error:
            note = {"note": str(error)}
        return _to(f"/channels/{channel}?{urlencode({'as': user, **note})}")

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
                channel, user = query.get("channel", [""])[0], query.get("as", [""])[0]
                return _to(f"/channels/{channel}?{urlencode({'as': user})}")
        return Answer.of(
            {
                **msgspec.to_builtins(self.mood),
                **msgspec.to_builtins(self.clicks.mood),
                "clock_offset_seconds": self.workspace.clock_offset_seconds,
                "per_second": self.api.rates.per_second,
                "burst": self.api.rates.burst,
            }
        )

    def _change(self, changes: dict[str, Any]) -> None:
        mood, clicks = msgspec.to_builtins(self.mood), msgspec.to_builtins(self.clicks.mood)
        for name, value in changes.items():
            if name in mood:
                mood[name] = value
            elif name in clicks:
                clicks[name] = value
            elif name == "clock_offset_seconds":
                self.workspace.clock_offset_seconds = float(value)
            elif name in {"per_second", "burst"}:
                setattr(self.api.rates, name, value)
            else:
                raise ValueError(f"unknown: {name}")
        self.mood = msgspec.convert(mood, Mood)
        self.clicks.mood = msgspec.convert(clicks, ClickMood)

    def _once(self, name: str) -> bool:
        left: int = getattr(self.mood, name)
        if left > 0:
            setattr(self.mood, name, left - 1)
        return left > 0

    def _count(self) -> int:
        everything: list[list[Message]] = list(self.workspace.messages.values())
        return sum(map(len, everything))


def _limited(seconds: int) -> Answer:
    answer = Answer.of({"ok": False, "error": "ratelimited"}, 429)
    answer.headers["retry-after"] = str(seconds)
    return answer


def _to(address: str) -> Answer:
    return Answer(status=303, headers={"location": address})
