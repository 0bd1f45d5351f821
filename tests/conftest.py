"""Fixtures for every test; what they promise is written in `tests/support/__init__.py`."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
import pytest_asyncio

from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database, Transaction
from hansa.runtime.settings import Secret, Settings
from tests.support.database import TestServer, test_server

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

# The same examples each time, and as long for each as a busy machine takes; new ones are looked for
# by the long tests.
hypothesis.settings.register_profile(
    "usual",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "long", hypothesis.settings.get_profile("usual"), derandomize=False
)


def pytest_configure(config: pytest.Config) -> None:
    """Choose how examples are made before a test that makes some is read."""
    is_long = config.getoption("markexpr", "") == "long"
    hypothesis.settings.load_profile("long" if is_long else "usual")


class _RollBack(Exception):
    """Thrown into the test's transaction so that it is rolled back."""


@pytest.fixture
def whole_machine() -> Iterator[None]:
    """One such test at a time, of all processes of pytest: each starts a dozen processes itself.

    Two of them beside each other keep nobody's time-outs.
    """
    path = Path(tempfile.gettempdir()) / f"hansa-tests-{os.getuid()}.whole-machine"
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session", autouse=True)
def _sockets_stay_on_this_machine() -> Iterator[None]:
    """A test that reaches for the internet fails with a sentence."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple):
            host = str(address[0])
            if host not in {"localhost", "::1", "0.0.0.0", "::"} and not host.startswith("127."):
                raise AssertionError(
                    f"a test wanted to connect to {host}: tests use this machine only"
                )
        connect(self, address)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session", autouse=True)
def _settings_of_the_caller_do_not_count() -> None:
    for name in [name for name in os.environ if name.startswith("HANSA_")]:
        del os.environ[name]


@pytest.fixture
def now() -> datetime:
    """The instant of the test."""
    return NOON


@pytest.fixture
def clock(now: datetime) -> FixedClock:
    """A clock that stands still at `now`."""
    return FixedClock(now)


@pytest.fixture(scope="session")
def test_database_server() -> Iterator[TestServer]:
    """The server all workers share, with the migrated template."""
    with test_server() as server:
        yield server


@pytest.fixture(scope="session")
def database_dsn(test_database_server: TestServer) -> Iterator[str]:
    """Address of this worker's clone."""
    with test_database_server.temporary("worker") as dsn:
        yield dsn


@pytest.fixture
def empty_database_dsn(test_database_server: TestServer) -> Iterator[str]:
    """Address of a database without any table."""
    with test_database_server.temporary("empty", empty=True) as dsn:
        yield dsn


@pytest.fixture
def settings(database_dsn: str, tmp_path: Path) -> Settings:
    """Settings of a test, on the worker's database."""
    return Settings(
        environment="development",
        data_dir=tmp_path / "var",
        secret_key=Secret("a key that only tests use, long enough"),
        database_url=database_dsn,
        rate_limit_requests_per_minute=0,
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """The worker's database; nothing may be committed through it."""
    opened = Database(database_dsn, connections_min=1, connections_max=8)
    await opened.open()
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def tx(database: Database) -> AsyncIterator[Transaction]:
    """A transaction that is rolled back after the test."""
    try:
        async with database.transaction() as transaction:
            yield transaction
            raise _RollBack  # noqa: TRY301 - what ends the transaction
    except _RollBack:
        pass


@pytest_asyncio.fixture(loop_scope="session")
async def committing(test_database_server: TestServer) -> AsyncIterator[Database]:
    """A database of the test's own, for what must really commit."""
    with test_database_server.temporary("committing") as dsn:
        opened = Database(dsn, connections_min=1, connections_max=16)
        await opened.open()
        try:
            yield opened
        finally:
            await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def two_transactions(
    committing: Database,
) -> AsyncIterator[tuple[Transaction, Transaction]]:
    """Two transactions at once; rolled back unless the test runs `commit` on their connection."""
    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(committing.connection()) for _ in range(2)]
        for connection in connections:
            await connection.execute("begin")
        yield Transaction(connections[0]), Transaction(connections[1])
        for connection in connections:
            await connection.execute("rollback")
