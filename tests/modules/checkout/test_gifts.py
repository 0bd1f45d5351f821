"""Gifts: in the basket, in the order, and never in the order's way."""

from __future__ import annotations

from uuid import uuid4

from hansa.kernel.money import Money
from hansa.modules import orders, promotions
from tests.conftest import NOON
from tests.support.buying import a_guest, fill, findings, left, place, view


async def a_gift(context, variant_id, *, minimum=2_000_00, code="scarf"):
    gift = promotions.GiftSet(
        id=uuid4(),
        code=code,
        market="ru",
        name={"ru": "Шарф", "en": "A scarf"},
        minimum=Money(minimum, "RUB"),
        items=(promotions.GiftItem(variant_id=variant_id),),
    )
    async with context.database.transaction() as tx:
        await promotions.save_gift_sets(tx, gift_sets=[gift], by=None, now=NOON)


async def order_of(context, placed):
    async with context.database.snapshot() as snap:
        return await orders.get_order(snap, order_id=placed.order_id)


async def test_a_basket_says_what_lacks_to_a_gift_and_then_has_it(context, shop):
    await a_gift(context, shop.variants[1])
    guest = a_guest()

    await fill(context, guest, (shop.variant, 1))
    below = (await view(context, guest)).gift
    await fill(context, guest, (shop.variant, 1))
    above = await view(context, guest)

    assert (below.lines, below.missing) == ((), Money(10_00, "RUB"))
    assert [line.variant_id for line in above.gift.lines] == [shop.variants[1]]
    assert above.gift.missing is None
    assert above.totals.goods == Money(3980_00, "RUB")


async def test_the_gift_is_in_the_order_for_nothing_and_its_piece_is_set_aside(context, shop):
    await a_gift(context, shop.variants[1])
    basket_id = await fill(context, a_guest(), (shop.variant, 2))

    placed = await place(context, basket_id)

    order = await order_of(context, placed)
    assert [(line.variant_id, line.is_gift, line.amount.minor) for line in order.lines] == [
        (shop.variant, False, 3980_00),
        (shop.variants[1], True, 0),
    ]
    assert order.total == Money(4280_00, "RUB")
    assert await left(context, shop.variants[1]) == 4
    assert await findings(context) == []


async def test_a_gift_of_the_very_thing_bought_is_a_line_of_its_own(context, shop):
    await a_gift(context, shop.variant)
    basket_id = await fill(context, a_guest(), (shop.variant, 2))

    placed = await place(context, basket_id)

    order = await order_of(context, placed)
    assert [(line.quantity, line.is_gift) for line in order.lines] == [(2, False), (1, True)]
    assert await left(context, shop.variant) == 2
    assert await findings(context) == []


async def test_an_order_does_not_fail_for_want_of_its_gift(context, shop):
    await a_gift(context, shop.variants[1])
    async with context.database.transaction() as tx:
        await tx.execute(
            "update stock_counter set sellable = 0 where variant_id = %(id)s",
            {"id": shop.variants[1]},
        )
    basket_id = await fill(context, a_guest(), (shop.variant, 2))

    placed = await place(context, basket_id, key="once")
    again = await place(context, basket_id, key="once")

    order = await order_of(context, placed)
    assert [line.is_gift for line in order.lines] == [False]
    assert (again.order_id, again.is_repeat) == (placed.order_id, True)


async def test_all_five_pieces_can_be_bought_though_one_would_be_the_gift(context, shop):
    await a_gift(context, shop.variant)
    basket_id = await fill(context, a_guest(), (shop.variant, 5))

    order = await order_of(context, await place(context, basket_id))

    assert [line.quantity for line in order.lines] == [5]
    assert await left(context, shop.variant) == 0
