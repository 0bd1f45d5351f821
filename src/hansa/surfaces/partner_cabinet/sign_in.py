"""A partner's people sign in, sign out and set a new password by a link."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from hansa.modules import accounts
from hansa.runtime.html import Form, Page
from hansa.runtime.http import PUBLIC, Request, TooManyRequests, go_to, local_path
from hansa.surfaces.partner_cabinet.shell import at, home, person

_OPEN = {PUBLIC: "whoever is not signed in must get here"}


@get(at("/sign-in"), opt=_OPEN)
async def show_sign_in(request: Request) -> Page:
    """Show the form to sign in."""
    return _page(request, Form(request=request), request.query_params.get("next"))


@post(at("/sign-in"), opt=_OPEN)
async def sign_in(request: Request) -> Response[None] | Page:
    """Sign in: password first, then the code if there is a second factor."""
    form = await _texts(request)
    try:
        if form.text("ticket"):
            await accounts.finish_sign_in(
                request, ticket=form.text("ticket"), code=form.text("code").strip()
            )
        else:
            await accounts.sign_in(
                request,
                email=form.text("email").strip(),
                password=form.text("password"),
                kind="partner",
            )
    except accounts.SecondFactorNeeded as needed:
        return _page(request, form, form.text("next"), ticket=needed.ticket)
    except accounts.CodeWrong as wrong:
        form.add("code", wrong)
        ticket = form.text("ticket")
        return _page(request, form, form.text("next"), ticket=ticket, status_code=422)
    except (accounts.WrongPassword, accounts.TicketInvalid, TooManyRequests) as refusal:
        form.add("", refusal)
        return _page(request, form, form.text("next"), status_code=422)
    return go_to(request, local_path(form.text("next"), default=home(request)))


@post(at("/sign-out"))
async def sign_out(request: Request) -> Response[None]:
    """End the session of this browser."""
    person(request)
    async with request.transaction() as tx:
        await accounts.sign_out(tx, request)
    return go_to(request, home(request, "/sign-in"))


@get(at("/forgotten"), opt=_OPEN)
async def show_forgotten(request: Request) -> Page:
    """Show the form that asks for a link."""
    return _reset_page(request, Form(request=request))


@post(at("/forgotten"), opt=_OPEN)
async def send_link(request: Request) -> Page:
    """Send a link to set a new password; nobody is told whether there is such a person."""
    form = await _texts(request)
    email = form.text("email").strip()
    try:
        await accounts.count_attempt(
            request.context,
            scope=f"reset:{email.lower()[:254]}",
            address=request.client_address,
            now=request.received_at,
        )
    except TooManyRequests as refusal:
        form.add("", refusal)
        return _reset_page(request, form, status_code=422)
    async with request.transaction() as tx:
        await accounts.request_password_reset(
            tx, email=email, kind="partner", now=request.received_at
        )
    return _reset_page(request, form, sent=True)


@get(at("/password-reset/{token:str}"), opt=_OPEN)
async def show_new_password(request: Request, token: FromPath[str]) -> Page:
    """Show the form for a new password."""
    return _reset_page(request, Form(request=request), token=token)


@post(at("/new-password"), opt=_OPEN)
async def set_new_password(request: Request) -> Response[None] | Page:
    """Set the new password."""
    form = await _texts(request)
    try:
        async with request.transaction() as tx:
            await accounts.reset_password(
                tx,
                token=form.text("token"),
                password=form.text("password"),
                password_characters_min=request.context.settings.password_characters_min,
                now=request.received_at,
            )
    except accounts.PasswordWeak as weak:
        form.add("password", weak)
        return _reset_page(request, form, token=form.text("token"), status_code=422)
    except accounts.LinkUsedUp as gone:
        form.add("", gone)
        return _reset_page(request, form, status_code=422)
    return go_to(request, home(request, "/sign-in"))


async def _texts(request: Request) -> Form[Any]:
    sent = await request.form()
    values = {name: value for name, value in sent.items() if isinstance(value, str)}
    return Form(values, request=request)


def _page(
    request: Request,
    form: Form[Any],
    wanted: str | None,
    *,
    ticket: str = "",
    status_code: int = 200,
) -> Page:
    return Page(
        "partner_cabinet/sign_in.html",
        status_code=status_code,
        form=form,
        ticket=ticket,
        base=home(request),
        next=local_path(wanted, default=home(request)),
    )


def _reset_page(
    request: Request,
    form: Form[Any],
    *,
    token: str = "",
    sent: bool = False,
    status_code: int = 200,
) -> Page:
    return Page(
        "partner_cabinet/reset.html",
        status_code=status_code,
        form=form,
        token=token,
        sent=sent,
        base=home(request),
    )
