"""Sessions and hand-overs long over are forgotten."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from hansa.kernel.message import Job
from hansa.modules.loyalty.sessions import store
from hansa.runtime.context import Context
from hansa.runtime.module import JobHandler, Periodic

KEPT_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class TidySessions(Job):
    """Forget sessions and hand-overs that ended a month ago."""

    type: ClassVar[str] = "loyalty.TidySessions"

    def queueing_lock(self) -> str | None:
        """One in the queue is enough."""
        return self.type


async def run_tidy_sessions(context: Context, _: TidySessions) -> None:
    """Forget them."""
    before = context.clock.now() - KEPT_AFTER
    async with context.database.transaction() as tx:
        await tx.execute(store.FORGET_HANDOVERS, {"before": before})
        await tx.execute(store.FORGET_SESSIONS, {"before": before})


JOBS = (JobHandler(job=TidySessions, handle=run_tidy_sessions),)
PERIODIC = (Periodic(cron="53 3 * * *", job=TidySessions()),)
