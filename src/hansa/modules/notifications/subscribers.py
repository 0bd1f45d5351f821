"""What is told by itself when points, percents and tasks change; members who leave."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from hansa.contracts.loyalty import (
    LoyaltyMembersMerged,
    LoyaltyMembersParted,
    MemberChanged,
    PercentChanged,
    PointsPosted,
    PointsPosting,
    TaskCompleted,
)
from hansa.modules import loyalty
from hansa.modules.notifications.messages import Notice
from hansa.modules.notifications.notifying import notify_all, reachable
from hansa.modules.notifications.store import devices as store
from hansa.modules.notifications.templates import list_templates
from hansa.runtime.database import Transaction

TOLD_WITHIN = timedelta(days=1)
"""What is older is news to nobody: the events were replayed, or came very late."""


class _News(NamedTuple):
    """Something to tell a member, by a template."""

    member_id: UUID
    code: str
    dedup_key: str
    values: Mapping[str, int]


_EARNED = frozenset({"accrual", "purchase"})


async def on_members(tx: Transaction, events: Sequence[MemberChanged], _now: datetime) -> None:
    """Forget the devices of members who were erased, or take part in no programme any more."""
    gone = {event.member_id for event in events if event.what == "erased"}
    left = {event.member_id for event in events if event.what == "left"} - gone
    if left:
        known = await loyalty.members.get_members(tx, member_ids=sorted(left))
        gone |= {one for one in left if one not in known or not _takes_part(known[one])}
    if gone:
        await tx.execute(store.FORGET_PERSONS, {"member_ids": sorted(gone)})


async def on_merges(
    tx: Transaction,
    event: LoyaltyMembersMerged | LoyaltyMembersParted,
    now: datetime,
) -> None:
    """Give devices and what waits to the member who stands for two; and devices back again."""
    both = {"keep_id": event.keep_id, "absorb_id": event.absorb_id}
    known = await loyalty.members.get_members(tx, member_ids=[event.keep_id, event.absorb_id])
    is_merge = isinstance(event, LoyaltyMembersMerged)
    owner = event.keep_id if is_merge else event.absorb_id
    party_id = known[owner].party_id if owner in known else None
    if party_id is None:  # erased since
        return
    await tx.execute(store.SAVE_PERSON, {"member_id": owner, "party_id": party_id, "now": now})
    if is_merge:
        await tx.execute(store.MOVE_DEVICES, both)
        await tx.execute(store.MOVE_MESSAGES, both)
    else:
        await tx.execute(store.RETURN_DEVICES, {**both, "party_id": party_id})


async def on_points(tx: Transaction, events: Sequence[PointsPosted], now: datetime) -> None:
    """Tell members what they earned and spent: one message each, whatever the batch holds."""
    told: dict[tuple[UUID, str], list[PointsPosting]] = {}
    for event in events:
        for posting in event.postings:
            code = code_of(posting)
            if code is not None and event.posted_at > now - TOLD_WITHIN:
                told.setdefault((posting.member_id, code), []).append(posting)
    await _tell(
        tx,
        [
            _News(
                member_id,
                code,
                f"{code}:{postings[-1].posting_id}",
                {
                    "points": abs(sum(one.points for one in postings)),
                    "balance": postings[-1].balance,
                },
            )
            for (member_id, code), postings in told.items()
        ],
        now,
    )


async def on_percent(tx: Transaction, events: Sequence[PercentChanged], now: datetime) -> None:
    """Tell members of their percent; of several changes of one member the last."""
    last = {event.member_id: event for event in events if event.changed_at > now - TOLD_WITHIN}
    await _tell(
        tx,
        [
            _News(
                event.member_id,
                "percent.changed",
                f"percent:{event.member_id}:{event.category}:{event.changed_at.isoformat()}",
                {"percent": event.percent},
            )
            for event in last.values()
        ],
        now,
    )


async def on_tasks(tx: Transaction, events: Sequence[TaskCompleted], now: datetime) -> None:
    """Tell members that they have done what an offer asks for."""
    await _tell(
        tx,
        [
            _News(
                event.member_id,
                "task.completed",
                f"task:{event.member_id}:{event.offer_id}:{event.completed_at.isoformat()}",
                {},
            )
            for event in events
            if event.completed_at > now - TOLD_WITHIN
        ],
        now,
    )


def code_of(posting: PointsPosting) -> str | None:
    """Give the template that tells of a posting, if one does."""
    if posting.kind in _EARNED and posting.points > 0:
        return "points.earned"
    if posting.kind == "spend" and posting.points < 0:
        return "points.spent"
    return None


async def _tell(tx: Transaction, news: Sequence[_News], now: datetime) -> None:
    """Write messages to those who can be reached; the others are not even kept."""
    if not news:
        return
    within = await reachable(tx, member_ids=sorted({one.member_id for one in news}), now=now)
    if not within:
        return
    templates = await list_templates(tx)
    await notify_all(
        tx,
        notices=[
            Notice(
                member_id=one.member_id,
                kind=templates[one.code].kind,
                code=one.code,
                texts=templates[one.code].texts,
                collapse_key=one.code,
                dedup_key=one.dedup_key,
                values=one.values,
                link=templates[one.code].link,
                expires_at=now + TOLD_WITHIN,
            )
            for one in news
            if one.member_id in within and templates[one.code].is_on
        ],
        now=now,
    )


def _takes_part(member: loyalty.members.Member) -> bool:
    states = loyalty.members.MemberState
    return any(one.state in {states.ACTIVE, states.BLOCKED} for one in member.memberships)
