"""Programmes and the partners in them: the list, the form of a programme, what forms share."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import NotFound
from hansa.kernel.identifiers import new_id
from hansa.kernel.text import pick
from hansa.modules.loyalty import programmes
from hansa.modules.loyalty.programmes import (
    PERCENT_ONE,
    Coalition,
    Partner,
    Programme,
    ReturnPolicy,
    SettleAt,
)
from hansa.runtime.database import Transaction
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Actor, Request
from hansa.surfaces.backoffice import loyalty_desk_words as say
from hansa.surfaces.backoffice.loyalty_words import speech_of
from hansa.surfaces.backoffice.presenting import by_language, done, localised, show, words
from hansa.surfaces.backoffice.shell import staff

HOME = f"{say.HOME}/programmes"
PARTNERS = f"{say.HOME}/partners"

POLICIES = {
    ReturnPolicy.DEBT: "The account owes them; the next points pay",
    ReturnPolicy.WRITE_OFF: "The partner bears what is missing",
    ReturnPolicy.BLOCK: "It owes them, and nothing is spent until they are paid",
}
SETTLED = {
    SettleAt.ISSUANCE: "When points are given",
    SettleAt.REDEMPTION: "When points are spent elsewhere",
}
Short = Annotated[str, msgspec.Meta(max_length=200)]
Long = Annotated[str, msgspec.Meta(max_length=4_000)]
Kind = TypeVar("Kind")


class NoSuchThing(NotFound):
    """There is no such programme or partner."""

    code = "office.no_such_thing"
    message = "There is no such page."


class ProgrammeFields(msgspec.Struct):
    """What a programme is; percents as people write them."""

    code: Short = ""
    number: int = 0
    name_ru: Short = ""
    name_en: Short = ""
    unit_ru: Short = ""
    unit_en: Short = ""
    currency: Short = "RUB"
    point_minor: int = 100
    percent: float = 0
    percent_max: float = 0
    lifetime_months: int | None = None
    pending_days: int = 0
    settle_at: SettleAt = SettleAt.ISSUANCE
    return_policy: ReturnPolicy = ReturnPolicy.DEBT
    time_zone: Short = "Europe/Moscow"
    is_open: bool = False


@get(HOME)
async def list_coalition(request: Request) -> Page:
    """Show programmes and partners; there are few, so all at once."""
    staff(request, "loyalty.view")
    coalition = await read_coalition(request)
    language = request.language
    return show(
        request,
        "loyalty_coalition.html",
        programmes=[
            {
                "url": f"{HOME}/{one.id}",
                "name": pick(one.name, language),
                "code": one.code,
                "percent": say.percent(request, one.percent),
                "percent_max": say.percent(request, one.percent_max),
                "lifetime": one.lifetime_months,
                "is_open": one.is_open,
                "partners": sum(1 for key in coalition.terms if key[0] == one.id),
            }
            for one in coalition.programmes.values()
        ],
        partners=[
            {
                "url": f"{PARTNERS}/{one.id}",
                "name": pick(one.name, language),
                "code": one.code,
                "category": speech_of(request).category(one.category),
                "is_active": one.is_active,
                "programmes": [
                    pick(terms.programme.name, language) for terms in coalition.of_partner(one.id)
                ],
            }
            for one in coalition.partners.values()
        ],
    )


@get(HOME + "/new")
async def show_new_programme(request: Request) -> Page:
    """Show the form of a new programme."""
    staff(request, "loyalty.edit")
    number = next_number((await read_coalition(request)).programmes)
    blank = Programme(id=UUID(int=0), number=number, code="", name={})
    return _programme_page(request, None, _programme_form(request, blank))


@post(HOME + "/new")
async def create_programme(request: Request) -> Response[None] | Page:
    """Open a programme."""
    by = staff(request, "loyalty.edit")
    form = await read_form(request, ProgrammeFields)
    programme_id = new_id(request.received_at)
    if not await _save_programme(request, form, programme_id, None, by):
        return _programme_page(request, None, form, status_code=422)
    return done(request, f"{HOME}/{programme_id}", "created")


@get(HOME + "/{programme_id:uuid}")
async def show_programme(request: Request, programme_id: FromPath[UUID]) -> Page:
    """Show a programme with its form."""
    staff(request, "loyalty.view")
    programme = await _programme(request, programme_id)
    return _programme_page(request, programme, _programme_form(request, programme))


@post(HOME + "/{programme_id:uuid}")
async def save_programme(request: Request, programme_id: FromPath[UUID]) -> Response[None] | Page:
    """Change a programme for everything that comes after."""
    by = staff(request, "loyalty.edit")
    programme = await _programme(request, programme_id)
    form = await read_form(request, ProgrammeFields)
    if not await _save_programme(request, form, programme_id, programme, by):
        return _programme_page(request, programme, form, status_code=422)
    return done(request, f"{HOME}/{programme_id}")


async def _save_programme(
    request: Request,
    form: Form[ProgrammeFields],
    programme_id: UUID,
    before: Programme | None,
    by: Actor,
) -> bool:
    typed = form.value
    if typed is None:
        return False
    made = Programme(
        id=programme_id,
        number=typed.number,
        code=typed.code,
        currency=typed.currency,
        point_minor=typed.point_minor,
        settle_at=typed.settle_at,
        name=localised(before.name if before else {}, form, "name"),
        unit=localised(before.unit if before else {}, form, "unit"),
        percent=round(typed.percent * PERCENT_ONE),
        percent_max=round(typed.percent_max * PERCENT_ONE),
        lifetime_months=typed.lifetime_months,
        pending_days=typed.pending_days,
        return_policy=typed.return_policy,
        time_zone=typed.time_zone,
        market=before.market if before else None,
        is_open=typed.is_open,
    )
    if before is not None:
        made = replace(
            made,
            number=before.number,
            code=before.code,
            currency=before.currency,
            point_minor=before.point_minor,
            settle_at=before.settle_at,
        )

    async def save(tx: Transaction) -> None:
        await programmes.save_programme(tx, programme=made, by=by, now=request.received_at)

    return await keep(request, form, save)


async def keep(
    request: Request, form: Form[Any], save: Callable[[Transaction], Awaitable[None]]
) -> bool:
    """Save a part of the coalition for everybody at once, or note at its field what is wrong."""
    try:
        async with request.transaction() as tx:
            await save(tx)
    except programmes.TermsInvalid as refusal:
        form.add("name_ru" if refusal.field == "name" else refusal.field, refusal)
        return False
    await request.context.service(programmes.Directory).refresh()
    return True


def next_number(taken: Mapping[UUID, Programme | Partner]) -> int:
    """Give the number in the books that comes after those taken."""
    return max((one.number for one in taken.values()), default=0) + 1


def found_in(things: Mapping[UUID, Kind], thing_id: UUID) -> Kind:
    """Give a programme or partner by its identifier.

    Raises:
        NoSuchThing: there is none.
    """
    if thing_id not in things:
        raise NoSuchThing
    return things[thing_id]


async def read_coalition(request: Request) -> Coalition:
    """Read it anew: what is in memory may be a second old."""
    async with request.snapshot() as snap:
        return await programmes.read_coalition(snap, now=request.received_at)


async def _programme(request: Request, programme_id: UUID) -> Programme:
    return found_in((await read_coalition(request)).programmes, programme_id)


def _programme_form(request: Request, programme: Programme) -> Form[Any]:
    return first_shown(
        request,
        code=programme.code,
        number=programme.number,
        **by_language("name", programme.name),
        **by_language("unit", programme.unit),
        currency=programme.currency,
        point_minor=programme.point_minor,
        percent=_written(programme.percent),
        percent_max=_written(programme.percent_max),
        lifetime_months=programme.lifetime_months,
        pending_days=str(programme.pending_days),
        settle_at=str(programme.settle_at),
        return_policy=str(programme.return_policy),
        time_zone=programme.time_zone,
        is_open="1" if programme.is_open else None,
    )


def _written(hundredths: int) -> str:
    return f"{hundredths / PERCENT_ONE:g}"


def _programme_page(
    request: Request, programme: Programme | None, form: Form[Any], *, status_code: int = 200
) -> Page:
    translate = words(request)
    return show(
        request,
        "loyalty_programme.html",
        status_code=status_code,
        name=pick(programme.name, request.language) if programme else "",
        action=f"{HOME}/{programme.id}" if programme else f"{HOME}/new",
        is_new=programme is None,
        policies=[(str(one), translate(label)) for one, label in POLICIES.items()],
        settled=[(str(one), translate(label)) for one, label in SETTLED.items()],
        form=form,
    )


ROUTES = (
    list_coalition,
    show_new_programme,
    create_programme,
    show_programme,
    save_programme,
)
