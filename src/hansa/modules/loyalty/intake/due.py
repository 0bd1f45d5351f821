"""What has become due: feeds by their schedules, orders after the return window, early records."""

from collections import defaultdict
from datetime import timedelta
from uuid import UUID

import msgspec
import structlog

from hansa.modules.loyalty.intake import queries, schedule
from hansa.modules.loyalty.intake.facts import facts_of
from hansa.modules.loyalty.intake.mapping import MappingInvalid, key_of
from hansa.modules.loyalty.intake.model import Feed, FeedInvalid, NoFeed
from hansa.modules.loyalty.intake.recording import NO_RUN
from hansa.modules.loyalty.intake.running import open_desk
from hansa.modules.loyalty.intake.store import calls as calls_sql
from hansa.modules.loyalty.intake.store import feeds as feeds_sql
from hansa.modules.loyalty.intake.store import orders as orders_sql
from hansa.modules.loyalty.intake.store import runs as runs_sql
from hansa.modules.loyalty.intake.wiring import Intake
from hansa.modules.loyalty.intake.work import RunFeed, TellPartner
from hansa.runtime.context import Context
from hansa.runtime.database import Row

ORDERS_AT_ONCE = 200
ROUNDS_MAX = 500
EARLY_AT_ONCE = 200
ORDER_RULE = "#order"
"""Rule of what is no record but an order the door refused when it was due."""
ORDERS_KEPT = timedelta(days=400)
FORGET_AT_ONCE = 5_000
LEFT_ALONE = timedelta(minutes=1)

_log = structlog.get_logger(__name__)


async def look_at_feeds(context: Context) -> None:
    """Start feeds whose minute has come; do what is due.

    Raises:
        Unavailable: points or the database are away; nothing is lost.
    """
    now = context.clock.now()
    async with context.database.transaction() as tx:
        for row in await tx.all(feeds_sql.LIST_DUE, {"now": now}):
            following = schedule.next_after(row.cron, now) if row.cron else None
            await tx.execute(feeds_sql.SET_NEXT, {"id": row.id, "next_at": following})
            await tx.enqueue(RunFeed(feed_id=row.id))
        for row in await tx.all(runs_sql.FEEDS_WITH_OPEN, {"before": now - LEFT_ALONE}):
            await tx.enqueue(RunFeed(feed_id=row.feed_id))
        for row in await tx.all(calls_sql.FEEDS_WITH_CALLS, {"now": now}):
            await tx.enqueue(TellPartner(feed_id=row.feed_id))
    await do_due_orders(context)
    await try_early(context)


async def do_due_orders(context: Context) -> int:
    """Bring orders whose day has come through the door; give how many there were.

    Raises:
        Unavailable: points are away.
    """
    now, done = context.clock.now(), 0
    for _ in range(ROUNDS_MAX):
        asked = {"now": now, "limit": ORDERS_AT_ONCE}
        async with context.database.snapshot(single=True) as snap:
            rows = await snap.all(orders_sql.LIST_DUE, asked)
        by_feed: dict[UUID, list[str]] = defaultdict(list)
        for row in rows:
            by_feed[row.feed_id].append(row.receipt)
        for feed_id, receipts in by_feed.items():
            async with context.database.snapshot(single=True) as snap:
                feed = await queries.get_feed(snap, feed_id=feed_id)
            await _do_orders(context, feed, receipts)
        done += len(rows)
        if len(rows) < ORDERS_AT_ONCE:
            return done
    return done


async def _do_orders(context: Context, feed: Feed, receipts: list[str]) -> None:
    now = context.clock.now()
    refused = await context.service(Intake).orders(feed).look(receipts, now=now)
    if not refused:
        return
    sealer = context.service(Intake).sealer
    async with context.database.transaction() as tx:
        for receipt, refusal in refused.items():
            key = key_of("order", (receipt,))
            shown = msgspec.json.encode({"receipt": receipt})
            await tx.execute(
                runs_sql.SAVE_ITEMS,
                {
                    "feed_id": feed.id,
                    "run_id": NO_RUN,
                    "now": now,
                    "ids": [UUID(hex=key.rpartition(":")[2][:32])],
                    "rows": [0],
                    "keys": [key],
                    "rules": [ORDER_RULE],
                    "states": ["refused"],
                    "codes": [refusal.code],
                    "messages": [refusal.message],
                    "facts": [facts_of(refusal)],
                    "points": [0],
                    "shown": [shown.decode()],
                    "sealed": [sealer.seal(shown)],
                    "attempts": [0],
                    "try_ats": [None],
                },
            )


async def try_early(context: Context) -> int:
    """Try again what came before the thing it speaks of; give how many there were.

    Raises:
        Unavailable: points are away.
    """
    asked = {"now": context.clock.now(), "limit": EARLY_AT_ONCE}
    async with context.database.snapshot(single=True) as snap:
        rows = await snap.all(runs_sql.LIST_TRY, asked)
    by_feed: dict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        by_feed[row.feed_id].append(row)
    for feed_id, early in by_feed.items():
        async with context.database.snapshot(single=True) as snap:
            feed = await queries.get_feed(snap, feed_id=feed_id)
        await try_rows(context, feed, early)
    return len(rows)


async def try_rows(context: Context, feed: Feed, rows: list[Row]) -> None:
    """Try records of a feed again.

    Raises:
        Unavailable: points are away.
    """
    orders = [row for row in rows if row.rule == ORDER_RULE and row.sealed is not None]
    for row in orders:
        await _try_order(context, feed, row)
    others = [row for row in rows if row.rule != ORDER_RULE]
    if not others:
        return
    try:
        desk = await open_desk(context, feed)
    except (MappingInvalid, FeedInvalid) as failure:
        _log.warning("records cannot be tried again", feed=feed.code, code=failure.code)
        return
    await desk.try_again(others)


async def _try_order(context: Context, feed: Feed, row: Row) -> None:
    plain = context.service(Intake).sealer.unseal(bytes(row.sealed))
    receipt = msgspec.json.decode(plain, type=dict[str, str])["receipt"]
    asked = {"partner_id": feed.partner_id, "receipt": receipt, "now": context.clock.now()}
    async with context.database.transaction() as tx:
        await tx.execute(orders_sql.REOPEN, asked)
        await tx.execute(runs_sql.FORGET_ITEM, {"feed_id": feed.id, "id": row.id})
    await _do_orders(context, feed, [receipt])


async def try_refused(context: Context, feed_id: UUID) -> None:
    """Try every refused record of a feed again, by the mapping of now.

    Raises:
        Unavailable: points are away.
    """
    async with context.database.snapshot(single=True) as snap:
        try:
            feed = await queries.get_feed(snap, feed_id=feed_id)
        except NoFeed:
            return
    after = UUID(int=0)
    while True:
        asked = {"feed_id": feed_id, "after": after, "limit": EARLY_AT_ONCE}
        async with context.database.snapshot(single=True) as snap:
            rows = await snap.all(runs_sql.LIST_SEALED, asked)
        if not rows:
            return
        after = rows[-1].id
        await try_rows(context, feed, rows)


async def forget_records(context: Context) -> None:
    """Remove what feeds keep no longer, in small transactions."""
    now = context.clock.now()
    async with context.database.snapshot(single=True) as snap:
        feeds = await queries.list_feeds(snap)
    for feed in feeds:
        before = now - timedelta(days=feed.settings.keep_days)
        asked = {"feed_id": feed.id, "before": before, "limit": FORGET_AT_ONCE}
        for statement in (
            runs_sql.FORGET_TAKEN,
            runs_sql.FORGET_RECORDS,
            calls_sql.FORGET_CALLS,
        ):
            changed = FORGET_AT_ONCE
            while changed == FORGET_AT_ONCE:
                async with context.database.transaction() as tx:
                    changed = await tx.execute(statement, asked)
    async with context.database.transaction() as tx:
        asked = {"before": now - ORDERS_KEPT, "limit": FORGET_AT_ONCE}
        await tx.execute(orders_sql.FORGET, asked)
