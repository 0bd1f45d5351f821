"""Placing makes an order of a basket, once, for what was shown and is there."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from hansa.kernel.money import Money
from hansa.modules import checkout, orders, parties, payments, pricing, stock
from tests.conftest import NOON
from tests.support.buying import a_guest, all_orders, buy, fill, findings, left, place, view
from tests.support.shop import details, put_stock, set_price


async def order_of(context, placed):
    async with context.database.snapshot() as snap:
        return await orders.get_order(snap, order_id=placed.order_id)


async def test_a_basket_becomes_an_order_with_its_goods_set_aside(context, shop):
    guest = a_guest()
    basket_id = await fill(context, guest, (shop.variant, 2))

    placed = await place(context, basket_id)

    order = await order_of(context, placed)
    assert order.number.startswith("RU-")
    assert order.state == "placed"
    assert order.payment_state == "due"
    assert order.total == placed.total == Money(4280_00, "RUB")
    assert order.lines[0].amount == Money(3980_00, "RUB")
    assert order.recipient.phone == "+79161234567"
    assert order.delivery.address is not None
    assert order.delivery.address.city == "Москва"
    assert await left(context, shop.variant) == 3
    assert (await view(context, guest)).is_empty
    async with context.database.snapshot() as snap:
        reservation = await stock.get_reservation(snap, order_id=placed.order_id)
        assert reservation is not None
        assert reservation.state == "ordered"
        party = await parties.get_party(snap, party_id=order.party_id)
        assert party.display_name == "Анна Иванова"
        found = await orders.get_order_by_token(
            snap, token=placed.token, secret=context.settings.secret_key.reveal()
        )
    assert found.id == order.id
    assert await findings(context) == []


async def test_the_same_person_is_one_party_over_two_orders(context, shop):
    first = await buy(context, (shop.variant, 1))
    second = await buy(context, (shop.variant, 1), phone="+7 916 123-45-67", email="")

    assert (await order_of(context, first)).party_id == (await order_of(context, second)).party_id


async def test_a_made_up_token_opens_nothing(context, shop):
    placed = await buy(context, (shop.variant, 1))
    secret = context.settings.secret_key.reveal()

    for token in ("", "x", placed.token[:-1] + ("A" if placed.token[-1] != "A" else "B"), "é" * 9):
        async with context.database.snapshot() as snap:
            with pytest.raises(orders.OrderNotFound):
                await orders.get_order_by_token(snap, token=token, secret=secret)


async def test_another_spelling_of_a_token_opens_nothing(context, shop):
    placed = await buy(context, (shop.variant, 1))
    # Of the last letter's six bits two stand for nothing.
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = placed.token[:-1] + letters[letters.index(placed.token[-1]) ^ 1]

    async with context.database.snapshot() as snap:
        with pytest.raises(orders.OrderNotFound):
            await orders.get_order_by_token(
                snap, token=other, secret=context.settings.secret_key.reveal()
            )


async def test_a_double_click_makes_one_order(context, shop):
    basket_id = await fill(context, a_guest(), (shop.variant, 1))

    answers = await asyncio.gather(*(place(context, basket_id, key="one form") for _ in range(8)))

    assert len({answer.number for answer in answers}) == 1
    assert len(await all_orders(context)) == 1
    assert await left(context, shop.variant) == 4
    again = await place(context, basket_id, key="one form")
    assert again.is_repeat
    assert again.number == answers[0].number
    assert again.token == answers[0].token
    assert await findings(context) == []


async def test_two_forms_for_one_basket_make_one_order(context, shop):
    basket_id = await fill(context, a_guest(), (shop.variant, 1))

    answers = await asyncio.gather(
        *(place(context, basket_id) for _ in range(5)), return_exceptions=True
    )

    placed = [answer for answer in answers if isinstance(answer, checkout.PlacedOrder)]
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert len(placed) == 1
    assert {type(one) for one in refused} <= {checkout.BasketChanged, checkout.BasketEmpty}
    assert await left(context, shop.variant) == 4
    assert await findings(context) == []


async def test_five_hundred_buyers_of_five_pieces_make_five_orders(context, shop):
    baskets = [await fill(context, a_guest(), (shop.variant, 1)) for _ in range(500)]

    answers = await asyncio.gather(
        *(place(context, basket_id) for basket_id in baskets), return_exceptions=True
    )

    placed = [answer for answer in answers if isinstance(answer, checkout.PlacedOrder)]
    refused = [answer for answer in answers if isinstance(answer, stock.OutOfStock)]
    assert [one for one in answers if one not in placed and one not in refused] == []
    assert len(placed) == 5
    assert len(refused) == 495
    assert all(one.short[0].variant_id == shop.variant for one in refused)
    assert all(one.short[0].available == 0 for one in refused)
    assert len({one.number for one in placed}) == 5
    assert await left(context, shop.variant) == 0
    assert await findings(context) == []


async def test_out_of_stock_says_what_lacks_and_keeps_the_basket(context, shop):
    guest = a_guest()
    basket_id = await fill(context, guest, (shop.variants[0], 1), (shop.variants[1], 7))

    with pytest.raises(stock.OutOfStock) as refusal:
        await place(context, basket_id, key="k")

    assert refusal.value.short == ((shop.variants[1], 7, 5),)
    assert (await view(context, guest)).item_count == 8
    assert await left(context, shop.variants[0]) == 5
    await fill(context, guest, (shop.variants[2], 1))
    async with context.database.transaction() as tx:
        await checkout.remove_line(
            tx, owner=guest, market="ru", variant_id=shop.variants[1], now=NOON
        )
    placed = await place(context, basket_id, key="k")
    assert placed.number, "the same form may be sent again once the basket is another"


async def test_another_total_than_was_shown_must_be_confirmed(context, shop):
    guest = a_guest()
    basket_id = await fill(context, guest, (shop.variant, 1))
    async with context.database.transaction() as tx:
        await set_price(tx, shop, shop.variant, "2500", now=NOON)

    async def with_total(minor):
        return await checkout.place(
            context,
            basket_id=basket_id,
            details=details(),
            key="k",
            expected_total=Money(minor, "RUB"),
            language="ru",
            now=NOON,
        )

    with pytest.raises(checkout.TotalChanged) as refusal:
        await with_total(2290_00)
    assert refusal.value.total_minor == 2800_00
    assert await all_orders(context) == []

    assert (await with_total(2800_00)).total == Money(2800_00, "RUB")


async def test_a_basket_changed_while_placing_is_not_ordered(context, shop, monkeypatch):
    guest = a_guest()
    basket_id = await fill(context, guest, (shop.variant, 1))
    reserver = context.service(stock.Reserver)
    hold = reserver.hold

    async def hold_while_another_window_adds(wish):
        held = await hold(wish)
        await fill(context, guest, (shop.variants[1], 1))
        return held

    monkeypatch.setattr(reserver, "hold", hold_while_another_window_adds)
    with pytest.raises(checkout.BasketChanged):
        await place(context, basket_id)
    monkeypatch.undo()

    assert await all_orders(context) == []
    assert await left(context, shop.variant) == 5, "the lease was given back"
    assert (await view(context, guest)).item_count == 2


async def test_dying_between_lease_and_order_loses_nothing(context, shop, clock, monkeypatch):
    guest = a_guest()
    basket_id = await fill(context, guest, (shop.variant, 5))
    reserver = context.service(stock.Reserver)
    hold = reserver.hold

    async def hold_and_die(wish):
        await hold(wish)
        raise ConnectionAbortedError

    monkeypatch.setattr(reserver, "hold", hold_and_die)
    with pytest.raises(ConnectionAbortedError):
        await place(context, basket_id, key="k")
    monkeypatch.undo()
    assert await left(context, shop.variant) == 0

    now = clock.advance(timedelta(minutes=16))
    async with context.database.transaction() as tx:
        await stock.expire_holds(tx, now=now)
    assert await left(context, shop.variant) == 5
    placed = await place(context, basket_id, key="k", now=now)

    assert placed.number, "the first lease has ended, so a second one was taken"
    assert await left(context, shop.variant) == 0
    assert await findings(context) == []


async def test_coming_back_before_the_lease_ends_uses_the_same_lease(context, shop, monkeypatch):
    basket_id = await fill(context, a_guest(), (shop.variant, 5))
    reserver = context.service(stock.Reserver)
    hold = reserver.hold

    async def hold_and_die(wish):
        await hold(wish)
        raise ConnectionAbortedError

    monkeypatch.setattr(reserver, "hold", hold_and_die)
    with pytest.raises(ConnectionAbortedError):
        await place(context, basket_id, key="k")
    monkeypatch.undo()

    assert (await place(context, basket_id, key="k")).number
    assert await findings(context) == []


async def test_an_old_form_sent_again_does_not_order_the_new_basket(context, shop):
    guest = a_guest()
    basket_id = await fill(context, guest, (shop.variant, 1))
    first = await place(context, basket_id, key="k")
    await fill(context, guest, (shop.variants[1], 1))

    again = await place(context, basket_id, key="k")

    assert again.number == first.number
    assert len(await all_orders(context)) == 1
    assert (await view(context, guest)).item_count == 1
    assert await left(context, shop.variants[1]) == 5
    assert await findings(context) == []


async def test_an_empty_basket_is_not_ordered(context):
    with pytest.raises(checkout.BasketEmpty):
        await place(context, uuid4())


async def test_what_is_no_longer_on_sale_is_told(context, shop):
    basket_id = await fill(context, a_guest(), (shop.variant, 1))
    async with context.database.transaction() as tx:
        await pricing.remove_prices(
            tx, keys=[pricing.PriceKey(shop.price_list, shop.variant)], now=NOON
        )

    with pytest.raises(checkout.ItemsGone) as refusal:
        await place(context, basket_id)
    assert refusal.value.variant_ids == (shop.variant,)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"recipient_name": " "}, "recipient_name"),
        ({"phone": ""}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"email": "nonsense"}, "email"),
        ({"delivery_method": "rocket"}, "delivery_method"),
        ({"address": checkout.Address(city="Москва", street="Мясницкая")}, "address.house"),
        ({"delivery_method": "pickup"}, "warehouse_id"),
        ({"delivery_method": "pickup", "warehouse_id": uuid4()}, "warehouse_id"),
        ({"payment_method": ""}, "payment_method"),
        ({"payment_method": "shells"}, "payment_method"),
        ({"accepts_terms": False}, "accepts_terms"),
        ({"comment": "x" * 2001}, "comment"),
    ],
)
async def test_a_form_that_lacks_something_is_told_where(context, shop, form, field):
    basket_id = await fill(context, a_guest(), (shop.variant, 1))

    with pytest.raises(checkout.DetailsInvalid) as refusal:
        await place(context, basket_id, **form)

    assert [problem.field for problem in refusal.value.problems] == [field]
    assert await left(context, shop.variant) == 5


async def test_picking_up_needs_the_goods_in_that_shop(context, shop):
    guest = a_guest()
    basket_id = await fill(context, guest, (shop.variant, 1))
    form = {"delivery_method": "pickup", "warehouse_id": shop.corner}
    async with context.database.snapshot() as snap:
        [corner] = await checkout.list_pickup_shops(snap, market="ru", lines=[(shop.variant, 1)])
    assert not corner.has_all
    with pytest.raises(stock.OutOfStock):
        await place(context, basket_id, **form)

    async with context.database.transaction() as tx:
        await put_stock(tx, shop.corner, shop.variant, 1, now=NOON)
    await fill(context, guest, (shop.variants[1], 1))
    async with context.database.transaction() as tx:
        await checkout.remove_line(
            tx, owner=guest, market="ru", variant_id=shop.variants[1], now=NOON
        )
    placed = await place(context, basket_id, **form)

    order = await order_of(context, placed)
    assert order.delivery.warehouse_id == shop.corner
    assert order.delivery.address is None
    assert order.total == Money(1990_00, "RUB")
    assert await findings(context) == []


async def test_paying_by_card_leads_to_the_page_and_back(context, shop, bank):
    placed = await buy(context, (shop.variant, 1), payment_method="card")
    assert placed.redirect_url is not None
    assert (await order_of(context, placed)).payment_state == "awaiting"

    answer = await bank.act(placed.redirect_url)
    assert answer is not None
    assert answer.headers["location"].endswith(f"/ru/orders/{placed.token}")
    paid = await payments.refresh_payment(context, payment_id=placed.payment_id)

    assert paid.state == "captured"


async def test_an_acquirer_that_does_not_answer_does_not_stop_the_order(context, shop, bank):
    bank.misbehave(fail=100, notices=0)
    basket_id = await fill(context, a_guest(), (shop.variant, 1))

    placed = await place(context, basket_id, key="k", payment_method="card")
    assert placed.number
    assert placed.redirect_url is None
    assert placed.needs_page

    bank.misbehave(notices=0)
    again = await place(context, basket_id, key="k", payment_method="card")
    assert again.order_id == placed.order_id
    assert again.redirect_url is not None
