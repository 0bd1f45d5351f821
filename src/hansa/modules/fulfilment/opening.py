"""Opening hours: when a shop is open, and how long that makes a deadline. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hansa.modules.fulfilment.model import Opening, Shop, Week
from hansa.modules.fulfilment.refusals import HoursBackwards, HoursUnreadable, TimeZoneUnknown

DAY_MINUTES = 24 * 60
# A shop that is closed on more days in a row than this is not waited for.
_DAYS_LOOKED = 15


def check_shop(shop: Shop) -> None:
    """Prove that a shop can be asked as it is described.

    Raises:
        ShopInvalid: the time zone does not exist, times overlap or run backwards.
    """
    try:
        ZoneInfo(shop.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise TimeZoneUnknown from error
    for day, openings in shop.hours.items():
        end = 0
        for opening in sorted(openings):
            is_good = end <= opening.from_minute < opening.to_minute <= DAY_MINUTES
            if not (0 <= day <= 6 and is_good):  # noqa: PLR2004 - days of a week
                raise HoursBackwards
            end = opening.to_minute


def is_open(shop: Shop, now: datetime) -> bool:
    """Say whether the shop is open at an instant."""
    if not any(shop.hours.values()):
        return True
    return any(opens <= now < closes for opens, closes in _spans(shop, now))


def next_opening(shop: Shop, now: datetime) -> datetime | None:
    """Give the first instant from `now` on at which the shop is open; None if there is none."""
    if is_open(shop, now):
        return now
    return next((opens for opens, _ in _spans(shop, now) if opens >= now), None)


def add_open_minutes(shop: Shop, start: datetime, minutes: int) -> datetime:
    """Give the instant at which the shop has been open for so many minutes since `start`.

    Time in which it is closed does not count; a shop that never opens counts as always open.
    """
    left = timedelta(minutes=minutes)
    if not any(shop.hours.values()):
        return start + left
    for opens, closes in _spans(shop, start):
        begins = max(opens, start)
        if begins >= closes:
            continue
        if begins + left <= closes:
            return begins + left
        left -= closes - begins
    return start + left


def _spans(shop: Shop, around: datetime) -> list[tuple[datetime, datetime]]:
    """Give the times in which the shop is open from the day before on, in UTC and in order."""
    zone = ZoneInfo(shop.time_zone)
    first = around.astimezone(zone).date() - timedelta(days=1)
    spans = []
    for offset in range(_DAYS_LOOKED + 1):
        day = first + timedelta(days=offset)
        spans += [
            (_instant(day, opening.from_minute, zone), _instant(day, opening.to_minute, zone))
            for opening in sorted(shop.hours.get(day.weekday(), ()))
        ]
    return spans


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    midnight = datetime.combine(day, time(), zone)
    if minute == DAY_MINUTES:
        midnight, minute = datetime.combine(day + timedelta(days=1), time(), zone), 0
    return midnight.replace(hour=minute // 60, minute=minute % 60).astimezone(UTC)


def read_week(text: str) -> Week:
    """Read opening times as people write them: lines like `1-5 10:00-21:00`, Monday being 1.

    Raises:
        ShopInvalid: a line is not like that.
    """
    week: dict[int, list[Opening]] = {}
    for line in text.replace(";", "\n").splitlines():
        if not line.strip():
            continue
        try:
            days, times = line.split(maxsplit=1)
            first, _, last = days.partition("-")
            begins, _, ends = times.strip().replace("\u2013", "-").partition("-")
            opening = Opening(_minute(begins), _minute(ends))
            numbers = range(int(first) - 1, int(last or first))
        except ValueError as error:
            raise HoursUnreadable from error
        if not numbers or numbers[0] < 0 or numbers[-1] > 6:  # noqa: PLR2004 - days of a week
            raise HoursUnreadable
        for day in numbers:
            week.setdefault(day, []).append(opening)
    return {day: tuple(sorted(openings)) for day, openings in sorted(week.items())}


def _minute(text: str) -> int:
    hours, minutes = text.strip().split(":")
    if not (0 <= int(hours) <= 24 and 0 <= int(minutes) < 60):  # noqa: PLR2004 - a clock
        raise ValueError(text)
    return int(hours) * 60 + int(minutes)


def write_week(week: Week) -> str:
    """Write opening times as `read_week` takes them, days with the same times together."""
    lines: list[str] = []
    first = 0
    while first < 7:  # noqa: PLR2004 - days of a week
        openings = week.get(first, ())
        last = first
        while last < 6 and week.get(last + 1, ()) == openings:  # noqa: PLR2004 - Sunday
            last += 1
        days = str(first + 1) if first == last else f"{first + 1}-{last + 1}"
        lines += [
            f"{days} {one.from_minute // 60:02}:{one.from_minute % 60:02}"
            f"-{one.to_minute // 60:02}:{one.to_minute % 60:02}"
            for one in openings
        ]
        first = last + 1
    return "\n".join(lines)
