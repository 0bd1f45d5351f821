"""Background work of notifications."""

from hansa.modules.notifications import devices
from hansa.modules.notifications.work import ForgetDevices
from hansa.runtime.context import Context


async def run_forget_devices(context: Context, _job: ForgetDevices) -> None:
    """Forget devices of which nothing was heard for 270 days, in short rounds."""
    now = context.clock.now()
    while True:
        async with context.database.transaction() as tx:
            if not await devices.forget_unseen(tx, now=now):
                return
