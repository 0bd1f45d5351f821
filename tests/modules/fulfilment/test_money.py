"""Money follows goods: what is held is charged for what is confirmed, and in time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hansa.contracts.payments import PaymentFailed
from hansa.modules import fulfilment, orders, payments
from hansa.modules.fulfilment import CaseState, Policy, queries
from hansa.modules.orders import OrderState, PaymentStanding
from hansa.modules.orders.subscribers import follow_payment
from tests.support.fulfilment import (
    a_chain,
    an_order,
    answer,
    findings,
    look,
    open_questions,
    report,
)

GIVE_UP = Policy(market="ru", nobody=fulfilment.Nobody.GIVE_UP)
OPERATOR = Policy(market="ru", nobody=fulfilment.Nobody.OPERATOR)
HOUR = timedelta(hours=1)


async def payment_of(tx, order):
    [payment] = await payments.list_of_subject(tx, subject_kind=orders.SUBJECT, subject_id=order.id)
    return payment


async def hold_until(tx, order, instant, *, now):
    payment = await payment_of(tx, order)
    state = payments.PaymentState.AUTHORISED
    await report(tx, payment.id, state, order.total, now=now, hold_expires_at=instant)


async def test_what_is_confirmed_is_charged(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 2}, policy=GIVE_UP)
    order = await an_order(tx, {chain.item: 2}, now=now, standing=PaymentStanding.AUTHORISED)
    await look(tx, order, now=now)
    [question] = await open_questions(tx, order)

    await answer(tx, question, found=1, missing=1, now=now)
    assert await look(tx, order, now=now) is CaseState.CONFIRMED

    payment = await payment_of(tx, order)
    assert payment.capture_minor == order.total.minor // 2
    assert await findings(tx) == []


async def test_who_could_not_be_charged_before_may_pay_when_it_is_confirmed(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1})
    order = await an_order(tx, {chain.item: 1}, now=now, standing=PaymentStanding.DEFERRED)
    await look(tx, order, now=now)
    [question] = await open_questions(tx, order)
    assert (await payment_of(tx, order)).state is payments.PaymentState.DEFERRED

    await answer(tx, question, now=now)
    assert await look(tx, order, now=now) is CaseState.CONFIRMED

    assert (await payment_of(tx, order)).state is payments.PaymentState.CREATED
    assert await findings(tx) == []


async def test_an_order_that_is_not_paid_yet_is_not_looked_for(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1})

    order = await an_order(tx, {chain.item: 1}, now=now, standing=PaymentStanding.AWAITING)

    assert await look(tx, order, now=now) is None
    assert await queries.progress_of(tx, order_id=order.id) is None


async def test_the_round_ends_before_the_hold_does(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: (1, 0), 1: (0, 1)}, policy=GIVE_UP)
    order = await an_order(
        tx, {chain.item: 1, chain.other: 1}, now=now, standing=PaymentStanding.AUTHORISED
    )
    ends = now + 2 * HOUR + timedelta(minutes=10)
    await hold_until(tx, order, ends, now=now)
    await look(tx, order, now=now)
    asked = await open_questions(tx, order)
    assert {one.answer_by for one in asked} == {ends - 2 * HOUR}
    await answer(tx, asked[0], now=now)
    await look(tx, order, now=now)

    assert await look(tx, order, now=ends - 2 * HOUR) is CaseState.CONFIRMED

    left = await orders.get_order(tx, order_id=order.id)
    payment = await payment_of(tx, order)
    assert payment.capture_minor == left.total.minor == order.total.minor // 2
    assert await open_questions(tx, order) == []
    assert await findings(tx) == []


async def test_an_operator_hears_of_the_hold_before_it_is_too_late(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1, 1: 1}, policy=OPERATOR)
    for shop_id in chain.shops:
        monday = {0: (fulfilment.Opening(600, 1200),)}
        shop = fulfilment.Shop(warehouse_id=shop_id, hours=monday)
        await fulfilment.save_shop(tx, shop=shop, now=now)
    order = await an_order(tx, {chain.item: 1}, now=now, standing=PaymentStanding.AUTHORISED)
    ends = now + 3 * HOUR  # long before Monday
    await hold_until(tx, order, ends, now=now)
    assert await look(tx, order, now=now) is CaseState.ASKING

    assert await look(tx, order, now=ends - 2 * HOUR) is CaseState.OPERATOR
    [case] = await fulfilment.list_cases(tx, states=[CaseState.OPERATOR])
    assert case.look_at == ends - HOUR / 2
    assert await look(tx, order, now=ends - HOUR / 2) is CaseState.ENDED

    left = await orders.get_order(tx, order_id=order.id)
    assert left.state is OrderState.CANCELLED
    assert (await payment_of(tx, order)).wanted is payments.Wanted.VOID
    assert await findings(tx) == []


async def test_an_answer_in_the_last_second_of_a_hold_is_charged(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1}, policy=GIVE_UP)
    order = await an_order(tx, {chain.item: 1}, now=now, standing=PaymentStanding.AUTHORISED)
    ends = now + 2 * HOUR + timedelta(minutes=10)
    await hold_until(tx, order, ends, now=now)
    await look(tx, order, now=now)
    [question] = await open_questions(tx, order)

    await answer(tx, question, now=question.answer_by - timedelta(microseconds=1))
    assert await look(tx, order, now=ends - 2 * HOUR) is CaseState.CONFIRMED

    assert (await payment_of(tx, order)).capture_minor == order.total.minor


async def test_a_payment_that_failed_meanwhile_stops_the_search(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1, 1: 1})
    order = await an_order(tx, {chain.item: 1}, now=now, standing=PaymentStanding.AUTHORISED)
    await look(tx, order, now=now)
    [question] = await open_questions(tx, order)
    payment = await payment_of(tx, order)
    await report(tx, payment.id, payments.PaymentState.FAILED, order.total, now=now)
    await fail_standing(tx, order, now=now)

    await answer(tx, question, missing=1, now=now)

    assert await look(tx, order, now=now) is CaseState.OPERATOR
    assert await open_questions(tx, order) == []


async def fail_standing(tx, order, *, now):
    """Let orders hear of the payment, as the relay does."""
    payment = await payment_of(tx, order)
    from_payment = payments.PaymentState.FAILED
    assert payment.state is from_payment
    locked = await orders.lock_order(tx, order_id=order.id)
    assert locked.payment_state is PaymentStanding.AUTHORISED
    await follow(tx, payment, now)


async def follow(tx, payment, now):
    event = PaymentFailed(
        payment_id=payment.id,
        subject_kind=orders.SUBJECT,
        subject_id=payment.subject_id,
        market="ru",
        currency="RUB",
        amount_minor=payment.amount_minor,
        total_minor=payment.amount_minor,
        reason="declined",
    )
    await follow_payment(tx, event, now)


@pytest.mark.parametrize("asks", [True, False])
async def test_advice_says_whether_shops_have_to_be_asked(tx, now, asks):
    chain = await a_chain(tx, now=now, stocks={0: 3}, central=2)

    told = await fulfilment.advice(
        tx, market="ru", lines=[(chain.item, 3 if asks else 2)], shop_id=None, now=now
    )

    assert told.asks_shops is asks
    assert told.one_stage == "ask_first"
    in_shop = await fulfilment.advice(
        tx, market="ru", lines=[(chain.item, 1)], shop_id=chain.shops[0], now=now
    )
    assert in_shop.asks_shops
    assert in_shop.answer_by == now + timedelta(minutes=20)
