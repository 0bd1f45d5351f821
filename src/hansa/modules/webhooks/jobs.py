"""Background work of webhooks."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from hansa.kernel.message import Job
from hansa.modules.webhooks.store import endpoints as endpoints_sql
from hansa.modules.webhooks.store import messages as sql
from hansa.runtime.context import Context

_ROWS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetWebhooks(Job):
    """Delete messages that ended long ago with their attempts, and what was removed."""

    type: ClassVar[str] = "webhooks.forget"

    def lock(self) -> str | None:
        """One at a time."""
        return "webhooks.forget"


async def run_forget(context: Context, _job: ForgetWebhooks) -> None:
    """Delete in short rounds; run twice, the second finds nothing."""
    before = context.clock.now() - timedelta(days=context.settings.webhooks_retention_days)
    deleted = _ROWS
    while deleted:
        async with context.database.transaction() as tx:
            deleted = await tx.execute(sql.FORGET_MESSAGES, {"before": before, "limit": _ROWS})
    deleted = _ROWS
    while deleted:
        async with context.database.transaction() as tx:
            deleted = await tx.execute(endpoints_sql.FORGET_ENDPOINTS, {"limit": _ROWS})
    async with context.database.transaction() as tx:
        await tx.execute(endpoints_sql.FORGET_SECRETS, {"before": before})
