"""What came of a campaign: the activity of those who were treated against the control group."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from hansa.modules import loyalty
from hansa.modules.notifications.campaigning import get_campaign
from hansa.modules.notifications.campaigns import Campaign
from hansa.modules.notifications.store import campaigns as store
from hansa.modules.notifications.work import MeasureCampaign
from hansa.runtime.context import Context

PAGE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Sums over both groups from the start until `until`; compare them per member."""

    treated: loyalty.desk.Activity
    control: loyalty.desk.Activity
    until: datetime


async def run_measure_campaign(context: Context, job: MeasureCampaign) -> None:
    """Measure a campaign and keep the result. Done again it keeps what holds then."""
    now = context.clock.now()
    async with context.database.snapshot(single=True) as snap:
        campaign = await get_campaign(snap, campaign_id=job.campaign_id)
    if campaign.started_at is None:
        return
    until = min(now, campaign.started_at + timedelta(days=campaign.measured_days))
    result = await measure(context, campaign, until=until)
    async with context.database.transaction() as tx:
        await tx.execute(
            store.KEEP_RESULT,
            {
                "id": campaign.id,
                "result": msgspec.json.encode(result).decode(),
                "now": now,
            },
        )


async def measure(context: Context, campaign: Campaign, *, until: datetime) -> Result:
    """Sum up what both groups did, some thousands of members at a time."""
    assert campaign.started_at is not None, "only what has started can be measured"
    sums = {False: loyalty.desk.Activity(), True: loyalty.desk.Activity()}
    after: UUID | None = None
    while True:
        async with context.database.snapshot() as snap:
            rows = await snap.all(
                store.RECIPIENTS, {"id": campaign.id, "after": after, "limit": PAGE}
            )
            for is_control, before in sums.items():
                did = await loyalty.desk.activity_of(
                    snap,
                    programme_id=campaign.programme_id,
                    member_ids=[row.member_id for row in rows if row.is_control == is_control],
                    since=campaign.started_at,
                    until=until,
                )
                sums[is_control] = before.plus(did)
        if len(rows) < PAGE:
            return Result(treated=sums[False], control=sums[True], until=until)
        after = rows[-1].member_id


def result_of(campaign: Campaign) -> Result | None:
    """Give the result that was kept, if there is one."""
    return None if campaign.result is None else msgspec.convert(campaign.result, Result)
