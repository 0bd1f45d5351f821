"""Answers calls: the programme's about quotes, a program's acts, the control."""

from dataclasses import dataclass
from typing import Any

import msgspec

from sandbox.acquirer.wire import Answer, Call
from sandbox.insurer.desk import Desk, Mood

_ACTS = frozenset({"quote", "issue", "refuse", "cancel", "speak"})


class _Act(msgspec.Struct):
    """Something a clerk does."""

    act: str
    arguments: list[Any] = []


@dataclass
class Service:
    """An insurer behind HTTP."""

    desk: Desk

    async def answer(self, call: Call) -> Answer:
        """Answer one call."""
        try:
            return await self._route(call, call.path.strip("/").split("/"))
        except (msgspec.DecodeError, UnicodeDecodeError, LookupError, ValueError) as error:
            return Answer.of({"error": str(error)}, 400)

    async def _route(self, call: Call, parts: list[str]) -> Answer:
        match call.method, parts:
            case "POST", ["quotes", number, "points"]:
                return await self._hear(call, number)
            case "POST", ["acts"]:
                act = msgspec.json.decode(call.body, type=_Act)
                if act.act not in _ACTS:
                    raise LookupError(act.act)
                return Answer.of({"result": await getattr(self.desk, act.act)(*act.arguments)})
            case _, ["control"]:
                if call.method == "POST":
                    self.desk.mood = msgspec.json.decode(call.body, type=Mood)
                return Answer.of(self.desk.mood)
            case "GET", ["quotes"]:
                return Answer.of(list(self.desk.quotes.values()))
            case "GET", ["health"]:
                return Answer.of({"quotes": len(self.desk.quotes)})
            case _:
                return Answer.of({"error": "not found"}, 404)

    async def _hear(self, call: Call, number: str) -> Answer:
        mood = self.desk.mood
        if mood.fail > 0:
            mood.fail -= 1
            return Answer.of({"error": "internal"}, 500)
        answer = Answer.of({}, await self.desk.hear(number, call.headers, call.body))
        if mood.lose_answers > 0:
            mood.lose_answers -= 1
            answer.cut = True
        return answer
