"""What is published about the tills of shops: numbers and amounts, never names."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRecorded(Event):
    """A sale or a return of a shop's till is known; amounts in minor units of the currency.

    `card` is the loyalty card as shown at the till, `original_id` the sale a return belongs to.
    """

    type: ClassVar[str] = "receipts.ReceiptRecorded"
    receipt_id: UUID
    kind: str
    source: str
    warehouse_id: UUID | None
    party_id: UUID | None
    card: str | None
    currency: str
    total_minor: int
    original_id: UUID | None
    happened_at: datetime

    def key(self) -> str:
        """Order a sale and its returns, once these are known to belong to it."""
        return str(self.original_id or self.receipt_id)
