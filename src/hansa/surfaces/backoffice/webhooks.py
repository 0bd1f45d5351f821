"""Webhooks as staff see them: endpoints, what waits or was given up, messages and attempts."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError, NotFound
from hansa.modules import webhooks
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.html.forms import WHOLE
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.loyalty_words import partner_name
from hansa.surfaces.backoffice.presenting import (
    PAGE_ROWS,
    address,
    asked,
    done,
    local_text,
    read_instant,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff
from hansa.surfaces.backoffice.webhook_alerts import list_alerts

HOME = "/office/webhooks"
VIEW, EDIT = "webhooks.view", "webhooks.edit"
STATES = {
    webhooks.MessageState.WAITING: ("waits", "accent"),
    webhooks.MessageState.DELIVERED: ("arrived", "good"),
    webhooks.MessageState.DEAD: ("undelivered", "bad"),
    webhooks.MessageState.CANCELLED: ("not to be sent", ""),
}
REASONS = {
    webhooks.Reason.BY_HAND: "disabled by hand",
    webhooks.Reason.GONE: "disabled: it answered 410",
    webhooks.Reason.FAILING: "disabled: nothing arrived for days",
}
TABS: dict[str, tuple[str, webhooks.MessageState | None]] = {
    "all": ("All", None),
    "waiting": ("On their way", webhooks.MessageState.WAITING),
    "dead": ("Undelivered", webhooks.MessageState.DEAD),
    "cancelled": ("Called off", webhooks.MessageState.CANCELLED),
    "delivered": ("Arrived", webhooks.MessageState.DELIVERED),
}
_CURSOR, _ENDPOINTS = "office.webhooks", "office.webhook_endpoints"
_ENDPOINTS_SHOWN = 50


class RotationFields(msgspec.Struct):
    """How long the former secret signs beside the new one."""

    overlap_hours: Annotated[int, msgspec.Meta(ge=0, le=720)] = 24


class ReplayFields(msgspec.Struct):
    """From when on, and what; `confirmed` once the count was shown."""

    since: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    only_undelivered: bool = False
    confirmed: bool = False


@get("/office/webhooks")
async def show_webhooks(request: Request) -> Page:
    """Show endpoints, on each page those that are disabled first, and the latest messages."""
    staff(request, VIEW)
    before = request.read_cursor(request.query_params.get("before"), of=_ENDPOINTS, types=(UUID,))
    async with request.snapshot() as snap:
        found = await webhooks.list_endpoints(
            snap, before=before[0] if before else None, limit=_ENDPOINTS_SHOWN + 1
        )
        shown, cursor = request.page_of(
            found, limit=_ENDPOINTS_SHOWN, of=_ENDPOINTS, key=lambda one: (one.id,)
        )
        tallies = await webhooks.tally(snap, endpoint_ids=[one.id for one in shown])
        alerts = await list_alerts(request, snap, home=HOME)
    endpoints = sorted(
        shown,
        key=lambda one: (one.state is webhooks.EndpointState.ACTIVE, one.failing_since is None),
    )
    return show(
        request,
        "webhooks.html",
        older_url=address(request, before=cursor) if cursor else None,
        newest_url=address(request, before=None) if before else None,
        alerts=alerts,
        endpoints=[_endpoint(request, one, tallies[one.id]) for one in endpoints],
        **await _messages(request, None),
    )


@get("/office/webhooks/endpoints/{endpoint_id:uuid}")
async def show_endpoint(request: Request, endpoint_id: FromPath[UUID]) -> Page:
    """Show an endpoint, its secrets and messages."""
    staff(request, VIEW)
    return await endpoint_page(request, endpoint_id, first_shown(request))


@post("/office/webhooks/endpoints/{endpoint_id:uuid}/enable")
async def enable(request: Request, endpoint_id: FromPath[UUID]) -> Response[None]:
    """Send to an endpoint again."""
    by = staff(request, EDIT)
    async with request.transaction() as tx:
        await webhooks.enable_endpoint(tx, endpoint_id=endpoint_id, by=by, now=request.received_at)
    return done(request, f"{HOME}/endpoints/{endpoint_id}")


@post("/office/webhooks/endpoints/{endpoint_id:uuid}/disable")
async def disable(request: Request, endpoint_id: FromPath[UUID]) -> Response[None]:
    """Send nothing to an endpoint any more."""
    by = staff(request, EDIT)
    async with request.transaction() as tx:
        await webhooks.disable_endpoint(tx, endpoint_id=endpoint_id, by=by, now=request.received_at)
    return done(request, f"{HOME}/endpoints/{endpoint_id}")


@post("/office/webhooks/endpoints/{endpoint_id:uuid}/test")
async def test(request: Request, endpoint_id: FromPath[UUID]) -> Response[None] | Page:
    """Send a test message and lead to it."""
    staff(request, EDIT)
    try:
        async with request.transaction() as tx:
            message_id = await webhooks.send_test(
                tx, endpoint_id=endpoint_id, now=request.received_at
            )
    except webhooks.EndpointOff as refusal:
        return await _refused(request, endpoint_id, refusal)
    return done(request, f"{HOME}/messages/{message_id}", "webhook_sent")


@post("/office/webhooks/endpoints/{endpoint_id:uuid}/secret")
async def rotate(request: Request, endpoint_id: FromPath[UUID]) -> Page:
    """Make a new secret; it is on this page and nowhere else."""
    by = staff(request, EDIT)
    form = await read_form(request, RotationFields)
    if form.value is None:
        return await endpoint_page(request, endpoint_id, form, status_code=422)
    async with request.transaction() as tx:
        secret = await webhooks.rotate_secret(
            tx,
            endpoint_id=endpoint_id,
            overlap=timedelta(hours=form.value.overlap_hours),
            key=request.context.settings.secret_key.reveal().encode(),
            by=by,
            now=request.received_at,
        )
    page = await endpoint_page(request, endpoint_id, first_shown(request), secret=secret.shown)
    page.headers["Cache-Control"] = "no-store"
    return page


@post("/office/webhooks/endpoints/{endpoint_id:uuid}/replay")
async def replay_since(request: Request, endpoint_id: FromPath[UUID]) -> Response[None] | Page:
    """Say how many would be sent again since an instant, then send them."""
    by = staff(request, EDIT)
    form = await read_form(request, ReplayFields)
    since = read_instant(request, form, "since")
    if form.value is None or since is None:
        return await endpoint_page(request, endpoint_id, form, status_code=422)
    wanted = form.value
    if not wanted.confirmed:
        async with request.snapshot() as snap:
            number = await webhooks.count_since(
                snap,
                endpoint_id=endpoint_id,
                since=since,
                only_undelivered=wanted.only_undelivered,
            )
        return await endpoint_page(request, endpoint_id, form, counted=number)
    try:
        async with request.transaction() as tx:
            await webhooks.replay_since(
                tx,
                endpoint_id=endpoint_id,
                since=since,
                only_undelivered=wanted.only_undelivered,
                by=by,
                now=request.received_at,
            )
    except (webhooks.EndpointOff, webhooks.TooMuchToReplay) as refusal:
        return await _refused(request, endpoint_id, refusal)
    return done(request, f"{HOME}/endpoints/{endpoint_id}", "replayed")


@get("/office/webhooks/messages/{message_id:uuid}")
async def show_message(request: Request, message_id: FromPath[UUID]) -> Page:
    """Show a message, what is sent and its attempts."""
    staff(request, VIEW)
    return await _message_page(request, message_id, first_shown(request))


@post("/office/webhooks/messages/{message_id:uuid}/replay")
async def replay(request: Request, message_id: FromPath[UUID]) -> Response[None] | Page:
    """Send a message again."""
    by = staff(request, EDIT)
    try:
        async with request.transaction() as tx:
            await webhooks.replay_message(tx, message_id=message_id, by=by, now=request.received_at)
    except webhooks.EndpointOff as refusal:
        form = first_shown(request)
        form.add(WHOLE, refusal)
        return await _message_page(request, message_id, form, status_code=409)
    return done(request, f"{HOME}/messages/{message_id}", "replayed")


async def _refused(request: Request, endpoint_id: UUID, refusal: HansaError) -> Page:
    form = first_shown(request)
    form.add(WHOLE, refusal)
    return await endpoint_page(request, endpoint_id, form, status_code=409)


async def endpoint_page(
    request: Request,
    endpoint_id: UUID,
    form: Form[Any],
    *,
    secret: str = "",
    counted: int | None = None,
    status_code: int = 200,
) -> Page:
    """Make the page of an endpoint, with a new secret if there is one to be copied."""
    translate, language, zone = words(request), request.language, zone_of(request)
    async with request.snapshot() as snap:
        endpoint = await webhooks.get_endpoint(snap, endpoint_id=endpoint_id)
        secrets = await webhooks.list_secrets(
            snap, endpoint_ids=[endpoint_id], now=request.received_at
        )
        tallies = await webhooks.tally(snap, endpoint_ids=[endpoint_id])
    told = (
        (translate("Owner"), partner_name(request, endpoint.owner_id)),
        (translate("Events"), ", ".join(endpoint.event_types)),
        (translate("Calls at once"), str(endpoint.calls_max)),
        (translate("Last arrival"), format_moment(endpoint.delivered_at, language, zone)),
        (translate("Failing since"), format_moment(endpoint.failing_since, language, zone)),
        (translate("Added"), format_moment(endpoint.created_at, language, zone)),
    )
    return show(
        request,
        "webhook_endpoint.html",
        status_code=status_code,
        endpoint=_endpoint(request, endpoint, tallies[endpoint_id]),
        facts_shown=[(name, value) for name, value in told if value],
        secrets=[
            {
                "kind": "v1" if one.kind is webhooks.SecretKind.HMAC else "v1a",
                "public_key": one.public_key,
                "made": format_moment(one.created_at, language, zone),
                "ends": format_moment(one.ends_at, language, zone),
            }
            for one in secrets[endpoint_id]
        ],
        form=form,
        since=form.text("since") or local_text(request, request.received_at - timedelta(days=1)),
        secret=secret,
        counted=counted,
        **await _messages(request, endpoint_id),
    )


async def _message_page(
    request: Request, message_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    translate, language, zone = words(request), request.language, zone_of(request)
    async with request.snapshot() as snap:
        message, attempts = await webhooks.get_message(snap, message_id=message_id)
        try:
            endpoint = await webhooks.get_endpoint(snap, endpoint_id=message.endpoint_id)
        except NotFound:
            endpoint = None  # removed; what was sent to it is still to be seen
    told = (
        (translate("Identifier"), str(message.id)),
        (translate("Endpoint"), "" if endpoint is None else endpoint.url),
        (translate("About"), message.subject),
        (translate("Written"), format_moment(message.created_at, language, zone)),
        (translate("Next attempt"), format_moment(message.next_at, language, zone)),
        (translate("Ended"), format_moment(message.ended_at, language, zone)),
    )
    label, tone = STATES[message.state]
    return show(
        request,
        "webhook_message.html",
        status_code=status_code,
        message=message,
        endpoint=endpoint,
        form=form,
        state=translate(label),
        tone=tone,
        may_replay=endpoint is not None and not message.is_under_way,
        facts_shown=[(name, value) for name, value in told if value],
        body=msgspec.json.format(message.body, indent=2).decode(),
        attempts=[
            {
                "at": format_moment(one.began_at, language, zone),
                "status": one.status,
                "code": one.code,
                "took": None
                if one.milliseconds is None
                else f"{format_number(one.milliseconds, language)}\u00a0{translate('ms')}",
                "answer": one.answer,
                "good": not one.code,
            }
            for one in attempts
        ],
    )


async def _messages(request: Request, endpoint_id: UUID | None) -> dict[str, Any]:
    language, zone, translate = request.language, zone_of(request), words(request)
    view = asked(request, "view")
    view = view if view in TABS else "all"
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(UUID,))
    async with request.snapshot(single=True) as snap:
        found = await webhooks.list_messages(
            snap,
            endpoint_id=endpoint_id,
            state=TABS[view][1],
            before=None if after is None else after[0],
            limit=PAGE_ROWS + 1,
        )
    shown, cursor = request.page_of(found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.id,))
    return {
        "messages": [
            {
                "id": str(one.id),
                "type": one.type,
                "subject": one.subject,
                "written": format_moment(one.created_at, language, zone),
                "state": translate(STATES[one.state][0]),
                "tone": STATES[one.state][1],
                "code": one.code,
                "failures": one.failures,
                "next": format_moment(one.next_at, language, zone) if one.failures else "",
            }
            for one in shown
        ],
        "tabs": [
            {
                "label": translate(label),
                "href": address(request, view=name),
                "current": name == view,
            }
            for name, (label, _) in TABS.items()
        ],
        "first_url": address(request) if after else None,
        "next_url": address(request, after=cursor) if cursor else None,
    }


def _endpoint(
    request: Request, endpoint: webhooks.Endpoint, tally: webhooks.Tally
) -> dict[str, Any]:
    translate = words(request)
    is_active = endpoint.state is webhooks.EndpointState.ACTIVE
    if endpoint.reason is not None:
        state, tone = translate(REASONS[endpoint.reason]), "bad"
    elif endpoint.failing_since is not None:
        state, tone = translate("fails"), "warn"
    else:
        state, tone = translate("works"), "good"
    return {
        "id": str(endpoint.id),
        "url": endpoint.url,
        "title": endpoint.description or endpoint.url,
        "note": endpoint.url if endpoint.description else "",
        "types": ", ".join(endpoint.event_types),
        "is_active": is_active,
        "state": state,
        "tone": tone,
        "waiting": _bounded(tally.waiting, request.language),
        "dead": _bounded(tally.dead, request.language),
        "arrived": format_moment(endpoint.delivered_at, request.language, zone_of(request)),
    }


def _bounded(number: int, language: str) -> str:
    more = "+" if number >= webhooks.TALLIED_MAX else ""
    return format_number(number, language) + more


ROUTES = (
    show_webhooks,
    show_endpoint,
    enable,
    disable,
    test,
    rotate,
    replay_since,
    show_message,
    replay,
)
