"""Buyers and an ERP fight over the last pieces: who gets them, and what a design with locks does.

`python -m benchmarks.stock_contest [--attempts 10000] [--clients 256] [--rounds 3] [--json FILE]`

500 pieces of one item lie in 6 warehouses. 256 clients make 10,000 attempts to reserve one, while
an ERP sends messages about every warehouse: duplicated, in the wrong order and stale, some of them
a receipt that raises a number, some of an item that is not for sale. Exactly as many are granted as
there are pieces, each key once, and every counter is what the journal says.

The same attempts are then made the way shops usually do: a transaction for each, `SELECT ... FOR
UPDATE` of the stock rows of the item, a sum of what is reserved, an insert. Everything in one run
on one machine, PostgreSQL durable.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import uvloop

from benchmarks.scratch import scratch_directory
from hansa.kernel.identifiers import new_id
from hansa.modules import stock
from hansa.modules.stock.checks import CHECKS
from hansa.runtime.clock import SystemClock
from hansa.runtime.database import Database
from hansa.runtime.database.embedded import embedded_postgres
from hansa.runtime.database.migrate import migrate

PLACES = 6
PIECES = 500
FIRST_EACH = 60  # in each warehouse; a receipt brings the rest while they are fought for
VISITORS_MAX = 48

# The usual design: rows of stock locked one request at a time, reservations summed up under them.
LOCKING_TABLES = """
create table locking_stock (
    warehouse_id uuid not null, variant_id uuid not null, quantity numeric(14,3) not null,
    primary key (variant_id, warehouse_id)
);
create table locking_reservation (
    id uuid primary key, key text not null unique, variant_id uuid not null,
    warehouse_id uuid not null, quantity numeric(14,3) not null, made_at timestamptz not null
);
create index locking_reservation_stock on locking_reservation (variant_id, warehouse_id)
"""
LOCK_STOCK = """
    select warehouse_id, quantity
      from locking_stock
     where variant_id = %(variant_id)s
     order by warehouse_id
       for update
"""
SUM_RESERVED = """
    select warehouse_id, sum(quantity) as quantity
      from locking_reservation
     where variant_id = %(variant_id)s
     group by warehouse_id
"""
ADD_RESERVATION = """
    insert into locking_reservation (id, key, variant_id, warehouse_id, quantity, made_at)
    values (%(id)s, %(key)s, %(variant_id)s, %(warehouse_id)s, 1, %(now)s)
"""

Attempt = Callable[[str], Awaitable[bool]]


class Erp:
    """Sends what it has, and much that it should not: each number twice, late and out of order."""

    def __init__(self, database: Database, places: list[UUID], variant: UUID, seed: int) -> None:
        self.database, self.places, self.variant = database, places, variant
        self.dice = random.Random(seed)
        self.began = datetime.now(UTC)
        self.minute = 0
        self.messages: list[list[stock.Level]] = []
        self.sent = self.stale = 0
        self.on_hand = dict.fromkeys(places, FIRST_EACH)
        self.received = asyncio.Event()

    def forms(self) -> list[stock.Level]:
        """A message about some of its warehouses, as of now by its clock."""
        self.minute += 1
        chosen = self.dice.sample(self.places, self.dice.randint(1, PLACES))
        return [
            stock.Level(
                warehouse_id=place,
                variant_id=self.variant,
                on_hand=Decimal(self.on_hand[place]),
                as_of=self.began + timedelta(milliseconds=self.minute),
            )
            for place in chosen
        ]

    async def sends(self, levels: list[stock.Level]) -> None:
        async with self.database.transaction() as tx:
            result = await stock.set_levels(
                tx, source="bench", levels=levels, now=datetime.now(UTC)
            )
        self.sent += 1
        self.stale += result.stale

    async def tells_everything(self) -> None:
        for place in self.places:
            self.minute += 1
            level = stock.Level(
                warehouse_id=place,
                variant_id=self.variant,
                on_hand=Decimal(self.on_hand[place]),
                as_of=self.began + timedelta(milliseconds=self.minute),
            )
            await self.sends([level])

    async def talks(self, stop: asyncio.Event) -> None:
        """Form messages, deliver them shuffled, some twice, some long after newer ones."""
        while not stop.is_set():
            self.messages += [self.forms() for _ in range(4)]
            if not self.received.is_set() and self.sent > PLACES + 10:
                self.on_hand[self.places[0]] += PIECES - FIRST_EACH * PLACES
                self.received.set()
            self.messages = self.messages[-40:]
            for levels in self.dice.choices(self.messages, k=6):
                await self.sends(levels)


async def run_attempts(
    attempt: Attempt, *, attempts: int, clients: int, run: str
) -> tuple[int, float]:
    """Let clients make attempts, every tenth of them twice with the same key; count the yeses."""
    numbers = iter(range(attempts))
    granted: set[str] = set()

    async def client() -> None:
        for number in numbers:
            key = f"{run}-{number}"
            if await attempt(key):
                granted.add(key)
            if number % 10 == 0:
                again = await attempt(key)
                assert again == (key in granted), "the same key got another answer"

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return len(granted), time.perf_counter() - began


async def with_reserver(
    database: Database, options: argparse.Namespace, number: int
) -> dict[str, Any]:
    """A round against the real thing, the ERP talking all the while."""
    now = datetime.now(UTC)
    places, variant = [new_id(now) for _ in range(PLACES)], new_id(now)
    async with database.transaction() as tx:
        warehouses = [
            stock.Warehouse(id=one, code=str(one), name={"en": "One"}, channels=("ru",))
            for one in places
        ]
        await stock.save_warehouses(tx, warehouses=warehouses, now=now)
    erp = Erp(database, places, variant, seed=number)
    await erp.tells_everything()
    settings = SimpleNamespace(batch_commands_max=500, batch_queue_max=5000)
    context: Any = SimpleNamespace(clock=SystemClock(), database=database, settings=settings)
    reserver = stock.Reserver(context)
    await reserver.start()
    refused = Counter[str]()

    async def attempt(key: str) -> bool:
        wish = stock.Hold(
            key=key,
            channel="ru",
            lines=((variant, Decimal(1)),),
            expires_at=datetime.now(UTC) + timedelta(minutes=15),
            owner="bench",
        )
        try:
            await reserver.hold(wish)
        except stock.OutOfStock:
            refused["sold out"] += 1
            return False
        return True

    stop = asyncio.Event()
    talking = asyncio.create_task(erp.talks(stop))
    first, seconds = await run_attempts(
        attempt, attempts=options.attempts // 2, clients=options.clients, run=f"a{number}"
    )
    await erp.received.wait()
    await erp.tells_everything()
    second, more = await run_attempts(
        attempt, attempts=options.attempts // 2, clients=options.clients, run=f"b{number}"
    )
    stop.set()
    await talking
    await erp.tells_everything()
    await reserver.close()
    async with database.snapshot() as snap:
        left = await stock.availability(snap, channel="ru", variant_ids=[variant])
        findings = [str(one) for check in CHECKS for one in await check.run(snap)]
    return {
        "accepted": first + second,
        "left": int(left[variant].available),
        "per_second": round(options.attempts / (seconds + more)),
        "messages": erp.sent,
        "stale_numbers": erp.stale,
        "findings": findings,
    }


async def with_locks(database: Database, options: argparse.Namespace) -> dict[str, Any]:
    """The same attempts, one transaction and its row locks for each."""
    now = datetime.now(UTC)
    variant, places = new_id(now), [new_id(now) for _ in range(PLACES)]
    async with database.transaction() as tx:
        for place in places:
            share = PIECES // PLACES + (PIECES % PLACES if place == places[0] else 0)
            await tx.connection.execute(
                "insert into locking_stock values (%s, %s, %s)", (place, variant, share)
            )
    gate = asyncio.Semaphore(VISITORS_MAX)
    known: dict[str, bool] = {}

    async def attempt(key: str) -> bool:
        if key in known:
            return known[key]
        async with gate, database.transaction() as tx:
            asked = {"variant_id": variant}
            rows = await tx.all(LOCK_STOCK, asked)
            reserved = {row.warehouse_id: row.quantity for row in await tx.all(SUM_RESERVED, asked)}
            place = next(
                (
                    row.warehouse_id
                    for row in rows
                    if row.quantity - reserved.get(row.warehouse_id, 0) >= 1
                ),
                None,
            )
            if place is not None:
                row = {"id": new_id(now), "key": key, "warehouse_id": place, "now": now}
                await tx.execute(ADD_RESERVATION, asked | row)
        known[key] = place is not None
        return known[key]

    accepted, seconds = await run_attempts(
        attempt, attempts=options.attempts, clients=options.clients, run="locks"
    )
    return {"accepted": accepted, "per_second": round(options.attempts / seconds)}


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run all rounds."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(scratch_directory())
        dsn = stack.enter_context(embedded_postgres(folder))
        await asyncio.to_thread(migrate, dsn)
        database = Database(dsn, connections_max=VISITORS_MAX + 2)
        await database.open()
        async with database.transaction() as tx:
            for statement in LOCKING_TABLES.split(";\n"):
                await tx.connection.execute(statement.encode())
        rounds = [
            await with_reserver(database, options, number) for number in range(options.rounds)
        ]
        locks = await with_locks(database, options)
        async with database.snapshot() as snap:
            deadlocks = await snap.scalar(
                "select deadlocks from pg_stat_database where datname = current_database()"
            )
        await database.close()
    slowest = min(one["per_second"] for one in rounds)
    return {
        "pieces": PIECES,
        "attempts": options.attempts,
        "clients": options.clients,
        "rounds": rounds,
        "locks": locks,
        "ratio": round(slowest / locks["per_second"], 1),
        "deadlocks": deadlocks,
        "reached": not deadlocks
        and all(one["accepted"] == PIECES and not one["findings"] for one in rounds),
    }


def main() -> None:
    """Measure, print, write JSON if asked; exit code 1 if a piece too many or too few was sold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    measured = uvloop.run(measure(options))
    for name, value in measured.items():
        sys.stdout.write(f"{name:12} {value}\n")
    if options.json:
        options.json.write_text(json.dumps(measured, indent=2) + "\n")
    sys.exit(0 if measured["reached"] else 1)


if __name__ == "__main__":
    main()
