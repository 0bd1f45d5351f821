"""Reads of drops for people and pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hansa.modules.drops.model import Drop, DropId, DropItem, NoSuchDrop
from hansa.modules.drops.store import limits, releasing, waiting
from hansa.runtime.database import Row, Snapshot

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a drop goes: people by where they are, orders that stand, pieces sold by product."""

    inside: int
    waiting: int
    lapsed: int
    gone: int
    admitted: int
    admitted_last_minute: int
    orders: int
    sold: dict[UUID, Decimal]
    seed: str | None


def drop_of(row: Row) -> Drop:
    """Make a drop of its row."""
    fields: dict[str, Any] = row._asdict()
    items = tuple(DropItem(product_id=UUID(one), item_limit=limit) for one, limit in row.items)
    return Drop(**{**fields, "markets": tuple(row.markets), "items": items})


async def get_drop(snap: Snapshot, *, drop_id: UUID) -> Drop:
    """Give a drop.

    Raises:
        NoSuchDrop: there is none with this id.
    """
    row = await snap.maybe(releasing.GET, {"id": drop_id})
    if row is None:
        raise NoSuchDrop(str(drop_id))
    return drop_of(row)


async def list_drops(
    snap: Snapshot, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> tuple[Drop, ...]:
    """List drops, the last to open first; `before` is `(opens_at, id)` of the last seen."""
    rows = await snap.all(
        releasing.LIST,
        {
            "before": before[0] if before else None,
            "before_id": before[1] if before else None,
            "limit": limit,
        },
    )
    return tuple(drop_of(row) for row in rows)


async def list_live(snap: Snapshot, *, closed_after: datetime, limit: int) -> tuple[Drop, ...]:
    """List what has not closed, or closed lately, by opening."""
    rows = await snap.all(releasing.LIVE, {"closed_after": closed_after, "limit": limit})
    return tuple(drop_of(row) for row in rows)


async def of_products(
    snap: Snapshot, *, product_ids: Sequence[UUID], now: datetime
) -> tuple[Drop, ...]:
    """Give the drops, of any market, that have some of these products and have not closed."""
    rows = await snap.all(releasing.OF_PRODUCTS, {"product_ids": list(product_ids), "now": now})
    return tuple(drop_of(row) for row in rows)


async def progress(snap: Snapshot, *, drop_id: DropId | UUID, now: datetime) -> Progress:
    """Tell how a drop goes."""
    people = await snap.one(waiting.PROGRESS, {"id": drop_id, "minute_ago": now - _MINUTE})
    line = await snap.maybe(waiting.READ_LINE, {"id": drop_id})
    sold = await snap.all(limits.SOLD, {"id": drop_id})
    orders = await snap.scalar(limits.ORDERS, {"id": drop_id})
    return Progress(
        inside=people.inside,
        waiting=people.waiting,
        lapsed=people.lapsed,
        gone=people.gone,
        admitted=0 if line is None else line.admitted,
        admitted_last_minute=people.admitted_last_minute,
        orders=orders,
        sold={row.product_id: row.pieces for row in sold},
        seed=None if line is None else line.seed,
    )
