"""Gift sets are made and changed by hand; receipts are found and read."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from hansa.modules import parties, promotions, receipts
from hansa.modules.receipts import NewReceipt, ReceiptKind, ReceiptLine
from tests.conftest import NOON


async def sku_of(committing, variant_id: UUID) -> str:
    async with committing.snapshot() as snap:
        sku: str = await snap.scalar(
            "select sku from catalog_variant where id = %(id)s", {"id": variant_id}
        )
    return sku


@pytest.fixture
def form() -> dict[str, object]:
    return {
        "code": "scarf",
        "market": "ru",
        "name_ru": "Шарф",
        "name_en": "A scarf",
        "minimum": "5000",
        "starts_at": "2026-11-21T15:00",
        "is_active": "1",
    }


async def test_a_gift_set_is_made_shown_and_changed(committing, shop, sign_in, form):
    sku = await sku_of(committing, shop.variant)
    async with sign_in("promotions.view", "promotions.edit") as browser:
        await browser.send("/office/gifts/new", form | {"items": f"{sku} × 2"})
        assert "A scarf" in await browser.open("/office/gifts")
        async with committing.snapshot() as snap:
            [held] = await promotions.list_gift_sets(snap)
        page = await browser.open(f"/office/gifts/{held.id}")
        await browser.send(f"/office/gifts/{held.id}", form | {"items": sku, "minimum": "6000.50"})

    assert f"{sku} × 2" in page
    assert 'value="2026-11-21T15:00"' in page
    assert (held.minimum.minor, held.items[0].quantity) == (5000_00, Decimal(2))
    async with committing.snapshot() as snap:
        [changed] = await promotions.list_gift_sets(snap)
        audited = await snap.all(
            "select action from account_audit where subject_kind = 'gift_set' order by at, id"
        )
    assert (changed.id, changed.minimum.minor, changed.items[0].quantity) == (held.id, 6000_50, 1)
    assert {row.action for row in audited} == {
        "promotions.gift_set_created",
        "promotions.gift_set_changed",
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"items": "no such article"}, "items"),
        ({"items": "x × many"}, "items"),
        ({"items": ""}, "items"),
        ({"minimum": "dear"}, "minimum"),
        ({"minimum": "-1"}, "minimum"),
        ({"name_ru": "", "name_en": ""}, "name_ru"),
        ({"starts_at": "some day"}, "starts_at"),
    ],
)
async def test_what_cannot_be_saved_is_told_at_its_field(
    committing, shop, sign_in, form, change, field
):
    sku = await sku_of(committing, shop.variant)
    async with sign_in("promotions.view", "promotions.edit") as browser:
        answer = await browser.send("/office/gifts/new", form | {"items": sku} | change, status=422)

    assert f'id="field-{field}-error"' in answer.text
    async with committing.snapshot() as snap:
        assert await promotions.list_gift_sets(snap) == []


async def test_receipts_are_found_and_read_with_their_returns(committing, shop, sign_in):
    sale = NewReceipt(
        source="erp:head",
        key="sale-1",
        kind=ReceiptKind.SALE,
        currency="RUB",
        number="0042",
        warehouse_id=shop.corner,
        happened_at=NOON - timedelta(hours=1),
        card="CARD0001",
        lines=(
            ReceiptLine(line=1, quantity=Decimal(2), amount_minor=3980_00, variant_id=shop.variant),
        ),
    )
    back = NewReceipt(
        source="erp:head",
        key="back-1",
        kind=ReceiptKind.RETURN,
        currency="RUB",
        happened_at=NOON,
        original_key="sale-1",
        lines=(
            ReceiptLine(line=1, quantity=Decimal(1), amount_minor=1990_00, variant_id=shop.variant),
        ),
    )
    async with committing.transaction() as tx:
        [first, _] = await receipts.record_receipts(tx, receipts=[sale, back], now=NOON)
        person = await parties.match_or_create(
            tx,
            party=parties.NewParty(display_name="Анна Иванова"),
            identifiers=[parties.Identifier(kind=parties.IdentifierKind.CARD, value="CARD0001")],
            now=NOON,
        )
    async with sign_in("receipts.view", "parties.view") as browser:
        listed = await browser.open("/office/receipts")
        by_card = await browser.open("/office/receipts?q=CARD0001")
        returns = await browser.open("/office/receipts?kind=return")
        one = await browser.open(f"/office/receipts/{first.receipt_id}")
        customer = await browser.open(f"/office/customers/{person}")
        nothing = await browser.open("/office/receipts?q=nothing")

    assert "0042" in listed
    assert "back-1" in listed
    assert "0042" in by_card
    assert "back-1" not in by_card
    assert "0042" not in returns
    assert "back-1" in one
    assert "Corner shop" in one
    assert "CARD0001" not in one
    assert "0042" in customer
    assert "No receipt fits" in nothing


async def test_nobody_without_the_permission_sees_receipts_or_gifts(sign_in):
    async with sign_in("stock.view") as browser:
        for path in ("/office/receipts", "/office/gifts", "/office/gifts/new"):
            await browser.open(path, status=403)
