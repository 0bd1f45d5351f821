"""Reads of rules, alerts and what is known of a member."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from hansa.modules.loyalty.guard.faults import (
    NoSuchAlert,
)
from hansa.modules.loyalty.guard.model import (
    QUIET,
    Alert,
    AlertId,
    AlertState,
    Kind,
    Rules,
)
from hansa.modules.loyalty.guard.store import counting, watching
from hansa.modules.loyalty.members import bucket_of
from hansa.runtime.database import Row, Snapshot

DEVICES_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """Which alerts to list; None takes all."""

    state: AlertState | None = None
    kind: Kind | None = None
    programme_id: UUID | None = None
    member_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSeen:
    """A device of a member; `device` is a digest of its id."""

    device: UUID
    first_seen_at: datetime
    seen_at: datetime
    trusted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the guard knows of a member in a programme."""

    moved_at: datetime | None
    is_blocked: bool
    devices: tuple[DeviceSeen, ...]


async def challenges_here(snap: Snapshot, *, ids: Sequence[UUID]) -> set[UUID]:
    """Give those of these step-ups that were begun here."""
    return {row.id for row in await snap.all(watching.CHALLENGES_HERE, {"ids": list(ids)})}


async def list_rules(snap: Snapshot) -> dict[UUID, Rules]:
    """Give the rules of every programme that has some."""
    rows = await snap.all(counting.LIST_RULES)
    return {row.programme_id: msgspec.convert(row.rules, Rules) for row in rows}


async def get_rules(snap: Snapshot, *, programme_id: UUID) -> Rules:
    """Give the rules of a programme; without any, nothing is watched."""
    found = await snap.scalar(watching.GET_RULES, {"programme_id": programme_id})
    return QUIET if found is None else msgspec.convert(found, Rules)


async def list_alerts(
    snap: Snapshot,
    *,
    chosen: AlertFilter,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> tuple[Alert, ...]:
    """Give alerts, newest first; `before` is the instant and id of the last one seen."""
    rows = await snap.all(
        watching.LIST_ALERTS,
        {
            "state": chosen.state,
            "kind": chosen.kind,
            "programme_id": chosen.programme_id,
            "member_id": chosen.member_id,
            "before": before[0] if before else None,
            "before_id": before[1] if before else None,
            "limit": limit,
        },
    )
    return tuple(alert_of(row) for row in rows)


async def get_alert(snap: Snapshot, *, alert_id: UUID) -> Alert:
    """Give an alert.

    Raises:
        NoSuchAlert: there is none.
    """
    row = await snap.maybe(watching.GET_ALERT, {"id": alert_id})
    if row is None:
        raise NoSuchAlert
    return alert_of(row)


async def count_new_alerts(snap: Snapshot) -> int:
    """Count the alerts nobody has looked at."""
    count: int = await snap.scalar(watching.COUNT_NEW_ALERTS)
    return count


async def standing_of(snap: Snapshot, *, programme_id: UUID, member_id: UUID) -> Standing:
    """Give what is known of a member: last movement, whether blocked, devices."""
    whose = {"bucket": bucket_of(member_id), "member_id": member_id}
    row = await snap.maybe(watching.STANDING_OF, whose | {"programme_id": programme_id})
    devices = await snap.all(watching.LIST_DEVICES, whose | {"limit": DEVICES_SHOWN})
    return Standing(
        moved_at=None if row is None else row.moved_at,
        is_blocked=row is not None and row.blocked_by is not None,
        devices=tuple(DeviceSeen(**one._asdict()) for one in devices),
    )


def alert_of(row: Row) -> Alert:
    """Make an alert of its row."""
    fields = row._asdict()
    fields |= {"id": AlertId(row.id), "kind": Kind(row.kind), "state": AlertState(row.state)}
    return Alert(**fields)
