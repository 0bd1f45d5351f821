"""The jobs of this module, as data."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange(Job):
    """Bring a connection's two sides together: read the history, take over, send."""

    type: ClassVar[str] = "retailcrm.exchange"
    connection_id: UUID

    def lock(self) -> str | None:
        """One sender at a time: that keeps the order and the rate."""
        return f"retailcrm.exchange {self.connection_id}"

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return f"retailcrm.exchange {self.connection_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtAll(Job):
    """Exchange on every connection that is in use."""

    type: ClassVar[str] = "retailcrm.look_at_all"

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return "retailcrm.look_at_all"
