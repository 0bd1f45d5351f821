"""Background work of the guard: forgetting what no window reaches any more."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, LiteralString

from hansa.kernel.message import Job
from hansa.modules.loyalty.guard.store import counting

if TYPE_CHECKING:
    from hansa.runtime.context import Context

STEP = 10_000
CHALLENGES_KEPT = timedelta(days=1)
DEVICES_KEPT = timedelta(days=730)
ALERTS_KEPT = timedelta(days=3 * 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetCounts(Job):
    """Remove counters, codes, devices and dismissed alerts that are too old to matter."""

    type: ClassVar[str] = "loyalty.forget_guard_counts"


async def run_forget_counts(context: "Context", _job: ForgetCounts) -> None:
    """Forget them, ten thousand in a transaction."""
    now: datetime = context.clock.now()
    await _forget(context, counting.FORGET_COUNTS, {"now": now})
    await _forget(context, counting.FORGET_CHALLENGES, {"before": now - CHALLENGES_KEPT})
    await _forget(context, counting.FORGET_DEVICES, {"before": now - DEVICES_KEPT})
    await _forget(context, counting.FORGET_ALERTS, {"before": now - ALERTS_KEPT})


async def _forget(context: "Context", statement: LiteralString, values: dict[str, Any]) -> None:
    while True:
        async with context.database.transaction() as tx:
            gone = await tx.execute(statement, values | {"limit": STEP})
        if gone < STEP:
            return
