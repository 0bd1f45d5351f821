"""From an order's commit to its arrival at a 1C that takes 300 ms for each answer.

`python -m benchmarks.erp_queue [--rate 30] [--seconds 20] [--answer-ms 300] [--json FILE]`

Guests place whole orders over HTTP at a steady rate, whatever the shop's answers take; relay and
worker carry them to the practice 1C, a program of its own. Everything (web, relay, worker, 1C,
PostgreSQL, this client) shares the machine. The clock of an order starts with its event, which is
written right before the commit, and ends when 1C has kept it: its 300 ms are part of the figure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.buying import Failed, Line, free_port, fresh_shop, programs
from benchmarks.orders import buy
from hansa.modules import erp
from hansa.modules.erp import outgoing
from hansa.runtime.database import Database

TARGET_SECONDS = 2.0
VARIANTS = 500
GUESTS = 24
SECRET_KEY = "a key of this benchmark alone, long enough to be one"
PASSWORD = "password of the practice 1C"

COMMITTED = """
    select payload ->> 'order_id' as order_id, created_at
      from outbox_event
     where type = 'orders.OrderPlaced'
"""
ACKNOWLEDGED = """
    select subject_id, min(created_at) as written_at, min(ended_at) as at
      from erp_message
     where state = 'acknowledged'
       and kind = 'order'
     group by subject_id
"""
LEFT = """
    select count(*)
      from erp_message
     where state not in ('acknowledged', 'replaced')
"""


async def connect(database: Database, address: str) -> None:
    """Make a connection whose messages go to the practice 1C."""
    now = datetime.now(UTC)
    async with database.transaction() as tx:
        connection = await erp.ensure_connection(tx, market="ru", now=now)
        await outgoing.save_outgoing(
            tx,
            outgoing=outgoing.Outgoing(
                connection_id=connection.id,
                address=address,
                sign_in=outgoing.SignIn.BASIC,
                user_name="site",
                starts_at=now,
            ),
            key=SECRET_KEY.encode(),
            secret=PASSWORD,
        )


async def place(address: str, variants: list[UUID], *, rate: float, seconds: float) -> list[str]:
    """Place orders at a steady rate; give what failed."""
    free: asyncio.Queue[Line] = asyncio.Queue()
    for _ in range(GUESTS):
        free.put_nowait(await Line.open(address))
    failures: list[str] = []

    async def guest(number: int) -> None:
        line = await free.get()
        try:
            await buy(line, variants[number % len(variants)], number, "cash")
        except Failed as failure:
            failures.append(str(failure))
        free.put_nowait(line)

    began, guests = time.perf_counter(), []
    for number in range(round(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        guests.append(asyncio.create_task(guest(number)))
    await asyncio.gather(*guests)
    while not free.empty():
        free.get_nowait().close()
    return failures


def received(onec: str) -> dict[str, Any]:
    """Ask 1C for everything it got."""
    with urllib.request.urlopen(f"{onec}/hs/received", timeout=30) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def answer_in(onec: str, seconds: float) -> None:
    """Have 1C take its time."""
    request = urllib.request.Request(
        f"{onec}/hs/moods", data=json.dumps({"slow_seconds": seconds}).encode()
    )
    with urllib.request.urlopen(request, timeout=30):
        pass


async def all_arrived(database: Database, orders: int) -> None:
    """Wait until 1C has acknowledged every message."""
    for _ in range(600):
        async with database.snapshot() as snap:
            known = len(await snap.all(ACKNOWLEDGED))
            if known >= orders and await snap.scalar(LEFT) == 0:
                return
        await asyncio.sleep(0.1)
    raise SystemExit("1C does not have everything within a minute")


def spread(seconds: list[float]) -> dict[str, float]:
    """Give the usual marks of a distribution, in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    return {
        "p50_milliseconds": round(cuts[49] * 1000, 1),
        "p95_milliseconds": round(cuts[94] * 1000, 1),
        "p99_milliseconds": round(cuts[98] * 1000, 1),
        "longest_milliseconds": round(max(seconds) * 1000, 1),
    }


async def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run all of it."""
    port = free_port()
    onec = f"http://127.0.0.1:{port}"
    async with fresh_shop(variants=VARIANTS, on_hand=100_000) as (database, variants, directory):
        await connect(database, f"{onec}/hs/hansa")
        beside = [
            ["-m", "hansa", "run-role", "relay"],
            ["-m", "hansa", "run-role", "worker"],
            [
                *("-m", "sandbox.onec", "--url", "http://127.0.0.1:9", "--user", "nobody"),
                *("serve", "--port", str(port), "--every", "0"),
            ],
        ]
        settings = {"HANSA_SECRET_KEY": SECRET_KEY, "ONEC_SERVICE_PASSWORD": PASSWORD}
        with programs(
            database.dsn, directory, workers=2, bank=False, beside=beside, settings=settings
        ) as address:
            answer_in(onec, arguments.answer_ms / 1000)
            await place(address, variants, rate=10, seconds=2)  # everything is warm after it
            began = datetime.now(UTC)
            failures = await place(
                address, variants, rate=arguments.rate, seconds=arguments.seconds
            )
            took = (datetime.now(UTC) - began).total_seconds()
            orders = round(arguments.rate * arguments.seconds) - len(failures)
            await all_arrived(database, orders)
            told = received(onec)
        async with database.snapshot() as snap:
            committed = {UUID(row.order_id): row.created_at for row in await snap.all(COMMITTED)}
            rows = {row.subject_id: row for row in await snap.all(ACKNOWLEDGED)}
    first: dict[UUID, datetime] = {}
    for record in told["records"]:
        if record["kind"] == "order" and record["outcome"] == "accepted":
            at = datetime.fromisoformat(record["at"])
            first.setdefault(UUID(record["subject"]), at)
    counted = [one for one, at in committed.items() if at >= began]
    return {
        "orders": len(counted),
        "failures": len(failures),
        "first_failure": failures[0] if failures else None,
        "orders_per_second": round(len(counted) / took, 1),
        "answer_milliseconds": arguments.answer_ms,
        "messages": len(told["records"]),
        "faults": told["faults"],
        "missing": sum(1 for one in counted if one not in first),
        "delivered": spread(
            [(first[one] - committed[one]).total_seconds() for one in counted if one in first]
        ),
        "written": spread(
            [(rows[one].written_at - committed[one]).total_seconds() for one in counted]
        ),
        "acknowledged": spread(
            [(rows[one].at - committed[one]).total_seconds() for one in counted]
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=30, help="orders a second")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--answer-ms", type=float, default=300)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments))
    print(f"{result['orders']} orders at {result['orders_per_second']}/s, 1C answers in "
          f"{arguments.answer_ms:g} ms; {result['messages']} messages")  # fmt: skip
    for name in ("written", "delivered", "acknowledged"):
        one = result[name]
        print(f"{name:<14}p50 {one['p50_milliseconds']:>8} ms  p95 {one['p95_milliseconds']:>8} ms"
              f"  p99 {one['p99_milliseconds']:>8} ms")  # fmt: skip
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    is_reached = (
        result["delivered"]["p99_milliseconds"] < TARGET_SECONDS * 1000
        and not result["faults"]
        and not result["missing"]
        and not result["failures"]
    )
    sys.exit(0 if is_reached else 1)


if __name__ == "__main__":
    main()
