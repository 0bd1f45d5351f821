"""The mark "sell on marketplace X"."""

from uuid import uuid4

import pytest

from hansa.modules import catalog
from hansa.modules.catalog import MarketplaceMark
from tests.support.catalogue import a_small_shop


@pytest.fixture
async def variants(tx, now):
    shop = await a_small_shop(tx, now=now)
    await shop.add(tx, "Пальто", sizes=("S", "M", "L"))
    return [row.id for row in await tx.all("select id from catalog_variant order by id limit 3")]


async def _mark(tx, now, *marks):
    given = [
        MarketplaceMark(variant_id=variant, marketplace=name, is_on=is_on)
        for variant, name, is_on in marks
    ]
    return await catalog.set_marketplace_marks(tx, marks=given, source="erp:head", now=now)


async def _told(tx):
    rows = await tx.all(
        "select payload from outbox_event where type = 'catalog.MarketplaceMarksChanged'"
    )
    return len(rows)


async def test_a_mark_is_set_once_and_lifted_and_only_changes_are_told(tx, now, variants):
    one, two, _ = variants

    assert await _mark(tx, now, (one, "ozon", True), (two, "ozon", True), (one, "wb", False)) == 3
    told = await _told(tx)
    assert await _mark(tx, now, (one, "ozon", True)) == 0
    assert await _told(tx) == told
    assert await _mark(tx, now, (two, "ozon", False)) == 1

    assert await catalog.list_marked_variants(tx, marketplace="ozon") == [one]
    found = await catalog.list_marketplace_marks(tx, variant_ids=variants)
    assert [(mark.marketplace, mark.is_on) for mark in found[one]] == [
        ("ozon", True),
        ("wb", False),
    ]
    assert found[variants[2]] == ()


async def test_of_two_marks_the_last_counts_and_unknown_variants_are_left_out(tx, now, variants):
    changed = await _mark(
        tx, now, (variants[0], "ozon", True), (variants[0], "ozon", False), (uuid4(), "ozon", True)
    )

    assert changed == 1
    assert await catalog.list_marked_variants(tx, marketplace="ozon") == []


async def test_marked_variants_are_read_page_by_page(tx, now, variants):
    await _mark(tx, now, *((variant, "ozon", True) for variant in variants))

    first = await catalog.list_marked_variants(tx, marketplace="ozon", limit=2)
    rest = await catalog.list_marked_variants(tx, marketplace="ozon", after=first[-1], limit=2)

    assert first + rest == variants


@pytest.mark.parametrize("name", ["", "O", "ozon!", "Ozon", "x" * 33])
async def test_a_name_no_marketplace_can_have_is_refused(tx, now, variants, name):
    with pytest.raises(catalog.MarketplaceInvalid):
        await _mark(tx, now, (variants[0], "ozon", True), (variants[0], name, True))

    assert await catalog.list_marked_variants(tx, marketplace="ozon") == []
