"""The shopper's account: orders, profile, addresses, sign-in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.modules import accounts, orders, parties
from hansa.runtime.database import Transaction
from hansa.runtime.html import Form, Page
from hansa.runtime.html.formats import format_moment, format_money
from hansa.runtime.http import (
    Actor,
    Request,
    SignInNeeded,
    go_to,
    read_cursor,
    shopper_or_guest,
    write_cursor,
)
from hansa.surfaces.storefront.addresses import in_each_language
from hansa.surfaces.storefront.forms import read_texts, require, translator
from hansa.surfaces.storefront.order_pages import STATES
from hansa.surfaces.storefront.pictures import picture
from hansa.surfaces.storefront.shell import market_of, page

_ORDERS_PER_PAGE = 10
_NEWS = "marketing.email"


def _shopper(request: Request) -> Actor:
    """Give the shopper who is signed in.

    Raises:
        SignInNeeded: nobody is.
    """
    actor = shopper_or_guest(request)
    if actor is None or actor.party_id is None:
        raise SignInNeeded
    return actor


def _party(actor: Actor) -> UUID:
    assert actor.party_id is not None, "a shopper has a party"
    return actor.party_id


@get(in_each_language("/account"))
async def account(request: Request) -> Response[None]:
    """Lead to the orders, or to the form to sign in."""
    actor = shopper_or_guest(request)
    here = f"/{request.language}/account/orders"
    if actor is None or actor.party_id is None:
        here = f"/{request.language}/sign-in?next={here}"
    return Response(None, status_code=302, headers={"Location": here})


@get(in_each_language("/account/orders"))
async def list_orders(request: Request) -> Page:
    """List the shopper's orders, newest first."""
    actor = _shopper(request)
    translate = translator(request)
    language = request.language
    secret = request.context.settings.secret_key.reveal()
    after = read_cursor(
        secret.encode(),
        request.query_params.get("after"),
        of="account.orders",
        types=(datetime, UUID),
    )
    async with request.snapshot() as snap:
        found = await orders.list_orders(
            snap,
            wanted=orders.OrderFilter(party_id=_party(actor)),
            after=after,
            limit=_ORDERS_PER_PAGE + 1,
        )
        shown = found[:_ORDERS_PER_PAGE]
        whole = [await orders.get_order(snap, order_id=one.id) for one in shown]
        user = await accounts.get_user(snap, user_id=actor.id)
    zone = market_of(request).time_zone
    following = None
    if len(found) > _ORDERS_PER_PAGE:
        last = (shown[-1].placed_at, shown[-1].id)
        following = f"?after={write_cursor(secret.encode(), last, of='account.orders')}"
    return await page(
        request,
        "account_orders.html",
        tab="account",
        section="orders",
        greeting=translate("Hello, {name}").format(name=user.name or user.email),
        orders=[
            {
                "url": f"/{language}/orders/{orders.order_token(one.id, secret=secret)}",
                "number": one.number,
                "total": format_money(one.total, language),
                "note": format_moment(one.placed_at, language, zone),
                "state": translate(STATES[one.state][0]),
                "tone": STATES[one.state][1],
                "pictures": [picture(line.image, 160) for line in one.lines[:6]],
            }
            for one in whole
        ],
        previous_url=f"/{language}/account/orders" if after else None,
        next_url=following,
    )


@get(in_each_language("/account/profile"))
async def show_profile(request: Request) -> Page:
    """Show what is known of the shopper."""
    actor = _shopper(request)
    return await _profile_page(request, await _profile(request, actor))


@post(in_each_language("/account/profile"))
async def save_profile(request: Request) -> Page:
    """Change name, telephone and consent."""
    actor = _shopper(request)
    form = await read_texts(request)
    translator(request)
    if not require(form, ("given_name",)):
        return await _profile_page(request, form, status_code=422)
    now = request.received_at
    try:
        async with request.transaction() as tx:
            await _save_party(tx, request, _party(actor), form)
            await parties.set_consent(
                tx,
                party_id=_party(actor),
                purpose=_NEWS,
                is_granted=form.text("news") == "1",
                source="account",
                now=now,
            )
            name = f"{form.text('given_name')} {form.text('family_name')}".strip()
            await accounts.save_user(tx, user_id=actor.id, name=name, by=actor, now=now)
    except HansaError as refusal:
        form.add("phone", refusal)
        return await _profile_page(request, form, status_code=422)
    return await _profile_page(request, await _profile(request, actor), saved=True)


@get(in_each_language("/account/addresses"))
async def show_addresses(request: Request) -> Page:
    """List the shopper's addresses."""
    actor = _shopper(request)
    return await _addresses_page(request, actor, Form())


@post(in_each_language("/account/addresses"))
async def add_address(request: Request) -> Response[None] | Page:
    """Add an address."""
    actor = _shopper(request)
    form = await read_texts(request)
    if not require(form, ("city", "street", "house")):
        return await _addresses_page(request, actor, form, status_code=422)
    async with request.transaction() as tx:
        await parties.save_address(
            tx,
            party_id=_party(actor),
            address=parties.Address(
                id=new_id(request.received_at),
                label=form.text("label"),
                phone=form.text("phone"),
                country=market_of(request).country,
                city=form.text("city"),
                street=form.text("street"),
                house=form.text("house"),
                flat=form.text("flat"),
                postcode=form.text("postcode"),
            ),
            now=request.received_at,
        )
    return go_to(request, f"/{request.language}/account/addresses")


@post(in_each_language("/account/addresses/{address_id:uuid}/removal"))
async def remove_address(request: Request, address_id: FromPath[UUID]) -> Response[None]:
    """Remove one of the shopper's addresses."""
    actor = _shopper(request)
    async with request.transaction() as tx:
        await parties.remove_address(tx, party_id=_party(actor), address_id=address_id)
    return go_to(request, f"/{request.language}/account/addresses")


@get(in_each_language("/account/security"))
async def show_security(request: Request) -> Page:
    """Show where the shopper is signed in."""
    actor = _shopper(request)
    return await _security_page(request, actor, Form())


@post(in_each_language("/account/security"))
async def change_password(request: Request) -> Page:
    """Change the password and sign out everywhere else."""
    actor = _shopper(request)
    form = await read_texts(request)
    translator(request)
    async with request.snapshot(single=True) as snap:
        user = await accounts.get_user(snap, user_id=actor.id)
    try:
        await accounts.check_password(
            request, email=user.email, password=form.text("current_password"), kind="shopper"
        )
        async with request.transaction() as tx:
            await accounts.set_password(
                tx,
                user_id=actor.id,
                password=form.text("new_password"),
                password_characters_min=request.context.settings.password_characters_min,
                keep_session=actor.session_id,
                by=actor,
                now=request.received_at,
            )
    except accounts.PasswordWeak as weak:
        form.add("new_password", weak)
    except HansaError as refusal:
        form.add("current_password", refusal)
    else:
        return await _security_page(request, actor, Form(), saved=True)
    return await _security_page(request, actor, form, status_code=422)


@post(in_each_language("/account/sessions/{session_id:uuid}/removal"))
async def end_session(request: Request, session_id: FromPath[UUID]) -> Response[None]:
    """Sign out on another device."""
    actor = _shopper(request)
    async with request.transaction() as tx:
        await accounts.revoke_session(
            tx, session_id=session_id, user_id=actor.id, now=request.received_at
        )
    return go_to(request, f"/{request.language}/account/security")


async def _save_party(tx: Transaction, request: Request, party_id: UUID, form: Form[Any]) -> None:
    """Change the names, and the telephone if it is another one."""
    now, region = request.received_at, market_of(request).phone_region
    party = await parties.get_party(tx, party_id=party_id)
    await parties.save_profile(
        tx,
        party_id=party_id,
        profile=parties.Profile(
            given_name=form.text("given_name"),
            family_name=form.text("family_name"),
            middle_name=party.middle_name,
            language=request.language,
            birth_on=party.birth_on,
        ),
        now=now,
    )
    known = party.value_of(parties.IdentifierKind.PHONE)
    wanted = form.text("phone")
    if wanted == (known or ""):
        return
    if wanted:
        phone = parties.Identifier(kind=parties.IdentifierKind.PHONE, value=wanted)
        await parties.add_identifier(
            tx, party_id=party_id, identifier=phone, now=now, region=region
        )
    if known:
        old = parties.Identifier(kind=parties.IdentifierKind.PHONE, value=known)
        await parties.remove_identifier(tx, party_id=party_id, identifier=old, region=region)


async def _profile(request: Request, actor: Actor) -> Form[Any]:
    async with request.snapshot() as snap:
        party = await parties.get_party(snap, party_id=_party(actor))
        consents = await parties.list_consents(snap, party_id=_party(actor))
        user = await accounts.get_user(snap, user_id=actor.id)
    phone = party.value_of(parties.IdentifierKind.PHONE) or ""
    wants_news = any(one.purpose == _NEWS and one.is_granted for one in consents)
    return Form(
        {
            "given_name": party.given_name,
            "family_name": party.family_name,
            "phone": phone,
            "email": user.email,
            "news": "1" if wants_news else "",
        }
    )


async def _profile_page(
    request: Request, form: Form[Any], *, saved: bool = False, status_code: int = 200
) -> Page:
    return await page(
        request,
        "account_profile.html",
        tab="account",
        status_code=status_code,
        section="profile",
        form=form,
        saved=saved,
    )


async def _addresses_page(
    request: Request, actor: Actor, form: Form[Any], *, status_code: int = 200
) -> Page:
    async with request.snapshot(single=True) as snap:
        found = await parties.list_addresses(snap, party_id=_party(actor))
    return await page(
        request,
        "account_addresses.html",
        tab="account",
        status_code=status_code,
        section="addresses",
        form=form,
        addresses=[
            {
                "id": one.id,
                "title": one.label or one.city,
                "text": ", ".join(
                    part for part in (one.city, one.street, one.house, one.flat) if part
                ),
            }
            for one in found
        ],
    )


async def _security_page(
    request: Request, actor: Actor, form: Form[Any], *, saved: bool = False, status_code: int = 200
) -> Page:
    async with request.snapshot(single=True) as snap:
        sessions = await accounts.list_sessions(snap, user_id=actor.id, now=request.received_at)
    zone = market_of(request).time_zone
    translate = translator(request)
    return await page(
        request,
        "account_security.html",
        tab="account",
        status_code=status_code,
        section="security",
        form=form,
        saved=saved,
        password_min=request.context.settings.password_characters_min,
        sessions=[
            {
                "id": one.id,
                "agent": one.agent or translate("A browser"),
                "note": (
                    translate("this device")
                    if one.id == actor.session_id
                    else format_moment(one.seen_at, request.language, zone)
                ),
                "is_current": one.id == actor.session_id,
            }
            for one in sessions
        ],
    )
