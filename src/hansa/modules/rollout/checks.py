"""The invariants of rollout, proven by reading (`hansa check rollout`)."""

from typing import LiteralString

from hansa.modules.rollout import store
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

    return Check(area="rollout", name=name, run=run)


CHECKS = (
    _check(
        "rollout.counters",
        store.COUNTERS_DIFFER,
        "An audience does not have as many members as it says.",
    ),
    _check(
        "rollout.history",
        store.HISTORY_DIFFERS,
        "A feature's rules are not those of its last version.",
    ),
    _check(
        "rollout.audiences",
        store.AUDIENCES_GONE,
        "A feature asks for an audience that does not exist.",
    ),
)
