"""Statements about what was asked of providers, refunds, and notices."""

from collections.abc import Iterable
from datetime import datetime

from hansa.kernel.money import Money
from hansa.modules.payments.model import PaymentId, Refund, RefundId, RefundState, Step
from hansa.runtime.database import Snapshot, Transaction

# The key is derived from the payment and the action: the same step asked again is one row.
RECORD_ASKED = """
    insert into payments_attempt (payment_id, key, action, amount_minor, state, tries, asked_at)
    values (%(payment_id)s, %(key)s, %(action)s, %(amount_minor)s, 'asked', 1, %(asked_at)s)
        on conflict on constraint pk_payments_attempt do update
       set tries = payments_attempt.tries + 1, state = 'asked', asked_at = excluded.asked_at
"""

RECORD_ANSWERED = """
    update payments_attempt
       set state = %(state)s, answered_at = %(answered_at)s, reason = %(reason)s
     where key = %(key)s
"""

WAS_STARTED = """
    select exists (
        select from payments_attempt where payment_id = %(payment_id)s and action = 'start'
    )
"""

INSERT_REFUND = """
    insert into payments_refund
           (id, payment_id, key, amount_minor, reason, state, by_id, requested_at, answered_at)
    values (%(id)s, %(payment_id)s, %(key)s, %(amount_minor)s, %(reason)s, %(state)s, %(by_id)s,
            %(requested_at)s, %(answered_at)s)
"""

LIST_REFUNDS = """
    select refund.id, refund.payment_id, refund.key, refund.amount_minor, payment.currency,
           refund.reason, refund.state, refund.by_id, refund.requested_at, refund.answered_at,
           refund.answer
      from payments_refund as refund
      join payments_payment as payment on payment.id = refund.payment_id
     where refund.payment_id = %(payment_id)s
     order by refund.requested_at, refund.id
"""

FINISH_REFUNDS = """
    update payments_refund
       set state = %(state)s, answered_at = %(answered_at)s, answer = %(answer)s
     where payment_id = %(payment_id)s
       and key = any(%(keys)s::text[])
       and state = 'requested'
"""

CLAIM_NOTICE = """
    insert into payments_notice (provider, notice_id, reference, received_at)
    values (%(provider)s, %(notice_id)s, %(reference)s, %(received_at)s)
        on conflict on constraint pk_payments_notice do nothing
"""

# Notices are few and short; a month of them is read whole once a night.
FORGET_NOTICES = """
    delete from payments_notice
     where received_at < %(before)s
"""


async def record_asked(
    tx: Transaction, *, payment_id: PaymentId, step: Step, now: datetime
) -> None:
    """Note that the provider is about to be asked for a step."""
    await tx.execute(
        RECORD_ASKED,
        {
            "payment_id": payment_id,
            "key": step.key,
            "action": step.action,
            "amount_minor": step.amount_minor,
            "asked_at": now,
        },
    )


async def record_answered(
    tx: Transaction, *, key: str, state: str, reason: str | None, now: datetime
) -> None:
    """Note what came of a step: done, refused or unknown."""
    await tx.execute(
        RECORD_ANSWERED,
        {"key": key, "state": state, "reason": reason, "answered_at": now},
    )


async def was_started(snap: Snapshot, *, payment_id: PaymentId) -> bool:
    """Say whether the provider was ever asked for this payment."""
    return bool(await snap.scalar(WAS_STARTED, {"payment_id": payment_id}))


async def insert_refund(tx: Transaction, refund: Refund) -> None:
    """Keep a refund."""
    await tx.execute(
        INSERT_REFUND,
        {
            "id": refund.id,
            "payment_id": refund.payment_id,
            "key": refund.key,
            "amount_minor": refund.amount.minor,
            "reason": refund.reason,
            "state": refund.state,
            "by_id": refund.by,
            "requested_at": refund.requested_at,
            "answered_at": refund.answered_at,
        },
    )


async def list_refunds(snap: Snapshot, *, payment_id: PaymentId) -> tuple[Refund, ...]:
    """Give the refunds of a payment, oldest first."""
    return tuple(
        Refund(
            id=RefundId(row.id),
            payment_id=PaymentId(row.payment_id),
            key=row.key,
            amount=Money(row.amount_minor, row.currency),
            reason=row.reason,
            state=RefundState(row.state),
            by=row.by_id,
            requested_at=row.requested_at,
            answered_at=row.answered_at,
            answer=row.answer,
        )
        for row in await snap.all(LIST_REFUNDS, {"payment_id": payment_id})
    )


async def finish_refunds(
    tx: Transaction,
    *,
    payment_id: PaymentId,
    keys: Iterable[str],
    state: RefundState,
    answer: str | None,
    now: datetime,
) -> None:
    """Note refunds as done or refused."""
    await tx.execute(
        FINISH_REFUNDS,
        {
            "payment_id": payment_id,
            "keys": list(keys),
            "state": state,
            "answer": answer,
            "answered_at": now,
        },
    )


async def claim_notice(
    tx: Transaction, *, provider: str, notice_id: str, reference: str, now: datetime
) -> bool:
    """Note a provider's notice; False if it is known already."""
    return (
        await tx.execute(
            CLAIM_NOTICE,
            {
                "provider": provider,
                "notice_id": notice_id,
                "reference": reference,
                "received_at": now,
            },
        )
        == 1
    )


async def forget_notices(tx: Transaction, *, before: datetime) -> int:
    """Delete notices that came before an instant; give how many."""
    return await tx.execute(FORGET_NOTICES, {"before": before})
