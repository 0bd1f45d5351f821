"""The life of a reservation after the hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Conflict
from hansa.modules.stock.model import (
    ZERO,
    Containment,
    Line,
    ReleaseReason,
    Reservation,
    ReservationNotFound,
    State,
    merge_lines,
)
from hansa.modules.stock.operations.changes import CounterChanges, load_feeds
from hansa.modules.stock.operations.containment import (
    Ending,
    Part,
    contain_shipments,
    end_parts,
    lock_levels_of,
    waiting_shipments,
)
from hansa.modules.stock.store import levels as level_sql
from hansa.modules.stock.store import reservations as sql
from hansa.runtime.database import Row, Transaction

REFUSALS_KEPT = timedelta(days=7)


@dataclass(eq=False)
class ReservationExpired(Conflict):
    """The goods were given back: the lease ran out, or it was cancelled."""

    code: ClassVar[str] = "stock.reservation_expired"
    message: ClassVar[str] = "The goods were held for you too long ago and are released. Try again."

    reservation_id: UUID


@dataclass(eq=False)
class ReservationTaken(Conflict):
    """Another order already stands behind this reservation."""

    code: ClassVar[str] = "stock.reservation_taken"
    message: ClassVar[str] = "An order already stands behind this reservation."

    reservation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """What a shipment mark did: `recorded` is new, `excess` left without being reserved."""

    recorded: tuple[Line, ...]
    excess: tuple[Line, ...]
    contained: int


async def confirm(
    tx: Transaction,
    *,
    reservation_id: UUID,
    order_id: UUID,
    now: datetime,
    by: UUID | None = None,
) -> Reservation:
    """Put an order behind a held reservation, which then no longer expires.

    A lease past its time that nobody has swept yet is still good. Again with the same order changes
    nothing. No counter is touched, so it may stand anywhere in the order's transaction.

    Raises:
        ReservationNotFound: there is none.
        ReservationExpired: it was released meanwhile.
        ReservationTaken: another order has it.
    """
    rows = await tx.all(sql.LOCK_RESERVATIONS, {"ids": [reservation_id]})
    if not rows:
        raise ReservationNotFound(reservation_id)
    [row] = rows
    if row.order_id is not None and row.order_id != order_id:
        raise ReservationTaken(reservation_id)
    if row.state == State.RELEASED:
        raise ReservationExpired(reservation_id)
    if row.state == State.HELD:
        await tx.execute(sql.CONFIRM, {"id": reservation_id, "order_id": order_id})
        await _tell(tx, [reservation_id], "ordered", now=now, by=by)
    lines = await tx.all(sql.LINES_OF, {"ids": [reservation_id]})
    return Reservation(
        id=row.id,
        key=row.key,
        channel=row.channel,
        state=State.ORDERED if row.state == State.HELD else State(row.state),
        lines=tuple(Line(line.variant_id, line.quantity) for line in lines),
        owner=row.owner,
        expires_at=row.expires_at,
        warehouse_id=row.warehouse_id,
        order_id=order_id,
    )


async def mark_sent(
    tx: Transaction, *, order_ids: Sequence[UUID], source: str = "", now: datetime
) -> int:
    """Note that the ERP has these orders. That moves no number: an order moves no goods.

    Gives how many were not marked yet.
    """
    found = await tx.all(sql.LOCK_OF_ORDERS, {"order_ids": list(order_ids)})
    marked = await tx.all(sql.MARK_SENT, {"ids": [row.id for row in found]})
    await _tell(tx, [row.id for row in marked], "sent", source=source, now=now)
    return len(marked)


async def mark_shipped(  # noqa: PLR0913 - what a shipment document says
    tx: Transaction,
    *,
    order_id: UUID,
    shipped_at: datetime,
    reference: str,
    now: datetime,
    lines: Sequence[Line | tuple[UUID, Decimal]] | None = None,
    warehouse_id: UUID | None = None,
    source: str = "",
    policy: Containment = Containment.ON_SHIPMENT,
    by: UUID | None = None,
) -> Shipment:
    """Record that goods of an order left, and end what the ERP's numbers already contain.

    `shipped_at` is by the ERP's clock the instant by which the goods had left for certain (a mark
    that gives only a day: the end of that day or the instant the document was formed, whichever is
    earlier). The goods stay reserved until a number formed at or after it is known, whichever of
    the two arrives first (`model.contains`). Without `lines` everything not yet shipped or released
    left; without `warehouse_id` it may have left any of the channel's warehouses, or the one the
    reservation is bound to. `reference` names the shipment document: the same again changes
    nothing. An order without reservation gives all lines back as `excess`.
    """
    await tx.execute(level_sql.LOCK_WRITING_OF_LEVELS)
    reservation_id = await tx.scalar(sql.FIND_BY_ORDER, {"order_id": order_id})
    if reservation_id is None:
        return Shipment(recorded=(), excess=merge_lines(lines or ()), contained=0)
    variants = [row.variant_id for row in await tx.all(sql.LINES_OF, {"ids": [reservation_id]})]
    await lock_levels_of(tx, variants)
    await tx.all(sql.LOCK_RESERVATIONS, {"ids": [reservation_id]})
    rows = await tx.all(sql.LINES_OF, {"ids": [reservation_id]})
    document = {"id": reservation_id, "reference": reference}
    known = {row.variant_id for row in await tx.all(sql.SHIPMENTS_RECORDED, document)}
    wanted = None if lines is None else dict(merge_lines(lines))
    leaving, excess = _leaving(rows, wanted, known)
    if leaving:
        await tx.all(
            sql.ADD_SHIPMENTS,
            {
                "ids": [reservation_id] * len(leaving),
                "variants": [row.variant_id for row, _ in leaving],
                "channels": [row.channel for row, _ in leaving],
                "warehouses": [warehouse_id or row.warehouse_id for row, _ in leaving],
                "quantities": [quantity for _, quantity in leaving],
                "reference": reference,
                "shipped_at": shipped_at,
                "now": now,
            },
        )
        recorded = [row.variant_id for row, _ in leaving]
        told = document | {"variants": recorded, "source": source, "by": by, "now": now}
        await tx.execute(sql.TELL_SHIPPED, told)
    changes = CounterChanges()
    waiting = [
        shipped
        for shipped in await waiting_shipments(tx, variants)
        if shipped.reservation_id == reservation_id
    ]
    feeds = await load_feeds(tx)
    contained = await contain_shipments(
        tx,
        waiting,
        policy=policy,
        changes=changes,
        feeds=feeds,
        source=source,
        now=now,
    )
    await changes.write(tx, feeds=feeds)
    return Shipment(
        recorded=tuple(Line(row.variant_id, quantity) for row, quantity in leaving),
        excess=excess,
        contained=contained,
    )


async def contain(
    tx: Transaction,
    *,
    order_id: UUID,
    now: datetime,
    lines: Sequence[Line | tuple[UUID, Decimal]] | None = None,
    source: str = "",
    by: UUID | None = None,
) -> tuple[Line, ...]:
    """End what is open of an order because its movement is certainly in the ERP's numbers.

    For an ERP that names the orders a number contains, and for staff. Without `lines` everything
    open; with them at most what is open. Gives what ended.
    """
    await tx.execute(level_sql.LOCK_WRITING_OF_LEVELS)
    reservation_id = await tx.scalar(sql.FIND_BY_ORDER, {"order_id": order_id})
    if reservation_id is None:
        return ()
    ids = [reservation_id]
    await tx.execute(sql.LOCK_SHELVES_OF, {"ids": ids})
    await tx.all(sql.LOCK_RESERVATIONS, {"ids": ids})
    rows = await tx.all(sql.LINES_OF, {"ids": ids})
    wanted = None if lines is None else dict(merge_lines(lines))
    parts = [
        Part(row.reservation_id, row.variant_id, row.channel, row.warehouse_id, quantity)
        for row in rows
        if (quantity := _at_most(row, _open(row), wanted)) > 0
    ]
    # What waited for a number of these lines is part of what ended, the oldest shipments first.
    await tx.execute(
        sql.CONTAIN_SHIPMENTS_OF_LINES,
        {
            "id": reservation_id,
            "variants": [part.variant_id for part in parts],
            "quantities": [part.quantity for part in parts],
            "now": now,
        },
    )
    changes = CounterChanges()
    ending = Ending("contained", now, source=source, by=by)
    feeds = await load_feeds(tx)
    await end_parts(tx, parts, ending, changes=changes, feeds=feeds)
    await changes.write(tx, feeds=feeds)
    return tuple(Line(part.variant_id, part.quantity) for part in parts)


async def release(
    tx: Transaction,
    *,
    reason: ReleaseReason,
    now: datetime,
    order_id: UUID | None = None,
    reservation_id: UUID | None = None,
    lines: Sequence[Line | tuple[UUID, Decimal]] | None = None,
    by: UUID | None = None,
) -> tuple[Line, ...]:
    """Give goods back to be sold: of a cancelled order, or of a hold nobody needs any more.

    What has left a warehouse is not released: goods that come back are the ERP's to count, in a
    number of its own. Without `lines` everything else is released, and again changes nothing; with
    them at most so many of each. Gives what was released.

    It locks the hot rows of these goods until the end of the transaction: call it last.
    """
    await tx.execute(level_sql.SHARE_COUNTERS)
    if reservation_id is None:
        reservation_id = await tx.scalar(sql.FIND_BY_ORDER, {"order_id": order_id})
        if reservation_id is None:
            return ()
    ids = [reservation_id]
    await tx.execute(sql.LOCK_SHELVES_OF, {"ids": ids})
    if not await tx.all(sql.LOCK_RESERVATIONS, {"ids": ids}):
        return ()
    wanted = None if lines is None else dict(merge_lines(lines))
    parts = [
        Part(row.reservation_id, row.variant_id, row.channel, row.warehouse_id, quantity)
        for row in await tx.all(sql.LINES_OF, {"ids": ids})
        if (quantity := _at_most(row, _open(row) - row.waiting, wanted)) > 0
    ]
    changes = CounterChanges()
    ending = Ending("released", now, note=reason.value, by=by)
    feeds = await load_feeds(tx)
    await end_parts(tx, parts, ending, changes=changes, feeds=feeds)
    await changes.write(tx, feeds=feeds)
    return tuple(Line(part.variant_id, part.quantity) for part in parts)


async def abandon(tx: Transaction, *, reservation_id: UUID, owner: str, now: datetime) -> None:
    """Give back goods that `owner` holds and nobody ordered. Again changes nothing.

    Raises:
        ReservationNotFound: there is none, or it is somebody else's.
        ReservationTaken: an order stands behind it; cancel that.
    """
    await tx.execute(level_sql.SHARE_COUNTERS)
    await tx.execute(sql.LOCK_SHELVES_OF, {"ids": [reservation_id]})
    rows = await tx.all(sql.LOCK_RESERVATIONS, {"ids": [reservation_id]})
    if not rows or rows[0].owner != owner:
        raise ReservationNotFound(reservation_id)
    if rows[0].order_id is not None:
        raise ReservationTaken(reservation_id)
    reason = ReleaseReason.ABANDONED
    await release(tx, reservation_id=reservation_id, reason=reason, now=now)


async def expire_holds(tx: Transaction, *, now: datetime, limit: int = 500) -> int:
    """Release the leases that ran out, at most so many; give how many.

    A lease somebody is confirming at this moment is left alone: whoever locks it first wins.
    """
    await tx.execute(level_sql.SHARE_COUNTERS)
    found = await tx.all(sql.FIND_EXPIRED, {"now": now, "limit": limit})
    if not found:
        return 0
    candidates = [row.id for row in found]
    await tx.execute(sql.LOCK_SHELVES_OF, {"ids": candidates})
    locked = await tx.all(sql.LOCK_EXPIRED, {"ids": candidates, "now": now})
    rows = await tx.all(sql.LINES_OF, {"ids": [row.id for row in locked]})
    parts = [
        Part(
            row.reservation_id,
            row.variant_id,
            row.channel,
            row.warehouse_id,
            _open(row),
        )
        for row in rows
    ]
    changes = CounterChanges()
    ending = Ending("expired", now)
    feeds = await load_feeds(tx)
    await end_parts(tx, parts, ending, changes=changes, feeds=feeds)
    await changes.write(tx, feeds=feeds)
    return len(locked)


async def forget_refusals(tx: Transaction, *, now: datetime, limit: int = 10_000) -> int:
    """Delete refused holds after a week; their keys are free again then."""
    return await tx.execute(sql.FORGET_REFUSALS, {"before": now - REFUSALS_KEPT, "limit": limit})


def _open(row: Row) -> Decimal:
    left: Decimal = row.quantity - row.contained - row.released
    return left


def _at_most(row: Row, left: Decimal, wanted: dict[UUID, Decimal] | None) -> Decimal:
    if wanted is None:
        return left
    return min(left, wanted.get(row.variant_id, ZERO))


def _leaving(
    rows: Sequence[Row], wanted: dict[UUID, Decimal] | None, known: set[UUID]
) -> tuple[list[tuple[Row, Decimal]], tuple[Line, ...]]:
    """Say of each line how much leaves, and what left beyond what was reserved."""
    leaving: list[tuple[Row, Decimal]] = []
    left_over = dict(wanted or {})
    for row in rows:
        if row.variant_id in known:
            left_over.pop(row.variant_id, None)
            continue
        quantity = _at_most(row, _open(row) - row.waiting, wanted)
        if quantity > 0:
            leaving.append((row, quantity))
            if wanted is not None:
                left_over[row.variant_id] -= quantity
    excess = tuple(
        Line(variant, quantity) for variant, quantity in left_over.items() if quantity > 0
    )
    return leaving, excess


async def _tell(
    tx: Transaction,
    ids: Sequence[UUID],
    kind: str,
    *,
    now: datetime,
    source: str | None = None,
    note: str | None = None,
    by: UUID | None = None,
) -> None:
    if ids:
        row = {
            "ids": list(ids),
            "kind": kind,
            "source": source,
            "note": note,
            "by": by,
            "now": now,
        }
        await tx.execute(sql.TELL, row)
