"""Statements that are sent together: one round trip for as many as are asked for at once."""

import asyncio
from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg
from psycopg import AsyncPipeline
from psycopg.abc import PQGen
from psycopg.generators import send

_Statement = tuple[psycopg.AsyncCursor[Any], LiteralString, Mapping[str, Any] | None]


class Round:
    """Gathers the statements of steps that run at the same time on one connection.

    Each turn of the event loop sends what was asked for in it as one pipeline: the server runs the
    statements in their order, and none after one that fails. All that were sent with it fail then,
    with the same error; the first is `failed`.
    """

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self.failed: BaseException | None = None
        self._connection = connection
        self._waiting: list[_Statement] = []
        self._sent: asyncio.Future[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()

    async def run(
        self,
        cursor: psycopg.AsyncCursor[Any],
        sql: LiteralString,
        params: Mapping[str, Any] | None,
    ) -> None:
        """Run a statement with the others; its answer is in the cursor afterwards.

        Raises:
            psycopg.Error: this statement or one that was sent with it failed.
        """
        self._waiting.append((cursor, sql, params))
        if self._sent is None:
            self._sent = asyncio.get_running_loop().create_future()
            # It begins after whoever else is ready to ask has asked.
            task = asyncio.create_task(self._send())
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        await asyncio.shield(self._sent)

    async def close(self) -> None:
        """Break off what is still on its way, after whoever waited for it was cancelled."""
        while self._sending:
            for task in self._sending:
                task.cancel()
            await asyncio.gather(*self._sending, return_exceptions=True)

    async def _send(self) -> None:
        sent, self._sent = self._sent, None
        statements, self._waiting = self._waiting, []
        assert sent is not None
        try:
            if len(statements) == 1:
                [(cursor, sql, params)] = statements
                await cursor.execute(sql, params)
            else:
                await self._send_all(statements)
        except BaseException as error:
            self.failed = self.failed or error
            sent.set_exception(error)
            sent.exception()  # seen, also if all who waited were cancelled
            if not isinstance(error, Exception):
                raise
        else:
            sent.set_result(None)

    async def _send_all(self, statements: list[_Statement]) -> None:
        connection = self._connection
        connection._pipeline = _Burst(connection)  # noqa: SLF001 - see there
        try:
            async with connection.pipeline():
                for cursor, sql, params in statements:
                    await cursor.execute(sql, params)
        finally:
            connection._pipeline = None  # noqa: SLF001 - as psycopg leaves it


class _Burst(AsyncPipeline):
    """A pipeline that sends nothing before it ends.

    Psycopg's own waits until the socket takes a statement before it hands over the next: a system
    call, and a turn of the event loop, for each.
    """

    def _communicate_gen(self) -> PQGen[None]:
        yield from ()

    def _exit_gen(self) -> PQGen[None]:
        self._enqueue_sync()
        while self.command_queue:
            self.command_queue.popleft()()
        yield from send(self.pgconn)
        yield from self._fetch_gen(flush=False)
