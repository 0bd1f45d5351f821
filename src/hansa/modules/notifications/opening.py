"""Noting that people opened messages."""

from datetime import datetime
from uuid import UUID

from hansa.modules.notifications.store import messages as store
from hansa.runtime.database import Transaction


async def note_opening(
    tx: Transaction, *, message_id: UUID, member_id: UUID, now: datetime
) -> None:
    """Note that a member opened a message; the first time counts, another's is left alone."""
    await tx.execute(store.OPEN, {"id": message_id, "member_id": member_id, "now": now})
