"""The connection pool and how transactions and snapshots are opened."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import IsolationLevel
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from hansa.kernel.errors import Unavailable
from hansa.runtime.database.columns import write_columns_fast
from hansa.runtime.database.transaction import OPEN_TRANSACTION, Snapshot, Transaction
from hansa.runtime.telemetry import cursor_factory


class DatabaseBusy(Unavailable):
    """No connection became free in time."""

    code = "database.busy"
    message = "Too many requests at the moment. Try again in a few seconds."


async def _configure(connection: psycopg.AsyncConnection[Any]) -> None:
    write_columns_fast(connection)


class Database:
    """A pool of connections to one PostgreSQL database.

    `open` before use, `close` at the end. Times are in seconds, the statement time-out in
    milliseconds, as PostgreSQL counts it.
    """

    def __init__(
        self,
        dsn: str,
        *,
        connections_min: int = 1,
        connections_max: int = 8,
        wait_seconds: float = 10,
        statement_timeout_milliseconds: int = 30_000,
    ) -> None:
        self.dsn = dsn
        self._options = (
            f"-c statement_timeout={statement_timeout_milliseconds} -c lock_timeout=10000"
            " -c idle_in_transaction_session_timeout=60000 -c timezone=UTC -c jit=off"
        )
        self._pool = AsyncConnectionPool(
            dsn,
            kwargs={
                "autocommit": True,
                "options": self._options,
                "prepare_threshold": 3,
                "cursor_factory": cursor_factory(),
            },
            min_size=connections_min,
            max_size=connections_max,
            timeout=wait_seconds,
            configure=_configure,
            open=False,
            check=None,
        )

    async def open(self) -> None:
        """Open the pool and wait for its first connections."""
        await self._pool.open(wait=True, timeout=30)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """Borrow a connection in autocommit mode.

        Raises:
            DatabaseBusy: none became free in time.
        """
        try:
            connection = await self._pool.getconn()
        except PoolTimeout as error:
            raise DatabaseBusy from error
        try:
            yield connection
        finally:
            await self._pool.putconn(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a READ COMMITTED transaction; commit at the end, roll back on an error."""
        async with self.connection() as connection:
            token = OPEN_TRANSACTION.set(True)
            try:
                async with connection.transaction():
                    yield Transaction(connection)
            finally:
                OPEN_TRANSACTION.reset(token)

    @asynccontextmanager
    async def snapshot(self, *, single: bool = False) -> AsyncIterator[Snapshot]:
        """Open a read-only view of one state of the database.

        `single` is for reads of one statement (which sees one state anyway): it saves the two
        round trips of a transaction.
        """
        async with self.connection() as connection:
            if single:
                yield Snapshot(connection)
                return
            await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            await connection.set_read_only(True)
            try:
                async with connection.transaction():
                    yield Snapshot(connection)
            finally:
                await connection.set_isolation_level(None)
                await connection.set_read_only(None)
