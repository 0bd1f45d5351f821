"""What the benchmarks of buying share: a shop in a database, a web role, lean HTTP connections."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from benchmarks.scratch import scratch_directory
from hansa.modules import catalog, checkout, markets, payments, pricing, stock
from hansa.runtime.database import Database
from hansa.runtime.database.embedded import embedded_postgres
from hansa.runtime.database.migrate import migrate

VARIANTS_PER_PRODUCT = 5
SECRET = "benchmark secret of the acquirer"
FORM = {
    "recipient_name": "Анна Иванова",
    "email": "",
    "delivery_method": "courier",
    "address": {"city": "Москва", "street": "Мясницкая", "house": "1"},
    "payment_method": "cash",
    "accepts_terms": True,
}


async def make_shop(database: Database, *, variants: int, on_hand: int) -> list[UUID]:
    """Make a market with goods, prices, stock, ways of delivery and to pay."""
    now = datetime.now(UTC)
    ids = [uuid4() for _ in range(variants)]
    products = [
        catalog.Product(id=uuid4(), name={"ru": f"Платье {n}", "en": f"Dress {n}"})
        for n in range((variants + VARIANTS_PER_PRODUCT - 1) // VARIANTS_PER_PRODUCT)
    ]
    price_list, warehouse = uuid4(), uuid4()
    async with database.transaction() as tx:
        await markets.save_market(
            tx,
            market=markets.Market(
                code="ru",
                name={"ru": "Россия", "en": "Russia"},
                currency="RUB",
                country="RU",
                languages=("ru", "en"),
                default_language="ru",
                tax_rate=Decimal("0.2"),
                prices_include_tax=True,
                phone_region="RU",
                time_zone="Europe/Moscow",
            ),
            by=None,
            now=now,
        )
        await catalog.save_products(tx, products=products, now=now)
        await catalog.save_variants(
            tx,
            variants=[
                catalog.Variant(
                    id=variant_id,
                    product_id=products[n // VARIANTS_PER_PRODUCT].id,
                    sku=f"D-{n}",
                    options={"size": {"ru": str(40 + n % VARIANTS_PER_PRODUCT)}},
                )
                for n, variant_id in enumerate(ids)
            ],
            now=now,
        )
        listed = pricing.PriceList(
            id=price_list, code="base", name={"ru": "Розница"}, market="ru", currency="RUB"
        )
        await pricing.save_price_lists(tx, price_lists=[listed], now=now)
        await pricing.set_prices(
            tx,
            prices=[
                pricing.Price(price_list_id=price_list, variant_id=one, amount=Decimal(1990))
                for one in ids
            ],
            now=now,
        )
        store = stock.Warehouse(
            id=warehouse, code="central", name={"ru": "Склад"}, channels=("ru",)
        )
        await stock.save_warehouses(tx, warehouses=[store], now=now)
        await stock.set_levels(
            tx,
            source="bench",
            levels=[
                stock.Level(
                    warehouse_id=warehouse, variant_id=one, on_hand=Decimal(on_hand), as_of=now
                )
                for one in ids
            ],
            now=now,
        )
        courier = checkout.DeliveryMethod(
            market="ru",
            code="courier",
            kind=checkout.DeliveryKind.COURIER,
            name={"ru": "Курьер"},
            price_minor=300_00,
        )
        await checkout.save_delivery_methods(tx, methods=[courier])
        await payments.save_methods(
            tx,
            methods=[
                payments.PaymentMethod(
                    market="ru",
                    code=code,
                    provider=provider,
                    name={"ru": code},
                    hint={},
                    position=1,
                )
                for code, provider in (
                    ("cash", payments.ON_RECEIPT),
                    ("card", payments.SIMULATED),
                )
            ],
        )
    return ids


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def programs(
    dsn: str,
    data_dir: Path,
    *,
    workers: int,
    bank: bool,
    beside: Sequence[Sequence[str]] = (),
    settings: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Run a web role, with `bank` also the acquirer and a worker; give the shop's address.

    `beside` are arguments of more Python programs, `settings` variables for all of them.
    """
    port, bank_port = free_port(), free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HANSA_")},
        "HANSA_ENVIRONMENT": "production",
        "HANSA_DATABASE_URL": dsn,
        "HANSA_DATA_DIR": str(data_dir),
        "HANSA_SECRET_KEY": secrets.token_hex(32),
        "HANSA_HTTP_PORT": str(port),
        "HANSA_PUBLIC_URL": address,
        "HANSA_WEB_WORKERS": str(workers),
        "HANSA_RATE_LIMIT_REQUESTS_PER_MINUTE": "0",
        "HANSA_LOG_LEVEL": "error",
        "HANSA_ACQUIRER_URL": f"http://127.0.0.1:{bank_port}",
        "HANSA_ACQUIRER_SECRET": SECRET,
        "ACQUIRER_SECRET": SECRET,
        **(settings or {}),
    }
    commands: list[Sequence[str]] = [["-m", "hansa.assembly.web"], *beside]
    if bank:
        commands.append(["-m", "sandbox.acquirer", "--port", str(bank_port)])
        commands.append(["-m", "hansa", "run-role", "worker"])
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((data_dir / "programs.log").open("wb"))
        for command in commands:
            process = subprocess.Popen(
                [sys.executable, *command], env=environment, stdout=log, stderr=log
            )
            stack.callback(process.wait, timeout=60)
            stack.callback(process.terminate)
        _wait(f"{address}/health/ready", data_dir / "programs.log")
        yield address


def _wait(url: str, log: Path) -> None:
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise SystemExit(f"the web role was not ready in time:\n{log.read_text()[-2000:]}")


class Failed(Exception):
    """An answer that was not expected."""


@dataclass
class Line:
    """One kept-alive connection; lean, so that the client takes little of the machine."""

    host: str
    port: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, address: str) -> Line:
        host, _, port = address.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        return cls(host, int(port), reader, writer)

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str = "", form: bytes = b""
    ) -> tuple[int, Any]:
        """Send a request with a key of its own; give status and decoded body."""
        content = form or (b"" if body is None else json.dumps(body).encode())
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(content)}\r\nIdempotency-Key: {uuid4().hex}\r\n"
        )
        if token:
            head += f"X-Basket-Token: {token}\r\n"
        self.writer.write(head.encode() + b"\r\n" + content)
        raw = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(raw[9:12])
        at = raw.find("content-length: ")
        length = int(raw[at + 16 : raw.index("\r\n", at)]) if at >= 0 else 0
        answer = await self.reader.readexactly(length) if length else b""
        is_json = b"{" in answer[:1] or b"[" in answer[:1]
        return status, json.loads(answer) if is_json else None

    def close(self) -> None:
        self.writer.close()


@contextlib.asynccontextmanager
async def fresh_shop(
    *, variants: int, on_hand: int, dsn: str | None = None
) -> AsyncIterator[tuple[Database, list[UUID], Path]]:
    """Make a shop in a database of its own: an embedded server unless an address is given."""
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(scratch_directory())
        address = dsn or stack.enter_context(embedded_postgres(directory))
        await asyncio.to_thread(migrate, address)
        database = Database(address, connections_max=4)
        await database.open()
        try:
            yield database, await make_shop(database, variants=variants, on_hand=on_hand), directory
        finally:
            await database.close()
