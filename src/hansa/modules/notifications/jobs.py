"""Background work of notifications."""

from datetime import timedelta

from hansa.modules.notifications import devices
from hansa.modules.notifications.store import messages, statuses
from hansa.modules.notifications.work import ForgetDevices, ForgetMessages
from hansa.runtime.context import Context

KEPT = timedelta(days=180)
_SLICE = 2000


async def run_forget_devices(context: Context, _job: ForgetDevices) -> None:
    """Forget devices of which nothing was heard for 270 days, in short rounds."""
    now = context.clock.now()
    while True:
        async with context.database.transaction() as tx:
            if not await devices.forget_unseen(tx, now=now):
                return


async def run_forget_messages(context: Context, _job: ForgetMessages) -> None:
    """Forget messages and statuses after half a year, in short rounds."""
    asked = {"before": context.clock.now() - KEPT, "limit": _SLICE}
    for statement in (messages.FORGET, statuses.FORGET):
        gone = _SLICE
        while gone == _SLICE:
            async with context.database.transaction() as tx:
                gone = await tx.execute(statement, asked)
