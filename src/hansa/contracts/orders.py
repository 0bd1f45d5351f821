"""What is published about orders: numbers, amounts and states, never names or addresses."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced(Event):
    """An order was placed and its goods are reserved. Amounts in minor units of the currency."""

    type: ClassVar[str] = "orders.OrderPlaced"
    order_id: UUID
    number: str
    market: str
    party_id: UUID | None
    currency: str
    goods_minor: int
    delivery_minor: int
    total_minor: int
    payment_method: str
    variant_ids: tuple[UUID, ...]
    placed_at: datetime

    def key(self) -> str:
        """Order the events of one order."""
        return str(self.order_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged(Event):
    """The state of the order or of its payment is another now."""

    type: ClassVar[str] = "orders.OrderChanged"
    order_id: UUID
    number: str
    market: str
    state: str
    payment_state: str
    changed_at: datetime

    def key(self) -> str:
        """Order the events of one order."""
        return str(self.order_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReduced(Event):
    """Pieces of the order will not be delivered; the rest of it goes on.

    `quantities` belong to `variant_ids`. `reduced_minor` is what it costs less than before by this,
    `total_minor` what it costs now.
    """

    type: ClassVar[str] = "orders.OrderReduced"
    order_id: UUID
    number: str
    market: str
    variant_ids: tuple[UUID, ...]
    quantities: tuple[Decimal, ...]
    currency: str
    reduced_minor: int
    total_minor: int
    reason: str
    reduced_at: datetime

    def key(self) -> str:
        """Order the events of one order."""
        return str(self.order_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(Event):
    """The order was cancelled; its goods are on sale again."""

    type: ClassVar[str] = "orders.OrderCancelled"
    order_id: UUID
    number: str
    market: str
    reason: str
    cancelled_at: datetime

    def key(self) -> str:
        """Order the events of one order."""
        return str(self.order_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderShipped(Event):
    """The goods left; `shipped_at` is the instant of the ERP's movement."""

    type: ClassVar[str] = "orders.OrderShipped"
    order_id: UUID
    number: str
    market: str
    shipped_at: datetime

    def key(self) -> str:
        """Order the events of one order."""
        return str(self.order_id)
