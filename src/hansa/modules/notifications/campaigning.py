"""Writing segments and campaigns, and moving a campaign on. Everything is audited."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from hansa.modules import accounts, loyalty
from hansa.modules.notifications.campaigns import (
    Campaign,
    CampaignInvalid,
    CampaignState,
    NoSuchCampaign,
    Segment,
    Variant,
    check_campaign,
    step,
)
from hansa.modules.notifications.model import Kind
from hansa.modules.notifications.store import campaigns as store
from hansa.modules.notifications.work import PickRecipients, StopMessages
from hansa.runtime.database import Row, Snapshot, Transaction
from hansa.runtime.http import Actor

NAME_CHARACTERS_MAX = 120


async def save_segment(tx: Transaction, *, segment: Segment, by: Actor, now: datetime) -> None:
    """Keep a segment or change it; campaigns that run keep the filters they started with.

    Raises:
        CampaignInvalid, CriteriaInvalid: a field is no such thing.
    """
    if not 0 < len(segment.name.strip()) <= NAME_CHARACTERS_MAX:
        raise CampaignInvalid("name")
    loyalty.desk.check_criteria(segment.criteria)
    row = await tx.maybe(store.GET_SEGMENT, {"id": segment.id})
    before = None if row is None else segment_of(row)
    await tx.execute(
        store.SAVE_SEGMENT,
        {
            "id": segment.id,
            "name": segment.name.strip(),
            "programme_id": segment.programme_id,
            "criteria": _criteria_text(segment),
            "now": now,
        },
    )
    await _record(tx, "segment", segment.id, before, segment, by, now)


async def get_segment(snap: Snapshot, *, segment_id: UUID) -> Segment:
    """Give a segment.

    Raises:
        NoSuchCampaign: there is none.
    """
    row = await snap.maybe(store.GET_SEGMENT, {"id": segment_id})
    if row is None:
        raise NoSuchCampaign
    return segment_of(row)


async def list_segments(
    snap: Snapshot, *, after: tuple[str, UUID] | None = None, limit: int = 50
) -> tuple[Segment, ...]:
    """Give segments by name, behind `after`."""
    rows = await snap.all(
        store.LIST_SEGMENTS,
        {
            "after_name": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit,
        },
    )
    return tuple(segment_of(row) for row in rows)


async def save_campaign(tx: Transaction, *, campaign: Campaign, by: Actor, now: datetime) -> None:
    """Write a campaign. One that was approved is a draft again.

    Raises:
        CampaignInvalid, TextInvalid, PlaceUnknown: a field is no such thing.
        CampaignRefuses: it has started.
        NoSuchCampaign: there is no such segment.
    """
    check_campaign(campaign)
    segment = await get_segment(tx, segment_id=campaign.segment_id)
    row = await tx.maybe(store.LOCK_CAMPAIGN, {"id": campaign.id})
    before = None if row is None else campaign_of(row)
    if before is not None and before.state is not CampaignState.DRAFT:
        step(before.state, CampaignState.DRAFT)
    await tx.execute(
        store.SAVE_CAMPAIGN,
        {
            "id": campaign.id,
            "name": campaign.name.strip(),
            "kind": campaign.kind.value,
            "programme_id": segment.programme_id,
            "segment_id": campaign.segment_id,
            "control_share": campaign.control_share,
            "variants": _json(campaign.variants),
            "link": campaign.link,
            "starts_at": campaign.starts_at,
            "ends_at": campaign.ends_at,
            "measured_days": campaign.measured_days,
            "by": by.id,
            "now": now,
        },
    )
    await _record(tx, "campaign", campaign.id, before, campaign, by, now)


async def get_campaign(snap: Snapshot, *, campaign_id: UUID) -> Campaign:
    """Give a campaign.

    Raises:
        NoSuchCampaign: there is none.
    """
    row = await snap.maybe(store.GET_CAMPAIGN, {"id": campaign_id})
    if row is None:
        raise NoSuchCampaign
    return campaign_of(row)


async def list_campaigns(
    snap: Snapshot, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> tuple[tuple[Campaign, datetime], ...]:
    """Give campaigns with the instant they were made, the newest first, older than `before`."""
    rows = await snap.all(
        store.LIST_CAMPAIGNS,
        {
            "before": before[0] if before else None,
            "before_id": before[1] if before else None,
            "limit": limit,
        },
    )
    return tuple((campaign_of(row), row.created_at) for row in rows)


async def move_campaign(
    tx: Transaction,
    *,
    campaign_id: UUID,
    to: CampaignState,
    by: Actor | None,
    now: datetime,
) -> Campaign:
    """Approve, start, pause, go on with, stop or end a campaign; give it as it is then.

    At the start the filters of its segment are kept with it, and picking begins.

    Raises:
        NoSuchCampaign: there is none.
        CampaignRefuses: in its state that is not possible.
    """
    row = await tx.maybe(store.LOCK_CAMPAIGN, {"id": campaign_id})
    if row is None:
        raise NoSuchCampaign
    campaign = campaign_of(row)
    step(campaign.state, to)
    criteria = None
    if to is CampaignState.RUNNING:
        segment = await get_segment(tx, segment_id=campaign.segment_id)
        criteria = _criteria_text(segment)
        await tx.enqueue(PickRecipients(campaign_id=campaign_id))
    if to is CampaignState.STOPPED:
        await tx.enqueue(StopMessages(campaign_id=campaign_id))
    is_over = to in {CampaignState.DONE, CampaignState.STOPPED}
    await tx.execute(
        store.SET_STATE,
        {
            "id": campaign_id,
            "state": to.value,
            "approved_by": by.id if by is not None and to is CampaignState.APPROVED else None,
            "started_at": now if to is CampaignState.RUNNING else None,
            "ended_at": now if is_over else None,
            "criteria": criteria,
            "now": now,
        },
    )
    moved = replace(campaign, state=to)
    if by is not None:
        await _record(tx, "campaign", campaign_id, campaign, moved, by, now)
    return moved


def segment_of(row: Row) -> Segment:
    """Make a segment of its row."""
    kept: dict[str, Any] = dict(row.criteria)
    has_device = bool(kept.pop("has_device", False))
    return Segment(
        id=row.id,
        name=row.name,
        programme_id=row.programme_id,
        criteria=criteria_of(kept),
        has_device=has_device,
    )


def criteria_of(kept: dict[str, Any]) -> loyalty.desk.Criteria:
    """Read filters as they are kept; one that is not known any more is left out."""
    return msgspec.convert(kept, loyalty.desk.Criteria)


def campaign_of(row: Row) -> Campaign:
    """Make a campaign of its row."""
    fields: dict[str, Any] = row._asdict()
    fields.pop("created_at", None)
    return Campaign(
        **{
            **fields,
            "kind": Kind(row.kind),
            "state": CampaignState(row.state),
            "variants": msgspec.convert(row.variants, tuple[Variant, ...]),
        }
    )


def _criteria_text(segment: Segment) -> str:
    plain = {
        name: value
        for name, value in msgspec.to_builtins(segment.criteria).items()
        if value is not None
    }
    return _json({**plain, "has_device": segment.has_device})


async def _record(  # noqa: PLR0917 - what the audit log wants to know
    tx: Transaction,
    what: str,
    subject_id: UUID,
    before: object,
    after: object,
    by: Actor,
    now: datetime,
) -> None:
    await accounts.record(
        tx,
        actor=by,
        action=f"notifications.{what}_{'created' if before is None else 'changed'}",
        subject_kind=what,
        subject_id=subject_id,
        before=None if before is None else msgspec.to_builtins(before),
        after=msgspec.to_builtins(after),
        now=now,
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
