"""Listing and product of a shop of 100,000 products, as JSON and as pages.

`python -m benchmarks.catalogue [--products 100000] [--seconds 10] [--workers 2] [--json FILE]
[--dsn URL]`

Every request carries the session of a signed-in shopper with prices of their own (300 shoppers in
three price profiles) and asks for another address: thousands of combinations of branch, order,
filters and page; a thousand products of 80 variants. The client is `wrk` (one thread) if it is
installed, else a lean one in Python, which takes more of the machine and so shows less. Everything
(web, PostgreSQL, client) shares the machine. With `--dsn` the database must be migrated; an empty
one is filled, a filled one is used as it is.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.buying import Line, programs
from benchmarks.scratch import scratch_directory
from hansa.kernel.identifiers import new_id
from hansa.modules import accounts, pricing, search
from hansa.modules.accounts.secrets_kept import digest
from hansa.runtime.database import Database
from hansa.runtime.database.embedded import embedded_postgres
from hansa.runtime.database.migrate import migrate
from tests.support.large_catalogue import analyse, load_large_catalogue

TARGETS = {"listing": 2000, "product": 2000, "listing_page": 1000, "product_page": 1000}
CONNECTIONS = 64
SHOPPERS = 300
ADDRESSES = 4000

_SCRIPT = """
local addresses, cookies = {}, {}
for line in io.lines("%(addresses)s") do addresses[#addresses + 1] = line end
for line in io.lines("%(cookies)s") do cookies[#cookies + 1] = line end
local n = 0
function request()
  n = n + 1
  return wrk.format("GET", addresses[n %% #addresses + 1],
    {["Cookie"] = "hansa_session=" .. cookies[n %% #cookies + 1],
     ["Accept-Language"] = "ru"%(more)s})
end
"""


@dataclass(frozen=True)
class Load:
    """What is asked for: addresses in random order and the sessions that ask."""

    addresses: list[str]
    cookies: list[str]
    packed: bool = False
    """Whether answers are asked for compressed, as browsers do and most load generators do not."""


def listings(prefix: str) -> list[str]:
    """Compose addresses of listings: every branch, several orders, some filtered."""
    chance = random.Random(1)
    branches = [f"branch-{a}" for a in range(1, 11)]
    branches += [f"branch-{a}-{b}" for a in range(1, 11) for b in range(1, 6)]
    branches += [
        f"branch-{a}-{b}-{c}" for a in range(1, 11) for b in range(1, 6) for c in range(1, 5)
    ]
    sorts = ["popular", "new", "price", "-price", "name"]
    made = []
    for number in range(ADDRESSES):
        address = (
            f"{prefix}?category={branches[number % len(branches)]}&sort={chance.choice(sorts)}"
        )
        if number % 4 == 0:
            address += f"&filter=material:tkan-{chance.randint(1, 20)}"
        if number % 16 == 0:
            address += f"&filter=material:tkan-{chance.randint(1, 20)}&filter=season:sezon-1"
        if number % 10 == 0:
            address += "&in_stock=true"
        made.append(address)
    chance.shuffle(made)
    return made


def listing_pages() -> list[str]:
    """Compose the same as pages of the shop."""
    pages = []
    for address in listings(""):
        branch, *rest = address.removeprefix("?category=").split("&")
        query = "&".join(rest).replace("in_stock=true", "in_stock=1")
        pages.append(f"/ru/c/{branch}?" + re.sub(r"filter=(\w+):", r"\1=", query))
    return pages


def products(prefix: str, count: int) -> list[str]:
    """Compose addresses of products with 80 variants."""
    made = [f"{prefix}/item-{number}" for number in range(100, count + 1, 100)]
    random.Random(2).shuffle(made)
    return made


async def make_shoppers(database: Database) -> list[str]:
    """Sign shoppers in: a third each pays everybody's, the partners' and the wholesale price."""
    now = datetime.now(UTC)
    tokens = []
    async with database.transaction() as tx:
        for number in range(SHOPPERS):
            party_id, token = new_id(now), secrets.token_urlsafe(32)
            user = await accounts.create_user(
                tx,
                email=f"{party_id.hex}@example.com",
                password=None,
                kind="shopper",
                party_id=party_id,
                now=now,
            )
            group = (None, "partners", "wholesale")[number % 3]
            await pricing.set_group(tx, party_id=party_id, group=group, now=now)
            await tx.execute(
                """
                insert into account_session
                       (id, token_hash, user_id, created_at, seen_at, expires_at)
                values (%(id)s, %(hash)s, %(user)s, %(now)s, %(now)s, %(until)s)
                """,
                {
                    "id": new_id(now),
                    "hash": digest(token),
                    "user": user.id,
                    "now": now,
                    "until": now + timedelta(days=1),
                },
            )
            tokens.append(token)
    return tokens


def run_wrk(program: str, address: str, load: Load, *, seconds: float) -> dict[str, Any]:
    """Measure with wrk."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        (folder / "addresses").write_text("\n".join(load.addresses) + "\n")
        (folder / "cookies").write_text("\n".join(load.cookies) + "\n")
        script = folder / "mix.lua"
        script.write_text(
            _SCRIPT
            % {
                "addresses": folder / "addresses",
                "cookies": folder / "cookies",
                "more": ', ["Accept-Encoding"] = "gzip"' if load.packed else "",
            }
        )
        said = subprocess.run(
            [program, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--latency",
             "-s", str(script), address],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    found = {share: _milliseconds(said, share) for share in ("50", "99")}
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert rate is not None, said
    return {
        "requests_per_second": round(float(rate[1])),
        "p50_milliseconds": found["50"],
        "p99_milliseconds": found["99"],
        "failures": int(failed[1]) if failed else 0,
    }


def _milliseconds(said: str, share: str) -> float:
    found = re.search(rf"{share}(?:\.\d+)?%\s+([\d.]+)(us|ms|s)", said)
    if found is None:
        return 0.0
    return round(float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]], 1)


async def run_python(address: str, load: Load, *, seconds: float) -> dict[str, Any]:
    """Measure with connections of our own."""
    wanted = itertools.cycle(zip(load.addresses, itertools.cycle(load.cookies)))
    until = time.perf_counter() + seconds
    times: list[float] = []
    failures = 0

    packed = "Accept-Encoding: gzip\r\n" if load.packed else ""

    async def ask() -> None:
        nonlocal failures
        line = await Line.open(address)
        while (began := time.perf_counter()) < until:
            path, cookie = next(wanted)
            line.writer.write(
                f"GET {path} HTTP/1.1\r\nHost: h\r\nAccept-Language: ru\r\n"
                f"{packed}Cookie: hansa_session={cookie}\r\n\r\n".encode()
            )
            head = (await line.reader.readuntil(b"\r\n\r\n")).lower()
            length = re.search(rb"content-length: (\d+)", head)
            await line.reader.readexactly(int(length[1]) if length else 0)
            failures += not head.startswith(b"http/1.1 200")
            times.append(time.perf_counter() - began)
        line.close()

    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    cuts = statistics.quantiles(times, n=100)
    return {
        "requests_per_second": round(len(times) / seconds),
        "p50_milliseconds": round(cuts[49] * 1000, 1),
        "p99_milliseconds": round(cuts[98] * 1000, 1),
        "failures": failures,
    }


async def warm_up(address: str, load: Load) -> None:
    """Ask until it gets no faster: each worker reads its counts once, each connection its plans."""
    before = 0
    for _ in range(20):
        rate = (await run_python(address, load, seconds=3))["requests_per_second"]
        if before and rate < before * 1.15:
            return
        before = rate


async def prepare(database: Database, *, products_wanted: int) -> dict[str, Any]:
    """Fill an empty database and project it; give how long it took."""
    async with database.snapshot(single=True) as snap:
        if await snap.scalar("select count(*) from search_entry"):
            return {}
    began = time.perf_counter()
    await load_large_catalogue(database, products=products_wanted)
    loaded = time.perf_counter()
    await search.rebuild(
        database,
        now=datetime.now(UTC),
        on_progress=lambda done, total: print(
            f"\rprojected {done} of {total}", end="", file=sys.stderr, flush=True
        ),
    )
    rebuilt = time.perf_counter()
    print(file=sys.stderr)
    await analyse(database)
    return {
        "load_seconds": round(loaded - began, 1),
        "rebuild_seconds": round(rebuilt - loaded, 1),
        "rebuild_products_per_second": round(products_wanted / (rebuilt - loaded)),
    }


async def one_by_one(address: str, load: Load, *, requests: int) -> dict[str, float]:
    """Measure the time of single requests with nothing else going on."""
    line = await Line.open(address)
    times = []
    for number in range(requests):
        path = load.addresses[number % len(load.addresses)]
        began = time.perf_counter()
        status, _ = await line.call("GET", path)
        times.append(time.perf_counter() - began)
        assert status == 200, (status, path)
    line.close()
    cuts = statistics.quantiles(times, n=100)
    return {
        "p50_milliseconds": round(cuts[49] * 1000, 2),
        "p95_milliseconds": round(cuts[94] * 1000, 2),
    }


def suggestions() -> list[str]:
    """Compose what somebody types, letter by letter."""
    words = ["пальто", "платье", "куртка", "городское", "шёлковое", "льняное", "gfkmnj", "раздел"]
    return [
        "/api/v1/catalog/suggestions?q=" + quote(word[:length])
        for word in words
        for length in range(1, len(word) + 1)
    ]


async def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run all of it."""
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(scratch_directory())
        dsn = arguments.dsn or stack.enter_context(embedded_postgres(directory))
        await asyncio.to_thread(migrate, dsn)
        database = Database(dsn, connections_max=4)
        await database.open()
        try:
            result: dict[str, Any] = {"products": arguments.products}
            result |= await prepare(database, products_wanted=arguments.products)
            cookies = await make_shoppers(database)
        finally:
            await database.close()
        kinds = {
            "listing": listings("/api/v1/catalog/items"),
            "product": products("/api/v1/catalog/items", arguments.products),
            "listing_page": listing_pages(),
            "product_page": products("/ru/p", arguments.products),
        }
        loads = {name: Load(addresses, cookies) for name, addresses in kinds.items()}
        for name in ("listing_page", "product_page"):
            loads[f"{name}_packed"] = Load(kinds[name], cookies, packed=True)
        wrk = shutil.which("wrk")
        result["client"] = "wrk" if wrk else "python"
        with programs(dsn, directory, workers=arguments.workers, bank=False) as address:
            for name, load in loads.items():
                await warm_up(address, load)
                if wrk:
                    result[name] = await asyncio.to_thread(
                        run_wrk, wrk, address, load, seconds=arguments.seconds
                    )
                else:
                    result[name] = await run_python(address, load, seconds=arguments.seconds)
                result[name]["target"] = TARGETS.get(name)
            typed = Load(suggestions(), cookies)
            await one_by_one(address, typed, requests=100)
            result["suggestion_alone"] = await one_by_one(address, typed, requests=300)
    return result


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--dsn")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments))
    print(f"{arguments.products} products; client: {result['client']}")
    print(f"{'':<20}{'requests/s':>12}{'target':>8}{'p50 ms':>9}{'p99 ms':>9}{'failed':>8}")
    is_reached = True
    for name in (*TARGETS, "listing_page_packed", "product_page_packed"):
        if one := result.get(name):
            target = TARGETS.get(name, 0)
            is_reached &= one["requests_per_second"] >= target and not one["failures"]
            print(
                f"{name:<20}{one['requests_per_second']:>12}{target:>8}{one['p50_milliseconds']:>9}"
                f"{one['p99_milliseconds']:>9}{one['failures']:>8}"
            )
    print("suggestion, alone:", result["suggestion_alone"])
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    sys.exit(0 if is_reached else 1)


if __name__ == "__main__":
    main()
