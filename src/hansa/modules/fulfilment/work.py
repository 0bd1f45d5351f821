"""The jobs of fulfilment, as data."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtCase(Job):
    """Bring the case of an order to its next step, whatever that is."""

    type: ClassVar[str] = "fulfilment.look_at_case"
    order_id: UUID

    def lock(self) -> str | None:
        """One look at a case at a time."""
        return f"fulfilment:{self.order_id}"

    def queueing_lock(self) -> str | None:
        """A look that waits stands for the next; each look asks for the one after it."""
        return f"fulfilment:{self.order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtClocks(Job):
    """Have the cases looked at in which something is due."""

    type: ClassVar[str] = "fulfilment.look_at_clocks"

    def lock(self) -> str | None:
        """One at a time."""
        return "fulfilment.look_at_clocks"

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return "fulfilment.look_at_clocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendQuestion(Job):
    """Ask a shop in its channel."""

    type: ClassVar[str] = "fulfilment.send_question"
    question_id: UUID

    def lock(self) -> str | None:
        """One conversation about a question at a time."""
        return f"fulfilment.question:{self.question_id}"

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return f"fulfilment.send:{self.question_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateQuestion(Job):
    """Show in the channel what became of a question."""

    type: ClassVar[str] = "fulfilment.update_question"
    question_id: UUID

    def lock(self) -> str | None:
        """One conversation about a question at a time."""
        return f"fulfilment.question:{self.question_id}"

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return f"fulfilment.update:{self.question_id}"
