"""Events carried by PostgreSQL itself: the default transport.

Relays share the partitions out by advisory locks, each taking its fair part. Readers follow
positions; the sequencer's notification wakes those whose types came.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import psycopg

from hansa.runtime.database import Database
from hansa.runtime.outbox.append import PARTITIONS
from hansa.runtime.outbox.envelope import STREAM, Envelope, Place
from hansa.runtime.outbox.inbox import move_cursors
from hansa.runtime.outbox.locks import PARTITION, PRESENCE, dedicated_connection

BALANCE_SECONDS = 1.0
_SAVE_SECONDS = 20.0

COUNT_RELAYS = """
    select count(*)
      from pg_locks
     where locktype = 'advisory'
       and classid = %(presence)s
       and objid = 0
       and objsubid = 2
       and granted
       and database = (select oid from pg_database where datname = current_database())
"""

# A new subscription begins with the oldest event that is kept.
OPEN_CURSORS = """
    insert into outbox_cursor (subscription, stream, partition, position)
    select %(subscription)s, 'outbox', partition, 0
      from unnest(%(partitions)s::smallint[]) as owned (partition)
        on conflict do nothing
"""

READ_CURSORS = """
    select partition, position
      from outbox_cursor
     where subscription = %(subscription)s
       and stream = 'outbox'
       and partition = any(%(partitions)s)
"""

# `last` belongs to the same snapshot as the rows: what was read without filling the limit has been
# read up to there. Each partition is one short range of uq_outbox_event_position.
READ_EVENTS = """
    select head.last, event.*
      from outbox_sequence as head
      left join (
               select event.*
                 from unnest(%(partitions)s::smallint[], %(after)s::bigint[])
                          as owned (partition, after)
                cross join lateral (
                          select partition, position, id, type, key, payload::text as payload,
                                 trace, created_at
                            from outbox_event
                           where outbox_event.partition = owned.partition
                             and outbox_event.position > owned.after
                             and (%(types)s::text[] is null or outbox_event.type = any(%(types)s))
                           order by outbox_event.position
                           limit %(limit_each)s
                      ) as event
                order by event.position
                limit %(limit)s
           ) as event on true
     order by event.position
"""


class Partitions:
    """The partitions this process delivers from, kept by locks on a connection of its own."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.owned: frozenset[int] = frozenset()

    async def run(self, stop: asyncio.Event, changed: "Bell") -> None:
        """Take a fair part of the partitions until `stop`; raises what the database raises."""
        try:
            async with dedicated_connection(self._dsn, "hansa relay") as connection:
                await connection.execute("select pg_advisory_lock_shared(%s, 0)", [PRESENCE])
                while not stop.is_set():
                    before = self.owned
                    await self._balance(connection)
                    if self.owned != before:
                        changed.ring()
                    await changed.wait_stop(stop, BALANCE_SECONDS)
        finally:
            self.owned = frozenset()

    async def _balance(self, connection: psycopg.AsyncConnection) -> None:
        cursor = await connection.execute(COUNT_RELAYS, {"presence": PRESENCE})
        row = await cursor.fetchone()
        relays = max(1, int(row[0]) if row else 1)
        fair = -(-PARTITIONS // relays)
        for partition in sorted(self.owned, reverse=True)[: max(0, len(self.owned) - fair)]:
            # Not waiting for the delivery in hand is safe: the cursor's row decides who goes on.
            self.owned -= {partition}
            await connection.execute("select pg_advisory_unlock(%s, %s)", [PARTITION, partition])
        wanted = fair - len(self.owned)
        if wanted > 0:
            free = [number for number in range(PARTITIONS) if number not in self.owned]
            taken = await connection.execute(
                "select number from unnest(%s::int[]) as number"
                " where pg_try_advisory_lock(%s, number) limit %s",
                [free, PARTITION, wanted],
            )
            self.owned |= {int(number) for (number,) in await taken.fetchall()}


@dataclass
class Bell:
    """Wakes the readers of this process: all, or those that want one of some types."""

    _readers: dict[asyncio.Event, frozenset[str] | None] = field(default_factory=dict)

    def listen(self, types: frozenset[str] | None) -> asyncio.Event:
        """Add a reader; None wants every type."""
        event = asyncio.Event()
        self._readers[event] = types
        return event

    def forget(self, reader: asyncio.Event) -> None:
        """Remove a reader."""
        self._readers.pop(reader, None)

    def ring(self, types: frozenset[str] = frozenset()) -> None:
        """Wake the readers of these types; without types, everyone."""
        for event, wanted in list(self._readers.items()):
            if not types or wanted is None or wanted & types:
                event.set()

    async def wait_stop(self, stop: asyncio.Event, seconds: float) -> None:
        """Wait for the end, but not longer than that."""
        try:
            await asyncio.wait_for(stop.wait(), seconds)
        except TimeoutError:
            return

    async def run(self, dsn: str, stop: asyncio.Event) -> None:
        """Ring on each notification of the sequencer until `stop`."""
        async with dedicated_connection(dsn, "hansa relay bell") as connection:
            await connection.execute("listen hansa_outbox")
            self.ring()  # what came while nobody listened
            while not stop.is_set():
                async for notice in connection.notifies(timeout=0.5):
                    self.ring(frozenset(notice.payload.split(",")) - {""})


class PostgresSource:
    """Gives one subscription its events from the outbox table; see `envelope.Source`."""

    def __init__(
        self,
        database: Database,
        *,
        subscription: str,
        types: frozenset[str] | None,
        partitions: Partitions,
        bell: Bell,
    ) -> None:
        self._database = database
        self._subscription = subscription
        self._types = None if types is None else sorted(types)
        self._partitions = partitions
        self._bell = bell
        self._woken = bell.listen(types)
        self._after: dict[int, int] = {}
        self._saved_at = asyncio.get_running_loop().time()

    def owned(self) -> Collection[Place]:
        """Give the places this process may deliver from at the moment."""
        return [(STREAM, partition) for partition in self._partitions.owned]

    def reset(self) -> None:
        """Forget what was given; the cursors are read again."""
        self._after.clear()

    async def close(self) -> None:
        """Save how far the idle partitions were read."""
        self._bell.forget(self._woken)
        await self._save()

    async def next(self, *, limit: int, wait_seconds: float) -> Sequence[Envelope]:
        """Give coming events; see `envelope.Source`."""
        self._woken.clear()
        events = await self._read(limit)
        if events:
            return events
        if asyncio.get_running_loop().time() - self._saved_at > _SAVE_SECONDS:
            await self._save()
        try:
            await asyncio.wait_for(self._woken.wait(), wait_seconds)
        except TimeoutError:
            return []
        self._woken.clear()
        return await self._read(limit)

    async def _read(self, limit: int) -> list[Envelope]:
        await self._follow_ownership()
        if not self._after:
            return []
        # Far behind, a whole `limit` from each partition would be read and sorted to give one.
        each = max(8, 4 * limit // len(self._after))
        async with self._database.snapshot(single=True) as snapshot:
            rows = await snapshot.all(
                READ_EVENTS,
                {
                    "partitions": list(self._after),
                    "after": list(self._after.values()),
                    "types": self._types,
                    "limit": limit,
                    "limit_each": each,
                },
            )
        events = [
            Envelope(stream=STREAM, **{name: getattr(row, name) for name in _COLUMNS})
            for row in rows
            if row.position is not None
        ]
        for event in events:
            self._after[event.partition] = event.position
        if len(events) < limit:
            given = Counter(event.partition for event in events)
            for partition, after in self._after.items():
                if given[partition] < each:
                    self._after[partition] = max(after, rows[0].last)
        return events

    async def _follow_ownership(self) -> None:
        owned = self._partitions.owned
        for partition in [number for number in self._after if number not in owned]:
            del self._after[partition]
        new = sorted(owned - self._after.keys())
        if not new:
            return
        of_new = {"subscription": self._subscription, "partitions": new}
        async with self._database.transaction() as tx:
            await tx.execute(OPEN_CURSORS, of_new)
            for row in await tx.all(READ_CURSORS, of_new):
                self._after[row.partition] = row.position

    async def _save(self) -> None:
        """Move the cursors of partitions in which nothing of interest came.

        They are kept near the head: otherwise each start would read everything anew.
        """
        self._saved_at = asyncio.get_running_loop().time()
        if not self._after:
            return
        async with self._database.transaction() as tx:
            await move_cursors(
                tx,
                subscription=self._subscription,
                positions={(STREAM, number): after for number, after in self._after.items()},
            )


_COLUMNS = ("partition", "position", "id", "type", "key", "payload", "trace", "created_at")
