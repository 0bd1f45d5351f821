"""The jobs of the queue, as data."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAgain(Job):
    """Write messages about subjects as they stand, whatever was sent of them before."""

    type: ClassVar[str] = "erp.queue_again"
    connection_id: UUID
    kind: str
    subject_ids: tuple[UUID, ...]

    def lock(self) -> str | None:
        """One of a connection at a time."""
        return f"erp.queue_again:{self.connection_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetMessages(Job):
    """Delete messages that ended long ago."""

    type: ClassVar[str] = "erp.forget_messages"
