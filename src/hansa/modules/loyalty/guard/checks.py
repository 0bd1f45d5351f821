"""The invariants of the guard, proven by reading (`hansa check loyalty`)."""

from typing import LiteralString

from hansa.modules.loyalty.guard.store import watching
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding

FINDINGS_MAX = 100


def _check(name: str, statement: LiteralString, message: str) -> Check:
    async def run(snap: Snapshot) -> list[Finding]:
        rows = await snap.all(statement, {"limit": FINDINGS_MAX})
        return [
            Finding(
                check=name,
                subject=", ".join(f"{column} {value}" for column, value in row._asdict().items()),
                message=message,
            )
            for row in rows
        ]

    return Check(area="loyalty", name=name, run=run)


CHECKS = (
    _check(
        "guard.blocks",
        watching.BLOCKS_DIFFER,
        "Who may not spend is not whom an alert blocks.",
    ),
    _check(
        "guard.overdue",
        watching.COUNTERS_OVERDUE,
        "Counters that matter no more were not forgotten: does the worker run?",
    ),
)
