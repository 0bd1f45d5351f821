"""Orders whose process died on the way are finished."""

from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.message import Job
from hansa.modules.loyalty.rewards.ordering import list_stuck, settle_order
from hansa.runtime.context import Context
from hansa.runtime.module import JobHandler, Periodic


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleRewardOrders(Job):
    """Finish orders that stand between two states for minutes."""

    type: ClassVar[str] = "loyalty.SettleRewardOrders"

    def queueing_lock(self) -> str | None:
        """One in the queue is enough."""
        return self.type


async def run_settle_reward_orders(context: Context, _: SettleRewardOrders) -> None:
    """Finish a slice of them; the next minute brings the next."""
    async with context.database.snapshot(single=True) as snap:
        stuck = await list_stuck(snap, now=context.clock.now())
    for order in stuck:
        await settle_order(context, order)


JOBS = (JobHandler(job=SettleRewardOrders, handle=run_settle_reward_orders),)
PERIODIC = (Periodic(cron="* * * * *", job=SettleRewardOrders()),)
