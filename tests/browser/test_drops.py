"""A drop in a real browser: the countdown turns into goods by itself, the waiting room lets in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error, Page, Response, expect

from hansa.kernel.identifiers import new_id
from hansa.modules import catalog, drops, pricing, search, stock
from hansa.runtime.database import Transaction
from tests.browser.conftest import OpenShop, scripts_of
from tests.browser.test_shopper_journeys import fits_the_screen

pytestmark = pytest.mark.browser

LOOKS_MAX = 200
# A drop opens by the clock; on a busy machine the page may come too late to see it closed.
OPENS_IN_SECONDS = (6, 20, 60)
LET_IN_MILLISECONDS = 60_000


@pytest_asyncio.fixture(loop_scope="session")
async def window(chromium: Browser, size: dict[str, int]) -> AsyncIterator[Page]:
    """A window whose own clock is wrong by a day; a page may be answered 503, as it is meant."""
    context = await chromium.new_context(
        viewport={"width": size["width"], "height": size["height"]}, locale="ru-RU"
    )
    await context.add_init_script("{ const now = Date.now; Date.now = () => now() + 86400000; }")
    opened = await context.new_page()
    yield opened
    await context.close()


async def a_coat(tx: Transaction, open_shop: OpenShop, now: datetime) -> UUID:
    """Add a product of its own, so that no other test misses anything."""
    product_id, variant_id = new_id(now), uuid4()
    product = catalog.Product(id=product_id, name={"ru": "Пальто дропа", "en": "Coat of the drop"})
    await catalog.save_products(tx, products=[product], now=now)
    variant = catalog.Variant(id=variant_id, product_id=product_id, sku=f"D-{variant_id.hex[:8]}")
    await catalog.save_variants(tx, variants=[variant], now=now)
    price = pricing.Price(
        price_list_id=open_shop.shop.price_list, variant_id=variant_id, amount=Decimal(9900)
    )
    await pricing.set_prices(tx, prices=[price], now=now)
    level = stock.Level(
        warehouse_id=open_shop.shop.central, variant_id=variant_id, on_hand=Decimal(3), as_of=now
    )
    await stock.set_levels(tx, source="1c", levels=[level], now=now)
    return product_id


async def release(open_shop: OpenShop, *, seconds: float, capacity: int | None) -> drops.Drop:
    now = datetime.now(UTC)
    async with open_shop.database.transaction() as tx:
        product_id = await a_coat(tx, open_shop, now)
        drop = drops.Drop(
            id=drops.DropId(new_id(now)),
            code=f"d{uuid4().hex[:8]}",
            name={"ru": "Зимняя капсула", "en": "Winter capsule"},
            markets=("ru",),
            opens_at=now + timedelta(seconds=seconds),
            is_published=True,
            items=(drops.DropItem(product_id=product_id),),
            capacity=capacity,
        )
        await drops.save_drop(tx, drop=drop, by=None, now=now)
        await search.project_products(tx, product_ids=[product_id], now=now)
    return drop


async def test_the_countdown_turns_into_goods_whatever_the_readers_clock_shows(
    window: Page, open_shop: OpenShop
) -> None:
    drop = await a_closed_drop(window, open_shop)

    card = window.get_by_role("link", name="Пальто дропа").first
    await expect(card).to_be_visible(timeout=OPENS_IN_SECONDS[-1] * 1000 + LET_IN_MILLISECONDS)
    assert datetime.now(UTC) >= drop.opens_at
    await card.click()
    button = window.get_by_role("button", name="В корзину")
    await expect(button).to_be_visible()
    await scripts_of(window)
    await button.click()
    await expect(window.locator("#basket .line")).to_have_count(1)


async def a_closed_drop(window: Page, open_shop: OpenShop) -> drops.Drop:
    """Release a drop that opens soon, and look at it before."""
    for seconds in OPENS_IN_SECONDS:
        drop = await release(open_shop, seconds=seconds, capacity=None)
        if await is_seen_closed(window, f"{open_shop.address}/ru/drops/{drop.code}"):
            return drop
    raise AssertionError("every drop had opened before its page came")


async def look(window: Page, address: str) -> Response | None:
    """Open a page; nothing if the page before loads itself anew at that moment."""
    try:
        return await window.goto(address)
    except Error:
        return None


async def is_seen_closed(window: Page, address: str) -> bool:
    """Open the page of a drop; say whether its clock still ran."""
    # A process learns of a drop within a second.
    for _ in range(LOOKS_MAX):
        answer = await look(window, address)
        if answer is not None and answer.ok:
            break
        await window.wait_for_timeout(200)
    try:
        fits = await fits_the_screen(window)
        shown = await window.get_by_role("timer").all_inner_texts()
    except Error:  # it was loaded anew while it was looked at
        return False
    if not shown:
        return False
    assert fits
    assert [one[:4] for one in shown] == ["00:0"]
    return True


async def test_the_waiting_room_lets_in_by_itself(window: Page, open_shop: OpenShop) -> None:
    drop = await release(open_shop, seconds=0, capacity=0)
    address = f"{open_shop.address}/ru/drops/{drop.code}"
    heading = window.get_by_role("heading", level=1)
    for _ in range(LOOKS_MAX):
        await look(window, address)
        if await heading.inner_text() == "Вы в очереди":
            break
        await window.wait_for_timeout(200)
    await window.goto(address)
    place = window.locator("#place")
    await expect(place).to_contain_text("никого, вы следующие")
    assert await fits_the_screen(window)

    now = datetime.now(UTC)
    async with open_shop.database.transaction() as tx:
        await drops.save_drop(tx, drop=replace(drop, capacity=5), by=None, now=now)

    inside = window.get_by_role("link", name="Пальто дропа").first
    await expect(inside).to_be_visible(timeout=LET_IN_MILLISECONDS)
