"""How many statements the pages of the shop make, however many rows they show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
import pytest_asyncio

from hansa.modules import catalog, pricing, search, stock
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from hansa.runtime.settings import Settings
from tests.support.http import application
from tests.support.shop import Shop, a_shop

# Whose session it is, then what is shown, with its prices and stock of now. The menu, price
# profiles, names of shops, ways of delivery and related goods are kept for some seconds.
SESSION = 1
PINNED = {
    "/ru/": SESSION + 1,
    "/ru/c/dresses": SESSION + 1,
    "/ru/search?sort=price&in_stock=1": SESSION + 1,
    "/ru/p/first": SESSION + 2,  # the product, then what each shop has of its variants
}
CATEGORY = UUID(int=7)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the statements this test's own requests send; what runs beside them does not count."""
    seen: list[str] = []
    execute = psycopg.AsyncCursor.execute

    async def noted(self: Any, query: Any, *given: Any, **named: Any) -> Any:
        task = asyncio.current_task()
        assert task is not None
        if task.get_name() == "shopper":
            seen.append(str(query))
        return await execute(self, query, *given, **named)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", noted)
    return seen


@pytest_asyncio.fixture(loop_scope="session")
async def shop(committing: Database, now: datetime) -> Shop:
    async with committing.transaction() as tx:
        made = await a_shop(tx, now=now)
        category = catalog.Category(id=CATEGORY, name={"ru": "Платья"}, slug="dresses")
        await catalog.save_categories(tx, categories=[category], now=now)
    await add_products(committing, made, ["first", "second"], variants=2, now=now)
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def browser(
    settings: Settings, committing: Database, clock: FixedClock, shop: Shop
) -> AsyncIterator[httpx.AsyncClient]:
    del shop
    async with (
        application(settings, committing, clock=clock) as site,
        site.client(keyed=False) as client,
    ):
        yield client


async def add_products(
    database: Database, shop: Shop, slugs: list[str], *, variants: int, now: datetime
) -> None:
    """Put products on sale in a warehouse and a shop, and let the shop's pages know them."""
    products = [
        catalog.Product(id=uuid4(), name={"ru": slug}, slug=slug, category_ids=(CATEGORY,))
        for slug in slugs
    ]
    sold = [
        catalog.Variant(
            id=uuid4(),
            product_id=product.id,
            sku=f"{product.slug}-{number}",
            options={"size": {"ru": str(40 + number)}},
        )
        for product in products
        for number in range(variants)
    ]
    async with database.transaction() as tx:
        await catalog.save_products(tx, products=products, now=now)
        await catalog.save_variants(tx, variants=sold, now=now)
        prices = [
            pricing.Price(price_list_id=shop.price_list, variant_id=one.id, amount=Decimal(990))
            for one in sold
        ]
        await pricing.set_prices(tx, prices=prices, now=now)
        levels = [
            stock.Level(warehouse_id=place, variant_id=one.id, on_hand=Decimal(2), as_of=now)
            for place in (shop.central, shop.corner)
            for one in sold
        ]
        await stock.set_levels(tx, source="1c", levels=levels, now=now)
    await search.rebuild(database, now=now)


async def count_statements(browser: httpx.AsyncClient, path: str, statements: list[str]) -> int:
    """Give the fewest statements of three views: the first fills what is kept for seconds."""
    counts = []
    for _ in range(3):
        statements.clear()
        page = await asyncio.create_task(browser.get(path), name="shopper")
        assert page.status_code == 200, page.text[:500]
        counts.append(len(statements))
    return min(counts)


async def test_a_page_makes_a_fixed_number_of_statements(
    browser: httpx.AsyncClient,
    statements: list[str],
    committing: Database,
    shop: Shop,
    now: datetime,
) -> None:
    few = {path: await count_statements(browser, path, statements) for path in PINNED}

    await add_products(
        committing, shop, [f"more-{number}" for number in range(30)], variants=12, now=now
    )
    many = {path: await count_statements(browser, path, statements) for path in PINNED}

    assert few == PINNED
    assert many == PINNED
    assert await count_statements(browser, "/ru/p/more-0", statements) == PINNED["/ru/p/first"]
