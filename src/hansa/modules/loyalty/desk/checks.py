"""The invariants of the desk, proven by reading (`hansa check loyalty`)."""

from uuid import UUID

from hansa.modules import ledger
from hansa.modules.loyalty.desk.store import summary as store
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding

FINDINGS_MAX = 100


async def _sums_are_the_ledgers(snap: Snapshot) -> list[Finding]:
    """Hold the sums of all days that are over against the ledger, by partner and kind."""
    found: list[Finding] = []
    for programme in await snap.all(store.PROGRAMME_DAYS):
        totals = await ledger.read_totals(snap, ledger=programme.number, before=programme.began_at)
        booked = {(one.owner, one.kind): (one.given, one.taken, one.postings) for one in totals}
        rows = await snap.all(
            store.TOTALS, {"programme_id": programme.id, "before": programme.today}
        )
        summed: dict[tuple[UUID, str], tuple[int, int, int]] = {
            (row.partner_id, row.kind): (row.given, row.taken, row.postings) for row in rows
        }
        found += [
            _difference(programme.id, place, booked, summed)
            for place in sorted(booked.keys() | summed.keys())
            if booked.get(place) != summed.get(place)
        ]
    return found[:FINDINGS_MAX]


def _difference(
    programme_id: UUID,
    place: tuple[UUID, str],
    booked: dict[tuple[UUID, str], tuple[int, int, int]],
    summed: dict[tuple[UUID, str], tuple[int, int, int]],
) -> Finding:
    return Finding(
        check="desk.daily",
        subject=f"programme {programme_id}, owner {place[0]}, {place[1]}",
        message=(
            f"The ledger has {booked.get(place)}, the sums of days {summed.get(place)} (given, "
            "taken, postings): does the worker deliver events?"
        ),
    )


async def _cohorts_are_counted(snap: Snapshot) -> list[Finding]:
    rows = await snap.all(store.COHORTS_DIFFER, {"limit": FINDINGS_MAX})
    return [
        Finding(
            check="desk.cohorts",
            subject=f"programme {row.programme}, month {row.month}",
            message=f"{row.counted} members are counted, {row.found} were active.",
        )
        for row in rows
    ]


CHECKS = (
    Check(area="loyalty", name="desk.daily", run=_sums_are_the_ledgers),
    Check(area="loyalty", name="desk.cohorts", run=_cohorts_are_counted),
)
