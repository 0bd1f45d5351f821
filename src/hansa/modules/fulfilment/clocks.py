"""What is due by the clock."""

from datetime import datetime

from hansa.modules.fulfilment.store import cases as sql
from hansa.modules.fulfilment.work import LookAtCase
from hansa.runtime.database import Transaction

CASES_AT_ONCE = 500


async def look_at_clocks(tx: Transaction, *, now: datetime) -> int:
    """Have every case looked at in which something is due; give how many.

    Each has a job of its own at its instant; this catches what was missed (a worker that died).
    """
    due = await tx.all(sql.DUE_CASES, {"now": now, "limit": CASES_AT_ONCE})
    await tx.enqueue_all(LookAtCase(order_id=row.order_id) for row in due)
    return len(due)
