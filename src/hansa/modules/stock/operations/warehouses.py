"""Warehouses and the channels that sell from them."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from hansa.modules import accounts
from hansa.modules.stock.model import Warehouse
from hansa.modules.stock.operations.changes import publish_moved
from hansa.modules.stock.store import levels as sql
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor


async def save_warehouses(
    tx: Transaction,
    *,
    warehouses: Sequence[Warehouse],
    now: datetime,
    by: Actor | None = None,
) -> None:
    """Make or change warehouses.

    If that changes which channels sell from where, all counters are made anew; reservations and
    imports wait for it (about a second per million levels), readers do not.
    """
    if not warehouses:
        return
    await tx.execute(sql.LOCK_WRITING_OF_LEVELS)
    rows = [
        {
            **asdict(warehouse),
            "id": str(warehouse.id),
            "name": dict(warehouse.name),
            "channels": list(warehouse.channels),
        }
        for warehouse in warehouses
    ]
    await tx.execute(sql.SAVE_WAREHOUSES, {"rows": json.dumps(rows), "now": now})
    if by is not None:
        for row in rows:
            await accounts.record(
                tx,
                actor=by,
                action="stock.save_warehouse",
                subject_kind="warehouse",
                subject_id=row["id"],
                after=row,
                now=now,
            )
    if await tx.scalar(sql.LINKS_DIFFER):
        await _rebuild(tx)


async def rebuild_counters(tx: Transaction) -> None:
    """Make the channels' links and all counters anew from levels and reservations.

    A repair that should never be needed; `hansa check stock` says whether it is.
    """
    await tx.execute(sql.LOCK_WRITING_OF_LEVELS)
    await _rebuild(tx)


async def _rebuild(tx: Transaction) -> None:
    await tx.execute(sql.LOCK_ALL_COUNTERS)
    before = {(row.channel, row.variant_id): row[2:] for row in await tx.all(sql.ALL_COUNTED)}
    await tx.execute(sql.CLEAR_LINKS)
    await tx.execute(sql.LINK_WAREHOUSES)
    await tx.execute(sql.LINK_CHANNELS)
    await tx.execute(sql.CLEAR_COUNTERS)
    await tx.execute(sql.REBUILD_COUNTERS)
    after = {(row.channel, row.variant_id): row[2:] for row in await tx.all(sql.ALL_COUNTED)}
    moved = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    await publish_moved(tx, moved)
