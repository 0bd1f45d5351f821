"""A shop that 1C feeds, for tests of the exchange.

async with serving(settings, committing) as site:      # a real server and a worker, in this process
    client = OneC(site.url, site.user, site.password)  # call it in a thread: it blocks
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hansa.assembly.application import build_context
from hansa.modules import erp, markets
from hansa.runtime.clock import Clock, FixedClock
from hansa.runtime.context import Context
from hansa.runtime.database import Database, Transaction
from hansa.runtime.module import Service
from hansa.runtime.settings import Settings

__all__ = ["Loaded", "a_context", "a_market", "load"]


async def a_market(tx: Transaction, *, now: datetime, code: str = "ru") -> None:
    """Make a market sold to in roubles."""
    await markets.save_market(
        tx,
        market=markets.Market(
            code=code,
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


@contextlib.asynccontextmanager
async def a_context(
    database: Database,
    settings: Settings,
    clock: Clock,
    folder: Path,
    services: Sequence[type[Service]] = (),
) -> AsyncIterator[Context]:
    """Open a context on a database, its files in a folder."""
    own = replace(settings, database_url=database.dsn, data_dir=folder)
    context = build_context(own, clock=clock)
    await context.open(services)
    try:
        yield context
    finally:
        await context.close()


@dataclass(frozen=True)
class Loaded:
    """What a load did."""

    files: tuple[erp.ImportedFile, ...]
    log: tuple[erp.LogRow, ...]

    def __getitem__(self, name: str) -> erp.ImportedFile:
        return next(file for file in self.files if file.name == name)

    def actions(self, kind: str) -> Counter[str]:
        """Count what was done to things of a kind."""
        return Counter(str(row.action) for row in self.log if row.kind == kind)

    def codes(self) -> Counter[str]:
        """Count the reasons told."""
        return Counter(row.code for row in self.log if row.code)


async def load(
    context: Context, connection: erp.Connection, folder: Path, **files: bytes | str
) -> Loaded:
    """Import files given by name (`offers="<..."`, written as offers.xml), or the whole folder."""
    if files:
        folder = folder / f"load-{len(list(folder.glob('load-*')))}"
        folder.mkdir(parents=True)
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (folder / f"{name}.xml").write_bytes(data)
    if isinstance(context.clock, FixedClock):
        context.clock.advance(timedelta(seconds=1))
    report = await erp.import_folder(context, folder, connection=connection)
    log: list[erp.LogRow] = []
    async with context.database.snapshot() as snap:
        for file in report.files:
            log += await erp.list_log(
                snap, connection_id=connection.id, file_id=file.id, limit=100_000
            )
    return Loaded(report.files, tuple(log))
