"""Stock by REST: the whole of 100,000 items in 50 warehouses, and changes that must be seen soon.

`python -m benchmarks.erp_rest [--items 100000] [--warehouses 50] [--seconds 20] [--workers 2]
[--only full|changes] [--json FILE]`

A shop of so many items is made, with a web role, a relay and PostgreSQL on this machine.

Full: product pages are asked for at a steady pace, first with nothing else going on, then while one
ERP sends the stock of every item in every warehouse to `/erp/v1/stock`, twice: into an empty table,
and all numbers other than before. Compared are the times of the pages, and the time of it all with
five minutes.

Changes: the ERP sends so many changes a second, 50 to a request. In each request one item gets a
number it never had; its product page is asked again and again until it shows that. The time runs
from the first byte of the request.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from benchmarks.buying import Line, programs
from benchmarks.scratch import scratch_directory
from hansa.modules import erp, search, stock
from hansa.runtime.database import Database
from hansa.runtime.database.embedded import embedded_postgres
from hansa.runtime.database.migrate import migrate
from tests.support.large_catalogue import analyse, load_large_catalogue

FULL_SECONDS_MAX = 300
NUMBERS_PER_SECOND = 5_000_000 / FULL_SECONDS_MAX
P95_RATIO_MAX = 1.5
SEEN_P99_SECONDS_MAX = 1.0
SEEN_SECONDS_MAX = 60
LOOK_EVERY_SECONDS = 0.02
CHANGES_PER_SECOND = 1_000
ROWS_PER_CHANGE_REQUEST = 50
PAGES_PER_SECOND = 25
ROWS_PER_BATCH = 1_000
ITEMS_PER_PRODUCT = 2.78
"""Variants to a product of the large catalogue."""


@dataclass(frozen=True)
class Shop:
    """What is sold, and what the ERP calls it: the ids of ours as text."""

    connection_id: UUID
    secret: str
    items: list[tuple[str, str]]
    """Outside id and address of the product."""
    places: list[str]


async def make_shop(database: Database, *, items: int, warehouses: int) -> Shop:
    """Fill the database; give what the ERP has to know."""
    now = datetime.now(UTC)
    products = max(100, round(items / ITEMS_PER_PRODUCT))
    await load_large_catalogue(database, products=products)
    await search.rebuild(database, now=now)
    places = {f"wh-{number:03}": uuid4() for number in range(warehouses)}
    async with database.transaction() as tx:
        connection = await erp.ensure_connection(tx, market="ru", now=now)
        await stock.save_warehouses(
            tx,
            warehouses=[
                stock.Warehouse(id=id_, code=code, name={"ru": code}, channels=("ru",))
                for code, id_ in places.items()
            ],
            now=now,
        )
        await erp.link_references(tx, connection=connection, kind="warehouse", links=places)
        rows = await tx.all(
            "select v.id, s.slug from catalog_variant v"
            " join catalog_slug s on s.target_id = v.product_id and s.is_current"
            " and s.kind = 'product' order by s.slug, v.id limit %(limit)s",
            {"limit": items},
        )
        links = {str(row.id): row.id for row in rows}
        await erp.link_references(tx, connection=connection, kind="variant", links=links)
        _, secret = await erp.make_key(
            tx, connection_id=connection.id, name="bench", by=None, now=now
        )
    await analyse(database)
    named = [(str(row.id), f"/ru/p/{row.slug}") for row in rows]
    return Shop(connection.id, secret, named, list(places))


def body_of(
    shop: Shop, items: Sequence[tuple[str, str]], *, sequence: int, as_of: datetime
) -> bytes:
    """Write the stock of items in every warehouse."""
    stamp = as_of.isoformat()
    rows = []
    for number, (key, _) in enumerate(items):
        numbers = ",".join(
            f'"{place}":{(sequence * 7 + number + n) % 20}' for n, place in enumerate(shop.places)
        )
        rows.append(
            f'{{"key":"{key}","sequence":{sequence},"as_of":"{stamp}","stock":{{{numbers}}}}}'
        )
    return f'{{"rows":[{",".join(rows)}]}}'.encode()


async def send(line: Line, shop: Shop, body: bytes) -> dict[str, int]:
    """Send a batch; give the counts of its answer."""
    head = (
        f"POST /erp/v1/stock HTTP/1.1\r\nHost: {line.host}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {shop.secret}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    line.writer.write(head.encode() + body)
    await line.writer.drain()
    raw = (await line.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    at = raw.index("content-length: ")
    answer = await line.reader.readexactly(int(raw[at + 16 : raw.index("\r\n", at)]))
    if raw[9:12] != "200":
        raise SystemExit(f"the batch was refused: {answer[:500].decode()}")
    counts: dict[str, int] = json.loads(answer)["counts"]
    return counts


async def get(line: Line, path: str) -> bytes:
    """Ask for a page."""
    line.writer.write(f"GET {path} HTTP/1.1\r\nHost: h\r\nAccept-Language: ru\r\n\r\n".encode())
    head = (await line.reader.readuntil(b"\r\n\r\n")).lower()
    at = head.index(b"content-length: ")
    body = await line.reader.readexactly(int(head[at + 16 : head.index(b"\r\n", at)]))
    assert head.startswith(b"http/1.1 200"), (head[:60], path)
    return body


class Reader:
    """Asks for product pages at a steady pace and keeps how long each took, in seconds."""

    def __init__(self, address: str, shop: Shop) -> None:
        self._address = address
        self._paths = [path for _, path in shop.items]
        self._chance = random.Random(3)
        self.times: list[float] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until told to stop; a slow answer does not hold the next request back."""
        lines: asyncio.Queue[Line] = asyncio.Queue()
        for _ in range(8):
            lines.put_nowait(await Line.open(self._address))
        async with asyncio.TaskGroup() as group:
            due = time.perf_counter()
            while not stop.is_set():
                due += 1 / PAGES_PER_SECOND
                await asyncio.sleep(max(0, due - time.perf_counter()))
                group.create_task(self._ask(lines, due))
        while not lines.empty():
            lines.get_nowait().close()

    async def _ask(self, lines: asyncio.Queue[Line], due: float) -> None:
        line = await lines.get()
        await get(line, self._chance.choice(self._paths))
        self.times.append(time.perf_counter() - due)
        lines.put_nowait(line)

    async def during(self, seconds: float) -> dict[str, float]:
        """Ask for so long."""
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, stop.set)
        await self.run(stop)
        return self.taken()

    def taken(self) -> dict[str, float]:
        """Give what was measured since, in milliseconds, and begin anew."""
        times, self.times = self.times, []
        cuts = statistics.quantiles(times, n=100)
        return {
            "pages": len(times),
            "p50_ms": round(cuts[49] * 1000, 2),
            "p95_ms": round(cuts[94] * 1000, 2),
            "p99_ms": round(cuts[98] * 1000, 2),
        }


async def measure_full(address: str, shop: Shop, *, seconds: float) -> dict[str, Any]:
    """Send the whole stock twice while pages are read."""
    reader = Reader(address, shop)
    await reader.during(min(5, seconds))
    found: dict[str, Any] = {"idle": await reader.during(seconds)}
    line = await Line.open(address)
    for sequence, name in ((1, "new"), (2, "changed")):
        as_of = datetime.now(UTC) - timedelta(hours=3 - sequence)
        bodies = [
            body_of(shop, shop.items[at : at + ROWS_PER_BATCH], sequence=sequence, as_of=as_of)
            for at in range(0, len(shop.items), ROWS_PER_BATCH)
        ]
        stop = asyncio.Event()
        reading = asyncio.create_task(reader.run(stop))
        began = time.perf_counter()
        applied = 0
        for body in bodies:
            counts = await send(line, shop, body)
            applied += counts.get("applied", 0)
        taken = time.perf_counter() - began
        stop.set()
        await reading
        numbers = len(shop.items) * len(shop.places)
        pages = reader.taken()
        found[name] = {
            "seconds": round(taken, 2),
            "numbers": numbers,
            "numbers_per_second": round(numbers / taken),
            "rows_applied": applied,
            "pages": pages,
            "p95_ratio": round(pages["p95_ms"] / found["idle"]["p95_ms"], 2),
        }
    line.close()
    return found


async def measure_changes(address: str, shop: Shop, *, seconds: float) -> dict[str, Any]:
    """Send changes at a steady rate; see when the pages show one of each request."""
    chance = random.Random(5)
    pause = ROWS_PER_CHANGE_REQUEST / CHANGES_PER_SECOND
    seen: list[float] = []
    answered: list[float] = []
    lines: asyncio.Queue[Line] = asyncio.Queue()
    for _ in range(16):
        lines.put_nowait(await Line.open(address))
    requests = round(seconds / pause)
    probes = chance.sample(range(len(shop.items)), min(requests, len(shop.items) // 2))

    async def change(number: int, due: float) -> None:
        probe = probes[number % len(probes)]
        others = chance.sample(range(len(shop.items)), ROWS_PER_CHANGE_REQUEST - 1)
        now = datetime.now(UTC)
        wanted = 100_000 + number
        rows = [(shop.items[probe][0], shop.places[0], wanted)]
        rows += [
            (shop.items[one][0], chance.choice(shop.places[1:]), chance.randint(0, 20))
            for one in others
            if one != probe
        ]
        body = {
            "rows": [
                {"key": key, "sequence": 1_000 + number, "as_of": now.isoformat(),
                 "stock": {place: quantity}}
                for key, place, quantity in rows
            ]
        }  # fmt: skip
        line = await lines.get()
        looking = asyncio.create_task(see(address, shop.items[probe], wanted))
        await send(line, shop, json.dumps(body).encode())
        answered.append(time.perf_counter() - due)
        lines.put_nowait(line)
        seen.append(await looking - due)

    async with asyncio.TaskGroup() as group:
        began = time.perf_counter()
        for number in range(requests):
            due = began + number * pause
            await asyncio.sleep(max(0, due - time.perf_counter()))
            group.create_task(change(number, due))
        sent = time.perf_counter() - began
    cuts = statistics.quantiles(seen, n=100)
    return {
        "changes_per_second": round(requests * ROWS_PER_CHANGE_REQUEST / max(sent, seconds)),
        "requests": requests,
        "answered_p99_ms": round(statistics.quantiles(answered, n=100)[98] * 1000, 1),
        "seen_p50_ms": round(cuts[49] * 1000, 1),
        "seen_p99_ms": round(cuts[98] * 1000, 1),
    }


async def see(address: str, item: tuple[str, str], wanted: int) -> float:
    """Ask for what a product page shows until it shows the number; give when it did."""
    key, path = item
    line = await Line.open(address)
    slug = path.rpartition("/")[2]
    give_up_at = time.perf_counter() + SEEN_SECONDS_MAX
    try:
        while time.perf_counter() < give_up_at:
            product = json.loads(await get(line, f"/api/v1/catalog/items/{slug}"))
            variant = next(one for one in product["variants"] if one["id"] == key)
            if float(variant["available"]) >= wanted:
                return time.perf_counter()
            await asyncio.sleep(LOOK_EVERY_SECONDS)
    finally:
        line.close()
    raise SystemExit(f"{slug} never showed {wanted}")


@contextlib.contextmanager
def relay(dsn: str, directory: Path) -> Iterator[None]:
    """Run a relay, which keeps the search in step."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HANSA_")},
        "HANSA_ENVIRONMENT": "production",
        "HANSA_DATABASE_URL": dsn,
        "HANSA_DATA_DIR": str(directory),
        "HANSA_SECRET_KEY": "a key that only benchmarks use, long enough",
        "HANSA_PUBLIC_URL": "http://127.0.0.1",
        "HANSA_LOG_LEVEL": "error",
    }
    with (directory / "relay.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "hansa", "run-role", "relay"],
            env=environment, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield
            if process.poll() is not None:
                raise SystemExit((directory / "relay.log").read_text()[-2000:])
        finally:
            process.terminate()
            process.wait(timeout=60)


async def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run all of it."""
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(scratch_directory())
        dsn = stack.enter_context(embedded_postgres(directory / "postgres"))
        await asyncio.to_thread(migrate, dsn)
        database = Database(dsn, connections_max=4, statement_timeout_milliseconds=600_000)
        await database.open()
        try:
            shop = await make_shop(database, items=arguments.items, warehouses=arguments.warehouses)
        finally:
            await database.close()
        found: dict[str, Any] = {"items": len(shop.items), "warehouses": len(shop.places)}
        stack.enter_context(relay(dsn, directory))
        address = stack.enter_context(
            programs(dsn, directory, workers=arguments.workers, bank=False)
        )
        if arguments.only != "changes":
            found["full"] = await measure_full(address, shop, seconds=arguments.seconds)
        if arguments.only != "full":
            found["changes"] = await measure_changes(address, shop, seconds=arguments.seconds)
    return found


def missed(found: dict[str, Any]) -> list[str]:
    """Name the targets that were not reached."""
    names = []
    for name in ("new", "changed"):
        if one := found.get("full", {}).get(name):
            if one["numbers_per_second"] < NUMBERS_PER_SECOND:
                names.append(f"{name}: numbers per second")
            if one["p95_ratio"] > P95_RATIO_MAX:
                names.append(f"{name}: pages")
            if one["rows_applied"] != found["items"]:
                names.append(f"{name}: rows")
    if (one := found.get("changes")) and one["seen_p99_ms"] > SEEN_P99_SECONDS_MAX * 1000:
        names.append("changes: seen")
    return names


def main() -> None:
    """Measure, print, fail if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--warehouses", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", choices=("full", "changes"))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found = asyncio.run(measure(arguments))
    print(json.dumps(found, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if names := missed(found):
        raise SystemExit(f"missed: {', '.join(names)}")


if __name__ == "__main__":
    main()
