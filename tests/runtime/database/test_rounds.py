"""Steps done together: their statements go out at once, in order, and fail as one."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from hansa.runtime.database import Database
from hansa.runtime.database.transaction import Transaction


async def numbers(tx: Transaction, *values: int) -> list[int]:
    return [await tx.scalar("select %(value)s::int", {"value": value}) for value in values]


async def note(tx: Transaction, text: str) -> int:
    return await tx.execute("insert into noted (text) values (%(text)s)", {"text": text})


@pytest.fixture
async def noted(committing: Database) -> Database:
    async with committing.transaction() as tx:
        await tx.execute("create table noted (number serial, text text unique)")
    return committing


async def test_each_step_gets_its_own_answers(tx: Transaction) -> None:
    found = await tx.together(numbers(tx, 1, 2, 3), numbers(tx), numbers(tx, 4), numbers(tx, 5, 6))

    assert found == [[1, 2, 3], [], [4], [5, 6]]
    assert await tx.together() == []


async def test_statements_run_in_the_order_of_the_steps(noted: Database) -> None:
    async with noted.transaction() as tx:
        changed = await tx.together(*(note(tx, text) for text in "dbca"))
        rows = await tx.all("select text from noted order by number")

    assert changed == [1, 1, 1, 1]
    assert [row.text for row in rows] == ["d", "b", "c", "a"]


async def test_a_later_step_sees_what_an_earlier_one_waited_for(noted: Database) -> None:
    async with noted.transaction() as first:
        await note(first, "one")
    async with noted.transaction() as holder, noted.transaction() as tx:
        await holder.execute("update noted set text = 'two'")
        reading = asyncio.create_task(
            tx.together(
                tx.all("select text from noted for update"),
                tx.scalar("select text from noted"),
            )
        )
        await _until_somebody_waits(noted)
        await holder.connection.execute("commit")

        locked, read = await reading

    assert ([row.text for row in locked], read) == (["two"], "two")


async def test_many_statements_go_along(noted: Database) -> None:
    insert = "insert into noted (text) values (%(text)s)"
    async with noted.transaction() as tx:
        rows = [{"text": text} for text in "xyz"]
        await tx.together(note(tx, "first"), tx.execute_many(insert, rows))
        found = await tx.all("select text from noted order by number")

    assert [row.text for row in found] == ["first", "x", "y", "z"]


async def test_what_fails_is_raised_and_nothing_is_kept(noted: Database) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        async with noted.transaction() as tx:
            await tx.together(note(tx, "a"), numbers(tx, 1, 2), note(tx, "a"), note(tx, "b"))

    async with noted.snapshot() as snap:
        assert await snap.all("select 1 from noted") == []


async def test_a_step_may_say_better_what_happened(noted: Database) -> None:
    class Taken(Exception):
        pass

    async def careful(tx: Transaction) -> None:
        try:
            await note(tx, "a")
        except psycopg.errors.UniqueViolation as error:
            raise Taken from error

    async with noted.transaction() as tx:
        await note(tx, "a")
    async with noted.connection() as connection:
        await connection.execute("begin")
        tx = Transaction(connection)
        with pytest.raises(Taken):
            await tx.together(numbers(tx, 1), careful(tx))
        await connection.execute("rollback")


async def test_the_connection_serves_on_after_a_failure(noted: Database) -> None:
    async with noted.connection() as connection:
        tx = Transaction(connection)
        for _ in range(3):
            await connection.execute("begin")
            with pytest.raises(psycopg.errors.DivisionByZero):
                await tx.together(numbers(tx, 1), tx.scalar("select 1 / 0"), numbers(tx, 2))
            await connection.execute("rollback")
            assert await tx.together(numbers(tx, 1), numbers(tx, 2)) == [[1], [2]]


async def test_whoever_is_cancelled_leaves_a_usable_connection(noted: Database) -> None:
    async with noted.connection() as connection:

        async def wait_long() -> None:
            async with connection.transaction():
                tx = Transaction(connection)
                await tx.together(tx.scalar("select pg_sleep(60)"), numbers(tx, 1))

        waiting = asyncio.create_task(wait_long())
        await _until_somebody_waits(noted)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

        tx = Transaction(connection)
        assert await tx.together(numbers(tx, 7), numbers(tx, 8)) == [[7], [8]]


async def _until_somebody_waits(database: Database) -> None:
    async with database.connection() as connection, asyncio.timeout(60):
        while True:
            cursor: psycopg.AsyncCursor[Any] = await connection.execute(
                "select 1 from pg_stat_activity where datname = current_database()"
                " and wait_event_type in ('Lock', 'Timeout') and state = 'active'"
            )
            if await cursor.fetchone():
                return
            await asyncio.sleep(0.01)
