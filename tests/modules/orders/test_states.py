"""Orders move only along their table, and each step does what belongs to it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from hansa.modules import orders, payments, stock
from hansa.modules.orders import By, OrderState
from hansa.modules.orders.jobs import cancel_unpaid
from hansa.modules.orders.subscribers import follow_payment
from hansa.modules.orders.work import CancelUnpaidOrders
from hansa.modules.payments import events
from hansa.runtime.database import Transaction
from tests.conftest import NOON
from tests.support.buying import buy, findings, left
from tests.support.races import until_blocked
from tests.support.shop import put_stock


async def order_of(context, placed):
    async with context.database.snapshot() as snap:
        return await orders.get_order(snap, order_id=placed.order_id)


async def advance(context, placed, to, by=By.STAFF):
    async with context.database.transaction() as tx:
        return await orders.advance(tx, order_id=placed.order_id, to=to, by=by, now=NOON)


async def cancel(context, placed, by=By.SHOPPER, reason="changed my mind"):
    async with context.database.transaction() as tx:
        return await orders.cancel_order(
            tx, order_id=placed.order_id, reason=reason, by=by, now=NOON
        )


async def reservation_of(context, placed):
    async with context.database.snapshot() as snap:
        return await stock.get_reservation(snap, order_id=placed.order_id)


def test_every_state_is_reached_and_ends_or_leads_on():
    reached = {transition.target for transition in orders.TRANSITIONS} | {OrderState.PLACED}
    assert reached == set(OrderState)
    for state in OrderState:
        ends = state in {OrderState.COMPLETED, OrderState.CANCELLED}
        assert bool(orders.targets(state, By.STAFF)) is not ends
    for transition in orders.TRANSITIONS:
        assert transition.target not in transition.sources


def test_nobody_but_the_house_leads_an_order_on():
    for state in OrderState:
        assert set(orders.targets(state, By.SHOPPER)) <= {OrderState.CANCELLED}


async def test_an_order_goes_through_its_life(context, shop):
    placed = await buy(context, (shop.variant, 1))

    for to in (
        OrderState.CONFIRMED,
        OrderState.PACKED,
        OrderState.SHIPPED,
        OrderState.DELIVERED,
        OrderState.COMPLETED,
    ):
        assert await advance(context, placed, to) is to
        assert await advance(context, placed, to) is to, "again changes nothing"
        assert await findings(context) == []

    order = await order_of(context, placed)
    states = [one.to_state for one in order.history if one.kind in {"placed", "state"}]
    assert states == ["placed", "confirmed", "packed", "shipped", "delivered", "completed"]
    assert order.shipped_at == NOON
    assert order.change_number == 6


async def test_nothing_leads_back(context, shop):
    placed = await buy(context, (shop.variant, 1))
    await advance(context, placed, OrderState.SHIPPED)

    for to in (OrderState.CONFIRMED, OrderState.PACKED, OrderState.PLACED, OrderState.CANCELLED):
        with pytest.raises(orders.TransitionRefused):
            await advance(context, placed, to)
    assert (await order_of(context, placed)).state is OrderState.SHIPPED


async def test_cancelling_gives_the_goods_back_once(context, shop):
    placed = await buy(context, (shop.variant, 2))
    assert await left(context, shop.variant) == 3

    first = await cancel(context, placed)
    again = await cancel(context, placed, reason="another reason")

    assert await left(context, shop.variant) == 5
    assert (first.is_repeat, again.is_repeat) == (False, True)
    assert again.reason == "changed my mind"
    order = await order_of(context, placed)
    assert order.state is OrderState.CANCELLED
    assert order.payment_state == "voided"
    assert await findings(context) == []


async def test_a_shopper_cannot_cancel_what_is_packed_but_staff_can(context, shop):
    placed = await buy(context, (shop.variant, 1))
    await advance(context, placed, OrderState.PACKED)

    with pytest.raises(orders.NotCancellable):
        await cancel(context, placed)
    await cancel(context, placed, by=By.STAFF)

    assert (await order_of(context, placed)).state is OrderState.CANCELLED


async def test_cancelling_against_shipping_ends_in_one_of_the_two(context, shop):
    placed = await buy(context, (shop.variant, 1))
    async with context.database.connection() as connection:
        shipping = Transaction(connection)
        await connection.execute("begin")
        await orders.advance(
            shipping,
            order_id=placed.order_id,
            to=OrderState.SHIPPED,
            by=By.STAFF,
            now=NOON + timedelta(minutes=1),
        )
        cancelling = asyncio.create_task(cancel(context, placed))
        await until_blocked(context.database.dsn, cancelling)
        await connection.execute("commit")

        with pytest.raises(orders.NotCancellable):
            await cancelling

    assert (await order_of(context, placed)).state is OrderState.SHIPPED
    assert await left(context, shop.variant) == 4
    assert await findings(context) == []


async def test_cancel_and_ship_at_once_many_times_stays_consistent(context, shop):
    async with context.database.transaction() as tx:
        await put_stock(tx, shop.central, shop.variant, 50, now=NOON.replace(hour=13))
    for _ in range(10):
        placed = await buy(context, (shop.variant, 1))
        answers = await asyncio.gather(
            cancel(context, placed, by=By.STAFF),
            advance(context, placed, OrderState.SHIPPED),
            return_exceptions=True,
        )
        refused = [one for one in answers if isinstance(one, Exception)]
        assert len(refused) == 1
        assert isinstance(refused[0], orders.NotCancellable | orders.TransitionRefused)
    assert await findings(context) == []


async def paid_by_card(context, bank, shop):
    placed = await buy(context, (shop.variant, 1), payment_method="card")
    await bank.act(placed.redirect_url)
    payment = await payments.settle_payment(context, payment_id=placed.payment_id)
    async with context.database.transaction() as tx:
        await follow_payment(tx, events.captured(payment), NOON)
    return placed


async def test_a_captured_payment_makes_the_order_paid_whatever_comes_twice(context, shop, bank):
    placed = await paid_by_card(context, bank, shop)
    order = await order_of(context, placed)
    assert order.payment_state == "paid"

    async with context.database.snapshot() as snap:
        payment = await payments.get_payment(snap, payment_id=placed.payment_id)
    for event in (events.captured(payment), events.authorised(payment)):
        async with context.database.transaction() as tx:
            await follow_payment(tx, event, NOON)

    after = await order_of(context, placed)
    assert after.payment_state == "paid"
    assert after.change_number == order.change_number == 2
    assert await findings(context) == []


async def test_a_cancelled_order_gives_the_money_back(context, shop, bank):
    placed = await paid_by_card(context, bank, shop)

    await cancel(context, placed)
    payment = await payments.settle_payment(context, payment_id=placed.payment_id)
    async with context.database.transaction() as tx:
        await follow_payment(tx, events.refunded(payment, payment.refunded_minor), NOON)

    assert bank.payments[-1].refunded == bank.payments[-1].amount
    assert (await order_of(context, placed)).payment_state == "refunded"
    assert await findings(context) == []


async def test_a_declined_payment_can_be_paid_again(context, shop, bank):
    placed = await buy(context, (shop.variant, 1), payment_method="card")
    await bank.act(placed.redirect_url, "decline")
    payment = await payments.settle_payment(context, payment_id=placed.payment_id)
    async with context.database.transaction() as tx:
        await follow_payment(tx, events.failed(payment), NOON)
    assert (await order_of(context, placed)).payment_state == "failed"

    async with context.database.transaction() as tx:
        method = await payments.get_method(tx, market="ru", code="card")
        second = await orders.retry_payment(tx, order_id=placed.order_id, method=method, now=NOON)
    second = await payments.start_payment(context, payment_id=second.id)
    await bank.act(second.redirect_url)
    payment = await payments.settle_payment(context, payment_id=second.id)
    async with context.database.transaction() as tx:
        await follow_payment(tx, events.captured(payment), NOON)

    order = await order_of(context, placed)
    assert order.payment_state == "paid"
    assert order.payment_id == second.id


async def test_a_cancelled_order_cannot_be_paid(context, shop):
    placed = await buy(context, (shop.variant, 1), payment_method="card")
    await cancel(context, placed)

    async with context.database.transaction() as tx:
        method = await payments.get_method(tx, market="ru", code="card")
        with pytest.raises(payments.NotPayable):
            await orders.retry_payment(tx, order_id=placed.order_id, method=method, now=NOON)


async def test_held_money_is_taken_when_the_goods_leave(context, shop, bank):
    async with context.database.transaction() as tx:
        card = await payments.get_method(tx, market="ru", code="card")
        await payments.save_methods(tx, methods=[replace(card, capture_at_once=False)])
    placed = await buy(context, (shop.variant, 1), payment_method="card")
    await bank.act(placed.redirect_url)
    held = await payments.settle_payment(context, payment_id=placed.payment_id)
    assert held.state == "authorised"

    await advance(context, placed, OrderState.SHIPPED)
    taken = await payments.settle_payment(context, payment_id=placed.payment_id)

    assert taken.state == "captured"
    assert await findings(context) == []


async def test_what_is_not_paid_in_time_is_cancelled_but_not_what_was_paid_just_now(
    context, shop, bank, clock
):
    late = await buy(context, (shop.variant, 1), payment_method="card")
    just_now = await buy(context, (shop.variant, 1), payment_method="card")
    cash = await buy(context, (shop.variant, 1))
    await bank.act(just_now.redirect_url, "quiet")

    clock.advance(timedelta(hours=3))
    await cancel_unpaid(context, CancelUnpaidOrders())

    assert (await order_of(context, late)).state is OrderState.CANCELLED
    assert (await order_of(context, just_now)).payment_state == "paid"
    assert (await order_of(context, just_now)).state is OrderState.PLACED
    assert (await order_of(context, cash)).state is OrderState.PLACED
    assert await left(context, shop.variant) == 3
    assert await findings(context) == []
