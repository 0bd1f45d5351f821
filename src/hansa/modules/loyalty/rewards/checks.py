"""What must hold of rewards at any time."""

from hansa.modules.loyalty.rewards import store
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding

LIMIT = 50


async def check_stock(snap: Snapshot) -> list[Finding]:
    """Of a certificate as many are left as codes are free."""
    return [
        Finding(
            check="loyalty reward stock",
            subject=row.code,
            message=f"{row.stock} are said to be left and {row.free} codes are free",
        )
        for row in await snap.all(store.WRONG_STOCK, {"limit": LIMIT})
    ]


async def check_codes(snap: Snapshot) -> list[Finding]:
    """An order of a certificate has a code as long as it stands."""
    return [
        Finding(
            check="loyalty reward codes",
            subject=str(row.id),
            message=f"an order that is {row.state} does not fit its code",
        )
        for row in await snap.all(store.WRONG_CODES, {"limit": LIMIT})
    ]


CHECKS = (
    Check(area="loyalty", name="loyalty reward stock", run=check_stock),
    Check(area="loyalty", name="loyalty reward codes", run=check_codes),
)
