"""When a shop has to confirm goods, checkout says so and takes no money that may go back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
import pytest_asyncio

from hansa.modules import checkout, fulfilment, orders, payments
from hansa.modules.orders import PaymentStanding
from tests.conftest import NOON
from tests.support.buying import a_guest, buy, fill, findings, place
from tests.support.shop import put_stock


@pytest_asyncio.fixture(loop_scope="session")
async def rare(context, shop):
    """An item that lies only in the corner shop."""
    rare = shop.variants[2]
    async with context.database.transaction() as tx:
        await put_stock(tx, shop.central, rare, 0, now=NOON)
        await put_stock(tx, shop.corner, rare, 2, now=NOON)
        await fulfilment.save_policy(tx, policy=fulfilment.Policy(market="ru"), now=NOON)
    return rare


async def set_policy(context, **changes):
    async with context.database.transaction() as tx:
        policy = replace(fulfilment.Policy(market="ru"), **changes)
        await fulfilment.save_policy(tx, policy=policy, now=NOON)


async def hold_cards(context):
    async with context.database.transaction() as tx:
        methods = await payments.list_methods(tx, market="ru")
        held = [replace(one, capture_at_once=False) for one in methods if one.code == "card"]
        await payments.save_methods(tx, methods=held)
    # The offer is remembered for some seconds.
    context.service(checkout.Offers)._known.clear()


async def order_of(context, placed):
    async with context.database.snapshot() as snap:
        return await orders.get_order(snap, order_id=placed.order_id)


async def promised(context, variant, *, code="card", shop_id=None):
    async with context.database.snapshot() as snap:
        method = await payments.get_method(snap, market="ru", code=code)
        return await checkout.promise_of(
            snap,
            market="ru",
            lines=[(variant, Decimal(1))],
            shop_id=shop_id,
            method=method,
            now=NOON,
        )


async def test_what_only_a_shop_has_is_paid_after_its_answer(context, rare, bank):
    placed = await buy(context, (rare, 1), payment_method="card")

    assert (placed.is_deferred, placed.needs_page, placed.redirect_url) == (True, False, None)
    assert bank.payments == [], "the bank has never heard of it"
    order = await order_of(context, placed)
    assert order.payment_state is PaymentStanding.DEFERRED
    assert order.pay_until is None
    assert await findings(context) == []


async def test_the_same_key_gives_the_same_deferred_order(context, rare, bank):
    basket_id = await fill(context, a_guest(), (rare, 1))
    first = await place(context, basket_id, key="k", payment_method="card")
    again = await place(context, basket_id, key="k", payment_method="card")
    assert again.order_id == first.order_id
    assert (again.is_repeat, again.is_deferred) == (True, True)
    assert bank.payments == []


async def test_what_lies_in_the_warehouse_is_paid_at_once(context, shop, rare):
    placed = await buy(context, (shop.variant, 1), payment_method="card")
    assert (placed.is_deferred, placed.needs_page) == (False, True)
    assert (await order_of(context, placed)).payment_state is PaymentStanding.AWAITING


async def test_money_that_can_be_held_is_held_at_once(context, rare):
    await hold_cards(context)
    placed = await buy(context, (rare, 1), payment_method="card")
    assert (placed.is_deferred, placed.needs_page) == (False, True)


async def test_who_pays_on_receipt_is_not_deferred(context, rare):
    placed = await buy(context, (rare, 1), payment_method="cash")
    assert not placed.is_deferred
    assert (await order_of(context, placed)).payment_state is PaymentStanding.DUE


async def test_a_market_may_take_money_first_and_give_it_back(context, rare):
    await set_policy(context, one_stage=fulfilment.OneStage.REFUND)
    placed = await buy(context, (rare, 1), payment_method="card")
    assert (placed.is_deferred, placed.needs_page) == (False, True)


async def test_a_market_that_asks_no_shops_defers_nothing(context, rare):
    await set_policy(context, asks_shops=False)
    placed = await buy(context, (rare, 1), payment_method="card")
    assert not placed.is_deferred
    assert await promised(context, rare) is None


async def test_fetching_in_a_shop_asks_that_shop(context, shop, rare):
    placed = await buy(
        context,
        (rare, 1),
        payment_method="card",
        delivery_method="pickup",
        warehouse_id=shop.corner,
    )
    assert placed.is_deferred


@pytest.mark.parametrize(
    ("code", "is_held", "one_stage", "terms"),
    [
        ("card", False, fulfilment.OneStage.ASK_FIRST, checkout.Terms.DEFERRED),
        ("card", False, fulfilment.OneStage.REFUND, checkout.Terms.RETURNED),
        ("card", True, fulfilment.OneStage.ASK_FIRST, checkout.Terms.HELD),
        ("cash", False, fulfilment.OneStage.ASK_FIRST, checkout.Terms.ON_RECEIPT),
    ],
)
async def test_the_shopper_is_told_when_the_money_is_taken(
    context, rare, code, is_held, one_stage, terms
):
    await set_policy(context, one_stage=one_stage)
    if is_held:
        await hold_cards(context)
    promise = await promised(context, rare, code=code)
    assert promise is not None
    assert promise.terms is terms
    assert promise.answer_by is not None
    assert promise.answer_by > NOON


async def test_nothing_is_promised_for_an_empty_basket_or_a_warehouse(context, shop, rare):
    assert await promised(context, shop.variant) is None
    async with context.database.snapshot() as snap:
        method = await payments.get_method(snap, market="ru", code="card")
        nothing = await checkout.promise_of(
            snap, market="ru", lines=[], shop_id=None, method=method, now=NOON
        )
    assert nothing is None
