"""Listings: branches, facets, prices of one's own, orders, pages."""

from datetime import timedelta
from decimal import Decimal

import pytest

from hansa.modules import catalog, pricing, search
from tests.modules.search.conftest import Shop


def facet(listing: search.Listing, code: str) -> dict[str, int]:
    """Counts of a facet by value."""
    for each in listing.overview.facets:
        if each.code == code:
            return {value.value: value.count for value in each.values}
    return {}


async def test_branch_lists_what_is_below_it_and_counts_its_children(shop: Shop) -> None:
    await shop.add("Пальто длинное")
    await shop.add("Платье", category=shop.built.dresses)
    await shop.add("Платье второе", category=shop.built.dresses)
    await shop.project()

    clothes = await shop.listing(category_slug="odezhda")
    coats = await shop.listing(category_slug="palto")

    assert clothes.overview.total == 3
    assert [(b.slug, b.count, b.depth) for b in clothes.overview.branches] == [
        ("odezhda", 3, 0), ("palto", 1, 1), ("platia", 2, 1),
    ]  # fmt: skip
    assert [card.text.name for card in coats.items] == ["Пальто длинное"]
    assert [branch.is_current for branch in coats.overview.branches] == [False, True]


async def test_price_seen_is_the_price_sorted_and_filtered_by(shop: Shop) -> None:
    await shop.add("А", price="100", partner_price="50")
    await shop.add("Б", price="90", partner_price="80")
    await shop.add("В", price="70")
    await shop.project()

    assert await shop.names(sort=search.Sort.PRICE) == ["В", "Б", "А"]
    assert await shop.names(sort=search.Sort.PRICE, group="partners") == ["А", "В", "Б"]
    assert await shop.names(price_to_minor=7_000, sort=search.Sort.NAME) == ["В"]
    assert await shop.names(price_to_minor=7_000, group="partners", sort=search.Sort.NAME) == [
        "А",
        "В",
    ]
    own = await shop.listing(group="partners", sort=search.Sort.PRICE)
    assert [(card.price_minor, card.was_minor, card.reason) for card in own.items] == [
        (5_000, 10_000, "Партнёры"),
        (7_000, None, None),
        (8_000, 9_000, "Партнёры"),
    ]
    assert (own.overview.price_min_minor, own.overview.price_max_minor) == (5_000, 8_000)


async def test_facet_counts_ignore_only_their_own_choice(shop: Shop) -> None:
    await shop.add("А", colours=["чёрный", "красный"], material="шерсть")
    await shop.add("Б", colours=["красный"], material="лён")
    await shop.add("В", colours=["синий"], material="лён")
    await shop.project()

    listing = await shop.listing(filters={"colour": ["krasnyi"]})

    assert {card.text.name for card in listing.items} == {"А", "Б"}
    assert facet(listing, "colour") == {"chernyi": 1, "krasnyi": 2, "sinii": 1}
    assert facet(listing, "material") == {"len": 1, "sherst": 1}


async def test_values_of_one_facet_are_or_and_facets_are_and(shop: Shop) -> None:
    await shop.add("А", colours=["чёрный"], sizes=["S"])
    await shop.add("Б", colours=["красный"], sizes=["M"])
    await shop.add("В", colours=["синий"], sizes=["S"])
    await shop.project()

    either = await shop.names(filters={"colour": ["krasnyi", "chernyi"]}, sort=search.Sort.NAME)
    both = await shop.names(filters={"colour": ["krasnyi", "chernyi"], "size": ["s"]})

    assert either == ["А", "Б"]
    assert both == ["А"]


async def test_every_offered_value_leads_to_as_many_products_as_it_says(shop: Shop) -> None:
    for n in range(30):
        await shop.add(
            f"Товар {n}",
            colours=["чёрный", "красный", "синий"][: n % 3 + 1],
            sizes=["S", "M", "L"][n % 2 : n % 4 + 1],
            material=["шерсть", "лён", ""][n % 3],
            price=str(50 + n),
            pieces={("чёрный", "S"): 2, ("красный", "M"): 1} if n % 2 else 0,
        )
    await shop.project()

    for chosen in ({}, {"colour": ["krasnyi"]}, {"colour": ["krasnyi"], "size": ["m"]}):
        for narrowed in ({}, {"in_stock": True}, {"price_to_minor": 6_500}):
            listing = await shop.listing(filters=chosen, **narrowed)
            for each in listing.overview.facets:
                for value in each.values:
                    wanted = {**chosen, each.code: [value.value]}
                    there = await shop.listing(filters=wanted, limit=100, **narrowed)
                    assert len(there.items) == there.overview.total == value.count


async def test_in_stock_with_a_size_means_that_size_is_in_stock(shop: Shop) -> None:
    await shop.add("Есть M", sizes=["S", "M"], pieces={("чёрный", "M"): 1})
    await shop.add("Есть S", sizes=["S", "M"], pieces={("чёрный", "S"): 1})
    await shop.project()

    assert await shop.names(filters={"size": ["m"]}, in_stock=True) == ["Есть M"]
    assert facet(await shop.listing(in_stock=True), "size") == {"s": 1, "m": 1}


@pytest.mark.parametrize("sort", list(search.Sort))
@pytest.mark.parametrize("filters", [{}, {"colour": ["krasnyi"]}])
async def test_pages_forward_and_back_show_everything_once_in_order(
    shop: Shop, sort: search.Sort, filters: dict[str, list[str]]
) -> None:
    for n in range(23):
        await shop.add(
            f"Товар {'АБВ'[n % 3]}", colours=["красный", "чёрный"], price=str(100 + n % 5)
        )
    await shop.project()
    query = {"sort": sort, "filters": filters, "limit": 5}
    whole = [card.text.id for card in (await shop.listing(**(query | {"limit": 100}))).items]

    pages = [await shop.listing(**query)]
    while pages[-1].next is not None:
        pages.append(await shop.listing(**query, position=pages[-1].next))
    back = [pages[-1]]
    while back[-1].previous is not None:
        back.append(await shop.listing(**query, position=back[-1].previous))

    assert len(whole) == 23
    forward_ids = [card.text.id for page in pages for card in page.items]
    assert forward_ids == whole
    back_ids = [card.text.id for page in reversed(back) for card in page.items]
    assert back_ids == whole
    assert pages[0].previous is None


async def test_draft_archived_and_unpriced_are_not_shown(shop: Shop) -> None:
    await shop.add("Видно")
    await shop.add("Черновик", status=catalog.Status.DRAFT)
    await shop.add("Без цены", price=None)
    archived = await shop.add("Архив")
    async with shop.database.transaction() as tx:
        await catalog.archive_products(tx, product_ids=[archived], now=shop.clock.now())
    await shop.project()

    assert await shop.names() == ["Видно"]


async def test_product_appears_and_disappears_with_its_window(shop: Shop) -> None:
    now = shop.clock.now()
    await shop.add(
        "Сезон",
        publish_from=now + timedelta(hours=1),
        publish_until=now + timedelta(hours=2),
    )
    await shop.add("Всегда")
    await shop.project()
    seen = []
    for _ in range(3):
        async with shop.database.transaction() as tx:
            await search.follow_clock(tx, now=shop.clock.now())
        await shop.shelf.keeper.follow()
        listing = await shop.listing(sort=search.Sort.NAME)
        seen.append(([card.text.name for card in listing.items], listing.overview.total))
        shop.clock.advance(timedelta(hours=1))

    assert seen == [(["Всегда"], 1), (["Всегда", "Сезон"], 2), (["Всегда"], 1)]


async def test_stock_change_is_seen_on_cards_and_pages(shop: Shop) -> None:
    product_id = await shop.add("Пальто", sizes=["S", "M"], pieces=3)
    await shop.project()
    async with shop.database.transaction() as tx:
        variants = (await catalog.get_variants_of_products(tx, product_ids=[product_id]))[
            product_id
        ]
        await shop.built.put(tx, {variants[0].id: 0, variants[1].id: 1}, minutes=1)
        await search.project_stock(tx, market="ru", variant_ids=[variants[0].id])
    await shop.shelf.keeper.follow()

    (card,) = (await shop.listing()).items
    page = await search.product_page(
        shop.shelf, slug=card.text.slug, profile_id=await shop.profile(), language="ru"
    )

    assert card.available_thousandths == 1_000
    assert [v.available_thousandths for v in page.variants] == [0, 1_000]
    assert await shop.names(filters={"size": ["s"]}, in_stock=True) == []


async def test_page_shows_each_variant_with_its_own_price(shop: Shop) -> None:
    product_id = await shop.add("Пальто", sizes=["S", "M", "L"], price=None)
    async with shop.database.transaction() as tx:
        variants = (await catalog.get_variants_of_products(tx, product_ids=[product_id]))[
            product_id
        ]
        await shop.built.price(tx, variants[:1], "100", "80")
        await shop.built.price(tx, variants[1:2], "120.50")
    await shop.project()

    page = await search.product_page(
        shop.shelf, slug="palto", profile_id=await shop.profile("partners"), language="ru"
    )

    assert [(v.price_minor, v.was_minor) for v in page.variants] == [
        (8_000, 10_000), (12_050, None), (None, None),
    ]  # fmt: skip
    assert (page.price_minor, page.price_max_minor, page.currency) == (8_000, 12_050, "RUB")
    assert [option.code for option in page.text.options] == ["colour", "size"]
    assert [value.label for value in page.text.options[1].values] == ["S", "M", "L"]
    assert [crumb.slug for crumb in page.text.breadcrumbs] == ["odezhda", "palto"]


async def test_unknown_address_and_branch_are_told(shop: Shop) -> None:
    with pytest.raises(search.NoSuchPage):
        await search.product_page(
            shop.shelf, slug="nothing", profile_id=await shop.profile(), language="ru"
        )
    with pytest.raises(search.NoSuchBranch):
        await shop.listing(category_slug="nothing")


async def test_market_without_prices_shows_an_empty_shop(shop: Shop) -> None:
    await shop.add("Пальто")
    await shop.project()

    listing = await search.list_items(
        shop.shelf, query=search.ListingQuery(profile_id=0, language="ru")
    )

    assert (listing.items, listing.overview.total) == ((), 0)


async def test_new_price_is_followed(shop: Shop) -> None:
    product_id = await shop.add("Пальто", price="100")
    await shop.add("Плащ", price="90")
    await shop.project()
    async with shop.database.transaction() as tx:
        variants = (await catalog.get_variants_of_products(tx, product_ids=[product_id]))[
            product_id
        ]
        await pricing.set_prices(
            tx,
            prices=[
                pricing.Price(
                    price_list_id=shop.built.retail.id,
                    variant_id=variants[0].id,
                    amount=Decimal(80),
                )
            ],
            now=shop.clock.now(),
        )
        await search.project_products(tx, product_ids=[product_id], now=shop.clock.now())
    await shop.shelf.keeper.follow()

    assert await shop.names(sort=search.Sort.PRICE) == ["Пальто", "Плащ"]
    assert await shop.names(sort=search.Sort.PRICE, category_slug="palto") == ["Пальто", "Плащ"]
