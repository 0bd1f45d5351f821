"""What points do when offers tell of something."""

from datetime import datetime

from hansa.contracts.loyalty import PercentsRewritten, TaskRewardDue
from hansa.modules.loyalty.points.work import PostReward, RecountMember
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


SUBSCRIPTIONS = (
    Subscription(name="loyalty.recount", events=(PercentsRewritten,), handle=recount_receipts),
    Subscription(name="loyalty.rewards", events=(TaskRewardDue,), handle=post_reward),
)
