"""Statements that prove what must hold."""

from collections.abc import Sequence
from uuid import UUID

from hansa.runtime.database import Row, Snapshot

# An online payment under way must have an instant at which it is looked at; that instant must not
# lie far back, or no worker runs.
STUCK = """
    select id, state, changed_at
      from payments_payment
     where provider <> 'on_receipt'
       and (state in ('created', 'pending', 'authorised') and check_at is null
            or check_at < now() - interval '1 hour')
     order by created_at, id
     limit %(limit)s
"""

WRONG_REFUNDS = """
    select payment.id, payment.refunded_minor,
           coalesce(sum(refund.amount_minor) filter (where refund.state = 'done'), 0)
               as done_minor
      from payments_payment as payment
      left join payments_refund as refund on refund.payment_id = payment.id
     where payment.refunded_minor > 0
        or refund.id is not null
     group by payment.id
    having coalesce(sum(refund.amount_minor) filter (where refund.state = 'done'), 0)
           <> payment.refunded_minor
     order by payment.id
     limit %(limit)s
"""

# Held or taken is what counts; while nothing is, the dearest attempt that may still be paid does.
KEPT_OF_SUBJECTS = """
    select subject_id,
           coalesce(
               sum(coalesce(due_minor, amount_minor))
                   filter (where state in ('authorised', 'captured', 'refunded')),
               max(coalesce(due_minor, amount_minor)))::bigint as kept_minor
      from payments_payment
     where subject_kind = %(subject_kind)s
       and subject_id = any(%(subject_ids)s::uuid[])
       and wanted = 'paid'
       and state not in ('failed', 'voided')
     group by subject_id
"""

# What was taken above what is to be kept is given back, or was by hand after a refusal.
UNSETTLED = """
    select payment.id, payment.amount_minor, payment.captured_minor, payment.refunded_minor,
           coalesce(payment.due_minor, payment.amount_minor) as kept_minor
      from payments_payment as payment
     where payment.captured_minor > payment.amount_minor
        or payment.wanted = 'paid'
           and payment.captured_minor - payment.refunded_minor
               > coalesce(payment.due_minor, payment.amount_minor)
           and payment.captured_minor - coalesce(payment.due_minor, payment.amount_minor)
               > (select coalesce(sum(refund.amount_minor), 0)
                    from payments_refund as refund
                   where refund.payment_id = payment.id
                     and refund.state <> 'refused')
     order by payment.id
     limit %(limit)s
"""


async def kept_of_subjects(
    snap: Snapshot, *, subject_kind: str, subject_ids: Sequence[UUID]
) -> dict[UUID, int]:
    """Give what the payments of subjects are to keep in the end, in minor units."""
    rows = await snap.all(
        KEPT_OF_SUBJECTS, {"subject_kind": subject_kind, "subject_ids": list(subject_ids)}
    )
    return {row.subject_id: row.kept_minor for row in rows}


async def list_unsettled(snap: Snapshot, *, limit: int) -> list[Row]:
    """Give payments that took more than they are to keep while nobody gives it back."""
    return await snap.all(UNSETTLED, {"limit": limit})


async def list_stuck(snap: Snapshot, *, limit: int) -> list[Row]:
    """Give payments nobody looks at."""
    return await snap.all(STUCK, {"limit": limit})


async def list_wrong_refunds(snap: Snapshot, *, limit: int) -> list[Row]:
    """Give payments whose refunds do not sum up."""
    return await snap.all(WRONG_REFUNDS, {"limit": limit})
