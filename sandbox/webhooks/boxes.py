"""Boxes: what a partner's endpoint got, what it verifies with, how it misbehaves."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import msgspec

KEPT_MAX = 10_000


class Mood(msgspec.Struct, forbid_unknown_fields=True):
    """How a box misbehaves. Counts go down with each delivery concerned; -1 is for ever.

    `fail`: 500. `gone`: 410. `too_many`: 429, `unavailable`: 503, both with `retry_after`.
    `redirect`: 302 to `redirect_to`. `cut`: close the connection and take nothing. `lose_answers`:
    take it, then close. `slow_seconds`: wait first. `long_answer`: so many bytes of answer.
    """

    fail: int = 0
    gone: int = 0
    too_many: int = 0
    unavailable: int = 0
    retry_after: int = 1
    redirect: int = 0
    redirect_to: str = "http://127.0.0.1:9/"
    cut: int = 0
    lose_answers: int = 0
    slow_seconds: float = 0
    long_answer: int = 0


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One delivery as it came. `fault` says what is wrong with its signatures, or nothing."""

    number: int
    id: str
    timestamp: int
    signatures: str
    content_type: str
    fault: str
    status: int
    is_repeat: bool
    event: Any


@dataclass
class Box:
    """One endpoint."""

    name: str
    secrets: list[str] = field(default_factory=list)
    mood: Mood = field(default_factory=Mood)
    deliveries: list[Delivery] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    calls: int = 0
    under_way: int = 0
    under_way_max: int = 0

    def take(self, name: str) -> bool:
        """Say whether a mood applies to this delivery, and use it up."""
        left: int = getattr(self.mood, name)
        if left > 0:
            setattr(self.mood, name, left - 1)
        return left != 0

    def keep(self, delivery: Delivery) -> None:
        """Remember a delivery; a real receiver would ignore a repeat."""
        self.deliveries.append(delivery)
        del self.deliveries[:-KEPT_MAX]
        if not delivery.fault:
            self.taken.add(delivery.id)

    def ids(self) -> list[str]:
        """Give the ids of good deliveries, each once, in the order in which they first came."""
        good = (one.id for one in self.deliveries if not one.fault and one.status < 300)  # noqa: PLR2004 - the class of success
        return list(dict.fromkeys(good))


class Boxes(defaultdict[str, Box]):
    """All boxes, each made when it is first spoken of."""

    def __missing__(self, name: str) -> Box:
        """Make a box."""
        self[name] = Box(name)
        return self[name]
