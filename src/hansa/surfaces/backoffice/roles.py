"""Roles and what they allow, and keys for programs."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.text import pick
from hansa.modules import accounts
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment
from hansa.runtime.http import Actor, PermissionMissing, Request
from hansa.surfaces.backoffice.presenting import (
    by_language,
    done,
    localised,
    names_of,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff
from hansa.surfaces.backoffice.users import tabs_of

HOME = "/office/roles"
KEYS = "/office/api-keys"
AREAS = {
    "accounts": "People and roles",
    "catalog": "Catalogue",
    "checkout": "Checkout",
    "drops": "Drops",
    "erp": "1C exchange",
    "fulfilment": "Questions to shops",
    "loyalty": "Loyalty",
    "markets": "Markets",
    "notifications": "Campaigns",
    "orders": "Orders",
    "parties": "Customers",
    "payments": "Payments",
    "pricing": "Prices",
    "promotions": "Gifts",
    "receipts": "Receipts",
    "retailcrm": "RetailCRM",
    "rollout": "Roll-out",
    "runtime": "Events and jobs",
    "search": "Search",
    "stock": "Stock",
    "webhooks": "Webhooks",
}
_Short = Annotated[str, msgspec.Meta(max_length=200)]


class RoleFields(msgspec.Struct):
    """A role as it is typed."""

    code: Annotated[str, msgspec.Meta(max_length=64)] = ""
    title_ru: _Short = ""
    title_en: _Short = ""
    permissions: list[str] = []


class KeyFields(msgspec.Struct):
    """A key as it is typed."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    scopes: list[str] = []
    expires_on: date | None = None


@get("/office/roles")
async def list_roles(request: Request) -> Page:
    """Show every role with what it allows, as a matrix."""
    staff(request, "accounts.view")
    async with request.snapshot(single=True) as snap:
        roles = await accounts.list_roles(snap)
    return show(
        request,
        "roles.html",
        tabs=tabs_of(request, HOME),
        roles=[
            {
                "code": one.code,
                "title": pick(one.title, request.language),
                "users": one.users,
                "is_built_in": one.is_built_in,
                "url": f"{HOME}/{one.code}",
                "permissions": set(one.permissions),
            }
            for one in roles
        ],
        areas=areas_of(request),
    )


@get("/office/roles/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new role."""
    staff(request, "accounts.edit")
    return _role_page(request, first_shown(request), None)


@post("/office/roles/new")
async def create(request: Request) -> Response[None] | Page:
    """Make a role."""
    actor = staff(request, "accounts.edit")
    form = await read_form(request, RoleFields)
    if form.value is not None:
        async with request.snapshot(single=True) as snap:
            if await accounts.find_role(snap, code=form.value.code) is not None:
                form.add("code", "There is a role with this code already.")
    if form.value is not None and await _save(request, actor, form, form.value.code):
        return done(request, HOME, "created")
    return _role_page(request, form, None, status_code=422)


@get("/office/roles/{code:str}")
async def show_role(request: Request, code: FromPath[str]) -> Page:
    """Show a role."""
    staff(request, "accounts.view")
    role = await _role(request, code)
    form = first_shown(
        request, **by_language("title", role.title), permissions=list(role.permissions)
    )
    return _role_page(request, form, role)


@post("/office/roles/{code:str}")
async def save_role(request: Request, code: FromPath[str]) -> Response[None] | Page:
    """Save what a role allows; counts from the next request of whoever has it."""
    actor = staff(request, "accounts.edit")
    role = await _role(request, code)
    form = await read_form(request, RoleFields)
    if form.value is not None and await _save(request, actor, form, code):
        return done(request, f"{HOME}/{code}")
    return _role_page(request, form, role, status_code=422)


@post("/office/roles/{code:str}/remove")
async def remove_role(request: Request, code: FromPath[str]) -> Response[None] | Page:
    """Delete a role nobody has."""
    actor = staff(request, "accounts.edit")
    role = await _role(request, code)
    form = first_shown(
        request, **by_language("title", role.title), permissions=list(role.permissions)
    )
    try:
        async with request.transaction() as tx:
            await accounts.remove_role(tx, code=code, by=actor, now=request.received_at)
    except accounts.RoleInUse as refusal:
        form.add("", refusal)
        return _role_page(request, form, role, status_code=422)
    return done(request, HOME)


@get("/office/api-keys")
async def list_keys(request: Request) -> Page:
    """Show the keys of programs and the form of a new one."""
    staff(request, "accounts.view")
    return await _keys_page(request, first_shown(request))


@post("/office/api-keys")
async def create_key(request: Request) -> Page:
    """Make a key and show it, this once."""
    actor = staff(request, "accounts.edit")
    form = await read_form(request, KeyFields)
    if form.value is None:
        return await _keys_page(request, form, status_code=422)
    wanted = form.value
    try:
        async with request.transaction() as tx:
            _, secret = await accounts.create_api_key(
                tx,
                name=wanted.name,
                scopes=wanted.scopes,
                by=actor,
                expires_at=_end_of(request, wanted.expires_on),
                known_permissions=request.visit.wiring.permission_codes,
                now=request.received_at,
            )
    except HansaError as refusal:
        form.add("scopes", refusal)
        return await _keys_page(request, form, status_code=422)
    page = await _keys_page(request, first_shown(request), secret=secret, name=wanted.name)
    page.headers["Cache-Control"] = "no-store"
    return page


@post("/office/api-keys/{key_id:uuid}/revoke")
async def revoke_key(request: Request, key_id: FromPath[UUID]) -> Response[None]:
    """End a key."""
    actor = staff(request, "accounts.edit")
    async with request.transaction() as tx:
        await accounts.revoke_api_key(tx, key_id=key_id, by=actor, now=request.received_at)
    return done(request, KEYS, "key_ended")


async def _save(request: Request, actor: Actor, form: Form[RoleFields], code: str) -> bool:
    """Save a role; a refusal is noted in the form."""
    assert form.value is not None, "only a form that could be read is saved"
    wanted = form.value
    for permission in wanted.permissions:
        if not actor.may(permission):
            form.add("permissions", PermissionMissing(permission))
            return False
    try:
        async with request.transaction() as tx:
            await accounts.save_role(
                tx,
                code=code,
                title=localised({}, form, "title") or {"en": code},
                permissions=wanted.permissions,
                known_permissions=request.visit.wiring.permission_codes,
                by=actor,
                now=request.received_at,
            )
    except accounts.RoleInUse as refusal:
        form.add("", refusal)
    except accounts.RoleInvalid:
        form.add(
            "code",
            "The code is Latin letters in lower case, digits and hyphens, a letter first.",
        )
    return form.value is not None


async def _role(request: Request, code: str) -> accounts.Role:
    async with request.snapshot(single=True) as snap:
        role = await accounts.find_role(snap, code=code)
    if role is None:
        raise accounts.NoSuchRole(code)
    return role


def _role_page(
    request: Request, form: Form[Any], role: accounts.Role | None, *, status_code: int = 200
) -> Page:
    return show(
        request,
        "role.html",
        status_code=status_code,
        form=form,
        role=role,
        title=pick(role.title, request.language) if role else "",
        everything=role is not None and "*" in role.permissions,
        areas=areas_of(request),
    )


async def _keys_page(
    request: Request, form: Form[Any], *, secret: str = "", name: str = "", status_code: int = 200
) -> Page:
    async with request.snapshot() as snap:
        found = await accounts.list_api_keys(snap)
        names = await names_of(snap, [one.created_by for one in found])
    language, zone, now = request.language, zone_of(request), request.received_at
    return show(
        request,
        "api_keys.html",
        status_code=status_code,
        tabs=tabs_of(request, KEYS),
        form=form,
        secret=secret,
        name=name,
        areas=areas_of(request),
        rows=[
            {
                "id": one.id,
                "name": one.name,
                "public_id": f"hk_{one.public_id}_…",
                "scopes": one.scopes,
                "by": names.get(one.created_by, "") if one.created_by else "",
                "created": format_moment(one.created_at, language, zone),
                "expires": format_moment(one.expires_at, language, zone),
                "used": format_moment(one.used_at, language, zone),
                "is_good": one.revoked_at is None
                and (one.expires_at is None or one.expires_at > now),
                "is_revoked": one.revoked_at is not None,
            }
            for one in found
        ],
    )


def areas_of(request: Request) -> list[dict[str, Any]]:
    """Give the permissions by what they are about; marked if whoever asks may give them."""
    translate, actor = words(request), request.actor
    found: dict[str, list[dict[str, Any]]] = {}
    for one in request.visit.wiring.permissions:
        found.setdefault(one.code.partition(".")[0], []).append(
            {
                "code": one.code,
                "title": translate(one.title),
                "may_give": actor is not None and actor.may(one.code),
            }
        )
    return [
        {"code": area, "title": translate(AREAS.get(area, area)), "permissions": listed}
        for area, listed in found.items()
    ]


def _end_of(request: Request, day: date | None) -> datetime | None:
    """Give the instant a day ends, by the clock of the market."""
    if day is None or day.year >= date.max.year:
        return None
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone_of(request)))
