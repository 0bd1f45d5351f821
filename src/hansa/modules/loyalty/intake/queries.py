"""Reads of feeds, runs, records and clearing."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from hansa.modules.loyalty.intake.model import (
    ClearingEntry,
    Feed,
    FeedKind,
    FeedSettings,
    Health,
    Item,
    ItemState,
    NoFeed,
    Run,
    RunState,
    WrittenMapping,
)
from hansa.modules.loyalty.intake.store import calls as calls_sql
from hansa.modules.loyalty.intake.store import feeds as feeds_sql
from hansa.modules.loyalty.intake.store import orders as orders_sql
from hansa.modules.loyalty.intake.store import runs as runs_sql
from hansa.runtime.database import Row, Snapshot

CLEARING_MAX = 10_000


async def list_feeds(snap: Snapshot) -> list[Feed]:
    """Give all feeds, by their codes."""
    return [feed_of(row) for row in await snap.all(feeds_sql.LIST_FEEDS)]


async def get_feed(snap: Snapshot, *, feed_id: UUID) -> Feed:
    """Give a feed.

    Raises:
        NoFeed: there is none.
    """
    row = await snap.maybe(feeds_sql.GET_FEED, {"id": feed_id})
    if row is None:
        raise NoFeed
    return feed_of(row)


async def get_feed_by_code(snap: Snapshot, *, code: str) -> Feed:
    """Give a feed by its code.

    Raises:
        NoFeed: there is none.
    """
    row = await snap.maybe(feeds_sql.GET_FEED_BY_CODE, {"code": code})
    if row is None:
        raise NoFeed
    return feed_of(row)


async def get_mapping(snap: Snapshot, *, feed: Feed) -> WrittenMapping | None:
    """Give the mapping in force, or None if none is written."""
    asked = {"feed_id": feed.id, "version": feed.mapping_version}
    row = await snap.maybe(feeds_sql.GET_MAPPING, asked)
    return None if row is None else WrittenMapping(**row._asdict())


async def list_runs(snap: Snapshot, *, feed_id: UUID, limit: int = 20) -> list[Run]:
    """Give the latest runs of a feed."""
    rows = await snap.all(runs_sql.LIST_RUNS, {"feed_id": feed_id, "limit": limit})
    return [run_of(row) for row in rows]


async def list_refused(
    snap: Snapshot,
    *,
    feed_id: UUID,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Item]:
    """Give refused records, the latest first, behind the last one seen."""
    before, before_id = after or (None, None)
    asked = {"feed_id": feed_id, "before": before, "before_id": before_id, "limit": limit}
    return [item_of(row) for row in await snap.all(runs_sql.LIST_REFUSED, asked)]


async def list_items(
    snap: Snapshot, *, run_id: UUID, after_row: int = -1, limit: int = 100
) -> list[Item]:
    """Give what became of a run's records, in their order."""
    asked = {"run_id": run_id, "after": after_row, "limit": limit}
    return [item_of(row) for row in await snap.all(runs_sql.LIST_OF_RUN, asked)]


async def health_of(snap: Snapshot, *, feeds: Sequence[Feed]) -> list[Health]:
    """Say how feeds go."""
    found = []
    for feed in feeds:
        counts = await snap.one(runs_sql.COUNT_ITEMS, {"feed_id": feed.id})
        runs = await list_runs(snap, feed_id=feed.id, limit=1)
        found.append(
            Health(
                feed=feed,
                refused=counts.refused,
                waiting=counts.waiting,
                calls_waiting=await snap.scalar(calls_sql.COUNT_WAITING, {"feed_id": feed.id}),
                last_run=runs[0] if runs else None,
            )
        )
    return found


async def count_scheduled(snap: Snapshot, *, feed_id: UUID) -> tuple[int, datetime | None]:
    """Give how many orders of a feed earn later, and when the next one does."""
    row = await snap.one(orders_sql.COUNT_SCHEDULED, {"feed_id": feed_id})
    return row.scheduled, row.next_at


async def list_clearing(
    snap: Snapshot,
    *,
    partner_id: UUID,
    begin: datetime,
    end: datetime,
    limit: int = CLEARING_MAX,
) -> list[ClearingEntry]:
    """Give money that went beside points of a partner in a period, in order; minor units."""
    asked = {"partner_id": partner_id, "begin": begin, "end": end, "limit": limit}
    return [
        ClearingEntry(**row._asdict()) for row in await snap.all(calls_sql.LIST_CLEARING, asked)
    ]


def feed_of(row: Row) -> Feed:
    """Make a feed of its row."""
    return Feed(
        **{
            **row._asdict(),
            "kind": FeedKind(row.kind),
            "settings": msgspec.convert(row.settings, FeedSettings),
            "sealed": bytes(row.sealed),
        }
    )


def run_of(row: Row) -> Run:
    """Make a run of its row."""
    held = row._asdict()
    held.pop("body")
    file = held.pop("file")
    held |= {"state": RunState(row.state), "warnings": tuple(row.warnings)}
    return Run(**{**held, "source": file or row.source})


def item_of(row: Row) -> Item:
    """Make a record's fate of its row."""
    held = row._asdict()
    held |= {"state": ItemState(row.state), "row": held.pop("row_number")}
    return Item(**held)
