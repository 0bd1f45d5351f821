"""The invariants of the queue, proven by reading (`hansa check erp`)."""

from datetime import timedelta

from hansa.modules import orders
from hansa.modules.erp import rows
from hansa.modules.erp.outgoing import store
from hansa.modules.erp.outgoing.model import MessageKind
from hansa.modules.erp.outgoing.queue import list_outgoings
from hansa.modules.erp.outgoing.subscribers import SUBSCRIPTION, told_by
from hansa.modules.erp.store import exchange as exchange_sql
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding
from hansa.runtime.outbox import inspection

FINDINGS_MAX = 100
PAGE = 2_000
PATIENCE = timedelta(minutes=15)


async def changes_have_messages(snap: Snapshot) -> list[Finding]:
    """Every change of an order that the ERP does not know has a message in the queue.

    What the relay has not delivered yet is left out: `hansa check outbox` tells of it.
    """
    findings: list[Finding] = []
    known = {row.id: rows.connection_of(row) for row in await snap.all(exchange_sql.CONNECTIONS)}
    coming = {
        subject.id
        for event in await inspection.unhandled_events(snap, SUBSCRIPTION)
        for subject, _ in told_by(event)
    }
    for outgoing in await list_outgoings(snap):
        connection = known[outgoing.connection_id]
        is_used = outgoing.is_active and connection.is_active
        if MessageKind.ORDER not in outgoing.kinds or not is_used:
            continue
        for order in await orders.orders_to_export(
            snap, limit=PAGE, since=None, market=connection.market
        ):
            if order.changed_at < outgoing.starts_at:
                continue
            covered = await snap.scalar(
                store.COVERED,
                {"connection_id": connection.id, "subject_id": order.id},
            )
            if (covered or 0) < order.change_number and order.id not in coming:
                findings.append(
                    Finding(
                        check="erp.outgoing",
                        subject=f"order {order.number} for {connection.code}",
                        message="A change the ERP does not know has no message. Resend the day.",
                    )
                )
    return findings[:FINDINGS_MAX]


async def lanes_keep_their_order(snap: Snapshot) -> list[Finding]:
    """No message of a subject was sent before an earlier one of it had ended."""
    return [
        Finding(
            check="erp.outgoing",
            subject=f"message {row.number} of {row.lane}",
            message=f"Message {row.overtaken_by} went before it.",
        )
        for row in await snap.all(store.OVERTAKEN, {"limit": FINDINGS_MAX})
    ]


async def nothing_is_left_behind(snap: Snapshot) -> list[Finding]:
    """While the ERP answers, nothing waits that could be sent."""
    return [
        Finding(
            check="erp.outgoing",
            subject=f"message {row.number} of {row.lane}",
            message="It could be sent and is not. See that a worker runs.",
        )
        for row in await snap.all(store.LEFT_BEHIND, {"patience": PATIENCE, "limit": FINDINGS_MAX})
    ]


CHECKS = (
    Check(area="erp", name="erp.changes_have_messages", run=changes_have_messages),
    Check(area="erp", name="erp.lanes_keep_their_order", run=lanes_keep_their_order),
    Check(area="erp", name="erp.nothing_is_left_behind", run=nothing_is_left_behind),
)
