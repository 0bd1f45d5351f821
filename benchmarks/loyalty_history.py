"""Balance and history page of a member in a ledger of ten million entries.

`python -m benchmarks.loyalty_history [--entries 10000000] [--reads 2000] [--json FILE]`

The entries are written by one statement per table, as postings would have left them; reads go
through the queries that the API uses, each for another member.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop

from benchmarks.loyalty import prepare
from benchmarks.scratch import scratch_directory
from hansa.modules.loyalty import members, points
from hansa.runtime.database import Database
from hansa.runtime.database.embedded import embedded_postgres
from hansa.runtime.database.migrate import migrate
from hansa.runtime.sizing import postgres_parameters, this_machine

MEMBERS = 100_000
PAGE = 50

# So many postings for each account, a minute apart; ids are made of account and version.
POSTINGS = """
    insert into ledger_posting
           (bucket, id, owner, key, fingerprint, ledger, kind, reference, answer, effective_at,
            recorded_at, batch_id)
    select a.bucket, md5(a.id || '/' || n)::uuid, '00000000-0000-0000-0000-000000000001',
           a.id || '/' || n, '\\x00', 1, 'purchase', 'receipt ' || n, '\\x00',
           now() - n * interval '1 minute', now() - n * interval '1 minute',
           '00000000-0000-0000-0000-000000000002'
      from ledger_account a, generate_series(1, %(each)s) n
"""
ENTRIES = """
    insert into ledger_entry
           (bucket, account_id, version, posting_id, amount, balance, recorded_at)
    select a.bucket, a.id, n, md5(a.id || '/' || n)::uuid, 10, 10 * n,
           now() - n * interval '1 minute'
      from ledger_account a, generate_series(1, %(each)s) n
"""
LOTS = """
    insert into loyalty_lot
           (bucket, id, account_id, ledger, issuer, remaining, earned_at, active_at, expires_at)
    select a.bucket, md5(a.id || '-' || n)::uuid, a.id, 1, n, 10, now(), now(),
           now() + n * interval '10 days'
      from ledger_account a, generate_series(1, 12) n
"""


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Fill the ledger and read members one by one."""
    chance = random.Random(1)
    with (
        scratch_directory() as folder,
        embedded_postgres(folder, postgres_parameters(this_machine())) as dsn,
    ):
        await asyncio.to_thread(migrate, dsn)
        database = Database(dsn, statement_timeout_milliseconds=1_800_000)
        await database.open()
        world = await prepare(database, MEMBERS)
        began = time.perf_counter()
        each = {"each": options.entries // MEMBERS}
        async with database.transaction() as tx:
            await tx.execute(POSTINGS, each)
            await tx.execute(ENTRIES, each)
            await tx.execute(LOTS)
        async with database.connection() as connection:
            await connection.execute("vacuum analyze")
        filled = time.perf_counter() - began
        async with database.snapshot(single=True) as snap:
            programme_id = await snap.scalar("select id from loyalty_programme")
        balances = await times(database, world.members, chance, options.reads, programme_id)
        histories = await pages(
            database, world.members, chance, options.reads, programme_id, each["each"]
        )
        await database.close()
    return {
        "entries": options.entries,
        "fill_seconds": round(filled),
        "balance": told(balances),
        "history": told(histories),
    }


async def times(
    database: Database, ids: list[UUID], chance: random.Random, reads: int, programme_id: UUID
) -> list[float]:
    taken = []
    for _ in range(reads):
        member = ids[chance.randrange(len(ids))]
        began = time.perf_counter()
        async with database.snapshot(single=True) as snap:
            found = await points.read_balances(
                snap, members=[(programme_id, member)], now=datetime.now(UTC)
            )
        taken.append(time.perf_counter() - began)
        assert len(found) == 1
    return taken


async def pages(  # noqa: PLR0917 - what a measurement needs
    database: Database,
    ids: list[UUID],
    chance: random.Random,
    reads: int,
    programme_id: UUID,
    each: int,
) -> list[float]:
    taken = []
    for _ in range(reads):
        member = ids[chance.randrange(len(ids))]
        ref = (programme_id, None, members.MemberRef(members.RefKind.ID, str(member)))
        began = time.perf_counter()
        async with database.snapshot() as snap:
            membership = (await members.resolve(snap, programme_id_refs=[ref]))[ref]
            rows = await points.read_history(snap, membership=membership, before=None, limit=PAGE)
        taken.append(time.perf_counter() - began)
        assert len(rows) == min(PAGE, each)
    return taken


def told(taken: list[float]) -> dict[str, float]:
    """Give the median and p99 in milliseconds."""
    taken.sort()
    return {
        "p50_ms": round(taken[len(taken) // 2] * 1000, 2),
        "p99_ms": round(taken[int(len(taken) * 0.99)] * 1000, 2),
    }


def main() -> None:
    """Measure, print a table, write JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--reads", type=int, default=2_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    measured = uvloop.run(measure(options))
    for name, value in measured.items():
        sys.stdout.write(f"{name:16} {value}\n")
    if options.json:
        options.json.write_text(json.dumps(measured, indent=2))


if __name__ == "__main__":
    main()
