"""The acquirer's clock: it goes with the machine's, and can be set and moved."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec


class Setting(msgspec.Struct, forbid_unknown_fields=True):
    """How to set the clock: to stand at an instant, or to be so far ahead of the machine's."""

    stands_at: datetime | None = None
    ahead_seconds: float = 0


@dataclass
class Clock:
    """Tells the time; what stands still is moved on by `ahead_seconds` too."""

    setting: Setting

    def now(self) -> datetime:
        """Give the instant it is here."""
        start = self.setting.stands_at or datetime.now(UTC)
        return start + timedelta(seconds=self.setting.ahead_seconds)
