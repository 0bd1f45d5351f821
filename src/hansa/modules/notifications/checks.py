"""What must always hold for messages, proven by reading (`hansa check notifications`)."""

from typing import LiteralString

from hansa.modules.notifications.store import checking
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

    return Check(area="notifications", name=name, run=run)


CHECKS = (
    _check(
        "notifications.control",
        checking.CONTROL_GOT_MESSAGES,
        "Somebody of a control group got a message of its campaign.",
    ),
    _check(
        "notifications.sent",
        checking.SENT_TO_NOBODY,
        "A message counts as sent, and no device got it.",
    ),
    _check(
        "notifications.picked",
        checking.PICKED_DIFFER,
        "A campaign has picked another number of people than it says.",
    ),
)
