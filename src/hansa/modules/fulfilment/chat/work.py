"""What is done after a press, in the background."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPressed(Job):
    """Draw the message that was pressed anew: the question may have been answered elsewhere."""

    type: ClassVar[str] = "fulfilment.ShowPressed"
    question_id: UUID
    channel: str
    address: str
    message: str

    def lock(self) -> str:
        """Draw a message by one at a time, so that the last drawing is the newest."""
        return f"fulfilment-message:{self.channel}:{self.address}:{self.message}"

    def queueing_lock(self) -> str:
        """Wait once: drawing shows the question as it is then."""
        return self.lock()
