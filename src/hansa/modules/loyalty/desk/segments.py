"""Segments of members: who meets some filters, page by page."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hansa.modules.loyalty.desk.criteria import Criteria
from hansa.modules.loyalty.desk.store import segments as store
from hansa.modules.loyalty.members import bucket_of
from hansa.runtime.database import Snapshot

COUNT_MAX = 100_000
_BEFORE_ALL = UUID(int=0)


async def list_segment(
    snap: Snapshot,
    *,
    programme_id: UUID,
    criteria: Criteria,
    after: UUID | None,
    limit: int,
    now: datetime,
) -> list[UUID]:
    """Give members of a programme who meet the filters, behind `after`, in the order of shards."""
    asked = _parameters(programme_id, criteria, after, now)
    rows = await snap.all(store.LIST_SEGMENT, {**asked, "limit": limit})
    return [row.member_id for row in rows]


async def count_segment(
    snap: Snapshot, *, programme_id: UUID, criteria: Criteria, now: datetime
) -> int:
    """Count the members who meet the filters, up to `COUNT_MAX`."""
    asked = _parameters(programme_id, criteria, None, now)
    found: int = await snap.scalar(store.COUNT_SEGMENT, {**asked, "limit": COUNT_MAX})
    return found


def _parameters(
    programme_id: UUID, criteria: Criteria, after: UUID | None, now: datetime
) -> dict[str, Any]:
    return {
        "programme_id": programme_id,
        "after": after or _BEFORE_ALL,
        "after_bucket": -1 if after is None else bucket_of(after),
        "language": criteria.language,
        "joined_after": _ago(criteria.joined_within_days, now),
        "balance_min": criteria.balance_min,
        "balance_max": criteria.balance_max,
        "expires_before": _ahead(criteria.expiring_days, now),
        "expiring_min": 1 if criteria.expiring_min is None else criteria.expiring_min,
        "active_after": _ago(criteria.active_within_days, now),
        "inactive_since": _ago(criteria.inactive_for_days, now),
        "partner_id": criteria.partner_id,
        "percent_min": criteria.percent_min,
        "offer_id": criteria.offer_id,
        "random_from": criteria.random_from,
        "random_until": criteria.random_until,
        "now": now,
    }


def _ago(days: int | None, now: datetime) -> datetime | None:
    return None if days is None else now - timedelta(days=days)


def _ahead(days: int | None, now: datetime) -> datetime | None:
    return None if days is None else now + timedelta(days=days)
