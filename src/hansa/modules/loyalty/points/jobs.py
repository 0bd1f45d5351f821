"""Background work of points: what time has come for, and what has to be counted again."""

from datetime import datetime
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules import ledger
from hansa.modules.loyalty.members import MemberRef, RefKind, bucket_of, list_kin
from hansa.modules.loyalty.points.commands import (
    OUR_KEYS,
    Accrue,
    Command,
    ExpireHold,
    ExpireLots,
    Recount,
    Reverse,
)
from hansa.modules.loyalty.points.model import HOUSE
from hansa.modules.loyalty.points.poster import Poster
from hansa.modules.loyalty.points.refusals import HoldEnded
from hansa.modules.loyalty.points.store import reading as sql
from hansa.modules.loyalty.points.work import (
    ExpireHolds,
    ExpirePoints,
    PostReward,
    RecountMember,
)
from hansa.modules.loyalty.programmes import Directory
from hansa.runtime.context import Context

PAGE = 500


async def run_expire_holds(context: Context, _: ExpireHolds) -> None:
    """End holds whose time is over, page by page."""
    poster = context.service(Poster)
    programmes = _programmes(context)
    while True:
        now = context.clock.now()
        async with context.database.snapshot(single=True) as snap:
            due = await ledger.list_due_holds(snap, now=now, limit=PAGE)
        for one in due:
            programme_id = programmes.get(one.ledger)
            if programme_id is None:
                continue
            command = ExpireHold(
                owner=one.owner,
                key=f"{OUR_KEYS}expiry:{one.id}",
                programme_id=programme_id,
                happened_at=one.expires_at,
                hold_key=one.key,
            )
            try:
                await poster.submit(command)
            except HoldEnded:
                continue  # posted or voided between the look and the lock
        if len(due) < PAGE:
            return


async def run_expire_points(context: Context, _: ExpirePoints) -> None:
    """Take points whose time is over, account by account."""
    poster = context.service(Poster)
    programmes = _programmes(context)
    while True:
        now = context.clock.now()
        async with context.database.snapshot(single=True) as snap:
            rows = await snap.all(sql.DUE_ACCOUNTS, {"now": now, "limit": PAGE})
        for row in rows:
            programme_id = programmes.get(row.ledger)
            if programme_id is None:
                continue
            await poster.submit(
                ExpireLots(
                    owner=HOUSE,
                    # What is taken hangs on what is there: doing it again does nothing.
                    key=f"{OUR_KEYS}expiry:{new_id(now)}",
                    programme_id=programme_id,
                    happened_at=now,
                    bucket=row.bucket,
                    account_id=row.account_id,
                )
            )
        if not rows:
            return


def _programmes(context: Context) -> dict[int, UUID]:
    coalition = context.service(Directory).coalition
    return {one.number: one.id for one in coalition.programmes.values()}


async def run_recount_member(context: Context, job: RecountMember) -> None:
    """Count every receipt of a member from an instant on again, and those of its kin since then.

    What one has counts for the other from their merge on.
    """
    key = (job.programme_id, job.member_id)
    async with context.database.snapshot(single=True) as snap:
        kin = await list_kin(snap, members=[key])
    await _recount(context, job.programme_id, job.member_id, job.since)
    for one in kin.get(key, ()):
        await _recount(context, job.programme_id, one.member_id, max(job.since, one.since))


async def _recount(context: Context, programme_id: UUID, member_id: UUID, since: datetime) -> None:
    poster = context.service(Poster)
    offset = 0
    while True:
        async with context.database.snapshot(single=True) as snap:
            rows = await snap.all(
                sql.RECEIPTS_SINCE,
                {
                    "bucket": bucket_of(member_id),
                    "member_id": member_id,
                    "programme_id": programme_id,
                    "since": since,
                    "limit": PAGE,
                    "offset": offset,
                },
            )
        for row in rows:
            await poster.submit(
                Recount(
                    owner=row.partner_id,
                    # Each count makes a new version, so that the next has a key of its own.
                    key=f"{OUR_KEYS}recount:{row.version}:{row.receipt}",
                    programme_id=row.programme_id,
                    happened_at=context.clock.now(),
                    receipt=row.receipt,
                )
            )
        if len(rows) < PAGE:
            return
        offset += PAGE


async def run_post_reward(context: Context, job: PostReward) -> None:
    """Give or take the points of a task, once per reward."""
    owner = job.issuer_partner_id or HOUSE
    command: Command
    if job.is_withdrawn:
        command = Reverse(
            owner=owner,
            key=f"{OUR_KEYS}withdrawn:{job.reward_key}",
            programme_id=job.programme_id,
            happened_at=_not_ahead(job.earned_at, context.clock.now()),
            posting_key=f"{OUR_KEYS}reward:{job.reward_key}",
        )
    else:
        command = Accrue(
            owner=owner,
            key=f"{OUR_KEYS}reward:{job.reward_key}",
            programme_id=job.programme_id,
            happened_at=_not_ahead(job.earned_at, context.clock.now()),
            member=MemberRef(RefKind.ID, str(job.member_id)),
            points=job.points,
            reference=str(job.offer_id),
            campaign_id=job.offer_id,
        )
    await context.service(Poster).submit(command)


def _not_ahead(at: datetime, now: datetime) -> datetime:
    return min(at, now)
