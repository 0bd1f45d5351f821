"""A connection of 1C to a market: on a database of its own, or behind a running web server."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from hansa.assembly.modules import all_modules, services_of
from hansa.modules import accounts, erp
from hansa.modules.erp.manifest import MODULE
from hansa.runtime.clock import SystemClock
from hansa.runtime.context import Context
from hansa.runtime.database import Database
from hansa.runtime.jobs.worker import run_worker
from hansa.runtime.settings import Secret, Settings
from sandbox.onec.client import OneC
from sandbox.onec.mischief import Mischief
from tests.support.erp import a_context, a_market
from tests.support.http import web_server
from tests.support.shop import a_shop

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "commerceml"


@pytest.fixture
def real_exports() -> Path:
    """The folder of real exports, which a lone checkout does not have."""
    if not REAL.is_dir():
        pytest.skip("the folder of real exports is not beside this checkout")
    return REAL


@pytest_asyncio.fixture
async def context(committing: Database, settings, clock, tmp_path):
    """A process's context on the test's database."""
    async with a_context(committing, settings, clock, tmp_path) as made:
        yield made


@pytest_asyncio.fixture
async def connection(context: Context, now) -> erp.Connection:
    """A connection to the market `ru`."""
    async with context.database.transaction() as tx:
        await a_market(tx, now=now)
        return await erp.ensure_connection(tx, market="ru", now=now)


@dataclass(frozen=True)
class Site:
    """A shop that 1C may call."""

    address: str
    password: str
    context: object
    connection: erp.Connection

    @property
    def url(self) -> str:
        return f"{self.address}/1c_exchange/{self.connection.code}"

    def onec(self, **switches) -> OneC:
        return OneC(self.url, "1c", self.password, mischief=replace(Mischief(), **switches))


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def running(test_database_server, tmp_path_factory):
    """A web server and a worker; connections of tests keep their goods apart."""
    with test_database_server.temporary("exchange") as dsn:
        settings = Settings(
            environment="development",
            data_dir=tmp_path_factory.mktemp("exchange"),
            secret_key=Secret("a key that only tests use, long enough"),
            database_url=dsn,
        )
        database = Database(dsn)
        # Before the services start: they believe for seconds what they read first.
        await database.open()
        async with database.transaction() as tx:
            await a_shop(tx, now=SystemClock().now())
        await database.close()
        services = services_of(all_modules())
        async with a_context(
            database, settings, SystemClock(), settings.data_dir, services
        ) as context:
            stop = asyncio.Event()
            worker = asyncio.create_task(run_worker(context, [MODULE], stop=stop, poll_seconds=0.1))
            server = web_server(settings, dsn)
            address = await asyncio.to_thread(server.__enter__)
            try:
                yield address, context
            finally:
                await asyncio.to_thread(server.__exit__, None, None, None)
                stop.set()
                await worker


@pytest_asyncio.fixture(loop_scope="session")
async def site(running):
    address, context = running
    now = context.clock.now()
    async with context.database.transaction() as tx:
        connection = await erp.ensure_connection(
            tx, market="ru", now=now, code=f"c{uuid4().hex[:8]}", file_limit_bytes=200_000
        )
        _, secret = await accounts.create_api_key(
            tx, name="1C", scopes=("erp.exchange",), by=None, now=now
        )
    return Site(address, secret, context, connection)
