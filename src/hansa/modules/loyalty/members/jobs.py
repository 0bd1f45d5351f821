"""What members do in the background: end cards whose time is over, forget old codes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from hansa.kernel.message import Job
from hansa.modules.loyalty.members.cards import end_card
from hansa.modules.loyalty.members.model import CardState
from hansa.modules.loyalty.members.store import cards, signing_in
from hansa.runtime.context import Context

SLICE = 500
CODES_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TidyMembers(Job):
    """End cards whose time is over, and forget codes of yesterday."""

    type: ClassVar[str] = "loyalty.tidy_members"

    def lock(self) -> str | None:
        """One at a time."""
        return "loyalty.tidy_members"


async def tidy_members(context: Context, _: TidyMembers) -> None:
    """Work in slices, each its own short transaction, until nothing is due."""
    now = context.clock.now()
    due = SLICE
    while due == SLICE:
        async with context.database.transaction() as tx:
            rows = await tx.all(cards.DUE_CARDS, {"now": now, "limit": SLICE})
            for row in sorted(rows, key=lambda one: one.member_id):
                await end_card(
                    tx, member_id=row.member_id, card_id=row.id, end=CardState.EXPIRED, now=now
                )
        due = len(rows)
    gone = SLICE
    while gone == SLICE:
        async with context.database.transaction() as tx:
            old = {"before": now - CODES_KEPT, "limit": SLICE}
            gone = await tx.execute(signing_in.FORGET_SIGN_INS, old)
