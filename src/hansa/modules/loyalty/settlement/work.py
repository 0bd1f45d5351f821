"""Background work of settlement, as data."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPartners(Job):
    """Look whether blocks run out or exposures grow too high."""

    type: ClassVar[str] = "loyalty.WatchPartners"

    def queueing_lock(self) -> str | None:
        """One in the queue is enough."""
        return self.type


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseMonth(Job):
    """Close a month of a programme; `first` is its first day, `by` the user who asked for it."""

    type: ClassVar[str] = "loyalty.CloseMonth"

    programme_id: UUID
    first: date
    by: UUID | None
    by_name: str = ""

    def lock(self) -> str | None:
        """One at a time for a programme."""
        return f"loyalty-close-{self.programme_id}"
