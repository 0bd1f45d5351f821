"""Signing in and up, signing out, and a forgotten password."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.modules import accounts, checkout, drops, parties
from hansa.runtime.html import Form, Page
from hansa.runtime.http import Request, TooManyRequests, go_to, local_path, shopper_or_guest
from hansa.surfaces.storefront.addresses import in_each_language
from hansa.surfaces.storefront.forms import read_texts, require, translator
from hansa.surfaces.storefront.shell import page


@get(in_each_language("/sign-in"))
async def show_sign_in(request: Request) -> Page:
    """Show the form to sign in."""
    shopper_or_guest(request)
    return await _sign_in_page(request, Form(), request.query_params.get("next"))


@post(in_each_language("/sign-in"))
async def sign_in(request: Request) -> Response[None] | Page:
    """Sign a shopper in and take their basket along."""
    shopper_or_guest(request)
    form = await read_texts(request)
    try:
        await _come_in(request, form.text("email"), form.text("password"))
    except (accounts.WrongPassword, TooManyRequests) as refusal:
        form.add("", refusal)
        return await _sign_in_page(request, form, form.text("next"), status_code=422)
    return go_to(request, _next(request, form.text("next")))


@get(in_each_language("/sign-up"))
async def show_sign_up(request: Request) -> Page:
    """Show the form for a new account."""
    shopper_or_guest(request)
    return await _sign_up_page(request, Form(), request.query_params.get("next"))


@post(in_each_language("/sign-up"))
async def sign_up(request: Request) -> Response[None] | Page:
    """Make an account and sign in with it."""
    shopper_or_guest(request)
    form = await read_texts(request)
    translator(request)
    if require(form, ("name", "email", "password", "terms")):
        try:
            await _make_account(request, form)
            await _come_in(request, form.text("email"), form.text("password"))
            return go_to(request, _next(request, form.text("next")))
        except accounts.PasswordWeak as weak:
            form.add("password", weak)
        except (accounts.EmailTaken, accounts.EmailInvalid) as wrong:
            form.add("email", wrong)
        except HansaError as refusal:
            form.add("", refusal)
    return await _sign_up_page(request, form, form.text("next"), status_code=422)


@post(in_each_language("/sign-out"))
async def sign_out(request: Request) -> Response[None]:
    """End the session of this browser."""
    shopper_or_guest(request)
    async with request.transaction() as tx:
        await accounts.sign_out(tx, request)
    answer = go_to(request, f"/{request.language}/")
    answer.set_cookie("hansa_basket", "0", samesite="lax")
    return answer


@get(in_each_language("/forgotten"))
async def show_forgotten(request: Request) -> Page:
    """Show the form that sends a link."""
    shopper_or_guest(request)
    return await _forgotten_page(request, Form())


@post(in_each_language("/forgotten"))
async def send_link(request: Request) -> Page:
    """Send a link for a new password; the answer does not tell whether there is an account."""
    shopper_or_guest(request)
    form = await read_texts(request)
    async with request.transaction() as tx:
        await accounts.request_password_reset(
            tx, email=form.text("email"), kind="shopper", now=request.received_at
        )
    return await _forgotten_page(request, Form(), sent=True)


@get(in_each_language("/password-reset/{token:str}"))
async def show_new_password(request: Request, token: FromPath[str]) -> Page:
    """Show the form of a link."""
    shopper_or_guest(request)
    return await _forgotten_page(request, Form(), token=token)


@get(in_each_language("/confirm-email/{token:str}"))
async def confirm_email(request: Request, token: FromPath[str]) -> Page:
    """Note that an address belongs to its user, by the link in a letter."""
    shopper_or_guest(request)
    async with request.transaction() as tx:
        await accounts.verify_email(tx, token=token, now=request.received_at)
    return await page(
        request,
        "sign_in.html",
        tab="account",
        form=Form(),
        next=f"/{request.language}/account",
        notice=translator(request)("Your e-mail address is confirmed."),
    )


@post(in_each_language("/new-password"))
async def set_new_password(request: Request) -> Response[None] | Page:
    """Set a new password by a link."""
    shopper_or_guest(request)
    form = await read_texts(request)
    translator(request)
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
    except accounts.LinkUsedUp as used:
        form.add("", used)
    else:
        return go_to(request, f"/{request.language}/sign-in")
    return await _forgotten_page(request, form, token=form.text("token"), status_code=422)


async def _come_in(request: Request, email: str, password: str) -> None:
    guest = checkout.owner_of(request)
    visitor = drops.visitor_of(request)
    signed = await accounts.sign_in(request, email=email, password=password, kind="shopper")
    if signed.user.party_id is None:
        return
    async with request.transaction() as tx:
        await drops.move_places(tx, before=visitor, after=drops.digest_of(request.session_token))
        await checkout.merge_baskets(
            tx,
            guest=guest,
            party_id=signed.user.party_id,
            market=request.market,
            now=request.received_at,
        )


async def _make_account(request: Request, form: Form[Any]) -> None:
    given_name, _, family_name = form.text("name").partition(" ")
    async with request.transaction() as tx:
        # A new party, not a match: that the address is theirs is not proven yet.
        party_id = await parties.match_or_create(
            tx,
            party=parties.NewParty(
                kind=parties.PartyKind.PERSON,
                given_name=given_name,
                family_name=family_name,
                language=request.language,
            ),
            identifiers=[],
            now=request.received_at,
        )
        await accounts.create_user(
            tx,
            email=form.text("email"),
            password=form.text("password"),
            kind="shopper",
            party_id=party_id,
            name=form.text("name"),
            language=request.language,
            password_characters_min=request.context.settings.password_characters_min,
            now=request.received_at,
        )


def _next(request: Request, wanted: str | None) -> str:
    return local_path(wanted, default=f"/{request.language}/account")


async def _sign_in_page(
    request: Request, form: Form[Any], wanted: str | None, *, status_code: int = 200
) -> Page:
    return await page(
        request,
        "sign_in.html",
        tab="account",
        status_code=status_code,
        form=form,
        next=_next(request, wanted),
        notice="",
    )


async def _sign_up_page(
    request: Request, form: Form[Any], wanted: str | None, *, status_code: int = 200
) -> Page:
    return await page(
        request,
        "sign_up.html",
        tab="account",
        status_code=status_code,
        form=form,
        next=_next(request, wanted),
        password_min=request.context.settings.password_characters_min,
    )


async def _forgotten_page(
    request: Request,
    form: Form[Any],
    *,
    sent: bool = False,
    token: str = "",
    status_code: int = 200,
) -> Page:
    return await page(
        request,
        "forgotten.html",
        tab="account",
        status_code=status_code,
        form=form,
        sent=sent,
        token=token,
        password_min=request.context.settings.password_characters_min,
    )
