"""Correcting what was written at checkout: who receives the order, and where."""

from datetime import datetime
from uuid import UUID

from hansa.modules.orders import model, operations, store
from hansa.modules.orders.model import Address, By, Recipient, TransitionRefused
from hansa.modules.orders.store import editing as sql
from hansa.runtime.database import Transaction

_KIND, _EDITED = "note", "edited"


async def edit_delivery(  # noqa: PLR0913 - who changes what, and why
    tx: Transaction,
    *,
    order_id: UUID,
    recipient: Recipient,
    address: Address | None = None,
    by: By,
    by_id: UUID | None = None,
    comment: str,
    now: datetime,
) -> bool:
    """Change recipient and address of an order that has not left; False if they are so already.

    `comment` stands in the history. Without `address`, or if the goods are fetched in a shop, the
    address stays.

    Raises:
        OrderNotFound: there is none.
        TransitionRefused: the goods are on their way, or the order has ended.
    """
    order = await store.lock_order(tx, order_id)
    if order.delivery.address is None:
        address = None
    if order.recipient == recipient and address in {None, order.delivery.address}:
        return False
    if order.state not in model.OPEN:
        raise TransitionRefused(order.state, _EDITED)
    await sql.save_delivery(tx, order_id=order.id, recipient=recipient, address=address, now=now)
    await store.insert_history(
        tx, order_id=order.id, kind=_KIND, by=by, by_id=by_id, comment=comment, now=now
    )
    await tx.publish(operations.changed(order, state=order.state, now=now))
    return True
