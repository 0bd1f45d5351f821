"""A drop: thousands of requests in the first seconds on fifty variants, with a waiting room.

`python -m benchmarks.drop [--requests 5000] [--seconds 10] [--capacity 40] [--stock 4]
[--json FILE]`

Visitors come from the second of the opening on, as fast as it takes to send that many requests in
that time, whether the shop keeps up or not. Each looks at the drop, asks for their place as often
as they are told to, then opens a product, fills a basket and orders. When the time is over nobody
new comes, and whoever is inside finishes. Everything (web, PostgreSQL, client) shares the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import secrets
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from benchmarks.buying import FORM, Line, fresh_shop, programs
from hansa.kernel.identifiers import new_id
from hansa.modules import catalog, drops, search
from hansa.modules.drops.checks import CHECKS as DROP_CHECKS
from hansa.modules.orders.checks import CHECKS as ORDER_CHECKS
from hansa.modules.stock.checks import CHECKS as STOCK_CHECKS
from hansa.runtime.database import Database

VARIANTS = 50
LINES_MAX = 300
P95_MILLISECONDS_MAX = 500
FINISH_SECONDS_MAX = 60
HEAD_START = timedelta(seconds=3)


@dataclass(frozen=True)
class Answer:
    """What came back, and how long it took from the wish to the last byte."""

    status: int
    head: str
    body: bytes
    seconds: float

    @property
    def retry_seconds(self) -> float:
        at = self.head.find("retry-after: ")
        return float(self.head[at + 13 :].split("\r\n", 1)[0]) if at >= 0 else 0.0

    @property
    def is_line(self) -> bool:
        """Say whether it is the waiting room that answers, and says when to come back."""
        told = b'id="place"' in self.body or b"drops.in_line" in self.body
        return self.status == 503 and self.retry_seconds >= 1 and told


@dataclass
class Crowd:
    """Everybody who comes, over a bounded number of connections."""

    address: str
    free: asyncio.LifoQueue[Line] = field(default_factory=asyncio.LifoQueue)
    opened: int = 0
    sent: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    inside: list[float] = field(default_factory=list)
    waiting: list[float] = field(default_factory=list)
    began: int = 0
    finished: Counter[str] = field(default_factory=Counter)

    async def ask(
        self, method: str, path: str, token: str, body: Any = None, *, is_page: bool = False
    ) -> Answer:
        """Send a request and note what came of it."""
        wished = time.perf_counter()
        self.sent += 1
        line = await self._line()
        content = b"" if body is None else json.dumps(body).encode()
        kind = (
            f"Accept: text/html\r\nCookie: hansa_session={token}\r\n"
            if is_page
            else f"Content-Type: application/json\r\nIdempotency-Key: {uuid4().hex}\r\n"
        )
        line.writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: h\r\nX-Basket-Token: {token}\r\n{kind}"
            f"Content-Length: {len(content)}\r\n\r\n".encode()
            + content
        )
        head = (await line.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        at = head.find("content-length: ")
        length = int(head[at + 16 : head.index("\r\n", at)]) if at >= 0 else 0
        got = await line.reader.readexactly(length) if length else b""
        self.free.put_nowait(line)
        answer = Answer(int(head[9:12]), head, got, time.perf_counter() - wished)
        self.statuses[str(answer.status)] += 1
        if answer.status >= 500 and not answer.is_line:
            self.wrong[f"{method} {path[:30]} {answer.status} {got[:120]!r}"] += 1
        return answer

    async def _line(self) -> Line:
        if self.free.empty() and self.opened < LINES_MAX:
            self.opened += 1
            return await Line.open(self.address)
        return await self.free.get()

    async def visit(self, slug: str, variant: UUID, number: int, until: float) -> None:
        """Come, wait for one's turn, buy."""
        token = secrets.token_hex(16)
        answer = await self.ask("GET", "/ru/drops/bench", token, is_page=True)
        while answer.status != 200:
            self.waiting.append(answer.seconds)
            if not answer.is_line:
                return
            pause = answer.retry_seconds
            if time.perf_counter() + pause > until:
                return
            await asyncio.sleep(pause)
            answer = await self.ask("GET", "/api/v1/drops/bench/place", token)
        self.began += 1
        self.finished[await self._buy(token, slug, variant, number)] += 1

    async def _buy(self, token: str, slug: str, variant: UUID, number: int) -> str:
        page = await self.ask("GET", f"/ru/p/{slug}", token, is_page=True)
        self.inside.append(page.seconds)
        put = {"variant_id": str(variant), "quantity": 1}
        form = {**FORM, "phone": f"+7916{number:07}"}
        steps: tuple[tuple[str, str, Any, int], ...] = (
            ("POST", "/api/v1/basket/lines", put, 201),
            ("PUT", "/api/v1/basket/details", form, 204),
            ("POST", "/api/v1/orders", {}, 201),
        )
        if page.status != 200:
            return f"page {page.status}"
        for method, path, body, wanted in steps:
            answer = await self.ask(method, path, token, body)
            self.inside.append(answer.seconds)
            if answer.status != wanted:
                code = json.loads(answer.body or b"{}").get("code", "")
                return str(code or f"{path} {answer.status}")
        return "ordered"


async def release(database: Database, variants: list[UUID], capacity: int) -> datetime:
    """Put all goods into a drop that opens in a moment; give the instant."""
    now = datetime.now(UTC)
    opens_at = now + HEAD_START
    async with database.transaction() as tx:
        owners = await catalog.get_product_ids_of_variants(tx, variant_ids=variants)
        products = list(dict.fromkeys(owners[one] for one in variants))
        drop = drops.Drop(
            id=drops.DropId(new_id(now)),
            code="bench",
            name={"ru": "Зима"},
            markets=("ru",),
            opens_at=opens_at,
            is_published=True,
            items=tuple(drops.DropItem(product_id=one) for one in products),
            item_limit=2,
            capacity=capacity,
        )
        await drops.save_drop(tx, drop=drop, by=None, now=now)
        await search.project_products(tx, product_ids=products, now=now)
    return opens_at


async def slugs_of(database: Database, variants: list[UUID]) -> list[str]:
    async with database.snapshot() as snap:
        owners = await catalog.get_product_ids_of_variants(snap, variant_ids=variants)
        products = await catalog.get_products(snap, product_ids=list(set(owners.values())))
    return [products[owners[one]].slug for one in variants]


async def rush(
    address: str, slugs: list[str], variants: list[UUID], *, requests: int, seconds: float
) -> tuple[Crowd, int]:
    """Send so many requests in the time, then let those inside finish."""
    crowd = Crowd(address)
    began = time.perf_counter()
    until = began + seconds
    numbers = itertools.count()
    visits: set[asyncio.Task[None]] = set()
    while (now := time.perf_counter()) < until:
        for _ in range(int(requests * (now - began) / seconds) - crowd.sent):
            number = next(numbers)
            place = number % len(variants)
            visit = crowd.visit(slugs[place], variants[place], number, until)
            visits.add(asyncio.create_task(visit))
        await asyncio.sleep(0.005)
    in_time = crowd.sent
    done, late = await asyncio.wait(visits, timeout=FINISH_SECONDS_MAX)
    for one in late:
        one.cancel()
    for one in done:
        if one.exception() is not None:
            crowd.wrong[repr(one.exception())] += 1
    if late:
        crowd.wrong["visits that never ended"] += len(late)
    return crowd, in_time


async def findings(database: Database) -> list[str]:
    """Run every check of stock, orders and drops."""
    async with database.snapshot() as snap:
        return [
            f"{finding.check} {finding.subject}: {finding.message}"
            for check in (*STOCK_CHECKS, *ORDER_CHECKS, *DROP_CHECKS)
            for finding in await check.run(snap)
        ]


def p95(seconds: list[float]) -> float:
    return round(statistics.quantiles(seconds, n=100)[94] * 1000, 1) if len(seconds) > 1 else 0.0


async def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Open the drop and see."""
    shop = fresh_shop(variants=VARIANTS, on_hand=arguments.stock)
    async with shop as (database, variants, directory):
        await search.rebuild(database, now=datetime.now(UTC))
        slugs = await slugs_of(database, variants)
        with programs(database.dsn, directory, workers=arguments.workers, bank=False) as address:
            opens_at = await release(database, variants, arguments.capacity)
            await asyncio.sleep((opens_at - datetime.now(UTC)).total_seconds())
            crowd, in_time = await rush(
                address, slugs, variants, requests=arguments.requests, seconds=arguments.seconds
            )
        async with database.snapshot() as snap:
            deadlocks = await snap.scalar(
                "select deadlocks from pg_stat_database where datname = current_database()"
            )
            sold = await snap.scalar("select coalesce(sum(quantity), 0) from drops_claim")
        found = await findings(database)
    pieces = VARIANTS * arguments.stock
    expected = {"ordered", "stock.out_of_stock"}
    unfinished = sum(count for how, count in crowd.finished.items() if how not in expected)
    unfinished += crowd.began - sum(crowd.finished.values())
    inside = p95(crowd.inside)
    return {
        "requests": in_time,
        "seconds": arguments.seconds,
        "capacity": arguments.capacity,
        "pieces": pieces,
        "statuses": dict(crowd.statuses),
        "wrong": dict(crowd.wrong),
        "let_in": crowd.began,
        "finished": dict(crowd.finished),
        "unfinished": unfinished,
        "sold": int(sold),
        "inside_p95_milliseconds": inside,
        "waiting_p95_milliseconds": p95(crowd.waiting),
        "deadlocks": deadlocks,
        "findings": found,
        "reached": (
            not crowd.wrong
            and not unfinished
            and not found
            and not deadlocks
            and sold <= pieces
            and inside < P95_MILLISECONDS_MAX
            and in_time >= arguments.requests * 0.99
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--capacity", type=int, default=40)
    parser.add_argument("--stock", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        result = asyncio.run(measure(arguments))
        for name, value in result.items():
            print(f"{name:<26}{value}")
        if arguments.json:
            arguments.json.write_text(json.dumps(result, indent=2) + "\n")
        sys.exit(0 if result["reached"] else 1)


if __name__ == "__main__":
    main()
