"""Campaigns in the back office: the list, and how one goes and what came of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.text import pick
from hansa.modules import loyalty, notifications
from hansa.modules.notifications import Campaign, CampaignState
from hansa.runtime.html import Form, Page, read_form
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.html.forms import WHOLE
from hansa.runtime.http import Request, authorise
from hansa.surfaces.backoffice.presenting import PAGE_ROWS, address, done, show, words, zone_of
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/campaigns"
VIEW, EDIT, SEND = "notifications.view", "notifications.edit", "notifications.send"
STATES: Mapping[CampaignState, tuple[str, str]] = {
    CampaignState.DRAFT: ("draft", ""),
    CampaignState.APPROVED: ("approved", "accent"),
    CampaignState.RUNNING: ("running", "good"),
    CampaignState.PAUSED: ("paused", "warn"),
    CampaignState.DONE: ("done", ""),
    CampaignState.STOPPED: ("stopped", "bad"),
}
REASONS: Mapping[str, str] = {
    "capped": "Over the cap",
    "quiet": "Quiet hours until the end",
    "no_consent": "No consent",
    "no_device": "No device",
    "declined": "Declined by the member",
    "expired": "Too late",
    "superseded": "Replaced by a newer one",
    "stopped": "Stopped",
}
_CURSOR = "office.campaigns"


class MoveFields(msgspec.Struct):
    """Where a campaign is to go."""

    to: Annotated[str, msgspec.Meta(pattern="^(approved|running|paused|stopped)$")]


@get(HOME)
async def list_campaigns(request: Request) -> Page:
    """Show campaigns, the newest first."""
    staff(request, VIEW)
    before = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    async with request.snapshot() as snap:
        found = await notifications.list_campaigns(snap, before=before, limit=PAGE_ROWS + 1)
        segments = {one.id: one for one in await notifications.list_segments(snap, limit=1000)}
    shown, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one[1], one[0].id)
    )
    return show(
        request,
        "campaigns.html",
        rows=[
            describe(request, one)
            | {"segment": segments[one.segment_id].name if one.segment_id in segments else "…"}
            for one, _ in shown
        ],
        first_url=address(request) if before else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


@get(HOME + "/{campaign_id:uuid}")
async def show_campaign(request: Request, campaign_id: FromPath[UUID]) -> Page:
    """Show how a campaign goes; the figures renew themselves."""
    staff(request, VIEW)
    return await _campaign_page(request, campaign_id, Form(request=request))


@post(HOME + "/{campaign_id:uuid}/state")
async def move(request: Request, campaign_id: FromPath[UUID]) -> Response[None] | Page:
    """Approve, start, pause, go on or stop."""
    by = authorise(request, SEND)
    form = await read_form(request, MoveFields)
    if form.value is not None:
        try:
            async with request.transaction() as tx:
                await notifications.move_campaign(
                    tx,
                    campaign_id=campaign_id,
                    to=CampaignState(form.value.to),
                    by=by,
                    now=request.received_at,
                )
        except HansaError as refusal:
            form.add(WHOLE, refusal)
        else:
            return done(request, f"{HOME}/{campaign_id}")
    return await _campaign_page(request, campaign_id, form, status_code=422)


async def _campaign_page(
    request: Request, campaign_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    async with request.snapshot() as snap:
        campaign = await notifications.get_campaign(snap, campaign_id=campaign_id)
        segment = await notifications.get_segment(snap, segment_id=campaign.segment_id)
        counted = await notifications.count_fates(snap, campaign_id=campaign_id)
    language = request.language
    dropped = [one for one in counted if one.reason]
    reasons: dict[str, int] = {}
    for one in dropped:
        label = words(request)(REASONS[one.reason]) if one.reason in REASONS else one.reason
        reasons[label] = reasons.get(label, 0) + one.messages
    return show(
        request,
        "campaign.html",
        status_code=status_code,
        form=form,
        campaign=describe(request, campaign),
        segment=segment,
        phones=[{"code": one.code, **preview(one.texts, language)} for one in campaign.variants],
        figures=_figures(counted, language),
        reasons=[
            (label, format_number(count, language))
            for label, count in sorted(reasons.items(), key=lambda pair: -pair[1])
        ],
        variants=_variants(campaign, counted, language),
        result=_result(request, campaign),
        steps=_steps(campaign),
    )


def describe(request: Request, campaign: Campaign) -> dict[str, Any]:
    """Put a campaign into words."""
    label, tone = STATES[campaign.state]
    zone = zone_of(request)
    coalition = request.context.service(loyalty.programmes.Directory).coalition
    programme = coalition.programmes.get(campaign.programme_id)

    def moment(instant: datetime | None) -> str:
        return format_moment(instant, request.language, zone)

    return {
        "id": campaign.id,
        "url": f"{HOME}/{campaign.id}",
        "name": campaign.name,
        "kind": campaign.kind,
        "state": campaign.state,
        "label": words(request)(label),
        "tone": tone,
        "programme": pick(programme.name, request.language) if programme else "",
        "picked": format_number(campaign.picked, request.language),
        "control": format_number(campaign.control, request.language),
        "control_share": format_number(campaign.control_share / 100, request.language),
        "starts": moment(campaign.starts_at),
        "ends": moment(campaign.sends_until),
        "started": moment(campaign.started_at),
        "ended": moment(campaign.ended_at),
        "is_picking": campaign.state is CampaignState.RUNNING and not campaign.is_picked,
        "is_live": campaign.state in {CampaignState.RUNNING, CampaignState.PAUSED},
        "may_edit": campaign.state in {CampaignState.DRAFT, CampaignState.APPROVED},
        "days": campaign.measured_days,
    }


def preview(texts: notifications.Texts, language: str) -> dict[str, str]:
    """Fill a text as a telephone would show it, with a name and a number that are made up."""
    chosen, text = notifications.choose(texts, (language,))
    name = {"ru": "Анна", "en": "Anna"}.get(chosen, "Anna")
    filled = notifications.fill(text, name=name, written={"balance": format_number(1250, chosen)})
    return {"title": filled.title, "body": filled.body, "language": chosen}


def _figures(counted: Sequence[notifications.Counted], language: str) -> dict[str, str]:
    sums = {"sent": 0, "waiting": 0, "failed": 0, "opened": 0, "quiet": 0, "capped": 0}
    for one in counted:
        sums["opened"] += one.opened
        if one.state in {"waiting", "sending"}:
            sums["waiting"] += one.messages
            sums["quiet"] += one.was_quiet
        elif one.state in sums:
            sums[one.state] += one.messages
        if one.reason == "capped":
            sums["capped"] += one.messages
    return {name: format_number(count, language) for name, count in sums.items()}


def _variants(
    campaign: Campaign, counted: Sequence[notifications.Counted], language: str
) -> list[dict[str, str]]:
    if len(campaign.variants) == 1:
        return []
    rows = []
    for variant in campaign.variants:
        mine = [one for one in counted if one.variant == variant.code]
        sent = sum(one.messages for one in mine if one.state == "sent")
        opened = sum(one.opened for one in mine)
        rows.append(
            {
                "code": variant.code.upper(),
                "sent": format_number(sent, language),
                "opened": format_number(opened, language),
                "share": _share(opened, sent, language),
            }
        )
    return rows


def _result(request: Request, campaign: Campaign) -> dict[str, Any] | None:
    """Give both groups per member: groups of different sizes can be compared so alone."""
    result = notifications.result_of(campaign)
    if result is None:
        return None
    say = words(request)
    groups = (result.treated, result.control)

    def each(amounts: Sequence[int]) -> list[float]:
        return [
            round(amount / max(1, group.members), 2)
            for amount, group in zip(amounts, groups, strict=True)
        ]

    return {
        "until": format_moment(result.until, request.language, zone_of(request)),
        "labels": [say("Points earned per member"), say("Points spent per member")],
        "series": [
            {"name": say(label), "values": list(values)}
            for label, values in zip(
                ("Meant for", "Control group"),
                zip(
                    each([one.earned for one in groups]),
                    each([one.spent for one in groups]),
                    strict=True,
                ),
                strict=True,
            )
        ],
        "active": [
            {
                "label": say(label),
                "members": format_number(group.members, request.language),
                "share": _share(group.active, group.members, request.language),
            }
            for label, group in zip(("Meant for", "Control group"), groups, strict=True)
        ],
    }


def _share(part: int, whole: int, language: str) -> str:
    if not whole:
        return "—"
    return f"{format_number(round(Decimal(100 * part) / whole, 1), language)} %"


def _steps(campaign: Campaign) -> list[tuple[str, str, str]]:
    """Give what may be done now: state, msgid, kind of button."""
    stop = ("stopped", "Stop for good", "danger")
    return {
        CampaignState.DRAFT: [("approved", "Approve", "primary")],
        CampaignState.APPROVED: [("running", "Start now", "primary")],
        CampaignState.RUNNING: [("paused", "Pause", ""), stop],
        CampaignState.PAUSED: [("running", "Go on", "primary"), stop],
    }.get(campaign.state, [])
