"""Events: from the commit to the committed effect, next to bare inserts in the same run.

`python -m benchmarks.outbox [--seconds 3] [--json FILE]`
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.scratch import scratch_directory
from hansa.kernel.message import Event
from hansa.runtime.clock import SystemClock
from hansa.runtime.context import Context
from hansa.runtime.database import Database, Transaction
from hansa.runtime.database.embedded import embedded_postgres
from hansa.runtime.database.migrate import migrate
from hansa.runtime.module import Module, Subscription
from hansa.runtime.outbound import Outbound
from hansa.runtime.outbox import append
from hansa.runtime.outbox.relay import run_relay
from hansa.runtime.outbox.sequencer import number_visible
from hansa.runtime.settings import Secret, Settings
from hansa.runtime.storage import LocalStorage

WRITERS = 8
TABLES = """
create table bare (like outbox_event including defaults including identity);
alter table bare add primary key (serial);
create unlogged table effect (number bigint not null, kind text not null);
"""
BARE = append.APPEND.replace("outbox_event", "bare")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(Event):
    """Carries what a usual event does: some ids and a number."""

    type: ClassVar[str] = "bench.Measured"
    account: str
    number: int
    reference: str = "018f3a5c-1b2c-7d3e-8f40-123456789012"

    def key(self) -> str:
        return self.account


def events(number: int, start: int = 0) -> list[Measured]:
    return [Measured(account=f"account-{n % 500}", number=n) for n in range(start, start + number)]


def subscription(name: str, *, batch: bool) -> Subscription:
    insert = "insert into effect (number, kind) select n, %(kind)s from unnest(%(n)s::bigint[]) n"

    async def one(tx: Transaction, event: Measured, _: datetime) -> None:
        await tx.execute(insert, {"kind": name, "n": [event.number]})

    async def many(tx: Transaction, given: Sequence[Measured], _: datetime) -> None:
        await tx.execute(insert, {"kind": name, "n": [event.number for event in given]})

    return Subscription(name=name, events=(Measured,), handle=many if batch else one, batch=batch)


async def write(database: Database, sql: Any, *, per_transaction: int, seconds: float) -> float:
    """Give events per second of eight writers, each committing `per_transaction` at a time."""
    end, written = time.perf_counter() + seconds, 0

    async def writer() -> None:
        nonlocal written
        while time.perf_counter() < end:
            async with database.transaction() as tx:
                await tx.execute(sql, append.parameters(events(per_transaction, written)))
            written += per_transaction

    started = time.perf_counter()
    await asyncio.gather(*(writer() for _ in range(WRITERS)))
    return written / (time.perf_counter() - started)


async def write_notifying(database: Database, *, seconds: float) -> tuple[float, float]:
    """Give transactions per second without and with `pg_notify`, in turns to share the noise."""
    rates: dict[bool, list[float]] = {False: [], True: []}
    for notifying in (False, True) * 3:
        end, done = time.perf_counter() + seconds / 6, 0

        async def writer(*, notifying: bool = notifying, end: float = end) -> None:
            nonlocal done
            while time.perf_counter() < end:
                async with database.transaction() as tx:
                    await tx.publish(*events(1))
                    if notifying:
                        await tx.execute("select pg_notify('bench', '')")
                    else:
                        await tx.execute("select length('bench')")
                done += 1

        started = time.perf_counter()
        await asyncio.gather(*(writer() for _ in range(WRITERS)))
        rates[notifying].append(done / (time.perf_counter() - started))
    return statistics.median(rates[False]), statistics.median(rates[True])


@contextlib.asynccontextmanager
async def relaying(context: Context, *subscriptions: Subscription) -> AsyncIterator[None]:
    stop = asyncio.Event()
    module = Module(name="bench", subscriptions=subscriptions)
    running = asyncio.create_task(run_relay(context, [module], stop=stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def until_effects(database: Database, kind: str, number: int) -> None:
    while True:
        async with database.snapshot(single=True) as snapshot:
            found = await snapshot.scalar(
                "select count(*) from effect where kind = %(kind)s", {"kind": kind}
            )
        if found >= number:
            return
        await asyncio.sleep(0.01)


async def backlog(context: Context, *, kind: str, batch: bool, number: int) -> float:
    """Give events per second from a standing backlog to committed effects, one subscription."""
    database = context.database
    async with database.transaction() as tx:
        await tx.execute("truncate outbox_event, outbox_cursor, outbox_inbox, effect")
        for start in range(0, number, 1000):
            await tx.publish(*events(1000, start))
    started = time.perf_counter()
    async with relaying(context, subscription(kind, batch=batch)):
        await until_effects(database, kind, number)
        return number / (time.perf_counter() - started)


async def sequencing(database: Database, number: int) -> float:
    """Give events numbered per second."""
    async with database.transaction() as tx:
        await tx.execute("truncate outbox_event")
        for start in range(0, number, 1000):
            await tx.publish(*events(1000, start))
    started = time.perf_counter()
    async with database.connection() as connection:
        while await number_visible(connection):
            pass
    return number / (time.perf_counter() - started)


async def delays(context: Context, *, times: int) -> list[float]:
    """Give the seconds from the commit to the committed effect, one event at a time."""
    database, seen = context.database, []
    async with database.transaction() as tx:
        await tx.execute("truncate outbox_event, outbox_cursor, outbox_inbox, effect")
    reached = asyncio.Event()

    async def handle(tx: Transaction, __: Measured, _: datetime) -> None:
        await tx.execute("insert into effect (number, kind) values (1, 'delay')")
        reached.set()

    async with relaying(context, Subscription(name="delay", events=(Measured,), handle=handle)):
        for _ in range(times + 3):
            async with database.transaction() as tx:
                await tx.publish(*events(1))
            started = time.perf_counter()
            await reached.wait()
            reached.clear()
            seen.append(time.perf_counter() - started)
            await asyncio.sleep(0.03)
    return sorted(seen[3:])  # the first ones wait for the relay to begin


async def measure(dsn: str, directory: Path, seconds: float) -> dict[str, float]:
    settings = Settings(
        environment="development",
        data_dir=directory,
        database_url=dsn,
        secret_key=Secret("a key that only the benchmark uses, long enough"),
    )
    database = Database(dsn, connections_min=2, connections_max=20)
    context = Context(
        settings=settings,
        database=database,
        storage=LocalStorage(directory / "files"),
        outbound=Outbound(),
        clock=SystemClock(),
    )
    await context.open([])
    try:
        async with database.transaction() as tx:
            await tx.connection.execute(TABLES)
        figures: dict[str, float] = {}
        for size in (1, 100):
            figures[f"bare inserts/s, {size} per commit"] = await write(
                database, BARE, per_transaction=size, seconds=seconds / 2
            )
            figures[f"published/s, {size} per commit"] = await write(
                database, append.APPEND, per_transaction=size, seconds=seconds / 2
            )
        plain, notified = await write_notifying(database, seconds=seconds)
        figures["commits/s without notify"] = plain
        figures["commits/s with notify"] = notified
        figures["numbered/s"] = await sequencing(database, 40_000)
        figures["effects/s, batch handler"] = await backlog(
            context, kind="batch", batch=True, number=30_000
        )
        figures["effects/s, single handler"] = await backlog(
            context, kind="single", batch=False, number=4_000
        )
        seen = await delays(context, times=60)
        figures["delay p50, ms"] = seen[len(seen) // 2] * 1000
        figures["delay p95, ms"] = seen[int(len(seen) * 0.95)] * 1000
        return figures
    finally:
        await context.close()


def ratios(figures: dict[str, float]) -> dict[str, float]:
    """Give what is to be compared between machines."""
    bare = figures["bare inserts/s, 100 per commit"]
    return {
        "publish / bare insert, 1 per commit": figures["published/s, 1 per commit"]
        / figures["bare inserts/s, 1 per commit"],
        "publish / bare insert, 100 per commit": figures["published/s, 100 per commit"] / bare,
        "batch effects / bare insert": figures["effects/s, batch handler"] / bare,
        "single effects / one-row commits": figures["effects/s, single handler"]
        / figures["bare inserts/s, 1 per commit"],
        "commits with / without notify": figures["commits/s with notify"]
        / figures["commits/s without notify"],
    }


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with (
        scratch_directory() as directory,
        embedded_postgres(directory / "postgres") as dsn,
    ):
        migrate(dsn)
        figures = asyncio.run(measure(dsn, directory, options.seconds))
    for name, value in figures.items():
        print(f"{name:40} {value:12,.1f}")
    for name, value in ratios(figures).items():
        print(f"{name:40} {value:12.2f}")
    if options.json:
        options.json.write_text(json.dumps({"figures": figures, "ratios": ratios(figures)}))


if __name__ == "__main__":
    main(sys.argv[1:])
