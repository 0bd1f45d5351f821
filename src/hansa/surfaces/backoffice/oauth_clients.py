"""Programs of partners that sign in by OAuth 2: their secrets, their keys, what they may do."""

import json
from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.text import pick
from hansa.modules import accounts, loyalty
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import PAGE_ROWS, address, done, show, words, zone_of
from hansa.surfaces.backoffice.roles import areas_of
from hansa.surfaces.backoffice.shell import staff
from hansa.surfaces.backoffice.users import tabs_of

HOME = "/office/oauth-clients"
PERMISSION = "accounts.manage_clients"
_CURSOR = "office.oauth-clients"
_JWK_CHARACTERS_MAX = 5_000
# How long old secrets work beside a new one, in hours, and what it is called.
OVERLAPS = (("168", "a week"), ("24", "a day"), ("720", "30 days"), ("0", "not at all"))


class ClientFields(msgspec.Struct):
    """A client as it is typed; `networks` one a line."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    scopes: list[str] = []
    partner_id: UUID | None = None
    is_sandbox: bool = False
    spend_needs_key: bool = False
    networks: Annotated[str, msgspec.Meta(max_length=2_000)] = ""
    requests_per_minute: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] | None = None


class RotationFields(msgspec.Struct):
    """How long the old secrets still work."""

    overlap_hours: Literal["0", "24", "168", "720"] = "168"


class KeyFields(msgspec.Struct):
    """A public key as it is pasted."""

    jwk: Annotated[str, msgspec.Meta(min_length=1, max_length=_JWK_CHARACTERS_MAX)]


@get(HOME)
async def list_clients(request: Request) -> Page:
    """Show the clients and the form of a new one."""
    staff(request, PERMISSION)
    return await _list_page(request, first_shown(request))


@post(HOME)
async def create_client(request: Request) -> Page:
    """Make a client and show its secret, this once."""
    actor = staff(request, PERMISSION)
    form = await read_form(request, ClientFields)
    if form.value is None:
        return await _list_page(request, form, status_code=422)
    wanted = form.value
    try:
        async with request.transaction() as tx:
            client, secret = await accounts.create_client(
                tx,
                name=wanted.name,
                scopes=wanted.scopes,
                partner_id=wanted.partner_id,
                is_sandbox=wanted.is_sandbox,
                spend_needs_key=wanted.spend_needs_key,
                networks=wanted.networks.split(),
                requests_per_minute=wanted.requests_per_minute,
                known_permissions=request.visit.wiring.permission_codes,
                by=actor,
                now=request.received_at,
            )
    except HansaError as refusal:
        form.add("scopes", refusal)
        return await _list_page(request, form, status_code=422)
    return _unkept(
        await _list_page(
            request, first_shown(request), secret=secret or "", public_id=client.public_id
        )
    )


@get(HOME + "/{client_id:uuid}")
async def show_client(request: Request, client_id: FromPath[UUID]) -> Page:
    """Show a client with its secrets and keys."""
    staff(request, PERMISSION)
    return await _client_page(request, client_id, first_shown(request))


@post(HOME + "/{client_id:uuid}/secrets")
async def rotate_secret(request: Request, client_id: FromPath[UUID]) -> Page:
    """Make a new secret and show it, this once."""
    actor = staff(request, PERMISSION)
    form = await read_form(request, RotationFields)
    if form.value is None:
        return await _client_page(request, client_id, form, status_code=422)
    try:
        async with request.transaction() as tx:
            _, secret = await accounts.rotate_secret(
                tx,
                client_id=client_id,
                overlap=timedelta(hours=int(form.value.overlap_hours)),
                by=actor,
                now=request.received_at,
            )
    except accounts.TooManyProofs as refusal:
        form.add("overlap_hours", refusal)
        return await _client_page(request, client_id, form, status_code=422)
    return _unkept(await _client_page(request, client_id, first_shown(request), secret=secret))


@post(HOME + "/{client_id:uuid}/secrets/{secret_id:uuid}/revoke")
async def revoke_secret(
    request: Request, client_id: FromPath[UUID], secret_id: FromPath[UUID]
) -> Response[None]:
    """End a secret."""
    actor = staff(request, PERMISSION)
    async with request.transaction() as tx:
        await accounts.revoke_secret(
            tx, client_id=client_id, secret_id=secret_id, by=actor, now=request.received_at
        )
    return done(request, f"{HOME}/{client_id}", "secret_ended")


@post(HOME + "/{client_id:uuid}/keys")
async def add_key(request: Request, client_id: FromPath[UUID]) -> Response[None] | Page:
    """Add a public key."""
    actor = staff(request, PERMISSION)
    form = await read_form(request, KeyFields)
    if form.value is None:
        return await _client_page(request, client_id, form, status_code=422)
    try:
        async with request.transaction() as tx:
            await accounts.add_client_key(
                tx,
                client_id=client_id,
                jwk=_jwk_of(form.value.jwk),
                by=actor,
                now=request.received_at,
            )
    except (accounts.KeyUnfit, accounts.KeyThere, accounts.TooManyProofs) as refusal:
        form.add("jwk", refusal)
        return await _client_page(request, client_id, form, status_code=422)
    return done(request, f"{HOME}/{client_id}", "created")


@post(HOME + "/{client_id:uuid}/keys/{key_id:uuid}/remove")
async def remove_key(
    request: Request, client_id: FromPath[UUID], key_id: FromPath[UUID]
) -> Response[None]:
    """Take a public key away."""
    actor = staff(request, PERMISSION)
    async with request.transaction() as tx:
        client = await accounts.get_client(tx, client_id=client_id, now=request.received_at)
        kid = next((one.kid for one in client.keys if one.id == key_id), "")
        await accounts.remove_client_key(
            tx, client_id=client_id, kid=kid, by=actor, now=request.received_at
        )
    return done(request, f"{HOME}/{client_id}", "key_ended")


@post(HOME + "/{client_id:uuid}/revoke")
async def revoke_client(request: Request, client_id: FromPath[UUID]) -> Response[None]:
    """End a client."""
    actor = staff(request, PERMISSION)
    async with request.transaction() as tx:
        await accounts.revoke_client(tx, client_id=client_id, by=actor, now=request.received_at)
    return done(request, HOME, "client_ended")


def _jwk_of(pasted: str) -> dict[str, object]:
    """Read what was pasted: a key, or a set that holds one (`{"keys": [...]}`)."""
    try:
        found = json.loads(pasted)
    except (ValueError, RecursionError) as error:
        raise accounts.KeyUnfit("it is not JSON") from error
    if isinstance(found, dict) and isinstance(found.get("keys"), list) and len(found["keys"]) == 1:
        found = found["keys"][0]
    if not isinstance(found, dict):
        raise accounts.KeyUnfit("it is not a JSON object")
    return found


def _unkept(page: Page) -> Page:
    page.headers["Cache-Control"] = "no-store"
    return page


def _partners(request: Request) -> dict[UUID, str]:
    """Give the names of the partners of the coalition."""
    coalition = request.context.service(loyalty.programmes.Directory).coalition
    return {one.id: pick(one.name, request.language) for one in coalition.partners.values()}


async def _list_page(
    request: Request,
    form: Form[Any],
    *,
    secret: str = "",
    public_id: str = "",
    status_code: int = 200,
) -> Page:
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(UUID,))
    async with request.snapshot() as snap:
        found = await accounts.list_clients(
            snap, after=after[0] if after else None, limit=PAGE_ROWS + 1, now=request.received_at
        )
    shown, cursor = request.page_of(found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.id,))
    partners, translate = _partners(request), words(request)
    return show(
        request,
        "oauth_clients.html",
        status_code=status_code,
        tabs=tabs_of(request, HOME),
        form=form,
        secret=secret,
        public_id=public_id,
        areas=sorted(areas_of(request), key=lambda area: area["code"] != "loyalty"),
        partners=[
            ("", translate("Our own program")),
            *sorted(((str(key), name) for key, name in partners.items()), key=lambda one: one[1]),
        ],
        rows=[
            {
                "client": one,
                "url": f"{HOME}/{one.id}",
                "partner": partners.get(one.partner_id, "") if one.partner_id else "",
                "used": format_moment(one.used_at, request.language, zone_of(request)),
            }
            for one in shown
        ],
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


async def _client_page(
    request: Request,
    client_id: UUID,
    form: Form[Any],
    *,
    secret: str = "",
    status_code: int = 200,
) -> Page:
    async with request.snapshot() as snap:
        client = await accounts.get_client(snap, client_id=client_id, now=request.received_at)
    language, zone, translate = request.language, zone_of(request), words(request)
    titles = {one.code: translate(one.title) for one in request.visit.wiring.permissions}
    return show(
        request,
        "oauth_client.html",
        status_code=status_code,
        form=form,
        secret=secret,
        client=client,
        url=f"{HOME}/{client.id}",
        partner=_partners(request).get(client.partner_id, "") if client.partner_id else "",
        scopes=[titles.get(code, code) for code in client.scopes],
        used=format_moment(client.used_at, language, zone),
        ended=format_moment(client.revoked_at, language, zone),
        per_minute=client.requests_per_minute
        or request.context.settings.rate_limit_client_requests_per_minute,
        overlaps=[(hours, translate(label)) for hours, label in OVERLAPS],
        secrets=[
            {
                "id": one.id,
                "hint": f"hcs_…{one.hint}",
                "made": format_moment(one.created_at, language, zone),
                "ends": format_moment(one.expires_at, language, zone),
            }
            for one in client.secrets
        ],
        keys=[
            {
                "id": one.id,
                "kid": one.kid,
                "kind": one.jwk.get("crv") or one.jwk["kty"],
                "made": format_moment(one.created_at, language, zone),
            }
            for one in client.keys
        ],
    )


ROUTES = (
    list_clients,
    create_client,
    show_client,
    rotate_secret,
    revoke_secret,
    add_key,
    remove_key,
    revoke_client,
)
