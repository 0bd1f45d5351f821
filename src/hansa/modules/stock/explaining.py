"""Why a number is what it is: what warehouses add, what reservations take, what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.kernel.text import Localised
from hansa.modules.stock.model import ZERO, State, available
from hansa.modules.stock.queries import Movement, ledger
from hansa.modules.stock.store import reading as sql
from hansa.modules.stock.store import shelves as shelf_sql
from hansa.runtime.database import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehousePart:
    """What a warehouse adds: what the ERP reported less safety stock and what is withheld.

    Never below zero. `reserved` is what holds made for it and bindings claim.
    """

    warehouse_id: UUID
    code: str
    name: Localised
    on_hand: Decimal
    safety: Decimal
    withheld: Decimal
    counted: Decimal
    reserved: Decimal
    as_of: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedPart:
    """What a reservation takes, and what it waits for.

    `waits_for` is `order` (held, until `expires_at`), `shipment` (the ERP has not moved all of the
    goods yet) or `number` (`shipped` of it left at `shipped_at`; no number that new has come).
    `bound`: the warehouses it is bound to.
    """

    reservation_id: UUID
    channel: str
    warehouse_id: UUID | None
    state: State
    order_id: UUID | None
    owner: str
    made_at: datetime
    expires_at: datetime
    open: Decimal
    shipped: Decimal
    shipped_at: datetime | None
    bound: tuple[tuple[UUID, Decimal], ...] = ()

    @property
    def waits_for(self) -> str:
        """What must happen before it is no longer subtracted."""
        if self.state is State.HELD:
            return "order"
        return "number" if self.shipped == self.open else "shipment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a channel may sell so many: `available` = sum of `counted` - sum of `open`, or 0."""

    channel: str
    variant_id: UUID
    available: Decimal
    sellable: Decimal
    reserved: Decimal
    warehouses: tuple[WarehousePart, ...]
    reservations: tuple[ReservedPart, ...]
    movements: tuple[Movement, ...]
    reservations_left_out: Decimal


async def explain(
    snap: Snapshot,
    *,
    channel: str,
    variant_id: UUID,
    reservations_max: int = 200,
    movements_max: int = 50,
) -> Explanation:
    """Tell the story of a number: what warehouses add, what reservations take, what happened.

    Take it from one snapshot. `reservations_left_out` is what the reservations beyond
    `reservations_max` take, the oldest being shown.
    """
    asked: Mapping[str, object] = {"channel": channel, "variant_id": variant_id}
    counter = await snap.maybe(sql.EXPLAIN_COUNTER, asked)
    sellable, reserved = (counter.sellable, counter.reserved) if counter else (ZERO, ZERO)
    warehouses = tuple(
        WarehousePart(**row._asdict()) for row in await snap.all(sql.EXPLAIN_WAREHOUSES, asked)
    )
    rows = await snap.all(sql.EXPLAIN_RESERVATIONS, {**asked, "limit": reservations_max})
    bound = await _bound(snap, variant_id, [row.reservation_id for row in rows])
    reservations = tuple(
        ReservedPart(
            **{**row._asdict(), "state": State(row.state)}, bound=bound.get(row.reservation_id, ())
        )
        for row in rows
    )
    return Explanation(
        channel=channel,
        variant_id=variant_id,
        available=available(sellable, reserved),
        sellable=sellable,
        reserved=reserved,
        warehouses=warehouses,
        reservations=reservations,
        movements=await ledger(snap, variant_id=variant_id, limit=movements_max),
        reservations_left_out=reserved - sum((part.open for part in reservations), ZERO),
    )


async def _bound(
    snap: Snapshot, variant_id: UUID, reservation_ids: Sequence[UUID]
) -> dict[UUID, tuple[tuple[UUID, Decimal], ...]]:
    found: dict[UUID, tuple[tuple[UUID, Decimal], ...]] = {}
    for row in await snap.all(shelf_sql.BINDINGS_OF, {"ids": list(reservation_ids)}):
        if row.variant_id == variant_id:
            part = (row.warehouse_id, row.quantity)
            found[row.reservation_id] = (*found.get(row.reservation_id, ()), part)
    return found
