"""Gift sets: what comes with an order whose goods cost enough."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.kernel.money import money_from_decimal
from hansa.kernel.periods import Period
from hansa.kernel.text import pick
from hansa.modules import accounts, catalog, markets, promotions
from hansa.modules.promotions import GiftItem, GiftSet
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment, format_money
from hansa.runtime.http import Actor, Request
from hansa.surfaces.backoffice.items import describe
from hansa.surfaces.backoffice.presenting import (
    PAGE_ROWS,
    address,
    by_language,
    done,
    local_text,
    localised,
    read_instant,
    show,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/gifts"
_CURSOR = "office.gifts"
_Short = Annotated[str, msgspec.Meta(max_length=300)]
_PLACES = {"name": "name_ru", "minimum": "minimum", "items": "items", "quantity": "items"}


class GiftFields(msgspec.Struct):
    """What is typed of a gift set; `items` are article numbers, one a line, `× 2` for more."""

    code: Annotated[str, msgspec.Meta(max_length=100)] = ""
    market: _Short = ""
    name_ru: _Short = ""
    name_en: _Short = ""
    minimum: Decimal = Decimal(0)
    items: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    starts_at: _Short = ""
    ends_at: _Short = ""
    priority: Annotated[int, msgspec.Meta(ge=-1000, le=1000)] = 0
    is_active: bool = False


@get("/office/gifts")
async def list_gifts(request: Request) -> Page:
    """Show all gift sets."""
    staff(request, "promotions.view")
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(str,))
    async with request.snapshot() as snap:
        found = await promotions.list_gift_sets(
            snap, after=after[0] if after else None, limit=PAGE_ROWS + 1
        )
        shown, cursor = request.page_of(
            found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.code,)
        )
        wanted = [item.variant_id for one in shown for item in one.items]
        items = await describe(snap, wanted, request.language)
    zone = zone_of(request)
    return show(
        request,
        "gifts.html",
        rows=[
            {
                "gift": one,
                "name": pick(one.name, request.language),
                "minimum": format_money(one.minimum, request.language),
                "items": ", ".join(items[item.variant_id].name for item in one.items),
                "starts": format_moment(one.valid.starts_at, request.language, zone),
                "ends": format_moment(one.valid.ends_at, request.language, zone),
                "is_offered": one.is_active and one.valid.contains(request.received_at),
            }
            for one in shown
        ],
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


@get("/office/gifts/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new gift set."""
    staff(request, "promotions.edit")
    return _page(request, None, first_shown(request, is_active="1", market=request.market))


@post("/office/gifts/new")
async def create(request: Request) -> Response[None] | Page:
    """Create a gift set."""
    by = staff(request, "promotions.edit")
    return await _save(request, None, by)


@get("/office/gifts/{gift_set_id:uuid}")
async def show_gift(request: Request, gift_set_id: FromPath[UUID]) -> Page:
    """Show a gift set."""
    staff(request, "promotions.view")
    async with request.snapshot() as snap:
        held = await promotions.get_gift_set(snap, gift_set_id=gift_set_id)
        typed = await _typed_items(snap, held)
    form = first_shown(
        request,
        **by_language("name", held.name),
        code=held.code,
        market=held.market,
        minimum=f"{held.minimum.to_decimal():f}",
        items=typed,
        starts_at=local_text(request, held.valid.starts_at),
        ends_at=local_text(request, held.valid.ends_at),
        priority=str(held.priority),
        is_active="1" if held.is_active else None,
    )
    return _page(request, held, form)


@post("/office/gifts/{gift_set_id:uuid}")
async def save(request: Request, gift_set_id: FromPath[UUID]) -> Response[None] | Page:
    """Change a gift set; its code never changes."""
    by = staff(request, "promotions.edit")
    async with request.snapshot(single=True) as snap:
        held = await promotions.get_gift_set(snap, gift_set_id=gift_set_id)
    return await _save(request, held, by)


async def _save(request: Request, held: GiftSet | None, by: Actor) -> Response[None] | Page:
    form = await read_form(request, GiftFields)
    starts, ends = read_instant(request, form, "starts_at"), read_instant(request, form, "ends_at")
    if form.value is not None:
        async with request.transaction() as tx:
            items = await _read_items(tx, form)
            if not form.errors:
                gift = _gift(
                    request,
                    form.value,
                    held=held,
                    form=form,
                    items=items,
                    valid=Period(starts, ends),
                )
                try:
                    await promotions.save_gift_sets(
                        tx, gift_sets=[gift], by=by.id, now=request.received_at
                    )
                except HansaError as refusal:
                    form.add(_PLACES.get(getattr(refusal, "field", ""), ""), refusal)
                else:
                    await _record(tx, by, held, gift, request)
    if form.errors or form.value is None:
        return _page(request, held, form, status_code=422)
    return done(request, HOME, "saved" if held is not None else "created")


def _gift(
    request: Request,
    typed: GiftFields,
    *,
    held: GiftSet | None,
    form: Form[Any],
    items: tuple[GiftItem, ...],
    valid: Period,
) -> GiftSet:
    code = typed.market if held is None else held.market
    market = request.context.service(markets.MarketDirectory).get(code)
    return GiftSet(
        id=new_id(request.received_at) if held is None else held.id,
        code=typed.code.strip() if held is None else held.code,
        market=market.code,
        name=localised({} if held is None else held.name, form, "name"),
        minimum=money_from_decimal(typed.minimum, market.currency),
        items=items,
        valid=valid,
        priority=typed.priority,
        is_active=typed.is_active,
        source="" if held is None else held.source,
    )


async def _record(
    tx: Transaction, by: Actor, held: GiftSet | None, gift: GiftSet, request: Request
) -> None:
    await accounts.record(
        tx,
        actor=by,
        action="promotions.gift_set_changed" if held else "promotions.gift_set_created",
        subject_kind="gift_set",
        subject_id=gift.id,
        before=None if held is None else msgspec.to_builtins(held),
        after=msgspec.to_builtins(gift),
        now=request.received_at,
    )


async def _read_items(snap: Snapshot, form: Form[Any]) -> tuple[GiftItem, ...]:
    """Read the lines of article numbers; what is none is told at the field."""
    items: list[GiftItem] = []
    for line in filter(None, (one.strip() for one in form.text("items").splitlines())):
        sku, _, count = line.replace("×", "*").partition("*")
        quantity = count.strip() or "1"
        found = await catalog.find_variants_by_sku(snap, sku=sku.strip())
        if len(found) != 1 or not (quantity.isascii() and quantity.isdecimal()):
            form.add(
                "items", "Write article numbers that exist, one a line, such as WD-1002-M × 2."
            )
            return ()
        items.append(GiftItem(variant_id=found[0].id, quantity=Decimal(quantity)))
    return tuple(items)


async def _typed_items(snap: Snapshot, gift: GiftSet) -> str:
    wanted = [item.variant_id for item in gift.items]
    variants = await catalog.get_variants(snap, variant_ids=wanted)
    return "\n".join(
        variants[item.variant_id].sku + (f" × {item.quantity:f}" if item.quantity != 1 else "")
        for item in gift.items
        if item.variant_id in variants
    )


def _page(
    request: Request, held: GiftSet | None, form: Form[Any], *, status_code: int = 200
) -> Page:
    directory = request.context.service(markets.MarketDirectory)
    return show(
        request,
        "gift.html",
        status_code=status_code,
        held=held,
        form=form,
        markets=[
            (one.code, f"{pick(one.name, request.language)}, {one.currency}")
            for one in directory.all()
        ],
        currency=directory.get(held.market if held else request.market).currency,
    )


ROUTES = (list_gifts, show_new, create, show_gift, save)
