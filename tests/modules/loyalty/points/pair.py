"""Two members who turn out to be one, and are parted again; the jobs that follow."""

from __future__ import annotations

import msgspec

from hansa.contracts.loyalty import LoyaltyMembersMerged, LoyaltyMembersParted
from hansa.modules.loyalty import members, programmes
from hansa.modules.loyalty.points import subscribers
from hansa.modules.loyalty.points.move_jobs import (
    run_forfeit_points,
    run_move_back,
    run_move_merged,
)
from hansa.modules.loyalty.points.work import ForfeitPoints, MoveBack, MoveMerged

HANDLERS = {
    "loyalty.MoveMerged": (MoveMerged, run_move_merged),
    "loyalty.MoveBack": (MoveBack, run_move_back),
    "loyalty.ForfeitPoints": (ForfeitPoints, run_forfeit_points),
}


class Pair:
    """Two members, Anna and Boris, who turn out to be one."""

    def __init__(self, play, boris) -> None:
        self.play, self.anna, self.boris = play, play.member, boris
        self.merge_id = None

    async def tell(self, handle, event) -> None:
        async with self.play.context.database.transaction() as tx:
            await handle(tx, event, self.play.clock.now())

    async def merge(self) -> LoyaltyMembersMerged:
        now = self.play.clock.now()
        async with self.play.context.database.transaction() as tx:
            done = await members.merge_members(
                tx,
                keep=self.boris.id,
                absorb=self.anna.id,
                coalition=self.play.context.service(programmes.Directory).coalition,
                by=None,
                now=now,
            )
        self.merge_id = done.id
        event = LoyaltyMembersMerged(
            merge_id=done.id,
            keep_id=done.keep_id,
            absorb_id=done.absorb_id,
            accounts=done.accounts,
            merged_at=now,
        )
        await self.tell(subscribers.move_points, event)
        return event

    async def part(self) -> LoyaltyMembersParted:
        now = self.play.clock.now()
        async with self.play.context.database.transaction() as tx:
            done = await members.undo_merge(tx, merge_id=self.merge_id, by=None, now=now)
        event = LoyaltyMembersParted(
            merge_id=done.id,
            keep_id=done.keep_id,
            absorb_id=done.absorb_id,
            accounts=done.accounts,
            parted_at=now,
        )
        await self.tell(subscribers.move_points_back, event)
        return event

    async def work(self) -> int:
        """Run the jobs that are waiting, each twice; give how many there were."""
        async with self.play.context.database.transaction() as tx:
            rows = await tx.all(
                "delete from jobs.procrastinate_jobs where status = 'todo'"
                " returning task_name, args"
            )
        done = 0
        for row in rows:
            if row.task_name in HANDLERS:
                job, run = HANDLERS[row.task_name]
                for _ in range(2):
                    await run(self.play.context, job_from(job, row.args["job"]))
                done += 1
        return done

    async def work_all(self) -> None:
        while await self.work():
            pass

    async def both(self) -> tuple[int, int]:
        return (
            (await self.play.balance(self.anna)).posted,
            (await self.play.balance(self.boris)).posted,
        )


def job_from(job, args):
    return msgspec.convert(args, job)
