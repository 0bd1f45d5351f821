"""Price lists and the customer groups they are for."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.kernel.periods import Period
from hansa.kernel.text import pick
from hansa.modules import markets, pricing
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import (
    by_language,
    done,
    local_text,
    localised,
    read_instant,
    show,
    words,
)
from hansa.surfaces.backoffice.prices import HOME, get_list
from hansa.surfaces.backoffice.shell import staff

_PLACES = {
    "pricing.code_taken": "code",
    "pricing.no_such_group": "customer_group",
    "pricing.other_currency": "market",
}
_Short = Annotated[str, msgspec.Meta(max_length=200)]
_Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,49}$")]


class ListFields(msgspec.Struct):
    """What is told of a price list."""

    code: _Code
    market: _Short
    name_ru: _Short = ""
    name_en: _Short = ""
    customer_group: _Short = ""
    priority: Annotated[int, msgspec.Meta(ge=-1000, le=1000)] = 0
    is_active: bool = False
    valid_from: _Short = ""
    valid_until: _Short = ""


class GroupFields(msgspec.Struct):
    """A group of customers."""

    code: _Code
    name_ru: _Short = ""
    name_en: _Short = ""


@get("/office/prices")
async def show_lists(request: Request) -> Page:
    """Show the price lists and the groups they are for."""
    staff(request, "pricing.view")
    return await _lists_page(request, Form(request=request))


async def _lists_page(request: Request, form: Form[Any], *, status_code: int = 200) -> Page:
    async with request.snapshot() as snap:
        lists = await pricing.list_price_lists(snap)
        groups = await pricing.list_groups(snap)
    language, now = request.language, request.received_at
    names = {one.code: pick(one.name, language) for one in groups}
    directory = request.context.service(markets.MarketDirectory)
    in_words = {one.code: pick(one.name, language) for one in directory.all()}
    return show(
        request,
        "prices.html",
        status_code=status_code,
        lists=[
            {
                "list": one,
                "name": pick(one.name, language) or one.code,
                "market": in_words.get(one.market, one.market),
                "group": names.get(one.customer_group or "", one.customer_group),
                "is_effective": one.is_effective_at(now),
            }
            for one in lists
        ],
        customer_groups=groups,
        form=form,
    )


@post("/office/prices/groups")
async def save_group(request: Request) -> Response[None] | Page:
    """Make a group of customers, or rename one."""
    by = staff(request, "pricing.edit")
    form = await read_form(request, GroupFields)
    if form.value is not None and not (form.text("name_ru") or form.text("name_en")):
        form.add("name_ru", "This field is required.")
    if form.value is None:
        return await _lists_page(request, form, status_code=422)
    group = pricing.CustomerGroup(code=form.value.code, name=localised({}, form, "name"))
    async with request.transaction() as tx:
        await pricing.save_groups(tx, groups=[group], now=request.received_at, by=by)
    return done(request, HOME)


@get("/office/prices/lists/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new price list."""
    staff(request, "pricing.edit")
    return await _list_page(request, None, first_shown(request, is_active="1", priority="0"))


@post("/office/prices/lists/new")
async def create(request: Request) -> Response[None] | Page:
    """Make a price list."""
    staff(request, "pricing.edit")
    return await _save(request, None)


@get("/office/prices/lists/{list_id:uuid}/settings")
async def show_settings(request: Request, list_id: FromPath[UUID]) -> Page:
    """Show what is told of a price list."""
    staff(request, "pricing.view")
    async with request.snapshot(single=True) as snap:
        held = await get_list(snap, list_id)
    form = first_shown(
        request,
        **by_language("name", held.name),
        code=held.code,
        market=held.market,
        customer_group=held.customer_group or "",
        priority=str(held.priority),
        is_active="1" if held.is_active else None,
        valid_from=local_text(request, held.valid.starts_at),
        valid_until=local_text(request, held.valid.ends_at),
    )
    return await _list_page(request, list_id, form)


@post("/office/prices/lists/{list_id:uuid}/settings")
async def save_settings(request: Request, list_id: FromPath[UUID]) -> Response[None] | Page:
    """Change a price list."""
    staff(request, "pricing.edit")
    return await _save(request, list_id)


async def _save(request: Request, list_id: UUID | None) -> Response[None] | Page:
    by = staff(request, "pricing.edit")
    form = await read_form(request, ListFields)
    begins = read_instant(request, form, "valid_from")
    ends = read_instant(request, form, "valid_until")
    if begins and ends and begins >= ends:
        form.add("valid_until", "The end must come after the beginning.")
    if form.value is not None and not (form.text("name_ru") or form.text("name_en")):
        form.add("name_ru", "This field is required.")
    typed = form.value
    if typed is None:
        return await _list_page(request, list_id, form, status_code=422)
    now = request.received_at
    try:
        market = request.context.service(markets.MarketDirectory).get(typed.market)
        async with request.transaction() as tx:
            before = None if list_id is None else await get_list(tx, list_id)
            begun = before or pricing.PriceList(
                id=new_id(now), code="", name={}, market=market.code, currency=market.currency
            )
            wanted = replace(
                begun,
                code=typed.code,
                name=localised(begun.name, form, "name"),
                market=market.code,
                currency=market.currency,
                customer_group=typed.customer_group or None,
                priority=typed.priority,
                is_active=typed.is_active,
                valid=Period(begins, ends),
            )
            await pricing.save_price_lists(tx, price_lists=[wanted], now=now, by=by)
    except HansaError as refusal:
        form.add(_PLACES.get(refusal.code, "market"), refusal)
        return await _list_page(request, list_id, form, status_code=422)
    return done(request, f"{HOME}/lists/{wanted.id}")


async def _list_page(
    request: Request, list_id: UUID | None, form: Form[Any], *, status_code: int = 200
) -> Page:
    translate = words(request)
    async with request.snapshot() as snap:
        held = None if list_id is None else await get_list(snap, list_id)
        groups = await pricing.list_groups(snap)
    directory = request.context.service(markets.MarketDirectory)
    return show(
        request,
        "price_list_settings.html",
        status_code=status_code,
        price_list=held,
        form=form,
        markets=[(one.code, pick(one.name, request.language)) for one in directory.all()],
        customer_groups=[
            ("", translate("Everybody")),
            *((one.code, pick(one.name, request.language)) for one in groups),
        ],
    )
