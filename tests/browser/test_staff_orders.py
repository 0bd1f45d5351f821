"""What staff do with an order, in a real browser: find it, lead it on, write a note, cancel it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from hansa.assembly.application import build_context
from hansa.assembly.modules import all_modules, services_of
from hansa.modules import accounts, stock
from hansa.runtime.context import Context
from hansa.runtime.settings import Secret, Settings
from tests.browser.conftest import OpenShop, scripts_of
from tests.support.buying import buy

pytestmark = pytest.mark.browser

PASSWORD = "a long enough word 7"
EMAIL = "orders@example.com"


@dataclass(frozen=True)
class Desk:
    """A member of staff's place: a shop that sells, and who works there."""

    address: str
    shop: OpenShop
    context: Context


@pytest_asyncio.fixture(loop_scope="session")
async def desk(open_shop: OpenShop, tmp_path: Path) -> AsyncIterator[Desk]:
    """A shop with an administrator, in whose name orders are placed from this process."""
    now = datetime.now(UTC)
    async with open_shop.database.transaction() as tx:
        await accounts.ensure_built_in_roles(tx, known_permissions=[], now=now)
        if await accounts.find_user(tx, email=EMAIL, kind="staff") is None:
            await accounts.create_user(
                tx,
                email=EMAIL,
                password=PASSWORD,
                kind="staff",
                roles=[accounts.ADMINISTRATOR],
                name="Вера Лесная",
                now=now,
            )
    context = build_context(
        Settings(
            environment="development",
            data_dir=tmp_path / "var",
            secret_key=Secret("a key that only tests use, long enough"),
            database_url=open_shop.database.dsn,
        )
    )
    await context.open(services_of(all_modules()))
    yield Desk(open_shop.address, open_shop, context)
    await context.close()


async def available(desk: Desk) -> Decimal:
    variant_id = desk.shop.shop.variant
    async with desk.shop.database.snapshot() as snap:
        found = await stock.availability(snap, channel="ru", variant_ids=[variant_id])
    return found[variant_id].available


async def sign_in(page: Page, desk: Desk) -> None:
    await page.goto(f"{desk.address}/office/sign-in")
    await page.get_by_label("Электронная почта").fill(EMAIL)
    await page.get_by_label("Пароль").fill(PASSWORD)
    await page.get_by_role("button", name="Войти").click()
    await page.wait_for_url("**/office")


async def test_an_order_is_found_led_on_noted_and_cancelled(page: Page, desk: Desk) -> None:
    before = await available(desk)
    placed = await buy(desk.context, (desk.shop.shop.variant, 2), now=datetime.now(UTC))
    assert await available(desk) == before - 2
    await sign_in(page, desk)

    await page.keyboard.press("/")
    await page.keyboard.type(placed.number)
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text(f"Заказ {placed.number}")

    await page.get_by_role("button", name="Подтвердить").click()
    await expect(page.locator(".office-head .chip").first).to_have_text("подтверждён")
    await page.get_by_label("Заметка для коллег").fill("позвонить после шести")
    await page.get_by_role("button", name="Добавить заметку").click()
    await expect(page.locator(".timeline")).to_contain_text("позвонить после шести")
    await scripts_of(page)

    await page.get_by_role("button", name="Отменить заказ").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Почему отменяем?").fill("покупатель передумал")
    await dialog.get_by_role("button", name="Отменить заказ").click()
    await expect(page.locator(".toast")).to_contain_text("Заказ отменён")
    await expect(page.locator(".office-head .chip").first).to_have_text("отменён")
    await expect(page.locator(".timeline")).to_contain_text("Вера Лесная")
    assert await available(desk) == before


async def test_several_orders_are_confirmed_by_keyboard(page: Page, desk: Desk) -> None:
    for _ in range(2):
        await buy(desk.context, (desk.shop.shop.variant, 1), now=datetime.now(UTC))
    await sign_in(page, desk)
    await page.goto(f"{desk.address}/office/orders?state=placed")

    for key in ("j", "x", "j", "x"):
        await page.keyboard.press(key)
    await expect(page.locator("[data-bulk-count]")).to_have_text("2")
    await page.locator(".bulk").get_by_role("button", name="Подтвердить").click()

    await expect(page.locator(".toast")).to_contain_text("Продвинуто заказов: 2.")
