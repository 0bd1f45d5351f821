"""What is published about checkout."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketsMerged(Event):
    """A guest signed in and the guest's basket became part of the own one."""

    type: ClassVar[str] = "checkout.BasketsMerged"
    basket_id: UUID
    absorbed_id: UUID
    market: str
    party_id: UUID

    def key(self) -> str:
        """Order the events of one basket."""
        return str(self.basket_id)
