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
    Line,
    ReleaseReason,
    Reservation,
    ReservationNotFound,
    State,
    merge_lines,
)
from hansa.modules.stock.operations.changes import CounterChanges, load_feeds
from hansa.modules.stock.operations.containment import Ending, Part, end_parts
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
        await tx.execute(sql.CONFIRM, {"id": reservation_id, "order_id": order_id, "now": now})
        await tell(tx, [reservation_id], "ordered", now=now, by=by)
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
        if (quantity := at_most(row, open_of(row) - row.waiting, wanted)) > 0
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
            open_of(row),
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


def open_of(row: Row) -> Decimal:
    """Give what is open of a line."""
    left: Decimal = row.quantity - row.contained - row.released
    return left


def at_most(row: Row, left: Decimal, wanted: dict[UUID, Decimal] | None) -> Decimal:
    """Give all that is left of a line, or as many as are wanted of it."""
    if wanted is None:
        return left
    return min(left, wanted.get(row.variant_id, ZERO))


async def tell(
    tx: Transaction,
    ids: Sequence[UUID],
    kind: str,
    *,
    now: datetime,
    source: str | None = None,
    note: str | None = None,
    by: UUID | None = None,
) -> None:
    """Write into the journal what moved no number."""
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
