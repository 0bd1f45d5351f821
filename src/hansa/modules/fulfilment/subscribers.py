"""What fulfilment does when orders change."""

from datetime import datetime

from hansa.contracts.orders import OrderCancelled, OrderChanged, OrderPlaced, OrderReduced
from hansa.modules import orders
from hansa.modules.fulfilment import looking
from hansa.runtime.database import Transaction

OrderEvent = OrderPlaced | OrderChanged | OrderCancelled | OrderReduced


async def follow_order(tx: Transaction, event: OrderEvent, now: datetime) -> None:
    """Begin to look for the goods of an order, or have its case looked at.

    It looks at the order as it is by then, so events that come twice or late change nothing.
    """
    try:
        await looking.begin_case(tx, order_id=event.order_id, now=now)
    except orders.OrderNotFound:
        # Failing here would stop the partition; there is nothing to look for.
        return
