"""Who may come into a partner's cabinet: the first is invited here, the others by their own."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.text import pick
from hansa.modules import accounts
from hansa.modules.loyalty.programmes import Partner
from hansa.runtime.database import Transaction
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.loyalty_coalition import (
    PARTNERS,
    Short,
    found_in,
    read_coalition,
)
from hansa.surfaces.backoffice.presenting import (
    LANGUAGES,
    PAGE_ROWS,
    address,
    done,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff

PATH = PARTNERS + "/{partner_id:uuid}/people"
VIEW, EDIT = "loyalty.view", "loyalty.edit"
LANGUAGE_WORDS = {"ru": "Russian", "en": "English"}
_CURSOR = "office.loyalty.partner_people"


class InvitationFields(msgspec.Struct):
    """Somebody of a partner, as they are typed."""

    email: Annotated[str, msgspec.Meta(min_length=1, max_length=254)]
    name: Short = ""
    language: Annotated[str, msgspec.Meta(pattern="^(ru|en)$")] = "ru"


@get(PATH)
async def list_people(request: Request, partner_id: FromPath[UUID]) -> Page:
    """Show who may come in, and the form to invite somebody."""
    staff(request, VIEW)
    partner = await _partner(request, partner_id)
    return await _page(request, partner, first_shown(request, language=request.language))


@post(PATH)
async def invite(request: Request, partner_id: FromPath[UUID]) -> Response[None] | Page:
    """Let somebody in; they are sent a link to set a password."""
    by = staff(request, EDIT)
    partner = await _partner(request, partner_id)
    form = await read_form(request, InvitationFields)
    if form.value is not None:
        try:
            async with request.transaction() as tx:
                await accounts.invite_to_partner(
                    tx,
                    partner_id=partner.id,
                    email=form.value.email,
                    name=form.value.name,
                    language=form.value.language,
                    by=by,
                    now=request.received_at,
                )
        except (accounts.EmailInvalid, accounts.EmailTaken) as refusal:
            form.add("email", refusal)
        else:
            return done(request, _home(partner), "invited")
    return await _page(request, partner, form, status_code=422)


@post(PATH + "/{user_id:uuid}/link")
async def send_link(
    request: Request, partner_id: FromPath[UUID], user_id: FromPath[UUID]
) -> Response[None]:
    """Send somebody a link to set a password once more."""
    staff(request, EDIT)
    partner = await _partner(request, partner_id)
    async with request.transaction() as tx:
        user = await _person(tx, partner, user_id)
        await accounts.request_password_reset(
            tx, email=user.email, kind="partner", now=request.received_at
        )
    return done(request, _home(partner), "invited")


@post(PATH + "/{user_id:uuid}/switch")
async def switch(
    request: Request, partner_id: FromPath[UUID], user_id: FromPath[UUID]
) -> Response[None]:
    """Let somebody in no longer, or again; whoever is out is signed out at once."""
    by = staff(request, EDIT)
    partner = await _partner(request, partner_id)
    async with request.transaction() as tx:
        user = await _person(tx, partner, user_id)
        await accounts.save_user(
            tx, user_id=user.id, is_active=not user.is_active, by=by, now=request.received_at
        )
    return done(request, _home(partner))


async def _partner(request: Request, partner_id: UUID) -> Partner:
    return found_in((await read_coalition(request)).partners, partner_id)


async def _person(tx: Transaction, partner: Partner, user_id: UUID) -> accounts.User:
    user = await accounts.get_user(tx, user_id=user_id)
    if user.partner_id != partner.id:
        raise accounts.NoSuchUser
    return user


def _home(partner: Partner) -> str:
    return f"{PARTNERS}/{partner.id}/people"


async def _page(
    request: Request, partner: Partner, form: Form[Any], *, status_code: int = 200
) -> Page:
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(UUID,))
    async with request.snapshot(single=True) as snap:
        found = await accounts.list_users(
            snap,
            kind="partner",
            partner_id=partner.id,
            after=after[0] if after else None,
            limit=PAGE_ROWS + 1,
        )
    shown, cursor = request.page_of(found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.id,))
    return show(
        request,
        "loyalty_partner_people.html",
        status_code=status_code,
        name=pick(partner.name, request.language),
        partner_url=f"{PARTNERS}/{partner.id}",
        here=_home(partner),
        rows=[
            {
                "user": one,
                "here": f"{_home(partner)}/{one.id}",
                "seen": format_moment(one.last_sign_in_at, request.language, zone_of(request)),
            }
            for one in shown
        ],
        languages=[(code, words(request)(LANGUAGE_WORDS[code])) for code in LANGUAGES],
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
        form=form,
    )


ROUTES = (list_people, invite, send_link, switch)
