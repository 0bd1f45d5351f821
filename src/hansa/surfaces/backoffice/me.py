"""One's own page: name, password, second factor, sessions; and a new password by a link."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from markupsafe import Markup

from hansa.kernel.errors import HansaError
from hansa.modules import accounts
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import PUBLIC, Request, TooManyRequests, go_to
from hansa.surfaces.backoffice.presenting import done, show
from hansa.surfaces.backoffice.shell import staff
from hansa.surfaces.backoffice.users import session_rows

HOME = "/office/me"
_WHY = {PUBLIC: "whoever forgot the password cannot sign in"}


class NameFields(msgspec.Struct):
    """What colleagues see."""

    name: Annotated[str, msgspec.Meta(max_length=200)] = ""


class PasswordFields(msgspec.Struct):
    """The password one has and the one wanted."""

    password_now: Annotated[str, msgspec.Meta(max_length=200)] = ""
    password_new: Annotated[str, msgspec.Meta(max_length=200)] = ""


class CodeFields(msgspec.Struct):
    """A code of the authenticator application."""

    code: Annotated[str, msgspec.Meta(max_length=40)] = ""


class LinkFields(msgspec.Struct):
    """Whom to send a link."""

    email: Annotated[str, msgspec.Meta(max_length=254)] = ""


class ResetFields(msgspec.Struct):
    """The secret of a link and the new password."""

    token: Annotated[str, msgspec.Meta(max_length=200)] = ""
    password: Annotated[str, msgspec.Meta(max_length=200)] = ""


@get("/office/me")
async def show_me(request: Request) -> Page:
    """Show one's own page."""
    staff(request)
    return await _page(request)


@post("/office/me")
async def save_me(request: Request) -> Response[None] | Page:
    """Save one's name."""
    actor = staff(request)
    form = await read_form(request, NameFields)
    if form.value is None:
        return await _page(request, named=form, status_code=422)
    async with request.transaction() as tx:
        await accounts.save_user(
            tx, user_id=actor.id, name=form.value.name, by=actor, now=request.received_at
        )
    return done(request, HOME)


@post("/office/me/password")
async def change_password(request: Request) -> Response[None] | Page:
    """Set a new password; other browsers are signed out."""
    actor = staff(request)
    form = await read_form(request, PasswordFields)
    if form.value is not None:
        wanted = form.value
        try:
            async with request.snapshot(single=True) as snap:
                user = await accounts.get_user(snap, user_id=actor.id)
            await accounts.check_password(
                request, email=user.email, password=wanted.password_now, kind="staff"
            )
            async with request.transaction() as tx:
                await accounts.set_password(
                    tx,
                    user_id=actor.id,
                    password=wanted.password_new,
                    password_characters_min=request.context.settings.password_characters_min,
                    keep_session=actor.session_id,
                    by=actor,
                    now=request.received_at,
                )
            return done(request, HOME, "password")
        except accounts.WrongPassword:
            form.add("password_now", "The password is wrong.")
        except accounts.PasswordWeak as refusal:
            form.add("password_new", refusal)
        except TooManyRequests as refusal:
            form.add("", refusal)
    return await _page(request, password=form, status_code=422)


@post("/office/me/sessions/{session_id:uuid}/end")
async def end_session(request: Request, session_id: FromPath[UUID]) -> Response[None]:
    """Sign another browser of one's own out."""
    actor = staff(request)
    async with request.transaction() as tx:
        await accounts.revoke_session(
            tx, session_id=session_id, user_id=actor.id, now=request.received_at
        )
    return done(request, HOME, "signed_out")


@post("/office/me/two-factor")
async def begin_two_factor(request: Request) -> Response[None] | Page:
    """Make a secret and show it as a picture to photograph; it counts once confirmed."""
    actor = staff(request)
    try:
        async with request.transaction() as tx:
            secret, address = await accounts.begin_two_factor(
                tx,
                user_id=actor.id,
                secret_key=request.visit.wiring.secret,
                now=request.received_at,
            )
    except accounts.TwoFactorState:
        return go_to(request, HOME)
    return _secret(await _page(request, secret=secret, address=address))


@post("/office/me/two-factor/confirm")
async def confirm_two_factor(request: Request) -> Response[None] | Page:
    """Switch the second factor on with a first code; show the recovery codes, this once."""
    actor = staff(request)
    form = await read_form(request, CodeFields)
    try:
        async with request.transaction() as tx:
            codes = await accounts.confirm_two_factor(
                tx,
                user_id=actor.id,
                code=form.text("code"),
                secret_key=request.visit.wiring.secret,
                by=actor,
                now=request.received_at,
            )
    except accounts.TwoFactorState:
        return go_to(request, HOME)
    except accounts.CodeWrong as wrong:
        form.add("code", wrong)
        return await _page(request, code=form, status_code=422)
    return _secret(await _page(request, codes=codes))


@post("/office/me/two-factor/remove")
async def remove_two_factor(request: Request) -> Response[None] | Page:
    """Switch one's own second factor off with a last code."""
    actor = staff(request)
    form = await read_form(request, CodeFields)
    try:
        await accounts.count_attempt(
            request.context,
            scope=f"code:{actor.id}",
            address=request.client_address,
            now=request.received_at,
        )
        async with request.transaction() as tx:
            await accounts.use_code(
                tx,
                user_id=actor.id,
                code=form.text("code"),
                secret_key=request.visit.wiring.secret,
                now=request.received_at,
            )
            await accounts.remove_two_factor(
                tx, user_id=actor.id, by=actor, now=request.received_at
            )
    except (accounts.CodeWrong, TooManyRequests) as refusal:
        form.add("code", refusal)
        return await _page(request, code=form, status_code=422)
    return done(request, HOME)


@get("/office/forgotten", opt=_WHY)
async def show_forgotten(request: Request) -> Page:
    """Show the form that sends a link."""
    return _reset_page(first_shown(request))


@post("/office/forgotten", opt=_WHY)
async def send_link(request: Request) -> Page:
    """Send a link for a new password; the answer does not tell whether there is such a user."""
    form = await read_form(request, LinkFields)
    if form.value is not None:
        try:
            await accounts.count_attempt(
                request.context,
                scope=f"reset:{form.value.email.strip().lower()}",
                address=request.client_address,
                now=request.received_at,
            )
            async with request.transaction() as tx:
                await accounts.request_password_reset(
                    tx, email=form.value.email, kind="staff", now=request.received_at
                )
            return _reset_page(first_shown(request), sent=True)
        except TooManyRequests as refusal:
            form.add("email", refusal)
    return _reset_page(form, status_code=422)


@get("/office/password-reset/{token:str}", opt=_WHY)
async def show_new_password(request: Request, token: FromPath[str]) -> Page:
    """Show the form a link leads to."""
    return _reset_page(first_shown(request), token=token)


@post("/office/new-password", opt=_WHY)
async def set_new_password(request: Request) -> Response[None] | Page:
    """Set a new password by a link."""
    form = await read_form(request, ResetFields)
    if form.value is not None:
        try:
            async with request.transaction() as tx:
                await accounts.reset_password(
                    tx,
                    token=form.value.token,
                    password=form.value.password,
                    password_characters_min=request.context.settings.password_characters_min,
                    now=request.received_at,
                )
            return go_to(request, "/office/sign-in")
        except accounts.PasswordWeak as refusal:
            form.add("password", refusal)
        except HansaError as refusal:
            form.add("", refusal)
    return _reset_page(form, token=form.text("token"), status_code=422)


def _reset_page(
    form: Form[Any], *, sent: bool = False, token: str = "", status_code: int = 200
) -> Page:
    return Page("backoffice/reset.html", status_code=status_code, form=form, sent=sent, token=token)


async def _page(  # noqa: PLR0913 - each part of the page has its form
    request: Request,
    *,
    named: Form[Any] | None = None,
    password: Form[Any] | None = None,
    code: Form[Any] | None = None,
    secret: str = "",
    address: str = "",
    codes: list[str] | None = None,
    status_code: int = 200,
) -> Page:
    actor = staff(request)
    async with request.snapshot() as snap:
        user = await accounts.get_user(snap, user_id=actor.id)
        sessions = await accounts.list_sessions(snap, user_id=actor.id, now=request.received_at)
    return show(
        request,
        "me.html",
        status_code=status_code,
        user=user,
        named=named or first_shown(request, name=user.name),
        password=password or first_shown(request),
        code=code or first_shown(request),
        secret=secret,
        # Made by us of an address that is written as squares: nothing in it is text of others.
        picture=Markup(accounts.picture_of(address)) if address else "",  # noqa: S704 - see above
        codes=codes or [],
        characters_min=request.context.settings.password_characters_min,
        sessions=session_rows(request, sessions),
    )


def _secret(page: Page) -> Page:
    """Keep a page with a secret out of caches."""
    page.headers["Cache-Control"] = "no-store"
    return page
