"""The only place that reads the time. Everything else is given an instant."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = ["Clock", "FixedClock", "SystemClock"]


class Clock(Protocol):
    """Says what time it is, in UTC."""

    def now(self) -> datetime:
        """Answer the present instant, with its time zone."""


class SystemClock:
    """The machine's clock."""

    __slots__ = ()

    def now(self) -> datetime:
        """Answer the present instant in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved: for tests and for replaying the past."""

    __slots__ = ("_now",)

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """Answer the instant it was set to."""
        return self._now

    def advance(self, step: timedelta) -> datetime:
        """Move on by `step` and answer the new instant."""
        self._now += step
        return self._now
