"""What people and checks see of events: lag, cursors that stand still, events set aside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from hansa.kernel.message import Event
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding, Subscription

_UNNUMBERED_OLD = timedelta(minutes=1)
_STALLED = timedelta(minutes=5)

# Positions are given without gaps per installation, so behind = events beyond the cursor of their
# partition. Idle cursors trail by seconds; events they do not want are then counted too.
EVENTS_BEHIND = """
    select cursor.subscription, sum(beyond.number)::bigint as number
      from outbox_cursor as cursor
     cross join lateral (
               select count(*) as number
                 from (
                          select 1
                            from outbox_event
                           where outbox_event.partition = cursor.partition
                             and outbox_event.position > cursor.position
                           limit 10000
                      ) as event
           ) as beyond
     where cursor.stream = 'outbox'
     group by cursor.subscription
"""

STUCK_COUNTS = """
    select subscription,
           count(*) filter (where set_aside_at is null) as trying,
           count(*) filter (where set_aside_at is not null) as set_aside
      from outbox_stuck
     group by subscription
"""

OLD_UNNUMBERED = """
    select count(*) as number, min(created_at) as oldest
      from outbox_event
     where position is null
       and created_at < now() - %(age)s
"""

# A cursor that did not move although an old event waits behind it.
STALLED_CURSORS = """
    select cursor.subscription, count(*) as partitions, min(cursor.moved_at) as since
      from outbox_cursor as cursor
     cross join lateral (
               select created_at
                 from outbox_event
                where outbox_event.partition = cursor.partition
                  and outbox_event.position > cursor.position
                order by outbox_event.position
                limit 1
           ) as next
     where cursor.stream = 'outbox'
       and cursor.moved_at < now() - %(age)s
       and next.created_at < now() - %(age)s
     group by cursor.subscription
     order by cursor.subscription
"""

# ix_outbox_stuck is small: only keys in trouble have a row.
LIST_STUCK = """
    select stuck.subscription, stuck.key, stuck.attempts, stuck.error, stuck.failed_at,
           stuck.next_try_at, stuck.set_aside_at, waiting.event_id, waiting.type, waiting.payload,
           behind.number as waiting
      from outbox_stuck as stuck
      left join lateral (
               select event_id, type, payload
                 from outbox_waiting
                where outbox_waiting.subscription = stuck.subscription
                  and outbox_waiting.key = stuck.key
                order by stream <> 'outbox', position
                limit 1
           ) as waiting on true
     cross join lateral (
               select count(*) as number
                 from outbox_waiting
                where outbox_waiting.subscription = stuck.subscription
                  and outbox_waiting.key = stuck.key
           ) as behind
     where (not %(set_aside)s or stuck.set_aside_at is not null)
       and (stuck.subscription, stuck.key) > (%(after_subscription)s, %(after_key)s)
     order by stuck.subscription, stuck.key
     limit %(limit)s
"""


# What lies behind the cursors of a subscription, or has no position or handler yet. Kafka's cursors
# say nothing of the outbox: there only what waits after a failure counts.
UNHANDLED = """
    select event.type, event.payload::text as payload
      from outbox_event as event
      left join outbox_cursor as cursor
        on cursor.subscription = %(subscription)s
       and cursor.stream = 'outbox'
       and cursor.partition = event.partition
     where event.type = any(%(types)s::text[])
       and (event.position is null or event.position > coalesce(cursor.position, 0))
       and not exists (
               select
                 from outbox_cursor as elsewhere
                where elsewhere.subscription = %(subscription)s
                  and elsewhere.stream <> 'outbox'
           )
     union all
    select type, payload
      from outbox_waiting
     where subscription = %(subscription)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckKey:
    """A key whose oldest event failed. `waiting` counts that event and those behind it."""

    subscription: str
    key: str
    attempts: int
    error: str | None
    failed_at: datetime | None
    next_try_at: datetime
    set_aside_at: datetime | None
    event_id: UUID | None
    type: str | None
    payload: str | None
    waiting: int


async def list_stuck_keys(
    snapshot: Snapshot,
    *,
    set_aside: bool = True,
    after: tuple[str, str] = ("", ""),
    limit: int = 50,
) -> Sequence[StuckKey]:
    """List keys in trouble by subscription and key; only those left to a person if `set_aside`.

    `after` is the subscription and key of the last one seen.
    """
    rows = await snapshot.all(
        LIST_STUCK,
        {
            "set_aside": set_aside,
            "after_subscription": after[0],
            "after_key": after[1],
            "limit": limit,
        },
    )
    return [StuckKey(**row._asdict()) for row in rows]


async def events_behind(snapshot: Snapshot) -> Mapping[str, int]:
    """Count the events each subscription has not dealt with, up to 10,000 per partition."""
    return {row.subscription: row.number for row in await snapshot.all(EVENTS_BEHIND)}


async def unhandled_events(snapshot: Snapshot, subscription: Subscription) -> list[Event]:
    """Give the events a subscription has not dealt with, in no order: what it may yet change."""
    types = {event.type: event for event in subscription.events}
    rows = await snapshot.all(
        UNHANDLED, {"subscription": subscription.name, "types": sorted(types)}
    )
    return [
        msgspec.json.decode(row.payload, type=types[row.type]) for row in rows if row.type in types
    ]


async def stuck_counts(snapshot: Snapshot) -> Mapping[str, tuple[int, int]]:
    """Count stuck keys per subscription: those being tried again, those set aside."""
    return {
        row.subscription: (row.trying, row.set_aside) for row in await snapshot.all(STUCK_COUNTS)
    }


async def find_unnumbered(snapshot: Snapshot) -> list[Finding]:
    """Report events that no sequencer has seen for a minute."""
    row = await snapshot.one(OLD_UNNUMBERED, {"age": _UNNUMBERED_OLD})
    if not row.number:
        return []
    return [
        Finding(
            check="outbox.numbered",
            subject="outbox_event",
            message=f"{row.number} events since {row.oldest:%Y-%m-%d %H:%M:%S} UTC have no "
            "position: is a relay running?",
        )
    ]


async def find_stalled(snapshot: Snapshot) -> list[Finding]:
    """Report subscriptions that stand still although events wait."""
    return [
        Finding(
            check="outbox.moving",
            subject=row.subscription,
            message=f"{row.partitions} partitions stand still since "
            f"{row.since:%Y-%m-%d %H:%M:%S} UTC although events wait: is a relay running, and is "
            "the subscription still in the code? If not, forget it.",
        )
        for row in await snapshot.all(STALLED_CURSORS, {"age": _STALLED})
    ]


async def find_set_aside(snapshot: Snapshot) -> list[Finding]:
    """Report keys that wait for a person."""
    return [
        Finding(
            check="outbox.set_aside",
            subject=f"{stuck.subscription} {stuck.key}",
            message=f"{stuck.type} {stuck.event_id} failed {stuck.attempts} times, "
            f"{stuck.waiting} events wait: {stuck.error}. Replay or discard it.",
        )
        for stuck in await list_stuck_keys(snapshot, limit=100)
    ]


CHECKS = (
    Check(area="outbox", name="every event is numbered", run=find_unnumbered),
    Check(area="outbox", name="every subscription moves on", run=find_stalled),
    Check(area="outbox", name="no event is left to a person", run=find_set_aside),
)
