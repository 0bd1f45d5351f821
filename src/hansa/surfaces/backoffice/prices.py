"""Prices of a list, corrected in place; each change is remembered and can be taken back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import NotFound
from hansa.kernel.money import UnitPrice
from hansa.kernel.text import pick
from hansa.modules import catalog, pricing
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.html import Form, Page, read_form
from hansa.runtime.html.formats import format_money, format_number
from hansa.runtime.http import Actor, Request
from hansa.surfaces.backoffice.items import Item, describe, find_variants
from hansa.surfaces.backoffice.presenting import (
    EXPORT_ROWS_MAX,
    PAGE_ROWS,
    address,
    asked,
    csv_file,
    done,
    show,
    words,
)
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/prices"
_CURSOR = "office.prices"
_EXPORT_PAGE = 1_000


@dataclass(eq=False)
class NoSuchChange(NotFound):
    """Nothing was changed under this number."""

    code: ClassVar[str] = "backoffice.no_such_change"
    message: ClassVar[str] = "There is no such change."


class PriceFields(msgspec.Struct):
    """A price as it is typed; without an amount there is none."""

    amount: Decimal
    min_quantity: Decimal = Decimal(1)
    compare_at: Decimal | None = None
    price_list: UUID | None = None


async def get_list(snap: Snapshot, list_id: UUID) -> pricing.PriceList:
    """Give a price list.

    Raises:
        NoSuchPriceList: there is none with this id.
    """
    for one in await pricing.list_price_lists(snap):
        if one.id == list_id:
            return one
    raise pricing.NoSuchPriceList(list_id)


@get("/office/prices/lists/{list_id:uuid}")
async def list_prices(request: Request, list_id: FromPath[UUID]) -> Page:
    """Show the prices of a list, each in a form of its own."""
    staff(request, "pricing.view")
    search = asked(request, "q")
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(UUID, Decimal)
    )
    cursor = None
    async with request.snapshot() as snap:
        price_list = await get_list(snap, list_id)
        if search:
            variant_ids = await find_variants(snap, search)
            found = await pricing.list_prices_of_variants(snap, variant_ids=variant_ids)
            prices = [one for one in found if one.price_list_id == list_id]
        else:
            key = pricing.PriceKey(list_id, *after) if after else None
            listed = await pricing.list_prices(
                snap, price_list_id=list_id, after=key, limit=PAGE_ROWS + 1
            )
            prices, cursor = request.page_of(
                listed,
                limit=PAGE_ROWS,
                of=_CURSOR,
                key=lambda one: (one.variant_id, one.min_quantity),
            )
            variant_ids = [one.variant_id for one in prices]
        items = await describe(snap, list(dict.fromkeys(variant_ids)), request.language)
    return show(
        request,
        "price_list.html",
        price_list=price_list,
        rows=[row_of(request, one, items[one.variant_id], price_list) for one in prices],
        without=_without(variant_ids, prices, items) if search else [],
        search=search,
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


def _without(
    variant_ids: Sequence[UUID], prices: Sequence[pricing.Price], items: Mapping[UUID, Item]
) -> list[Item]:
    """Give what was looked for and has no price in the list."""
    priced = {one.variant_id for one in prices}
    return [items[one] for one in variant_ids if one not in priced]


@get("/office/prices/lists/{list_id:uuid}/file.csv")
async def download_prices(request: Request, list_id: FromPath[UUID]) -> Response[bytes]:
    """Give all prices of a list as a file."""
    staff(request, "pricing.view")
    translate = words(request)
    rows: list[Sequence[object]] = []
    async with request.snapshot() as snap:
        price_list = await get_list(snap, list_id)
        after: pricing.PriceKey | None = None
        while len(rows) < EXPORT_ROWS_MAX:
            prices = await pricing.list_prices(
                snap, price_list_id=list_id, after=after, limit=_EXPORT_PAGE
            )
            items = await describe(snap, list({one.variant_id for one in prices}), request.language)
            rows += [
                (
                    items[one.variant_id].sku,
                    items[one.variant_id].name,
                    items[one.variant_id].note,
                    plain(one.min_quantity),
                    plain(one.amount),
                    plain(one.compare_at),
                    price_list.currency,
                )
                for one in prices
            ]
            if len(prices) < _EXPORT_PAGE:
                break
            after = pricing.PriceKey(list_id, prices[-1].variant_id, prices[-1].min_quantity)
    header = ("Article", "Product", "Options", "From quantity", "Price", "Former price", "Currency")
    return csv_file(f"prices-{price_list.code}", [translate(one) for one in header], rows)


@post("/office/prices/lists/{list_id:uuid}/{variant_id:uuid}")
async def correct(
    request: Request, list_id: FromPath[UUID], variant_id: FromPath[UUID]
) -> Response[None] | Page:
    """Set a price by hand; with htmx the answer is the row."""
    by = staff(request, "pricing.edit")
    form = await read_form(request, PriceFields)
    change: str | None = None
    if form.value is not None:
        change = await set_typed(request, form, list_id, variant_id, by)
    async with request.snapshot() as snap:
        price_list = await get_list(snap, list_id)
        item = (await describe(snap, [variant_id], request.language))[variant_id]
        held = await _held(snap, form, list_id, variant_id)
    if not form.errors and not request.is_htmx:
        here = f"{HOME}/lists/{list_id}?{urlencode({'q': item.sku})}"
        return done(request, here, "price" if change else "saved", of=change)
    row = row_of(request, held, item, price_list, form)
    status = 422 if form.errors else 200
    if request.is_htmx:
        undo = f"{HOME}/changes/{change}/undo" if change else ""
        text = words(request)("The price is changed.")
        said = json.dumps({"toast": {"text": text, "undo": undo}})
        return Page(
            "backoffice/price_row.html",
            status_code=status,
            headers={"HX-Trigger": said} if change else {},
            row=row,
            list_id=list_id,
        )
    return show(
        request,
        "price_list.html",
        status_code=422,
        price_list=price_list,
        rows=[row],
        without=[],
        search=item.sku,
        first_url=f"{HOME}/lists/{list_id}",
        next_url=None,
    )


async def set_typed(
    request: Request, form: Form[PriceFields], list_id: UUID, variant_id: UUID, by: Actor
) -> str | None:
    """Set what was typed; give what names the change, if it was one."""
    typed = form.value
    assert typed is not None, "only what could be read is set"
    price = pricing.Price(
        price_list_id=list_id,
        variant_id=variant_id,
        amount=typed.amount,
        min_quantity=typed.min_quantity,
        compare_at=typed.compare_at,
    )
    async with request.transaction() as tx:
        known = await catalog.get_variants(tx, variant_ids=[variant_id])
        if not known:
            raise catalog.NoSuchProduct(str(variant_id))
        result = await pricing.set_prices(tx, prices=[price], now=request.received_at, by=by)
        for refusal in result.refused:
            form.add("amount", refusal.error)
        if not (result.created or result.changed):
            return None
        changes = await pricing.list_price_changes(tx, variant_ids=[variant_id], limit=1)
        return f"{variant_id}_{changes[0].id}" if changes else None


async def _held(
    snap: Snapshot, form: Form[PriceFields], list_id: UUID, variant_id: UUID
) -> pricing.Price:
    """Give the price the form was about, as it is now."""
    prices = await pricing.list_prices_of_variants(snap, variant_ids=[variant_id])
    mine = [one for one in prices if one.price_list_id == list_id]
    wanted = form.text("min_quantity", "1").replace(",", ".")
    same = [one for one in mine if plain(one.min_quantity) == wanted]
    nothing = pricing.Price(price_list_id=list_id, variant_id=variant_id, amount=Decimal(0))
    return (same or mine or [nothing])[0]


@post("/office/prices/changes/{change:str}/undo")
async def undo(request: Request, change: FromPath[str]) -> Response[None]:
    """Set a price back to what it was before a change; the change stays in the history."""
    by = staff(request, "pricing.edit")
    variant, _, number = change.partition("_")
    try:
        variant_id, change_id = UUID(variant), int(number)
    except ValueError as error:
        raise NoSuchChange from error
    async with request.transaction() as tx:
        found = await pricing.list_price_changes(
            tx, variant_ids=[variant_id], before=change_id + 1, limit=1
        )
        if not found or found[0].id != change_id:
            raise NoSuchChange
        await _take_back(tx, found[0], by, request)
    return done(request, f"{HOME}/items/{variant_id}", "price_undone")


async def _take_back(
    tx: Transaction, change: pricing.PriceChange, by: Actor, request: Request
) -> None:
    if change.amount_before is None:
        await pricing.remove_prices(tx, keys=[change.key], now=request.received_at, by=by)
        return
    price = pricing.Price(
        price_list_id=change.key.price_list_id,
        variant_id=change.key.variant_id,
        min_quantity=change.key.min_quantity,
        amount=change.amount_before,
        compare_at=change.compare_at_before,
    )
    await pricing.set_prices(tx, prices=[price], now=request.received_at, by=by)


def row_of(
    request: Request,
    price: pricing.Price,
    item: Item,
    price_list: pricing.PriceList,
    form: Form[Any] | None = None,
) -> dict[str, Any]:
    """Give a price as a row with a form; what was refused shows what was typed."""
    quantity = format_number(price.min_quantity, request.language)
    is_typed = form is not None and bool(form.errors)
    comma = "," if request.language == "ru" else "."
    amount = plain(price.amount).replace(".", comma)
    compare_at = plain(price.compare_at).replace(".", comma)
    return {
        "id": f"{price.variant_id}-{plain(price.min_quantity).replace('.', '-')}",
        "action": f"{HOME}/lists/{price_list.id}/{price.variant_id}",
        "item": item,
        "url": f"{HOME}/items/{price.variant_id}",
        "min_quantity": plain(price.min_quantity),
        "quantity": quantity,
        "amount": form.text("amount") if form and is_typed else amount,
        "compare_at": form.text("compare_at") if form and is_typed else compare_at,
        "errors": form.errors if form else {},
        "shown": format_money(UnitPrice(price.amount, price_list.currency), request.language),
        "currency": price_list.currency,
        "overridden": price.is_overridden,
        "list_name": pick(price_list.name, request.language),
        "list_id": price_list.id,
    }


def plain(amount: Decimal | None) -> str:
    """Write an amount as a field takes it."""
    return "" if amount is None else f"{amount.normalize():f}"
