"""Who works here: users, what they may do, their sessions."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.text import pick
from hansa.modules import accounts
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import (
    PAGE_ROWS,
    address,
    asked,
    done,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/users"
TABS = (
    ("People", HOME, "accounts.view"),
    ("Roles", "/office/roles", "accounts.view"),
    ("API keys", "/office/api-keys", "accounts.view"),
    ("OAuth 2 clients", "/office/oauth-clients", "accounts.manage_clients"),
)
_CURSOR = "office.users"
_PLACES = {
    "accounts.email_invalid": "email",
    "accounts.email_taken": "email",
    "accounts.password_weak": "password",
}
# The first that fits counts: most of them also say that they are Chrome and Safari.
_BROWSERS = (
    ("YaBrowser", "Yandex Browser"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_Short = Annotated[str, msgspec.Meta(max_length=200)]


class NewUser(msgspec.Struct):
    """Somebody who begins to work here; without a password they get a link to set one."""

    email: Annotated[str, msgspec.Meta(max_length=254)] = ""
    name: _Short = ""
    password: _Short = ""
    roles: list[str] = []


class UserFields(msgspec.Struct):
    """What may be changed of a user."""

    name: _Short = ""
    roles: list[str] = []
    is_active: bool = False


def tabs_of(request: Request, current: str) -> list[dict[str, object]]:
    """Give the tabs of the pages about who may do what."""
    actor = request.actor
    return [
        {"label": words(request)(label), "href": href, "current": href == current}
        for label, href, permission in TABS
        if actor is not None and actor.may(permission)
    ]


@get("/office/users")
async def list_users(request: Request) -> Page:
    """Show who works here."""
    staff(request, "accounts.view")
    search = asked(request, "q")
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(UUID,))
    async with request.snapshot() as snap:
        found = await accounts.list_users(
            snap, search=search, after=after[0] if after else None, limit=PAGE_ROWS + 1
        )
        titles = {one.code: one.title for one in await accounts.list_roles(snap)}
    shown, cursor = request.page_of(found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.id,))
    language, zone = request.language, zone_of(request)
    return show(
        request,
        "users.html",
        tabs=tabs_of(request, HOME),
        search=search,
        rows=[
            {
                "user": one,
                "url": f"{HOME}/{one.id}",
                "name": one.name or one.email,
                "roles": ", ".join(
                    pick(titles.get(code, {"en": code}), language) for code in one.roles
                ),
                "seen": format_moment(one.last_sign_in_at, language, zone),
            }
            for one in shown
        ],
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


@get("/office/users/new")
async def show_new(request: Request) -> Page:
    """Show the form that lets somebody in."""
    staff(request, "accounts.edit")
    return await _new_page(request, first_shown(request))


@post("/office/users/new")
async def create(request: Request) -> Response[None] | Page:
    """Let somebody in; without a password they are sent a link to set one."""
    actor = staff(request, "accounts.edit")
    form = await read_form(request, NewUser)
    if form.value is not None:
        wanted = form.value
        try:
            async with request.transaction() as tx:
                await accounts.check_may_give(tx, actor=actor, roles=wanted.roles)
                user = await accounts.create_user(
                    tx,
                    email=wanted.email,
                    password=wanted.password or None,
                    kind="staff",
                    roles=wanted.roles,
                    name=wanted.name,
                    password_characters_min=request.context.settings.password_characters_min,
                    by=actor,
                    now=request.received_at,
                )
                if not wanted.password:
                    await accounts.request_password_reset(
                        tx, email=user.email, kind="staff", now=request.received_at
                    )
            notice = "created" if wanted.password else "invited"
            return done(request, f"{HOME}/{user.id}", notice)
        except HansaError as refusal:
            form.add(_PLACES.get(refusal.code, "roles"), refusal)
    return await _new_page(request, form, status_code=422)


@get("/office/users/{user_id:uuid}")
async def show_user(request: Request, user_id: FromPath[UUID]) -> Page:
    """Show a user."""
    staff(request, "accounts.view")
    return await _user_page(request, user_id)


@post("/office/users/{user_id:uuid}")
async def save_user(request: Request, user_id: FromPath[UUID]) -> Response[None] | Page:
    """Save name, roles and whether they may come in; switched off, their sessions end."""
    actor = staff(request, "accounts.edit")
    form = await read_form(request, UserFields)
    if form.value is not None:
        wanted = form.value
        try:
            async with request.transaction() as tx:
                before = await _staff_member(tx, user_id)
                await accounts.check_may_give(tx, actor=actor, roles=before.roles)
                await accounts.check_may_give(tx, actor=actor, roles=wanted.roles)
                await accounts.set_roles(
                    tx, user_id=user_id, roles=wanted.roles, by=actor, now=request.received_at
                )
                await accounts.save_user(
                    tx,
                    user_id=user_id,
                    name=wanted.name,
                    is_active=wanted.is_active,
                    by=actor,
                    now=request.received_at,
                )
            return done(request, f"{HOME}/{user_id}")
        except HansaError as refusal:
            form.add("roles", refusal)
    return await _user_page(request, user_id, form, status_code=422)


@post("/office/users/{user_id:uuid}/sessions/end")
async def end_sessions(request: Request, user_id: FromPath[UUID]) -> Response[None]:
    """Sign a user out everywhere."""
    actor = staff(request, "accounts.edit")
    async with request.transaction() as tx:
        user = await _staff_member(tx, user_id)
        await accounts.check_may_give(tx, actor=actor, roles=user.roles)
        await accounts.end_sessions(tx, user_id=user_id, now=request.received_at)
        await accounts.record(
            tx,
            actor=actor,
            action="accounts.end_sessions",
            subject_kind="user",
            subject_id=user_id,
            now=request.received_at,
        )
    return done(request, f"{HOME}/{user_id}", "signed_out")


@post("/office/users/{user_id:uuid}/two-factor/remove")
async def remove_two_factor(request: Request, user_id: FromPath[UUID]) -> Response[None]:
    """Switch a second factor off for somebody who lost telephone and recovery codes."""
    actor = staff(request, "accounts.edit")
    async with request.transaction() as tx:
        user = await _staff_member(tx, user_id)
        await accounts.check_may_give(tx, actor=actor, roles=user.roles)
        await accounts.remove_two_factor(tx, user_id=user_id, by=actor, now=request.received_at)
        await accounts.end_sessions(tx, user_id=user_id, now=request.received_at)
    return done(request, f"{HOME}/{user_id}")


@post("/office/users/{user_id:uuid}/link")
async def send_link(request: Request, user_id: FromPath[UUID]) -> Response[None]:
    """Send a user a link to set a new password."""
    staff(request, "accounts.edit")
    async with request.transaction() as tx:
        user = await _staff_member(tx, user_id)
        await accounts.request_password_reset(
            tx, email=user.email, kind="staff", now=request.received_at
        )
    return done(request, f"{HOME}/{user_id}", "invited")


async def _staff_member(snap: Snapshot, user_id: UUID) -> accounts.User:
    user = await accounts.get_user(snap, user_id=user_id)
    if user.kind != "staff":
        raise accounts.NoSuchUser
    return user


async def _new_page(request: Request, form: Form[Any], *, status_code: int = 200) -> Page:
    async with request.snapshot(single=True) as snap:
        roles = await accounts.list_roles(snap)
    return show(
        request,
        "user_new.html",
        status_code=status_code,
        form=form,
        roles=_role_choices(request, roles),
        characters_min=request.context.settings.password_characters_min,
    )


async def _user_page(
    request: Request, user_id: UUID, form: Form[Any] | None = None, *, status_code: int = 200
) -> Page:
    async with request.snapshot() as snap:
        user = await _staff_member(snap, user_id)
        roles = await accounts.list_roles(snap)
        sessions = await accounts.list_sessions(snap, user_id=user_id, now=request.received_at)
    return show(
        request,
        "user.html",
        status_code=status_code,
        user=user,
        form=form
        or first_shown(
            request,
            name=user.name,
            roles=list(user.roles),
            is_active="1" if user.is_active else None,
        ),
        roles=_role_choices(request, roles),
        sessions=session_rows(request, sessions),
    )


def session_rows(request: Request, sessions: list[accounts.Session]) -> list[dict[str, Any]]:
    """Give sessions as tables show them; the one of this browser is marked."""
    this = request.actor.session_id if request.actor else None
    return [
        {
            "id": one.id,
            "agent": browser_name(one.agent) or words(request)("A browser"),
            "address": one.address,
            "seen": format_moment(one.seen_at, request.language, zone_of(request)),
            "began": format_moment(one.created_at, request.language, zone_of(request)),
            "is_this": one.id == this,
        }
        for one in sessions
    ]


def browser_name(agent: str) -> str:
    """Give the browser and the system of a `User-Agent`, as far as they are known."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    return ", ".join(part for part in (browser, system) if part) or agent[:60]


def _role_choices(request: Request, roles: list[accounts.Role]) -> list[tuple[str, str, bool]]:
    """Give code, title and whether the one who asks may give the role."""
    actor = request.actor
    return [
        (
            one.code,
            pick(one.title, request.language),
            actor is not None and all(actor.may(permission) for permission in one.permissions),
        )
        for one in roles
    ]
