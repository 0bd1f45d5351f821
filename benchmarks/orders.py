"""Whole guest orders over HTTP: basket, look, address, place, pay.

`python -m benchmarks.orders [--orders 1500] [--guests 8] [--workers 2] [--json FILE]`

Two ways to pay: on receipt, and by card at the simulated acquirer, a program of its own, whose page
is posted and whose notice a worker follows until the payment is captured. Everything (web, worker,
acquirer, PostgreSQL, this client) shares the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.buying import FORM, Failed, Line, fresh_shop, programs
from hansa.runtime.database import Database

TARGET_PER_SECOND = 150
VARIANTS = 2000


async def buy(line: Line, variant: UUID, number: int, method: str) -> str | None:
    """Buy as a new guest; give the address to pay at."""
    put = {"variant_id": str(variant), "quantity": 1}
    status, kept = await line.call("POST", "/api/v1/basket/lines", put)
    if status != 201:
        raise Failed(f"basket: {status} {kept}")
    token = kept["token"]
    form = {**FORM, "phone": f"+7916{number % 10_000_000:07}", "payment_method": method}
    status, answer = await line.call("PUT", "/api/v1/basket/details", form, token=token)
    if status != 204:
        raise Failed(f"details: {status} {answer}")
    status, basket = await line.call("GET", "/api/v1/basket", token=token)
    if status != 200:
        raise Failed(f"look: {status} {basket}")
    shown = basket["totals"]["total"]["minor"]
    status, placed = await line.call(
        "POST", "/api/v1/orders", {"expected_total_minor": shown}, token=token
    )
    if status != 201:
        raise Failed(f"place: {status} {placed}")
    redirect: str | None = placed["redirect_url"]
    return redirect


async def pay(bank: Line, path: str) -> None:
    """Press the button of the payment page."""
    status, _ = await bank.call("POST", f"/pay/{path}", form=b"action=pay")
    if status != 303:
        raise Failed(f"pay: {status}")


async def run(address: str, variants: list[UUID], *, orders: int, guests: int, method: str) -> Any:
    """Let so many guests buy at the same time until so many orders are placed."""
    numbers = iter(range(orders))
    seconds: list[float] = []
    failures: list[str] = []

    async def guest() -> None:
        line = await Line.open(address)
        bank: Line | None = None
        for number in numbers:
            began = time.perf_counter()
            try:
                page = await buy(line, variants[number % len(variants)], number, method)
                if page is not None:
                    base, _, path = page.rpartition("/pay/")
                    bank = bank or await Line.open(base)
                    await pay(bank, path)
            except Failed as failure:
                failures.append(str(failure))
            seconds.append(time.perf_counter() - began)
        line.close()
        if bank is not None:
            bank.close()

    began = time.perf_counter()
    await asyncio.gather(*(guest() for _ in range(guests)))
    took = time.perf_counter() - began
    cuts = statistics.quantiles(seconds, n=100)
    return {
        "orders": orders - len(failures),
        "failures": len(failures),
        "first_failure": failures[0] if failures else None,
        "seconds": round(took, 2),
        "orders_per_second": round((orders - len(failures)) / took, 1),
        "p50_milliseconds": round(cuts[49] * 1000, 1),
        "p95_milliseconds": round(cuts[94] * 1000, 1),
    }


async def wait_until_captured(database: Database, orders: int) -> float:
    """Wait until every card payment is captured; give the seconds it took."""
    began = time.perf_counter()
    captured = 0
    while captured < orders and time.perf_counter() - began < 120:
        async with database.snapshot(single=True) as snap:
            captured = await snap.scalar(
                "select count(*) from payments_payment where state = 'captured'"
            )
        await asyncio.sleep(0.1)
    if captured < orders:
        raise SystemExit(f"only {captured} of {orders} payments were captured in time")
    return round(time.perf_counter() - began, 2)


async def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run all of it."""
    result: dict[str, Any] = {"target_orders_per_second": TARGET_PER_SECOND}
    async with fresh_shop(variants=VARIANTS, on_hand=100_000) as (database, variants, directory):
        with programs(
            database.dsn, directory, workers=arguments.workers, bank=arguments.card > 0
        ) as address:
            await run(address, variants, orders=200, guests=arguments.guests, method="cash")
            result["on_receipt"] = await run(
                address, variants, orders=arguments.orders, guests=arguments.guests, method="cash"
            )
            if arguments.card:
                card = await run(
                    address, variants, orders=arguments.card, guests=arguments.guests, method="card"
                )
                card["seconds_until_all_captured"] = await wait_until_captured(
                    database, arguments.card
                )
                result["by_card"] = card
        async with database.snapshot() as snap:
            result["orders_in_database"] = await snap.scalar("select count(*) from orders_order")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1500)
    parser.add_argument(
        "--card", type=int, default=300, help="orders paid by card; 0 leaves them out"
    )
    parser.add_argument("--guests", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments))
    print(f"{'whole guest orders':<24}{'orders/s':>10}{'p50 ms':>10}{'p95 ms':>10}{'failed':>8}")
    for name in ("on_receipt", "by_card"):
        if one := result.get(name):
            print(
                f"{name:<24}{one['orders_per_second']:>10}{one['p50_milliseconds']:>10}"
                f"{one['p95_milliseconds']:>10}{one['failures']:>8}"
            )
            if one["first_failure"]:
                print("  first failure:", one["first_failure"])
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    sys.exit(0 if result["on_receipt"]["orders_per_second"] >= TARGET_PER_SECOND else 1)


if __name__ == "__main__":
    main()
