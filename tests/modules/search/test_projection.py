"""The projection follows its sources and says when it does not; a page is one statement."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from hansa.contracts.catalog import CatalogChanged
from hansa.contracts.pricing import PricesChanged
from hansa.contracts.stock import StockChanged
from hansa.modules import catalog, pricing, search
from hansa.modules.search.checks import check_order, check_sources
from hansa.modules.search.subscribers import on_products, on_stock, on_tree
from hansa.runtime.database import Snapshot
from tests.modules.search.conftest import Shop


async def findings(shop: Shop) -> list[str]:
    """What the checks find once no event is on its way."""
    async with shop.database.transaction() as tx:
        await tx.execute("delete from outbox_event")
    async with shop.database.snapshot() as snap:
        found = [*await check_sources(snap), *await check_order(snap)]
    return [each.message for each in found]


async def test_events_twice_and_in_any_order_leave_what_the_sources_say(shop: Shop) -> None:
    product_id = await shop.add("Пальто", sizes=["S", "M"], partner_price="50")
    await shop.project()
    now = shop.clock.now()
    async with shop.database.transaction() as tx:
        variants = (await catalog.get_variants_of_products(tx, product_ids=[product_id]))[
            product_id
        ]
        await catalog.save_variants(tx, variants=[replace(variants[0], is_active=False)], now=now)
        await shop.built.price(tx, variants[1:], "77")
        await shop.built.put(tx, {variants[1].id: 9}, minutes=1)
    assert await findings(shop)

    ids = tuple(variant.id for variant in variants)
    for _ in range(2):
        async with shop.database.transaction() as tx:
            await on_stock(tx, [StockChanged(channel="ru", variant_ids=ids)] * 2, now)
            await on_products(
                tx,
                [
                    PricesChanged(market="ru", variant_ids=ids),
                    CatalogChanged(product_ids=(product_id,)),
                ],
                now,
            )

    assert await findings(shop) == []
    await shop.shelf.keeper.follow()
    (card,) = (await shop.listing()).items
    assert (card.price_minor, card.available_thousandths) == (7_700, 9_000)


async def test_what_events_on_their_way_will_change_is_no_finding(shop: Shop) -> None:
    await shop.add("Пальто")
    await shop.project()
    await shop.add("Шарф")

    async with shop.database.snapshot() as snap:
        while_on_its_way = await check_sources(snap)

    assert while_on_its_way == []
    assert await findings(shop) != []


async def test_deleted_product_is_forgotten(shop: Shop) -> None:
    product_id = await shop.add("Пальто")
    await shop.project()
    async with shop.database.transaction() as tx:
        await catalog.archive_products(tx, product_ids=[product_id], now=shop.clock.now())
        await tx.execute("delete from catalog_product")
        await on_products(tx, [CatalogChanged(product_ids=(product_id,))], shop.clock.now())

    assert await findings(shop) == []
    async with shop.database.snapshot() as snap:
        assert await snap.scalar("select count(*) from search_product") == 0


async def test_renamed_category_reaches_facets_and_pages(shop: Shop) -> None:
    await shop.add("Пальто")
    await shop.project()
    async with shop.database.transaction() as tx:
        await catalog.save_categories(
            tx, categories=[replace(shop.built.coats, name={"ru": "Шубы"})], now=shop.clock.now()
        )
        await on_tree(tx, [], shop.clock.now())
        waiting = await tx.scalar("select count(*) from jobs.procrastinate_jobs")
    await shop.shelf.keeper.follow()

    branches = (await shop.listing()).overview.branches
    inner = (await shop.listing(category_slug="odezhda")).overview.branches

    assert [branch.name for branch in branches] == ["Одежда"]
    assert [branch.name for branch in inner] == ["Одежда", "Шубы"]
    assert waiting == 1


async def test_new_group_sees_its_prices_after_a_rebuild(shop: Shop) -> None:
    product_id = await shop.add("Пальто", price="100")
    await shop.project()
    now = shop.clock.now()
    async with shop.database.transaction() as tx:
        variants = (await catalog.get_variants_of_products(tx, product_ids=[product_id]))[
            product_id
        ]
        await pricing.save_groups(
            tx, groups=[pricing.CustomerGroup(code="vip", name={"en": "VIP"})], now=now
        )
        vip = replace(
            shop.built.retail, id=product_id, code="vip", customer_group="vip", name={"ru": "ВИП"}
        )
        await pricing.save_price_lists(tx, price_lists=[vip], now=now)
        price = pricing.Price(price_list_id=vip.id, variant_id=variants[0].id, amount=Decimal(60))
        await pricing.set_prices(tx, prices=[price], now=now)
    shop.clock.advance(timedelta(minutes=1))
    await shop.project()

    (card,) = (await shop.listing(group="vip")).items

    assert card.price_minor == 6_000


@pytest.mark.parametrize("products", [1, 30])
async def test_a_page_is_one_statement_however_many_rows(
    shop: Shop, products: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(products):
        await shop.add(f"Пальто {n}", sizes=["S", "M", "L"][: n % 3 + 1])
    await shop.project()
    profile_id = await shop.profile()
    await shop.listing(text="пальто")
    await shop.shelf.profile(profile_id)
    statements: list[str] = []
    for name in ("all", "maybe"):
        original = getattr(Snapshot, name)

        async def counting(
            self: Snapshot, sql: str, params: object = None, original: object = original
        ) -> object:
            statements.append(sql)
            return await original(self, sql, params)  # type: ignore[operator]

        monkeypatch.setattr(Snapshot, name, counting)

    async def cost(**fields: object) -> int:
        statements.clear()
        query = search.ListingQuery(profile_id=profile_id, language="ru", **fields)  # type: ignore[arg-type]
        await search.list_items(shop.shelf, query=query)
        return len(statements)

    assert await cost() == 1
    assert await cost(sort=search.Sort.PRICE, category_slug="palto") == 1
    assert await cost(filters={"size": ["s"]}, in_stock=True, price_from_minor=1) == 1
    assert await cost(text="пальто") == 1
    statements.clear()
    await search.product_page(shop.shelf, slug="palto-0", profile_id=profile_id, language="ru")
    assert len(statements) == 1
