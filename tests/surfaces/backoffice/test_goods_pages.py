"""Pages about goods, prices, stock and markets: whom they let in, and what they do."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from PIL import Image

from hansa.modules import accounts, catalog, markets, pricing, search, stock
from tests.conftest import NOON
from tests.support.catalogue import project_all

SECTIONS = {
    "/office/catalogue": "catalog.view",
    "/office/catalogue.csv": "catalog.view",
    "/office/catalogue/new": "catalog.edit",
    "/office/catalogue/products/{product}": "catalog.view",
    "/office/catalogue/products/{product}/variants/new": "catalog.edit",
    "/office/catalogue/products/{product}/variants/{variant}": "catalog.edit",
    "/office/catalogue/categories/new": "catalog.edit",
    "/office/prices": "pricing.view",
    "/office/prices/lists/new": "pricing.edit",
    "/office/prices/lists/{list}": "pricing.view",
    "/office/prices/lists/{list}/file.csv": "pricing.view",
    "/office/prices/lists/{list}/settings": "pricing.view",
    "/office/prices/items/{variant}": "pricing.view",
    "/office/stock": "stock.view",
    "/office/stock.csv": "stock.view",
    "/office/stock?view=low": "stock.view",
    "/office/stock?view=none": "stock.view",
    "/office/stock?view=discrepancies": "stock.view",
    "/office/stock/items/{variant}": "stock.view",
    "/office/stock/repair": "stock.repair",
    "/office/stock/warehouses": "stock.view",
    "/office/stock/warehouses/new": "stock.edit",
    "/office/stock/warehouses/{warehouse}": "stock.view",
    "/office/markets": "markets.view",
    "/office/markets/ru": "markets.view",
}


async def product_of(committing, shop) -> UUID:
    async with committing.snapshot() as snap:
        found = await catalog.get_product_ids_of_variants(snap, variant_ids=[shop.variant])
    return found[shop.variant]


async def paths(committing, shop) -> dict[str, str]:
    """Give every section's address with the shop's own things in it."""
    things = {
        "product": await product_of(committing, shop),
        "variant": shop.variant,
        "list": shop.price_list,
        "warehouse": shop.central,
    }
    return {path.format(**things): permission for path, permission in SECTIONS.items()}


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_every_section_shows_itself(root, committing, shop, language: str) -> None:
    root.client.cookies.set("hansa_language", language)

    for path in [*await paths(committing, shop), "/_design"]:
        assert await root.open(path)


async def test_a_section_asks_for_its_permission(sign_in, committing, shop) -> None:
    sections = await paths(committing, shop)
    async with sign_in() as nobody:
        for path in sections:
            await nobody.open(path, status=403)
    async with sign_in(*set(sections.values()), email="all@example.com") as somebody:
        for path in sections:
            await somebody.open(path)


async def test_who_may_only_look_finds_no_button_that_changes_anything(
    sign_in, committing, shop
) -> None:
    product = await product_of(committing, shop)

    async with sign_in("catalog.view", "pricing.view", "stock.view") as looker:
        for path in (
            f"/office/catalogue/products/{product}",
            f"/office/prices/items/{shop.variant}",
            f"/office/stock/items/{shop.variant}",
        ):
            main = (await looker.open(path)).partition("<main")[2]
            assert 'type="submit"' not in main, path
        await looker.send(f"/office/catalogue/products/{product}/archive", status=403)


async def test_a_refused_product_keeps_what_was_typed(root, committing, shop) -> None:
    product = await product_of(committing, shop)

    answer = await root.send(
        f"/office/catalogue/products/{product}",
        {
            "name_ru": "",
            "name_en": "",
            "description_ru": "Длинное описание, жалко потерять",
            "brand": "Ольха",
            "publish_until": "завтра",
            "on_sale": "1",
        },
        status=422,
    )

    assert "Длинное описание, жалко потерять" in answer.text
    assert 'value="Ольха"' in answer.text
    assert "This is not a date and time." in answer.text
    async with committing.snapshot() as snap:
        kept = await catalog.get_product(snap, product_id=product)
    assert kept.brand == ""


async def test_what_a_person_changes_is_marked_until_it_is_left_to_imports(
    root, committing, shop
) -> None:
    product = await product_of(committing, shop)
    page = f"/office/catalogue/products/{product}"

    await root.send(page, {"name_ru": "Платье летнее", "name_en": "Dress", "on_sale": "1"})
    marked = await root.open(page)
    await root.send(f"{page}/reset", {"field": "name"})
    left = await root.open(page)

    assert "Платье летнее" in marked
    assert 'name="field" value="name"' in marked
    assert 'name="field" value="name"' not in left
    async with committing.snapshot() as snap:
        entries = await accounts.list_audit(snap, subject_kind="product", subject_id=product)
    assert {one.action for one in entries} == {
        "catalog.overrides_reset",
        "catalog.product_changed",
    }


async def test_an_archived_product_comes_back_by_undo(root, committing, shop) -> None:
    product = await product_of(committing, shop)
    page = f"/office/catalogue/products/{product}"

    answer = await root.send(f"{page}/archive")
    told = await root.open(answer.headers["location"])
    undo = re.search(r'hx-post="([^"]+/restore)"', told)
    assert undo is not None
    await root.send(undo[1])

    async with committing.snapshot() as snap:
        assert (await catalog.get_product(snap, product_id=product)).status == "active"


async def test_pictures_are_added_moved_and_removed(root, committing, shop) -> None:
    product = await product_of(committing, shop)
    page = f"/office/catalogue/products/{product}"
    token = re.search(r'name="csrf_token" value="([^"]+)"', await root.open(page))
    assert token is not None

    def picture(colour: str) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", (40, 50), colour).save(file, "PNG")
        return file.getvalue()

    async def send(*files: bytes) -> int:
        answer = await root.client.post(
            f"{page}/pictures",
            data={"csrf_token": token[1]},
            files=[("pictures", ("one.png", file, "image/png")) for file in files],
        )
        return answer.status_code

    assert await send(b"no picture at all") == 422
    assert await send(picture("red"), picture("blue")) == 303
    async with committing.snapshot() as snap:
        first, second = (await catalog.get_product(snap, product_id=product)).media
    await root.send(f"{page}/pictures/arrange", {"key": second.key, "move": "earlier"})
    await root.send(f"{page}/pictures/arrange", {"key": first.key, "move": "remove"})

    async with committing.snapshot() as snap:
        media = (await catalog.get_product(snap, product_id=product)).media
    assert [one.key for one in media] == [second.key]


async def test_a_category_cannot_lie_within_itself(root, committing, shop) -> None:
    made = await root.send("/office/catalogue/categories/new", {"name_ru": "Одежда"})
    parent = UUID(re.search(r"category=([0-9a-f-]+)", made.headers["location"])[1])
    await root.send(
        "/office/catalogue/categories/new", {"name_ru": "Платья", "parent": str(parent)}
    )
    async with committing.snapshot() as snap:
        child = (await catalog.category_tree(snap))[parent][0]

    refused = await root.send(
        f"/office/catalogue/categories/{parent}",
        {"name_ru": "Одежда", "parent": str(child.id)},
        status=422,
    )

    assert "A category cannot lie within itself." in refused.text
    async with committing.snapshot() as snap:
        assert [one.id for one in (await catalog.category_tree(snap))[None]] == [parent]


async def test_a_correction_of_a_price_changes_the_shops_price_and_can_be_taken_back(
    root, committing, shop, now, site
) -> None:
    shelf = site.context.service(search.Shelf)
    item = f"/office/prices/lists/{shop.price_list}/{shop.variant}"

    async def shown() -> str:
        await project_all(committing, shelf, now=now)
        async with committing.snapshot() as snap:
            product = await catalog.get_product(snap, product_id=await product_of(committing, shop))
        async with site.client(keyed=False) as shopper:
            page = await shopper.get(f"/ru/p/{product.slug}")
        assert page.status_code == 200
        return page.text

    assert "1\u00a0490" not in await shown()
    answer = await root.send(item, {"amount": "1 490,00", "min_quantity": "1"})
    assert "1\u00a0490" in await shown()
    told = await root.open(answer.headers["location"])
    undo = re.search(r'hx-post="([^"]+/undo)"', told)
    assert undo is not None
    await root.send(undo[1])

    assert "1\u00a0490" not in await shown()
    async with committing.snapshot() as snap:
        changes = await pricing.list_price_changes(snap, variant_ids=[shop.variant], limit=2)
    assert [one.amount_after for one in changes] == [Decimal(1990), Decimal(1490)]
    assert all(one.changed_by == root.user.id for one in changes)


async def test_an_absurd_price_is_refused_in_its_row(root, committing, shop) -> None:
    item = f"/office/prices/lists/{shop.price_list}/{shop.variant}"

    for amount in ("-5", "0", "много", "9" * 30, "1e5000"):
        refused = await root.send(item, {"amount": amount}, status=422)
        assert f'value="{amount}"' in refused.text

    async with committing.snapshot() as snap:
        held = await pricing.list_prices_of_variants(snap, variant_ids=[shop.variant])
    assert [one.amount for one in held] == [Decimal(1990)]


async def test_with_htmx_a_corrected_price_answers_with_its_row_and_an_undo(root, shop) -> None:
    page = await root.open("/office/me")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None

    answer = await root.client.post(
        f"/office/prices/lists/{shop.price_list}/{shop.variant}",
        data={"amount": "1500"},
        headers={"HX-Request": "true", "X-CSRF-Token": token[1]},
    )

    assert answer.status_code == 200
    assert answer.text.strip().startswith("<tr")
    assert 'value="1500"' in answer.text
    assert f"/office/prices/changes/{shop.variant}_" in answer.headers["hx-trigger"]


async def test_the_stock_page_explains_a_number(root, committing, shop) -> None:
    page = f"/office/stock/items/{shop.variant}"

    before = await root.open(page)
    await root.send(f"{page}/safety", {"warehouse": str(shop.central), "safety": "2"})
    after = await root.open(page)
    refused = await root.send(
        f"{page}/safety", {"warehouse": str(shop.central), "safety": "-1"}, status=422
    )

    assert "Why is it 5?" in before
    assert "Why is it 3?" in after
    assert "safety stock" in after.partition("Journal")[2]
    assert 'value="-1"' in refused.text
    async with committing.snapshot() as snap:
        held = await stock.availability(snap, channel="ru", variant_ids=[shop.variant])
    assert held[shop.variant].available == Decimal(3)


async def test_what_a_shop_did_not_find_is_found_again(root, committing, shop) -> None:
    page = f"/office/stock/items/{shop.variant}"
    async with committing.transaction() as tx:
        made = await stock.correct(
            tx,
            warehouse_id=shop.central,
            variant_id=shop.variant,
            kind=stock.CorrectionKind.DEFECTIVE,
            quantity=Decimal(2),
            reference="question 7",
            note="a torn seam",
            now=NOON,
        )

    before = await root.open(page)
    await root.send(f"/office/stock/corrections/{made.id}/end", {})
    after = await root.open(f"{page}?warehouse={shop.central}")

    assert "Why is it 3?" in before
    assert "a torn seam" in before
    assert "It is found again" in before
    assert "Why is it 5?" in after
    assert "It is found again" not in after
    assert "counted again" in after.partition("Journal")[2]


async def test_the_journal_is_narrowed_to_a_warehouse(root, shop) -> None:
    page = await root.open(f"/office/stock/items/{shop.variant}?warehouse={uuid4()}")

    assert "number from the ERP" not in page.partition("Journal")[2]


async def test_wrong_counters_are_shown_and_put_right(root, committing, shop) -> None:
    async with committing.transaction() as tx:
        await tx.execute("update stock_counter set reserved = reserved + 3")

    shown = await root.open("/office/stock/repair")
    still = await root.open(f"/office/stock/items/{shop.variant}")
    await root.send("/office/stock/repair", {})
    after = await root.open("/office/stock/repair")

    assert f"/office/stock/items/{shop.variant}" in shown
    assert "Why is it 2?" in still
    assert "Every number is right" in after
    assert "Why is it 5?" in await root.open(f"/office/stock/items/{shop.variant}")


async def test_a_warehouse_switched_off_sells_nothing(root, committing, shop) -> None:
    await root.send(
        f"/office/stock/warehouses/{shop.central}",
        {"code": "central", "name_ru": "Склад", "kind": "warehouse", "channels": "ru"},
    )
    twice = await root.send(
        "/office/stock/warehouses/new", {"code": "central", "name_ru": "Ещё"}, status=422
    )

    assert "Another warehouse has this code." in twice.text
    async with committing.snapshot() as snap:
        held = await stock.availability(snap, channel="ru", variant_ids=[shop.variant])
    assert held[shop.variant].available == Decimal(0)


async def test_the_tax_of_a_market_is_typed_in_percent(root, committing) -> None:
    typed = {
        "name_ru": "Россия",
        "default_language": "ru",
        "time_zone": "Europe/Moscow",
        "is_open": "1",
        "tax_percent": "22",
    }

    await root.send("/office/markets/ru", typed)
    refused = await root.send("/office/markets/ru", typed | {"time_zone": "Луна"}, status=422)

    assert 'value="Луна"' in refused.text
    async with committing.snapshot() as snap:
        market = await markets.get_market(snap, code="ru")
    assert market.tax_rate == Decimal("0.22")
    assert market.time_zone == "Europe/Moscow"


async def test_no_cell_of_a_downloaded_table_is_a_formula(root, committing, shop, now) -> None:
    async with committing.transaction() as tx:
        product = await catalog.get_product(tx, product_id=await product_of(committing, shop))
        held = await catalog.get_variants_of_products(tx, product_ids=[product.id])
        named = catalog.Product(id=product.id, name={"ru": "=cmd()", "en": "=cmd()"})
        await catalog.save_products(tx, products=[named], now=now)
    assert held[product.id]

    table = await root.open("/office/catalogue.csv")

    assert "'=cmd()" in table
    assert "\n=cmd()" not in table
