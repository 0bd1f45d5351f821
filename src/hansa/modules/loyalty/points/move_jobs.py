"""Background work of points that change accounts. Each step is done once, however often begun."""

from datetime import timedelta
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules import ledger
from hansa.modules.loyalty.members import MemberRef, MemberState, RefKind, resolve
from hansa.modules.loyalty.points.commands import OUR_KEYS, Forfeit, MoveIn, MoveOut
from hansa.modules.loyalty.points.model import HOUSE
from hansa.modules.loyalty.points.poster import Poster
from hansa.modules.loyalty.points.store import moving as sql
from hansa.modules.loyalty.points.work import FinishMoves, ForfeitPoints, MoveBack, MoveMerged
from hansa.runtime.context import Context

PAGE = 100
PATIENCE = timedelta(minutes=1)
"""After so long a move on its way has lost whoever made it."""


async def run_move_merged(context: Context, job: MoveMerged) -> None:
    """Let what is free on a merged member's account go where the merge says."""
    await _finish(context, from_account_id=job.account_id)
    whose = {"bucket": job.bucket, "account_id": job.account_id}
    async with context.database.snapshot() as snap:
        route = await snap.maybe(sql.FIND_ROUTE, {"account_id": job.account_id})
        has_some = await snap.scalar(sql.HAS_FREE_LOTS, whose)
    if route is None or not has_some:
        return
    to = (route.to_bucket, route.to_account_id)
    place = (job.bucket, job.account_id)
    await _move(context, route.programme_id, place, to, is_back=False)


async def run_move_back(context: Context, job: MoveBack) -> None:
    """Let what is left of a merged member's points go back: the merge was undone."""
    await _finish(context, from_account_id=job.to_account_id)
    await _finish(context, from_account_id=job.account_id)
    place, to = (job.bucket, job.account_id), (job.to_bucket, job.to_account_id)
    await _move(context, job.programme_id, place, to, is_back=True)


async def run_finish_moves(context: Context, _: FinishMoves) -> None:
    """Let arrive what has been on its way for too long."""
    await _finish(context, from_account_id=None, older_than=PATIENCE)


async def run_forfeit_points(context: Context, job: ForfeitPoints) -> None:
    """Take the points of somebody who has left the programme."""
    ref = MemberRef(RefKind.ID, str(job.member_id))
    async with context.database.snapshot(single=True) as snap:
        found = await resolve(snap, programme_id_refs=[(job.programme_id, None, ref)])
    for membership in found.values():
        if membership.state is MemberState.LEFT:
            now = context.clock.now()
            await context.service(Poster).submit(
                Forfeit(
                    owner=HOUSE,
                    # What is taken hangs on what is there: doing it again does nothing.
                    key=f"{OUR_KEYS}forfeit:{new_id(now)}",
                    programme_id=job.programme_id,
                    happened_at=now,
                    bucket=membership.bucket,
                    account_id=membership.account_id,
                )
            )


async def _move(
    context: Context, programme_id: UUID, place: ledger.Place, to: ledger.Place, *, is_back: bool
) -> None:
    now = context.clock.now()
    move_id = new_id(now)
    await context.service(Poster).submit(
        MoveOut(
            owner=HOUSE,
            key=f"{OUR_KEYS}move:{move_id}:out",
            programme_id=programme_id,
            happened_at=now,
            move_id=move_id,
            bucket=place[0],
            account_id=place[1],
            to_bucket=to[0],
            to_account_id=to[1],
            is_back=is_back,
        )
    )
    await _finish(context, from_account_id=place[1])


async def _finish(
    context: Context, *, from_account_id: int | None, older_than: timedelta = timedelta(0)
) -> None:
    while True:
        now = context.clock.now()
        async with context.database.snapshot(single=True) as snap:
            rows = await snap.all(
                sql.ON_THE_WAY,
                {
                    "left_before": now - older_than,
                    "from_account_id": from_account_id,
                    "limit": PAGE,
                },
            )
        for row in rows:
            await context.service(Poster).submit(
                MoveIn(
                    owner=HOUSE,
                    key=f"{OUR_KEYS}move:{row.id}:in",
                    programme_id=row.programme_id,
                    happened_at=row.left_at,
                    move_id=row.id,
                    bucket=row.to_bucket,
                    account_id=row.to_account_id,
                )
            )
        if len(rows) < PAGE:
            return
