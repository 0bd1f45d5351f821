"""A CommerceML export of 100,000 offers in 8 warehouses, against reading and copying the same rows.

`python -m benchmarks.commerceml_import [--offers 100000] [--warehouses 8] [--json FILE]`

Goods first (not counted), then the same offers three times by `hansa`'s own import, each in a
process of its own whose greatest resident memory is taken: all new with prices and stock; a later
stock file in which every number is another; the same stock file again. The measure in the same run:
lxml reads the file and COPY writes the rows that the import writes into empty tables of the same
columns, indexes and keys, journal included. While the stock file is imported, availability of 24
goods is read over and over.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from lxml import etree

from benchmarks.scratch import scratch_directory
from hansa.assembly.application import build_context
from hansa.modules import erp, stock
from hansa.modules.stock.checks import CHECKS
from hansa.runtime.database import Database
from hansa.runtime.database.embedded import embedded_postgres
from hansa.runtime.database.migrate import migrate
from hansa.runtime.settings import Secret, Settings
from tests.support.commerceml import Sizes, Style, write_import, write_offers
from tests.support.erp import a_market

MEMORY_MIB_MAX = 150
RATIO_MAX = 3.0
READ_EVERY_SECONDS = 0.02


def settings_for(dsn: str, folder: Path) -> Settings:
    """Settings of a process on the benchmark's database."""
    return Settings(
        environment="development",
        data_dir=folder,
        secret_key=Secret("a key that only benchmarks use, long enough"),
        database_url=dsn,
    )


async def child(dsn: str, data: Path, folder: Path) -> dict[str, Any]:
    """Import a folder in this process; tell time and memory."""
    context = build_context(settings_for(dsn, data))
    await context.open([])
    try:
        began = time.perf_counter()
        report = await erp.import_folder(context, folder, connection="1c")
        seconds = time.perf_counter() - began
    finally:
        await context.close()
    (file,) = report.files
    return {
        "seconds": round(seconds, 2),
        "processor_seconds": round(time.process_time(), 2),
        "resident_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "state": str(file.state),
        "counts": dict(file.counts),
    }


def run_child(dsn: str, data: Path, folder: Path) -> dict[str, Any]:
    """Import a folder in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.commerceml_import", "--child", dsn, data, folder],
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


async def read_meanwhile(dsn: str, work: asyncio.Task[Any]) -> dict[str, float]:
    """Read availability of 24 goods until the work is done; give times in milliseconds."""
    database = Database(dsn, connections_max=2)
    await database.open()
    times: list[float] = []
    try:
        async with database.snapshot(single=True) as snap:
            rows = await snap.all("select variant_id from stock_counter limit 24")
        ids = [row.variant_id for row in rows]
        while not work.done():
            began = time.perf_counter()
            async with database.snapshot(single=True) as snap:
                await stock.availability(snap, channel="ru", variant_ids=ids)
            times.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(READ_EVERY_SECONDS)
    finally:
        await database.close()
    times.sort()
    return {
        "reads": len(times),
        "median_ms": round(statistics.median(times), 2),
        "p99_ms": round(times[int(len(times) * 0.99) - 1], 2),
        "slowest_ms": round(times[-1], 2),
    }


def baseline(dsn: str, path: Path, *, with_cards: bool) -> float:
    """Read a file with lxml and COPY its rows into empty tables like ours; give seconds."""
    tables = ["stock_level", "stock_movement"]
    if with_cards:
        tables += ["catalog_variant", "pricing_price", "erp_reference", "stock_counter"]
    with psycopg.connect(dsn, autocommit=True) as connection:
        for table in tables:
            connection.execute(f"drop table if exists bare_{table}")
            connection.execute(f"create table bare_{table} (like {table} including all)")
        began = time.perf_counter()
        with connection.transaction():
            _copy(connection, path, with_cards=with_cards)
        seconds = time.perf_counter() - began
        for table in tables:
            connection.execute(f"drop table bare_{table}")
    return seconds


def _copy(connection: psycopg.Connection[Any], path: Path, *, with_cards: bool) -> None:
    now = datetime.now(UTC)
    places: dict[str, UUID] = {}
    levels, cards = [], []
    for offer in _offers(path):
        variant = uuid4()
        cards.append((variant, offer))
        for place, quantity in offer["stock"]:
            levels.append((variant, places.setdefault(place, uuid4()), Decimal(quantity)))
        if len(cards) >= 5000:
            _write(connection, cards, levels, now, with_cards=with_cards)
            levels, cards = [], []
    _write(connection, cards, levels, now, with_cards=with_cards)


def _offers(path: Path) -> Any:
    for _, element in etree.iterparse(str(path), tag="{*}Предложение"):
        rows = []
        for part in element.iter("{*}Склад"):
            if part.get("ИдСклада"):
                rows.append((part.get("ИдСклада"), part.get("КоличествоНаСкладе")))
            else:
                rows.append((part.findtext("{*}Ид"), part.findtext("{*}Количество")))
        yield {
            "id": element.findtext("{*}Ид"),
            "sku": element.findtext("{*}Артикул") or "",
            "price": element.findtext("{*}Цены/{*}Цена/{*}ЦенаЗаЕдиницу"),
            "stock": rows,
        }
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def _write(
    connection: psycopg.Connection[Any],
    cards: list[tuple[UUID, dict[str, Any]]],
    levels: list[tuple[UUID, UUID, Decimal]],
    now: datetime,
    *,
    with_cards: bool,
) -> None:
    def copy(table: str, columns: str, rows: Any) -> None:
        with connection.cursor().copy(f"copy bare_{table} ({columns}) from stdin") as copying:
            for row in rows:
                copying.write_row(row)

    copy(
        "stock_level",
        "variant_id, warehouse_id, on_hand, as_of, source",
        ((variant, place, number, now, "erp:1c") for variant, place, number in levels),
    )
    copy(
        "stock_movement",
        "variant_id, at, kind, warehouse_id, on_hand_change, on_hand_after, as_of, source",
        (
            (variant, now, "level", place, number, number, now, "erp:1c")
            for variant, place, number in levels
        ),
    )
    if not with_cards:
        return
    connection_id, price_list, product = uuid4(), uuid4(), uuid4()
    copy(
        "catalog_variant",
        "id, product_id, sku, changed_at",
        ((variant, product, offer["sku"], now) for variant, offer in cards),
    )
    copy(
        "erp_reference",
        "connection_id, kind, external_id, internal_id, digest",
        ((connection_id, "variant", offer["id"], variant, b"x" * 12) for variant, offer in cards),
    )
    copy(
        "stock_counter",
        "variant_id, channel, sellable",
        ((variant, "ru", Decimal(1)) for variant, _ in cards),
    )
    _copy_prices(connection, cards, price_list, now)


def _copy_prices(
    connection: psycopg.Connection[Any],
    cards: list[tuple[UUID, dict[str, Any]]],
    price_list: UUID,
    now: datetime,
) -> None:
    columns = "price_list_id, variant_id, min_quantity, amount, changed_at"
    with connection.cursor().copy(f"copy bare_pricing_price ({columns}) from stdin") as copying:
        for variant, offer in cards:
            amount = Decimal(offer["price"].replace(",", "."))
            copying.write_row((price_list, variant, Decimal(1), amount, now))


async def prepare(dsn: str, data: Path) -> None:
    """Make a market and a connection."""
    context = build_context(settings_for(dsn, data))
    await context.open([])
    try:
        async with context.database.transaction() as tx:
            await a_market(tx, now=context.clock.now())
            await erp.ensure_connection(tx, market="ru", now=context.clock.now())
    finally:
        await context.close()


async def findings(dsn: str) -> int:
    """Run the checks of stock; give how much they found."""
    database = Database(dsn, statement_timeout_milliseconds=300_000)
    await database.open()
    try:
        async with database.snapshot() as snap:
            return sum([len(await check.run(snap)) for check in CHECKS])
    finally:
        await database.close()


def write_files(work: Path, offers: int, warehouses: int) -> dict[str, Path]:
    """Write the exports into folders of their own."""
    sizes = Sizes(offers, 1, warehouses, groups=200)
    at = datetime.now(UTC) + timedelta(hours=3)
    styles = {
        "goods": Style(formed_at=f"{at:%Y-%m-%dT%H:%M:%S}", changes_only=True),
        "new": Style(formed_at=f"{at:%Y-%m-%dT%H:%M:%S}", changes_only=True),
        "rests": Style(
            formed_at=f"{at + timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}",
            changes_only=True,
            dialect="rests",
            with_prices=False,
        ),
    }
    folders = {}
    for name, style in styles.items():
        folders[name] = work / name
        folders[name].mkdir()
        file = "import.xml" if name == "goods" else f"{'offers' if name == 'new' else 'rests'}.xml"
        with (folders[name] / file).open("wb") as stream:
            write = write_import if name == "goods" else write_offers
            # Another seed gives other ids: the numbers differ because prices draw no chance.
            write(stream, sizes, style)
    return folders


async def measure(dsn: str, work: Path, *, offers: int, warehouses: int) -> dict[str, Any]:
    """Run everything once."""
    data = work / "data"
    await prepare(dsn, data)
    folders = write_files(work, offers, warehouses)
    found: dict[str, Any] = {"offers": offers, "warehouses": warehouses}
    found["goods"] = await asyncio.to_thread(run_child, dsn, data, folders["goods"])
    new_path, rests_path = folders["new"] / "offers.xml", folders["rests"] / "rests.xml"
    found["new"] = await asyncio.to_thread(run_child, dsn, data, folders["new"])
    found["new"]["baseline_seconds"] = round(baseline(dsn, new_path, with_cards=True), 2)
    work_task = asyncio.create_task(asyncio.to_thread(run_child, dsn, data, folders["rests"]))
    reads = await read_meanwhile(dsn, work_task)
    found["rests"] = await work_task
    found["rests"]["reads_meanwhile"] = reads
    found["rests"]["baseline_seconds"] = round(baseline(dsn, rests_path, with_cards=False), 2)
    found["same_again"] = await asyncio.to_thread(run_child, dsn, data, folders["rests"])
    for name in ("new", "rests"):
        one = found[name]
        one["ratio"] = round(one["seconds"] / one["baseline_seconds"], 2)
    found["findings"] = await findings(dsn)
    return found


def table(found: dict[str, Any]) -> str:
    """Write what was measured for people."""
    lines = [
        f"{found['offers']} offers x {found['warehouses']} warehouses",
        "| file | seconds | parse + COPY | ratio (<= 3) | resident MiB (<= 150) |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, title in (
        ("goods", "goods"),
        ("new", "new offers, prices, stock"),
        ("rests", "later stock, all other"),
        ("same_again", "the same stock again"),
    ):
        one = found[name]
        lines.append(
            f"| {title} | {one['seconds']} | {one.get('baseline_seconds', '')} |"
            f" {one.get('ratio', '')} | {one['resident_mib']} |"
        )
    reads = found["rests"]["reads_meanwhile"]
    lines.append(
        f"availability meanwhile: median {reads['median_ms']} ms, p99 {reads['p99_ms']} ms;"
        f" checks found {found['findings']}"
    )
    return "\n".join(lines)


def main() -> None:
    """Measure, print, fail if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offers", type=int, default=100_000)
    parser.add_argument("--warehouses", type=int, default=8)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", nargs=3, metavar=("DSN", "DATA", "FOLDER"))
    asked = parser.parse_args()
    if asked.child:
        dsn, data, folder = asked.child
        print(json.dumps(asyncio.run(child(dsn, Path(data), Path(folder)))))
        return
    with (
        scratch_directory() as directory,
        embedded_postgres(directory / "postgres") as dsn,
    ):
        migrate(dsn)
        found = asyncio.run(
            measure(dsn, directory, offers=asked.offers, warehouses=asked.warehouses)
        )
    print(table(found))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    missed = [
        name
        for name in ("new", "rests")
        if found[name]["ratio"] > RATIO_MAX or found[name]["resident_mib"] > MEMORY_MIB_MAX
    ]
    if missed or found["findings"]:
        raise SystemExit(f"missed: {missed}, findings: {found['findings']}")


if __name__ == "__main__":
    main()
