"""Background work of the queue."""

from datetime import timedelta

from hansa.modules.erp.outgoing import store
from hansa.modules.erp.outgoing.jobs_data import ForgetMessages, QueueAgain
from hansa.modules.erp.outgoing.model import MessageKind
from hansa.modules.erp.outgoing.queue import Cause, put_messages
from hansa.modules.erp.outgoing.subjects import Subject
from hansa.runtime.context import Context

KEPT = timedelta(days=90)
_ROWS = 2000


async def run_queue_again(context: Context, job: QueueAgain) -> None:
    """Write messages about subjects. Run twice, the second waits behind the first or joins it."""
    kind = MessageKind(job.kind)
    async with context.database.transaction() as tx:
        await put_messages(
            tx,
            subjects={Subject(kind=kind, id=one): Cause.WANTED for one in job.subject_ids},
            connection_id=job.connection_id,
            now=context.clock.now(),
        )


async def run_forget_messages(context: Context, _job: ForgetMessages) -> None:
    """Delete old messages, in short rounds."""
    before = context.clock.now() - KEPT
    while True:
        async with context.database.transaction() as tx:
            if not await tx.execute(store.FORGET, {"before": before, "limit": _ROWS}):
                return
