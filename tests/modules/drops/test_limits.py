"""Limits per person: exact under concurrency, by everything a person is known by."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from hansa.contracts.orders import OrderReduced
from hansa.modules import checkout, drops, orders, parties
from hansa.modules.drops.limits import on_reduced
from hansa.modules.drops.rooms import Rooms
from tests.modules.drops.conftest import DropShop
from tests.modules.drops.test_release import fill, place
from tests.support.buying import a_guest, findings, left


async def a_party(shop: DropShop) -> UUID:
    async with shop.context.database.transaction() as tx:
        return await parties.match_or_create(
            tx,
            party=parties.NewParty(
                kind=parties.PartyKind.PERSON, display_name="Anna", language="ru"
            ),
            identifiers=[
                parties.Identifier(kind=parties.IdentifierKind.EMAIL, value=f"{uuid4().hex}@x.org")
            ],
            now=shop.now,
            region="RU",
        )


async def cancel(shop: DropShop, order_id: UUID) -> None:
    async with shop.context.database.transaction() as tx:
        await orders.cancel_order(
            tx,
            order_id=orders.OrderId(order_id),
            reason="changed my mind",
            by=orders.By.SHOPPER,
            now=shop.now,
        )
        await drops.release(tx, order_ids=[order_id], now=shop.now)


async def test_twenty_parallel_orders_of_one_person_become_one(drop_shop: DropShop) -> None:
    await drop_shop.release(opens_at=drop_shop.now, item_limit=1)
    baskets = [await fill(drop_shop, a_guest()) for _ in range(20)]
    before = await left(drop_shop.context, drop_shop.shop.variant)

    results = await asyncio.gather(
        *(place(drop_shop, basket) for basket in baskets), return_exceptions=True
    )

    placed = [one for one in results if isinstance(one, checkout.PlacedOrder)]
    refused = [one for one in results if isinstance(one, drops.LimitReached)]
    assert (len(placed), len(refused)) == (1, 19), results
    assert {(one.limit, one.taken) for one in refused} <= {(1, 1)}
    # What was leased for those who were refused is on sale again.
    assert await left(drop_shop.context, drop_shop.shop.variant) == before - 1
    assert await findings(drop_shop.context) == []
    assert await drop_shop.findings() == []


async def test_the_message_says_the_limit_and_what_one_has(drop_shop: DropShop) -> None:
    await drop_shop.release(opens_at=drop_shop.now, item_limit=2)
    await place(drop_shop, await fill(drop_shop, a_guest()))

    with pytest.raises(drops.LimitReached) as refusal:
        await place(drop_shop, await fill(drop_shop, a_guest(), quantity=2))

    assert str(refusal.value) == "At most 2 per person; you have 1 already."


@pytest.mark.parametrize("limit", [{"item_limit": 1}, {"person_limit": 1}])
async def test_a_person_is_known_by_telephone_however_it_is_written(
    drop_shop: DropShop, limit: dict[str, int]
) -> None:
    await drop_shop.release(opens_at=drop_shop.now, **limit)
    await place(drop_shop, await fill(drop_shop, a_guest()), phone="+7 916 123-45-67")

    with pytest.raises(drops.LimitReached):
        await place(drop_shop, await fill(drop_shop, a_guest()), phone="8(916)1234567")

    other = {"phone": "+79161234568", "email": "other@example.org"}
    await place(drop_shop, await fill(drop_shop, a_guest()), **other)


async def test_one_session_is_one_person_whatever_telephones_it_gives(
    drop_shop: DropShop,
) -> None:
    await drop_shop.release(opens_at=drop_shop.now, person_limit=1)
    first = {"phone": "+79160000001", "email": "a1@example.org"}
    await place(drop_shop, await fill(drop_shop, a_guest()), visitor="browser", **first)

    second = {"phone": "+79160000002", "email": "a2@example.org"}
    with pytest.raises(drops.LimitReached):
        await place(drop_shop, await fill(drop_shop, a_guest()), visitor="browser", **second)


async def test_a_shopper_is_one_person_on_every_device(drop_shop: DropShop) -> None:
    await drop_shop.release(opens_at=drop_shop.now, item_limit=1)
    owner = checkout.Owner(party_id=await a_party(drop_shop))
    await place(drop_shop, await fill(drop_shop, owner), visitor="telephone")

    with pytest.raises(drops.LimitReached):
        await place(drop_shop, await fill(drop_shop, owner), visitor="tablet", phone="+79160000009")


async def test_a_cancelled_order_gives_the_limit_back_once(drop_shop: DropShop) -> None:
    await drop_shop.release(opens_at=drop_shop.now, item_limit=1)
    placed = await place(drop_shop, await fill(drop_shop, a_guest()))

    await cancel(drop_shop, placed.order_id)
    async with drop_shop.context.database.transaction() as tx:
        await drops.release(tx, order_ids=[placed.order_id], now=drop_shop.now)

    await place(drop_shop, await fill(drop_shop, a_guest()))
    with pytest.raises(drops.LimitReached):
        await place(drop_shop, await fill(drop_shop, a_guest()))
    assert await drop_shop.findings() == []


async def test_pieces_the_shop_gives_up_count_no_more(drop_shop: DropShop) -> None:
    await drop_shop.release(opens_at=drop_shop.now, item_limit=2)
    placed = await place(drop_shop, await fill(drop_shop, a_guest(), quantity=2))
    event = OrderReduced(
        order_id=placed.order_id,
        number=placed.number,
        market="ru",
        variant_ids=(drop_shop.shop.variant,),
        quantities=(Decimal(1),),
        currency="RUB",
        reduced_minor=199_000,
        total_minor=229_000,
        reason="not found",
        reduced_at=drop_shop.now,
    )

    async with drop_shop.context.database.transaction() as tx:
        await on_reduced(tx, [event], drop_shop.now)

    await place(drop_shop, await fill(drop_shop, a_guest()))
    with pytest.raises(drops.LimitReached):
        await place(drop_shop, await fill(drop_shop, a_guest()))
    await cancel(drop_shop, placed.order_id)
    assert await drop_shop.findings() == []


async def test_the_limit_of_a_product_goes_before_that_of_the_drop(drop_shop: DropShop) -> None:
    item = drops.DropItem(product_id=drop_shop.product_id, item_limit=3)
    await drop_shop.release(opens_at=drop_shop.now, item_limit=1, items=(item,))

    await place(drop_shop, await fill(drop_shop, a_guest(), quantity=3))

    with pytest.raises(drops.LimitReached):
        await place(drop_shop, await fill(drop_shop, a_guest()))


async def test_whoever_was_let_in_finishes_though_the_seat_went_to_the_next(
    drop_shop: DropShop,
) -> None:
    drop = await drop_shop.release(opens_at=drop_shop.now, capacity=1)
    rooms = drop_shop.context.service(Rooms)
    await rooms.enter(drop, session="slow", token="", now=drop_shop.now)
    basket = await fill(drop_shop, a_guest())
    stranger = await fill(drop_shop, a_guest())
    await rooms.leave(drop, session="slow", now=drop_shop.now)
    await rooms.enter(drop, session="next", token="", now=drop_shop.now)

    await place(drop_shop, basket, visitor="slow")

    with pytest.raises(drops.InLine):
        await place(drop_shop, stranger, visitor="stranger")
    other = {"phone": "+79160000002", "email": "a2@example.org"}
    assert (await rooms.enter(drop, session="next", token="", now=drop_shop.now)).is_inside
    await place(drop_shop, stranger, visitor="next", **other)


async def test_an_order_gives_the_seat_to_the_next(drop_shop: DropShop) -> None:
    drop = await drop_shop.release(opens_at=drop_shop.now, capacity=1)
    rooms = drop_shop.context.service(Rooms)
    await rooms.enter(drop, session="first", token="", now=drop_shop.now)
    waiting = await rooms.enter(drop, session="second", token="", now=drop_shop.now)
    assert waiting.ahead == 0

    await place(drop_shop, await fill(drop_shop, a_guest()), visitor="first")

    await drop_shop.look_round()
    again = await rooms.enter(drop, session="second", token=waiting.token, now=drop_shop.now)
    assert again.is_inside
    assert await drop_shop.findings() == []


async def test_checks_find_a_counter_that_is_wrong(drop_shop: DropShop) -> None:
    await drop_shop.release(opens_at=drop_shop.now, item_limit=1)
    await place(drop_shop, await fill(drop_shop, a_guest()))
    async with drop_shop.context.database.transaction() as tx:
        await tx.execute("update drops_taken set taken = taken + 1")

    found = await drop_shop.findings()

    assert found
    assert all("drops.counters" in one for one in found)
