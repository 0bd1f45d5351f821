"""Background work of drops: forgetting who stood in lines long gone."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from hansa.kernel.message import Job
from hansa.modules.drops.store import waiting

if TYPE_CHECKING:
    from hansa.runtime.context import Context

KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetTickets(Job):
    """Remove the places of drops that closed a month ago."""

    type: ClassVar[str] = "drops.forget_tickets"


async def run_forget_tickets(context: "Context", _job: ForgetTickets) -> None:
    """Forget them."""
    async with context.database.transaction() as tx:
        await tx.execute(waiting.FORGET, {"before": context.clock.now() - KEPT})
