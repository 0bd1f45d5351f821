"""What an offer brings: members who may use it against those of its control group.

Both groups are whom the offer is for as it stands; the control group is held back by a stable draw
(`Targeting.control`). What counts is all they bought at its partner, with the offer or without.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from hansa.modules.loyalty import offers, points
from hansa.modules.loyalty.desk.criteria import Criteria
from hansa.modules.loyalty.desk.segments import list_segment
from hansa.modules.loyalty.desk.store import comparing as store
from hansa.modules.loyalty.desk.uplift import Group
from hansa.modules.loyalty.desk.work import MeasureOffer, MeasureOffers
from hansa.runtime.context import Context
from hansa.runtime.database import Snapshot

PAGE: Final = 2000
OFFERS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both groups in [since, until), since when as many have been held back as now."""

    treated: Group
    control: Group
    since: datetime
    until: datetime


async def get_comparison(snap: Snapshot, *, offer_id: UUID) -> Comparison | None:
    """Give what was measured last, if it was."""
    row = await snap.maybe(store.GET_COMPARISON, {"offer_id": offer_id})
    return None if row is None else msgspec.convert(row.result, Comparison)


async def run_measure_offer(context: Context, job: MeasureOffer) -> None:
    """Measure an offer and keep the result. Done again it keeps what holds then."""
    now = context.clock.now()
    result = await compare_offer(context, offer_id=job.offer_id, now=now)
    if result is None:
        return
    async with context.database.transaction() as tx:
        await tx.execute(
            store.KEEP_COMPARISON,
            {
                "offer_id": job.offer_id,
                "result": msgspec.json.encode(result).decode(),
                "now": now,
            },
        )


async def run_measure_offers(context: Context, _: MeasureOffers) -> None:
    """Have every running offer with a control group measured."""
    async with context.database.transaction() as tx:
        running = await offers.list_offers(
            tx, states=[offers.OfferState.RUNNING], limit=OFFERS_AT_ONCE
        )
        for one in running:
            if one.content.targeting.control:
                await tx.enqueue(MeasureOffer(offer_id=one.id))


async def compare_offer(context: Context, *, offer_id: UUID, now: datetime) -> Comparison | None:
    """Sum up what both groups bought, some thousands of members at a time.

    None if the offer was never in force, or nobody is held back.
    """
    async with context.database.snapshot(single=True) as snap:
        measured = await offers.measured_since(snap, offer_id=offer_id)
    if measured is None:
        return None
    offer, since = measured
    ends = [now, offer.in_force_until or now, offer.content.schedule.ends_at or now]
    until = max(min(ends), since)
    group_of = _grouping(context, offer, since)
    sums = {False: Group(), True: Group()}
    after: UUID | None = None
    while True:
        async with context.database.snapshot() as snap:
            members = await list_segment(
                snap,
                programme_id=offer.programme_id,
                criteria=Criteria(),
                after=after,
                limit=PAGE,
                now=now,
            )
            groups = {one: is_held for one in members if (is_held := group_of(one)) is not None}
            bought = await points.list_bought(
                snap,
                programme_id=offer.programme_id,
                partner_id=offer.partner_id,
                member_ids=list(groups),
                since=since,
                until=until,
            )
        for is_held, before in sums.items():
            mine = [one for one, held in groups.items() if held is is_held]
            sums[is_held] = before.plus(_sum(mine, bought))
        if len(members) < PAGE:
            return Comparison(treated=sums[False], control=sums[True], since=since, until=until)
        after = members[-1]


def _grouping(
    context: Context, offer: offers.LiveOffer, since: datetime
) -> Callable[[UUID], bool | None]:
    """Give a way to ask whether a member is held back; None: the offer is not for it."""
    targeting = offer.content.targeting
    tell = offers.audiences_of(context)

    def group_of(member_id: UUID) -> bool | None:
        audiences = tell(member_id) if tell else frozenset()
        if not targeting.reaches(member_id, since, salt=offer.id, audiences=audiences):
            return None
        return targeting.holds_back(member_id, salt=offer.id)

    return group_of


def _sum(member_ids: list[UUID], bought: list[points.Bought]) -> Group:
    spent = dict.fromkeys(member_ids, 0)
    mine = [one for one in bought if one.member_id in spent]
    for one in mine:
        spent[one.member_id] += one.amount_minor
    return Group(
        members=len(spent),
        buyers=len({one.member_id for one in mine if one.amount_minor > 0}),
        receipts=sum(1 for one in mine if one.amount_minor > 0),
        turnover_minor=sum(spent.values()),
        squares=float(sum(amount**2 for amount in spent.values())),
        points=sum(one.points for one in mine),
    )
