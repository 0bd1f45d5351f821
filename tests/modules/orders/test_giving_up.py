"""Parts of an order are given up: goods, totals and money go together, exactly."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.kernel.money import Money
from hansa.modules import orders, payments
from hansa.modules.orders import By, OrderState, PaymentStanding, reducing
from hansa.modules.orders.jobs import cancel_unpaid
from hansa.modules.orders.subscribers import follow_payment
from hansa.modules.orders.work import CancelUnpaidOrders
from hansa.modules.payments import events
from hansa.modules.payments.checks import CHECKS as PAYMENT_CHECKS
from tests.conftest import NOON
from tests.support.buying import buy, findings, left
from tests.support.races import until_blocked

ONE = Decimal(1)


async def give_up(context, placed, *lines, by=By.SYSTEM, reason="not found in the shop"):
    async with context.database.transaction() as tx:
        return await orders.give_up(
            tx,
            order_id=placed.order_id,
            lines=[(variant, Decimal(pieces)) for variant, pieces in lines],
            reason=reason,
            by=by,
            now=NOON,
        )


async def order_of(context, placed):
    async with context.database.snapshot() as snap:
        return await orders.get_order(snap, order_id=placed.order_id)


async def all_findings(context):
    async with context.database.snapshot() as snap:
        money = [one for check in PAYMENT_CHECKS for one in await check.run(snap)]
    # The check of stuck payments looks at the machine's clock; here it stands still.
    return [*await findings(context), *(one for one in money if one.check != "payments.stuck")]


async def settled(context, placed):
    return await payments.settle_payment(context, payment_id=placed.payment_id)


async def follow(context, payment):
    async with context.database.transaction() as tx:
        await follow_payment(tx, events.captured(payment), NOON)


def line_of(*, quantity, amount, tax, is_gift=False, variant=None):
    return orders.OrderLine(
        variant_id=variant or uuid4(),
        product_id=uuid4(),
        sku="D-1",
        name={"en": "Dress"},
        options={},
        quantity=Decimal(quantity),
        unit="pcs",
        unit_price=Decimal(1),
        base_price=Decimal(1),
        amount=Money(amount, "RUB"),
        tax_rate=Decimal("0.2"),
        tax=Money(tax, "RUB"),
        is_gift=is_gift,
    )


LINES = st.lists(
    st.builds(
        line_of,
        quantity=st.integers(1, 50),
        amount=st.integers(0, 10**9),
        tax=st.integers(0, 10**8),
        is_gift=st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@given(lines=LINES, steps=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 60)), max_size=8))
def test_parts_always_sum_to_what_was_sold(lines, steps):
    now = tuple(lines)
    for index, pieces in steps:
        now = reducing.reduce_lines(now, {now[index % len(now)].variant_id: Decimal(pieces)})
    for before, after in zip(lines, now, strict=True):
        assert after.amount + after.amount_given_up == before.amount
        assert after.tax.minor + after.given_up_tax_minor == before.tax.minor
        assert 0 <= after.given_up <= after.quantity == before.quantity
        assert min(after.amount.minor, after.given_up_minor, after.tax.minor) >= 0
        if after.left == 0:
            assert (after.amount.minor, after.tax.minor) == (0, 0)
        if after.given_up == 0:
            assert after == before


@given(
    quantity=st.integers(1, 60),
    amount=st.integers(0, 10**9),
    tax=st.integers(0, 10**8),
    cuts=st.lists(st.integers(1, 10), max_size=6),
)
def test_many_steps_leave_what_one_step_leaves(quantity, amount, tax, cuts):
    line = line_of(quantity=quantity, amount=amount, tax=tax)
    stepwise = (line,)
    for cut in cuts:
        stepwise = reducing.reduce_lines(stepwise, {line.variant_id: Decimal(cut)})
    at_once = reducing.without(line, min(Decimal(quantity), Decimal(sum(cuts))))
    assert stepwise == (at_once,)


@given(bought=st.integers(1, 9), given_away=st.integers(1, 9), off=st.integers(1, 18))
def test_gifts_are_given_up_before_what_was_paid_for(bought, given_away, off):
    variant = uuid4()
    lines = (
        line_of(quantity=bought, amount=bought * 100, tax=0, variant=variant),
        line_of(quantity=given_away, amount=0, tax=0, variant=variant, is_gift=True),
    )
    paid_for, gift = reducing.reduce_lines(lines, {variant: Decimal(off)})
    assert gift.given_up == min(off, given_away)
    assert paid_for.given_up == min(bought, max(0, off - given_away))


def test_what_has_left_the_house_stays_sold():
    variant = uuid4()
    line = line_of(quantity=5, amount=500, tax=0, variant=variant)
    (after,) = reducing.reduce_lines((line,), {variant: Decimal(5)}, {variant: Decimal(2)})
    assert (after.given_up, after.quantity, after.amount.minor) == (3, 5, 200)


async def test_a_part_is_given_up_with_its_goods_and_its_money(context, shop):
    dress, coat, _ = shop.variants
    placed = await buy(context, (dress, 2), (coat, 1), payment_method="card")
    before = await order_of(context, placed)
    assert await left(context, dress) == 3

    given_up = await give_up(context, placed, (dress, 1))

    order = await order_of(context, placed)
    assert given_up.lines == ((dress, ONE),)
    assert given_up.money == before.total - order.total == Money(1990_00, "RUB")
    assert not given_up.is_cancelled
    assert order.delivery.price == before.delivery.price
    lines = {one.variant_id: (one.quantity, one.given_up, one.left) for one in order.lines}
    assert lines == {dress: (2, 1, 1), coat: (1, 0, 1)}
    assert order.goods == Money(2 * 1990_00, "RUB")
    assert order.change_number == before.change_number + 1
    assert await left(context, dress) == 4
    assert order.history[-1].kind == "given_up"
    assert order.history[-1].comment == "not found in the shop"
    assert await all_findings(context) == []


async def test_giving_up_again_is_bounded_by_what_is_left(context, shop):
    dress, coat, _ = shop.variants
    placed = await buy(context, (dress, 2), (coat, 1))
    await give_up(context, placed, (dress, 1))
    second = await give_up(context, placed, (dress, 2))
    third = await give_up(context, placed, (dress, 2))
    assert (second.lines, third.lines) == (((dress, ONE),), ())
    assert third.money == Money(0, "RUB")
    (line,) = [one for one in (await order_of(context, placed)).lines if one.variant_id == dress]
    assert (line.amount.minor, line.given_up_minor) == (0, 2 * 1990_00)
    assert await left(context, dress) == 5
    assert await all_findings(context) == []


async def test_everything_given_up_is_a_cancellation(context, shop, bank):
    placed = await buy(context, (shop.variant, 2), payment_method="card")
    await bank.act(placed.redirect_url)
    await follow(context, await settled(context, placed))
    order = await order_of(context, placed)

    given_up = await give_up(context, placed, (shop.variant, 2))
    again = await give_up(context, placed, (shop.variant, 2))

    assert given_up.is_cancelled
    assert again.is_cancelled
    assert (given_up.money, again.money) == (order.total, Money(0, "RUB"))
    assert (await order_of(context, placed)).state is OrderState.CANCELLED
    await settled(context, placed)
    assert bank.payments[0].refunded == order.total.minor
    assert await left(context, shop.variant) == 5
    assert await all_findings(context) == []


async def test_an_order_of_which_only_a_gift_is_left_is_cancelled(context, shop):
    dress, scarf, _ = shop.variants
    placed = await buy(context, (dress, 1), (scarf, 1))
    async with context.database.transaction() as tx:
        await tx.execute(
            "update orders_line set is_gift = true where variant_id = %(id)s", {"id": scarf}
        )
    assert (await give_up(context, placed, (dress, 1))).is_cancelled


@pytest.mark.parametrize(
    "pieces", ["0", "-1", "0.5", "1.001", "3", "9999999999", "NaN", "Infinity"]
)
async def test_what_is_no_whole_number_of_pieces_sold_is_refused(context, shop, pieces):
    placed = await buy(context, (shop.variant, 2))
    before = await order_of(context, placed)
    with pytest.raises(orders.GivenUpInvalid):
        await give_up(context, placed, (shop.variant, pieces))
    assert await order_of(context, placed) == before


async def test_the_same_item_twice_counts_together(context, shop):
    placed = await buy(context, (shop.variant, 2))
    with pytest.raises(orders.GivenUpInvalid):
        await give_up(context, placed, (shop.variant, 2), (shop.variant, 1))


async def test_what_the_order_has_not_cannot_be_given_up(context, shop):
    placed = await buy(context, (shop.variant, 1))
    with pytest.raises(orders.LineNotFound):
        await give_up(context, placed, (shop.variants[1], 1))
    with pytest.raises(orders.OrderNotFound):
        await give_up(context, replace(placed, order_id=orders.OrderId(uuid4())), (uuid4(), 1))


async def test_of_what_has_arrived_nothing_is_given_up(context, shop):
    placed = await buy(context, (shop.variant, 2))
    async with context.database.transaction() as tx:
        await orders.advance(
            tx, order_id=placed.order_id, to=OrderState.DELIVERED, by=By.STAFF, now=NOON
        )
    with pytest.raises(orders.NotReducible):
        await give_up(context, placed, (shop.variant, 1))


async def test_what_was_held_is_taken_only_for_what_is_left(context, shop, bank):
    dress, coat, _ = shop.variants
    async with context.database.transaction() as tx:
        await tx.execute("update payments_method set capture_at_once = false where code = 'card'")
    placed = await buy(context, (dress, 2), (coat, 1), payment_method="card")
    await bank.act(placed.redirect_url)
    await follow(context, await settled(context, placed))
    assert (await order_of(context, placed)).payment_state is PaymentStanding.AUTHORISED

    await give_up(context, placed, (coat, 1))
    async with context.database.transaction() as tx:
        await orders.advance(
            tx, order_id=placed.order_id, to=OrderState.SHIPPED, by=By.STAFF, now=NOON
        )
    await settled(context, placed)

    order = await order_of(context, placed)
    assert bank.payments[0].captured == order.total.minor
    assert bank.payments[0].refunded == 0
    assert await all_findings(context) == []


async def test_after_a_part_has_left_only_the_rest_can_be_given_up(context, shop, bank):
    dress, coat, _ = shop.variants
    placed = await buy(context, (dress, 2), (coat, 1), payment_method="card")
    await bank.act(placed.redirect_url)
    await follow(context, await settled(context, placed))
    async with context.database.transaction() as tx:
        await orders.apply_erp_status(
            tx,
            status=orders.ErpStatus(
                number=placed.number,
                state=orders.ErpState.SHIPPED,
                shipment_number="S-1",
                shipped_at=NOON,
                shipped_lines=((dress, ONE),),
            ),
            now=NOON,
        )

    given_up = await give_up(context, placed, (dress, 2), (coat, 1))

    assert dict(given_up.lines) == {dress: ONE, coat: ONE}
    await settled(context, placed)
    order = await order_of(context, placed)
    there = bank.payments[0]
    assert there.captured - there.refunded == order.total.minor
    assert order.state is OrderState.SHIPPED
    assert await all_findings(context) == []


async def test_giving_up_against_cancelling_ends_in_one_exact_picture(context, shop, bank):
    placed = await buy(context, (shop.variant, 2), payment_method="card")
    await bank.act(placed.redirect_url)
    await follow(context, await settled(context, placed))
    async with context.database.transaction() as tx:
        await orders.cancel_order(tx, order_id=placed.order_id, reason="", by=By.SHOPPER, now=NOON)
        task = asyncio.create_task(give_up(context, placed, (shop.variant, 1)))
        await until_blocked(context.settings.database_url, task)
    assert (await task).is_cancelled
    await settled(context, placed)
    there = bank.payments[0]
    assert there.refunded == there.captured
    assert await all_findings(context) == []


async def test_giving_up_against_giving_up_takes_each_piece_once(context, shop):
    dress, coat, _ = shop.variants
    placed = await buy(context, (dress, 2), (coat, 1))
    first, second, third = await asyncio.gather(
        *(give_up(context, placed, (dress, 1)) for _ in range(3))
    )
    assert sum(len(one.lines) for one in (first, second, third)) == 2
    assert await left(context, dress) == 5
    assert await all_findings(context) == []


async def test_giving_up_while_the_provider_answers_ends_exact(context, shop, bank):
    """The report and the reduction meet at the payment's row, in either order."""
    dress, coat, _ = shop.variants
    placed = await buy(context, (dress, 2), (coat, 1), payment_method="card")
    await bank.act(placed.redirect_url)
    given_up, _ = await asyncio.gather(
        give_up(context, placed, (dress, 1)), settled(context, placed)
    )
    await settled(context, placed)
    order = await order_of(context, placed)
    there = bank.payments[0]
    assert there.captured - there.refunded == order.total.minor
    assert given_up.money.minor == there.refunded
    assert await all_findings(context) == []


async def test_touching_is_news_for_the_erp(context, shop):
    placed = await buy(context, (shop.variant, 1))
    before = await order_of(context, placed)
    async with context.database.transaction() as tx:
        await orders.touch(tx, order_id=placed.order_id, now=NOON)
    assert (await order_of(context, placed)).change_number == before.change_number + 1
    with pytest.raises(orders.OrderNotFound):
        async with context.database.transaction() as tx:
            await orders.touch(tx, order_id=uuid4(), now=NOON)


async def test_an_order_acknowledged_twice_or_invented_changes_nothing_more(context, shop):
    placed = await buy(context, (shop.variant, 1))

    async def acknowledge(order_id):
        async with context.database.transaction() as tx:
            return await orders.mark_exported(
                tx, order_id=order_id, change_number=1, position=7, received_at=NOON, now=NOON
            )

    answers = [await acknowledge(placed.order_id) for _ in range(2)]
    assert answers == [True, False]
    assert not await acknowledge(uuid4())
    assert (await order_of(context, placed)).exported_number == 1
    assert await all_findings(context) == []


async def test_the_erp_giving_up_is_no_news_for_it(context, shop):
    dress, coat, _ = shop.variants
    placed = await buy(context, (dress, 1), (coat, 1))
    before = await order_of(context, placed)
    await give_up(context, placed, (dress, 1), by=By.ERP)
    assert (await order_of(context, placed)).change_number == before.change_number


async def a_deferred_order(context, shop):
    """What checkout makes when a shop is asked first."""
    placed = await buy(context, (shop.variant, 2), payment_method="cash")
    async with context.database.transaction() as tx:
        await tx.execute(
            "update payments_payment set state = 'deferred', provider = 'simulated',"
            " method = 'card'"
        )
        await tx.execute(
            "update orders_order set payment_state = 'deferred', payment_method = 'card'"
        )
    return placed


async def test_a_deferred_order_waits_for_ever_and_once_allowed_only_for_a_time(
    context, shop, bank
):
    placed = await a_deferred_order(context, shop)
    late = context.clock.now() + timedelta(days=2)
    context.clock.advance(timedelta(days=2))
    await cancel_unpaid(context, CancelUnpaidOrders())
    assert (await order_of(context, placed)).state is OrderState.PLACED
    assert bank.payments == []

    await give_up(context, placed, (shop.variant, 1))
    order = await order_of(context, placed)
    async with context.database.transaction() as tx:
        payment = await payments.allow_payment(
            tx,
            subject_kind=orders.SUBJECT,
            subject_id=order.id,
            amount=order.total,
            now=late,
        )
    async with context.database.transaction() as tx:
        await follow_payment(tx, events.allowed(payment), late)
    order = await order_of(context, placed)
    assert order.payment_state is PaymentStanding.AWAITING
    assert order.pay_until is not None
    assert order.pay_until > late
    assert await all_findings(context) == []

    context.clock.advance(order.pay_until - late)
    await cancel_unpaid(context, CancelUnpaidOrders())
    assert (await order_of(context, placed)).state is OrderState.CANCELLED
    assert await left(context, shop.variant) == 5
    assert await all_findings(context) == []


async def test_an_order_whose_hold_ended_has_a_time_to_be_paid_again(context, shop, bank):
    async with context.database.transaction() as tx:
        await tx.execute("update payments_method set capture_at_once = false where code = 'card'")
    bank.move_clock(NOON)
    bank.misbehave(hold_seconds=60, notices=0)
    placed = await buy(context, (shop.variant, 1), payment_method="card")
    await bank.act(placed.redirect_url)
    await follow(context, await settled(context, placed))
    bank.move_clock(NOON + timedelta(minutes=1))

    await follow(context, await settled(context, placed))

    order = await order_of(context, placed)
    assert order.payment_state is PaymentStanding.FAILED
    assert order.pay_until is not None
    assert order.pay_until > NOON
    assert await all_findings(context) == []
