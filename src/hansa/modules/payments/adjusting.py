"""Money follows goods: how much of a payment is to be kept, and when it may be asked for."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.kernel.money import Money
from hansa.modules.payments import events, model, store
from hansa.modules.payments.model import (
    AmountInvalid,
    NotPayable,
    Payment,
    PaymentNotFound,
    PaymentState,
    Refund,
    RefundId,
    RefundState,
    Wanted,
)
from hansa.modules.payments.work import SettlePayment
from hansa.runtime.database import Transaction

# The bank may hold money already of which the news has not come yet.
_MAY_BE_HELD = frozenset({PaymentState.CREATED, PaymentState.PENDING, PaymentState.AUTHORISED})
GIVEN_UP = "a part of the order could not be delivered"


async def lower_payment(
    tx: Transaction,
    *,
    subject_kind: str,
    subject_id: UUID,
    amount: Money,
    reason: str = GIVEN_UP,
    now: datetime,
) -> None:
    """Keep no more than `amount` of what is paid for a subject, whatever its payments are at.

    What no provider knows of becomes smaller itself; of what is held only so much is captured and
    the rest let go; what was taken above it is given back by a job. Again, or with more than is
    kept already, it changes nothing: what is to be kept only falls.

    Raises:
        AmountInvalid: the amount is less than nothing.
    """
    for attempt in await store.list_of_subject(
        tx, subject_kind=subject_kind, subject_id=subject_id
    ):
        payment = await store.lock_payment(tx, attempt.id)
        if amount.minor < 0:
            raise AmountInvalid(payment.kept_minor)
        if payment.wanted is Wanted.VOID or payment.kept_minor <= amount.minor:
            continue
        lowered = _lowered(payment, amount.minor, now=now)
        started = payment.is_online and await store.was_started(tx, payment_id=payment.id)
        if payment.state in model.UNSTARTED and not started:
            lowered = replace(lowered, amount_minor=amount.minor)
        asked = await give_back_excess(tx, lowered, reason=reason, now=now)
        if asked is not None and asked.state is RefundState.DONE:
            lowered = replace(lowered, refunded_minor=lowered.refunded_minor + asked.amount.minor)
            await tx.publish(events.refunded(lowered, asked.amount.minor))
        elif asked is not None or payment.state is PaymentState.AUTHORISED:
            lowered = replace(lowered, check_at=now, checks=0)
            await tx.enqueue(SettlePayment(payment_id=payment.id))
        await store.save_payment(tx, payment, lowered, comment=reason)


def _lowered(payment: Payment, kept: int, *, now: datetime) -> Payment:
    capture = payment.capture_minor
    return replace(
        payment,
        due_minor=kept,
        capture_minor=None if capture is None else min(capture, kept),
        changed_at=now,
    )


async def request_capture(
    tx: Transaction,
    *,
    subject_kind: str,
    subject_id: UUID,
    amount: Money | None = None,
    now: datetime,
) -> None:
    """Ask for the held money of a subject; a job does it. What is not held yet is taken once it is.

    With `amount` at most so much is taken and the rest of the hold is let go by that: a hold can be
    captured once. Asked again, the least amount counts.

    Raises:
        AmountInvalid: the amount is not more than nothing; cancel the payment instead.
    """
    for attempt in await store.list_of_subject(
        tx, subject_kind=subject_kind, subject_id=subject_id
    ):
        payment = await store.lock_payment(tx, attempt.id)
        if amount is not None and amount.minor <= 0:
            raise AmountInvalid(payment.kept_minor)
        if payment.state not in _MAY_BE_HELD or payment.wanted is Wanted.VOID:
            continue
        kept = payment.kept_minor if amount is None else min(payment.kept_minor, amount.minor)
        asked = replace(payment, capture_minor=kept, changed_at=now, check_at=now, checks=0)
        if kept != payment.kept_minor:
            asked = replace(asked, due_minor=kept)
        if payment.capture_minor == kept:
            continue
        await store.save_payment(tx, payment, asked)
        await tx.enqueue(SettlePayment(payment_id=payment.id))


async def allow_payment(
    tx: Transaction, *, subject_kind: str, subject_id: UUID, amount: Money, now: datetime
) -> Payment:
    """Let a deferred payment be paid, `amount` of it: from now on there is a page to pay at.

    Again it gives the payment that was allowed, as it is. Without a deferred payment the last
    attempt is given: who pays on receipt need not be asked.

    Raises:
        AmountInvalid: the amount is not more than nothing, or more than was to be paid.
        NotPayable: the payment was called off.
        PaymentNotFound: nothing is to be paid for the subject.
    """
    attempts = await store.list_of_subject(tx, subject_kind=subject_kind, subject_id=subject_id)
    if not attempts:
        raise PaymentNotFound
    payment = await store.lock_payment(tx, attempts[-1].id)
    if payment.state is not PaymentState.DEFERRED:
        if payment.wanted is Wanted.VOID:
            raise NotPayable(payment.state)
        return payment
    if not 0 < amount.minor <= payment.kept_minor:
        raise AmountInvalid(payment.kept_minor)
    allowed = replace(
        payment,
        state=PaymentState.CREATED,
        amount_minor=amount.minor,
        due_minor=amount.minor,
        capture_minor=amount.minor if payment.capture_at_once else None,
        changed_at=now,
        check_at=now,
        checks=0,
    )
    await store.save_payment(tx, payment, allowed)
    await tx.publish(events.allowed(allowed))
    await tx.enqueue(SettlePayment(payment_id=payment.id))
    return allowed


async def give_back_excess(
    tx: Transaction, payment: Payment, *, reason: str, now: datetime
) -> Refund | None:
    """Write down a refund of what a locked payment holds above what is to be kept.

    Money paid on receipt is given back by hand, so such a refund is done at once.
    """
    refunds = await store.list_refunds(tx, payment_id=payment.id)
    left = model.excess_minor(payment, refunds)
    if left == 0:
        return None
    is_called_off = payment.wanted is Wanted.VOID
    prefix = model.CALLED_OFF if is_called_off else model.REDUCTION
    by_hand = not payment.is_online
    asked = Refund(
        id=RefundId(new_id(now)),
        payment_id=payment.id,
        key=f"{prefix}{len(refunds) + 1}",
        amount=Money(left, payment.currency),
        reason=reason,
        state=RefundState.DONE if by_hand else RefundState.REQUESTED,
        by=None,
        requested_at=now,
        answered_at=now if by_hand else None,
    )
    await store.insert_refund(tx, asked)
    return asked
