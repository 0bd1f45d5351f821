"""What follows members who are made one: a block, and when points last moved."""

from datetime import datetime

from hansa.contracts.loyalty import LoyaltyMembersMerged, LoyaltyMembersParted
from hansa.modules.loyalty.guard.store import watching
from hansa.modules.loyalty.members import bucket_of
from hansa.runtime.database import Transaction
from hansa.runtime.module import Subscription


async def on_merged(tx: Transaction, event: LoyaltyMembersMerged, _now: datetime) -> None:
    """Let nobody get rid of a block by being merged; the counters of windows stay apart."""
    await tx.execute(
        watching.FOLLOW_MERGE,
        {
            "keep_bucket": bucket_of(event.keep_id),
            "keep_id": event.keep_id,
            "absorb_bucket": bucket_of(event.absorb_id),
            "absorb_id": event.absorb_id,
        },
    )


async def on_parted(tx: Transaction, event: LoyaltyMembersParted, _now: datetime) -> None:
    """Let a block that came with the absorbed member stay with that one alone."""
    await tx.execute(
        watching.UNDO_MERGE,
        {
            "keep_bucket": bucket_of(event.keep_id),
            "keep_id": event.keep_id,
            "absorb_id": event.absorb_id,
        },
    )


SUBSCRIPTIONS = (
    Subscription(name="loyalty.guard.merged", events=(LoyaltyMembersMerged,), handle=on_merged),
    Subscription(name="loyalty.guard.parted", events=(LoyaltyMembersParted,), handle=on_parted),
)
