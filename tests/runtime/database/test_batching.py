"""Batches: what gathers is committed together, each is answered by itself, nothing hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import psycopg
import pytest

from hansa.runtime.database import (
    Away,
    Batcher,
    Busy,
    Closed,
    Database,
    Postponed,
    Transaction,
)

MAKE = "create table batched (value integer primary key)"
ADD = "insert into batched (value) select unnest(%(values)s::integer[])"
REMOVE = "delete from batched where value = %(value)s"
COUNT = "select count(*) from batched"


class Odd(Exception):
    """An answer of its own."""


class Recorder:
    """Adds numbers in batches and remembers how they came; the first batch waits for a sign."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_go_on = asyncio.Event()

    async def __call__(self, tx: Transaction, numbers: list[int]) -> Sequence[int | Exception]:
        self.batches.append(list(numbers))
        await self.may_go_on.wait()
        await tx.execute(ADD, {"values": [number for number in numbers if number >= 0]})
        return [Odd(number) if number < 0 else number * 2 for number in numbers]


async def a_batcher(
    database: Database, recorder: Recorder, *, queue_limit: int = 100, gathering: float = 0.01
) -> Batcher[int, int]:
    async with database.transaction() as tx:
        await tx.execute(MAKE)
    batcher = Batcher(database, recorder, name="test", queue_limit=queue_limit, gathering=gathering)
    await batcher.start()
    return batcher


async def until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0)


async def test_what_gathers_while_one_commits_is_the_next_batch(committing: Database) -> None:
    recorder = Recorder()
    batcher = await a_batcher(committing, recorder)
    first = asyncio.create_task(batcher.submit(1))
    await until(lambda: recorder.batches == [[1]])
    others = [asyncio.create_task(batcher.submit(number)) for number in (2, 3, 4)]
    await asyncio.sleep(0)

    recorder.may_go_on.set()
    answers = await asyncio.gather(first, *others)

    assert recorder.batches == [[1], [2, 3, 4]]
    assert answers == [2, 4, 6, 8]
    await batcher.close()


async def test_after_a_large_batch_those_it_answered_are_waited_for(committing: Database) -> None:
    recorder = Recorder()
    batcher = await a_batcher(committing, recorder, gathering=60)

    async def ask(number: int, times: int) -> None:
        for time in range(times):
            await batcher.submit(100 * time + number)
            for _ in range(number):  # they come back one after the other
                await asyncio.sleep(0)

    first = asyncio.create_task(ask(0, times=3))
    await until(lambda: recorder.batches == [[0]])
    others = [asyncio.create_task(ask(number, times=2)) for number in range(1, 21)]
    await asyncio.sleep(0)
    recorder.may_go_on.set()
    await asyncio.gather(first, *others)

    assert [len(batch) for batch in recorder.batches] == [1, 21, 21]
    await batcher.close()


async def test_what_is_put_off_begins_the_next_batch(committing: Database) -> None:
    recorder = Recorder()
    put_off = [7, 3]

    async def apply(tx: Transaction, numbers: list[int]) -> Sequence[int | Exception]:
        answers = await recorder(tx, [number for number in numbers if number not in put_off])
        given = iter(answers)
        answers = [Postponed() if number in put_off else next(given) for number in numbers]
        put_off.clear()
        return answers

    async with committing.transaction() as tx:
        await tx.execute(MAKE)
    batcher: Batcher[int, int] = Batcher(committing, apply, name="test")
    await batcher.start()
    first = [asyncio.create_task(batcher.submit(number)) for number in (7, 1, 3)]
    await until(lambda: recorder.batches == [[1]])
    others = [asyncio.create_task(batcher.submit(number)) for number in (4, 5)]
    await asyncio.sleep(0)
    recorder.may_go_on.set()

    assert await asyncio.gather(*first, *others) == [14, 2, 6, 8, 10]
    assert recorder.batches == [[1], [7, 3, 4, 5]]
    await batcher.close()


async def test_who_does_not_come_back_is_not_waited_for(committing: Database) -> None:
    recorder = Recorder()
    batcher = await a_batcher(committing, recorder, gathering=0.001)
    first = asyncio.create_task(batcher.submit(0))
    await until(lambda: recorder.batches == [[0]])
    others = [asyncio.create_task(batcher.submit(number)) for number in range(1, 41)]
    await asyncio.sleep(0)
    recorder.may_go_on.set()
    await asyncio.gather(first, *others)

    assert await batcher.submit(50) == 100
    assert [len(batch) for batch in recorder.batches] == [1, 40, 1]
    await batcher.close()


async def test_an_answer_that_is_an_error_reaches_its_own_submitter_alone(
    committing: Database,
) -> None:
    recorder = Recorder()
    recorder.may_go_on.set()
    batcher = await a_batcher(committing, recorder)

    answers = await asyncio.gather(
        *(batcher.submit(number) for number in (1, -1, 2)), return_exceptions=True
    )

    assert answers[0] == 2
    assert isinstance(answers[1], Odd)
    assert answers[2] == 4
    await batcher.close()


async def test_a_command_that_breaks_its_batch_does_not_spoil_the_others(
    committing: Database,
) -> None:
    recorder = Recorder()
    recorder.may_go_on.set()
    batcher = await a_batcher(committing, recorder)
    await batcher.submit(7)

    answers = await asyncio.gather(
        *(batcher.submit(number) for number in (1, 7, 2)), return_exceptions=True
    )

    assert answers[0] == 2
    assert isinstance(answers[1], psycopg.errors.UniqueViolation)
    assert answers[2] == 4
    async with committing.snapshot() as snap:
        assert await snap.scalar(COUNT) == 3
    await batcher.close()


async def test_what_is_put_off_while_a_batch_is_tried_singly_keeps_its_place(
    committing: Database,
) -> None:
    recorder = Recorder()
    put_off = [2]

    async def apply(tx: Transaction, numbers: list[int]) -> Sequence[int | Exception]:
        answers = await recorder(tx, numbers)
        if numbers == put_off:
            put_off.clear()
            await tx.execute(REMOVE, {"value": 2})
            return [Postponed()]
        return answers

    async with committing.transaction() as tx:
        await tx.execute(MAKE)
        await tx.execute(ADD, {"values": [7]})
    batcher: Batcher[int, int] = Batcher(committing, apply, name="test")
    await batcher.start()
    held = asyncio.create_task(batcher.submit(1))
    await until(lambda: recorder.batches == [[1]])
    others = [asyncio.create_task(batcher.submit(number)) for number in (2, 7, 3, 4)]
    await asyncio.sleep(0)
    recorder.may_go_on.set()
    answers = await asyncio.gather(held, *others, return_exceptions=True)

    assert isinstance(answers.pop(2), psycopg.errors.UniqueViolation)
    assert answers == [2, 4, 6, 8]
    assert recorder.batches == [[1], [2, 7, 3, 4], [2], [2], [7], [3], [4]]
    await batcher.close()


async def test_a_full_queue_refuses_at_once(committing: Database) -> None:
    recorder = Recorder()
    batcher = await a_batcher(committing, recorder, queue_limit=2)
    held = asyncio.create_task(batcher.submit(0))
    await until(lambda: recorder.batches == [[0]])
    waiting = [asyncio.create_task(batcher.submit(number)) for number in (1, 2)]
    await asyncio.sleep(0)

    with pytest.raises(Busy):
        await batcher.submit(3)

    recorder.may_go_on.set()
    assert await asyncio.gather(held, *waiting) == [0, 2, 4]
    await batcher.close()


async def test_closing_answers_what_waits_and_refuses_what_comes(committing: Database) -> None:
    recorder = Recorder()
    batcher = await a_batcher(committing, recorder)
    waiting = [asyncio.create_task(batcher.submit(number)) for number in (1, 2)]
    await until(lambda: bool(recorder.batches))
    closing = asyncio.create_task(batcher.close())
    await asyncio.sleep(0)

    with pytest.raises(Closed):
        await batcher.submit(3)

    recorder.may_go_on.set()
    await closing
    assert await asyncio.gather(*waiting) == [2, 4]


async def test_a_lost_database_fails_the_batch_at_once_and_the_next_one_works(
    committing: Database,
) -> None:
    lost = True

    async def apply(tx: Transaction, numbers: list[int]) -> Sequence[int]:
        if lost:
            await tx.execute("select pg_terminate_backend(pg_backend_pid())")
        return numbers

    batcher: Batcher[int, int] = Batcher(committing, apply, name="test")
    await batcher.start()

    with pytest.raises(Away):
        await batcher.submit(1)
    lost = False

    assert await batcher.submit(2) == 2
    await batcher.close()


async def test_whoever_has_gone_is_not_served(committing: Database) -> None:
    recorder = Recorder()
    batcher = await a_batcher(committing, recorder)
    first = asyncio.create_task(batcher.submit(1))
    await until(lambda: recorder.batches == [[1]])
    gone = asyncio.create_task(batcher.submit(2))
    stays = asyncio.create_task(batcher.submit(3))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)

    recorder.may_go_on.set()
    await asyncio.gather(first, stays)

    assert recorder.batches == [[1], [3]]
    await batcher.close()
