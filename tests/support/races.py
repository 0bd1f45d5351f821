"""Two transactions against each other, without sleeping: waiting is seen in `pg_locks`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import psycopg

__all__ = ["until_blocked"]

BLOCKED_TIMEOUT_SECONDS = 60.0


async def until_blocked(dsn: str, waiting: asyncio.Task[Any]) -> None:
    """Return when some session of the database at `dsn` waits for a lock that another one holds.

    Raises:
        AssertionError: `waiting` ended without ever having to wait, or nobody waited in time.
    """
    async with (
        asyncio.timeout(BLOCKED_TIMEOUT_SECONDS),
        await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection,
    ):
        while True:
            cursor = await connection.execute(
                """
                select exists (select
                                 from pg_stat_activity
                                where datname = current_database()
                                  and cardinality(pg_blocking_pids(pid)) > 0)
                """
            )
            row = await cursor.fetchone()
            if row is not None and row[0]:
                return
            assert not waiting.done(), "the task ended without waiting for the other transaction"
            await asyncio.sleep(0.005)


async def both(first: Awaitable[Any], second: Awaitable[Any]) -> list[Any]:
    """Run two at once; answer what each gave or raised."""
    return await asyncio.gather(first, second, return_exceptions=True)
