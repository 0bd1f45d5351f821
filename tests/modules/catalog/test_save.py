"""Saving products, variants and categories in bulk."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from hansa.contracts.catalog import CatalogChanged
from hansa.kernel.identifiers import new_id
from hansa.modules import catalog
from hansa.runtime.database import Transaction

EVENTS = "select type, payload::text as payload from outbox_event order by serial"


async def changed_products(tx: Transaction) -> list[set[UUID]]:
    """The products of each CatalogChanged published in the transaction."""
    return [
        set(msgspec.json.decode(row.payload, type=CatalogChanged).product_ids)
        for row in await tx.all(EVENTS)
        if row.type == CatalogChanged.type
    ]


def a_product(now: datetime, **fields: object) -> catalog.Product:
    """A product with a name."""
    return replace(
        catalog.Product(id=new_id(now), name={"ru": "Пальто из шерсти", "en": "Wool coat"}),
        **fields,
    )


async def test_product_comes_back_as_it_was_saved(tx: Transaction, now: datetime) -> None:
    colour = catalog.Attribute(id=new_id(now), code="colour", name={"ru": "Цвет"}, is_facet=True)
    product = a_product(
        now,
        description={"ru": "Тёплое"},
        brand="Ганза",
        category_ids=(new_id(now),),
        attributes=(catalog.AttributeValue(attribute_id=colour.id, text={"ru": "серый"}),),
        media=(catalog.Media(key="a.jpg", width=3, height=4, alt={"ru": "пальто"}),),
        publish_from=now,
        created_at=now,
    )

    result = await catalog.save_products(tx, products=[product], now=now)

    assert result.created == (product.id,)
    saved = await catalog.get_product(tx, product_id=product.id)
    assert saved == replace(product, slug="palto-iz-shersti")


async def test_same_product_again_writes_and_publishes_nothing(
    tx: Transaction, now: datetime
) -> None:
    product = a_product(now)
    await catalog.save_products(tx, products=[product], now=now)
    version = await tx.scalar(
        "select xmin::text || ctid from catalog_product where id = %(id)s", {"id": product.id}
    )

    again = await catalog.save_products(tx, products=[product], now=now + timedelta(days=1))

    assert again.unchanged == (product.id,)
    assert await changed_products(tx) == [{product.id}]
    assert version == await tx.scalar(
        "select xmin::text || ctid from catalog_product where id = %(id)s", {"id": product.id}
    )


async def test_large_batch_is_published_in_bounded_events(tx: Transaction, now: datetime) -> None:
    products = [a_product(now, name={"ru": f"Товар {n}"}) for n in range(1201)]

    result = await catalog.save_products(tx, products=products, now=now)

    assert len(result.created) == 1201
    published = await changed_products(tx)
    assert [len(ids) for ids in published] == [500, 500, 201]
    assert set().union(*published) == {product.id for product in products}


async def test_products_of_one_name_get_addresses_of_their_own(
    tx: Transaction, now: datetime
) -> None:
    first, second, third = (a_product(now) for _ in range(3))
    await catalog.save_products(tx, products=[first], now=now)
    await catalog.save_products(tx, products=[second, third], now=now)

    saved = await catalog.get_products(tx, product_ids=[first.id, second.id, third.id])

    assert saved[first.id].slug == "palto-iz-shersti"
    assert len({product.slug for product in saved.values()}) == 3


async def test_renamed_product_keeps_its_address(tx: Transaction, now: datetime) -> None:
    product = a_product(now)
    await catalog.save_products(tx, products=[product], now=now)
    await catalog.save_products(tx, products=[replace(product, name={"ru": "Плащ"})], now=now)

    found = await catalog.get_product_by_slug(tx, slug="palto-iz-shersti")

    assert (found.product.id, found.is_current) == (product.id, True)


async def test_old_address_leads_to_the_new_one(tx: Transaction, now: datetime) -> None:
    product = a_product(now)
    await catalog.save_products(tx, products=[product], now=now)
    await catalog.save_products(tx, products=[replace(product, slug="plashch")], now=now)

    old = await catalog.get_product_by_slug(tx, slug="palto-iz-shersti")
    new = await catalog.get_product_by_slug(tx, slug="plashch")

    assert (old.product.slug, old.is_current) == ("plashch", False)
    assert new.is_current


async def test_address_returns_to_who_had_it(tx: Transaction, now: datetime) -> None:
    product = a_product(now)
    for slug in ("one", "two", "one"):
        await catalog.save_products(tx, products=[replace(product, slug=slug)], now=now)

    assert (await catalog.get_product_by_slug(tx, slug="one")).is_current
    assert not (await catalog.get_product_by_slug(tx, slug="two")).is_current


async def test_taken_address_and_missing_name_refuse_only_their_products(
    tx: Transaction, now: datetime
) -> None:
    owner = a_product(now, slug="taken")
    await catalog.save_products(tx, products=[owner], now=now)
    thief, nameless, backwards, good = (
        a_product(now, slug="taken"),
        a_product(now, name={"ru": " "}),
        a_product(now, publish_from=now, publish_until=now),
        a_product(now),
    )

    result = await catalog.save_products(tx, products=[thief, nameless, backwards, good], now=now)

    assert result.created == (good.id,)
    assert {refusal.id: type(refusal.error) for refusal in result.refused} == {
        thief.id: catalog.SlugTaken,
        nameless.id: catalog.NameMissing,
        backwards.id: catalog.WindowBackwards,
    }


async def test_archived_product_returns_to_the_state_it_had(tx: Transaction, now: datetime) -> None:
    draft = a_product(now, status=catalog.Status.DRAFT)
    await catalog.save_products(tx, products=[draft], now=now)

    assert await catalog.archive_products(tx, product_ids=[draft.id], now=now) == (draft.id,)
    assert await catalog.archive_products(tx, product_ids=[draft.id], now=now) == ()
    assert await catalog.restore_products(tx, product_ids=[draft.id], now=now) == (draft.id,)

    assert (await catalog.get_product(tx, product_id=draft.id)).status is catalog.Status.DRAFT


async def test_variant_of_unknown_product_is_refused_alone(tx: Transaction, now: datetime) -> None:
    product = a_product(now)
    await catalog.save_products(tx, products=[product], now=now)
    good = catalog.Variant(
        id=new_id(now), product_id=product.id, sku="К-1", options={"size": {"ru": "M"}}
    )
    lost = catalog.Variant(id=new_id(now), product_id=new_id(now))

    result = await catalog.save_variants(tx, variants=[lost, good], now=now)

    assert result.created == (good.id,)
    assert isinstance(result.refused[0].error, catalog.UnknownProduct)
    assert await catalog.find_variant_by_sku(tx, sku="к-1") == good
    again = await catalog.save_variants(tx, variants=[good], now=now)
    assert again.unchanged == (good.id,)


async def test_moved_variant_publishes_both_products(tx: Transaction, now: datetime) -> None:
    one, two = a_product(now), a_product(now)
    await catalog.save_products(tx, products=[one, two], now=now)
    variant = catalog.Variant(id=new_id(now), product_id=one.id)
    await catalog.save_variants(tx, variants=[variant], now=now)

    await catalog.save_variants(tx, variants=[replace(variant, product_id=two.id)], now=now)

    assert (await changed_products(tx))[-1] == {one.id, two.id}


async def test_children_may_come_before_parents(tx: Transaction, now: datetime) -> None:
    parent = catalog.Category(id=new_id(now), name={"ru": "Одежда"})
    child = catalog.Category(id=new_id(now), name={"ru": "Пальто"}, parent_id=parent.id)

    result = await catalog.save_categories(tx, categories=[child, parent], now=now)

    assert set(result.created) == {parent.id, child.id}
    tree = await catalog.category_tree(tx)
    assert [category.slug for category in tree[parent.id]] == ["palto"]


async def test_category_is_never_within_itself(tx: Transaction, now: datetime) -> None:
    parent = catalog.Category(id=new_id(now), name={"ru": "Одежда"})
    child = catalog.Category(id=new_id(now), name={"ru": "Пальто"}, parent_id=parent.id)
    await catalog.save_categories(tx, categories=[parent, child], now=now)

    result = await catalog.save_categories(
        tx, categories=[replace(parent, parent_id=child.id)], now=now
    )

    assert [type(refusal.error) for refusal in result.refused] == [catalog.CategoryCycle]


async def test_orphan_is_refused_with_its_children(tx: Transaction, now: datetime) -> None:
    orphan = catalog.Category(id=new_id(now), name={"ru": "А"}, parent_id=new_id(now))
    child = catalog.Category(id=new_id(now), name={"ru": "Б"}, parent_id=orphan.id)

    result = await catalog.save_categories(tx, categories=[child, orphan], now=now)

    assert {refusal.id for refusal in result.refused} == {orphan.id, child.id}


async def test_office_list_finds_by_part_of_a_name_and_walks_in_pages(
    tx: Transaction, now: datetime
) -> None:
    products = [
        a_product(now, name={"ru": f"Пальто {n} 100%"}, created_at=now - timedelta(hours=n))
        for n in range(5)
    ]
    other = a_product(now, name={"ru": "Шарф 100"}, created_at=now)
    await catalog.save_products(tx, products=[*products, other], now=now)

    first = await catalog.list_products(tx, search="100%", limit=3)
    last = first.products[-1]
    assert last.created_at is not None
    second = await catalog.list_products(
        tx, search="100%", limit=3, after=(last.created_at, last.id)
    )

    assert [p.id for p in first.products + second.products] == [p.id for p in products]
    assert (first.has_more, second.has_more) == (True, False)


@pytest.mark.parametrize("rows", [1, 40])
async def test_statements_do_not_grow_with_rows(
    tx: Transaction, now: datetime, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    original = Transaction.all

    async def counting(self: Transaction, sql: str, params: object = None) -> object:
        statements.append(sql)
        return await original(self, sql, params)  # type: ignore[arg-type]

    monkeypatch.setattr(Transaction, "all", counting)

    await catalog.save_products(
        tx, products=[a_product(now, name={"ru": f"Т{n}"}) for n in range(rows)], now=now
    )

    assert len(statements) == 3
