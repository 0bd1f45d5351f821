"""Answers calls: the API of orders, the export of the night, and the control."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import msgspec

from sandbox.acquirer.wire import Answer, Call
from sandbox.fashion_marketplace.market import Impossible, Market

LIMIT_MAX = 100


class Mood(msgspec.Struct):
    """How the API misbehaves. Counts go down with each call concerned.

    `fail`: answer 500. `too_many`: answer 429 with `retry_after`. `lose_answers`: cut the
    connection. `repeat`: begin each page with so many changes of the page before. `shuffle`: tell
    the changes of a page in any order.
    """

    fail: int = 0
    too_many: int = 0
    retry_after: int = 0
    lose_answers: int = 0
    repeat: int = 0
    shuffle: bool = False


class _Act(msgspec.Struct):
    """Something that happens to an order, asked for by a program."""

    act: str
    arguments: list[Any] = []


@dataclass
class Service:
    """A marketplace behind HTTP."""

    token: str
    market: Market = field(default_factory=Market)
    mood: Mood = field(default_factory=Mood)
    limit: int = 20
    calls: int = 0

    async def answer(self, call: Call) -> Answer:
        """Answer one call."""
        try:
            return self._route(call)
        except Impossible as error:
            return Answer.of({"error": str(error)}, 409)
        except (
            msgspec.DecodeError,
            UnicodeDecodeError,
            LookupError,
            TypeError,
            ValueError,
        ) as error:
            return Answer.of({"error": str(error)}, 400)

    def _route(self, call: Call) -> Answer:
        match call.method, call.path:
            case "GET", "/api/orders":
                return self._guarded(call, self._orders)
            case "GET", "/exports/orders.csv":
                return self._guarded(call, self._export)
            case "POST", "/acts":
                act = msgspec.json.decode(call.body, type=_Act)
                if act.act not in {"place", "deliver", "bring_back", "cancel", "correct",
                                   "pass_time"}:  # fmt: skip
                    raise LookupError(act.act)
                return Answer.of({"result": getattr(self.market, act.act)(*act.arguments)})
            case _, "/control":
                if call.method == "POST":
                    self.mood = msgspec.json.decode(call.body, type=Mood)
                return Answer.of(self.mood)
            case "GET", "/health":
                return Answer.of({"orders": len(self.market.orders)})
            case _:
                return Answer.of({"error": "not found"}, 404)

    def _guarded(self, call: Call, give: Callable[[Call], Answer]) -> Answer:
        self.calls += 1
        if call.headers.get("authorization") != f"Bearer {self.token}":
            return Answer.of({"error": "who are you?"}, 401)
        if self._once("fail"):
            return Answer.of({"error": "internal"}, 500)
        if self._once("too_many"):
            answer = Answer.of({"error": "slower"}, 429)
            answer.headers["retry-after"] = str(self.mood.retry_after)
            return answer
        answer = give(call)
        answer.cut = self._once("lose_answers")
        return answer

    def _orders(self, call: Call) -> Answer:
        query = parse_qs(call.query)
        after = int(query.get("cursor", ["0"])[0])
        limit = min(int(query.get("limit", [str(self.limit)])[0]), LIMIT_MAX)
        found, following = self.market.page(after, limit)
        shown = [*self.market.log[max(0, after - self.mood.repeat) : after], *found]
        if self.mood.shuffle:
            random.shuffle(shown)
        return Answer.of(
            {
                "orders": shown,
                "next_cursor": str(following),
                "has_more": following < len(self.market.log),
            }
        )

    def _export(self, _: Call) -> Answer:
        return Answer(body=self.market.export(), content_type="text/csv; charset=windows-1251")

    def _once(self, name: str) -> bool:
        left: int = getattr(self.mood, name)
        if left > 0:
            setattr(self.mood, name, left - 1)
        return left > 0
