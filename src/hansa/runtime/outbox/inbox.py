"""The effect of an event happens once: cursor, inbox row and effect share a transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from hansa.runtime.database import Row, Snapshot, Transaction
from hansa.runtime.outbox.envelope import Envelope, Place

ERROR_CHARACTERS_MAX = 4000

# Move the cursors and claim the wanted events behind them. A cursor that has passed already belongs
# to another relay: its events are not given back. Two relays at one event wait for each other at
# the cursor's row. The commit need not be flushed to disk at once: if the server dies, cursor,
# inbox row and effect are lost together and the event is delivered again.
CLAIM = """
    with event as (
             select *
               from unnest(
                        %(streams)b::text[],
                        %(partitions)b::smallint[],
                        %(positions)b::bigint[],
                        %(ids)b::uuid[],
                        %(wanted)b::boolean[]
                    ) as event (stream, partition, position, id, wanted)
         ),
         moved as (
             update outbox_cursor as cursor
                set position = last.position, moved_at = now()
               from (
                        select stream, partition, max(position) as position
                          from event
                         group by stream, partition
                    ) as last
              where cursor.subscription = %(subscription)s
                and cursor.stream = last.stream
                and cursor.partition = last.partition
                and cursor.position < last.position
             returning cursor.stream, cursor.partition
         ),
         claimed as (
             insert into outbox_inbox (subscription, event_id)
             select %(subscription)s, event.id
               from event
               join moved on moved.stream = event.stream and moved.partition = event.partition
              where event.wanted
                 on conflict do nothing
             returning event_id
         )
    select event.id, event.wanted, claimed.event_id is not null as is_new,
           set_config('synchronous_commit', 'off', true)
      from event
      join moved on moved.stream = event.stream and moved.partition = event.partition
      left join claimed on claimed.event_id = event.id
"""

# For a reader that has no effects in this database: the forwarder to Kafka.
MOVE_CURSORS = """
    update outbox_cursor as cursor
       set position = last.position, moved_at = now()
      from unnest(%(streams)s::text[], %(partitions)s::smallint[], %(positions)s::bigint[])
               as last (stream, partition, position)
     where cursor.subscription = %(subscription)s
       and cursor.stream = last.stream
       and cursor.partition = last.partition
       and cursor.position < last.position
"""

# Put an event aside that failed, whole: its key is stuck from now on.
PARK_FAILED = """
    with moved as (
             update outbox_cursor
                set position = %(position)s, moved_at = now()
              where subscription = %(subscription)s
                and stream = %(stream)s
                and partition = %(partition)s
                and position < %(position)s
             returning partition
         ),
         stuck as (
             insert into outbox_stuck as known
                    (subscription, stream, partition, key, attempts, next_try_at, error, failed_at,
                     set_aside_at)
             select %(subscription)s, %(stream)s, %(partition)s, %(key)s, 1, now() + %(pause)s,
                    %(error)s, now(), case when %(set_aside)s then now() end
               from moved
                 on conflict (subscription, key) do update
                set key = excluded.key
             returning key
         )
    insert into outbox_waiting
           (subscription, key, stream, position, partition, event_id, type, payload, trace,
            created_at)
    select %(subscription)s, %(key)s, %(stream)s, %(position)s, %(partition)s, %(id)s, %(type)s,
           %(payload)s, %(trace)s, %(created_at)s
      from stuck
        on conflict do nothing
"""

# Put an event aside behind its stuck key; the cursor was moved by CLAIM in the same transaction.
PARK_BEHIND = """
    with stuck as (
             insert into outbox_stuck as known (subscription, stream, partition, key, next_try_at)
             values (%(subscription)s, %(stream)s, %(partition)s, %(key)s, now())
                 on conflict (subscription, key) do update
                set key = excluded.key
             returning key
         )
    insert into outbox_waiting
           (subscription, key, stream, position, partition, event_id, type, payload, trace,
            created_at)
    select %(subscription)s, %(key)s, %(stream)s, %(position)s, %(partition)s, %(id)s, %(type)s,
           %(payload)s, %(trace)s, %(created_at)s
      from stuck
        on conflict do nothing
"""

STUCK_KEYS = """
    select stuck.key
      from outbox_stuck as stuck
      join unnest(%(streams)s::text[], %(partitions)s::smallint[]) as owned (stream, partition)
        on owned.stream = stuck.stream and owned.partition = stuck.partition
     where stuck.subscription = %(subscription)s
"""

DUE_KEYS = """
    select stuck.key
      from outbox_stuck as stuck
      join unnest(%(streams)s::text[], %(partitions)s::smallint[]) as owned (stream, partition)
        on owned.stream = stuck.stream and owned.partition = stuck.partition
     where stuck.subscription = %(subscription)s
       and stuck.set_aside_at is null
       and stuck.next_try_at <= now()
     order by stuck.next_try_at, stuck.key
     limit %(limit)s
"""

LOCK_KEY = """
    select attempts
      from outbox_stuck
     where subscription = %(subscription)s
       and key = %(key)s
       and set_aside_at is null
       for update skip locked
"""

FIRST_WAITING = """
    select stream, partition, position, event_id as id, type, key, payload, trace,
           created_at
      from outbox_waiting
     where subscription = %(subscription)s
       and key = %(key)s
     order by stream <> 'outbox', position
     limit 1
"""

CLAIM_ONE = """
    insert into outbox_inbox (subscription, event_id)
    values (%(subscription)s, %(id)s)
        on conflict do nothing
"""

REMOVE_WAITING = """
    delete from outbox_waiting
     where subscription = %(subscription)s
       and key = %(key)s
       and stream = %(stream)s
       and position = %(position)s
"""

RELEASE_KEY = "delete from outbox_stuck where subscription = %(subscription)s and key = %(key)s"

# The next event of the key begins with no attempt behind it.
KEY_GOES_ON = """
    update outbox_stuck
       set attempts = 0, error = null, failed_at = null, next_try_at = now()
     where subscription = %(subscription)s
       and key = %(key)s
"""

KEY_FAILED_AGAIN = """
    update outbox_stuck
       set attempts = attempts + 1,
           error = %(error)s,
           failed_at = now(),
           next_try_at = now() + %(pause)s,
           set_aside_at = case when %(set_aside)s then now() end
     where subscription = %(subscription)s
       and key = %(key)s
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """What to do with claimed events: ids whose effect is due, ids to put aside."""

    new: frozenset[UUID]
    to_park: frozenset[UUID]


async def claim(
    tx: Transaction,
    *,
    subscription: str,
    events: Sequence[Envelope],
    stuck: Collection[str] = frozenset(),
) -> Claim:
    """Move the cursors past these events; answer which have not had their effect yet.

    Events of stuck keys are not claimed: they are to be put aside in the same transaction.
    """
    rows = await tx.all(
        CLAIM,
        {
            "subscription": subscription,
            "streams": [event.stream for event in events],
            "partitions": [event.partition for event in events],
            "positions": [event.position for event in events],
            "ids": [event.id for event in events],
            "wanted": [event.key not in stuck for event in events],
        },
    )
    return Claim(
        new=frozenset(row.id for row in rows if row.is_new),
        to_park=frozenset(row.id for row in rows if not row.wanted),
    )


async def park_behind(tx: Transaction, *, subscription: str, event: Envelope) -> None:
    """Put an event aside behind another of its key; `claim` said so in this transaction."""
    await tx.execute(PARK_BEHIND, {"subscription": subscription, **_fields(event)})


async def park_failed(
    tx: Transaction,
    *,
    subscription: str,
    event: Envelope,
    error: str,
    pause: timedelta,
    set_aside: bool,
) -> None:
    """Put an event aside whose first attempt failed, and move the cursor past it."""
    await tx.execute(
        PARK_FAILED,
        {
            "subscription": subscription,
            "error": _cut(error),
            "pause": pause,
            "set_aside": set_aside,
            **_fields(event),
        },
    )


async def move_cursors(
    tx: Transaction, *, subscription: str, positions: Mapping[Place, int]
) -> None:
    """Note how far a subscription has come, without effects."""
    await tx.execute(
        MOVE_CURSORS,
        {
            "subscription": subscription,
            **_arrays(positions),
            "positions": list(positions.values()),
        },
    )


async def stuck_keys(
    snapshot: Snapshot, *, subscription: str, places: Collection[Place]
) -> set[str]:
    """Give the keys of these places that have events put aside."""
    rows = await snapshot.all(STUCK_KEYS, {"subscription": subscription, **_arrays(places)})
    return {row.key for row in rows}


async def due_keys(
    snapshot: Snapshot, *, subscription: str, places: Collection[Place], limit: int
) -> list[str]:
    """Give the stuck keys of these places to be tried now."""
    rows = await snapshot.all(
        DUE_KEYS, {"subscription": subscription, "limit": limit, **_arrays(places)}
    )
    return [row.key for row in rows]


async def lock_stuck_key(tx: Transaction, *, subscription: str, key: str) -> int | None:
    """Lock the row of a stuck key; its attempts so far, or None if there is nothing to be done."""
    row: Row | None = await tx.maybe(LOCK_KEY, {"subscription": subscription, "key": key})
    return None if row is None else int(row.attempts)


async def first_waiting(tx: Transaction, *, subscription: str, key: str) -> Envelope | None:
    """Give the oldest event put aside for a key."""
    row = await tx.maybe(FIRST_WAITING, {"subscription": subscription, "key": key})
    return None if row is None else Envelope(**row._asdict())


async def claim_waiting(tx: Transaction, *, subscription: str, event: Envelope) -> bool:
    """Take an event out of those put aside; false if it has had its effect before."""
    of_event = {
        "subscription": subscription,
        "key": event.key,
        "stream": event.stream,
        "position": event.position,
    }
    await tx.execute(REMOVE_WAITING, of_event)
    await tx.execute(KEY_GOES_ON, {"subscription": subscription, "key": event.key})
    return await tx.execute(CLAIM_ONE, {"subscription": subscription, "id": event.id}) == 1


async def release_key(tx: Transaction, *, subscription: str, key: str) -> None:
    """Let events of a key pass again: none is put aside any more."""
    await tx.execute(RELEASE_KEY, {"subscription": subscription, "key": key})


async def note_failure(
    tx: Transaction, *, subscription: str, key: str, error: str, pause: timedelta, set_aside: bool
) -> None:
    """Count one more failed attempt; try again after `pause`, or leave it to a person."""
    await tx.execute(
        KEY_FAILED_AGAIN,
        {
            "subscription": subscription,
            "key": key,
            "error": _cut(error),
            "pause": pause,
            "set_aside": set_aside,
        },
    )


def _fields(event: Envelope) -> dict[str, Any]:
    return {
        "stream": event.stream,
        "partition": event.partition,
        "position": event.position,
        "key": event.key,
        "id": event.id,
        "type": event.type,
        "payload": event.payload.replace("\0", "\ufffd"),
        "trace": event.trace,
        "created_at": event.created_at,
    }


def _cut(error: str) -> str:
    return error.replace("\0", "")[:ERROR_CHARACTERS_MAX]


def _arrays(places: Collection[Place]) -> dict[str, Any]:
    return {
        "streams": [stream for stream, _ in places],
        "partitions": [partition for _, partition in places],
    }
