"""What changes orders: placing, moving on, cancelling, notes."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from hansa.contracts.orders import (
    OrderCancelled,
    OrderChanged,
    OrderPlaced,
    OrderShipped,
)
from hansa.modules import payments, stock
from hansa.modules.orders import model, paying, store
from hansa.modules.orders.model import (
    By,
    Cancellation,
    Effect,
    NewOrder,
    NotCancellable,
    Order,
    OrderId,
    OrderState,
    PaymentStanding,
    Shipment,
    Transition,
    TransitionRefused,
)
from hansa.runtime.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A placed order; `is_repeat` if its key had been used before and nothing was done."""

    order_id: OrderId
    number: str
    is_repeat: bool


async def place_order(tx: Transaction, *, new: NewOrder, now: datetime) -> Placed:
    """Write a new order. Its reservation is confirmed and its payment opened by the caller.

    The same placing key gives the first order again and changes nothing.
    """
    model.check_new(new)
    number = await store.insert_order(tx, new, now=now)
    if number is None:
        known = await store.find_by_placing_key(tx, placing_key=new.placing_key)
        assert known is not None, "the key was taken a moment ago"
        return Placed(order_id=known[0], number=known[1], is_repeat=True)
    await tx.publish(
        OrderPlaced(
            order_id=new.id,
            number=number,
            market=new.market,
            party_id=new.party_id,
            currency=new.total.currency,
            goods_minor=new.goods.minor,
            delivery_minor=new.delivery.price.minor,
            total_minor=new.total.minor,
            payment_method=new.payment_method,
            variant_ids=tuple(line.variant_id for line in new.lines),
            placed_at=now,
        )
    )
    return Placed(order_id=new.id, number=number, is_repeat=False)


async def cancel_order(
    tx: Transaction,
    *,
    order_id: UUID,
    reason: str,
    by: By,
    by_id: UUID | None = None,
    now: datetime,
) -> Cancellation:
    """Cancel an order that has not left; its goods are on sale again, its payment is called off.

    Calling again for the same order gives the first cancellation.

    Raises:
        OrderNotFound: there is none.
        NotCancellable: it is on its way, has arrived, or `by` may not cancel it any more.
    """
    order = await store.lock_order(tx, order_id)
    if order.state is OrderState.CANCELLED:
        assert order.cancelled_at is not None, "a cancelled order knows when"
        return Cancellation(
            order_id=order.id,
            reason=order.cancel_reason or "",
            cancelled_at=order.cancelled_at,
            is_repeat=True,
        )
    transition = model.find_transition(order.state, OrderState.CANCELLED, by)
    if transition is None:
        raise NotCancellable(order.state)
    await carry_out(
        tx,
        order=order,
        transition=transition,
        by=by,
        by_id=by_id,
        comment=reason,
        now=now,
    )
    return Cancellation(order_id=order.id, reason=reason, cancelled_at=now, is_repeat=False)


async def advance(
    tx: Transaction,
    *,
    order_id: UUID,
    to: OrderState,
    by: By,
    by_id: UUID | None = None,
    comment: str = "",
    now: datetime,
) -> OrderState:
    """Lead an order to another state; give the state it is in now. The same state changes nothing.

    Raises:
        OrderNotFound: there is none.
        TransitionRefused: the table of states knows no such way for `by`.
    """
    order = await store.lock_order(tx, order_id)
    if order.state is to:
        return order.state
    transition = model.find_transition(order.state, to, by)
    if transition is None:
        raise TransitionRefused(order.state, to)
    await carry_out(
        tx,
        order=order,
        transition=transition,
        by=by,
        by_id=by_id,
        comment=comment,
        now=now,
    )
    return to


async def carry_out(  # noqa: PLR0913 - who, what, why and what came with it
    tx: Transaction,
    *,
    order: Order,
    transition: Transition,
    by: By,
    by_id: UUID | None = None,
    comment: str = "",
    shipment: Shipment | None = None,
    warehouse_id: UUID | None = None,
    now: datetime,
) -> None:
    """Take a locked order along a transition, with its effects, history and events."""
    target = transition.target
    ships = Effect.MARK_SHIPPED in transition.effects
    if ships and shipment is None:
        shipment = Shipment(number=order.number, shipped_at=now, lines=())
    shipped_at = shipment.shipped_at if ships and shipment is not None else None
    await store.save_state(
        tx,
        order_id=order.id,
        state=target,
        is_news_for_erp=by is not By.ERP,
        shipped_at=shipped_at,
        cancel_reason=comment if target is OrderState.CANCELLED else None,
        now=now,
    )
    await store.insert_history(
        tx,
        order_id=order.id,
        kind="state",
        by=by,
        by_id=by_id,
        from_state=order.state,
        to_state=target,
        comment=comment,
        now=now,
    )
    await tx.publish(changed(order, state=target, now=now))
    if target is OrderState.CANCELLED:
        await tx.publish(
            OrderCancelled(
                order_id=order.id,
                number=order.number,
                market=order.market,
                reason=comment,
                cancelled_at=now,
            )
        )
    if shipped_at is not None:
        await tx.publish(
            OrderShipped(
                order_id=order.id,
                number=order.number,
                market=order.market,
                shipped_at=shipped_at,
            )
        )
    for effect in transition.effects:
        await _take_effect(
            tx,
            effect,
            order,
            comment=comment,
            shipment=shipment,
            warehouse_id=warehouse_id,
            now=now,
        )


async def _take_effect(
    tx: Transaction,
    effect: Effect,
    order: Order,
    *,
    comment: str,
    shipment: Shipment | None,
    warehouse_id: UUID | None,
    now: datetime,
) -> None:
    match effect:
        case Effect.RELEASE_STOCK:
            await stock.release(
                tx, order_id=order.id, reason=stock.ReleaseReason.CANCELLED, now=now
            )
        case Effect.CANCEL_PAYMENT:
            await payments.cancel_payment(
                tx,
                subject_kind=model.SUBJECT,
                subject_id=order.id,
                reason=comment,
                now=now,
            )
            await paying.follow_payments(tx, order=order, is_news_for_erp=False, now=now)
        case Effect.CAPTURE_PAYMENT:
            await payments.request_capture(
                tx, subject_kind=model.SUBJECT, subject_id=order.id, now=now
            )
        case Effect.MARK_SHIPPED:
            assert shipment is not None, "a shipment comes with this effect"
            await record_shipment(
                tx, order=order, shipment=shipment, warehouse_id=warehouse_id, now=now
            )
        case _:
            assert_never(effect)


async def record_shipment(
    tx: Transaction,
    *,
    order: Order,
    shipment: Shipment,
    warehouse_id: UUID | None,
    now: datetime,
) -> bool:
    """Keep a shipment of an order and tell the stock when it left; False if it is known."""
    if not await store.record_shipment(tx, order_id=order.id, shipment=shipment, now=now):
        return False
    await stock.mark_shipped(
        tx,
        order_id=order.id,
        reference=shipment.number,
        shipped_at=shipment.shipped_at,
        lines=shipment.lines or None,
        warehouse_id=warehouse_id or order.delivery.warehouse_id,
        now=now,
    )
    await store.insert_history(
        tx,
        order_id=order.id,
        kind="shipment",
        by=By.ERP,
        comment=shipment.number,
        now=now,
    )
    return True


async def lock_order(tx: Transaction, *, order_id: UUID) -> Order:
    """Give an order, locked until the end of the transaction; without history and shipments.

    For whoever must take the order before the stock, in the order of the locks.

    Raises:
        OrderNotFound: there is none.
    """
    return await store.lock_order(tx, order_id)


async def add_note(
    tx: Transaction, *, order_id: UUID, text: str, by_id: UUID | None, now: datetime
) -> None:
    """Add a note only staff see.

    Raises:
        OrderNotFound: there is no such order.
    """
    order = await store.lock_order(tx, order_id)
    await store.insert_history(
        tx,
        order_id=order.id,
        kind="note",
        by=By.STAFF,
        by_id=by_id,
        comment=text,
        now=now,
    )


def changed(
    order: Order,
    *,
    state: OrderState,
    standing: PaymentStanding | None = None,
    now: datetime,
) -> OrderChanged:
    """Make the event of a change; what is not given is as it was."""
    return OrderChanged(
        order_id=order.id,
        number=order.number,
        market=order.market,
        state=state,
        payment_state=standing or order.payment_state,
        changed_at=now,
    )
