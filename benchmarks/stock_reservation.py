"""Reservations per second of one hot item, and the import of stock, next to bare limits.

`python -m benchmarks.stock_reservation [--seconds 4] [--clients 256] [--offers N] [--json FILE]`

Everything in one run on one machine: PostgreSQL (durable: every answer is given after the commit is
on disk), the web role, and the client that asks. The same requests are also made with one
transaction each, and the same levels also copied into bare tables with the same indexes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import json
import os
import secrets
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import uvloop

from benchmarks.buying import _wait, free_port
from benchmarks.scratch import scratch_directory
from hansa.kernel.identifiers import new_id
from hansa.modules import accounts, stock
from hansa.modules.stock.checks import CHECKS
from hansa.modules.stock.reserver import Command, apply_holds
from hansa.runtime.clock import SystemClock
from hansa.runtime.database import Database
from hansa.runtime.database.embedded import embedded_postgres
from hansa.runtime.database.migrate import migrate

PLACES = 8
CHUNK = 10_000
BARE_TABLES = """
create table bare_level (like stock_level including defaults including constraints);
alter table bare_level add primary key (variant_id, warehouse_id);
create table bare_counter (like stock_counter including defaults including constraints);
alter table bare_counter add primary key (variant_id, channel);
create table bare_movement (like stock_movement including constraints);
alter table bare_movement add primary key (variant_id, number);
"""


def _itself(caller: Caller) -> Caller:
    return caller


class Caller(asyncio.Protocol):
    """One kept-alive connection that asks again as soon as it is answered."""

    def __init__(self, head: bytes, body: bytes, name: str, stop_at: float) -> None:
        self.head, self.body, self.name, self.stop_at = head, body, name, stop_at
        self.number = 0
        self.asked_at = 0.0
        self.seconds: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.number += 1
        key = f"Idempotency-Key: {self.name}-{self.number:08}\r\n\r\n".encode()
        self.asked_at = time.perf_counter()
        self.transport.write(self.head + key + self.body)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].lower()
        at = head.index(b"content-length: ") + 16
        length = int(head[at:].split(b"\r\n", 1)[0])
        if len(self.buffer) < end + 4 + length:
            return
        self.statuses[int(head[9:12])] += 1
        self.buffer = b""
        now = time.perf_counter()
        self.seconds.append(now - self.asked_at)
        if now < self.stop_at:
            self.ask()
        else:
            self.transport.close()
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("closed by the server"))


async def rush(
    address: str, secret: str, variant: UUID, *, clients: int, seconds: float
) -> dict[str, Any]:
    """Reserve one piece of one item from many connections for some seconds."""
    host, port = address.removeprefix("http://").split(":")
    wanted = {"channel": "ru", "lines": [{"variant_id": str(variant), "quantity": "1"}]}
    body = json.dumps(wanted).encode()
    head = (
        f"POST /api/v1/stock/reservations HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: Bearer {secret}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    run = secrets.token_hex(6)
    began = time.perf_counter()
    callers: list[Caller] = []
    for number in range(clients):
        caller = Caller(head, body, f"{run}-{number}", began + seconds)
        await loop.create_connection(functools.partial(_itself, caller), host, int(port))
        callers.append(caller)
    await asyncio.gather(*(caller.done for caller in callers))
    took = time.perf_counter() - began
    times = sorted(one for caller in callers for one in caller.seconds)
    statuses: Counter[int] = sum((caller.statuses for caller in callers), Counter())
    assert set(statuses) == {201}, f"not every answer was a reservation: {statuses}"
    return {
        "per_second": round(len(times) / took),
        "p50_ms": round(statistics.median(times) * 1000, 1),
        "p99_ms": round(times[int(len(times) * 0.99)] * 1000, 1),
    }


@contextlib.contextmanager
def web(dsn: str, data_dir: Path, *, workers: int, more: Mapping[str, str]) -> Iterator[str]:
    """Run the web role."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HANSA_")},
        "HANSA_DATABASE_URL": dsn,
        "HANSA_DATA_DIR": str(data_dir),
        "HANSA_SECRET_KEY": secrets.token_hex(32),
        "HANSA_HTTP_PORT": str(port),
        "HANSA_PUBLIC_URL": address,
        "HANSA_WEB_WORKERS": str(workers),
        "HANSA_RATE_LIMIT_REQUESTS_PER_MINUTE": "0",
        "HANSA_LOG_LEVEL": "error",
        **more,
    }
    log = data_dir / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "hansa.assembly.web"],
            env=environment,
            stdout=output,
            stderr=output,
        )
        try:
            _wait(f"{address}/health/ready", log)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=60)


def wish(variant: UUID, key: str) -> stock.Hold:
    return stock.Hold(
        key=key,
        channel="ru",
        lines=((variant, Decimal(1)),),
        expires_at=datetime.now(UTC) + timedelta(minutes=15),
        owner="bench",
    )


async def in_process(database: Database, variant: UUID, *, seconds: float) -> dict[str, int]:
    """The same without HTTP: through the batches, and one transaction each, 16 at a time."""
    settings = SimpleNamespace(batch_commands_max=500, batch_queue_max=5000)
    context: Any = SimpleNamespace(clock=SystemClock(), database=database, settings=settings)
    reserver = stock.Reserver(context)
    await reserver.start()
    counts = Counter[str]()

    async def batched(stop_at: float, name: str) -> None:
        while time.perf_counter() < stop_at:
            await reserver.hold(wish(variant, f"b{name}-{counts['batched']}"))
            counts["batched"] += 1

    async def alone(stop_at: float, name: str) -> None:
        while time.perf_counter() < stop_at:
            command = Command(wish(variant, f"a{name}-{counts['alone']}"))
            async with database.transaction() as tx:
                await apply_holds(tx, [command], now=datetime.now(UTC))
            counts["alone"] += 1

    for kind, parallel in ((batched, 1000), (alone, 16)):
        stop_at = time.perf_counter() + seconds
        await asyncio.gather(*(kind(stop_at, secrets.token_hex(6)) for _ in range(parallel)))
    await reserver.close()
    return {name: round(count / seconds) for name, count in counts.items()}


async def import_levels(
    database: Database, places: list[UUID], offers: int, variants: list[UUID]
) -> dict[str, float]:
    """Set every level of every offer in chunks, three times: new, all changed, none changed."""
    taken: dict[str, float] = {}
    now = datetime.now(UTC)
    longest = 0.0
    for step, name in enumerate(("new", "changed", "unchanged")):
        began = time.perf_counter()
        for start in range(0, offers, CHUNK // PLACES):
            levels = [
                stock.Level(
                    warehouse_id=place,
                    variant_id=variant,
                    on_hand=Decimal(7 + min(step, 1)),
                    as_of=now + timedelta(minutes=step),
                )
                for variant in variants[start : start + CHUNK // PLACES]
                for place in places
            ]
            asked = time.perf_counter()
            async with database.transaction() as tx:
                await stock.set_levels(tx, source="bench", levels=levels, now=now)
            longest = max(longest, time.perf_counter() - asked)
        taken[f"{name}_seconds"] = round(time.perf_counter() - began, 2)
    taken["longest_chunk_seconds"] = round(longest, 3)
    return taken


async def copy_bare(
    database: Database, places: list[UUID], variants: list[UUID]
) -> dict[str, float]:
    """Copy the same levels, journal rows and counters into bare tables with the same indexes."""
    now = datetime.now(UTC)
    async with database.transaction() as tx:
        for statement in BARE_TABLES.strip().split(";\n"):
            await tx.connection.execute(statement.rstrip(";").encode())
    began = time.perf_counter()
    async with database.transaction() as tx:
        cursor = tx.connection.cursor()
        columns = "variant_id, warehouse_id, on_hand, as_of, source"
        async with cursor.copy(f"copy bare_level ({columns}) from stdin".encode()) as copy:
            for variant in variants:
                for place in places:
                    await copy.write_row((variant, place, 7, now, "bench"))
        columns = "variant_id, number, at, kind, warehouse_id, on_hand_change, reserved_change"
        async with cursor.copy(f"copy bare_movement ({columns}) from stdin".encode()) as copy:
            for number, variant in enumerate(variants):
                for index, place in enumerate(places):
                    row = (variant, number * PLACES + index, now, "level", place, 7, 0)
                    await copy.write_row(row)
        columns = "variant_id, channel, sellable"
        async with cursor.copy(f"copy bare_counter ({columns}) from stdin".encode()) as copy:
            for variant in variants:
                await copy.write_row((variant, "ru", 7 * PLACES))
    return {"seconds": round(time.perf_counter() - began, 2)}


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run everything."""
    measured: dict[str, Any] = {}
    with scratch_directory() as directory, embedded_postgres(directory) as dsn:
        await asyncio.to_thread(migrate, dsn)
        database = Database(dsn, connections_max=16)
        await database.open()
        now = datetime.now(UTC)
        places = [new_id(now) for _ in range(PLACES)]
        hot = new_id(now)
        async with database.transaction() as tx:
            warehouses = [
                stock.Warehouse(id=one, code=str(one), name={"ru": "Склад"}, channels=("ru",))
                for one in places
            ]
            await stock.save_warehouses(tx, warehouses=warehouses, now=now)
            plenty = Decimal(1_000_000_000)
            level = stock.Level(warehouse_id=places[0], variant_id=hot, on_hand=plenty, as_of=now)
            await stock.set_levels(tx, source="bench", levels=[level], now=now)
            _, secret = await accounts.create_api_key(
                tx, name="bench", scopes=["stock.reserve"], by=None, now=now
            )
        for name, workers, more in (
            ("http_1_worker", 1, {}),
            ("http_2_workers", 2, {}),
            ("http_one_transaction_each", 2, {"HANSA_BATCH_COMMANDS_MAX": "1"}),
        ):
            with web(dsn, directory, workers=workers, more=more) as address:
                await rush(address, secret, hot, clients=32, seconds=0.5)  # to warm up
                measured[name] = await rush(
                    address, secret, hot, clients=options.clients, seconds=options.seconds
                )
        measured["in_process"] = await in_process(database, hot, seconds=options.seconds)
        variants = [new_id(now) for _ in range(options.offers)]
        measured["import"] = await import_levels(database, places, options.offers, variants)
        measured["bare_copy"] = await copy_bare(database, places, variants)
        async with database.snapshot() as snap:
            found = [one for check in CHECKS for one in await check.run(snap)]
        assert not found, found
        await database.close()
    best = max(measured["http_1_worker"]["per_second"], measured["http_2_workers"]["per_second"])
    each = measured["http_one_transaction_each"]["per_second"]
    measured["ratio_to_one_transaction_each"] = round(best / each, 1)
    measured["import_ratio_to_bare_copy"] = round(
        measured["import"]["new_seconds"] / measured["bare_copy"]["seconds"], 1
    )
    return measured


def main() -> None:
    """Measure, print a table, write JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--clients", type=int, default=256)
    parser.add_argument("--offers", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    measured = uvloop.run(measure(options))
    for name, value in measured.items():
        sys.stdout.write(f"{name:32} {value}\n")
    if options.json:
        options.json.write_text(json.dumps(measured, indent=2))


if __name__ == "__main__":
    main()
