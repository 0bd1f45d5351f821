"""Telling members, before it happens, that points of theirs expire."""

from datetime import datetime
from uuid import UUID

from hansa.modules import loyalty
from hansa.modules.notifications.messages import Notice
from hansa.modules.notifications.notifying import notify_all, reachable
from hansa.modules.notifications.templates import Template, list_templates
from hansa.modules.notifications.work import WarnOfExpiry
from hansa.runtime.context import Context
from hansa.runtime.database import Transaction

TEMPLATE = "points.expiring"
WITHIN_DAYS = 7
PAGE = 500


async def run_warn_of_expiry(context: Context, _job: WarnOfExpiry) -> None:
    """Warn once of each day on which points expire, a week before."""
    now = context.clock.now()
    async with context.database.snapshot() as snap:
        template = (await list_templates(snap))[TEMPLATE]
        coalition = await loyalty.programmes.read_coalition(snap, now=now)
    if not template.is_on:
        return
    for programme_id in sorted(coalition.programmes):
        after: UUID | None = None
        is_more = True
        while is_more:
            async with context.database.transaction() as tx:
                found = await loyalty.desk.list_segment(
                    tx,
                    programme_id=programme_id,
                    criteria=loyalty.desk.Criteria(expiring_days=WITHIN_DAYS, expiring_min=1),
                    after=after,
                    limit=PAGE,
                    now=now,
                )
                await _warn(tx, template, programme_id, found, now)
            is_more = len(found) == PAGE
            after = found[-1] if found else None


async def _warn(
    tx: Transaction, template: Template, programme_id: UUID, members: list[UUID], now: datetime
) -> None:
    within = await reachable(tx, member_ids=members, now=now)
    balances = await loyalty.points.read_balances(
        tx, members=[(programme_id, one) for one in members if one in within], now=now
    )
    await notify_all(
        tx,
        notices=[
            Notice(
                member_id=one.member_id,
                kind=template.kind,
                code=template.code,
                texts=template.texts,
                collapse_key=f"{template.code}:{programme_id}",
                dedup_key=f"{template.code}:{programme_id}:{one.member_id}:{one.expires_at:%Y%m%d}",
                values={"points": one.expiring, "balance": one.available},
                link=template.link,
                expires_at=one.expires_at,
            )
            for one in balances.values()
            if one.expires_at is not None and one.expiring > 0
        ],
        now=now,
    )
