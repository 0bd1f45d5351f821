"""Bodies of the JSON API of stock. Quantities are decimal numbers written as text."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from hansa.modules.stock import explaining, model, queries

THOUSANDTH = Decimal("0.001")

Channel = Annotated[
    str,
    msgspec.Meta(
        pattern="^[a-z][a-z0-9-]{1,15}$", description="Code of a market.", examples=["ru"]
    ),
]
Wanted = Annotated[Decimal, msgspec.Meta(description="More than zero, at most 3 decimals.")]


class LineBody(msgspec.Struct, forbid_unknown_fields=True):
    """So many of a variant."""

    variant_id: UUID
    quantity: Wanted


class HoldBody(msgspec.Struct, forbid_unknown_fields=True):
    """A wish for goods, all or nothing; bound to a warehouse if one is named."""

    channel: Channel
    lines: Annotated[list[LineBody], msgspec.Meta(min_length=1, max_length=500)]
    warehouse_id: UUID | None = None
    minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] | None = None


class ReservationView(msgspec.Struct, frozen=True):
    """Goods set aside."""

    id: UUID
    channel: str
    state: str
    lines: list[LineBody]
    expires_at: datetime
    warehouse_id: UUID | None
    order_id: UUID | None

    @classmethod
    def of(cls, reservation: model.Reservation) -> "ReservationView":
        """Show a reservation."""
        return cls(
            id=reservation.id,
            channel=reservation.channel,
            state=reservation.state.value,
            lines=[
                LineBody(line.variant_id, line.quantity.quantize(THOUSANDTH))
                for line in reservation.lines
            ],
            expires_at=reservation.expires_at,
            warehouse_id=reservation.warehouse_id,
            order_id=reservation.order_id,
        )


class AvailabilityView(msgspec.Struct, frozen=True):
    """What a channel may sell of a variant, and where it could be picked up."""

    variant_id: UUID
    available: Decimal
    sellable: Decimal
    reserved: Decimal
    by_warehouse: dict[UUID, Decimal]


class AvailabilityList(msgspec.Struct, frozen=True):
    """Availability of the variants asked for, in their order."""

    items: list[AvailabilityView]


class WarehouseView(msgspec.Struct, frozen=True):
    """A place goods lie in."""

    id: UUID
    code: str
    name: dict[str, str]
    kind: str
    address: str
    city: str
    phone: str
    hours: str
    latitude: float | None
    longitude: float | None
    is_active: bool
    channels: list[str]

    @classmethod
    def of(cls, warehouse: model.Warehouse) -> "WarehouseView":
        """Show a warehouse."""
        return cls(
            id=warehouse.id,
            code=warehouse.code,
            name=dict(warehouse.name),
            kind=warehouse.kind.value,
            address=warehouse.address,
            city=warehouse.city,
            phone=warehouse.phone,
            hours=warehouse.hours,
            latitude=warehouse.latitude,
            longitude=warehouse.longitude,
            is_active=warehouse.is_active,
            channels=list(warehouse.channels),
        )


class WarehouseList(msgspec.Struct, frozen=True):
    """All warehouses."""

    items: list[WarehouseView]


class MovementView(msgspec.Struct, frozen=True):
    """A row of the journal."""

    number: int
    at: datetime
    kind: str
    warehouse_id: UUID | None
    channel: str | None
    reservation_id: UUID | None
    on_hand_change: Decimal
    on_hand_after: Decimal | None
    reserved_change: Decimal
    as_of: datetime | None
    source: str | None
    note: str | None

    @classmethod
    def of(cls, movement: queries.Movement) -> "MovementView":
        """Show a row of the journal."""
        return cls(**{name: getattr(movement, name) for name in cls.__struct_fields__})


class WarehousePartView(msgspec.Struct, frozen=True):
    """What a warehouse adds to a number."""

    warehouse_id: UUID
    code: str
    on_hand: Decimal
    safety: Decimal
    withheld: Decimal
    counted: Decimal
    reserved: Decimal
    as_of: datetime


class ReservedPartView(msgspec.Struct, frozen=True):
    """What a reservation takes from a number, and what it waits for."""

    reservation_id: UUID
    channel: str
    state: str
    order_id: UUID | None
    open: Decimal
    shipped: Decimal
    waits_for: str
    expires_at: datetime


class ExplanationView(msgspec.Struct, frozen=True):
    """Why a channel may sell so many: available = sum of counted - sum of open, at least zero."""

    channel: str
    variant_id: UUID
    available: Decimal
    sellable: Decimal
    reserved: Decimal
    warehouses: list[WarehousePartView]
    reservations: list[ReservedPartView]
    movements: list[MovementView]

    @classmethod
    def of(cls, story: explaining.Explanation) -> "ExplanationView":
        """Show the story of a number."""
        return cls(
            channel=story.channel,
            variant_id=story.variant_id,
            available=story.available,
            sellable=story.sellable,
            reserved=story.reserved,
            warehouses=[
                WarehousePartView(
                    **{name: getattr(part, name) for name in WarehousePartView.__struct_fields__}
                )
                for part in story.warehouses
            ],
            reservations=[
                ReservedPartView(
                    **{name: getattr(part, name) for name in ReservedPartView.__struct_fields__}
                )
                for part in story.reservations
            ],
            movements=[MovementView.of(movement) for movement in story.movements],
        )


class SafetyBody(msgspec.Struct, forbid_unknown_fields=True):
    """How many to keep back."""

    quantity: Annotated[Decimal, msgspec.Meta(description="Zero or more.")]
