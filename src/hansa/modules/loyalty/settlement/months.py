"""Calendar months of a programme: from midnight to midnight in its own time zone."""

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

MONTHS_OF_YEAR = 12
_QUARTER_SECONDS = 900


def month_of(instant: datetime, zone: str) -> date:
    """Give the first day of the month an instant is in."""
    return instant.astimezone(ZoneInfo(zone)).date().replace(day=1)


def day_of(instant: datetime, zone: str) -> date:
    """Give the day an instant is in."""
    return instant.astimezone(ZoneInfo(zone)).date()


def month_name(instant: datetime, zone: str) -> str:
    """Write the month an instant is in: `2026-11`."""
    return _name_of(int(instant.timestamp()) // _QUARTER_SECONDS, zone)


@lru_cache(maxsize=10_000)
def _name_of(quarter: int, zone: str) -> str:
    # Midnight is at a full quarter of an hour in every zone there is.
    return f"{month_of(datetime.fromtimestamp(quarter * _QUARTER_SECONDS, tz=UTC), zone):%Y-%m}"


def next_month(first: date) -> date:
    """Give the first day of the month after."""
    if first.month == MONTHS_OF_YEAR:
        return date(first.year + 1, 1, 1)
    return first.replace(month=first.month + 1)


def bounds_of(first: date, zone: str) -> tuple[datetime, datetime]:
    """Give the instants at which a month begins and ends."""
    return _midnight(first, zone), _midnight(next_month(first), zone)


def _midnight(day: date, zone: str) -> datetime:
    local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC)
