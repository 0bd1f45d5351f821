"""Picking the people of a campaign: page by page, each in one short transaction.

A job that dies goes on behind the last page that was written; nobody is picked twice, and who is in
the control group is decided by number alone.
"""

from datetime import datetime
from uuid import UUID

from hansa.modules import loyalty
from hansa.modules.notifications.campaigning import campaign_of, criteria_of, move_campaign
from hansa.modules.notifications.campaigns import Campaign, CampaignRefuses, CampaignState, draw
from hansa.modules.notifications.messages import Notice
from hansa.modules.notifications.notifying import notify_all, reachable
from hansa.modules.notifications.store import campaigns as store
from hansa.modules.notifications.texts import BALANCE
from hansa.modules.notifications.work import (
    MeasureCampaign,
    PickRecipients,
    StopMessages,
    TendCampaigns,
)
from hansa.runtime.context import Context
from hansa.runtime.database import Transaction

PAGE = 500
_LIVE_MAX = 200
_STOPPED_AT_ONCE = 2000


async def run_pick_recipients(context: Context, job: PickRecipients) -> None:
    """Pick until all are picked, or the campaign does not run any more."""
    is_more = True
    while is_more:
        async with context.database.transaction() as tx:
            is_more = await pick_page(tx, campaign_id=job.campaign_id, now=context.clock.now())


async def run_stop_messages(context: Context, job: StopMessages) -> None:
    """Take back what a stopped campaign has waiting, in short rounds."""
    asked = {"id": job.campaign_id, "limit": _STOPPED_AT_ONCE}
    stopped = _STOPPED_AT_ONCE
    while stopped:
        async with context.database.transaction() as tx:
            stopped = await tx.execute(store.STOP_MESSAGES, {**asked, "now": context.clock.now()})


async def run_tend_campaigns(context: Context, _job: TendCampaigns) -> None:
    """Start what is due, pick on where a job was lost, end what has sent everything."""
    now = context.clock.now()
    async with context.database.snapshot(single=True) as snap:
        live = await snap.all(store.LIVE, {"limit": _LIVE_MAX})
    for row in live:
        is_due = row.starts_at is not None and row.starts_at <= now
        async with context.database.transaction() as tx:
            if row.state == CampaignState.APPROVED and is_due:
                await _move(tx, row.id, CampaignState.RUNNING, now)
            elif row.state == CampaignState.RUNNING and not row.is_picked:
                await tx.enqueue(PickRecipients(campaign_id=row.id))
            elif row.state == CampaignState.RUNNING and row.is_sent:
                await _move(tx, row.id, CampaignState.DONE, now)
    async with context.database.snapshot(single=True) as snap:
        rows = await snap.all(store.TO_MEASURE, {"now": now, "limit": _LIVE_MAX})
    for row in rows:
        async with context.database.transaction() as tx:
            await tx.enqueue(MeasureCampaign(campaign_id=row.id))


async def pick_page(tx: Transaction, *, campaign_id: UUID, now: datetime) -> bool:
    """Pick the next members of a campaign that runs; tell whether there may be more."""
    row = await tx.maybe(store.LOCK_CAMPAIGN, {"id": campaign_id})
    if row is None:
        return False
    campaign = campaign_of(row)
    if campaign.state is not CampaignState.RUNNING or campaign.is_picked:
        return False
    place = await tx.one(store.PICKING, {"id": campaign_id})
    kept = dict(place.criteria)
    has_device = bool(kept.pop("has_device", False))
    found = await loyalty.desk.list_segment(
        tx,
        programme_id=campaign.programme_id,
        criteria=criteria_of(kept),
        after=place.cursor_id,
        limit=PAGE,
        now=campaign.started_at or now,
    )
    members = found
    if has_device:
        within = await reachable(tx, member_ids=found, now=now)
        members = [one for one in found if one in within]
    picked, control = await _add(tx, campaign, members, now)
    await tx.execute(
        store.ADVANCE,
        {
            "id": campaign_id,
            "cursor": found[-1] if found else None,
            "picked": picked,
            "control": control,
            "is_picked": len(found) < PAGE,
        },
    )
    return len(found) == PAGE


async def _add(
    tx: Transaction, campaign: Campaign, members: list[UUID], now: datetime
) -> tuple[int, int]:
    """Write recipients down with their messages; give how many are new, and of these in control."""
    drawn = {member_id: draw(campaign, member_id) for member_id in members}
    rows = await tx.all(
        store.ADD_RECIPIENTS,
        {
            "campaign_id": campaign.id,
            "member_ids": members,
            "variants": [drawn[one].variant.code for one in members],
            "controls": [drawn[one].is_control for one in members],
            "now": now,
        },
    )
    treated = [row.member_id for row in rows if not row.is_control]
    balances = await _balances(tx, campaign, treated, now)
    await notify_all(
        tx,
        notices=[
            Notice(
                member_id=member_id,
                kind=campaign.kind,
                code="campaign",
                texts=drawn[member_id].variant.texts,
                collapse_key=f"campaign:{campaign.id}",
                dedup_key=f"campaign:{campaign.id}:{member_id}",
                values=balances.get(member_id, {}),
                link=campaign.link,
                expires_at=campaign.sends_until,
                campaign_id=campaign.id,
                variant=drawn[member_id].variant.code,
            )
            for member_id in treated
        ],
        now=now,
    )
    return len(rows), len(rows) - len(treated)


async def _balances(
    tx: Transaction, campaign: Campaign, members: list[UUID], now: datetime
) -> dict[UUID, dict[str, int]]:
    """Give what fills `{balance}`, if a text of the campaign has it."""
    if not campaign.tells_balance:
        return {}
    found = await loyalty.points.read_balances(
        tx, members=[(campaign.programme_id, one) for one in members], now=now
    )
    return {one.member_id: {BALANCE: one.available} for one in found.values()}


async def _move(tx: Transaction, campaign_id: UUID, to: CampaignState, now: datetime) -> None:
    try:
        await move_campaign(tx, campaign_id=campaign_id, to=to, by=None, now=now)
    except CampaignRefuses:
        return  # somebody has paused, stopped or changed it meanwhile
