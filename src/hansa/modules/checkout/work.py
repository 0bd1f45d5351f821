"""The jobs of checkout, as data and what runs them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from hansa.kernel.message import Job
from hansa.modules.checkout import operations
from hansa.runtime.context import Context

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetBaskets(Job):
    """Remove baskets nobody has touched for long."""

    type: ClassVar[str] = "checkout.forget_baskets"

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return "checkout.forget_baskets"


async def forget_baskets(context: Context, _job: ForgetBaskets) -> None:
    """Run `ForgetBaskets`, in short transactions."""
    before = context.clock.now() - timedelta(days=context.settings.basket_lifetime_days)
    gone = _AT_ONCE
    while gone == _AT_ONCE:
        async with context.database.transaction() as tx:
            gone = await operations.forget_baskets(tx, before=before, limit=_AT_ONCE)
