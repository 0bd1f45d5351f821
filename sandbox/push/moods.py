"""How a practice push service misbehaves, and the address by which it is told to."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import msgspec

from sandbox.acquirer.wire import Answer, Call


class Mood(msgspec.Struct):
    """Counts go down with each call concerned.

    `fail`: answer 500, do nothing. `fail_done`: do it and answer 500. `too_many`: answer 429 with
    `retry_after` (0: without the header). `lose_answers`: do it and cut the connection.
    """

    fail: int = 0
    fail_done: int = 0
    too_many: int = 0
    retry_after: int = 1
    slow_seconds: float = 0
    lose_answers: int = 0


TROUBLES = {
    "too_many": "next call: 429",
    "fail": "next call fails",
    "fail_done": "next call is done and fails",
    "lose_answers": "next answer is lost",
}


@dataclass
class Moods:
    """The mood with its doors."""

    mood: Mood = field(default_factory=Mood)
    calls: int = 0

    def once(self, name: str) -> bool:
        """Take one of a counted trouble, if there is any left."""
        left: int = getattr(self.mood, name)
        if left > 0:
            setattr(self.mood, name, left - 1)
        return left > 0

    async def around(
        self,
        work: Callable[[], Awaitable[Answer] | Answer],
        *,
        failed: Callable[[], Answer],
        limited: Callable[[], Answer],
    ) -> Answer:
        """Do a call as the mood is."""
        self.calls += 1
        if self.mood.slow_seconds:
            await asyncio.sleep(self.mood.slow_seconds)
        if self.once("fail"):
            return failed()
        if self.once("too_many"):
            answer = limited()
            if self.mood.retry_after:
                answer.headers["retry-after"] = str(self.mood.retry_after)
            return answer
        made = work()
        answer = made if isinstance(made, Answer) else await made
        if self.once("fail_done"):
            return failed()
        answer.cut = self.once("lose_answers")
        return answer

    def control(self, call: Call) -> Answer:
        """Show or set the mood; the page sends a form, programs send JSON."""
        if call.method == "POST":
            is_form = call.headers.get("content-type", "").startswith("application/x-www-form")
            changes: dict[str, Any] = (
                {name: int(values[0]) for name, values in parse_qs(call.body.decode()).items()}
                if is_form
                else msgspec.json.decode(call.body, type=dict[str, Any])
            )
            known = msgspec.to_builtins(self.mood)
            if unknown := set(changes) - set(known):
                raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
            self.mood = msgspec.convert({**known, **changes}, Mood)
            if is_form:
                return Answer(status=303, headers={"location": "/"})
        return Answer.of(self.mood)
