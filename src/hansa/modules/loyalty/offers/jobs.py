"""Background work of offers: what begins and ends by the clock, budgets that lie idle."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hansa.kernel.message import Job
from hansa.modules.loyalty.offers.budgets import list_idle, return_idle
from hansa.modules.loyalty.offers.operations import move_due_offers
from hansa.modules.loyalty.offers.showing import forget_displays
from hansa.runtime.module import JobHandler, Periodic

if TYPE_CHECKING:
    from hansa.runtime.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOffers(Job):
    """Say which offers run now and which are over."""

    type: ClassVar[str] = "loyalty.move_offers"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnBudgets(Job):
    """Bring back to budgets what processes were lent and have not used for a minute."""

    type: ClassVar[str] = "loyalty.return_budgets"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetDisplays(Job):
    """Forget who has seen which offer on days that are over."""

    type: ClassVar[str] = "loyalty.forget_displays"


async def run_move_offers(context: "Context", _job: MoveOffers) -> None:
    """Move some; the rest a minute later. Of several cells the home cell does it."""
    if not context.settings.is_home:
        return
    async with context.database.transaction() as tx:
        await move_due_offers(tx, now=context.clock.now())


async def run_return_budgets(context: "Context", _job: ReturnBudgets) -> None:
    """Bring them back one by one: each waits for nobody but its own slot."""
    now = context.clock.now()
    async with context.database.snapshot(single=True) as snap:
        idle = await list_idle(snap, now=now)
    for slot, campaign_id in idle:
        async with context.database.transaction() as tx:
            await return_idle(tx, slot=slot, campaign_id=campaign_id, now=now)


async def run_forget_displays(context: "Context", _job: ForgetDisplays) -> None:
    """Forget them in slices, each in a transaction of its own."""
    now = context.clock.now()
    while True:
        async with context.database.transaction() as tx:
            if not await forget_displays(tx, now=now):
                return


JOBS = (
    JobHandler(job=MoveOffers, handle=run_move_offers),
    JobHandler(job=ReturnBudgets, handle=run_return_budgets),
    JobHandler(job=ForgetDisplays, handle=run_forget_displays),
)
PERIODIC = (
    Periodic(cron="* * * * *", job=MoveOffers()),
    Periodic(cron="* * * * *", job=ReturnBudgets()),
    Periodic(cron="53 2 * * *", job=ForgetDisplays()),
)
