"""Telling a system of a partner about events: an endpoint added, changed, removed."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.text import pick
from hansa.modules import webhooks
from hansa.modules.loyalty import programmes
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.forms import WHOLE
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import done, show, words
from hansa.surfaces.backoffice.shell import staff
from hansa.surfaces.backoffice.webhooks import EDIT, HOME, endpoint_page

EVERYTHING = "loyalty.*"


class EndpointFields(msgspec.Struct):
    """An endpoint as it is typed; `event_types` one a line."""

    url: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    owner: Annotated[str, msgspec.Meta(max_length=60)] = ""
    event_types: Annotated[str, msgspec.Meta(max_length=5000)] = ""
    description: Annotated[str, msgspec.Meta(max_length=500)] = ""
    calls_max: int = 4


@get(HOME + "/endpoints/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new endpoint."""
    staff(request, EDIT)
    return _page(request, None, first_shown(request, event_types=EVERYTHING, calls_max="4"))


@post(HOME + "/endpoints/new")
async def add(request: Request) -> Page:
    """Add an endpoint; its secret is on the page that answers and nowhere else."""
    by = staff(request, EDIT)
    form = await read_form(request, EndpointFields)
    partner = _partners(request).get(form.text("owner"))
    if partner is None:
        form.add("owner", "This field is required.")
    if form.value is None or partner is None:
        return _page(request, None, form, status_code=422)
    settings = request.context.settings
    try:
        async with request.transaction() as tx:
            endpoint, secret = await webhooks.add_endpoint(
                tx,
                owner=partner.id,
                url=form.value.url,
                event_types=form.value.event_types.split(),
                description=form.value.description,
                calls_max=form.value.calls_max,
                key=settings.secret_key.reveal().encode(),
                is_production=settings.environment == "production",
                by=by,
                now=request.received_at,
            )
    except webhooks.EndpointInvalid as refusal:
        form.add(refusal.field, refusal)
        return _page(request, None, form, status_code=422)
    except webhooks.TooManyEndpoints as refusal:
        form.add(WHOLE, refusal)
        return _page(request, None, form, status_code=409)
    page = await endpoint_page(request, endpoint.id, first_shown(request), secret=secret.shown)
    page.headers["Cache-Control"] = "no-store"
    return page


@get(HOME + "/endpoints/{endpoint_id:uuid}/settings")
async def show_form(request: Request, endpoint_id: FromPath[UUID]) -> Page:
    """Show what is told of an endpoint."""
    staff(request, EDIT)
    held = await _endpoint(request, endpoint_id)
    form = first_shown(
        request,
        url=held.url,
        event_types="\n".join(held.event_types),
        description=held.description,
        calls_max=str(held.calls_max),
    )
    return _page(request, held, form)


@post(HOME + "/endpoints/{endpoint_id:uuid}/settings")
async def change(request: Request, endpoint_id: FromPath[UUID]) -> Response[None] | Page:
    """Change address, events and name; what waits goes to the new address."""
    by = staff(request, EDIT)
    held = await _endpoint(request, endpoint_id)
    form = await read_form(request, EndpointFields)
    if form.value is not None:
        try:
            async with request.transaction() as tx:
                await webhooks.change_endpoint(
                    tx,
                    endpoint_id=endpoint_id,
                    url=form.value.url,
                    event_types=form.value.event_types.split(),
                    description=form.value.description,
                    calls_max=form.value.calls_max,
                    is_production=request.context.settings.environment == "production",
                    by=by,
                    now=request.received_at,
                )
        except webhooks.EndpointInvalid as refusal:
            form.add(refusal.field, refusal)
        else:
            return done(request, f"{HOME}/endpoints/{endpoint_id}")
    return _page(request, held, form, status_code=422)


@post(HOME + "/endpoints/{endpoint_id:uuid}/remove")
async def remove(request: Request, endpoint_id: FromPath[UUID]) -> Response[None]:
    """Remove an endpoint with its secrets; what was sent stays to be seen."""
    by = staff(request, EDIT)
    async with request.transaction() as tx:
        await webhooks.remove_endpoint(tx, endpoint_id=endpoint_id, by=by, now=request.received_at)
    return done(request, HOME, "endpoint_removed")


async def _endpoint(request: Request, endpoint_id: UUID) -> webhooks.Endpoint:
    async with request.snapshot(single=True) as snap:
        return await webhooks.get_endpoint(snap, endpoint_id=endpoint_id)


def _partners(request: Request) -> dict[str, programmes.Partner]:
    """Give who can own an endpoint: the partners whose events are sent, by code."""
    found = request.context.service(programmes.Directory).coalition.partners.values()
    return {one.code: one for one in found if one.is_active}


def _page(
    request: Request,
    held: webhooks.Endpoint | None,
    form: Form[Any],
    *,
    status_code: int = 200,
) -> Page:
    here = f"{HOME}/endpoints/{held.id}" if held else ""
    partners = [
        (code, pick(one.name, request.language)) for code, one in _partners(request).items()
    ]
    return show(
        request,
        "webhook_form.html",
        status_code=status_code,
        title=(held.description or held.url) if held else "",
        here=here,
        action=f"{here}/settings" if held else f"{HOME}/endpoints/new",
        partners=[("", words(request)("Choose")), *partners],
        form=form,
    )


ROUTES = (show_new, add, show_form, change, remove)
