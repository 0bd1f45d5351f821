"""When a feed runs: five fields as cron has them (minute hour day month weekday), UTC."""

from collections.abc import Sequence
from datetime import datetime, timedelta

_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_DAYS_AHEAD_MAX = 366 * 4 + 1
_SUNDAY = 7


class ScheduleInvalid(ValueError):
    """It is no schedule."""


def read_schedule(cron: str) -> tuple[frozenset[int], ...]:
    """Read a schedule into the minutes, hours, days, months and weekdays it names.

    Raises:
        ScheduleInvalid: it is none.
    """
    fields = cron.split()
    if len(fields) != len(_BOUNDS):
        raise ScheduleInvalid(cron)
    try:
        minutes, hours, days, months, weekdays = (
            _field(field, *bounds) for field, bounds in zip(fields, _BOUNDS, strict=True)
        )
    except ValueError as error:
        raise ScheduleInvalid(cron) from error
    return minutes, hours, days, months, frozenset(day % _SUNDAY for day in weekdays)


def next_after(cron: str, instant: datetime) -> datetime | None:
    """Give the first minute of a schedule after an instant; None if there never is one.

    Raises:
        ScheduleInvalid: it is no schedule.
    """
    minutes, hours, days, months, weekdays = read_schedule(cron)
    fields = cron.split()
    is_either = not fields[2].startswith("*") and not fields[4].startswith("*")
    begin = instant.replace(second=0, microsecond=0) + timedelta(minutes=1)
    day = begin.replace(hour=0, minute=0)
    for _ in range(_DAYS_AHEAD_MAX):
        in_month, in_week = day.day in days, day.isoweekday() % _SUNDAY in weekdays
        is_day = (in_month or in_week) if is_either else (in_month and in_week)
        if is_day and day.month in months:
            for found in _times(day, sorted(hours), sorted(minutes)):
                if found >= begin:
                    return found
        day += timedelta(days=1)
    return None


def _times(day: datetime, hours: Sequence[int], minutes: Sequence[int]) -> list[datetime]:
    return [day.replace(hour=hour, minute=minute) for hour in hours for minute in minutes]


def _field(field: str, least: int, most: int) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            first, last = least, most
        else:
            low, _, high = span.partition("-")
            first = int(low)
            last = int(high) if high else (most if step else first)
        pace = int(step) if step else 1
        if not least <= first <= last <= most or pace < 1:
            raise ValueError(field)
        found |= set(range(first, last + 1, pace))
    return frozenset(found)
