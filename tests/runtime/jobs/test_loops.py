"""Loops: held by one process at a time, handed over at death, begun again, drained at the end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from hansa.runtime.context import Context
from hansa.runtime.database import Database
from hansa.runtime.jobs.loops import DuplicateLoop, Pace, run_loops
from hansa.runtime.module import Loop, Module
from tests.runtime.outbox.world import context_of

QUICK = Pace(take_over=0.02, watch=0.05, pause=0.01, pause_max=0.05)
HOLDERS = """
    select pid
      from pg_stat_activity
      join pg_locks using (pid)
     where application_name = 'hansa loop tests.loop'
       and locktype = 'advisory'
       and granted
       and pg_stat_activity.datname = current_database()
"""

Work = Callable[[Context, asyncio.Event], Awaitable[None]]


@pytest_asyncio.fixture(loop_scope="session")
async def context(committing: Database, tmp_path: Path) -> Context:
    return context_of(committing, tmp_path)


@contextlib.asynccontextmanager
async def looping(context: Context, work: Work) -> AsyncIterator[asyncio.Event]:
    """One worker process' part in the loop."""
    stop = asyncio.Event()
    module = Module(name="tests", loops=[Loop(name="tests.loop", run=work)])
    running = asyncio.create_task(run_loops(context, [module], stop=stop, pace=QUICK))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(running, 60)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


def worker(name: str, log: list[str]) -> Work:
    """Note when a worker's loop begins and ends; it goes on until it is told to stop."""

    async def work(_: Context, stop: asyncio.Event) -> None:
        log.append(f"{name} begins")
        try:
            await stop.wait()
        finally:
            log.append(f"{name} ends")

    return work


async def test_one_of_two_workers_runs_a_loop(context: Context) -> None:
    log: list[str] = []
    async with looping(context, worker("a", log)):
        await until(lambda: log == ["a begins"])
        async with looping(context, worker("b", log)) as stop_b:
            await asyncio.sleep(QUICK.take_over * 5)  # long enough to take over, were it free

            assert log == ["a begins"]
            stop_b.set()


async def test_a_loop_is_handed_over_when_its_worker_stops(context: Context) -> None:
    log: list[str] = []
    async with looping(context, worker("a", log)) as stop_a:
        await until(lambda: log == ["a begins"])
        async with looping(context, worker("b", log)):
            stop_a.set()

            await until(lambda: log == ["a begins", "a ends", "b begins"])


async def test_a_worker_that_loses_its_lock_stops_and_another_goes_on(context: Context) -> None:
    log: list[str] = []
    async with looping(context, worker("a", log)):
        await until(lambda: log == ["a begins"])
        async with context.database.snapshot(single=True) as snap:
            [held] = await snap.all(HOLDERS)
            await snap.scalar("select pg_terminate_backend(%(pid)s)", {"pid": held.pid})

        await until(lambda: log[:3] == ["a begins", "a ends", "a begins"])
        async with context.database.snapshot(single=True) as snap:
            assert len(await snap.all(HOLDERS)) == 1


async def test_a_loop_that_fails_begins_again(context: Context) -> None:
    begun = 0

    async def work(_: Context, stop: asyncio.Event) -> None:
        nonlocal begun
        begun += 1
        if begun < 4:
            raise OSError("broken")
        await stop.wait()

    async with looping(context, work):
        await until(lambda: begun == 4)


async def test_a_loop_finishes_what_is_in_hand(context: Context) -> None:
    log: list[str] = []
    in_hand = asyncio.Event()

    async def work(_: Context, stop: asyncio.Event) -> None:
        await stop.wait()
        log.append("told to stop")
        await in_hand.wait()
        log.append("finished")

    async with looping(context, work) as stop:
        await until_held(context)
        stop.set()
        await until(lambda: log == ["told to stop"])
        in_hand.set()

    assert log == ["told to stop", "finished"]


async def until_held(context: Context) -> None:
    """Wait until somebody holds the loop's lock."""
    async with asyncio.timeout(60):
        while True:
            async with context.database.snapshot(single=True) as snap:
                if await snap.all(HOLDERS):
                    return
            await asyncio.sleep(0.02)


async def test_two_loops_of_one_name_are_refused(context: Context) -> None:
    loop = Loop(name="tests.loop", run=worker("a", []))

    with pytest.raises(DuplicateLoop):
        await run_loops(context, [Module(name="tests", loops=[loop, loop])], stop=asyncio.Event())
