"""Gathering reads: many questions of the same kind, asked at the same time, are one statement.

As `Batcher` for reads: whatever keys have gathered while the last read was running form the next
one. There is no timer; a key alone is read alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

import psycopg
import structlog
from prometheus_client import Histogram

from hansa.runtime.database.batching import Away, Busy, Closed
from hansa.runtime.database.pool import Database, DatabaseBusy
from hansa.runtime.database.transaction import Snapshot

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")

_log = structlog.get_logger(__name__)
_READ_SIZE = Histogram(
    "hansa_gathered_keys",
    "Keys per gathered read",
    ["gatherer"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
)


class Gatherer(Generic[Key, Found]):
    """Answer questions in batches, each in one read.

    `read` gets a snapshot (of a single statement each) and up to `limit` different keys, and gives
    what it found by key; a key that is missing there is answered by None. Up to `readers` reads run
    at once. What a read fails with is raised to those whose keys were in it, and to nobody else.
    """

    def __init__(
        self,
        database: Database,
        read: Callable[[Snapshot, Sequence[Key]], Awaitable[Mapping[Key, Found]]],
        *,
        name: str,
        limit: int = 500,
        readers: int = 1,
        waiting_max: int = 10_000,
        timeout_seconds: float = 5.0,
    ) -> None:
        self._database = database
        self._read = read
        self._name = name
        self._limit = limit
        self._readers = readers
        self._waiting_max = waiting_max
        self._timeout_seconds = timeout_seconds
        self._waiting: dict[Key, list[asyncio.Future[Found | None]]] = {}
        self._asked = 0
        self._reading = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def start(self) -> None:
        """Nothing to prepare: reads run when something is asked for."""

    async def close(self) -> None:
        """Refuse new questions and answer those that wait."""
        self._closing = True
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def get(self, key: Key) -> Found | None:
        """Ask for a key in the next read; None if there is nothing.

        Raises:
            Busy: too many wait already.
            Closed: the process is stopping.
            DatabaseBusy, Away: the read did not end in time, or the database is away.
        """
        if self._closing:
            raise Closed
        if self._asked >= self._waiting_max:
            raise Busy
        answer: asyncio.Future[Found | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(answer)
        self._asked += 1
        try:
            self._begin()
            return await answer
        finally:
            self._asked -= 1

    def _begin(self) -> None:
        if self._reading < self._readers:
            # The task begins after whoever else is ready to ask has asked.
            self._reading += 1
            task = asyncio.create_task(self._run(), name=f"gatherer-{self._name}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self) -> None:
        try:
            while self._waiting:
                if len(self._waiting) <= self._limit:
                    batch, self._waiting = self._waiting, {}
                else:
                    keys = list(self._waiting)[: self._limit]
                    batch = {key: self._waiting.pop(key) for key in keys}
                await self._answer(batch)
        finally:
            # Here and not when the task is over: whoever was answered last may ask before that.
            self._reading -= 1

    async def _answer(self, batch: dict[Key, list[asyncio.Future[Found | None]]]) -> None:
        # Whoever went away meanwhile is not read for.
        keys = [
            key for key, answers in batch.items() if not all(answer.done() for answer in answers)
        ]
        if not keys:
            return
        try:
            async with (
                asyncio.timeout(self._timeout_seconds),
                self._database.snapshot(single=True) as snap,
            ):
                found = await self._read(snap, keys)
        except TimeoutError:
            self._fail(batch, DatabaseBusy())
        except DatabaseBusy as error:
            self._fail(batch, error)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            _log.warning("gathered read failed", gatherer=self._name, error=repr(error))
            self._fail(batch, Away())
        except Exception as error:  # noqa: BLE001 - whoever asked is told; the next read goes on
            self._fail(batch, error)
        else:
            _READ_SIZE.labels(self._name).observe(len(keys))
            for key in keys:
                for answer in batch[key]:
                    if not answer.done():
                        answer.set_result(found.get(key))

    @staticmethod
    def _fail(batch: dict[Key, list[asyncio.Future[Found | None]]], error: Exception) -> None:
        for answers in batch.values():
            for answer in answers:
                if not answer.done():
                    answer.set_exception(error)
