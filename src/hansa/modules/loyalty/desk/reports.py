"""Numbers about a programme, from the sums of days: points owed, earned, spent, who came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from hansa.modules.loyalty.desk.store import summary as store
from hansa.modules.loyalty.points import HOUSE, Kind
from hansa.modules.loyalty.programmes import Programme
from hansa.runtime.database import Snapshot

DAYS_MAX = 1100
BREAKAGE_DAYS = 365
PARTNERS_MAX = 100
EARNING = (Kind.ACCRUAL, Kind.PURCHASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What happened on a day, and what members had at its end; points."""

    day: date
    liability: int
    earned: int = 0
    spent: int = 0
    expired: int = 0
    postings: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakage:
    """Which share of the points that left in a year expired, in hundredths of percent.

    `points` is that share of what members have now: so many will expire if nothing changes. None
    while nothing has left yet.
    """

    spent: int
    expired: int
    share: int | None
    points: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerSum:
    """What was earned and spent at a partner; None is what the programme did itself."""

    partner_id: UUID | None
    earned: int
    spent: int
    postings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Members by the first month they did something: how many were there, month by month."""

    month: date
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveMonth:
    """How many members did something in a month."""

    month: date
    members: int


def today_of(programme: Programme, now: datetime) -> date:
    """Give the day it is in a programme's time zone."""
    return now.astimezone(ZoneInfo(programme.time_zone)).date()


async def read_days(
    snap: Snapshot, *, programme_id: UUID, since: date, until: date
) -> tuple[Day, ...]:
    """Give every day of [since, until), days without postings too; at most three years."""
    since = max(since, until - timedelta(days=DAYS_MAX))
    places = {"programme_id": programme_id, "since": since, "until": until}
    before = await snap.one(store.BEFORE, {"programme_id": programme_id, "before": since})
    rows = await snap.all(store.BY_DAY, places | {"earning": [one.value for one in EARNING]})
    known = {row.day: row for row in rows}
    liability = before.points
    days = []
    for offset in range((until - since).days):
        day = since + timedelta(days=offset)
        row = known.get(day)
        if row is None:
            days.append(Day(day=day, liability=liability))
            continue
        liability += row.change
        days.append(
            Day(
                day=day,
                liability=liability,
                earned=row.earned,
                spent=row.spent,
                expired=row.expired,
                postings=row.postings,
            )
        )
    return tuple(days)


async def estimate_breakage(snap: Snapshot, *, programme_id: UUID, today: date) -> Breakage:
    """Say how many of the points there are now will expire, as the last year went."""
    until = today + timedelta(days=1)
    left = await snap.one(
        store.LEFT,
        {
            "programme_id": programme_id,
            "since": until - timedelta(days=BREAKAGE_DAYS),
            "until": until,
        },
    )
    now = await snap.one(store.BEFORE, {"programme_id": programme_id, "before": until})
    gone = left.spent + left.expired
    if not gone:
        return Breakage(spent=0, expired=0, share=None, points=None)
    share = Decimal(left.expired) / gone
    return Breakage(
        spent=left.spent,
        expired=left.expired,
        share=round(share * 10_000),
        points=round(share * max(0, now.points)),
    )


async def list_partner_sums(
    snap: Snapshot, *, programme_id: UUID, since: date, until: date
) -> tuple[PartnerSum, ...]:
    """Give partners by what was earned at them in [since, until)."""
    rows = await snap.all(
        store.BY_PARTNER,
        {
            "programme_id": programme_id,
            "since": since,
            "until": until,
            "earning": [one.value for one in EARNING],
            "limit": PARTNERS_MAX,
        },
    )
    return tuple(
        PartnerSum(
            partner_id=None if row.partner_id == HOUSE else row.partner_id,
            earned=row.earned,
            spent=row.spent,
            postings=row.postings,
        )
        for row in rows
    )


async def list_cohorts(
    snap: Snapshot, *, programme_id: UUID, months: int, today: date
) -> tuple[Cohort, ...]:
    """Give the cohorts of the last months; each as long as there have been months since."""
    wanted = _months(today, months)
    rows = await snap.all(store.COHORTS, {"programme_id": programme_id, "since": wanted[0]})
    counted = {(row.cohort, row.month): row.members for row in rows}
    return tuple(
        Cohort(
            month=cohort,
            members=tuple(counted.get((cohort, month), 0) for month in wanted if month >= cohort),
        )
        for cohort in wanted
        if (cohort, cohort) in counted
    )


async def list_active_months(
    snap: Snapshot, *, programme_id: UUID, months: int, today: date
) -> tuple[ActiveMonth, ...]:
    """Give how many members did something in each of the last months."""
    wanted = _months(today, months)
    rows = await snap.all(store.ACTIVE_BY_MONTH, {"programme_id": programme_id, "since": wanted[0]})
    counted = {row.month: row.members for row in rows}
    return tuple(ActiveMonth(month=one, members=counted.get(one, 0)) for one in wanted)


def _months(today: date, number: int) -> Sequence[date]:
    """Give the first days of the last months, this one included, the oldest first."""
    found = [today.replace(day=1)]
    while len(found) < number:
        found.insert(0, (found[0] - timedelta(days=1)).replace(day=1))
    return found
