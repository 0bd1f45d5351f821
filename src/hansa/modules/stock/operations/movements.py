"""What the ERP says of orders: it has them, their goods left, its numbers contain them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.modules.stock.model import ZERO, Line, merge_lines
from hansa.modules.stock.operations.changes import CounterChanges, load_feeds
from hansa.modules.stock.operations.containment import (
    Candidates,
    Ending,
    News,
    contain_lines,
    contain_moved,
    lock_levels_of,
    orders_are_netted,
)
from hansa.modules.stock.operations.reservations import at_most, open_of, tell
from hansa.modules.stock.store import levels as level_sql
from hansa.modules.stock.store import reservations as sql
from hansa.runtime.database import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """What a shipment mark did: `recorded` is new, `excess` left without being reserved."""

    recorded: tuple[Line, ...]
    excess: tuple[Line, ...]
    contained: int


async def mark_sent(
    tx: Transaction,
    *,
    order_ids: Sequence[UUID],
    now: datetime,
    source: str = "",
    position: int | None = None,
    received_at: datetime | None = None,
    is_complete: bool = False,
) -> int:
    """Note that an ERP has these orders. By itself that moves no number: an order moves no goods.

    `source` names the ERP as in `set_levels`; empty, it may be any. `position` is the number of the
    message that carried the order, `received_at` the instant by the ERP's clock at which it took
    it. `is_complete` says that the message had the order as it is now, with all its bindings:
    without it what is bound stays reserved until shipped. By these, numbers that came before this
    may already include the orders, by the policy of their source; what they include ends.

    Again, also out of order, changes nothing. Gives how many were not marked yet.
    """
    is_netted = await orders_are_netted(tx)
    if is_netted:
        await tx.execute(level_sql.LOCK_WRITING_OF_LEVELS)
    named = {"order_ids": list(order_ids)}
    ids = [row.id for row in await tx.all(sql.FIND_BY_ORDERS, named)]
    variants: list[UUID] = []
    if is_netted:
        variants = [row.variant_id for row in await tx.all(sql.LINES_OF, {"ids": ids})]
        await lock_levels_of(tx, variants)
    await tx.all(sql.LOCK_OF_ORDERS, named)
    marked = [row.id for row in await tx.all(sql.MARK_SENT, {"ids": ids})]
    await tx.execute(
        sql.NOTE_SENT,
        {
            "ids": ids,
            "source": source,
            "position": position,
            "received_at": received_at,
            "is_complete": is_complete,
            "now": now,
        },
    )
    await tell(tx, marked, "sent", source=source, now=now)
    if is_netted:
        news = News(source, now, CounterChanges(), await load_feeds(tx))
        await contain_moved(tx, Candidates(ids, variants), news)
        await news.changes.write(tx, feeds=news.feeds)
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
    by: UUID | None = None,
) -> Shipment:
    """Record that goods of an order left, and end what the ERP's numbers already contain.

    `shipped_at` is by the ERP's clock the instant by which the goods had left for certain (a mark
    that gives only a day: the end of that day or the instant the document was formed, whichever is
    earlier). The goods stay reserved, and bound to the shelf they left, until a number formed at or
    after it is known, whichever of the two arrives first (`containing.contains`). Without `lines`
    everything not yet shipped or released left; without `warehouse_id` it may have left any of the
    channel's warehouses, or the one the reservation is bound to. `reference` names the shipment
    document: the same again changes nothing. An order without reservation gives all lines back as
    `excess`.
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
    netted = {
        row.variant_id: row.quantity for row in await tx.all(sql.CONTAINED_UNSHIPPED, document)
    }
    wanted = None if lines is None else dict(merge_lines(lines))
    leaving, excess = _leaving(rows, wanted, known, netted)
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
    news = News(source, now, CounterChanges(), await load_feeds(tx))
    contained = await contain_moved(tx, Candidates([reservation_id], variants), news)
    await news.changes.write(tx, feeds=news.feeds)
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

    For staff. Without `lines` everything open; with them at most what is open. Gives what ended.
    """
    await tx.execute(level_sql.LOCK_WRITING_OF_LEVELS)
    reservation_id = await tx.scalar(sql.FIND_BY_ORDER, {"order_id": order_id})
    if reservation_id is None:
        return ()
    await tx.execute(sql.LOCK_SHELVES_OF, {"ids": [reservation_id]})
    await tx.all(sql.LOCK_RESERVATIONS, {"ids": [reservation_id]})
    wanted = None if lines is None else dict(merge_lines(lines))
    changes, feeds = CounterChanges(), await load_feeds(tx)
    ending = Ending("contained", now, source=source, by=by)
    parts = await contain_lines(tx, reservation_id, wanted, ending, changes=changes, feeds=feeds)
    await changes.write(tx, feeds=feeds)
    return tuple(Line(part.variant_id, part.quantity) for part in parts)


def _leaving(
    rows: Sequence[Row],
    wanted: dict[UUID, Decimal] | None,
    known: set[UUID],
    netted: dict[UUID, Decimal],
) -> tuple[list[tuple[Row, Decimal]], tuple[Line, ...]]:
    """Say of each line how much leaves, and what left beyond what was reserved.

    What the ERP's numbers contained before it was said to have left is not beyond it.
    """
    leaving: list[tuple[Row, Decimal]] = []
    left_over = dict(wanted or {})
    for row in rows:
        if row.variant_id in known:
            left_over.pop(row.variant_id, None)
            continue
        quantity = at_most(row, open_of(row) - row.waiting, wanted)
        if quantity > 0:
            leaving.append((row, quantity))
        if row.variant_id in left_over:
            left_over[row.variant_id] -= max(ZERO, quantity) + netted.get(row.variant_id, ZERO)
    excess = tuple(
        Line(variant, quantity) for variant, quantity in left_over.items() if quantity > 0
    )
    return leaving, excess
