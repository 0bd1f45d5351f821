"""Number events as they become visible.

Serial numbers are drawn before the commit, so a reader that remembers the last one it saw would
skip rows that commit later. Instead one process at a time (an advisory lock) gives positions, from
a counter, to rows it can see. A later pass numbers what was committed later, whatever its serial; a
transaction that stays open delays nobody but itself.

Within a pass rows are numbered by serial. A transaction that began to publish after another had
committed has higher serials and is not seen without the other, so the order of a key is kept.
"""

import asyncio
from datetime import timedelta

import psycopg
import structlog
from prometheus_client import Counter

from hansa.runtime.outbox.locks import SEQUENCER, dedicated_connection

_POLL_SECONDS_MIN, _POLL_SECONDS_MAX = 0.005, 0.05
_PASS_ROWS = 5000
_TAKE_OVER_SECONDS = 1.0
_PURGE_SECONDS = 60.0

_log = structlog.get_logger(__name__)
_NUMBERED = Counter("hansa_outbox_numbered_total", "Events given a position")

# The row of the counter is locked until the commit, so positions become visible in their order. The
# last condition matters only if two sequencers overlap (one lost its lock and does not know yet).
# The one notification per pass wakes the relays; it names the types that came.
NUMBER = """
    with visible as materialized (
             select serial, row_number() over (order by serial) as place
               from outbox_event
              where position is null
              order by serial
              limit %(rows)s
         ),
         counted as (
             select count(*) as number from visible
         ),
         counter as (
             update outbox_sequence
                set last = last + counted.number
               from counted
              where counted.number > 0
             returning last, counted.number
         ),
         numbered as (
             update outbox_event
                set position = counter.last - counter.number + visible.place
               from visible, counter
              where outbox_event.serial = visible.serial
                and outbox_event.position is null
             returning outbox_event.type
         )
    select count(*), pg_notify('hansa_outbox', left(string_agg(distinct type, ','), 7900))
      from numbered
    having count(*) > 0
"""

# Old events that every living subscription has passed. A subscription that is no longer in the code
# holds nothing back.
PURGE_EVENTS = """
    with passed as (
             select partition, min(position) as position
               from outbox_cursor
              where stream = 'outbox'
                and subscription = any(%(subscriptions)s)
              group by partition
         ),
         old as (
             select event.serial
               from outbox_event as event
               left join passed on passed.partition = event.partition
              where event.created_at < now() - %(age)s
                and event.position <= coalesce(passed.position, event.position)
              order by event.serial
              limit %(rows)s
         )
    delete from outbox_event
     using old
     where outbox_event.serial = old.serial
"""

# Ids are UUIDv7: the first 48 bits are milliseconds, so age is a range of the primary key.
PURGE_INBOX = """
    delete from outbox_inbox
     where (subscription, event_id) in (
               select inbox.subscription, inbox.event_id
                 from (select distinct subscription from outbox_cursor) as known
                cross join (
                          select (extract(epoch from now() - %(age)s) * 1000)::bigint
                                     as milliseconds
                      ) as oldest
                cross join lateral (
                          select subscription, event_id
                            from outbox_inbox
                           where subscription = known.subscription
                             and event_id < (lpad(to_hex(oldest.milliseconds), 12, '0')
                                             || repeat('0', 20))::uuid
                           order by event_id
                           limit %(rows)s
                      ) as inbox
           )
"""


class Sequencer:
    """Waits for the lock, then numbers events and removes old ones until stopped."""

    def __init__(self, dsn: str, *, subscriptions: list[str], keep: timedelta) -> None:
        self._dsn = dsn
        self._subscriptions = subscriptions
        self._keep = keep

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; raises what the database raises."""
        async with dedicated_connection(self._dsn, "hansa sequencer") as connection:
            await connection.execute("set synchronous_commit = off")
            while not stop.is_set():
                if await _try_lock(connection):
                    await self._number(connection, stop)
                else:
                    await _sleep(stop, _TAKE_OVER_SECONDS)

    async def _number(self, connection: psycopg.AsyncConnection, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        pause, purge_at = _POLL_SECONDS_MIN, loop.time()
        while not stop.is_set():
            started = loop.time()
            numbered = await number_visible(connection)
            took = loop.time() - started
            _NUMBERED.inc(numbered)
            if numbered == _PASS_ROWS:
                continue
            pause = _POLL_SECONDS_MIN if numbered else min(pause * 1.5, _POLL_SECONDS_MAX)
            if loop.time() >= purge_at:
                more = await purge(connection, subscriptions=self._subscriptions, keep=self._keep)
                purge_at = loop.time() + (1.0 if more else _PURGE_SECONDS)
            # A snapshot held for long keeps dead rows, and passes grow slow: never more than a
            # third of the time is spent looking.
            await _sleep(stop, max(pause, 2 * took))


async def number_visible(connection: psycopg.AsyncConnection, *, rows: int = _PASS_ROWS) -> int:
    """Give positions to visible events without one; answer how many."""
    cursor = await connection.execute(NUMBER, {"rows": rows})
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def purge(
    connection: psycopg.AsyncConnection,
    *,
    subscriptions: list[str],
    keep: timedelta,
    rows: int = 5000,
) -> bool:
    """Remove delivered events older than `keep`, inbox rows twice as old; true if some are left."""
    events = await connection.execute(
        PURGE_EVENTS, {"subscriptions": subscriptions, "age": keep, "rows": rows}
    )
    inbox = await connection.execute(PURGE_INBOX, {"age": keep * 2, "rows": rows})
    return events.rowcount >= rows or inbox.rowcount >= rows


async def _try_lock(connection: psycopg.AsyncConnection) -> bool:
    cursor = await connection.execute("select pg_try_advisory_lock(%s, 0)", [SEQUENCER])
    row = await cursor.fetchone()
    return bool(row and row[0])


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
