"""A manager at the board of questions, in a real browser: the clock runs, a shop answers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from hansa.modules import fulfilment, stock
from hansa.modules.fulfilment import looking
from tests.browser.test_staff_orders import Desk, desk, sign_in  # noqa: F401 - a fixture
from tests.support.buying import buy

pytestmark = pytest.mark.browser


async def bought_in_the_shop(desk: Desk, variant_id: UUID):  # noqa: F811 - the value, not the fixture
    """Buy what the corner shop alone has; the shop is being asked, as the worker does."""
    now = datetime.now(UTC)
    by_hand = fulfilment.Policy(market="ru", nobody=fulfilment.Nobody.OPERATOR)
    async with desk.shop.database.transaction() as tx:
        await fulfilment.save_policy(tx, policy=by_hand, now=now)
        for place, count in ((desk.shop.shop.central, 0), (desk.shop.shop.corner, 300)):
            level = stock.Level(
                warehouse_id=place, variant_id=variant_id, on_hand=Decimal(count), as_of=now
            )
            await stock.set_levels(tx, source="1c", levels=[level], now=now)
    placed = await buy(desk.context, (variant_id, 2), now=now)
    async with desk.shop.database.transaction() as tx:
        await looking.begin_case(tx, order_id=placed.order_id, now=now)
    await look(desk, placed.order_id)
    return placed


async def look(desk: Desk, order_id: UUID) -> None:  # noqa: F811 - the value, not the fixture
    async with desk.shop.database.transaction() as tx:
        await looking.look_at_case(tx, order_id=order_id, now=datetime.now(UTC))


async def fits(page: Page) -> bool:
    """Say whether nothing sticks out sideways."""
    return bool(
        await page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


async def test_a_manager_answers_for_a_shop(page: Page, desk: Desk) -> None:  # noqa: F811 - a fixture
    placed = await bought_in_the_shop(desk, desk.shop.shop.variants[2])
    await sign_in(page, desk)

    await page.goto(f"{desk.address}/office/fulfilment")
    asked = page.locator("article", has_text=placed.number)
    clock = asked.locator("time.clock")
    await expect(clock).to_contain_text(re.compile(r"^1\d:"))
    assert await fits(page)

    await asked.get_by_role("button", name="ещё 20 минут").click()
    await expect(page.locator(".toast")).to_contain_text("больше времени")
    await expect(page.locator("article", has_text=placed.number).locator("time")).to_contain_text(
        re.compile(r"^3\d:")
    )
    await (
        page.locator("article", has_text=placed.number)
        .get_by_role("link", name="Ответить за магазин")
        .click()
    )
    await expect(page.locator("h1")).to_contain_text(placed.number)
    assert await fits(page)
    question = page.locator("section[id^='q-']")
    await question.get_by_label("Найдено").fill("1")
    await question.get_by_label("Нет на месте").fill("1")
    await question.get_by_role("button", name="Ответить за магазин").click()
    await expect(page.locator(".toast")).to_contain_text("Ответ записан")
    await look(desk, placed.order_id)
    await page.goto(f"{desk.address}/office/fulfilment/cases?state=operator")
    await page.get_by_role("link", name=placed.number).click()
    await expect(page.locator(".office-head .chip")).to_have_text("нужен человек")
    await expect(page.locator(".timeline")).to_contain_text("найдено 1")

    await page.get_by_text("Снять с заказа с извинением").click()
    await page.get_by_role("button", name="Снять с заказа", exact=True).click()
    await look(desk, placed.order_id)
    await page.goto(f"{desk.address}/office/fulfilment/cases/{placed.order_id}")
    await expect(page.locator(".office-head .chip")).to_have_text("товары подтверждены")


async def test_pages_about_shops_and_rules_fit_every_screen(page: Page, desk: Desk) -> None:  # noqa: F811 - a fixture
    await sign_in(page, desk)
    for path in ("shops", f"shops/{desk.shop.shop.corner}", "rules", "rules/new", "cases"):
        await page.goto(f"{desk.address}/office/fulfilment/{path}")
        await expect(page.locator("h1")).to_be_visible()
        assert await fits(page), path

    await page.goto(f"{desk.address}/office/fulfilment/rules")
    await page.get_by_label("Или артикулы").fill("D-0 x 2")
    await page.get_by_role("button", name="Откуда это возьмётся?").click()
    await expect(page.locator("#trial .chip").first).to_be_visible()
    assert await fits(page)
