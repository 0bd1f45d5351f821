"""Ending reservations whose movement the ERP's numbers include."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from hansa.modules.stock.model import ZERO, Containment, Reported, Shipped, contains
from hansa.modules.stock.operations.changes import CounterChanges, Feeds
from hansa.modules.stock.store import reservations as sql
from hansa.runtime.database import Transaction


class Part(NamedTuple):
    """A part of a line that ends."""

    reservation_id: UUID
    variant_id: UUID
    channel: str
    warehouse_id: UUID | None
    quantity: Decimal


class Ending(NamedTuple):
    """How parts end, for the journal."""

    kind: str
    now: datetime
    source: str | None = None
    note: str | None = None
    as_of: datetime | None = None
    by: UUID | None = None


async def waiting_shipments(tx: Transaction, variant_ids: Sequence[UUID]) -> list[Shipped]:
    """Give the shipments of these variants that no number contains yet."""
    rows = await tx.all(sql.WAITING_SHIPMENTS, {"variants": list(variant_ids)})
    return [Shipped(*row) for row in rows]


async def lock_levels_of(tx: Transaction, variant_ids: Iterable[UUID]) -> None:
    """Lock every level of the variants."""
    await tx.execute(sql.LOCK_LEVELS, {"variants": list(set(variant_ids))})


async def contain_shipments(
    tx: Transaction,
    waiting: Sequence[Shipped],
    *,
    policy: Containment,
    changes: CounterChanges,
    feeds: Feeds,
    source: str,
    now: datetime,
) -> int:
    """End what the numbers contain; give how many shipment lines that were.

    The levels of the variants must be locked, and the writing of levels too. Raises a fence in each
    warehouse the goods may have left (see `model.contains`).
    """
    done = await _contained(tx, waiting, policy)
    if not done:
        return 0
    await tx.execute(
        sql.RAISE_FENCES,
        {
            "variants": [shipped.variant_id for shipped in done],
            "channels": [shipped.channel for shipped in done],
            "warehouses": [shipped.warehouse_id for shipped in done],
            "instants": [shipped.shipped_at for shipped in done],
        },
    )
    ids = sorted({shipped.reservation_id for shipped in done})
    await tx.execute(sql.LOCK_RESERVATIONS, {"ids": ids})
    await tx.execute(
        sql.CONTAIN_SHIPMENTS,
        {
            "ids": [shipped.reservation_id for shipped in done],
            "variants": [shipped.variant_id for shipped in done],
            "references": [shipped.reference for shipped in done],
            "now": now,
        },
    )
    quantities: dict[tuple[UUID, UUID], Decimal] = defaultdict(lambda: ZERO)
    for shipped in done:
        quantities[shipped.reservation_id, shipped.variant_id] += shipped.quantity
    lines = await tx.all(sql.LINES_OF, {"ids": ids})
    parts = [
        Part(
            line.reservation_id,
            line.variant_id,
            line.channel,
            line.warehouse_id,
            quantity,
        )
        for line in lines
        if (quantity := quantities.get((line.reservation_id, line.variant_id), ZERO))
    ]
    ending = Ending(
        "contained",
        now,
        source=source,
        as_of=max(shipped.shipped_at for shipped in done),
    )
    await end_parts(tx, parts, ending, changes=changes, feeds=feeds)
    return len(done)


async def _contained(
    tx: Transaction, waiting: Sequence[Shipped], policy: Containment
) -> list[Shipped]:
    if not waiting:
        return []
    numbers: dict[UUID, list[tuple[tuple[str, ...], Reported]]] = defaultdict(list)
    variants = list({shipped.variant_id for shipped in waiting})
    for row in await tx.all(sql.REPORTED, {"variants": variants}):
        reported = Reported(row.warehouse_id, row.on_hand, row.as_of, is_in_channel=False)
        numbers[row.variant_id].append((tuple(row.channels), reported))
    return [
        shipped
        for shipped in waiting
        if contains(
            policy,
            shipped=shipped,
            reported=[
                number._replace(is_in_channel=shipped.channel in channels)
                for channels, number in numbers[shipped.variant_id]
            ],
        )
    ]


async def end_parts(
    tx: Transaction,
    parts: Sequence[Part],
    ending: Ending,
    *,
    changes: CounterChanges,
    feeds: Feeds,
) -> None:
    """End parts of locked reservations as contained or released, with journal and counters."""
    if not parts:
        return
    is_contained = ending.kind == "contained"
    await tx.execute(
        sql.END_PARTS,
        {
            "ids": [part.reservation_id for part in parts],
            "variants": [part.variant_id for part in parts],
            "contained": [part.quantity if is_contained else ZERO for part in parts],
            "released": [ZERO if is_contained else part.quantity for part in parts],
            **ending._asdict(),
        },
    )
    await tx.execute(
        sql.CLOSE_FINISHED,
        {"ids": list({part.reservation_id for part in parts}), "now": ending.now},
    )
    on_shelves = [part for part in parts if part.warehouse_id is not None]
    if on_shelves:
        await tx.execute(
            sql.RELEASE_SHELVES,
            {
                "variants": [part.variant_id for part in on_shelves],
                "warehouses": [part.warehouse_id for part in on_shelves],
                "quantities": [part.quantity for part in on_shelves],
            },
        )
    for part in parts:
        changes.reserve(part.variant_id, part.channel, -part.quantity, feeds=feeds)
