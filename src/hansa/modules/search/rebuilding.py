"""The projection as a whole: building it anew, following the clock, tidying."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from hansa.modules import catalog, pricing
from hansa.modules.search import dictionary as dictionaries
from hansa.modules.search import projection
from hansa.modules.search.store import listing, projecting
from hansa.runtime.database import Database, Transaction

CHUNK = 1_000
SIDE_BY_SIDE = 2
"""Chunks in work at once: while one computes, the other's rows are written."""

CHANGES_KEPT = timedelta(minutes=15)
QUERIES_KEPT = timedelta(days=90)


async def rebuild(
    database: Database,
    *,
    now: datetime,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Project every product anew, in short transactions; give how many are listed.

    The shop stays open meanwhile. `on_progress` is told how many of how many are done.
    """
    async with database.snapshot() as snap:
        total = await catalog.count_products(snap)
    async with database.transaction() as tx:
        dictionary, _ = await dictionaries.take_over(tx)
    done, listed = 0, 0
    queue: asyncio.Queue[tuple[UUID, ...]] = asyncio.Queue(maxsize=SIDE_BY_SIDE)

    async def work() -> None:
        nonlocal done, listed
        while ids := await queue.get():
            async with database.transaction() as tx:
                found = await projection.project_products(
                    tx, product_ids=ids, now=now, dictionary=dictionary
                )
            listed += found
            done += len(ids)
            if on_progress is not None:
                on_progress(done, max(total, done))

    async with asyncio.TaskGroup() as group:
        for _ in range(SIDE_BY_SIDE):
            group.create_task(work())
        after: UUID | None = None
        while True:
            async with database.snapshot(single=True) as snap:
                ids = await catalog.list_product_ids(snap, after=after, limit=CHUNK)
            if not ids:
                break
            await queue.put(ids)
            after = ids[-1]
        for _ in range(SIDE_BY_SIDE):
            await queue.put(())
    await _forget_deleted(database, now)
    async with database.transaction() as tx:
        await tx.execute(projecting.COUNT_WORDS)
    return listed


async def _forget_deleted(database: Database, now: datetime) -> None:
    after = 0
    while True:
        async with database.transaction() as tx:
            rows = await tx.all(projecting.LIST_PROJECTED, {"after": after, "limit": CHUNK})
            if not rows:
                return
            ids = [row.product_id for row in rows]
            known = await catalog.get_products(tx, product_ids=ids)
            gone = [product_id for product_id in ids if product_id not in known]
            if gone:
                await projection.project_products(tx, product_ids=gone, now=now)
        after = rows[-1].id


async def follow_clock(tx: Transaction, *, now: datetime) -> None:
    """Take note of windows of publication and price lists that opened or closed."""
    await pricing.flip_lists(tx, now=now)
    since = await tx.scalar(projecting.LOOKED_AT)
    if since >= now:
        return
    edge = await tx.all(projecting.AT_WINDOW_EDGE, {"since": since, "now": now})
    if edge:
        await tx.execute(projecting.LOG_CHANGES, {"products": [row.product for row in edge]})
    await tx.execute(projecting.LOOK, {"now": now})


async def tidy(tx: Transaction, *, now: datetime) -> None:
    """Drop what is not needed any more, and count words again."""
    await tx.execute(projecting.PRUNE_CHANGES, {"before": now - CHANGES_KEPT})
    await tx.execute(listing.FORGET_QUERIES, {"before": now - QUERIES_KEPT})
    await tx.execute(projecting.COUNT_WORDS)
