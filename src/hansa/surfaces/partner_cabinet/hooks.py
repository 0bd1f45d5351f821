"""The partner's webhooks: endpoints, messages with their attempts, sending again."""

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.modules import webhooks
from hansa.modules.webhooks import EndpointState, MessageState
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment
from hansa.runtime.html.forms import WHOLE
from hansa.runtime.http import Request
from hansa.surfaces.partner_cabinet.shell import (
    PAGE_ROWS,
    Person,
    at,
    done,
    home,
    person,
    show,
    unkept,
    words,
    zone_of,
)

STATES = {
    MessageState.WAITING: ("waits", "accent"),
    MessageState.DELIVERED: ("arrived", "good"),
    MessageState.DEAD: ("undelivered", "bad"),
    MessageState.CANCELLED: ("not to be sent", ""),
}
_CURSOR = "partner.webhooks"


class EndpointFields(msgspec.Struct):
    """An endpoint as it is typed; `event_types` one a line."""

    url: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    event_types: Annotated[str, msgspec.Meta(max_length=5000)] = "loyalty.*"
    description: Annotated[str, msgspec.Meta(max_length=500)] = ""


@get(at("/webhooks"))
async def list_hooks(request: Request) -> Page:
    """Show endpoints, the latest messages and the form of a new endpoint."""
    return await _list_page(request, person(request), first_shown(request))


@post(at("/webhooks"))
async def add_hook(request: Request) -> Page:
    """Add an endpoint and show its secret, this once."""
    who = person(request)
    form = await read_form(request, EndpointFields)
    if form.value is None:
        return await _list_page(request, who, form, status_code=422)
    settings = request.context.settings
    try:
        async with request.transaction() as tx:
            _, secret = await webhooks.add_endpoint(
                tx,
                owner=who.partner.id,
                url=form.value.url,
                event_types=form.value.event_types.split(),
                description=form.value.description,
                key=settings.secret_key.reveal().encode(),
                is_production=settings.environment == "production",
                by=who.actor,
                now=request.received_at,
            )
    except webhooks.EndpointInvalid as refusal:
        form.add(refusal.field, refusal)
        return await _list_page(request, who, form, status_code=422)
    except webhooks.TooManyEndpoints as refusal:
        form.add(WHOLE, refusal)
        return await _list_page(request, who, form, status_code=422)
    return unkept(await _list_page(request, who, first_shown(request), secret=secret.shown))


@get(at("/webhooks/{endpoint_id:uuid}"))
async def show_hook(request: Request, endpoint_id: FromPath[UUID]) -> Page:
    """Show an endpoint with its messages."""
    return await _endpoint_page(request, person(request), endpoint_id, first_shown(request))


@post(at("/webhooks/{endpoint_id:uuid}/switch"))
async def switch_hook(request: Request, endpoint_id: FromPath[UUID]) -> Response[None]:
    """Send to an endpoint no longer, or again."""
    who = person(request)
    owner = who.partner.id
    async with request.transaction() as tx:
        endpoint = await webhooks.get_endpoint(tx, endpoint_id=endpoint_id, owner=owner)
        is_on = endpoint.state is EndpointState.ACTIVE
        switch = webhooks.disable_endpoint if is_on else webhooks.enable_endpoint
        await switch(
            tx, endpoint_id=endpoint_id, owner=owner, by=who.actor, now=request.received_at
        )
    return done(request, f"/webhooks/{endpoint_id}")


@post(at("/webhooks/{endpoint_id:uuid}/remove"))
async def remove_hook(request: Request, endpoint_id: FromPath[UUID]) -> Response[None]:
    """Remove an endpoint; what waits for it is called off."""
    who = person(request)
    async with request.transaction() as tx:
        await webhooks.remove_endpoint(
            tx,
            endpoint_id=endpoint_id,
            owner=who.partner.id,
            by=who.actor,
            now=request.received_at,
        )
    return done(request, "/webhooks", "ended")


@post(at("/webhooks/{endpoint_id:uuid}/test"))
async def test_hook(request: Request, endpoint_id: FromPath[UUID]) -> Response[None] | Page:
    """Send a test message and lead to it."""
    who = person(request)
    try:
        async with request.transaction() as tx:
            message_id = await webhooks.send_test(
                tx, endpoint_id=endpoint_id, owner=who.partner.id, now=request.received_at
            )
    except webhooks.EndpointOff as refusal:
        return await _refused(request, who, endpoint_id, refusal)
    return done(request, f"/webhooks/messages/{message_id}", "sent")


@post(at("/webhooks/{endpoint_id:uuid}/secret"))
async def rotate_hook(request: Request, endpoint_id: FromPath[UUID]) -> Page:
    """Make a new secret and show it, this once; the former signs beside it for a day."""
    who = person(request)
    async with request.transaction() as tx:
        secret = await webhooks.rotate_secret(
            tx,
            endpoint_id=endpoint_id,
            owner=who.partner.id,
            key=request.context.settings.secret_key.reveal().encode(),
            by=who.actor,
            now=request.received_at,
        )
    return unkept(
        await _endpoint_page(request, who, endpoint_id, first_shown(request), secret=secret.shown)
    )


@post(at("/webhooks/{endpoint_id:uuid}/replay"))
async def replay_hook(request: Request, endpoint_id: FromPath[UUID]) -> Response[None] | Page:
    """Send again what did not arrive in the last week."""
    who = person(request)
    try:
        async with request.transaction() as tx:
            await webhooks.replay_since(
                tx,
                endpoint_id=endpoint_id,
                owner=who.partner.id,
                since=request.received_at - timedelta(days=7),
                only_undelivered=True,
                by=who.actor,
                now=request.received_at,
            )
    except (webhooks.EndpointOff, webhooks.TooMuchToReplay) as refusal:
        return await _refused(request, who, endpoint_id, refusal)
    return done(request, f"/webhooks/{endpoint_id}", "replayed")


@get(at("/webhooks/messages/{message_id:uuid}"))
async def show_message(request: Request, message_id: FromPath[UUID]) -> Page:
    """Show a message, what is sent and its attempts."""
    return await _message_page(request, person(request), message_id, first_shown(request))


@post(at("/webhooks/messages/{message_id:uuid}/replay"))
async def replay_message(request: Request, message_id: FromPath[UUID]) -> Response[None] | Page:
    """Send a message again."""
    who = person(request)
    try:
        async with request.transaction() as tx:
            await webhooks.replay_message(
                tx,
                message_id=message_id,
                owner=who.partner.id,
                by=who.actor,
                now=request.received_at,
            )
    except webhooks.EndpointOff as refusal:
        form = first_shown(request)
        form.add(WHOLE, refusal)
        return await _message_page(request, who, message_id, form, status_code=409)
    return done(request, f"/webhooks/messages/{message_id}", "replayed")


async def _refused(request: Request, who: Person, endpoint_id: UUID, refusal: HansaError) -> Page:
    form = first_shown(request)
    form.add(WHOLE, refusal)
    return await _endpoint_page(request, who, endpoint_id, form, status_code=409)


async def _list_page(
    request: Request, who: Person, form: Form[Any], *, secret: str = "", status_code: int = 200
) -> Page:
    async with request.snapshot() as snap:
        found = await webhooks.list_endpoints(snap, owner=who.partner.id, limit=PAGE_ROWS)
    return show(
        request,
        who,
        "hooks.html",
        status_code=status_code,
        form=form,
        secret=secret,
        rows=[_endpoint(request, one) for one in found],
        **await _messages(request, who, None),
    )


async def _endpoint_page(
    request: Request,
    who: Person,
    endpoint_id: UUID,
    form: Form[Any],
    *,
    secret: str = "",
    status_code: int = 200,
) -> Page:
    async with request.snapshot() as snap:
        endpoint = await webhooks.get_endpoint(snap, endpoint_id=endpoint_id, owner=who.partner.id)
    return show(
        request,
        who,
        "hook.html",
        status_code=status_code,
        form=form,
        secret=secret,
        endpoint=_endpoint(request, endpoint),
        **await _messages(request, who, endpoint_id),
    )


async def _message_page(
    request: Request, who: Person, message_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    async with request.snapshot() as snap:
        message, attempts = await webhooks.get_message(
            snap, message_id=message_id, owner=who.partner.id
        )
    return show(
        request,
        who,
        "message.html",
        status_code=status_code,
        form=form,
        message=_message(request, message),
        body=msgspec.json.format(message.body, indent=2).decode(),
        attempts=[
            (
                format_moment(one.began_at, request.language, zone_of(request)),
                str(one.status or one.code),
                not one.code,
                one.answer,
            )
            for one in attempts
        ],
    )


async def _messages(request: Request, who: Person, endpoint_id: UUID | None) -> dict[str, Any]:
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(UUID,))
    async with request.snapshot(single=True) as snap:
        found = await webhooks.list_messages(
            snap,
            owner=who.partner.id,
            endpoint_id=endpoint_id,
            before=after[0] if after else None,
            limit=PAGE_ROWS + 1,
        )
    shown, cursor = request.page_of(found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.id,))
    return {
        "messages": [_message(request, one) for one in shown],
        "next_url": f"{request.visit.path}?after={cursor}" if cursor else None,
    }


def _message(request: Request, one: webhooks.Message) -> dict[str, Any]:
    label, tone = STATES[one.state]
    return {
        "url": home(request, f"/webhooks/messages/{one.id}"),
        "type": one.type,
        "subject": one.subject,
        "written": format_moment(one.created_at, request.language, zone_of(request)),
        "state": words(request)(label),
        "tone": tone,
        "code": one.code,
        "failures": one.failures,
    }


def _endpoint(request: Request, one: webhooks.Endpoint) -> dict[str, Any]:
    translate = words(request)
    is_active = one.state is EndpointState.ACTIVE
    if not is_active:
        state, tone = translate("off"), "bad"
    elif one.failing_since is not None:
        state, tone = translate("fails"), "warn"
    else:
        state, tone = translate("works"), "good"
    return {
        "here": home(request, f"/webhooks/{one.id}"),
        "title": one.description or urlsplit(one.url).hostname or one.url,
        "url": one.url,
        "types": ", ".join(one.event_types),
        "is_active": is_active,
        "state": state,
        "tone": tone,
        "arrived": format_moment(one.delivered_at, request.language, zone_of(request)),
    }


ROUTES = (
    list_hooks,
    add_hook,
    show_hook,
    switch_hook,
    remove_hook,
    test_hook,
    rotate_hook,
    replay_hook,
    show_message,
    replay_message,
)
