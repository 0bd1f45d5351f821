"""What changes payments. Nothing here talks to a provider: jobs do, between transactions."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.kernel.money import Money
from hansa.modules.payments import adjusting, events, model, store
from hansa.modules.payments.model import (
    MethodNotOffered,
    NotPayable,
    NotRefundable,
    Payment,
    PaymentId,
    PaymentMethod,
    PaymentState,
    Refund,
    RefundId,
    RefundState,
    Report,
    Wanted,
)
from hansa.modules.payments.work import SettlePayment
from hansa.runtime.database import Transaction


async def save_methods(tx: Transaction, *, methods: Iterable[PaymentMethod]) -> None:
    """Create or change ways to pay, by market and code."""
    await store.save_methods(tx, methods)


async def open_payment(  # noqa: PLR0913 - a payment has that many sides
    tx: Transaction,
    *,
    subject_kind: str,
    subject_id: UUID,
    amount: Money,
    method: PaymentMethod,
    description: str,
    language: str,
    return_url: str = "",
    attempt: int = 1,
    is_deferred: bool = False,
    now: datetime,
) -> Payment:
    """Write down what is to be paid and how; nothing is asked of a provider yet.

    A payment on receipt is `due` at once. One that needs a page is `created`: call `start_payment`
    after the commit; if nobody does, the periodic look at open payments will. With `is_deferred`
    it is `deferred` instead: no provider hears of it until `allow_payment`.

    Raises:
        MethodNotOffered: the way to pay is switched off.
    """
    if not method.is_active:
        raise MethodNotOffered(method.code)
    state = PaymentState.DEFERRED if is_deferred else PaymentState.CREATED
    payment = Payment(
        id=PaymentId(new_id(now)),
        subject_kind=subject_kind,
        subject_id=subject_id,
        attempt=attempt,
        market=method.market,
        method=method.code,
        provider=method.provider,
        currency=amount.currency,
        amount_minor=amount.minor,
        authorised_minor=0,
        captured_minor=0,
        refunded_minor=0,
        state=PaymentState.DUE if method.provider == model.ON_RECEIPT else state,
        wanted=Wanted.PAID,
        capture_at_once=method.capture_at_once,
        capture_minor=amount.minor if method.capture_at_once else None,
        reference=None,
        redirect_url=None,
        return_url=return_url,
        description=description,
        language=language,
        reason=None,
        created_at=now,
        changed_at=now,
        check_at=None,
        checks=0,
    )
    payment = replace(payment, check_at=model.next_check(payment, (), at=now))
    await store.insert_payment(tx, payment)
    return payment


async def repeat_payment(
    tx: Transaction, *, payment_id: UUID, method: PaymentMethod, now: datetime
) -> Payment:
    """Open another attempt to pay for the subject of a failed or called-off payment.

    Asked again while the new attempt can still be paid, it gives that one.

    Raises:
        NotPayable: the payment is under way or paid.
    """
    payment = await store.lock_payment(tx, payment_id)
    attempts = await store.list_of_subject(
        tx, subject_kind=payment.subject_kind, subject_id=payment.subject_id
    )
    last = attempts[-1]
    if last.needs_page and last.method == method.code:
        return last
    if last.state not in {PaymentState.FAILED, PaymentState.VOIDED}:
        raise NotPayable(last.state)
    return await open_payment(
        tx,
        subject_kind=payment.subject_kind,
        subject_id=payment.subject_id,
        amount=last.kept,
        method=method,
        description=payment.description,
        language=payment.language,
        return_url=payment.return_url,
        attempt=last.attempt + 1,
        now=now,
    )


async def cancel_payment(
    tx: Transaction, *, subject_kind: str, subject_id: UUID, reason: str, now: datetime
) -> None:
    """Call off every attempt to pay for a subject: void what is open, give back what was paid.

    What needs the provider is done by a job. Calling again changes nothing.
    """
    for attempt in await store.list_of_subject(
        tx, subject_kind=subject_kind, subject_id=subject_id
    ):
        payment = await store.lock_payment(tx, attempt.id)
        if payment.wanted is Wanted.VOID or payment.state is PaymentState.REFUNDED:
            continue
        if not payment.is_online and payment.state is PaymentState.CAPTURED:
            await refund(
                tx,
                payment_id=payment.id,
                amount_minor=None,
                reason=reason,
                key="called-off",
                by=None,
                now=now,
            )
            continue
        started = payment.is_online and await store.was_started(tx, payment_id=payment.id)
        unpaid = payment.state in model.UNSTARTED
        if unpaid and not started:
            voided = replace(
                payment,
                state=PaymentState.VOIDED,
                wanted=Wanted.VOID,
                changed_at=now,
                check_at=None,
                reason=reason,
            )
            await store.save_payment(tx, payment, voided, comment=reason)
            await tx.publish(events.voided(voided))
            continue
        wanted = replace(payment, wanted=Wanted.VOID, changed_at=now, check_at=now, checks=0)
        await adjusting.give_back_excess(tx, wanted, reason=reason, now=now)
        await store.save_payment(tx, payment, wanted, comment=reason)
        await tx.enqueue(SettlePayment(payment_id=payment.id))


async def record_receipt(tx: Transaction, *, payment_id: UUID, now: datetime) -> Payment:
    """Note that a payment on receipt was paid in full. Calling again changes nothing.

    Raises:
        NotPayable: it is not one to be paid on receipt, or was called off.
    """
    payment = await store.lock_payment(tx, payment_id)
    if payment.is_online:
        raise NotPayable(payment.state)
    if payment.state in {PaymentState.CAPTURED, PaymentState.REFUNDED}:
        return payment
    if payment.state is not PaymentState.DUE:
        raise NotPayable(payment.state)
    paid = replace(
        payment,
        state=PaymentState.CAPTURED,
        captured_minor=payment.kept_minor,
        authorised_minor=payment.kept_minor,
        changed_at=now,
    )
    await store.save_payment(tx, payment, paid)
    await tx.publish(events.captured(paid))
    return paid


async def refund(
    tx: Transaction,
    *,
    payment_id: UUID,
    amount_minor: int | None,
    reason: str,
    key: str,
    by: UUID | None,
    now: datetime,
) -> Refund:
    """Give back a part, or with `amount_minor` None all that is left; in minor units.

    The same key again gives the first refund. Money paid on receipt is given back by hand, so its
    refund is done at once; for the rest a job asks the provider.

    Raises:
        NotRefundable: more than was paid and not yet given back.
    """
    payment = await store.lock_payment(tx, payment_id)
    refunds = await store.list_refunds(tx, payment_id=payment.id)
    for known in refunds:
        if known.key == key:
            return known
    available = model.refundable_minor(payment, refunds)
    wanted = available if amount_minor is None else amount_minor
    if not 0 < wanted <= available:
        raise NotRefundable(available)
    by_hand = not payment.is_online
    asked = Refund(
        id=RefundId(new_id(now)),
        payment_id=payment.id,
        key=key,
        amount=Money(wanted, payment.currency),
        reason=reason,
        state=RefundState.DONE if by_hand else RefundState.REQUESTED,
        by=by,
        requested_at=now,
        answered_at=now if by_hand else None,
    )
    await store.insert_refund(tx, asked)
    if by_hand:
        refunded = payment.refunded_minor + wanted
        after = replace(
            payment,
            refunded_minor=refunded,
            state=(PaymentState.REFUNDED if refunded == payment.captured_minor else payment.state),
            changed_at=now,
        )
        await store.save_payment(tx, payment, after, comment=reason)
        await tx.publish(events.refunded(after, wanted))
    else:
        checked = replace(payment, check_at=now, checks=0)
        await store.save_payment(tx, payment, checked)
        await tx.enqueue(SettlePayment(payment_id=payment.id))
    return asked


async def apply_report(
    tx: Transaction, *, payment_id: UUID, report: Report, now: datetime
) -> Payment:
    """Take over what a provider says of a payment; the same report again changes nothing.

    Money for a subject that is already paid, or that was called off meanwhile, is given back.
    """
    before = await store.lock_payment(tx, payment_id)
    refunds = await store.list_refunds(tx, payment_id=before.id)
    done = [r for r in refunds if f"{before.id}:refund:{r.key}" in report.refunds]
    if done:
        await store.finish_refunds(
            tx,
            payment_id=before.id,
            keys=[r.key for r in done],
            state=RefundState.DONE,
            answer=None,
            now=now,
        )
    after = model.learn(before, report, at=now)
    became_paid = after.state is not before.state and after.state in {
        PaymentState.AUTHORISED,
        PaymentState.CAPTURED,
    }
    if became_paid and await store.other_paid(tx, after):
        after = replace(after, wanted=Wanted.VOID, reason="paid twice")
    reason = after.reason or "called off"
    if after.wanted is Wanted.PAID:
        reason = adjusting.GIVEN_UP
    given_back = await adjusting.give_back_excess(tx, after, reason=reason, now=now)
    if done or given_back is not None:
        refunds = await store.list_refunds(tx, payment_id=before.id)
    after = replace(after, check_at=model.next_check(after, refunds, at=now))
    if after != before:
        await store.save_payment(tx, before, after)
        await tx.publish(*events.between(before, after))
    return after


async def refuse_refund(
    tx: Transaction, *, payment_id: UUID, key: str, answer: str, now: datetime
) -> None:
    """Note that the provider will not do a refund; a person has to look at it."""
    await store.finish_refunds(
        tx,
        payment_id=PaymentId(payment_id),
        keys=[key],
        state=RefundState.REFUSED,
        answer=answer,
        now=now,
    )


async def take_notice(
    tx: Transaction, *, provider: str, notice_id: str, reference: str, now: datetime
) -> bool:
    """Take a provider's notice: look at the payment in a job. False if the notice came before.

    The notice itself proves nothing: the job reads the payment at the provider.
    """
    first = await store.claim_notice(
        tx, provider=provider, notice_id=notice_id, reference=reference, now=now
    )
    if not first:
        return False
    payment = await store.find_by_reference(tx, provider=provider, reference=reference)
    if payment is not None:
        await tx.enqueue(SettlePayment(payment_id=payment.id))
    return True
