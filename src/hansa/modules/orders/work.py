"""The jobs of orders, as data."""

from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.message import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelUnpaidOrders(Job):
    """Cancel open orders whose time to pay is over, so that their goods can be sold."""

    type: ClassVar[str] = "orders.cancel_unpaid"

    def lock(self) -> str | None:
        """One at a time."""
        return "orders.cancel_unpaid"

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return "orders.cancel_unpaid"
