"""Gathered reads: what is asked while one runs is the next; errors reach their own batch."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import psycopg
import pytest

from hansa.runtime.database import Away, Busy, Closed, Database, DatabaseBusy, Gatherer, Snapshot

DOUBLE = "select number, number * 2 as doubled from unnest(%(numbers)s::integer[]) as number"
BROKEN = "select 1 / 0"
SLOW = "select pg_sleep(20)"
GONE = "select pg_terminate_backend(pg_backend_pid())"


class Reader:
    """Doubles numbers in one statement and remembers how they came; waits for a sign if told to."""

    def __init__(self, *, waits: bool = False) -> None:
        self.reads: list[list[int]] = []
        self.may_go_on = asyncio.Event()
        self.statement = DOUBLE
        if not waits:
            self.may_go_on.set()

    async def __call__(self, snap: Snapshot, numbers: Sequence[int]) -> Mapping[int, int]:
        self.reads.append(sorted(numbers))
        await self.may_go_on.wait()
        if self.statement != DOUBLE:
            await snap.all(self.statement)
        rows = await snap.all(DOUBLE, {"numbers": list(numbers)})
        return {row.number: row.doubled for row in rows if row.number >= 0}


async def until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0)


async def test_what_is_asked_while_one_read_runs_is_the_next(database: Database) -> None:
    reader = Reader(waits=True)
    gatherer = Gatherer(database, reader, name="test")
    first = asyncio.create_task(gatherer.get(1))
    await until(lambda: reader.reads == [[1]])
    others = [asyncio.create_task(gatherer.get(number)) for number in (2, 3, 2)]
    await asyncio.sleep(0)

    reader.may_go_on.set()
    answers = await asyncio.gather(first, *others)

    assert answers == [2, 4, 6, 4]
    assert reader.reads == [[1], [2, 3]]


async def test_a_key_without_anything_is_answered_by_none(database: Database) -> None:
    gatherer = Gatherer(database, Reader(), name="test")

    assert await gatherer.get(-1) is None


async def test_a_read_takes_no_more_keys_than_allowed(database: Database) -> None:
    reader = Reader()
    gatherer = Gatherer(database, reader, name="test", limit=3)

    answers = await asyncio.gather(*(gatherer.get(number) for number in range(7)))

    assert answers == [number * 2 for number in range(7)]
    assert [len(read) for read in reader.reads] == [3, 3, 1]


async def test_an_error_reaches_its_own_batch_and_the_next_one_is_read(
    database: Database,
) -> None:
    reader = Reader()
    gatherer = Gatherer(database, reader, name="test")
    reader.statement = BROKEN

    failed = await asyncio.gather(gatherer.get(1), gatherer.get(2), return_exceptions=True)
    reader.statement = DOUBLE
    answer = await gatherer.get(3)

    assert [type(one) for one in failed] == [psycopg.errors.DivisionByZero] * 2
    assert answer == 6


async def test_a_lost_connection_is_told_as_such(committing: Database) -> None:
    reader = Reader()
    gatherer = Gatherer(committing, reader, name="test")
    reader.statement = GONE

    with pytest.raises(Away):
        await gatherer.get(1)


async def test_a_read_that_takes_too_long_is_given_up(committing: Database) -> None:
    reader = Reader()
    gatherer = Gatherer(committing, reader, name="test", timeout_seconds=3)
    reader.statement = SLOW

    with pytest.raises(DatabaseBusy):
        await gatherer.get(1)

    reader.statement = DOUBLE
    assert await gatherer.get(1) == 2


async def test_too_many_questions_are_refused_at_once(database: Database) -> None:
    reader = Reader(waits=True)
    gatherer = Gatherer(database, reader, name="test", waiting_max=2)
    held = [asyncio.create_task(gatherer.get(number)) for number in (1, 2)]
    await until(lambda: reader.reads)

    with pytest.raises(Busy):
        await gatherer.get(3)

    reader.may_go_on.set()
    assert await asyncio.gather(*held) == [2, 4]


async def test_whoever_went_away_is_not_read_for(database: Database) -> None:
    reader = Reader(waits=True)
    gatherer = Gatherer(database, reader, name="test")
    first = asyncio.create_task(gatherer.get(1))
    await until(lambda: reader.reads)
    gone = asyncio.create_task(gatherer.get(2))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)

    reader.may_go_on.set()
    await first
    await gatherer.close()

    assert reader.reads == [[1]]


async def test_what_waits_is_answered_before_it_closes(database: Database) -> None:
    reader = Reader(waits=True)
    gatherer = Gatherer(database, reader, name="test")
    waiting = asyncio.create_task(gatherer.get(1))
    await until(lambda: reader.reads)
    closing = asyncio.create_task(gatherer.close())
    await asyncio.sleep(0)

    with pytest.raises(Closed):
        await gatherer.get(2)

    reader.may_go_on.set()
    await closing
    assert await waiting == 2
