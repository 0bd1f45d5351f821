"""The exchange of orders with the ERP: what it has to hear, and what it says."""

from datetime import datetime
from uuid import UUID

from hansa.modules import payments, stock
from hansa.modules.orders import model, operations, paying, store
from hansa.modules.orders.erp_words import ErpOutcome, ErpResult, ErpStatus
from hansa.modules.orders.model import (
    By,
    Effect,
    Order,
    OrderId,
    OrderState,
    Shipment,
)
from hansa.runtime.database import Snapshot, Transaction


async def orders_to_export(
    snap: Snapshot, *, limit: int, since: datetime | None = None, market: str | None = None
) -> list[Order]:
    """Give orders with changes the ERP has not confirmed, oldest change first, of a market or all.

    Confirm each with `mark_exported(order_id, change_number=order.change_number)`. `since` leaves
    out orders placed before an instant (the day a connection was made).
    """
    return await store.orders_to_export(snap, limit=limit, since=since, market=market)


async def mark_exported(
    tx: Transaction,
    *,
    order_id: UUID,
    change_number: int,
    now: datetime,
    position: int | None = None,
    received_at: datetime | None = None,
    source: str = "",
) -> bool:
    """Note that the ERP has an order as it was at a change; False if it had it before.

    A change made after the order was read has a higher number and stays to be sent. From the first
    time on the reservation is `sent`: the ERP knows what the goods are for. `position` is the
    number of the message that carried the order, `received_at` the instant by the ERP's clock at
    which it took it, `source` the connection as stock numbers name it. An order nobody knows, or
    the same change again, changes nothing.
    """
    is_complete = await store.mark_exported(
        tx, order_id=OrderId(order_id), change_number=change_number, now=now
    )
    if is_complete is None:
        return False
    await stock.mark_sent(
        tx,
        order_ids=[order_id],
        source=source,
        position=position,
        received_at=received_at,
        is_complete=is_complete,
        now=now,
    )
    return True


async def apply_erp_status(tx: Transaction, *, status: ErpStatus, now: datetime) -> ErpResult:
    """Take over what the ERP says of an order: by number first, then by id.

    Repeats change nothing (`unchanged`); a state that would lead back is `refused` and the reason
    given; an order nobody knows is `unknown`. Payment and shipment are taken even if the state is
    known already.
    """
    order_id = await _find(tx, status)
    if order_id is None:
        return ErpResult(
            outcome=ErpOutcome.UNKNOWN,
            reason="There is no order {number}.",
            data={"number": status.number or str(status.order_id or "")},
        )
    order = await store.lock_order(tx, order_id)
    is_changed = False
    if status.erp_number:
        is_changed |= await store.set_erp_number(
            tx, order_id=order.id, erp_number=status.erp_number
        )
    if status.is_paid:
        is_changed |= await _take_payment(tx, order, now)
    if status.state is None:
        return _answer(order, is_changed=is_changed)
    return await _take_state(tx, order, status, is_changed=is_changed, now=now)


async def _find(tx: Transaction, status: ErpStatus) -> OrderId | None:
    if status.number:
        found = await store.find_by_number(tx, number=status.number)
        if found is not None:
            return found
    if status.order_id is None:
        return None
    try:
        return (await store.get_order(tx, status.order_id)).id
    except model.OrderNotFound:
        return None


async def _take_payment(tx: Transaction, order: Order, now: datetime) -> bool:
    attempts = await payments.list_of_subject(tx, subject_kind=model.SUBJECT, subject_id=order.id)
    due = [one for one in attempts if one.state is payments.PaymentState.DUE]
    for one in due:
        await payments.record_receipt(tx, payment_id=one.id, now=now)
    if due:
        await paying.follow_payments(tx, order=order, is_news_for_erp=False, now=now)
    return bool(due)


async def _take_state(
    tx: Transaction, order: Order, status: ErpStatus, *, is_changed: bool, now: datetime
) -> ErpResult:
    assert status.state is not None, "the caller has looked"
    target = OrderState(status.state)
    shipment = _shipment(order, status, now)
    if order.state is target or (
        target is OrderState.DELIVERED and order.state is OrderState.COMPLETED
    ):
        if target is OrderState.SHIPPED and shipment is not None and status.shipment_number:
            is_changed |= await operations.record_shipment(
                tx,
                order=order,
                shipment=shipment,
                warehouse_id=status.warehouse_id,
                now=now,
            )
        return _answer(order, is_changed=is_changed)
    transition = model.find_transition(order.state, target, By.ERP)
    if transition is None:
        return ErpResult(
            outcome=ErpOutcome.REFUSED,
            order_id=order.id,
            reason="Order {number} is {state} and cannot become {target}.",
            data={"number": order.number, "state": order.state, "target": target},
        )
    await operations.carry_out(
        tx,
        order=order,
        transition=transition,
        by=By.ERP,
        comment=status.text,
        shipment=shipment if Effect.MARK_SHIPPED in transition.effects else None,
        warehouse_id=status.warehouse_id,
        now=now,
    )
    return _answer(order, is_changed=True)


def _shipment(order: Order, status: ErpStatus, now: datetime) -> Shipment | None:
    if status.state is None:
        return None
    return Shipment(
        number=status.shipment_number or order.number,
        shipped_at=status.shipped_at or now,
        lines=status.shipped_lines,
    )


def _answer(order: Order, *, is_changed: bool) -> ErpResult:
    outcome = ErpOutcome.CHANGED if is_changed else ErpOutcome.UNCHANGED
    return ErpResult(outcome=outcome, order_id=order.id)
