"""Micro-batching: the hot path of stock and points.

Whatever commands have gathered while the last batch was committing form the next batch. There is
no second code path: a batch of one is the single request, and waits for nobody.

Under load whoever was just answered asks again at once. Were the next batch begun with the first of
them, each batch would hold half of what could be answered together, for as many round trips. So
after a large batch the next one is given a moment to gather as many as are known to ask.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import psycopg
import structlog
from prometheus_client import Counter, Histogram

from hansa.kernel.errors import Unavailable
from hansa.runtime.database.pool import Database, DatabaseBusy
from hansa.runtime.database.transaction import Transaction

Command = TypeVar("Command")
Answer = TypeVar("Answer")

_log = structlog.get_logger(__name__)
_BATCH_SIZE = Histogram(
    "hansa_batch_commands",
    "Commands per committed batch",
    ["batcher"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
)
# Classes of SQLSTATE: no connection; stopped by an operator (57: the server goes down).
_AWAY_CLASSES = frozenset({"08", "57"})
# From so many on who ask at once they are waited for, at most so long (seconds).
LARGE = 16
GATHERING = 0.010
_FAILED = Counter("hansa_batch_failures_total", "Batches that failed as a whole", ["batcher"])


class Busy(Unavailable):
    """More commands wait than the queue may hold."""

    code = "batch.busy"
    message = "Too many requests at the moment. Try again in a second."


class Closed(Unavailable):
    """The process is about to stop."""

    code = "batch.closed"
    message = "This server is about to restart. Try again in a second."


class Away(Unavailable):
    """The database did not answer; whether the batch was committed is not known."""

    code = "batch.away"
    message = "The database does not answer. Repeat the same request in a moment."


class Postponed(Exception):
    """An answer: this command could not be in this batch; the next one begins with it."""


class Batcher(Generic[Command, Answer]):
    """Answer commands in batches, each in one transaction.

    `apply` gets a transaction and up to `limit` commands, and gives as many answers in the same
    order; an answer that is an exception is raised to its own submitter, but for `Postponed`, which
    `apply` may not give for ever. If `apply` or the commit raises, the batch is rolled back; one of
    several commands is then tried once more command by command, so that one bad command never
    spoils the others. If the database itself is away, nothing is tried again here: whoever
    submitted is told to come back.
    """

    def __init__(
        self,
        database: Database,
        apply: Callable[[Transaction, list[Command]], Awaitable[Sequence[Answer | Exception]]],
        *,
        name: str,
        limit: int = 500,
        queue_limit: int = 5000,
        gathering: float = GATHERING,
    ) -> None:
        self._database = database
        self._apply = apply
        self._name = name
        self._limit = limit
        self._queue_limit = queue_limit
        self._gathering = gathering
        self._waiting: list[tuple[Command, asyncio.Future[Answer]]] = []
        self._arrived = asyncio.Event()
        self._wanted = 1
        self._expected = 0
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def start(self) -> None:
        """Begin to take batches."""
        self._task = asyncio.create_task(self._run(), name=f"batcher-{self._name}")

    async def close(self) -> None:
        """Refuse new commands, answer those that wait, stop."""
        self._closing = True
        self._arrived.set()
        if self._task is not None:
            await self._task

    async def submit(self, command: Command) -> Answer:
        """Put a command into the next batch and wait for its answer, given after the commit.

        Raises:
            Busy: too many wait already.
            Closed: the process is stopping.
        """
        return await self._take(command)

    async def submit_all(self, commands: Sequence[Command]) -> list[Answer | Exception]:
        """Put commands into the next batches, in their order; give an answer or refusal for each.

        Raises:
            Busy, Closed: as `submit`; nothing is done then.
        """
        if len(self._waiting) + len(commands) > self._queue_limit:
            raise Busy
        taken = [self._take(command) for command in commands]
        answers: list[Answer | Exception] = []
        for one in await asyncio.gather(*taken, return_exceptions=True):
            if isinstance(one, BaseException) and not isinstance(one, Exception):
                raise one  # this very request is being cancelled
            answers.append(one)
        return answers

    def _take(self, command: Command) -> asyncio.Future[Answer]:
        if self._closing:
            raise Closed
        if len(self._waiting) >= self._queue_limit:
            raise Busy
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, answer))
        if len(self._waiting) >= self._wanted:
            self._arrived.set()
        return answer

    async def _run(self) -> None:
        while self._waiting or not self._closing:
            if not self._waiting:
                await self._wait_for(1)
                continue
            await self._gather()
            batch, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
            postponed = await self._answer(batch)
            self._expected = min(len(batch) + len(self._waiting), self._limit)
            self._waiting[:0] = postponed

    async def _wait_for(self, commands: int) -> None:
        if len(self._waiting) >= commands or self._closing:
            return
        self._wanted = commands
        self._arrived.clear()
        await self._arrived.wait()

    async def _gather(self) -> None:
        if self._expected >= LARGE:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._gathering):
                    await self._wait_for(self._expected)

    async def _answer(
        self, batch: list[tuple[Command, asyncio.Future[Answer]]]
    ) -> list[tuple[Command, asyncio.Future[Answer]]]:
        """Answer a batch; give what of it is for the next one."""
        # A submitter that went away (its request was cancelled) is not served: nobody would know.
        batch = [(command, future) for command, future in batch if not future.done()]
        if not batch:
            return []
        try:
            async with self._database.transaction() as tx:
                answers = await self._apply(tx, [command for command, _ in batch])
            _BATCH_SIZE.labels(self._name).observe(len(batch))
        except (DatabaseBusy, psycopg.OperationalError, psycopg.InterfaceError) as error:
            if not _is_away(error):
                return await self._answer_singly(batch, error)
            _FAILED.labels(self._name).inc()
            _log.warning("the database is away", batcher=self._name, error=repr(error))
            for _, future in batch:
                if not future.done():
                    future.set_exception(Away())
            return []
        except Exception as error:  # noqa: BLE001 - supervised: the loop must go on whatever happens
            return await self._answer_singly(batch, error)
        return self._deliver(batch, answers)

    @staticmethod
    def _deliver(
        batch: list[tuple[Command, asyncio.Future[Answer]]],
        answers: Sequence[Answer | Exception],
    ) -> list[tuple[Command, asyncio.Future[Answer]]]:
        postponed = []
        for one, answer in zip(batch, answers, strict=True):
            _, future = one
            if isinstance(answer, Postponed):
                postponed.append(one)
            elif future.done():
                continue
            elif isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
        return postponed

    async def _answer_singly(
        self, batch: list[tuple[Command, asyncio.Future[Answer]]], error: Exception
    ) -> list[tuple[Command, asyncio.Future[Answer]]]:
        _FAILED.labels(self._name).inc()
        if len(batch) > 1:
            for single in batch:
                again = [single]
                while again:  # before the others, so that the order stays
                    again = await self._answer(again)
            return []
        _log.warning("batch failed", batcher=self._name, error=repr(error))
        if not batch[0][1].done():
            batch[0][1].set_exception(error)
        return []


def _is_away(error: Exception) -> bool:
    """Tell a lost database from a refused statement (a deadlock is an operational error, too)."""
    state = getattr(error, "sqlstate", None)
    return state is None or state[:2] in _AWAY_CLASSES
