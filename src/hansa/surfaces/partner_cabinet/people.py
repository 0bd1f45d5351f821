"""Colleagues: who may come into the cabinet."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.modules import accounts
from hansa.runtime.database import Transaction
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment
from hansa.runtime.http import Request
from hansa.surfaces.partner_cabinet.shell import (
    PAGE_ROWS,
    Person,
    at,
    done,
    home,
    person,
    show,
    zone_of,
)


class InvitationFields(msgspec.Struct):
    """A colleague as they are typed."""

    email: Annotated[str, msgspec.Meta(min_length=1, max_length=254)]
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""


@get(at("/people"))
async def list_people(request: Request) -> Page:
    """Show who may come in, and the form to invite somebody."""
    return await _page(request, person(request), first_shown(request))


@post(at("/people"))
async def invite(request: Request) -> Response[None] | Page:
    """Let a colleague in; they are sent a link to set a password."""
    who = person(request)
    form = await read_form(request, InvitationFields)
    if form.value is None:
        return await _page(request, who, form, status_code=422)
    try:
        async with request.transaction() as tx:
            await accounts.invite_to_partner(
                tx,
                partner_id=who.partner.id,
                email=form.value.email,
                name=form.value.name,
                language=request.language,
                by=who.actor,
                now=request.received_at,
            )
    except HansaError as refusal:
        form.add("email", refusal)
        return await _page(request, who, form, status_code=422)
    return done(request, "/people", "invited")


@post(at("/people/{user_id:uuid}/switch"))
async def switch(request: Request, user_id: FromPath[UUID]) -> Response[None]:
    """Let a colleague in no longer, or again; oneself stays."""
    who = person(request)
    async with request.transaction() as tx:
        user = await _colleague(tx, who, user_id)
        await accounts.save_user(
            tx,
            user_id=user.id,
            is_active=not user.is_active,
            by=who.actor,
            now=request.received_at,
        )
    return done(request, "/people")


async def _colleague(tx: Transaction, who: Person, user_id: UUID) -> accounts.User:
    user = await accounts.get_user(tx, user_id=user_id)
    if user.partner_id != who.partner.id or user.id == who.actor.id:
        raise accounts.NoSuchUser
    return user


async def _page(request: Request, who: Person, form: Form[Any], *, status_code: int = 200) -> Page:
    async with request.snapshot() as snap:
        found = await accounts.list_users(
            snap, kind="partner", partner_id=who.partner.id, limit=PAGE_ROWS
        )
    return show(
        request,
        who,
        "people.html",
        status_code=status_code,
        form=form,
        rows=[
            {
                "user": one,
                "is_me": one.id == who.actor.id,
                "switch": home(request, f"/people/{one.id}/switch"),
                "seen": format_moment(one.last_sign_in_at, request.language, zone_of(request)),
            }
            for one in found
        ],
    )


ROUTES = (list_people, invite, switch)
