"""A partner's person in a real browser, on two sizes of screen: a statement is read and kept."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from hansa.modules import accounts
from hansa.modules.loyalty import members, settlement
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from hansa.runtime.html.formats import format_day
from hansa.runtime.settings import Secret, Settings
from tests.browser.conftest import TELEPHONE, scripts_of
from tests.support.database import TestServer
from tests.support.faults import faults_of
from tests.support.http import web_server
from tests.support.loyalty import a_member
from tests.support.loyalty_app import SECRET, a_closed_month, lay_together
from tests.support.shop import a_shop

EMAIL, PASSWORD = "lidia@bakery.example", "fresh-bread-at-eight"


@dataclass
class Cabinet:
    """The cabinet at an address, and the month that is closed."""

    address: str
    began_at: datetime
    ended_at: datetime
    zone: str


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cabinet(
    test_database_server: TestServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Cabinet]:
    """A bakery that gave 70 points last month, its person, and the web server; started once."""
    now, zone = datetime.now(UTC), "Europe/Moscow"
    last = (settlement.month_of(now, zone) - timedelta(days=1)).replace(day=1)
    began_at, ended_at = settlement.bounds_of(last, zone)
    with test_database_server.temporary("partner_cabinet") as dsn, ExitStack() as stack:
        database = Database(dsn, connections_min=1, connections_max=4)
        await database.open()
        settings = Settings(
            environment="development",
            data_dir=tmp_path_factory.mktemp("cabinet") / "var",
            secret_key=Secret(SECRET.decode()),
            database_url=dsn,
        )
        await _lay(settings, database, last, FixedClock(began_at + timedelta(days=3)), now)
        address = await asyncio.to_thread(stack.enter_context, web_server(settings, dsn))
        yield Cabinet(address, began_at, ended_at, zone)
        await asyncio.to_thread(stack.close)
        await database.close()


async def _lay(
    settings: Settings, database: Database, month: date, clock: FixedClock, now: datetime
) -> None:
    members.use_secret(SECRET)
    async with database.transaction() as tx:
        await a_shop(tx, now=clock.now(), on_hand=1)
        laid = await lay_together(tx, now=clock.now())
        member = await a_member(tx, laid.programme, now=clock.now(), phone="+79167000001")
        await accounts.create_user(
            tx,
            email=EMAIL,
            password=PASSWORD,
            kind="partner",
            partner_id=laid.bakery.id,
            name="Лидия Хлебова",
            language="ru",
            now=clock.now(),
        )
    await a_closed_month(settings, database, laid, member.id, first=month, clock=clock, now=now)


async def test_a_partners_person_reads_a_statement_and_takes_it_home(
    page: Page, cabinet: Cabinet, size: dict[str, int]
) -> None:
    await page.goto(f"{cabinet.address}/ru/partner")
    assert await faults_of(page) == []
    await page.get_by_label("Электронная почта").fill(EMAIL)
    await page.get_by_label("Пароль").fill(PASSWORD)
    await page.get_by_role("button", name="Войти").click()
    await expect(page.get_by_role("heading", name="Сегодня")).to_be_visible()
    assert await faults_of(page) == []

    if size == TELEPHONE:
        await scripts_of(page)
        await page.get_by_role("button", name="Меню").click()
    await page.get_by_role("link", name="Отчёты").click()
    await expect(page.get_by_role("heading", name="Отчёты")).to_be_visible()
    assert await faults_of(page) == []
    last_day = format_day(cabinet.ended_at - timedelta(seconds=1), "ru", cabinet.zone)
    await page.get_by_role("row").filter(has_text=last_day).get_by_role("link").first.click()
    line = page.get_by_role("row").filter(has_text="Выдано баллов")
    await expect(line).to_contain_text("70")
    assert await faults_of(page) == []

    async with page.expect_download() as started:
        await page.get_by_role("link", name="Excel").click()
    kept = await (await started.value).path()
    content = await asyncio.to_thread(Path(kept).read_bytes)
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        text = "".join(book.read(name).decode() for name in book.namelist() if "xml" in name)
    assert "A-1" in text
    assert "Хлеб и точка" in text
