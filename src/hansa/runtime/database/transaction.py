"""Reading and writing: `Snapshot` reads one state of the database, `Transaction` changes it."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg.rows import namedtuple_row

from hansa.kernel.message import Event, Job
from hansa.runtime.database.rounds import Round
from hansa.runtime.jobs import append as job_rows
from hansa.runtime.outbox import append as outbox_rows

type_of_parameters = Mapping[str, Any]
Row = Any
"""A named tuple whose fields are the columns of the statement."""

OPEN_TRANSACTION: ContextVar[bool] = ContextVar("open_transaction", default=False)
"""True while the current task holds a transaction; the outbound client refuses to send then."""


class NoSuchRow(LookupError):
    """A statement that must give a row gave none."""


class Snapshot:
    """Reads. All statements of one snapshot see the same state, unless it was opened as single."""

    __slots__ = ("_round", "connection")

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self.connection = connection
        self._round: Round | None = None

    async def together(self, *steps: Awaitable[Any]) -> list[Any]:
        """Do steps that do not need each other's answers, in as few round trips as the longest.

        What the steps ask for first is sent at once, in their order, each statement run after the
        one before; then what they ask for second, and so on. Gives their answers in order; the
        first failure of one is raised, the transaction is lost then.
        """
        assert self._round is None, "a step of a round begins no other"
        self._round = Round(self.connection)
        try:
            answers = await asyncio.gather(*steps, return_exceptions=True)
        finally:
            await self._round.close()
            failed, self._round = self._round.failed, None
        errors = [one for one in answers if isinstance(one, BaseException)]
        if errors:
            # A step may say better what happened than the statement of which all were told.
            said = next((one for one in errors if not isinstance(one, psycopg.Error)), failed)
            raise said or errors[0]
        return answers

    async def _run(
        self,
        cursor: psycopg.AsyncCursor[Any],
        sql: LiteralString,
        params: type_of_parameters | None,
    ) -> None:
        if self._round is None:
            await cursor.execute(sql, params)
        else:
            await self._round.run(cursor, sql, params)

    async def all(self, sql: LiteralString, params: type_of_parameters | None = None) -> list[Row]:
        """Give every row of the statement."""
        cursor = self.connection.cursor(binary=True, row_factory=namedtuple_row)
        await self._run(cursor, sql, params)
        return await cursor.fetchall()

    async def maybe(self, sql: LiteralString, params: type_of_parameters | None = None) -> Row:
        """Give the first row, or None."""
        cursor = self.connection.cursor(binary=True, row_factory=namedtuple_row)
        await self._run(cursor, sql, params)
        return await cursor.fetchone()

    async def one(self, sql: LiteralString, params: type_of_parameters | None = None) -> Row:
        """Give the first row.

        Raises:
            NoSuchRow: the statement gave no row.
        """
        row = await self.maybe(sql, params)
        if row is None:
            raise NoSuchRow(sql)
        return row

    async def scalar(self, sql: LiteralString, params: type_of_parameters | None = None) -> Any:
        """Give the first column of the first row, or None if there is no row."""
        cursor = self.connection.cursor(binary=True)
        await self._run(cursor, sql, params)
        row = await cursor.fetchone()
        return None if row is None else row[0]


class Transaction(Snapshot):
    """Changes, all or nothing. Opened by `Database.transaction()`, which commits at the end."""

    __slots__ = ()

    async def execute(self, sql: LiteralString, params: type_of_parameters | None = None) -> int:
        """Run a statement; give the number of rows it changed."""
        cursor = self.connection.cursor(binary=True)
        await self._run(cursor, sql, params)
        return cursor.rowcount

    async def execute_many(self, sql: LiteralString, params: Sequence[type_of_parameters]) -> None:
        """Run a statement once per set of parameters. For many rows prefer one `unnest`."""
        if self._round is not None:
            await asyncio.gather(*(self.execute(sql, one) for one in params))
            return
        cursor = self.connection.cursor()
        await cursor.executemany(sql, params)

    async def publish(self, *events: Event) -> None:
        """Write events to the outbox; they are delivered after the commit, at least once."""
        if events:
            await self.execute(outbox_rows.APPEND, outbox_rows.parameters(events))

    async def enqueue(self, job: Job, *, run_at: datetime | None = None) -> None:
        """Write a job to the queue; it runs after the commit, not before `run_at` (UTC)."""
        await self.execute(job_rows.ENQUEUE, job_rows.parameters(job, run_at))

    async def enqueue_all(self, jobs: Iterable[Job]) -> None:
        """Write several jobs to the queue."""
        for job in jobs:
            await self.enqueue(job)
