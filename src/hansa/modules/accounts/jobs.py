"""What the accounts do in the background: send links, forget what is old."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from hansa.kernel.message import Job
from hansa.modules.accounts import store
from hansa.modules.accounts.oauth import store as oauth_store
from hansa.modules.accounts.oauth.ended import KEPT as ENDED_KEPT
from hansa.runtime.context import Context
from hansa.runtime.http import idempotency

SLICE = 5_000
KEPT_AFTER_END = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetOld(Job):
    """Delete sessions, links, attempts and assertions that have ended, and answers kept."""

    type: ClassVar[str] = "accounts.forget_old"

    def lock(self) -> str | None:
        """One at a time."""
        return "accounts.forget_old"


async def forget_old(context: Context, _: ForgetOld) -> None:
    """Delete in slices, each its own short transaction, until nothing old is left."""
    now = context.clock.now()
    before = now - KEPT_AFTER_END
    async with context.database.transaction() as tx:
        await tx.execute(store.FORGET_TOKENS, {"before": before})
        await tx.execute(store.FORGET_ATTEMPTS, {"before": now - timedelta(hours=1)})
        await tx.execute(oauth_store.FORGET_ENDED, {"before": now - 2 * ENDED_KEPT})
    gone = SLICE
    while gone == SLICE:
        async with context.database.transaction() as tx:
            gone = await tx.execute(oauth_store.FORGET_ASSERTIONS, {"before": now, "limit": SLICE})
    gone = SLICE
    while gone == SLICE:
        async with context.database.transaction() as tx:
            gone = await tx.execute(store.FORGET_SESSIONS, {"before": before, "limit": SLICE})
    gone = SLICE
    kept = now - timedelta(days=context.settings.idempotency_days)
    while gone == SLICE:
        async with context.database.transaction() as tx:
            gone = await idempotency.forget_old(tx, before=kept, limit=SLICE)
