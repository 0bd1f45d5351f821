"""Five pieces, five hundred buyers at once, over HTTP: who gets one, and what the others are told.

`python -m benchmarks.last_pieces [--pieces 5] [--buyers 500] [--rounds 3] [--json FILE]`

Every buyer has a basket and a form filled in; then all press "order" at the same moment, each on a
connection of their own. Exactly as many orders as pieces must come of it, and every loser must be
told which item ran out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.buying import FORM, Failed, Line, fresh_shop, programs
from hansa.modules.orders.checks import CHECKS as ORDER_CHECKS
from hansa.modules.stock.checks import CHECKS as STOCK_CHECKS
from hansa.runtime.database import Database


async def fill(address: str, variant: UUID, number: int) -> tuple[Line, str]:
    """Put the item into a new basket and fill in the form; the connection stays open."""
    line = await Line.open(address)
    put = {"variant_id": str(variant), "quantity": 1}
    status, kept = await line.call("POST", "/api/v1/basket/lines", put)
    if status != 201:
        raise Failed(f"basket: {status} {kept}")
    form = {**FORM, "phone": f"+7916{number:07}"}
    status, answer = await line.call("PUT", "/api/v1/basket/details", form, token=kept["token"])
    if status != 204:
        raise Failed(f"details: {status} {answer}")
    return line, kept["token"]


async def rush(address: str, variant: UUID, *, buyers: int, first: int) -> dict[str, Any]:
    """Let all of them order at the same moment."""
    ready = [await fill(address, variant, first + number) for number in range(buyers)]
    start = asyncio.Event()
    seconds: list[float] = []
    answers: list[tuple[int, Any]] = []

    async def order(line: Line, token: str) -> None:
        await start.wait()
        began = time.perf_counter()
        answers.append(await line.call("POST", "/api/v1/orders", {}, token=token))
        seconds.append(time.perf_counter() - began)

    tasks = [asyncio.create_task(order(line, token)) for line, token in ready]
    await asyncio.sleep(0)
    start.set()
    await asyncio.gather(*tasks)
    for line, _ in ready:
        line.close()
    told = [
        answer
        for status, answer in answers
        if status == 409
        and answer["code"] == "stock.out_of_stock"
        and answer["data"]["short"][0][0] == str(variant)
    ]
    return {
        "ordered": sum(1 for status, _ in answers if status == 201),
        "told_out_of_stock": len(told),
        "statuses": dict(Counter(str(status) for status, _ in answers)),
        "median_seconds": round(statistics.median(seconds), 3),
        "last_seconds": round(max(seconds), 3),
    }


async def findings(database: Database) -> list[str]:
    """Run every check of stock and orders."""
    async with database.snapshot() as snap:
        return [
            f"{finding.check} {finding.subject}: {finding.message}"
            for check in (*STOCK_CHECKS, *ORDER_CHECKS)
            for finding in await check.run(snap)
        ]


async def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run all rounds, each on an item of its own."""
    rounds = []
    shop = fresh_shop(variants=arguments.rounds, on_hand=arguments.pieces)
    async with shop as (database, variants, directory):
        with programs(database.dsn, directory, workers=arguments.workers, bank=False) as address:
            for number, variant in enumerate(variants):
                first = number * arguments.buyers
                rounds.append(await rush(address, variant, buyers=arguments.buyers, first=first))
        async with database.snapshot() as snap:
            deadlocks = await snap.scalar(
                "select deadlocks from pg_stat_database where datname = current_database()"
            )
        found = await findings(database)
    lost = arguments.buyers - arguments.pieces
    right = all(
        one["ordered"] == arguments.pieces and one["told_out_of_stock"] == lost for one in rounds
    )
    return {
        "pieces": arguments.pieces,
        "buyers": arguments.buyers,
        "rounds": rounds,
        "deadlocks": deadlocks,
        "findings": found,
        "reached": right and not deadlocks and not found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=5)
    parser.add_argument("--buyers", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments))
    print(f"{'pieces/buyers':<16}{'ordered':>9}{'told':>7}{'median s':>10}{'last s':>9}")
    for one in result["rounds"]:
        print(
            f"{result['pieces']}/{result['buyers']:<14}{one['ordered']:>9}"
            f"{one['told_out_of_stock']:>7}{one['median_seconds']:>10}{one['last_seconds']:>9}"
            f"  {one['statuses']}"
        )
    print(
        f"deadlocks: {result['deadlocks']}; findings of the checks: {result['findings'] or 'none'}"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    sys.exit(0 if result["reached"] else 1)


if __name__ == "__main__":
    main()
