"""`hansa check orders` finds what must not be."""

from __future__ import annotations

from uuid import uuid4

import pytest

from hansa.kernel.money import Money
from hansa.modules import orders, payments, stock
from hansa.modules.orders import By
from tests.conftest import NOON
from tests.support.buying import buy, findings


async def damage(context, sql, **parameters):
    async with context.database.transaction() as tx:
        await tx.execute(sql, parameters)


async def test_a_shop_that_only_did_what_it_may_is_in_order(context, shop):
    placed = await buy(context, (shop.variant, 1))
    async with context.database.transaction() as tx:
        await orders.cancel_order(tx, order_id=placed.order_id, reason="", by=By.SHOPPER, now=NOON)
    await buy(context, (shop.variant, 1))

    assert await findings(context) == []


async def test_an_open_order_without_its_goods_is_found(context, shop):
    placed = await buy(context, (shop.variant, 1))
    async with context.database.transaction() as tx:
        await stock.release(
            tx, order_id=placed.order_id, reason=stock.ReleaseReason.CORRECTED, now=NOON
        )

    [finding] = await findings(context)

    assert finding.startswith(f"orders.reservations {placed.number}")


async def test_lines_that_do_not_sum_up_are_found(context, shop):
    placed = await buy(context, (shop.variant, 1))
    await damage(
        context,
        "update orders_line set amount_minor = amount_minor + 1 where order_id = %(id)s",
        id=placed.order_id,
    )

    [finding] = await findings(context)

    assert finding.startswith(f"orders.totals {placed.number}")


@pytest.mark.parametrize("known", [True, False])
async def test_money_without_an_order_is_found(context, shop, known):
    subject = uuid4()
    if known:
        placed = await buy(context, (shop.variant, 1))
        subject = placed.order_id
        async with context.database.transaction() as tx:
            await orders.cancel_order(tx, order_id=subject, reason="", by=By.STAFF, now=NOON)
    async with context.database.transaction() as tx:
        payment = await payments.open_payment(
            tx,
            subject_kind=orders.SUBJECT,
            subject_id=subject,
            amount=Money(100, "RUB"),
            method=await payments.get_method(tx, market="ru", code="cash"),
            description="",
            language="ru",
            attempt=7,
            now=NOON,
        )
        await payments.record_receipt(tx, payment_id=payment.id, now=NOON)

    [finding] = await findings(context)

    assert finding.startswith(f"orders.money {payment.id}")
