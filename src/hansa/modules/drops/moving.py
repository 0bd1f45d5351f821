"""A visitor whose browser gets another session keeps their places."""

from hansa.modules.drops.store import waiting
from hansa.runtime.database import Transaction


async def move_places(tx: Transaction, *, before: str | None, after: str) -> None:
    """Give the places of one session to another, as when somebody signs in."""
    if before is None or before == after:
        return
    sessions = {"before": before, "after": after}
    await tx.execute(waiting.DROP_OTHER_PLACE, sessions)
    await tx.execute(waiting.MOVE_PLACES, sessions)
