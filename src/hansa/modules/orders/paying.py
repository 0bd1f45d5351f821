"""Where the payment of an order stands."""

from datetime import datetime, timedelta
from uuid import UUID

from hansa.modules import payments
from hansa.modules.orders import model, store
from hansa.modules.orders.model import By, Order, PaymentStanding
from hansa.runtime.database import Transaction

_TIME_TO_PAY_AGAIN = timedelta(hours=2)
# From here an order that is to be paid again gets a time of its own: the shopper may not have paid
# yet, or the bank let the held money go.
_NO_HURRY = frozenset({PaymentStanding.DEFERRED, PaymentStanding.AUTHORISED})


async def follow_payments(
    tx: Transaction, *, order: Order, is_news_for_erp: bool, now: datetime
) -> PaymentStanding:
    """Bring a locked order's payment standing in line with its payments.

    It looks at the payments as they are, so events that come twice or late change nothing.
    """
    attempts = await payments.list_of_subject(tx, subject_kind=model.SUBJECT, subject_id=order.id)
    standing = standing_of(attempts) or order.payment_state
    current = attempts[-1].id if attempts else order.payment_id
    if standing is order.payment_state and current == order.payment_id:
        return standing
    waits = standing in {PaymentStanding.AWAITING, PaymentStanding.FAILED}
    pay_until = order.pay_until
    if waits and pay_until is None and order.payment_state in _NO_HURRY:
        pay_until = now + await _time_to_pay(tx, order)
    await store.save_payment_standing(
        tx,
        order_id=order.id,
        standing=standing,
        payment_id=current,
        pay_until=pay_until if waits else None,
        is_news_for_erp=is_news_for_erp,
        now=now,
    )
    await store.insert_history(
        tx,
        order_id=order.id,
        kind="payment",
        by=By.SYSTEM,
        from_state=order.payment_state,
        to_state=standing,
        now=now,
    )
    return standing


async def _time_to_pay(tx: Transaction, order: Order) -> timedelta:
    """Give the time the way to pay allows, or two hours."""
    for method in await payments.list_methods(tx, market=order.market):
        if method.code == order.payment_method and method.pay_within_minutes is not None:
            return timedelta(minutes=method.pay_within_minutes)
    return _TIME_TO_PAY_AGAIN


async def retry_payment(
    tx: Transaction, *, order_id: UUID, method: payments.PaymentMethod, now: datetime
) -> payments.Payment:
    """Open another attempt to pay for an open order; start it after the commit.

    Raises:
        OrderNotFound: there is none.
        payments.NotPayable: the order has ended, or its payment is under way or done.
    """
    order = await store.lock_order(tx, order_id)
    if order.state not in model.OPEN or order.payment_id is None:
        raise payments.NotPayable(order.state)
    payment = await payments.repeat_payment(tx, payment_id=order.payment_id, method=method, now=now)
    if payment.id != order.payment_id:
        await store.save_payment_standing(
            tx,
            order_id=order.id,
            standing=PaymentStanding.AWAITING if payment.is_online else PaymentStanding.DUE,
            payment_id=payment.id,
            pay_until=now + _TIME_TO_PAY_AGAIN if payment.is_online else None,
            is_news_for_erp=True,
            now=now,
        )
    return payment


def standing_of(attempts: list[payments.Payment]) -> PaymentStanding | None:
    """Sum up all attempts to pay: what is furthest on counts, then the last one."""
    state = payments.PaymentState
    live = [one for one in attempts if one.wanted is payments.Wanted.PAID]
    for sought, standing in (
        (state.CAPTURED, PaymentStanding.PAID),
        (state.AUTHORISED, PaymentStanding.AUTHORISED),
        (state.PENDING, PaymentStanding.AWAITING),
        (state.CREATED, PaymentStanding.AWAITING),
        (state.DUE, PaymentStanding.DUE),
        (state.DEFERRED, PaymentStanding.DEFERRED),
    ):
        if any(one.state is sought for one in live):
            return standing
    if not attempts:
        return None
    if any(one.state is state.REFUNDED for one in attempts):
        return PaymentStanding.REFUNDED
    if attempts[-1].state is state.CAPTURED:
        return PaymentStanding.PAID
    return PaymentStanding.FAILED if attempts[-1].state is state.FAILED else PaymentStanding.VOIDED
