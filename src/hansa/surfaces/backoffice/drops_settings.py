"""Preparing a drop: texts, instants, goods, who may have how many, how many come in at once."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.kernel.text import pick
from hansa.modules import catalog, drops, markets
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.drops import HOME, describe, zone_of
from hansa.surfaces.backoffice.items import picture_of
from hansa.surfaces.backoffice.presenting import asked, by_language, done, localised, show, words
from hansa.surfaces.backoffice.shell import staff

_FOUND_MAX = 12
_PLACES = {"drops.code_taken": "code", "drops.product_taken": "markets"}
_Short = Annotated[str, msgspec.Meta(max_length=200)]
_Text = Annotated[str, msgspec.Meta(max_length=4_000)]
_Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
_Pieces = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class DropFields(msgspec.Struct):
    """What is told of a drop; no number means no limit."""

    code: _Code
    name_ru: _Short = ""
    name_en: _Short = ""
    description_ru: _Text = ""
    description_en: _Text = ""
    markets: list[_Short] = []
    opens_at: _Short = ""
    closes_at: _Short = ""
    stays_on_sale: bool = False
    is_published: bool = False
    picture: _Short = ""
    person_limit: _Pieces | None = None
    item_limit: _Pieces | None = None
    capacity: _Pieces | None = None
    admissions_per_second: Annotated[float, msgspec.Meta(gt=0, le=10_000)] | None = None
    idle_minutes: Annotated[int, msgspec.Meta(ge=1, le=240)] = 10
    gathers_minutes: Annotated[int, msgspec.Meta(ge=0, le=1_440)] = 30


class ProductFields(msgspec.Struct):
    """A product to put in or take out."""

    product_id: UUID
    item_limit: _Pieces | None = None


@get(HOME + "/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new drop."""
    staff(request, "drops.edit")
    form = first_shown(request, markets=[request.market], idle_minutes="10", gathers_minutes="30")
    return await _page(request, None, form)


@post(HOME + "/new")
async def create(request: Request) -> Response[None] | Page:
    """Make a drop."""
    staff(request, "drops.edit")
    return await _save(request, None)


@get(HOME + "/{drop_id:uuid}/settings")
async def show_settings(request: Request, drop_id: FromPath[UUID]) -> Page:
    """Show what is told of a drop."""
    staff(request, "drops.view")
    async with request.snapshot(single=True) as snap:
        drop = await drops.get_drop(snap, drop_id=drop_id)
    numbers = {
        name: _written(getattr(drop, name))
        for name in ("person_limit", "item_limit", "capacity", "admissions_per_second")
    }
    form = first_shown(
        request,
        **by_language("name", drop.name),
        **by_language("description", drop.description),
        **numbers,
        code=drop.code,
        markets=list(drop.markets),
        opens_at=_local(request, drop, drop.opens_at),
        closes_at=_local(request, drop, drop.closes_at),
        stays_on_sale="1" if drop.stays_on_sale else None,
        is_published="1" if drop.is_published else None,
        picture=drop.picture or "",
        idle_minutes=str(drop.idle_minutes),
        gathers_minutes=str(drop.gathers_minutes),
    )
    return await _page(request, drop_id, form)


@post(HOME + "/{drop_id:uuid}/settings")
async def save_settings(request: Request, drop_id: FromPath[UUID]) -> Response[None] | Page:
    """Change a drop."""
    staff(request, "drops.edit")
    return await _save(request, drop_id)


@post(HOME + "/{drop_id:uuid}/products")
async def put_product(request: Request, drop_id: FromPath[UUID]) -> Response[None] | Page:
    """Put a product into a drop, or change how many of it one person may have."""
    by = staff(request, "drops.edit")
    form = await read_form(request, ProductFields)
    typed = form.value
    if typed is None:
        return await _page(request, drop_id, form, status_code=422, is_goods=True)
    item = drops.DropItem(product_id=typed.product_id, item_limit=typed.item_limit)
    try:
        async with request.transaction() as tx:
            drop = await drops.take_drop(tx, drop_id=drop_id)
            known = {one.product_id: one for one in drop.items} | {item.product_id: item}
            changed = replace(drop, items=tuple(known.values()))
            await drops.save_drop(tx, drop=changed, by=by, now=request.received_at)
    except drops.ProductTaken as refusal:
        form = Form(request=request)
        form.add("", refusal)
        return await _page(request, drop_id, form, status_code=422, is_goods=True)
    request.context.service(drops.Directory).forget()
    return done(request, f"{HOME}/{drop_id}/goods")


@post(HOME + "/{drop_id:uuid}/products/removal")
async def remove_product(request: Request, drop_id: FromPath[UUID]) -> Response[None]:
    """Take a product out of a drop: it is on sale as any other."""
    by = staff(request, "drops.edit")
    form = await read_form(request, ProductFields)
    async with request.transaction() as tx:
        drop = await drops.take_drop(tx, drop_id=drop_id)
        gone = None if form.value is None else form.value.product_id
        changed = replace(drop, items=tuple(one for one in drop.items if one.product_id != gone))
        await drops.save_drop(tx, drop=changed, by=by, now=request.received_at)
    request.context.service(drops.Directory).forget()
    return done(request, f"{HOME}/{drop_id}/goods")


@get(HOME + "/{drop_id:uuid}/goods")
async def show_goods(request: Request, drop_id: FromPath[UUID]) -> Page:
    """Show the goods of a drop, and a search for more."""
    staff(request, "drops.view")
    return await _page(request, drop_id, Form(request=request), is_goods=True)


async def _save(request: Request, drop_id: UUID | None) -> Response[None] | Page:
    by = staff(request, "drops.edit")
    form = await read_form(request, DropFields)
    typed = form.value
    chosen = [] if typed is None else typed.markets
    zone = zone_of(request, chosen)
    opens = _read(form, "opens_at", zone)
    closes = _read(form, "closes_at", zone)
    if typed is not None and opens is None and not form.error("opens_at"):
        form.add("opens_at", "This field is required.")
    if typed is not None and not (form.text("name_ru") or form.text("name_en")):
        form.add("name_ru", "This field is required.")
    if form.value is None or typed is None or opens is None:
        return await _page(request, drop_id, form, status_code=422)
    now = request.received_at
    try:
        async with request.transaction() as tx:
            before = None if drop_id is None else await drops.take_drop(tx, drop_id=drop_id)
            begun = before or drops.Drop(
                id=drops.DropId(new_id(now)), code=typed.code, name={}, opens_at=opens
            )
            wanted = replace(
                begun,
                code=typed.code,
                name=localised(begun.name, form, "name"),
                description=localised(begun.description, form, "description"),
                picture=typed.picture or None,
                markets=tuple(typed.markets),
                opens_at=opens,
                closes_at=closes,
                stays_on_sale=typed.stays_on_sale,
                is_published=typed.is_published,
                person_limit=typed.person_limit,
                item_limit=typed.item_limit,
                capacity=typed.capacity,
                admissions_per_second=typed.admissions_per_second,
                idle_minutes=typed.idle_minutes,
                gathers_minutes=typed.gathers_minutes,
            )
            await drops.save_drop(tx, drop=wanted, by=by, now=now)
    except drops.DropInvalid as refusal:
        form.add(
            refusal.field,
            words(request)(refusal.message).format(reason=words(request)(refusal.reason)),
        )
        return await _page(request, drop_id, form, status_code=422)
    except HansaError as refusal:
        form.add(_PLACES.get(refusal.code, "code"), refusal)
        return await _page(request, drop_id, form, status_code=422)
    request.context.service(drops.Directory).forget()
    place = f"{HOME}/{wanted.id}" if wanted.items else f"{HOME}/{wanted.id}/goods"
    return done(request, place, "created" if drop_id is None else "saved")


async def _page(
    request: Request,
    drop_id: UUID | None,
    form: Form[Any],
    *,
    status_code: int = 200,
    is_goods: bool = False,
) -> Page:
    language, search = request.language, asked(request, "q")
    async with request.snapshot() as snap:
        drop = None if drop_id is None else await drops.get_drop(snap, drop_id=drop_id)
        ids = [] if drop is None else [item.product_id for item in drop.items]
        products = await catalog.get_products(snap, product_ids=ids)
        found = (
            await catalog.list_products(snap, search=search, limit=_FOUND_MAX) if search else None
        )
    own = {} if drop is None else {item.product_id: item.item_limit for item in drop.items}
    directory = request.context.service(markets.MarketDirectory)
    return show(
        request,
        "drop_goods.html" if is_goods else "drop_settings.html",
        status_code=status_code,
        drop=None if drop is None else describe(request, drop),
        form=form,
        zone=zone_of(request, list(form.values.get("markets") or (drop.markets if drop else ()))),
        markets=[(one.code, pick(one.name, language)) for one in directory.all()],
        pictures=[("", words(request)("No picture"))]
        + [
            (products[one].media[0].key, pick(products[one].name, language))
            for one in ids
            if one in products and products[one].media
        ],
        search=search,
        items=[
            _row(request, products[one]) | {"limit": own[one] or ""}
            for one in ids
            if one in products
        ],
        found=[
            _row(request, one) | {"is_in": one.id in own}
            for one in (found.products if found else ())
        ],
    )


def _row(request: Request, product: catalog.Product) -> dict[str, Any]:
    return {
        "id": product.id,
        "name": pick(product.name, request.language),
        "brand": product.brand,
        "picture": picture_of(product.media),
    }


def _local(request: Request, drop: drops.Drop, instant: datetime | None) -> str:
    """Write an instant as the field takes it, in the zone of the drop's market."""
    if instant is None:
        return ""
    zone = ZoneInfo(zone_of(request, drop.markets))
    return instant.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")


def _read(form: Form[Any], field: str, zone: str) -> datetime | None:
    typed = form.text(field)
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        form.add(field, "This is not a date and time.")
        return None


def _written(number: float | None) -> str:
    return "" if number is None else f"{number:g}"
