"""What is published about payments. A payment belongs to a subject another module knows."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentEvent(Event):
    """What all events of a payment carry; amounts in minor units of the currency.

    `amount_minor` is the amount of this step, `total_minor` what the payment is about as a whole.
    """

    type: ClassVar[str] = "payments.PaymentEvent"
    payment_id: UUID
    subject_kind: str
    subject_id: UUID
    market: str
    currency: str
    amount_minor: int
    total_minor: int

    def key(self) -> str:
        """Order the events of one subject."""
        return str(self.subject_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAllowed(PaymentEvent):
    """A payment that waited for an answer of ours may be paid now."""

    type: ClassVar[str] = "payments.PaymentAllowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAuthorised(PaymentEvent):
    """The amount is held at the payer's bank."""

    type: ClassVar[str] = "payments.PaymentAuthorised"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCaptured(PaymentEvent):
    """The money is ours."""

    type: ClassVar[str] = "payments.PaymentCaptured"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed(PaymentEvent):
    """The payment was declined or ran out of time; another attempt may follow."""

    type: ClassVar[str] = "payments.PaymentFailed"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentVoided(PaymentEvent):
    """The payment was called off before any money moved."""

    type: ClassVar[str] = "payments.PaymentVoided"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRefunded(PaymentEvent):
    """Money went back; `refunded_minor` is the sum of all refunds so far."""

    type: ClassVar[str] = "payments.PaymentRefunded"
    refunded_minor: int
