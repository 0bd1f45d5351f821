"""Background work of orders."""

from hansa.kernel.errors import Unavailable
from hansa.modules import payments
from hansa.modules.orders import operations, paying, store
from hansa.modules.orders.model import By, NotCancellable, PaymentStanding
from hansa.modules.orders.work import CancelUnpaidOrders
from hansa.runtime.context import Context

_AT_ONCE = 200
NOT_PAID_IN_TIME = "not paid in time"


async def cancel_unpaid(context: Context, _job: CancelUnpaidOrders) -> None:
    """Run `CancelUnpaidOrders`: each order in a transaction of its own.

    The provider is asked once more before: a shopper who has paid a moment ago keeps the order.
    """
    now = context.clock.now()
    async with context.database.snapshot() as snap:
        late = await store.list_unpaid(snap, now=now, limit=_AT_ONCE)
    for order_id in late:
        async with context.database.snapshot() as snap:
            order = await store.get_order(snap, order_id)
        if order.payment_id is not None:
            try:
                await payments.settle_payment(context, payment_id=order.payment_id)
            except (Unavailable, payments.ProviderRefused):
                continue
        async with context.database.transaction() as tx:
            locked = await store.lock_order(tx, order_id)
            standing = await paying.follow_payments(tx, order=locked, is_news_for_erp=True, now=now)
            if standing not in {PaymentStanding.AWAITING, PaymentStanding.FAILED}:
                continue
            try:
                await operations.cancel_order(
                    tx, order_id=order_id, reason=NOT_PAID_IN_TIME, by=By.SYSTEM, now=now
                )
            except NotCancellable:
                continue
