"""What a person may do with events that failed for good."""

from typing import ClassVar

from hansa.kernel.errors import NotFound
from hansa.runtime.database import Transaction

REPLAY = """
    update outbox_stuck
       set set_aside_at = null, attempts = 0, next_try_at = now()
     where subscription = %(subscription)s
       and (%(key)s::text is null or key = %(key)s)
       and set_aside_at is not null
"""

DISCARD_FIRST = """
    delete from outbox_waiting
     where (subscription, key, stream, position) in (
               select subscription, key, stream, position
                 from outbox_waiting
                where subscription = %(subscription)s
                  and key = %(key)s
                order by stream <> 'outbox', position
                limit 1
           )
"""

LOCK_SET_ASIDE = """
    select key
      from outbox_stuck
     where subscription = %(subscription)s
       and key = %(key)s
       and set_aside_at is not null
       for update
"""

FORGET_CURSORS = "delete from outbox_cursor where subscription = %(subscription)s"
FORGET_STUCK = "delete from outbox_stuck where subscription = %(subscription)s"
FORGET_WAITING = "delete from outbox_waiting where subscription = %(subscription)s"

# For a new subscription that must not hear of the past: before its first relay starts.
SKIP_TO_HEAD = """
    insert into outbox_cursor (subscription, stream, partition, position)
    select %(subscription)s, 'outbox', partition, head.last
      from outbox_sequence as head
     cross join generate_series(0, 63) as partition
        on conflict (subscription, stream, partition) do update
       set position = excluded.position, moved_at = now()
"""


class NotSetAside(NotFound):
    """No event of this subscription and key waits for a person."""

    code: ClassVar[str] = "outbox.not_set_aside"
    message: ClassVar[str] = "No event was set aside here; perhaps somebody replayed it already."


async def replay(tx: Transaction, *, subscription: str, key: str | None = None) -> int:
    """Have events set aside delivered again, for one key or all; answer the number of keys.

    Those that waited behind them follow in order. Attempts are counted anew.
    """
    return await tx.execute(REPLAY, {"subscription": subscription, "key": key})


async def discard(tx: Transaction, *, subscription: str, key: str) -> None:
    """Drop the event that blocks a key, for this subscription; those behind it follow.

    Raises:
        NotSetAside: nothing of this key waits for a person.
    """
    of_key = {"subscription": subscription, "key": key}
    if await tx.maybe(LOCK_SET_ASIDE, of_key) is None:
        raise NotSetAside
    await tx.execute(DISCARD_FIRST, of_key)
    await tx.execute(REPLAY, of_key)


async def forget(tx: Transaction, *, subscription: str) -> None:
    """Remove all traces of a subscription that is no longer in the code, but for its inbox."""
    of_subscription = {"subscription": subscription}
    await tx.execute(FORGET_WAITING, of_subscription)
    await tx.execute(FORGET_STUCK, of_subscription)
    await tx.execute(FORGET_CURSORS, of_subscription)


async def skip_to_head(tx: Transaction, *, subscription: str) -> None:
    """Let a subscription begin with what comes next, instead of everything that is kept."""
    await tx.execute(SKIP_TO_HEAD, {"subscription": subscription})
