"""Half-open periods of time: [from, to)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Period:
    """From an instant (included) to another (excluded); None means without end on that side."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def contains(self, instant: datetime) -> bool:
        """Say whether the instant lies within."""
        return (self.starts_at is None or self.starts_at <= instant) and (
            self.ends_at is None or instant < self.ends_at
        )
