"""A drop opens at its second: nobody sees or buys before, everybody does from then on."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest

from hansa.modules import checkout, drops, pricing, search
from tests.modules.drops.conftest import MOMENT, DropShop
from tests.support.buying import a_guest
from tests.support.shop import details

HOUR = timedelta(hours=1)


async def listed(shop: DropShop) -> list[str]:
    """Give the slugs of everything in the listing."""
    profile = await shop.context.service(pricing.Profiles).of(market="ru", party_id=None)
    listing = await search.list_items(
        shop.context.service(search.Shelf),
        query=search.ListingQuery(profile_id=profile.id, language="ru", sort=search.Sort.NEW),
    )
    assert len(listing.items) == listing.overview.total
    return [card.text.slug for card in listing.items]


async def add(client: httpx.AsyncClient, shop: DropShop, **headers: str) -> httpx.Response:
    return await client.post(
        "/api/v1/basket/lines",
        json={"variant_id": str(shop.shop.variant), "quantity": "1"},
        headers=headers,
    )


async def test_everything_opens_at_the_second_and_not_a_microsecond_before(
    drop_shop: DropShop,
) -> None:
    await drop_shop.release(opens_at=drop_shop.now + HOUR)
    page = f"/api/v1/catalog/items/{drop_shop.slug}"
    async with drop_shop.site.client() as client:
        token = {"X-Basket-Token": uuid4().hex}
        drop_shop.clock.advance(HOUR - MOMENT)

        assert await listed(drop_shop) == []
        assert (await client.get(page)).status_code == 404
        assert drop_shop.slug not in (await client.get("/sitemap.xml")).text
        assert (await client.get("/api/v1/catalog/suggestions?q=плат")).json()["products"] == []
        refused = await add(client, drop_shop, **token)
        assert (refused.status_code, refused.json()["code"]) == (422, "drops.not_open_yet")
        assert refused.json()["data"]["opens_at"] == "2026-11-21T13:00:00Z"

        drop_shop.clock.advance(MOMENT)

        assert await listed(drop_shop) == [drop_shop.slug]
        assert (await client.get(page)).status_code == 200
        assert drop_shop.slug in (await client.get("/sitemap.xml")).text
        assert (await add(client, drop_shop, **token)).status_code == 201


async def test_a_drop_closes_at_its_second_unless_the_goods_stay(drop_shop: DropShop) -> None:
    drop = await drop_shop.release(
        opens_at=drop_shop.now, closes_at=drop_shop.now + HOUR, capacity=5
    )
    drop_shop.clock.advance(HOUR - MOMENT)
    assert await listed(drop_shop) == [drop_shop.slug]

    drop_shop.clock.advance(MOMENT)

    assert await listed(drop_shop) == []
    await drop_shop.save(drop, stays_on_sale=True)
    assert await listed(drop_shop) == [drop_shop.slug]


async def test_goods_in_a_basket_before_the_drop_was_made_cannot_be_ordered_until_it_opens(
    drop_shop: DropShop,
) -> None:
    basket_id = await fill(drop_shop, a_guest())
    await drop_shop.release(opens_at=drop_shop.now + HOUR)

    with pytest.raises(drops.NotOpenYet) as refusal:
        await place(drop_shop, basket_id)

    assert refusal.value.opens_at == drop_shop.now + HOUR
    drop_shop.clock.advance(HOUR)
    assert (await place(drop_shop, basket_id)).number


async def test_nobody_can_give_goods_to_two_drops(drop_shop: DropShop) -> None:
    await drop_shop.release()

    with pytest.raises(drops.ProductTaken) as refusal:
        await drop_shop.release(code="spring")

    assert refusal.value.other == "winter"


async def test_goods_taken_out_of_a_drop_are_on_sale(drop_shop: DropShop) -> None:
    drop = await drop_shop.release()
    assert await listed(drop_shop) == []

    await drop_shop.save(drop, items=())

    assert await listed(drop_shop) == [drop_shop.slug]


async def test_programs_learn_their_place(drop_shop: DropShop) -> None:
    await drop_shop.release(opens_at=drop_shop.now, capacity=1)
    first, second, nobody = ({"X-Basket-Token": uuid4().hex}, {"X-Basket-Token": uuid4().hex}, {})
    async with drop_shop.site.client() as client:
        url = "/api/v1/drops/winter/place"
        assert (await client.get(url, headers=first)).json()["is_inside"]

        waiting = await client.get(url, headers=second)

        assert waiting.status_code == 503
        assert int(waiting.headers["Retry-After"]) >= 1
        assert waiting.headers["content-type"].startswith("application/problem+json")
        assert waiting.json()["data"]["place"] == 1
        refused = await add(client, drop_shop, **second)
        assert (refused.status_code, refused.json()["code"]) == (503, "drops.in_line")
        assert (await add(client, drop_shop, **first)).status_code == 201
        client.cookies.clear()
        assert (await client.get(url, headers=nobody)).status_code == 503
        client.cookies.clear()
        assert (await client.delete(url, headers=first)).status_code == 204
        await drop_shop.look_round()
        assert (await client.get(url, headers=second)).json()["is_inside"]


async def test_a_drop_of_another_market_lets_others_buy_without_a_line(
    drop_shop: DropShop,
) -> None:
    await drop_shop.release(opens_at=drop_shop.now, capacity=1, markets=("kz",), item_limit=1)
    async with drop_shop.site.client() as client:
        assert (await client.get("/api/v1/drops")).json() == {"items": []}
        for _ in range(2):
            answer = await add(client, drop_shop, **{"X-Basket-Token": uuid4().hex})
            assert answer.status_code == 201


async def fill(shop: DropShop, owner: checkout.Owner, quantity: int = 1) -> checkout.BasketId:
    profile = await shop.context.service(pricing.Profiles).of(market="ru", party_id=owner.party_id)
    async with shop.context.database.transaction() as tx:
        return await checkout.add_line(
            tx,
            owner=owner,
            market="ru",
            variant_id=shop.shop.variant,
            quantity=Decimal(quantity),
            profile=profile,
            now=shop.now,
        )


async def place(
    shop: DropShop, basket_id: checkout.BasketId, *, visitor: str | None = None, **form: object
) -> checkout.PlacedOrder:
    return await checkout.place(
        shop.context,
        basket_id=basket_id,
        details=details(**form),
        key=uuid4().hex,
        language="ru",
        now=shop.now,
        visitor=visitor,
    )
