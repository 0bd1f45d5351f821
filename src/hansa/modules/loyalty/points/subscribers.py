"""What points do when offers or members tell of something."""

from datetime import datetime

from hansa.contracts.loyalty import (
    LoyaltyMembersMerged,
    LoyaltyMembersParted,
    MemberChanged,
    PercentsRewritten,
    TaskRewardDue,
)
from hansa.modules.loyalty.members import bucket_of
from hansa.modules.loyalty.points.store import moving as sql
from hansa.modules.loyalty.points.work import (
    ClaimPurchases,
    ForfeitPoints,
    MoveBack,
    MoveMerged,
    PostReward,
    RecountMember,
)
from hansa.runtime.database import Transaction
from hansa.runtime.module import Subscription


async def recount_receipts(tx: Transaction, event: PercentsRewritten, _: datetime) -> None:
    """Count the receipts of a member again whose percents were others."""
    await tx.enqueue(
        RecountMember(member_id=event.member_id, programme_id=event.programme_id, since=event.since)
    )


async def post_reward(tx: Transaction, event: TaskRewardDue, _: datetime) -> None:
    """Give the points of a completed task, or take them back."""
    await tx.enqueue(
        PostReward(
            member_id=event.member_id,
            programme_id=event.programme_id,
            offer_id=event.offer_id,
            reward_key=event.reward_key,
            points=event.points,
            issuer_partner_id=event.issuer_partner_id,
            is_withdrawn=event.is_withdrawn,
            earned_at=event.earned_at,
        )
    )


async def move_points(tx: Transaction, event: LoyaltyMembersMerged, _: datetime) -> None:
    """Note where the points of the absorbed member go, and let them."""
    bucket = bucket_of(event.absorb_id)
    for one in event.accounts:
        await tx.execute(
            sql.SAVE_ROUTE,
            {
                "account_id": one.absorb_account_id,
                "bucket": bucket,
                "to_account_id": one.keep_account_id,
                "to_bucket": bucket_of(event.keep_id),
                "programme_id": one.programme_id,
            },
        )
        await tx.enqueue(MoveMerged(bucket=bucket, account_id=one.absorb_account_id))


async def move_points_back(tx: Transaction, event: LoyaltyMembersParted, _: datetime) -> None:
    """Let what is left of the points of a merge go back."""
    for one in event.accounts:
        accounts = {
            "account_id": one.absorb_account_id,
            "to_account_id": one.keep_account_id,
        }
        await tx.execute(sql.DROP_ROUTE, accounts)
        await tx.enqueue(
            MoveBack(
                programme_id=one.programme_id,
                bucket=bucket_of(event.keep_id),
                account_id=one.keep_account_id,
                to_bucket=bucket_of(event.absorb_id),
                to_account_id=one.absorb_account_id,
            )
        )


async def follow_member(tx: Transaction, event: MemberChanged, _: datetime) -> None:
    """Take the points of those who leave; post the receipts of those who become known."""
    if event.what in {"left", "erased"}:
        await tx.enqueue(ForfeitPoints(member_id=event.member_id, programme_id=event.programme_id))
    if event.what in {"linked", "enrolled"}:
        await tx.enqueue(ClaimPurchases(member_id=event.member_id))


SUBSCRIPTIONS = (
    Subscription(name="loyalty.recount", events=(PercentsRewritten,), handle=recount_receipts),
    Subscription(name="loyalty.rewards", events=(TaskRewardDue,), handle=post_reward),
    Subscription(name="loyalty.moves", events=(LoyaltyMembersMerged,), handle=move_points),
    Subscription(
        name="loyalty.moves_back", events=(LoyaltyMembersParted,), handle=move_points_back
    ),
    Subscription(name="loyalty.points.members", events=(MemberChanged,), handle=follow_member),
)
