"""What may go wrong in 1C's own HTTP service, as switches."""

from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Moods:
    """How the service misbehaves; as it is made, it takes everything at once."""

    slow_seconds: float = 0.0
    """Wait so long before each answer."""
    down: bool = False
    """Answer 503 to everything."""
    cut: bool = False
    """Hang up before anything is read, as a machine that is off does."""
    lose_answers: int = 0
    """So many times: take the messages, then hang up instead of answering."""
    refuse: frozenset[str] = field(default_factory=frozenset)
    """Refuse orders of these numbers; `*` refuses all of them."""
    refuse_code: str = "no_such_item"
    later: frozenset[str] = field(default_factory=frozenset)
    """Say "try later" of orders of these numbers."""
    break_on: frozenset[str] = field(default_factory=frozenset)
    """Fail with 500 over a call that holds an order of these numbers."""
    malformed_on: frozenset[str] = field(default_factory=frozenset)
    """Refuse a call as a whole (400) that holds an order of these numbers."""
    shuffle: bool = False
    """Answer in another order than was asked."""
    invent: bool = False
    """Answer also for a message nobody sent."""
    twice: bool = False
    """Answer each message twice."""
    forget: bool = False
    """Leave one message of each call unanswered, though it was taken."""
    nonsense: bool = False
    """Answer 200 with something that is no answer."""
    contracts: frozenset[str] = frozenset({"v1", "v2"})
    """Contract versions it takes."""
    contracts_from: datetime | None = None
    """The instant of its own clock from which `contracts_then` is taken instead."""
    contracts_then: frozenset[str] = frozenset({"v1", "v2"})
    wrong_clock_seconds: float = 0.0
    """How far its clock is ahead of ours."""

    def switched(self, changes: dict[str, Any]) -> "Moods":
        """Give a copy with some switches set, from JSON."""
        known = {one.name: one for one in fields(self)}
        values: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"no misbehaviour is called {name}")
            values[name] = _read(name, value)
        return replace(self, **values)

    def told(self) -> dict[str, Any]:
        """Give it for JSON."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}


def _read(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return frozenset(value)
    if name == "contracts_from" and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return value.isoformat() if isinstance(value, datetime) else value
