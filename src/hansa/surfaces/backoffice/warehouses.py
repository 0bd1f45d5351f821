"""Warehouses and shops: where they are, who sells from them."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import NotFound
from hansa.kernel.identifiers import new_id
from hansa.kernel.text import pick
from hansa.modules import markets, stock
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import by_language, done, localised, show, words
from hansa.surfaces.backoffice.shell import staff
from hansa.surfaces.backoffice.stock import HOME

_Short = Annotated[str, msgspec.Meta(max_length=300)]


class NoSuchWarehouse(NotFound):
    """There is no warehouse of this id."""

    code = "backoffice.no_such_warehouse"
    message = "There is no such warehouse."


class WarehouseFields(msgspec.Struct):
    """What is told of a warehouse."""

    code: Annotated[str, msgspec.Meta(max_length=100, min_length=1)]
    kind: stock.WarehouseKind = stock.WarehouseKind.WAREHOUSE
    name_ru: _Short = ""
    name_en: _Short = ""
    city: _Short = ""
    address: _Short = ""
    phone: _Short = ""
    hours: _Short = ""
    channels: list[_Short] = []
    position: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    is_active: bool = False


@get("/office/stock/warehouses")
async def list_warehouses(request: Request) -> Page:
    """Show all warehouses."""
    staff(request, "stock.view")
    async with request.snapshot(single=True) as snap:
        found = await stock.list_warehouses(snap)
    return show(request, "warehouses.html", warehouses=found)


@get("/office/stock/warehouses/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new warehouse."""
    staff(request, "stock.edit")
    form = first_shown(request, is_active="1", channels=[request.market])
    return await _page(request, None, form)


@post("/office/stock/warehouses/new")
async def create(request: Request) -> Response[None] | Page:
    """Make a warehouse."""
    staff(request, "stock.edit")
    return await _save(request, None)


@get("/office/stock/warehouses/{warehouse_id:uuid}")
async def show_warehouse(request: Request, warehouse_id: FromPath[UUID]) -> Page:
    """Show a warehouse."""
    staff(request, "stock.view")
    async with request.snapshot(single=True) as snap:
        held = await _warehouse(snap, warehouse_id)
    form = first_shown(
        request,
        **by_language("name", held.name),
        code=held.code,
        kind=str(held.kind),
        city=held.city,
        address=held.address,
        phone=held.phone,
        hours=held.hours,
        channels=list(held.channels),
        position=str(held.position),
        is_active="1" if held.is_active else None,
    )
    return await _page(request, warehouse_id, form)


@post("/office/stock/warehouses/{warehouse_id:uuid}")
async def save(request: Request, warehouse_id: FromPath[UUID]) -> Response[None] | Page:
    """Change a warehouse; other channels make every counter anew."""
    staff(request, "stock.edit")
    return await _save(request, warehouse_id)


async def _save(request: Request, warehouse_id: UUID | None) -> Response[None] | Page:
    by = staff(request, "stock.edit")
    form = await read_form(request, WarehouseFields)
    if form.value is not None and not (form.text("name_ru") or form.text("name_en")):
        form.add("name_ru", "This field is required.")
    known = {one.code for one in request.context.service(markets.MarketDirectory).all()}
    now = request.received_at
    async with request.transaction() as tx:
        listed = await stock.list_warehouses(tx)
        typed = form.value
        if typed and any(one.code == typed.code and one.id != warehouse_id for one in listed):
            form.add("code", "Another warehouse has this code.")
        typed = form.value
        if typed is not None:
            before = None if warehouse_id is None else await _warehouse(tx, warehouse_id)
            wanted = replace(
                before or stock.Warehouse(id=new_id(now), code=typed.code, name={}),
                code=typed.code,
                kind=typed.kind,
                name=localised(before.name if before else {}, form, "name"),
                city=typed.city,
                address=typed.address,
                phone=typed.phone,
                hours=typed.hours,
                channels=tuple(one for one in typed.channels if one in known),
                position=typed.position,
                is_active=typed.is_active,
            )
            await stock.save_warehouses(tx, warehouses=[wanted], now=now, by=by)
    if form.errors:
        return await _page(request, warehouse_id, form, status_code=422)
    return done(request, f"{HOME}/warehouses")


async def _warehouse(snap: Snapshot, warehouse_id: UUID) -> stock.Warehouse:
    for one in await stock.list_warehouses(snap):
        if one.id == warehouse_id:
            return one
    raise NoSuchWarehouse


async def _page(
    request: Request, warehouse_id: UUID | None, form: Form[Any], *, status_code: int = 200
) -> Page:
    translate = words(request)
    async with request.snapshot(single=True) as snap:
        held = None if warehouse_id is None else await _warehouse(snap, warehouse_id)
    directory = request.context.service(markets.MarketDirectory)
    return show(
        request,
        "warehouse.html",
        status_code=status_code,
        warehouse=held,
        form=form,
        kinds=[
            ("warehouse", translate("Warehouse: it only stores")),
            ("shop", translate("Shop: people come here")),
        ],
        channels=[(one.code, pick(one.name, request.language)) for one in directory.all()],
    )
