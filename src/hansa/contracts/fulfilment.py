"""What is published about the search for goods: ids and quantities, never names or addresses."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopAsked(Event):
    """A shop is asked whether it has goods of an order; the tuples belong together."""

    type: ClassVar[str] = "fulfilment.ShopAsked"
    order_id: UUID
    number: str
    market: str
    question_id: UUID
    warehouse_id: UUID
    variant_ids: tuple[UUID, ...]
    quantities: tuple[Decimal, ...]
    answer_by: datetime

    def key(self) -> str:
        """Order the events of one order."""
        return str(self.order_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopAnswered(Event):
    """A shop answered; the tuples belong together, line by line."""

    type: ClassVar[str] = "fulfilment.ShopAnswered"
    order_id: UUID
    number: str
    market: str
    question_id: UUID
    warehouse_id: UUID
    variant_ids: tuple[UUID, ...]
    found: tuple[Decimal, ...]
    defective: tuple[Decimal, ...]
    missing: tuple[Decimal, ...]
    answered_at: datetime

    def key(self) -> str:
        """Order the events of one order."""
        return str(self.order_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChanged(Event):
    """The search for the goods of an order stands elsewhere now.

    `state` is asking, operator, confirmed or ended; `reason` says why.
    """

    type: ClassVar[str] = "fulfilment.CaseChanged"
    order_id: UUID
    number: str
    market: str
    state: str
    reason: str
    changed_at: datetime

    def key(self) -> str:
        """Order the events of one order."""
        return str(self.order_id)
