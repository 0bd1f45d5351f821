"""Reads of the queue for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hansa.modules.erp.outgoing import store
from hansa.modules.erp.outgoing.model import (
    Breaker,
    Health,
    Message,
    MessageKind,
    MessageState,
    NoSuchMessage,
)
from hansa.modules.erp.outgoing.rows import message_of
from hansa.runtime.database import Snapshot

RATE_OVER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTally:
    """How a queue stands. `sent` is with a broker; `per_minute` were acknowledged lately."""

    waiting: int
    sent: int
    dead: int
    oldest: datetime | None
    per_minute: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadReason:
    """Why messages were left to a person; `error` is the latest of that reason."""

    error_code: str
    messages: int
    oldest: datetime
    error: str


async def get_message(snap: Snapshot, *, message_id: UUID) -> Message:
    """Give a message.

    Raises:
        NoSuchMessage: there is none.
    """
    row = await snap.maybe(store.MESSAGE, {"id": message_id})
    if row is None:
        raise NoSuchMessage
    return message_of(row)


async def list_messages(  # noqa: PLR0913 - filters of a list
    snap: Snapshot,
    *,
    connection_id: UUID | None = None,
    states: Sequence[MessageState] | None = None,
    kind: MessageKind | None = None,
    error_code: str | None = None,
    subject_number: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Message]:
    """Give messages, the newest first; `before` is the number of the last one shown."""
    rows = await snap.all(
        store.LIST_MESSAGES,
        {
            "connection_id": connection_id,
            "states": None if states is None else [str(state) for state in states],
            "kind": kind,
            "error_code": error_code,
            "subject_number": subject_number,
            "before": before,
            "limit": limit,
        },
    )
    return [message_of(row) for row in rows]


async def tally(snap: Snapshot, *, connection_id: UUID, now: datetime) -> QueueTally:
    """Count a queue."""
    row = await snap.one(store.TALLY, {"connection_id": connection_id})
    since = now - RATE_OVER
    done = await snap.scalar(store.RATE, {"connection_id": connection_id, "since": since})
    return QueueTally(
        waiting=row.waiting,
        sent=row.sent,
        dead=row.dead,
        oldest=row.oldest,
        per_minute=done / (RATE_OVER.total_seconds() / 60),
    )


async def health_of(snap: Snapshot, *, connection_id: UUID) -> Health:
    """Give what the sender last saw of an ERP."""
    row = await snap.maybe(store.HEALTH, {"connection_id": connection_id})
    if row is None:
        return Health()
    return Health(**(row._asdict() | {"breaker": Breaker(row.breaker)}))


async def dead_by_reason(snap: Snapshot, *, connection_id: UUID) -> list[DeadReason]:
    """Give why messages were left to a person, the most frequent reason first."""
    rows = await snap.all(store.DEAD_BY_REASON, {"connection_id": connection_id})
    return [DeadReason(**row._asdict()) for row in rows]


async def count_behind(snap: Snapshot, *, message: Message) -> int:
    """Count the messages a message holds back."""
    behind: int = await snap.scalar(
        store.BEHIND,
        {
            "connection_id": message.connection_id,
            "lane": message.lane,
            "number": message.number,
        },
    )
    return behind
