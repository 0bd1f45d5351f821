"""What follows for a member when tasks are done or taken back, and who is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from hansa.contracts.loyalty import (
    PercentChanged,
    PercentsRewritten,
    TaskCompleted,
    TaskRewardDue,
)
from hansa.modules.loyalty.offers.model import LiveOffer
from hansa.modules.loyalty.offers.settling import Done
from hansa.modules.loyalty.offers.standing import NOTHING, Standing, own_percent
from hansa.modules.loyalty.offers.standings import MemberKey, load_standings
from hansa.modules.loyalty.programmes import Coalition
from hansa.runtime.database import Transaction

TaskKey = tuple[UUID, UUID, UUID]
"""A programme, a member of it and an offer."""


class RewardDue(NamedTuple):
    """Points that a task gives (or that are taken back); `key` names the posting for ever."""

    offer_id: UUID
    key: str
    points: int
    issuer_partner_id: UUID | None
    campaign_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What changed for a member: percents since an instant, points due, points to be taken back.

    Receipts of the member from `since` on are to be counted again; None: no percent changed.
    """

    programme_id: UUID
    member_id: UUID
    since: datetime | None = None
    rewards: tuple[RewardDue, ...] = ()
    withdrawn: tuple[RewardDue, ...] = ()


def changes_of(
    come: Sequence[tuple[TaskKey, Done]], gone: Sequence[tuple[TaskKey, Done]]
) -> list[Changed]:
    """Give what tasks come and gone mean for their members."""
    since: dict[MemberKey, datetime] = {}
    due: dict[MemberKey, list[RewardDue]] = {}
    back: dict[MemberKey, list[RewardDue]] = {}
    for listed, rewards in ((come, due), (gone, back)):
        for (programme_id, member_id, _), one in listed:
            key = programme_id, member_id
            if one.percent:
                since[key] = min(since.get(key, one.starts_at), one.starts_at)
            if one.points:
                rewards.setdefault(key, []).append(_reward(one))
    return [
        Changed(
            programme_id=key[0],
            member_id=key[1],
            since=since.get(key),
            rewards=tuple(due.get(key, ())),
            withdrawn=tuple(back.get(key, ())),
        )
        for key in sorted(since.keys() | due.keys() | back.keys())
    ]


def _reward(done: Done) -> RewardDue:
    return RewardDue(
        offer_id=done.offer_id,
        key=f"task:{done.offer_id}:{done.version}:{done.key}",
        points=done.points,
        issuer_partner_id=done.issuer_id,
        campaign_id=done.offer_id,
        at=done.at,
    )


async def tell(
    tx: Transaction,
    coalition: Coalition,
    before: Mapping[MemberKey, Standing],
    changed: Sequence[Changed],
    *,
    come: Sequence[tuple[TaskKey, Done]],
    versions: Mapping[UUID, Sequence[LiveOffer]],
    now: datetime,
) -> None:
    """Publish which tasks are done, which percents are others now, which points are due."""
    raised = [(one.programme_id, one.member_id) for one in changed if one.since is not None]
    after = await load_standings(tx, members=raised) if raised else {}
    await tx.publish(
        *(
            TaskCompleted(
                member_id=member_id,
                offer_id=offer_id,
                partner_id=versions[offer_id][0].partner_id,
                completed_at=done.at,
            )
            for (_, member_id, offer_id), done in come
        ),
        *(
            event
            for key in raised
            for event in percents_told(coalition, key, before.get(key, NOTHING), after[key], now)
        ),
        *(event for one in changed for event in _rewards_due(one)),
        *rewritten(changed),
    )


def rewritten(changed: Sequence[Changed]) -> list[PercentsRewritten]:
    """Give the events that percents were others since an instant."""
    return [
        PercentsRewritten(member_id=one.member_id, programme_id=one.programme_id, since=one.since)
        for one in changed
        if one.since is not None
    ]


def _rewards_due(changed: Changed) -> list[TaskRewardDue]:
    return [
        TaskRewardDue(
            member_id=changed.member_id,
            programme_id=changed.programme_id,
            offer_id=reward.offer_id,
            reward_key=reward.key,
            points=reward.points,
            issuer_partner_id=reward.issuer_partner_id,
            is_withdrawn=is_withdrawn,
            earned_at=reward.at,
        )
        for rewards, is_withdrawn in ((changed.withdrawn, True), (changed.rewards, False))
        for reward in rewards
    ]


def percents_told(
    coalition: Coalition, key: MemberKey, before: Standing, after: Standing, now: datetime
) -> list[PercentChanged]:
    """Give the percents, by the programme's own base, that are others now than before."""
    programme = coalition.programmes.get(key[0])
    if programme is None:
        return []
    categories = {one.category for one in (*before.raises, *after.raises)}
    found = []
    for category in sorted(categories):
        old, new = (
            own_percent(
                standing,
                base=programme.percent,
                percent_max=programme.percent_max,
                category=category,
                at=now,
            )
            for standing in (before, after)
        )
        if old != new:
            untils = [reason.until for reason in new[1] if reason.until is not None]
            found.append(
                PercentChanged(
                    member_id=key[1],
                    programme_id=key[0],
                    category=category,
                    percent=new[0],
                    until=min(untils, default=None),
                    changed_at=now,
                )
            )
    return found
