"""Reads: what may be sold, where it lies, and why a number is what it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.modules.stock.model import (
    NOTHING,
    Availability,
    Line,
    Reservation,
    ReservationLine,
    ReservationNotFound,
    State,
    Warehouse,
    WarehouseKind,
    available,
)
from hansa.modules.stock.store import reading as sql
from hansa.runtime.database import Row, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRow:
    """A number of the ERP as kept; `reserved` counts only goods bound to this warehouse."""

    variant_id: UUID
    warehouse_id: UUID
    on_hand: Decimal
    safety: Decimal
    reserved: Decimal
    as_of: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterRow:
    """What a channel may sell of a variant."""

    variant_id: UUID
    channel: str
    sellable: Decimal
    reserved: Decimal

    @property
    def available(self) -> Decimal:
        """What may still be sold."""
        return available(self.sellable, self.reserved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A row of the journal; `kind` says what happened, the changes what it did to which number."""

    number: int
    at: datetime
    kind: str
    variant_id: UUID
    warehouse_id: UUID | None
    channel: str | None
    reservation_id: UUID | None
    on_hand_change: Decimal
    on_hand_after: Decimal | None
    reserved_change: Decimal
    quantity: Decimal | None
    as_of: datetime | None
    source: str | None
    note: str | None
    actor_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Stock of a channel at a glance."""

    variants: int
    sellable_variants: int
    available: Decimal
    reserved: Decimal
    promised_too_much: int


async def list_warehouses(snap: Snapshot) -> tuple[Warehouse, ...]:
    """Give all warehouses in their order."""
    return tuple(
        Warehouse(
            id=row.id,
            code=row.code,
            name=row.name,
            kind=WarehouseKind(row.kind),
            address=row.address,
            city=row.city,
            phone=row.phone,
            hours=row.hours,
            latitude=row.latitude,
            longitude=row.longitude,
            is_active=row.is_active,
            channels=tuple(row.channels),
            position=row.position,
        )
        for row in await snap.all(sql.WAREHOUSES)
    )


async def availability(
    snap: Snapshot, *, channel: str, variant_ids: Sequence[UUID]
) -> dict[UUID, Availability]:
    """Give for each variant what the channel may sell; nothing if it is unknown."""
    rows = await snap.all(sql.AVAILABILITY, {"channel": channel, "variants": list(variant_ids)})
    known = {row.variant_id: _availability(row) for row in rows}
    return {variant_id: known.get(variant_id, NOTHING) for variant_id in variant_ids}


async def availability_by_warehouse(
    snap: Snapshot, *, variant_ids: Sequence[UUID], channel: str
) -> dict[UUID, dict[UUID, Decimal]]:
    """Give for each variant how many each warehouse of the channel could hand out.

    Never more than the channel may sell at all, so the sum may exceed what is available; warehouses
    without any stand there with zero if the ERP ever named them.
    """
    found: dict[UUID, dict[UUID, Decimal]] = {variant_id: {} for variant_id in variant_ids}
    asked = {"channel": channel, "variants": list(variant_ids)}
    for row in await snap.all(sql.AVAILABILITY_BY_WAREHOUSE, asked):
        found[row.variant_id][row.warehouse_id] = row.available
    return found


async def pieces_by_warehouse(
    snap: Snapshot, *, variant_ids: Sequence[UUID], channel: str
) -> dict[UUID, Decimal]:
    """Give how many of these variants together each warehouse of the channel could hand out."""
    asked = {"channel": channel, "variants": list(variant_ids)}
    rows = await snap.all(sql.PIECES_BY_WAREHOUSE, asked)
    return {row.warehouse_id: row.available for row in rows}


async def get_reservation(
    snap: Snapshot, *, reservation_id: UUID | None = None, order_id: UUID | None = None
) -> Reservation | None:
    """Give a reservation by its id or its order's."""
    row = await snap.maybe(sql.GET_RESERVATION, {"id": reservation_id, "order_id": order_id})
    if row is None:
        return None
    lines = await snap.all(sql.GET_RESERVATION_LINES, {"id": row.id})
    return Reservation(
        id=row.id,
        key=row.key,
        channel=row.channel,
        state=State(row.state),
        lines=tuple(Line(line.variant_id, line.quantity) for line in lines),
        owner=row.owner,
        expires_at=row.expires_at,
        warehouse_id=row.warehouse_id,
        order_id=row.order_id,
    )


async def get_reservation_of(snap: Snapshot, *, reservation_id: UUID, owner: str) -> Reservation:
    """Give a reservation to the one who holds it.

    Raises:
        ReservationNotFound: there is none, or it is somebody else's.
    """
    reservation = await get_reservation(snap, reservation_id=reservation_id)
    if reservation is None or reservation.owner != owner:
        raise ReservationNotFound(reservation_id)
    return reservation


async def reservation_states(
    snap: Snapshot, *, reservation_ids: Sequence[UUID]
) -> dict[UUID, State]:
    """Give the state of each reservation; unknown ones are left out."""
    rows = await snap.all(sql.RESERVATION_STATES, {"ids": list(reservation_ids)})
    return {row.id: State(row.state) for row in rows}


async def list_reservation_lines(
    snap: Snapshot, *, reservation_id: UUID
) -> tuple[ReservationLine, ...]:
    """Give what became of each line of a reservation."""
    rows = await snap.all(sql.GET_RESERVATION_LINES, {"id": reservation_id})
    return tuple(ReservationLine(**row._asdict()) for row in rows)


async def ledger(
    snap: Snapshot,
    *,
    variant_id: UUID,
    warehouse_id: UUID | None = None,
    after: int | None = None,
    limit: int = 100,
) -> tuple[Movement, ...]:
    """Give the journal of a variant, newest first; `after` is the number of the last row seen."""
    rows = await snap.all(
        sql.LEDGER,
        {
            "variant_id": variant_id,
            "warehouse_id": warehouse_id,
            "after": after,
            "limit": limit,
        },
    )
    return tuple(Movement(**row._asdict()) for row in rows)


async def list_levels(
    snap: Snapshot,
    *,
    variant_ids: Sequence[UUID] | None = None,
    warehouse_id: UUID | None = None,
    negative: bool = False,
    after: tuple[UUID, UUID] | None = None,
    limit: int = 100,
) -> tuple[LevelRow, ...]:
    """Give levels by variant and warehouse; `after` is that pair of the last row seen."""
    rows = await snap.all(
        sql.LIST_LEVELS,
        {
            "variants": None if variant_ids is None else list(variant_ids),
            "warehouse_id": warehouse_id,
            "negative": negative,
            "after_variant": after[0] if after else None,
            "after_warehouse": after[1] if after else None,
            "limit": limit,
        },
    )
    return tuple(LevelRow(**row._asdict()) for row in rows)


async def list_counters(
    snap: Snapshot,
    *,
    channel: str,
    variant_ids: Sequence[UUID] | None = None,
    after: UUID | None = None,
    limit: int = 100,
) -> tuple[CounterRow, ...]:
    """Give what a channel may sell, variant by variant; `after` is the last variant seen."""
    rows = await snap.all(
        sql.LIST_COUNTERS,
        {
            "channel": channel,
            "variants": None if variant_ids is None else list(variant_ids),
            "after": after,
            "limit": limit,
        },
    )
    return tuple(CounterRow(channel=channel, **row._asdict()) for row in rows)


async def low_stock(
    snap: Snapshot,
    *,
    channel: str,
    threshold: Decimal,
    with_empty: bool = False,
    limit: int = 100,
) -> tuple[CounterRow, ...]:
    """Give what is nearly sold out, the least first; what is sold out only `with_empty`."""
    rows = await snap.all(
        sql.LOW_STOCK,
        {
            "channel": channel,
            "threshold": threshold,
            "with_empty": with_empty,
            "limit": limit,
        },
    )
    return tuple(CounterRow(channel=channel, **row._asdict()) for row in rows)


async def discrepancies(snap: Snapshot, *, limit: int = 100) -> tuple[CounterRow, ...]:
    """Give where the ERP has less than what is promised to buyers, the worst first."""
    rows = await snap.all(sql.DISCREPANCIES, {"limit": limit})
    return tuple(CounterRow(**row._asdict()) for row in rows)


async def shelf_discrepancies(snap: Snapshot, *, limit: int = 100) -> tuple[LevelRow, ...]:
    """Give where a warehouse has less than what is to be picked up there."""
    rows = await snap.all(sql.SHELF_DISCREPANCIES, {"limit": limit})
    return tuple(LevelRow(**row._asdict()) for row in rows)


async def totals(snap: Snapshot, *, channel: str) -> Totals:
    """Give the stock of a channel at a glance."""
    row = await snap.one(sql.TOTALS, {"channel": channel})
    return Totals(**row._asdict())


def _availability(row: Row) -> Availability:
    return Availability(
        available=available(row.sellable, row.reserved),
        sellable=row.sellable,
        reserved=row.reserved,
    )
