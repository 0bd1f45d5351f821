"""A long file takes little memory; the death of its worker loses and doubles nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from hansa.modules.loyalty import intake, points
from hansa.modules.loyalty.intake.fetching import run_feed
from hansa.modules.loyalty.points.commands import Command, Kind, Receipt
from hansa.runtime.context import Context
from hansa.runtime.settings import Settings
from tests.support.feeds import Coalition, a_feed, findings
from tests.support.loyalty import a_member, phone
from tests.support.processes import Program

MEBIBYTE = 1024 * 1024
MAPPING: dict[str, Any] = {
    "source": {"format": "csv", "dates": ["%d.%m.%Y"]},
    "rules": [
        {
            "name": "bonus",
            "commands": [
                {
                    "command": "accrue",
                    "key": ["id"],
                    "at": {"do": "date", "of": "day"},
                    "member": {"kind": "phone", "value": {"do": "phone", "of": "phone"}},
                    "points": "points",
                }
            ],
        }
    ],
}
MEMBERS = 40


async def rows(count: int) -> AsyncIterator[bytes]:
    yield b"id;day;phone;points\n"
    for start in range(0, count, 1000):
        lines = (
            f"A{number};20.11.2026;{phone(number % MEMBERS)};{number % 9 + 1}\n"
            for number in range(start, min(count, start + 1000))
        )
        yield "".join(lines).encode()


class Forgetful:
    """A door that counts and keeps nothing: what is measured is the reading."""

    def __init__(self) -> None:
        self.count = 0

    async def submit(self, command: Command) -> Receipt:
        self.count += 1
        return Receipt(
            posting_id=command.owner, kind=Kind.ACCRUAL, member_id=None, points=1, balance=0
        )


async def measured(context: Context, coalition: Coalition, count: int) -> tuple[float, int]:
    """Take a file of so many rows in; give the most memory that took, in MiB, and the rows."""
    door = Forgetful()
    context.service(intake.Intake).door = door
    feed = await a_feed(context, coalition, MAPPING)
    await context.storage.put("feeds/orders/a.csv", rows(count))
    process, peak = psutil.Process(), 0
    before = process.memory_info().rss
    running = asyncio.create_task(run_feed(context, feed.id))
    while not running.done():
        peak = max(peak, process.memory_info().rss)
        await asyncio.wait({running}, timeout=0.05)
    await running
    return (peak - before) / MEBIBYTE, door.count


async def test_memory_does_not_grow_with_the_file(context: Context, coalition: Coalition) -> None:
    used, taken = await measured(context, coalition, 20_000)

    assert taken == 20_000
    assert used < 60


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_a_million_rows_take_less_than_a_hundred_mebibytes(
    context: Context, coalition: Coalition, record_property: Callable[[str, object], None]
) -> None:
    began = time.monotonic()

    used, taken = await measured(context, coalition, 1_000_000)

    record_property("mebibytes", used)
    record_property("rows_per_second", taken / (time.monotonic() - began))
    assert taken == 1_000_000
    assert used < 100
    assert await findings(context) == []


async def test_a_killed_worker_leaves_a_run_that_goes_on(
    context: Context, coalition: Coalition, settings: Settings, tmp_path: Path
) -> None:
    count = 4_000
    now = context.clock.now()
    async with context.database.transaction() as tx:
        enrolled = [
            await a_member(tx, coalition.programme, now=now, phone=phone(number))
            for number in range(MEMBERS)
        ]
    feed = await a_feed(context, coalition, MAPPING)
    await context.storage.put("feeds/orders/a.csv", rows(count))
    async with context.database.transaction() as tx:
        await intake.run_now(tx, feed_id=feed.id)
    environment = {
        "HANSA_DATABASE_URL": context.database.dsn,
        "HANSA_DATA_DIR": str(settings.data_dir),
        "HANSA_SECRET_KEY": settings.secret_key.reveal(),
    }

    with Program.started("-m", "hansa", "run-role", "worker", environment=environment) as worker:
        killed_at = await _position_above(context, feed, 200)
        worker.process.kill()
        worker.process.wait()
    assert killed_at < count
    await run_feed(context, feed.id)

    async with context.database.snapshot() as snap:
        (done,) = await intake.list_runs(snap, feed_id=feed.id)
        places = [(coalition.programme.id, one.id) for one in enrolled]
        balances = await points.read_balances(snap, members=places, now=context.clock.now())
    assert (done.state, done.read, done.taken) == ("done", count, count)
    assert sum(one.posted for one in balances.values()) == sum(n % 9 + 1 for n in range(count))
    assert await findings(context) == []


async def _position_above(context: Context, feed: intake.Feed, least: int) -> int:
    until = time.monotonic() + 200
    while time.monotonic() < until:
        async with context.database.snapshot(single=True) as snap:
            runs = await intake.list_runs(snap, feed_id=feed.id)
        if runs and runs[0].position > least:
            return runs[0].position
        await asyncio.sleep(0.02)
    raise AssertionError("the worker never began")
