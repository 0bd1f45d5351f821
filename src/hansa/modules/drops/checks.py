"""The invariants of drops, proven by reading (`hansa check drops`)."""

from typing import LiteralString

from hansa.modules.drops.store import limits
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

    return Check(area="drops", name=name, run=run)


CHECKS = (
    _check(
        "drops.counters",
        limits.COUNTERS_DIFFER,
        "What a person has of a drop is not the sum of their orders that stand.",
    ),
    _check(
        "drops.capacity",
        limits.TOO_MANY_INSIDE,
        "More people are inside than the capacity allowed when the last was let in.",
    ),
)
