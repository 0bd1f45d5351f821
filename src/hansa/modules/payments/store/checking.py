"""Statements that prove what must hold."""

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


async def list_stuck(snap: Snapshot, *, limit: int) -> list[Row]:
    """Give payments nobody looks at."""
    return await snap.all(STUCK, {"limit": limit})


async def list_wrong_refunds(snap: Snapshot, *, limit: int) -> list[Row]:
    """Give payments whose refunds do not sum up."""
    return await snap.all(WRONG_REFUNDS, {"limit": limit})
