"""Loops: work that never ends, done by exactly one worker process at a time.

A loop is held by an advisory lock on a connection of its own, so it is handed over the moment its
holder dies. A holder that loses the connection stops at once, since another may have begun; for the
moment in between a loop must bear being run twice (its effects are decided by rows, not by memory).
A loop that fails begins again after a pause that grows; at the end it may finish what is in hand.
"""

import asyncio
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from prometheus_client import Counter, Gauge

from hansa.runtime.context import Context
from hansa.runtime.module import Loop, Module
from hansa.runtime.outbox.locks import LOOP, dedicated_connection

_TAKE_OVER_SECONDS = 0.5
_WATCH_SECONDS = 1.0
_WATCH_ANSWER_SECONDS = 5.0
_PAUSE_SECONDS, _PAUSE_SECONDS_MAX = 0.2, 30.0
_STEADY_SECONDS = 30.0

_log = structlog.get_logger(__name__)
_HELD = Gauge(
    "hansa_loop_held", "1 in the process that runs a loop", ["loop"], multiprocess_mode="max"
)
_FAILED = Counter("hansa_loop_failures_total", "How often a loop ended by a fault", ["loop"])


class DuplicateLoop(ValueError):
    """Two loops have one name, and would wait for each other's lock for ever."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How soon a dead holder is replaced and a failed loop begins again, in seconds."""

    take_over: float = _TAKE_OVER_SECONDS
    watch: float = _WATCH_SECONDS
    pause: float = _PAUSE_SECONDS
    pause_max: float = _PAUSE_SECONDS_MAX


async def run_loops(
    context: Context,
    modules: Sequence[Module],
    *,
    stop: asyncio.Event,
    pace: Pace | None = None,
) -> None:
    """Hold loops, or wait to take them over, until `stop`; then let them finish and return.

    What is not finished within `shutdown_grace_seconds` is broken off.

    Raises:
        DuplicateLoop: two loops have one name.
    """
    loops = [loop for module in modules for loop in module.loops]
    names = [loop.name for loop in loops]
    if len(names) != len(set(names)):
        raise DuplicateLoop(", ".join(sorted(n for n in names if names.count(n) > 1)))
    async with asyncio.TaskGroup() as group:
        for loop in loops:
            group.create_task(
                _Keeper(context, loop, pace or Pace()).keep(stop), name=f"loop-{loop.name}"
            )


class _Keeper:
    """Holds one loop in this process, as long as no other does."""

    def __init__(self, context: Context, loop: Loop, pace: Pace) -> None:
        self._context = context
        self._loop = loop
        self._pace = pace

    async def keep(self, stop: asyncio.Event) -> None:
        clock = asyncio.get_running_loop().time
        pause = self._pace.pause
        while not stop.is_set():
            began = clock()
            try:
                await self._hold(stop)
            except Exception as error:  # noqa: BLE001 - supervised: logged, waited out, begun again
                _FAILED.labels(self._loop.name).inc()
                _log.warning("a loop failed and begins again", loop=self._loop.name,
                             error=repr(error), pause_seconds=pause)  # fmt: skip
            if clock() - began > _STEADY_SECONDS:
                pause = self._pace.pause
            await _wait(stop, pause)
            pause = min(pause * 2, self._pace.pause_max)

    async def _hold(self, stop: asyncio.Event) -> None:
        """Wait for the lock, then run the loop until it ends, or `stop`, or the lock is gone."""
        name = self._loop.name
        async with dedicated_connection(self._context.database.dsn, f"hansa loop {name}"[:63]) as (
            connection
        ):
            while not await _try_lock(connection, name):
                await _wait(stop, self._pace.take_over)
                if stop.is_set():
                    return
            _HELD.labels(name).set(1)
            _log.info("loop held", loop=name)
            try:
                await self._run(connection, stop)
            finally:
                _HELD.labels(name).set(0)

    async def _run(self, connection: psycopg.AsyncConnection, stop: asyncio.Event) -> None:
        working = asyncio.ensure_future(self._loop.run(self._context, stop))
        watching = asyncio.create_task(self._watch(connection))
        stopping = asyncio.create_task(stop.wait())
        both: set[asyncio.Future[Any]] = {working, watching, stopping}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set() and not working.done():
                grace = self._context.settings.shutdown_grace_seconds
                await asyncio.wait({working, watching}, timeout=grace,
                                   return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
        finally:
            for task in both:
                task.cancel()
            results = await asyncio.gather(working, watching, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _watch(self, connection: psycopg.AsyncConnection) -> None:
        """Raise as soon as the connection, and with it the lock, is gone."""
        while True:
            await asyncio.sleep(self._pace.watch)
            async with asyncio.timeout(_WATCH_ANSWER_SECONDS):
                await connection.execute("select 1")


async def _try_lock(connection: psycopg.AsyncConnection, name: str) -> bool:
    number = zlib.crc32(name.encode()) - 2**31
    cursor = await connection.execute("select pg_try_advisory_lock(%s, %s)", [LOOP, number])
    row = await cursor.fetchone()
    return bool(row and row[0])


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
