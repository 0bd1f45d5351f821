"""What must hold of feeds."""

from hansa.modules.loyalty.intake.store import orders, runs
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding


async def records_add_up(snap: Snapshot) -> list[Finding]:
    """Every record of a run was taken, refused, waits, was known or was passed over."""
    return [
        Finding(
            check="loyalty.feeds.add_up",
            subject=f"run {row.id} of {row.code}",
            message=f"{row.read} records were read, {row.known} are accounted for.",
        )
        for row in await snap.all(runs.NOT_ADDING_UP)
    ]


async def nothing_is_overdue(snap: Snapshot) -> list[Finding]:
    """What was scheduled is done when it is due."""
    return [
        Finding(
            check="loyalty.feeds.overdue",
            subject=f"order {row.receipt} of {row.code}",
            message=f"It was due at {row.due_at}. Look whether jobs run.",
        )
        for row in await snap.all(orders.OVERDUE)
    ]


async def runs_end(snap: Snapshot) -> list[Finding]:
    """A run ends within a day."""
    return [
        Finding(
            check="loyalty.feeds.stuck",
            subject=f"run {row.id} of {row.code}",
            message=f"It has been running since {row.started_at}. Look at the feed's jobs.",
        )
        for row in await snap.all(runs.STUCK)
    ]


CHECKS = (
    Check(area="loyalty", name="records of feeds add up", run=records_add_up),
    Check(area="loyalty", name="scheduled orders are done", run=nothing_is_overdue),
    Check(area="loyalty", name="runs of feeds end", run=runs_end),
)
