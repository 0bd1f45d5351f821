"""The shop's JSON API over HTTP."""

from collections.abc import AsyncIterator
from datetime import datetime

import httpx
import pytest_asyncio

from hansa.modules import catalog, search
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from hansa.runtime.settings import Settings
from tests.support.catalogue import SmallShop, a_small_shop
from tests.support.http import application


@pytest_asyncio.fixture(loop_scope="session")
async def client(
    committing: Database, settings: Settings, clock: FixedClock
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a shop with three coats and a dress, in the market `ru`."""
    now = clock.now()
    async with committing.transaction() as tx:
        shop: SmallShop = await a_small_shop(tx, now=now)
        for n in range(3):
            await shop.add(tx, f"Пальто {n}", price=str(100 + n), colours=["чёрный", "красный"])
        await shop.add(tx, "Платье", english="Dress", category=shop.dresses, pieces=0)
    await search.rebuild(committing, now=now)
    headers = {"Hansa-Market": "ru", "Accept-Language": "ru"}
    async with (
        application(settings, committing, clock=clock) as site,
        site.client(headers=headers) as lent,
    ):
        yield lent


async def test_listing_over_http(client: httpx.AsyncClient) -> None:
    answer = await client.get(
        "/api/v1/catalog/items",
        params={"category": "palto", "sort": "price", "limit": 2, "filter": "colour:krasnyi"},
    )

    body = answer.json()
    assert answer.status_code == 200, body
    assert [item["name"] for item in body["items"]] == ["Пальто 0", "Пальто 1"]
    assert body["items"][0]["price_minor"] == 10_000
    assert body["items"][0]["available"] == 10
    assert (body["total"], body["currency"], body["previous"]) == (3, "RUB", None)

    following = await client.get(
        "/api/v1/catalog/items",
        params={
            "category": "palto", "sort": "price", "limit": 2, "filter": "colour:krasnyi",
            "after": body["next"],
        },
    )  # fmt: skip
    assert [item["name"] for item in following.json()["items"]] == ["Пальто 2"]


async def test_cursor_of_another_order_is_refused(client: httpx.AsyncClient) -> None:
    first = await client.get("/api/v1/catalog/items", params={"sort": "price", "limit": 1})

    wrong = await client.get(
        "/api/v1/catalog/items", params={"sort": "new", "after": first.json()["next"]}
    )

    assert wrong.status_code == 400
    assert wrong.json()["code"] == "paging.cursor_invalid"


async def test_product_over_http_and_its_former_address(
    client: httpx.AsyncClient, committing: Database, now: datetime
) -> None:
    page = (await client.get("/api/v1/catalog/items/palto-0")).json()
    assert [variant["price_minor"] for variant in page["variants"]] == [10_000, 10_000]
    assert page["variants"][0]["options"] == {"colour": "chernyi", "size": "m"}

    async with committing.transaction() as tx:
        found = await catalog.get_product_by_slug(tx, slug="palto-0")
        product = found.product
        await catalog.save_products(
            tx,
            products=[
                catalog.Product(
                    id=product.id,
                    name=product.name,
                    slug="new-name",
                    category_ids=product.category_ids,
                    created_at=product.created_at,
                )
            ],
            now=now,
        )
        await search.project_products(tx, product_ids=[product.id], now=now)

    moved = await client.get("/api/v1/catalog/items/palto-0")

    assert (moved.status_code, moved.json()["slug"]) == (200, "new-name")
    assert (await client.get("/api/v1/catalog/items/nothing")).status_code == 404


async def test_suggestions_and_tree_over_http(client: httpx.AsyncClient) -> None:
    suggested = (await client.get("/api/v1/catalog/suggestions", params={"q": "паль"})).json()
    tree = (await client.get("/api/v1/catalog/categories")).json()

    assert len(suggested["products"]) == 3
    assert [branch["slug"] for branch in suggested["branches"]] == ["palto"]
    assert [(each["slug"], each["count"]) for each in tree["items"]] == [
        ("odezhda", 4), ("palto", 3), ("platia", 1),
    ]  # fmt: skip


async def test_wrong_parameters_are_told(client: httpx.AsyncClient) -> None:
    for wrong in (
        "limit=0",
        "sort=best",
        "price_from=-1",
        "after=x",
        "category=%00",
        "q=%FF",
        "price_to=1e99",
    ):
        answer = await client.get(f"/api/v1/catalog/items?{wrong}")
        assert answer.status_code in {400, 404}, (wrong, answer.text)


async def test_answers_have_the_shape_the_documentation_says(client: httpx.AsyncClient) -> None:
    document = (await client.get("/api/openapi.json")).json()
    answer = document["paths"]["/api/v1/catalog/items"]["get"]["responses"]["200"]
    name = answer["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
    listing = (await client.get("/api/v1/catalog/items")).json()

    assert set(document["components"]["schemas"][name]["properties"]) == set(listing)
