"""Keeping the sums of days up to date with what is posted: each event counts once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hansa.contracts.loyalty import PointsPosted
from hansa.modules.loyalty.desk.store import summary as store
from hansa.modules.loyalty.members import bucket_of
from hansa.modules.loyalty.points import HOUSE, Kind
from hansa.runtime.database import Transaction
from hansa.runtime.module import Subscription

ACTIVE = frozenset({Kind.ACCRUAL, Kind.PURCHASE, Kind.SPEND})
"""What a member does; the rest is done to them."""

_Place = tuple[UUID, datetime, UUID, str]


async def add_up(tx: Transaction, events: Sequence[PointsPosted], _now: datetime) -> None:
    """Add what was posted to the sums of its days, and count who did something.

    The inbox row is written in the same transaction, so what is told twice is added once.
    """
    sums: dict[_Place, list[int]] = {}
    active: dict[tuple[UUID, UUID, datetime], None] = {}
    for event in events:
        at = event.posted_at
        for one in event.postings:
            place = (one.programme_id, at, one.partner_id or HOUSE, one.kind)
            held = sums.setdefault(place, [0, 0, 0])
            held[0] += max(0, one.points)
            held[1] += max(0, -one.points)
            held[2] += 1
            if one.kind in ACTIVE:
                active[one.programme_id, one.member_id, at] = None
    if sums:
        await tx.execute(
            store.ADD_UP,
            {
                "programme_ids": [place[0] for place in sums],
                "at": [place[1] for place in sums],
                "partner_ids": [place[2] for place in sums],
                "kinds": [place[3] for place in sums],
                "given": [held[0] for held in sums.values()],
                "taken": [held[1] for held in sums.values()],
                "postings": [held[2] for held in sums.values()],
            },
        )
    if active:
        await tx.execute(
            store.COUNT_ACTIVE,
            {
                "buckets": [bucket_of(one[1]) for one in active],
                "programme_ids": [one[0] for one in active],
                "member_ids": [one[1] for one in active],
                "at": [one[2] for one in active],
            },
        )


SUBSCRIPTIONS = (
    Subscription(name="loyalty.daily", events=(PointsPosted,), handle=add_up, batch=True),
)
