"""Relay, worker and CRM as processes: how soon an order is there, and what `kill -9` leaves."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest

from hansa.assembly.application import build_context
from hansa.modules import checkout, markets, payments, pricing, retailcrm, stock
from hansa.modules.retailcrm.manifest import MODULE
from hansa.runtime.clock import SystemClock
from hansa.runtime.context import Context
from hansa.runtime.database import Database
from hansa.runtime.jobs.worker import run_worker
from hansa.runtime.outbox.relay import run_relay
from hansa.runtime.settings import Settings
from tests.support.buying import buy
from tests.support.http import free_port
from tests.support.installation import Installation, installed
from tests.support.processes import Program, eventually
from tests.support.retailcrm import KEY, SECRET, a_crm, connect
from tests.support.shop import Shop, a_shop

pytestmark = pytest.mark.usefixtures("whole_machine")

SERVICES = (
    markets.MarketDirectory,
    pricing.Profiles,
    stock.Reserver,
    payments.Providers,
    checkout.Offers,
)
ORDERS = 12


@asynccontextmanager
async def a_context(dsn: str, **settings: object) -> AsyncIterator[Context]:
    made = build_context(
        replace(Settings(environment="development"), database_url=dsn, **settings),
        clock=SystemClock(),
    )
    await made.open(SERVICES)
    try:
        yield made
    finally:
        await made.close()


async def test_an_order_is_there_by_itself(committing, settings):
    async with committing.transaction() as tx:
        shop = await a_shop(tx, now=datetime.now(UTC))
    stop = asyncio.Event()
    async with (
        a_crm(per_second=10) as crm,
        a_context(committing.dsn, secret_key=settings.secret_key) as context,
    ):
        await connect(context, shop, crm, requests_per_second=10)
        tasks = [
            asyncio.create_task(run_worker(context, [MODULE], stop=stop)),
            asyncio.create_task(run_relay(context, [MODULE], stop=stop)),
        ]
        async with asyncio.timeout(60):
            while not crm.calls("orders/history"):
                await asyncio.sleep(0.02)
            placed = await buy(context, (shop.variant, 1), now=context.clock.now())
            while not crm.books.orders:
                await asyncio.sleep(0.02)
        stop.set()
        await asyncio.gather(*tasks)
    assert crm.order_of(placed.order_id)["number"] == placed.number
    assert crm.service.over_limit == 0


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def installation(port: int) -> Iterator[Installation]:
    with (
        installed(shutdown_grace_seconds="10", secret_key=SECRET.decode()) as made,
        (made.data_dir / "crm.log").open("w") as log,
        Program.started("-m", "sandbox.retailcrm", "--port", str(port), "--key", KEY, output=log),
    ):
        yield made


async def _open(database: Database, port: int) -> Shop:
    now = datetime.now(UTC)
    async with database.transaction() as tx:
        shop = await a_shop(tx, now=now, on_hand=100)
        statuses = {
            "placed": "new",
            "confirmed": "client-confirmed",
            "packed": "assembling-complete",
            "shipped": "delivering",
            "delivered": "delivered",
            "completed": "complete",
            "cancelled": "cancel-other",
        }
        made = retailcrm.Connection(
            id=uuid4(),
            name="RetailCRM",
            address=f"http://127.0.0.1:{port}",
            sealed_key=b"",
            is_active=True,
            sites={"ru": "shop-ru"},
            options=retailcrm.Options(
                since=now,
                requests_per_second=10,
                statuses_out=statuses,
                statuses_in={code: state for state, code in statuses.items()},
                payment_types={"cash": "cash"},
                delivery_types={"courier": "courier"},
                stores={str(shop.central): "msk-1"},
            ),
        )
        await retailcrm.save_connection(tx, connection=made, key=KEY, secret=SECRET, now=now)
    return shop


def told(port: int) -> list[dict]:
    answer = httpx.get(
        f"http://127.0.0.1:{port}/api/v5/orders?limit=100",
        headers={"X-API-KEY": KEY},
        trust_env=False,
        timeout=20,
    )
    found: list[dict] = answer.json().get("orders", []) if answer.status_code == 200 else []
    return found


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_worker_killed_in_the_middle_of_sending_loses_and_doubles_nothing(
    installation: Installation, port: int
):
    shop = installation.prepare(lambda database: _open(database, port))

    async def sell(number: int) -> None:
        async with a_context(installation.dsn) as context:
            for n in range(ORDERS):
                who = {"phone": f"8 916 {number}00-{n:02}-00", "email": f"{number}-{n}@example.org"}
                variant = shop.variants[n % 3]
                await buy(context, (variant, 1), now=context.clock.now(), **who)

    with installation.serving():
        for number in (1, 2, 3):
            httpx.post(
                f"http://127.0.0.1:{port}/control",
                content=json.dumps({"slow_seconds": 0.2, "lose_answers": 1, "lose_path": "create"}),
                trust_env=False,
            )
            before = len(told(port))
            asyncio.run(sell(number))
            eventually(lambda before=before: len(told(port)) > before, within_seconds=90)
            installation.kill("worker")
        eventually(
            lambda: len(told(port)) == 3 * ORDERS,
            within_seconds=180,
            what="not every order reached the CRM",
        )
        eventually(lambda: installation.check("retailcrm")["ok"], within_seconds=60)
        waiting = "select count(*) from retailcrm_outgoing"
        eventually(lambda: installation.scalar(waiting) == 0, within_seconds=60)
        names = Counter(one["externalId"] for one in told(port))
        placed = installation.scalar("select count(*) from orders_order")
    assert set(names.values()) == {1}
    assert placed == len(names) == 3 * ORDERS
