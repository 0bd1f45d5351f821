"""The invariants of offers, proven by reading (`hansa check loyalty`)."""

from typing import LiteralString

from hansa.modules.loyalty.offers.store import budgets, directory, standing
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
        "loyalty.budgets",
        budgets.BUDGETS_DIFFER,
        "A budget is exceeded, or what is lent of it is not the sum of its slices.",
    ),
    _check(
        "loyalty.offers_live",
        directory.LIVE_DIFFER,
        "An offer says that it is in force, and no version of it is, or the other way round.",
    ),
    _check(
        "loyalty.completions",
        standing.WITHOUT_DEED,
        "A task counts as done that no deed has completed.",
    ),
)
