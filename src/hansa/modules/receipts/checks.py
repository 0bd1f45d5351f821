"""What must always hold for receipts, proven by reading."""

from hansa.modules.receipts import store
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding

_FINDINGS_MAX = 1000


async def totals_are_sums(snap: Snapshot) -> list[Finding]:
    """Every receipt's lines sum to its total."""
    return [
        Finding(
            check="receipts.totals",
            subject=row.key,
            message=f"lines sum to {row.lines_minor}, the receipt says {row.total_minor}",
        )
        for row in await snap.all(store.WRONG_TOTALS, {"limit": _FINDINGS_MAX})
    ]


async def returns_are_covered(snap: Snapshot) -> list[Finding]:
    """No more of a sale was brought back than was bought."""
    return [
        Finding(
            check="receipts.returns",
            subject=row.key,
            message=f"{row.given_back} of line {row.line or '?'} came back, "
            f"{row.quantity or 0} were bought; ask the shop that took it back",
        )
        for row in await snap.all(store.EXCESSIVE_RETURNS, {"limit": _FINDINGS_MAX})
    ]


CHECKS = (
    Check(area="receipts", name="Lines sum to the receipt", run=totals_are_sums),
    Check(area="receipts", name="Returns are covered by sales", run=returns_are_covered),
)
