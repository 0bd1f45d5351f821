"""Partners of loyalty: forms to take one in and to change what is said of it."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.identifiers import new_id
from hansa.kernel.text import pick
from hansa.modules.loyalty import programmes
from hansa.modules.loyalty.programmes import Partner
from hansa.runtime.database import Transaction
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Actor, Request
from hansa.surfaces.backoffice import loyalty_desk_words as say
from hansa.surfaces.backoffice.loyalty_coalition import (
    PARTNERS,
    Long,
    Short,
    found_in,
    keep,
    next_number,
    read_coalition,
)
from hansa.surfaces.backoffice.presenting import by_language, done, localised, show
from hansa.surfaces.backoffice.shell import staff


class PartnerFields(msgspec.Struct):
    """What is said of a partner."""

    code: Short = ""
    number: int = 0
    name_ru: Short = ""
    name_en: Short = ""
    about_ru: Long = ""
    about_en: Long = ""
    category: Annotated[str, msgspec.Meta(max_length=60)] = ""
    site: Annotated[str, msgspec.Meta(max_length=500)] = ""
    position: int = 0
    is_active: bool = False


@get(PARTNERS + "/new")
async def show_new_partner(request: Request) -> Page:
    """Show the form of a new partner."""
    staff(request, "loyalty.edit")
    number = next_number((await read_coalition(request)).partners)
    blank = Partner(id=UUID(int=0), number=number, code="", name={})
    return await _partner_page(request, None, _partner_form(request, blank))


@post(PARTNERS + "/new")
async def create_partner(request: Request) -> Response[None] | Page:
    """Take a partner in."""
    by = staff(request, "loyalty.edit")
    form = await read_form(request, PartnerFields)
    partner_id = new_id(request.received_at)
    if not await _save_partner(request, form, partner_id, None, by):
        return await _partner_page(request, None, form, status_code=422)
    return done(request, f"{PARTNERS}/{partner_id}", "created")


@get(PARTNERS + "/{partner_id:uuid}")
async def show_partner(request: Request, partner_id: FromPath[UUID]) -> Page:
    """Show a partner with its form and its terms."""
    staff(request, "loyalty.view")
    partner = await _partner(request, partner_id)
    return await _partner_page(request, partner, _partner_form(request, partner))


@post(PARTNERS + "/{partner_id:uuid}")
async def save_partner(request: Request, partner_id: FromPath[UUID]) -> Response[None] | Page:
    """Change what is said of a partner."""
    by = staff(request, "loyalty.edit")
    partner = await _partner(request, partner_id)
    form = await read_form(request, PartnerFields)
    if not await _save_partner(request, form, partner_id, partner, by):
        return await _partner_page(request, partner, form, status_code=422)
    return done(request, f"{PARTNERS}/{partner_id}")


async def _save_partner(
    request: Request,
    form: Form[PartnerFields],
    partner_id: UUID,
    before: Partner | None,
    by: Actor,
) -> bool:
    typed = form.value
    if typed is None:
        return False
    made = Partner(
        id=partner_id,
        number=before.number if before else typed.number,
        code=before.code if before else typed.code,
        name=localised(before.name if before else {}, form, "name"),
        about=localised(before.about if before else {}, form, "about"),
        category=typed.category,
        picture=before.picture if before else None,
        site=typed.site,
        is_active=typed.is_active,
        position=typed.position,
    )

    async def save(tx: Transaction) -> None:
        await programmes.save_partner(tx, partner=made, by=by, now=request.received_at)

    return await keep(request, form, save)


async def _partner(request: Request, partner_id: UUID) -> Partner:
    return found_in((await read_coalition(request)).partners, partner_id)


def _partner_form(request: Request, partner: Partner) -> Form[Any]:
    return first_shown(
        request,
        code=partner.code,
        number=partner.number,
        **by_language("name", partner.name),
        **by_language("about", partner.about),
        category=partner.category,
        site=partner.site,
        position=str(partner.position),
        is_active="1" if partner.is_active else None,
    )


async def _partner_page(
    request: Request, partner: Partner | None, form: Form[Any], *, status_code: int = 200
) -> Page:
    coalition = await read_coalition(request)
    terms = []
    for programme in coalition.programmes.values() if partner else ():
        assert partner is not None, "looked at above"
        agreed = coalition.of(programme.id, partner.id)
        terms.append(
            {
                "url": f"{PARTNERS}/{partner.id}/programmes/{programme.id}",
                "programme": pick(programme.name, request.language),
                "takes_part": agreed is not None and agreed.participation.is_active,
                "earns": agreed is not None and agreed.may_earn,
                "spends": agreed is not None and agreed.may_spend,
                "percent": say.percent(request, agreed.percent) if agreed else "—",
            }
        )
    return show(
        request,
        "loyalty_partner.html",
        status_code=status_code,
        name=pick(partner.name, request.language) if partner else "",
        action=f"{PARTNERS}/{partner.id}" if partner else f"{PARTNERS}/new",
        is_new=partner is None,
        terms=terms,
        people_url=f"{PARTNERS}/{partner.id}/people" if partner else "",
        form=form,
    )


ROUTES = (show_new_partner, create_partner, show_partner, save_partner)
