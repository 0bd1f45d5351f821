"""Binding an order's goods to the shelves they will be taken from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from hansa.modules.stock.model import ZERO
from hansa.modules.stock.shelf import (
    Binding,
    BindingInvalid,
    NoReservation,
    OrderNeedsLess,
    ShelfShort,
    ShortShelf,
)
from hansa.modules.stock.store import levels as level_sql
from hansa.modules.stock.store import reservations as sql
from hansa.modules.stock.store import shelves as shelf_sql
from hansa.runtime.database import Row, Transaction

Key = tuple[UUID, UUID]


async def lock_orders(
    tx: Transaction,
    *,
    order_ids: Sequence[UUID],
    variant_ids: Sequence[UUID] = (),
    with_counters: bool = False,
) -> None:
    """Take every lock of stock that sourcing these orders needs, in the order that is safe.

    All shelves of their variants, and of `variant_ids` besides. Call it before anything else of
    stock in a transaction that does more than one of `bind`, `unbind`, `correct`, `end_correction`,
    `release`, `mark_sent` and `mark_shipped` for them: after it they may follow in any order. A row
    of the orders themselves is locked before it. `with_counters`: also what channels may sell of
    these variants; needed if more than one of the steps changes that, as corrections and releases
    do, and left out otherwise, since buyers wait for it.
    """
    _, variants = await _lock(tx, order_ids, variant_ids)
    if with_counters:
        await tx.execute(level_sql.LOCK_COUNTERS_OF, {"variants": variants})


async def bind(
    tx: Transaction,
    *,
    order_id: UUID,
    parts: Sequence[Binding],
    now: datetime,
    by: UUID | None = None,
) -> None:
    """Claim pieces on shelves for an order, all or none. What channels may sell stays as it is.

    A shelf never claims more of an order than is open of it, but all its shelves together may,
    while shops are asked side by side. Pieces of a hold made for one warehouse are bound to it
    already: binding them there again changes nothing. What is bound to a shelf already is added to.
    Pieces that the ERP's numbers are net of need no claim any more and are left out.

    Raises:
        ShelfShort: not all of it is there; nothing was bound, nothing written.
        OrderNeedsLess: a shelf would claim more than is open of the order.
        NoReservation: nothing is reserved for the order.
        BindingInvalid: a quantity is not above zero.
    """
    wanted = _added_up(parts)
    if not wanted:
        return
    reservation = await _lock_one(tx, order_id, {variant_id for variant_id, _ in wanted})
    for key in [key for key in wanted if key[1] == reservation.warehouse_id]:
        del wanted[key]
    if not wanted:
        return
    lines = await tx.all(sql.LINES_OF, {"ids": [reservation.id]})
    bound = await _bound(tx, reservation.id)
    wanted = _to_claim(wanted, bound, lines)
    if not wanted:
        return
    shelves = await tx.all(shelf_sql.SHELVES_NOW, _named(wanted))
    left = {
        (row.variant_id, row.warehouse_id): max(ZERO, row.available)
        for row in shelves
        if row.is_active
    }
    short = tuple(
        ShortShelf(*key, quantity, left.get(key, ZERO))
        for key, quantity in wanted.items()
        if left.get(key, ZERO) < quantity
    )
    if short:
        raise ShelfShort(short)
    added = {"id": reservation.id, "channel": reservation.channel, "by": by, "now": now}
    await tx.execute(shelf_sql.ADD_BINDINGS, _named(wanted) | added)
    await tx.execute(shelf_sql.ALLOCATION_CHANGED, {"ids": [reservation.id]})


async def unbind(
    tx: Transaction,
    *,
    order_id: UUID,
    parts: Sequence[Binding],
    now: datetime,
    by: UUID | None = None,
) -> None:
    """Give up claims on shelves, at most what is bound; the goods stay reserved for the order.

    Again changes nothing once nothing is bound. A hold made for one warehouse stays bound to it.
    """
    wanted = _added_up(parts)
    if not wanted:
        return
    try:
        reservation = await _lock_one(tx, order_id, {variant_id for variant_id, _ in wanted})
    except NoReservation:
        return
    bound = await _bound(tx, reservation.id)
    taken = [
        Taken(reservation.id, *key, min(quantity, bound.get(key, ZERO)))
        for key, quantity in wanted.items()
        if bound.get(key, ZERO) > 0
    ]
    await take_bindings(tx, taken, now=now, by=by)
    await tx.execute(shelf_sql.ALLOCATION_CHANGED, {"ids": [reservation.id]})


class Taken(NamedTuple):
    """A part of a binding that ends."""

    reservation_id: UUID
    variant_id: UUID
    warehouse_id: UUID
    quantity: Decimal


async def take_bindings(
    tx: Transaction,
    taken: Sequence[Taken],
    *,
    now: datetime,
    note: str | None = None,
    by: UUID | None = None,
) -> None:
    """End parts of bindings whose shelves and reservations are locked."""
    if not taken:
        return
    await tx.execute(
        shelf_sql.TAKE_BINDINGS,
        {
            "ids": [one.reservation_id for one in taken],
            "variants": [one.variant_id for one in taken],
            "warehouses": [one.warehouse_id for one in taken],
            "quantities": [one.quantity for one in taken],
            "now": now,
            "note": note,
            "by": by,
        },
    )


async def _lock_one(tx: Transaction, order_id: UUID, variant_ids: Iterable[UUID]) -> Row:
    rows, _ = await _lock(tx, [order_id], variant_ids)
    if not rows:
        raise NoReservation(order_id)
    return rows[0]


async def _lock(
    tx: Transaction, order_ids: Sequence[UUID], variant_ids: Iterable[UUID]
) -> tuple[list[Row], list[UUID]]:
    """Give the reservations, and the variants whose shelves are locked."""
    await tx.execute(level_sql.LOCK_WRITING_OF_LEVELS)
    found = await tx.all(sql.FIND_BY_ORDERS, {"order_ids": list(order_ids)})
    ids = [row.id for row in found]
    lines = await tx.all(sql.LINES_OF, {"ids": ids})
    variants = list({row.variant_id for row in lines}.union(variant_ids))
    await tx.execute(sql.LOCK_LEVELS, {"variants": variants})
    return await tx.all(sql.LOCK_RESERVATIONS, {"ids": ids}), variants


async def _bound(tx: Transaction, reservation_id: UUID) -> dict[Key, Decimal]:
    rows = await tx.all(shelf_sql.BINDINGS_OF, {"ids": [reservation_id]})
    return {(row.variant_id, row.warehouse_id): row.quantity for row in rows}


def _added_up(parts: Sequence[Binding]) -> dict[Key, Decimal]:
    wanted: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for variant_id, warehouse_id, quantity in parts:
        if not quantity.is_finite() or quantity <= 0:
            raise BindingInvalid
        wanted[variant_id, warehouse_id] += quantity
    return {key: wanted[key] for key in sorted(wanted)}


def _to_claim(
    wanted: Mapping[Key, Decimal], bound: Mapping[Key, Decimal], lines: Sequence[Row]
) -> dict[Key, Decimal]:
    open_ = {row.variant_id: row.quantity - row.contained - row.released for row in lines}
    contained = {row.variant_id: row.contained for row in lines}
    claimed = {}
    for key, quantity in wanted.items():
        variant_id, _ = key
        left = open_.get(variant_id, ZERO) - bound.get(key, ZERO)
        if quantity > left + contained.get(variant_id, ZERO):
            raise OrderNeedsLess(variant_id, open_.get(variant_id, ZERO))
        if left > 0:
            claimed[key] = min(quantity, left)
    return claimed


def _named(wanted: Mapping[Key, Decimal]) -> dict[str, object]:
    return {
        "variants": [variant_id for variant_id, _ in wanted],
        "warehouses": [warehouse_id for _, warehouse_id in wanted],
        "quantities": list(wanted.values()),
    }
