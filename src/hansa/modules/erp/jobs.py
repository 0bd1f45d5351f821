"""Background work of erp."""

from datetime import timedelta

from hansa.modules.erp.importing import pictures, removal, run
from hansa.modules.erp.jobs_data import (
    ApplyRemoval,
    AttachPictures,
    FinishExchange,
    FinishIdleExchanges,
    ForgetOld,
    ImportFile,
)
from hansa.modules.erp.rest.run import wake_waiting
from hansa.modules.erp.rows import exchange_of
from hansa.modules.erp.sessions import complete_exchange
from hansa.modules.erp.store import exchange as sql
from hansa.modules.erp.store import incoming
from hansa.modules.erp.store import log as log_sql
from hansa.runtime.context import Context

IDLE_AFTER = timedelta(minutes=20)
FILES_KEPT = timedelta(days=14)
LOG_KEPT = timedelta(days=90)
BATCHES_KEPT = timedelta(days=30)
WAITING_KEPT = timedelta(days=90)


async def run_import_file(context: Context, job: ImportFile) -> None:
    """Import a file from where it stands."""
    await run.run_import(context, job.file_id)


async def run_finish_exchange(context: Context, job: FinishExchange) -> None:
    """Decide what a full exchange left out."""
    await removal.finish_exchange(context, exchange_id=job.exchange_id, file_id=job.file_id)


async def run_apply_removal(context: Context, job: ApplyRemoval) -> None:
    """Take away what was decided."""
    await removal.apply_removal(context, removal_id=job.removal_id)


async def run_attach_pictures(context: Context, job: AttachPictures) -> None:
    """Make media of pictures."""
    await pictures.attach_pictures(context, job)


async def run_finish_idle_exchanges(context: Context, _job: FinishIdleExchanges) -> None:
    """End sessions that went silent; take rows whose items were linked by hand."""
    now = context.clock.now()
    async with context.database.transaction() as tx:
        for idle in await tx.all(sql.IDLE_EXCHANGES, {"before": now - IDLE_AFTER}):
            exchange = exchange_of(await tx.one(sql.EXCHANGE, {"id": idle.id}))
            await complete_exchange(tx, exchange=exchange, now=now)
    await wake_waiting(context.database, now=now)


async def run_forget_old(context: Context, _job: ForgetOld) -> None:
    """Delete old contents and log lines, in short rounds."""
    now = context.clock.now()
    while True:
        async with context.database.snapshot(single=True) as snap:
            old = await snap.all(sql.OLD_CHUNKS, {"before": now - FILES_KEPT})
        for chunk in old:
            await context.storage.delete(chunk.storage_key)
            async with context.database.transaction() as tx:
                named = {"file_id": chunk.file_id, "number": chunk.number}
                await tx.execute(sql.FORGET_CHUNK, named)
        if not old:
            break
    async with context.database.transaction() as tx:
        await tx.execute(incoming.FORGET_WAITING, {"before": now - WAITING_KEPT})
    while True:
        async with context.database.transaction() as tx:
            if not await tx.execute(incoming.FORGET_BATCHES, {"before": now - BATCHES_KEPT}):
                break
    while True:
        async with context.database.transaction() as tx:
            if not await tx.execute(log_sql.FORGET_LOG, {"before": now - LOG_KEPT}):
                return
