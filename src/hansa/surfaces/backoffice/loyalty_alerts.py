"""What looks like fraud with points: a list for people, and deciding about each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.text import pick
from hansa.modules.loyalty import guard, programmes
from hansa.modules.loyalty.guard import Alert, AlertFilter, AlertState, Kind
from hansa.runtime.html import Form, Page, read_form
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import (
    PAGE_ROWS,
    address,
    asked,
    done,
    names_of,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/loyalty/alerts"
_CURSOR = "office.loyalty.alerts"

STATES: Mapping[AlertState, tuple[str, str]] = {
    AlertState.NEW: ("new", "warn"),
    AlertState.LOOKED_AT: ("looked at", "accent"),
    AlertState.DISMISSED: ("dismissed", ""),
    AlertState.BLOCKED: ("member blocked", "bad"),
}
KINDS: Mapping[Kind, str] = {
    Kind.VELOCITY: "Spends too fast",
    Kind.EARN_VELOCITY: "Earns too fast",
    Kind.DORMANT: "A sleeping account spends",
    Kind.STEP_UP_FAILED: "Code wrong five times",
}
ABOUT: Mapping[Kind, str] = {
    Kind.VELOCITY: "More spends, or more points, than the programme allows in a window.",
    Kind.EARN_VELOCITY: "More accruals, or more points, than the programme allows in a window.",
    Kind.DORMANT: "Points were spent, or asked for, after a long time without any movement.",
    Kind.STEP_UP_FAILED: "Somebody typed the code that was sent to the member wrong five times.",
}
DECISIONS: Mapping[str, str] = {
    "allow": "went on",
    "step_up": "a code was asked for",
    "refuse": "was refused",
}
ACTS: Mapping[str, str] = {"spend": "spending", "earn": "earning"}


class DecisionFields(msgspec.Struct):
    """Why somebody decides so."""

    reason: Annotated[str, msgspec.Meta(max_length=1_000)]


@get(HOME)
async def list_alerts(request: Request) -> Page:
    """Show a page of alerts, newest first."""
    staff(request, "loyalty.view")
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    chosen = {name: asked(request, name) for name in ("state", "kind", "programme", "member")}
    async with request.snapshot() as snap:
        found = await guard.list_alerts(
            snap, chosen=_filter(chosen), before=after, limit=PAGE_ROWS + 1
        )
        new = await guard.count_new_alerts(snap)
    shown, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.opened_at, one.id)
    )
    translate = words(request)
    coalition = request.context.service(programmes.Directory).coalition
    return show(
        request,
        "loyalty_alerts.html",
        rows=[_row(request, one) for one in shown],
        new=new,
        chosen=chosen,
        states=[
            ("", translate("Any state")),
            *((str(one), translate(label)) for one, (label, _) in STATES.items()),
        ],
        kinds=[
            ("", translate("Any kind")),
            *((str(one), translate(label)) for one, label in KINDS.items()),
        ],
        programmes=[
            ("", translate("All programmes")),
            *(
                (str(one.id), pick(one.name, request.language))
                for one in coalition.programmes.values()
            ),
        ],
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


@get(HOME + "/{alert_id:uuid}")
async def show_alert(request: Request, alert_id: FromPath[UUID]) -> Page:
    """Show an alert with its facts and what else is known of the member."""
    staff(request, "loyalty.view")
    return await _page(request, alert_id, Form(request=request))


@post(HOME + "/{alert_id:uuid}/look")
async def look(request: Request, alert_id: FromPath[UUID]) -> Response[None]:
    """Say that one is at it."""
    by = staff(request, "loyalty.correct")
    async with request.transaction() as tx:
        await guard.look_at_alert(tx, alert_id=alert_id, by=by, now=request.received_at)
    return done(request, f"{HOME}/{alert_id}")


@post(HOME + "/{alert_id:uuid}/dismiss")
async def dismiss(request: Request, alert_id: FromPath[UUID]) -> Response[None] | Page:
    """Say that there is nothing in it; a block is lifted."""
    by = staff(request, "loyalty.correct")
    form = await read_form(request, DecisionFields)
    if form.value is None:
        return await _page(request, alert_id, form, status_code=422)
    async with request.transaction() as tx:
        await guard.dismiss_alert(
            tx, alert_id=alert_id, reason=form.value.reason, by=by, now=request.received_at
        )
    return done(request, f"{HOME}/{alert_id}", "alert_dismissed")


@post(HOME + "/{alert_id:uuid}/block")
async def block(request: Request, alert_id: FromPath[UUID]) -> Response[None] | Page:
    """Let the member spend nothing."""
    by = staff(request, "loyalty.correct")
    form = await read_form(request, DecisionFields)
    if form.value is None:
        return await _page(request, alert_id, form, status_code=422)
    async with request.transaction() as tx:
        await guard.block_member(
            tx, alert_id=alert_id, reason=form.value.reason, by=by, now=request.received_at
        )
    return done(request, f"{HOME}/{alert_id}", "member_blocked")


async def _page(
    request: Request, alert_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    async with request.snapshot() as snap:
        alert = await guard.get_alert(snap, alert_id=alert_id)
        standing = await guard.standing_of(
            snap, programme_id=alert.programme_id, member_id=alert.member_id
        )
        others = await guard.list_alerts(
            snap, chosen=AlertFilter(member_id=alert.member_id), limit=PAGE_ROWS
        )
        staff_names = await names_of(snap, [alert.handled_by])
    translate = words(request)
    return show(
        request,
        "loyalty_alert.html",
        status_code=status_code,
        alert=_row(request, alert),
        about=translate(ABOUT[alert.kind]),
        facts=_facts(request, alert),
        is_open=alert.state in {AlertState.NEW, AlertState.LOOKED_AT},
        is_new=alert.state is AlertState.NEW,
        is_blocking=alert.state is AlertState.BLOCKED,
        note=alert.note,
        handled=_moment(request, alert.handled_at),
        handled_by=staff_names.get(alert.handled_by, "") if alert.handled_by else "",
        is_blocked=standing.is_blocked,
        devices=[
            {
                "name": str(one.device)[:8],
                "first": _moment(request, one.first_seen_at),
                "seen": _moment(request, one.seen_at),
                "trusted": _moment(request, one.trusted_at),
            }
            for one in standing.devices
        ],
        others=[_row(request, one) for one in others if one.id != alert.id],
        form=form,
    )


def _row(request: Request, alert: Alert) -> dict[str, Any]:
    label, tone = STATES[alert.state]
    coalition = request.context.service(programmes.Directory).coalition
    programme = coalition.programmes.get(alert.programme_id)
    partner = coalition.partners.get(alert.partner_id) if alert.partner_id else None
    return {
        "id": alert.id,
        "url": f"{HOME}/{alert.id}",
        "kind": words(request)(KINDS[alert.kind]),
        "state": words(request)(label),
        "tone": tone,
        "member_id": alert.member_id,
        "member_url": f"{HOME}?member={alert.member_id}",
        "programme": pick(programme.name, request.language) if programme else "",
        "partner": pick(partner.name, request.language) if partner else "",
        "number": alert.number,
        "opened": _moment(request, alert.opened_at),
        "last": _moment(request, alert.last_at),
    }


def _facts(request: Request, alert: Alert) -> list[tuple[str, str]]:
    translate = words(request)
    facts = alert.facts
    shown = [(translate("Times seen"), format_number(alert.number, request.language))]
    if "act" in facts:
        shown.append((translate("What was tried"), translate(ACTS[str(facts["act"])])))
        shown.append((translate("Points"), format_number(int(facts["points"]), request.language)))
    labels = {
        Kind.DORMANT: ("Days allowed without movement", "Days without movement"),
        Kind.STEP_UP_FAILED: ("Tries allowed", "Tries made"),
    }
    limit, found = labels.get(alert.kind, ("Allowed", "Would have been"))
    shown.append((translate(limit), format_number(int(facts["limit"]), request.language)))
    shown.append((translate(found), format_number(int(facts["found"]), request.language)))
    if "decision" in facts:
        shown.append((translate("It"), translate(DECISIONS[str(facts["decision"])])))
    return shown


def _moment(request: Request, instant: datetime | None) -> str:
    return "" if instant is None else format_moment(instant, request.language, zone_of(request))


def _filter(chosen: Mapping[str, str]) -> AlertFilter:
    return AlertFilter(
        state=AlertState(chosen["state"]) if chosen["state"] in set(AlertState) else None,
        kind=Kind(chosen["kind"]) if chosen["kind"] in set(KINDS) else None,
        programme_id=_uuid(chosen["programme"]),
        member_id=_uuid(chosen["member"]),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


ROUTES = (list_alerts, show_alert, look, dismiss, block)
