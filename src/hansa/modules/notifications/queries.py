"""Reads of messages, deliveries and campaigns for pages."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hansa.modules.notifications.messages import MessageState
from hansa.modules.notifications.model import STALE_AFTER, ChannelName, Kind
from hansa.modules.notifications.store import campaigns as campaigns_sql
from hansa.modules.notifications.store import devices as devices_sql
from hansa.modules.notifications.store import messages as store
from hansa.modules.notifications.templates import texts_of
from hansa.modules.notifications.texts import Texts
from hansa.runtime.database import Snapshot, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What became of a message on a device."""

    channel: ChannelName
    state: str
    reason: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """A message of a member with its deliveries; texts have their places unfilled."""

    id: UUID
    number: int
    kind: Kind
    code: str
    texts: Texts
    values: Mapping[str, int]
    campaign_id: UUID | None
    state: MessageState
    reason: str
    due_at: datetime
    attempts: int
    was_quiet: bool
    ended_at: datetime | None
    opened_at: datetime | None
    created_at: datetime
    deliveries: tuple[Delivered, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedMessage:
    """A message that nobody tries any more."""

    id: UUID
    number: int
    member_id: UUID
    kind: Kind
    code: str
    reason: str
    attempts: int
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Messages of a campaign with the same variant and fate."""

    variant: str
    state: MessageState
    reason: str
    messages: int
    opened: int
    was_quiet: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCount:
    """How many devices there are of a channel, live and silent, and how many people."""

    channel: ChannelName
    live: int
    stale: int
    people: int


async def list_messages(
    snap: Snapshot, *, member_id: UUID, before: int | None = None, limit: int = 50
) -> tuple[SentMessage, ...]:
    """Give the messages of a member, the newest first, below a number."""
    asked = {"member_id": member_id, "before": before, "limit": limit}
    rows = await snap.all(store.LIST_OF_MEMBER, asked)
    delivered = await _deliveries(snap, [row.id for row in rows])
    return tuple(
        SentMessage(
            id=row.id,
            number=row.number,
            kind=Kind(row.kind),
            code=row.code,
            texts=texts_of(row.texts),
            values=row.places,
            campaign_id=row.campaign_id,
            state=MessageState(row.state),
            reason=row.reason,
            due_at=row.due_at,
            attempts=row.attempts,
            was_quiet=row.was_quiet,
            ended_at=row.ended_at,
            opened_at=row.opened_at,
            created_at=row.created_at,
            deliveries=tuple(delivered[row.id]),
        )
        for row in rows
    )


async def list_failed(
    snap: Snapshot, *, before: int | None = None, limit: int = 50
) -> tuple[FailedMessage, ...]:
    """Give messages nobody tries any more, the last first."""
    rows = await snap.all(store.LIST_FAILED, {"before": before, "limit": limit})
    return tuple(FailedMessage(**{**row._asdict(), "kind": Kind(row.kind)}) for row in rows)


async def send_again(tx: Transaction, *, message_id: UUID, now: datetime) -> None:
    """Try a message that failed once more; devices that have it do not get it again."""
    await tx.execute(store.SEND_AGAIN, {"id": message_id, "now": now})


async def count_fates(snap: Snapshot, *, campaign_id: UUID) -> tuple[Counted, ...]:
    """Count the messages of a campaign by variant and fate."""
    rows = await snap.all(campaigns_sql.COUNTERS, {"id": campaign_id})
    return tuple(Counted(**{**row._asdict(), "state": MessageState(row.state)}) for row in rows)


async def count_devices(snap: Snapshot, *, now: datetime) -> tuple[ChannelCount, ...]:
    """Count devices by channel."""
    rows = await snap.all(devices_sql.COUNT_BY_CHANNEL, {"seen_after": now - STALE_AFTER})
    return tuple(
        ChannelCount(**{**row._asdict(), "channel": ChannelName(row.channel)}) for row in rows
    )


async def _deliveries(
    snap: Snapshot, message_ids: Sequence[UUID]
) -> defaultdict[UUID, list[Delivered]]:
    found: defaultdict[UUID, list[Delivered]] = defaultdict(list)
    for row in await snap.all(store.DELIVERIES_OF, {"message_ids": list(message_ids)}):
        found[row.message_id].append(
            Delivered(
                channel=ChannelName(row.channel),
                state=row.state,
                reason=row.reason,
                changed_at=row.changed_at,
            )
        )
    return found
