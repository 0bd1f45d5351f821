"""A shop with goods, a real server before it, and a real Chromium to look at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from hansa.modules import pricing, search
from hansa.runtime.database import Database, Transaction
from hansa.runtime.settings import Secret, Settings
from tests.support.chromium import LAUNCH_ARGUMENTS, find_chromium
from tests.support.database import TestServer
from tests.support.http import web_server
from tests.support.shop import Shop, a_shop

# The machine may be busy with other workers' tests.
expect.set_options(timeout=40_000)

TELEPHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}


# However long a busy machine takes to look at a toast, it is still there: only presses close one.
TOASTS_STAY = """
  const remove = Element.prototype.remove;
  Element.prototype.remove = function () {
    if (!this.matches("[data-toast]") || globalThis.event) remove.call(this);
  };
"""


async def scripts_of(page: Page) -> None:
    """Wait until the scripts of the page that is shown have run.

    To be called between what was seen of a page and what only a script does there, unless the page
    was asked for by its address: a press that leads to a page does not wait for its scripts.
    """
    await page.wait_for_load_state("load")


@dataclass(frozen=True)
class OpenShop:
    """A shop that answers at an address."""

    address: str
    shop: Shop
    database: Database


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Chromium, started once."""
    program = find_chromium()
    assert program is not None, "there is no Chromium: `make test` installs it"
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=program, chromium_sandbox=False, args=list(LAUNCH_ARGUMENTS)
        )
        yield launched
        await launched.close()


@pytest.fixture(params=[TELEPHONE, DESKTOP], ids=["telephone", "desktop"])
def size(request: pytest.FixtureRequest) -> dict[str, int]:
    """The size of the screen: each journey is made on both."""
    chosen: dict[str, int] = request.param
    return chosen


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser, size: dict[str, int]) -> AsyncIterator[Page]:
    """A fresh window. Errors in the console and failed requests fail the test."""
    context = await chromium.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        locale="ru-RU",
        reduced_motion="reduce",
    )
    await context.add_init_script(TOASTS_STAY)
    opened = await context.new_page()
    faults: list[str] = []
    opened.on(
        "console",
        # A refused form is answered 422, which the browser reports as an error though it is none.
        lambda message: (
            faults.append(f"{message.text} {message.location}")
            if message.type == "error" and "422" not in message.text
            else None
        ),
    )
    opened.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    await context.close()
    assert faults == []


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def open_shop(
    test_database_server: TestServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OpenShop]:
    """A shop of three variants with plenty of pieces, and its web server; started once."""
    now = datetime.now(UTC)
    with test_database_server.temporary("browser") as dsn:
        database = Database(dsn, connections_min=1, connections_max=4)
        await database.open()
        try:
            async with database.transaction() as tx:
                shop = await a_shop(tx, now=now, on_hand=300)
                # Before the server starts: it learns of a new group only seconds later.
                await _prices_for_partners(tx, shop, now)
            await search.rebuild(database, now=now)
            with ExitStack() as stack:
                server = web_server(_settings(dsn, tmp_path_factory.mktemp("shop")), dsn)
                # Starting and stopping wait for a process: in a thread, so that the loop goes on.
                address = await asyncio.to_thread(stack.enter_context, server)
                yield OpenShop(address, shop, database)
                await asyncio.to_thread(stack.close)
        finally:
            await database.close()


async def _prices_for_partners(tx: Transaction, shop: Shop, now: datetime) -> None:
    partners = pricing.CustomerGroup(code="partners", name={"ru": "Партнёры"})
    await pricing.save_groups(tx, groups=[partners], now=now)
    own = pricing.PriceList(
        id=uuid4(),
        code="partners",
        name={"ru": "Партнёры"},
        market="ru",
        currency="RUB",
        customer_group="partners",
    )
    await pricing.save_price_lists(tx, price_lists=[own], now=now)
    prices = [
        pricing.Price(price_list_id=own.id, variant_id=variant, amount=Decimal(1500))
        for variant in shop.variants
    ]
    await pricing.set_prices(tx, prices=prices, now=now)


def _settings(dsn: str, folder: Path) -> Settings:
    return Settings(
        environment="development",
        data_dir=folder / "var",
        secret_key=Secret("a key that only tests use, long enough"),
        database_url=dsn,
    )
