"""The ERP hears every change and what it says is taken once and only forward."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from hansa.modules import orders, stock
from hansa.modules.orders import By, ErpOutcome, ErpState, ErpStatus, OrderState
from tests.conftest import NOON
from tests.support.buying import buy, findings, left
from tests.support.shop import put_stock


async def waiting(context):
    async with context.database.snapshot() as snap:
        return await orders.orders_to_export(snap, limit=100)


async def confirm(context, order):
    async with context.database.transaction() as tx:
        return await orders.mark_exported(
            tx, order_id=order.id, change_number=order.change_number, now=NOON
        )


async def say(context, **status):
    async with context.database.transaction() as tx:
        return await orders.apply_erp_status(tx, status=ErpStatus(**status), now=NOON)


async def order_of(context, placed):
    async with context.database.snapshot() as snap:
        return await orders.get_order(snap, order_id=placed.order_id)


async def reservation_of(context, placed):
    async with context.database.snapshot() as snap:
        return await stock.get_reservation(snap, order_id=placed.order_id)


async def test_an_order_waits_until_it_is_confirmed_and_is_sent_then(context, shop):
    placed = await buy(context, (shop.variant, 1))

    [order] = await waiting(context)
    assert [one.id for one in await waiting(context)] == [placed.order_id], "a repeated query"
    assert order.lines[0].quantity == 1
    assert await confirm(context, order) is True
    assert await confirm(context, order) is False

    assert await waiting(context) == []
    reservation = await reservation_of(context, placed)
    assert reservation is not None
    assert reservation.state == "sent"


async def test_a_change_after_the_query_is_never_marked_as_sent(context, shop):
    placed = await buy(context, (shop.variant, 1))
    [queried] = await waiting(context)
    async with context.database.transaction() as tx:
        await orders.cancel_order(tx, order_id=placed.order_id, reason="", by=By.SHOPPER, now=NOON)

    await confirm(context, queried)

    [again] = await waiting(context)
    assert again.state is OrderState.CANCELLED
    await confirm(context, again)
    await confirm(context, queried)
    assert await waiting(context) == []


async def test_a_confirmation_of_more_than_there_was_does_not_swallow_later_changes(context, shop):
    placed = await buy(context, (shop.variant, 1))
    async with context.database.transaction() as tx:
        await orders.mark_exported(tx, order_id=placed.order_id, change_number=99, now=NOON)
        await orders.cancel_order(tx, order_id=placed.order_id, reason="", by=By.SHOPPER, now=NOON)

    assert [one.id for one in await waiting(context)] == [placed.order_id]


async def test_what_the_erp_said_is_not_sent_back_to_it(context, shop):
    placed = await buy(context, (shop.variant, 1))
    await confirm(context, (await waiting(context))[0])

    result = await say(context, number=placed.number, state=ErpState.CONFIRMED, erp_number="УТ-7")

    assert result.outcome is ErpOutcome.CHANGED
    assert await waiting(context) == []
    order = await order_of(context, placed)
    assert (order.state, order.erp_number) == (OrderState.CONFIRMED, "УТ-7")


async def test_orders_are_found_by_number_and_else_by_id(context, shop):
    first = await buy(context, (shop.variant, 1))
    second = await buy(context, (shop.variant, 1))

    await say(context, number=first.number, order_id=second.order_id, state=ErpState.CONFIRMED)
    await say(context, number="unknown", order_id=second.order_id, state=ErpState.CANCELLED)
    nobody = await say(context, number="unknown", order_id=uuid4(), state=ErpState.CANCELLED)

    assert (await order_of(context, first)).state is OrderState.CONFIRMED
    assert (await order_of(context, second)).state is OrderState.CANCELLED
    assert nobody.outcome is ErpOutcome.UNKNOWN


async def test_repeats_change_nothing_and_going_back_is_refused(context, shop):
    placed = await buy(context, (shop.variant, 1))
    status = {
        "number": placed.number,
        "state": ErpState.SHIPPED,
        "shipped_at": NOON + timedelta(hours=1),
        "shipment_number": "R-1",
    }
    assert (await say(context, **status)).outcome is ErpOutcome.CHANGED
    shipped = await order_of(context, placed)

    assert (await say(context, **status)).outcome is ErpOutcome.UNCHANGED
    back = await say(context, number=placed.number, state=ErpState.CONFIRMED)
    late = await say(context, number=placed.number, state=ErpState.CANCELLED)

    assert back.outcome is late.outcome is ErpOutcome.REFUSED
    assert back.data == {"number": placed.number, "state": "shipped", "target": "confirmed"}
    after = await order_of(context, placed)
    assert after == shipped
    assert after.shipped_at == NOON + timedelta(hours=1)
    assert [one.number for one in after.shipments] == ["R-1"]


async def test_shipped_goods_stay_reserved_until_the_number_contains_them(context, shop):
    placed = await buy(context, (shop.variant, 2))
    shipped_at = NOON + timedelta(hours=1)
    await say(
        context,
        number=placed.number,
        state=ErpState.SHIPPED,
        shipped_at=shipped_at,
        shipment_number="R-1",
        shipped_lines=((shop.variant, Decimal(2)),),
        warehouse_id=shop.central,
    )
    assert await left(context, shop.variant) == 3

    async with context.database.transaction() as tx:
        await put_stock(tx, shop.central, shop.variant, 5, now=shipped_at - timedelta(minutes=1))
    assert await left(context, shop.variant) == 3, "an older number does not contain it"
    async with context.database.transaction() as tx:
        await put_stock(tx, shop.central, shop.variant, 3, now=shipped_at + timedelta(minutes=1))

    assert await left(context, shop.variant) == 3
    reservation = await reservation_of(context, placed)
    assert reservation is not None
    assert reservation.state == "contained"
    assert await findings(context) == []


async def test_a_cancellation_by_the_erp_gives_the_goods_back(context, shop):
    placed = await buy(context, (shop.variant, 2))

    await say(context, number=placed.number, state=ErpState.CANCELLED, text="нет на складе")

    assert await left(context, shop.variant) == 5
    assert (await order_of(context, placed)).cancel_reason == "нет на складе"
    assert await findings(context) == []


async def test_payment_noted_by_the_erp_makes_a_cash_order_paid(context, shop):
    placed = await buy(context, (shop.variant, 1))

    first = await say(context, number=placed.number, is_paid=True)
    again = await say(context, number=placed.number, is_paid=True)

    assert (first.outcome, again.outcome) == (ErpOutcome.CHANGED, ErpOutcome.UNCHANGED)
    assert (await order_of(context, placed)).payment_state == "paid"
    assert await findings(context) == []


async def test_delivered_may_come_without_shipped(context, shop):
    placed = await buy(context, (shop.variant, 1))

    result = await say(context, number=placed.number, state=ErpState.DELIVERED)

    assert result.outcome is ErpOutcome.CHANGED
    order = await order_of(context, placed)
    assert order.state is OrderState.DELIVERED
    assert order.shipped_at == NOON


async def test_only_orders_from_an_instant_on_are_exported(context, shop):
    await buy(context, (shop.variant, 1))
    later = await buy(context, (shop.variant, 1), now=NOON + timedelta(days=1))

    async with context.database.snapshot() as snap:
        found = await orders.orders_to_export(snap, limit=100, since=NOON + timedelta(hours=1))

    assert [one.id for one in found] == [later.order_id]
