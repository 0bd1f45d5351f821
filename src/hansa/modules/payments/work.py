"""The jobs of payments, as data."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlePayment(Job):
    """Bring a payment and its provider to the same picture, and do what is wanted there."""

    type: ClassVar[str] = "payments.settle"
    payment_id: UUID

    def lock(self) -> str | None:
        """One conversation with the provider per payment at a time."""
        return f"payment:{self.payment_id}"

    def queueing_lock(self) -> str | None:
        """A settlement that waits already stands for the next."""
        return f"payment:{self.payment_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOpenPayments(Job):
    """Look at the payments whose outcome is unknown or whose time has come."""

    type: ClassVar[str] = "payments.check_open"

    def lock(self) -> str | None:
        """One look at a time."""
        return "payments.check_open"

    def queueing_lock(self) -> str | None:
        """A look that waits already stands for the next."""
        return "payments.check_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetNotices(Job):
    """Delete notices of providers that are too old to come again."""

    type: ClassVar[str] = "payments.forget_notices"

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return "payments.forget_notices"
