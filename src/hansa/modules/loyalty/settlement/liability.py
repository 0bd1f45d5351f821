"""What issuers owe in points, as of any instant, and how many of them are never spent.

The estimate of breakage is what IFRS 15 (B44 to B47) and ASC 606 (606-10-55-46 to 49) ask for: the
share of points that members are not expected to use, recognised in proportion to those they do. It
is made by cohorts, months of issuing: of every month the share still unspent after n months is
known for as many months as have been closed since, and the estimate after n months is the mean of
these shares, each weighted by the points issued (the development method of loss reserving).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from hansa.kernel.rounding import round_half_up
from hansa.modules import ledger
from hansa.modules.loyalty.programmes import Coalition, Programme
from hansa.modules.loyalty.settlement import building, closing, months, queries
from hansa.modules.loyalty.settlement.model import Closing, IssuerMoved, PointsMoved, cost_of
from hansa.runtime.database import Snapshot

COHORTS_MAX = 36
SHARE_PLACES = 4
_MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiabilityRow:
    """An issuer (0: the programme) in a month; `closing_minor` at its issue price at the end."""

    issuer: int
    points: PointsMoved
    opening_minor: int
    closing_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Liability:
    """All issuers of a programme from the begin of a month to an instant."""

    begins_at: datetime
    as_of: datetime
    is_closed: bool
    rows: tuple[LiabilityRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Points of a month: `unspent` is the share not spent after 0, 1, 2 ... months."""

    month: str
    issued: int
    spent: int
    expired: int
    unspent: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakage:
    """Cohorts, and by their ages the mean share that is still unspent."""

    cohorts: tuple[Cohort, ...]
    unspent: tuple[Decimal, ...]


async def read_liability(
    snap: Snapshot, *, coalition: Coalition, programme: Programme, as_of: datetime
) -> Liability:
    """Give what became of every issuer's points in the month of an instant, up to it.

    A closed month is as it was closed; else what came since the last closing is added up.
    """
    begins_at, ends_at = months.bounds_of(
        months.month_of(as_of - _MOMENT, programme.time_zone), programme.time_zone
    )
    prices = await closing.prices_of(snap, coalition, programme)
    last = await closing.last_closing(snap, programme_id=programme.id, by=ends_at)
    is_closed = last is not None and last.ends_at == ends_at == as_of
    if last is not None and is_closed:
        carried = last.issuers
    else:
        before = await closing.issuers_before(snap, programme, prices, begins_at)
        tally, _ = await closing.tally_of(
            snap,
            span=ledger.Span(ledger=programme.number, begins_at=begins_at, ends_at=as_of),
            prices=prices,
            zone=programme.time_zone,
        )
        carried = building.issuers_of(tally, before, prices=prices, ends_at=as_of)
    rows = [
        LiabilityRow(
            issuer=one.issuer,
            points=one.points,
            opening_minor=cost_of(
                one.points.opening, prices.issue_price(one.issuer, begins_at - _MOMENT)
            ),
            closing_minor=one.closing_minor,
        )
        for one in carried
    ]
    return Liability(begins_at=begins_at, as_of=as_of, is_closed=is_closed, rows=tuple(rows))


async def list_liabilities(
    snap: Snapshot, *, programme: Programme, limit: int
) -> list[tuple[datetime, IssuerMoved]]:
    """Give the sums of all issuers of the last closed months, the oldest first."""
    closings = await queries.list_closings(snap, programme_id=programme.id, limit=limit)
    return [(one.begins_at, total_of(one.issuers)) for one in reversed(closings)]


def total_of(issuers: Sequence[IssuerMoved]) -> IssuerMoved:
    """Add issuers up."""
    fields = [one for one in PointsMoved.__struct_fields__ if one != "forfeited"]
    return IssuerMoved(
        issuer=0,
        points=PointsMoved(
            **{name: sum([getattr(one.points, name) for one in issuers]) for name in fields},
            forfeited=sum([one.points.given_up for one in issuers]) or msgspec.UNSET,
        ),
        closing_minor=sum([one.closing_minor for one in issuers]),
    )


async def estimate_breakage(
    snap: Snapshot, *, programme: Programme, issuer: int | None = None
) -> Breakage:
    """Give of the closed months what of their points was not spent, and the mean by age."""
    found = await queries.list_closings(snap, programme_id=programme.id, limit=COHORTS_MAX)
    return breakage_of(found[::-1], zone=programme.time_zone, issuer=issuer)


def breakage_of(closings: Sequence[Closing], *, zone: str, issuer: int | None) -> Breakage:
    """Count cohorts out of closings, the oldest first: months that were closed."""
    ends = [f"{months.month_of(one.begins_at, zone):%Y-%m}" for one in closings]
    issued = dict.fromkeys(ends, 0)
    expired = dict.fromkeys(ends, 0)
    spent: dict[str, list[int]] = {month: [] for month in ends}
    for place, one in enumerate(closings):
        for month in ends[: place + 1]:
            spent[month].append(spent[month][-1] if spent[month] else 0)
        for moved in one.issuers:
            if issuer is not None and moved.issuer != issuer:
                continue
            for cohort in moved.months:
                if cohort.month in issued:
                    issued[cohort.month] += cohort.issued
                    expired[cohort.month] += cohort.expired
                    spent[cohort.month][-1] += cohort.spent
    cohorts = tuple(
        Cohort(
            month=month,
            issued=issued[month],
            spent=spent[month][-1],
            expired=expired[month],
            unspent=tuple([_share(issued[month] - one, issued[month]) for one in spent[month]]),
        )
        for month in ends
    )
    means = []
    for age in range(len(ends)):
        old = [month for month in ends if len(spent[month]) > age]
        whole = sum([issued[month] for month in old])
        means.append(_share(whole - sum([spent[month][age] for month in old]), whole))
    return Breakage(cohorts=cohorts, unspent=tuple(means))


def _share(part: int, whole: int) -> Decimal:
    if whole <= 0:
        return Decimal(0)
    return round_half_up(Decimal(part) / whole, places=SHARE_PLACES)
