"""The inbox of statuses: what EDNA tells of a message after it was accepted."""

from datetime import datetime
from uuid import UUID

from hansa.modules.notifications.store import statuses as store
from hansa.runtime.database import Transaction

STATES = {
    "DELIVERED": "delivered",
    "READ": "read",
    "UNDELIVERED": "refused",
    "FAILED": "refused",
    "CANCELLED": "refused",
    "EXPIRED": "refused",
}
"""What we make of a status; others (SENT, ENQUEUED) tell nothing that is not known."""

REASON_CHARACTERS_MAX = 200


async def take_status(
    tx: Transaction,
    *,
    request_id: UUID,
    status: str,
    status_at: datetime | None,
    error: str,
    now: datetime,
) -> bool:
    """Keep a status of a delivery and apply it; tell whether it is new and ours.

    Told again it changes nothing, told in another order it ends the same.
    """
    status = status.upper()[:60]
    told = {
        "request_id": request_id,
        "status": status,
        "status_at": status_at,
        "error": error[:REASON_CHARACTERS_MAX],
        "now": now,
    }
    is_new = await tx.execute(store.KEEP, told) == 1
    state = STATES.get(status)
    if is_new and state is not None:
        reason = "" if state != "refused" else f"{status}: {told['error']}".rstrip(": ")
        await tx.execute(
            store.APPLY, {"request_id": request_id, "state": state, "reason": reason, "now": now}
        )
    return is_new
