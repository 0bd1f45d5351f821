"""Reads of promotions."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.kernel.money import Money
from hansa.kernel.periods import Period
from hansa.modules.promotions import model, store
from hansa.modules.promotions.model import GiftItem, GiftOffer, GiftSet, GiftSetNotFound
from hansa.runtime.database import Row, Snapshot


async def get_gift_set(snap: Snapshot, *, gift_set_id: UUID) -> GiftSet:
    """Give a gift set.

    Raises:
        GiftSetNotFound: there is none.
    """
    row = await snap.maybe(store.GET_GIFT_SET, {"id": gift_set_id})
    if row is None:
        raise GiftSetNotFound
    return gift_set_of(row)


async def list_gift_sets(
    snap: Snapshot, *, market: str | None = None, after: str | None = None, limit: int = 50
) -> list[GiftSet]:
    """Give gift sets by code, those switched off and past ones too."""
    asked = {"market": market, "after": after, "limit": limit}
    return [gift_set_of(row) for row in await snap.all(store.LIST_GIFT_SETS, asked)]


async def offered_gifts(snap: Snapshot, *, market: str, goods: Money, now: datetime) -> GiftOffer:
    """Say which gift comes with goods of so much now, and what a little more would bring."""
    active = await list_active_gift_sets(snap, market=market, now=now)
    return model.offer_for(goods, tuple(gift for gift in active if gift.valid.contains(now)))


async def list_active_gift_sets(
    snap: Snapshot, *, market: str, now: datetime
) -> tuple[GiftSet, ...]:
    """Give the gift sets of a market that are offered now or will be, for keeping in memory."""
    rows = await snap.all(store.ACTIVE, {"market": market, "now": now})
    return tuple(gift_set_of(row) for row in rows)


def gift_set_of(row: Row) -> GiftSet:
    """Make a gift set of a row."""
    return GiftSet(
        id=row.id,
        code=row.code,
        market=row.market,
        name=row.name,
        minimum=Money(row.minimum_minor, row.currency),
        items=tuple(
            GiftItem(variant_id=UUID(one["variant_id"]), quantity=Decimal(one["quantity"]))
            for one in row.items
        ),
        valid=Period(row.starts_at, row.ends_at),
        priority=row.priority,
        is_active=row.is_active,
        source=row.source,
    )
