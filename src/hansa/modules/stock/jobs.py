"""Background work of stock."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hansa.kernel.message import Job
from hansa.modules.stock.operations.reservations import expire_holds, forget_refusals

if TYPE_CHECKING:
    from hansa.runtime.context import Context

HOLDS_PER_ROUND = 500
REFUSALS_PER_ROUND = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireHolds(Job):
    """Release the leases that ran out."""

    type: ClassVar[str] = "stock.expire_holds"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetRefusals(Job):
    """Delete refused holds nobody will ask about again."""

    type: ClassVar[str] = "stock.forget_refusals"


async def run_expire_holds(context: "Context", _job: ExpireHolds) -> None:
    """Release in short rounds, so that buyers of the same goods wait for one round at most."""
    while True:
        async with context.database.transaction() as tx:
            released = await expire_holds(tx, now=context.clock.now(), limit=HOLDS_PER_ROUND)
        if released < HOLDS_PER_ROUND:
            return


async def run_forget_refusals(context: "Context", _job: ForgetRefusals) -> None:
    """Delete in short rounds."""
    while True:
        async with context.database.transaction() as tx:
            deleted = await forget_refusals(tx, now=context.clock.now(), limit=REFUSALS_PER_ROUND)
        if deleted < REFUSALS_PER_ROUND:
            return
