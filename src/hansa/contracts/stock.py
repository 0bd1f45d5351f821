"""What stock tells the others."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StockChanged(Event):
    """What a channel may sell of these variants changed; readers ask stock for the numbers.

    One event tells of a whole batch of changes. The order between events does not matter, since a
    reader takes the numbers as they are when it reads; so the key spreads them over partitions.
    """

    type: ClassVar[str] = "stock.StockChanged"

    channel: str
    variant_ids: tuple[UUID, ...]

    def key(self) -> str:
        """Spread by the first variant."""
        return f"{self.channel}:{self.variant_ids[0]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StockCorrected(Event):
    """A shop said that pieces the ERP counts are missing or defective, or that this is over.

    Readers ask stock for the correction as it is then.
    """

    type: ClassVar[str] = "stock.StockCorrected"

    correction_id: UUID
    variant_id: UUID
    warehouse_id: UUID

    def key(self) -> str:
        """In order per correction."""
        return str(self.correction_id)
