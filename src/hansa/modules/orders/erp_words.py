"""What an ERP says of orders, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from hansa.modules.orders.model import OrderId


class ErpState(StrEnum):
    """What the ERP says of an order."""

    CONFIRMED = "confirmed"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpStatus:
    """What an ERP document says of an order; found by `number`, else by `order_id`.

    `state` None means that it says nothing about the state. `shipped_at` is the instant of the
    ERP's movement; lines empty means the whole order. `text` is its own word, kept in the history.
    """

    number: str = ""
    order_id: UUID | None = None
    erp_number: str | None = None
    state: ErpState | None = None
    is_paid: bool = False
    shipped_at: datetime | None = None
    shipment_number: str | None = None
    shipped_lines: tuple[tuple[UUID, Decimal], ...] = ()
    warehouse_id: UUID | None = None
    text: str = ""


class ErpOutcome(StrEnum):
    """What became of an ERP's word."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpResult:
    """What became of an ERP's word, and why; `reason` is an English msgid filled from `data`."""

    outcome: ErpOutcome
    order_id: OrderId | None = None
    reason: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
