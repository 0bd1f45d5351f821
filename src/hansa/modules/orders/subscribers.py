"""What orders do when payments change."""

from datetime import datetime

from hansa.contracts.payments import PaymentEvent
from hansa.modules.orders import model, operations, paying, store
from hansa.runtime.database import Transaction


async def follow_payment(tx: Transaction, event: PaymentEvent, now: datetime) -> None:
    """Bring the order's payment standing in line; payments of other subjects are not ours."""
    if event.subject_kind != model.SUBJECT:
        return
    try:
        order = await store.lock_order(tx, event.subject_id)
    except model.OrderNotFound:
        # `hansa check orders` finds money without an order; failing here would stop the partition.
        return
    standing = await paying.follow_payments(tx, order=order, is_news_for_erp=True, now=now)
    if standing is not order.payment_state:
        await tx.publish(operations.changed(order, state=order.state, standing=standing, now=now))
