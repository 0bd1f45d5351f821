"""Programs of the partner: clients with their secrets, for real or for the sandbox."""

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.modules import accounts
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment
from hansa.runtime.http import Request
from hansa.surfaces.partner_cabinet.shell import (
    PAGE_ROWS,
    SCOPES,
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

OVERLAPS = (("168", "a week"), ("24", "a day"), ("0", "not at all"))


class ClientFields(msgspec.Struct):
    """A client as it is typed."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    scopes: list[str] = []
    is_sandbox: bool = False


class RotationFields(msgspec.Struct):
    """How long the old secrets still work."""

    overlap_hours: Literal["0", "24", "168"] = "168"


@get(at("/keys"))
async def list_keys(request: Request) -> Page:
    """Show the clients and the form of a new one."""
    return await _list_page(request, person(request), first_shown(request))


@post(at("/keys"))
async def create_key(request: Request) -> Page:
    """Make a client and show its secret, this once."""
    who = person(request)
    form = await read_form(request, ClientFields)
    if form.value is None:
        return await _list_page(request, who, form, status_code=422)
    wanted = form.value
    try:
        async with request.transaction() as tx:
            client, secret = await accounts.create_client(
                tx,
                name=wanted.name,
                scopes=wanted.scopes,
                partner_id=who.partner.id,
                is_sandbox=wanted.is_sandbox,
                at_most=[code for code, _ in SCOPES],
                by=who.actor,
                now=request.received_at,
            )
    except HansaError as refusal:
        form.add("scopes", refusal)
        return await _list_page(request, who, form, status_code=422)
    page = await _list_page(
        request, who, first_shown(request), secret=secret or "", public_id=client.public_id
    )
    return unkept(page)


@get(at("/keys/{client_id:uuid}"))
async def show_key(request: Request, client_id: FromPath[UUID]) -> Page:
    """Show a client with its secrets."""
    return await _client_page(request, person(request), client_id, first_shown(request))


@post(at("/keys/{client_id:uuid}/secrets"))
async def rotate(request: Request, client_id: FromPath[UUID]) -> Page:
    """Make a new secret and show it, this once."""
    who = person(request)
    form = await read_form(request, RotationFields)
    if form.value is None:
        return await _client_page(request, who, client_id, form, status_code=422)
    try:
        async with request.transaction() as tx:
            _, secret = await accounts.rotate_secret(
                tx,
                client_id=client_id,
                partner_id=who.partner.id,
                overlap=timedelta(hours=int(form.value.overlap_hours)),
                by=who.actor,
                now=request.received_at,
            )
    except accounts.TooManyProofs as refusal:
        form.add("overlap_hours", refusal)
        return await _client_page(request, who, client_id, form, status_code=422)
    return unkept(await _client_page(request, who, client_id, first_shown(request), secret=secret))


@post(at("/keys/{client_id:uuid}/revoke"))
async def revoke(request: Request, client_id: FromPath[UUID]) -> Response[None]:
    """End a client."""
    who = person(request)
    async with request.transaction() as tx:
        await accounts.revoke_client(
            tx,
            client_id=client_id,
            partner_id=who.partner.id,
            by=who.actor,
            now=request.received_at,
        )
    return done(request, "/keys", "ended")


async def _list_page(
    request: Request,
    who: Person,
    form: Form[Any],
    *,
    secret: str = "",
    public_id: str = "",
    status_code: int = 200,
) -> Page:
    async with request.snapshot() as snap:
        found = await accounts.list_clients(
            snap, partner_id=who.partner.id, limit=PAGE_ROWS, now=request.received_at
        )
    translate = words(request)
    return show(
        request,
        who,
        "keys.html",
        status_code=status_code,
        form=form,
        secret=secret,
        public_id=public_id,
        scopes=[(code, translate(title)) for code, title in SCOPES],
        rows=[
            {
                "client": one,
                "url": home(request, f"/keys/{one.id}"),
                "used": format_moment(one.used_at, request.language, zone_of(request)),
            }
            for one in found
        ],
    )


async def _client_page(
    request: Request,
    who: Person,
    client_id: UUID,
    form: Form[Any],
    *,
    secret: str = "",
    status_code: int = 200,
) -> Page:
    async with request.snapshot() as snap:
        client = await accounts.get_client(
            snap, client_id=client_id, partner_id=who.partner.id, now=request.received_at
        )
    translate, language, zone = words(request), request.language, zone_of(request)
    titles = dict(SCOPES)
    return show(
        request,
        who,
        "key.html",
        status_code=status_code,
        client=client,
        url=home(request, f"/keys/{client_id}"),
        form=form,
        secret=secret,
        scopes=[translate(titles.get(code, code)) for code in client.scopes],
        overlaps=[(value, translate(label)) for value, label in OVERLAPS],
        secrets=[
            {
                "hint": f"…{one.hint}",
                "made": format_moment(one.created_at, language, zone),
                "ends": format_moment(one.expires_at, language, zone),
            }
            for one in client.secrets
        ],
    )


ROUTES = (list_keys, create_key, show_key, rotate, revoke)
