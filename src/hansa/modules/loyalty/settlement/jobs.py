"""Background work of settlement: watching limits, closing months."""

from hansa.modules.loyalty.programmes import Directory
from hansa.modules.loyalty.settlement import closing, months, standing
from hansa.modules.loyalty.settlement.work import CloseMonth, WatchPartners
from hansa.runtime.context import Context
from hansa.runtime.http import Actor


async def run_watch_partners(context: Context, _: WatchPartners) -> None:
    """Open and close the alerts of every programme."""
    coalition = context.service(Directory).coalition
    for programme in coalition.programmes.values():
        async with context.database.transaction() as tx:
            await standing.watch(
                tx, coalition=coalition, programme=programme, now=context.clock.now()
            )


async def run_close_month(context: Context, job: CloseMonth) -> None:
    """Close a month; one that is closed already stays as it is."""
    coalition = context.service(Directory).coalition
    programme = coalition.programmes[job.programme_id]
    _, ends_at = months.bounds_of(job.first, programme.time_zone)
    async with context.database.snapshot(single=True) as snap:
        last = await closing.last_closing(snap, programme_id=programme.id, by=ends_at)
    if last is not None and last.ends_at == ends_at:
        return
    by = None if job.by is None else Actor(id=job.by, kind="staff", name=job.by_name)
    await closing.close_month(
        context.database,
        coalition=coalition,
        programme=programme,
        first=job.first,
        by=by,
        now=context.clock.now(),
    )
