"""What staff do, in a real browser: bring an export of 1C, read its log, correct a price."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from hansa.assembly.application import build_context
from hansa.assembly.modules import all_modules, services_of
from hansa.modules import accounts, erp
from hansa.runtime.database import Database
from hansa.runtime.jobs.worker import run_worker
from hansa.runtime.outbox.relay import run_relay
from hansa.runtime.settings import Secret, Settings
from tests.browser.conftest import scripts_of
from tests.support.commerceml import Sizes, write_catalog
from tests.support.database import TestServer
from tests.support.http import web_server
from tests.support.shop import a_shop

pytestmark = pytest.mark.browser

PASSWORD = "a long enough word 7"
EMAIL = "anna@example.com"
TELEPHONE_WIDTH = 500
SECONDS_MAX = 60


@dataclass(frozen=True)
class Workplace:
    """A shop with its worker and relay, connected with a 1C, at an address."""

    address: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def workplace(
    test_database_server: TestServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Workplace]:
    """A whole shop: web in a process of its own, worker and relay in this one."""
    now = datetime.now(UTC)
    settings = Settings(
        environment="development",
        data_dir=tmp_path_factory.mktemp("workplace") / "var",
        secret_key=Secret("a key that only tests use, long enough"),
        database_url="",
    )
    async with AsyncExitStack() as stack:
        dsn = stack.enter_context(test_database_server.temporary("staff"))
        database = Database(dsn, connections_min=1, connections_max=2)
        await database.open()
        stack.push_async_callback(database.close)
        async with database.transaction() as tx:
            await a_shop(tx, now=now, on_hand=5)
            await erp.ensure_connection(tx, market="ru", now=now)
            await accounts.ensure_built_in_roles(tx, known_permissions=[], now=now)
            await accounts.create_user(
                tx,
                email=EMAIL,
                password=PASSWORD,
                kind="staff",
                roles=[accounts.ADMINISTRATOR],
                name="Анна Липова",
                now=now,
            )
        await _run_roles(stack, replace(settings, database_url=dsn))
        server = ExitStack()
        # Starting and stopping wait for a process: in a thread, so that the loop goes on.
        address = await asyncio.to_thread(server.enter_context, web_server(settings, dsn))
        try:
            yield Workplace(address)
        finally:
            await asyncio.to_thread(server.close)


async def _run_roles(stack: AsyncExitStack, settings: Settings) -> None:
    """Run the worker and the relay until the stack is closed."""
    context = build_context(settings)
    await context.open(services_of(all_modules()))
    stack.push_async_callback(context.close)
    stop = asyncio.Event()
    tasks = [
        asyncio.create_task(run_worker(context, all_modules(), stop=stop)),
        asyncio.create_task(run_relay(context, all_modules(), stop=stop)),
    ]

    async def end() -> None:
        stop.set()
        await asyncio.gather(*tasks)

    stack.push_async_callback(end)


async def sign_in(page: Page, address: str) -> None:
    await page.goto(f"{address}/office/sign-in")
    await page.get_by_label("Электронная почта").fill(EMAIL)
    await page.get_by_label("Пароль").fill(PASSWORD)
    await page.get_by_role("button", name="Войти").click()
    await page.wait_for_url("**/office")


async def open_section(page: Page, name: str) -> None:
    """Go by the side bar, which a telephone hides behind a button."""
    size = page.viewport_size
    if size is not None and size["width"] < TELEPHONE_WIDTH:
        await page.locator("[data-menu]").click()
    await page.locator("#side").get_by_role("link", name=name, exact=True).click()


async def fits_the_screen(page: Page) -> bool:
    """Say whether nothing sticks out to the side."""
    return bool(
        await page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


async def comes_to_show(page: Page, address: str, text: str) -> None:
    """Open a page of the shop until it shows a text: what was changed arrives a moment later."""
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            await page.goto(address)
            if text in await page.locator("main").inner_text():
                return


async def test_staff_import_an_export_read_its_log_and_correct_a_price(
    page: Page, workplace: Workplace, size: dict[str, int], tmp_path: Path
) -> None:
    goods, offers = write_catalog(tmp_path, Sizes(3, 1, warehouses=2, seed=size["width"]))
    await sign_in(page, workplace.address)

    await open_section(page, "Обмен с 1С")
    await page.get_by_label("Файлы XML или архив папки (zip)").set_input_files([goods, offers])
    await page.get_by_role("button", name="Импортировать").click()
    await expect(page.locator(".toast")).to_contain_text("Файлы приняты")
    row = page.locator("#files tr", has_text="offers.xml").first
    await expect(row).to_contain_text("импортирован", timeout=SECONDS_MAX * 1000)
    assert await fits_the_screen(page)
    await page.locator("#files tr", has_text="import.xml").first.get_by_role("link").click()
    assert await fits_the_screen(page)

    # The export before this one was whole too: what only it named is in the log as taken away.
    await page.get_by_role("navigation", name="Журнал").get_by_role("link", name="Создано").click()
    log = page.get_by_role("region", name="Журнал")
    await expect(log.locator(".chip").first).to_have_text("создано")
    await log.locator('a[href^="/office/catalogue/products/"]').first.click()
    in_the_shop = await page.get_by_role("link", name="В магазине").get_attribute("href")
    assert await fits_the_screen(page)
    await page.get_by_role("region", name="Варианты").get_by_role("link", name="Цены").click()

    price = page.locator(".price-form").first
    await expect(price).to_be_visible()
    await scripts_of(page)
    await price.locator("[name=amount]").fill("-1")
    await price.get_by_role("button", name="Сохранить").click()
    await expect(page.locator(".price-form").first.locator("[name=amount]")).to_have_value("-1")
    await expect(page.locator(".field-error").first).to_be_visible()
    await page.locator(".price-form").first.locator("[name=amount]").fill("7 654")
    await page.locator(".price-form").first.get_by_role("button", name="Сохранить").click()
    await expect(page.locator(".toast")).to_contain_text("Цена изменена")
    await expect(page.get_by_role("region", name="История")).to_contain_text("Анна Липова")
    assert await fits_the_screen(page)

    assert in_the_shop is not None
    await comes_to_show(page, f"{workplace.address}{in_the_shop}", "7\u00a0654\u00a0₽")


async def test_staff_undo_the_archiving_of_a_product(page: Page, workplace: Workplace) -> None:
    await sign_in(page, workplace.address)
    await open_section(page, "Каталог")
    await page.locator(".tabs").get_by_role("link", name="В продаже").click()
    await expect(page.locator(".tabs [aria-current]")).to_contain_text("В продаже")
    await page.locator("table a").first.click()

    await page.get_by_role("button", name="В архив").click()
    await expect(page.locator(".toast")).to_contain_text("Товар в архиве")
    await scripts_of(page)
    await page.locator(".toast").get_by_role("button", name="Вернуть").click()

    await expect(page.locator(".office-head .chip").first).to_have_text("в продаже")
