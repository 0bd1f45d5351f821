"""Conversations with providers: each call stands between two short transactions."""

from datetime import timedelta
from uuid import UUID

import structlog

from hansa.kernel.errors import Unavailable
from hansa.modules.payments import model, operations, store
from hansa.modules.payments.model import Action, Payment, Report, Step
from hansa.modules.payments.providers import PaymentProvider, Providers
from hansa.modules.payments.simulated import ProviderRefused
from hansa.modules.payments.work import CheckOpenPayments, ForgetNotices, SettlePayment
from hansa.runtime.context import Context
from hansa.runtime.database import Transaction

_log = structlog.get_logger(__name__)

# Reading, then at most void or capture, then a few refunds; more is taken up by the next look.
_STEPS_MAX = 8
_CHECKS_AT_ONCE = 200
_LOOK_AGAIN = timedelta(minutes=1)
_NOTICES_KEPT = timedelta(days=30)


async def settle_payment(context: Context, *, payment_id: UUID) -> Payment:
    """Bring a payment and its provider to the same picture; call it outside of transactions.

    Safe to run twice at once and at any moment: keys are derived, reports are whole pictures.

    Raises:
        Unavailable: the provider does not answer; what came of the last call is unknown, and the
            periodic look takes it up again.
    """
    asked: set[str] = set()
    async with context.database.transaction() as tx:
        payment = await store.lock_payment(tx, payment_id)
        provider = context.service(Providers).get(payment.provider)
        if provider is None:
            return payment
        step = await _intend(context, tx, payment, asked)
    while step is not None:
        report = await _call(context, provider, payment, step)
        now = context.clock.now()
        async with context.database.transaction() as tx:
            payment = await operations.apply_report(
                tx, payment_id=payment.id, report=report, now=now
            )
            if step.action is not Action.READ:
                await store.record_answered(tx, key=step.key, state="done", reason=None, now=now)
            step = await _intend(context, tx, payment, asked)
    return payment


async def _intend(
    context: Context, tx: Transaction, payment: Payment, asked: set[str]
) -> Step | None:
    """Decide on the next step of a locked payment and write it down before it is taken.

    A step that was taken already, or one too many, waits for the next look.
    """
    if payment.state in model.SETTLED and payment.reference is None:
        return None
    refunds = await store.list_refunds(tx, payment_id=payment.id)
    step = model.next_step(payment, refunds, seen=bool(asked))
    if step is None or step.key in asked or len(asked) == _STEPS_MAX:
        return None
    asked.add(step.key)
    if step.action is not Action.READ:
        await store.record_asked(tx, payment_id=payment.id, step=step, now=context.clock.now())
    return step


async def _call(
    context: Context, provider: PaymentProvider, payment: Payment, step: Step
) -> Report:
    try:
        return await _ask(provider, payment, step)
    except Unavailable as error:
        await _note_unknown(context, payment, step, reason=str(error))
        raise
    except ProviderRefused as refusal:
        await _note_refused(context, payment, step, reason=refusal.reason)
        raise


async def _ask(provider: PaymentProvider, payment: Payment, step: Step) -> Report:
    match step.action:
        case Action.START:
            return await provider.start(payment, key=step.key)
        case Action.READ:
            return await provider.read(payment)
        case Action.CAPTURE:
            return await provider.capture(payment, key=step.key, amount_minor=step.amount_minor)
        case Action.REFUND:
            return await provider.refund(payment, key=step.key, amount_minor=step.amount_minor)
        case Action.VOID:
            return await provider.void(payment, key=step.key)


async def _note_unknown(context: Context, payment: Payment, step: Step, *, reason: str) -> None:
    now = context.clock.now()
    async with context.database.transaction() as tx:
        if step.action is not Action.READ:
            await store.record_answered(tx, key=step.key, state="unknown", reason=reason, now=now)
        await store.set_check(tx, payment_id=payment.id, check_at=now + _LOOK_AGAIN)


async def _note_refused(context: Context, payment: Payment, step: Step, *, reason: str) -> None:
    now = context.clock.now()
    async with context.database.transaction() as tx:
        await store.record_answered(tx, key=step.key, state="refused", reason=reason, now=now)
        if step.action is Action.REFUND:
            key = step.key.removeprefix(f"{payment.id}:refund:")
            await operations.refuse_refund(
                tx, payment_id=payment.id, key=key, answer=reason, now=now
            )


async def start_payment(context: Context, *, payment_id: UUID) -> Payment:
    """Make a payment known at its provider at once, so that the shopper can be sent to its page.

    If the provider does not answer, the payment comes back without a `redirect_url` and a job tries
    again: show "the payment page is not ready yet" and ask again in a moment.
    """
    try:
        return await settle_payment(context, payment_id=payment_id)
    except (Unavailable, ProviderRefused) as error:
        _log.warning("payment not started", payment_id=str(payment_id), error=str(error))
    async with context.database.transaction() as tx:
        await tx.enqueue(SettlePayment(payment_id=payment_id))
        return await store.get_payment(tx, payment_id)


async def refresh_payment(context: Context, *, payment_id: UUID) -> Payment:
    """Look at a payment at its provider and give it as it is then; for a shopper who comes back.

    If the provider does not answer, what is known already is given.
    """
    try:
        return await settle_payment(context, payment_id=payment_id)
    except (Unavailable, ProviderRefused) as error:
        _log.warning("payment not refreshed", payment_id=str(payment_id), error=str(error))
    async with context.database.snapshot(single=True) as snap:
        return await store.get_payment(snap, payment_id)


async def handle_settle(context: Context, job: SettlePayment) -> None:
    """Run `SettlePayment`. A refusal is written down for staff and is not tried again."""
    try:
        await settle_payment(context, payment_id=job.payment_id)
    except ProviderRefused as refusal:
        _log.warning("provider refused", payment_id=str(job.payment_id), reason=refusal.reason)


async def handle_check_open(context: Context, _job: CheckOpenPayments) -> None:
    """Run `CheckOpenPayments`: claim what is due and settle each in a job of its own."""
    async with context.database.transaction() as tx:
        due = await store.take_due_checks(tx, now=context.clock.now(), limit=_CHECKS_AT_ONCE)
        await tx.enqueue_all(SettlePayment(payment_id=payment_id) for payment_id in due)


async def handle_forget_notices(context: Context, _job: ForgetNotices) -> None:
    """Run `ForgetNotices`; a notice that came again after a month would only be read once more."""
    async with context.database.transaction() as tx:
        await store.forget_notices(tx, before=context.clock.now() - _NOTICES_KEPT)
