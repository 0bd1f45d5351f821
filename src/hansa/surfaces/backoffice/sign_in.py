"""Staff sign in with a password and, once set up, a code; here they also choose their language."""

from typing import Any

from litestar import Response, get, post

from hansa.modules import accounts
from hansa.runtime.html import Form, Page
from hansa.runtime.http import PUBLIC, Request, TooManyRequests, go_to, local_path
from hansa.runtime.http.visit import LANGUAGE_COOKIE
from hansa.surfaces.backoffice.shell import staff

_YEAR_SECONDS = 365 * 24 * 3600
_HOME = "/office"


@get("/office/sign-in", opt={PUBLIC: "whoever is not signed in must get here"})
async def show(request: Request) -> Page:
    """Show the form to sign in."""
    return _page(Form(request=request), request.query_params.get("next"))


@post("/office/sign-in", opt={PUBLIC: "whoever is not signed in must get here"})
async def sign_in(request: Request) -> Response[None] | Page:
    """Sign a member of staff in: password first, then the code if there is a second factor."""
    sent = await request.form()
    form: Form[Any] = Form(
        {name: value for name, value in sent.items() if isinstance(value, str)}, request=request
    )
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
                kind="staff",
            )
    except accounts.SecondFactorNeeded as needed:
        return _page(form, form.text("next"), ticket=needed.ticket)
    except accounts.CodeWrong as wrong:
        form.add("code", wrong)
        return _page(form, form.text("next"), ticket=form.text("ticket"), status_code=422)
    except (accounts.WrongPassword, accounts.TicketInvalid, TooManyRequests) as refusal:
        form.add("", refusal)
        return _page(form, form.text("next"), status_code=422)
    return go_to(request, local_path(form.text("next"), default=_HOME))


@post("/office/sign-out")
async def sign_out(request: Request) -> Response[None]:
    """End the session of this browser."""
    staff(request)
    async with request.transaction() as tx:
        await accounts.sign_out(tx, request)
    return go_to(request, "/office/sign-in")


@post("/office/language")
async def choose_language(request: Request) -> Response[None]:
    """Remember the language of the back office."""
    staff(request)
    sent = await request.form()
    answer = go_to(request, local_path(str(sent.get("next", "")), default=_HOME))
    language = str(sent.get("language", ""))
    if language in request.visit.wiring.languages:
        answer.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR_SECONDS, samesite="lax")
    return answer


def _page(
    form: Form[Any],
    wanted: str | None,
    *,
    ticket: str = "",
    status_code: int = 200,
) -> Page:
    return Page(
        "backoffice/sign_in.html",
        status_code=status_code,
        form=form,
        ticket=ticket,
        next=local_path(wanted, default=_HOME),
    )
