"""What happens to devices when members leave."""

from collections.abc import Sequence
from datetime import datetime

from hansa.contracts.loyalty import MemberChanged
from hansa.modules.notifications.store import devices as store
from hansa.runtime.database import Transaction

_ENDED = frozenset({"erased", "left"})


async def on_members(tx: Transaction, events: Sequence[MemberChanged], _now: datetime) -> None:
    """Forget the devices of members who left or were erased, and what they wanted to get."""
    gone = sorted({event.member_id for event in events if event.what in _ENDED})
    if gone:
        await tx.execute(store.FORGET_PERSONS, {"member_ids": gone})
