"""What is published of a payment's changes."""

from hansa.contracts.payments import (
    PaymentAllowed,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentEvent,
    PaymentFailed,
    PaymentRefunded,
    PaymentVoided,
)
from hansa.modules.payments.model import Payment, PaymentState


def allowed(payment: Payment) -> PaymentAllowed:
    """What was deferred may be paid now."""
    return PaymentAllowed(
        payment_id=payment.id,
        subject_kind=payment.subject_kind,
        subject_id=payment.subject_id,
        market=payment.market,
        currency=payment.currency,
        amount_minor=payment.amount_minor,
        total_minor=payment.amount_minor,
    )


def authorised(payment: Payment) -> PaymentAuthorised:
    """The amount is held."""
    return PaymentAuthorised(
        payment_id=payment.id,
        subject_kind=payment.subject_kind,
        subject_id=payment.subject_id,
        market=payment.market,
        currency=payment.currency,
        amount_minor=payment.authorised_minor,
        total_minor=payment.amount_minor,
    )


def captured(payment: Payment) -> PaymentCaptured:
    """The money is ours."""
    return PaymentCaptured(
        payment_id=payment.id,
        subject_kind=payment.subject_kind,
        subject_id=payment.subject_id,
        market=payment.market,
        currency=payment.currency,
        amount_minor=payment.captured_minor,
        total_minor=payment.amount_minor,
    )


def voided(payment: Payment) -> PaymentVoided:
    """The payment is called off."""
    return PaymentVoided(
        payment_id=payment.id,
        subject_kind=payment.subject_kind,
        subject_id=payment.subject_id,
        market=payment.market,
        currency=payment.currency,
        amount_minor=payment.amount_minor,
        total_minor=payment.amount_minor,
    )


def failed(payment: Payment) -> PaymentFailed:
    """The payment was declined or ran out of time."""
    return PaymentFailed(
        payment_id=payment.id,
        subject_kind=payment.subject_kind,
        subject_id=payment.subject_id,
        market=payment.market,
        currency=payment.currency,
        amount_minor=payment.amount_minor,
        total_minor=payment.amount_minor,
        reason=payment.reason or "",
    )


def refunded(payment: Payment, amount_minor: int) -> PaymentRefunded:
    """So much went back just now."""
    return PaymentRefunded(
        payment_id=payment.id,
        subject_kind=payment.subject_kind,
        subject_id=payment.subject_id,
        market=payment.market,
        currency=payment.currency,
        amount_minor=amount_minor,
        total_minor=payment.amount_minor,
        refunded_minor=payment.refunded_minor,
    )


def between(before: Payment, after: Payment) -> list[PaymentEvent]:
    """What a change of a payment means to others."""
    events: list[PaymentEvent] = []
    if after.state is not before.state:
        if after.state is PaymentState.AUTHORISED:
            events.append(authorised(after))
        elif after.state in {PaymentState.CAPTURED, PaymentState.REFUNDED}:
            if before.captured_minor == 0:
                events.append(captured(after))
        elif after.state is PaymentState.FAILED:
            events.append(failed(after))
        elif after.state is PaymentState.VOIDED:
            events.append(voided(after))
    if after.refunded_minor > before.refunded_minor:
        events.append(refunded(after, after.refunded_minor - before.refunded_minor))
    return events
