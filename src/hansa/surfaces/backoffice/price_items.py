"""Everything about the price of one item: in each list, at each quantity, and how it came to be."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.money import UnitPrice
from hansa.kernel.text import pick
from hansa.modules import pricing
from hansa.runtime.html import Form, Page, read_form
from hansa.runtime.html.formats import format_moment, format_money, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.items import describe
from hansa.surfaces.backoffice.presenting import address, done, names_of, show, words, zone_of
from hansa.surfaces.backoffice.prices import HOME, PriceFields, plain, row_of, set_typed
from hansa.surfaces.backoffice.shell import staff

_CHANGES = 50
_NUMBER_DIGITS_MAX = 17


class KeyFields(msgspec.Struct):
    """Which price of an item."""

    price_list: UUID
    min_quantity: Annotated[str, msgspec.Meta(max_length=30)] = "1"


@get("/office/prices/items/{variant_id:uuid}")
async def show_item(request: Request, variant_id: FromPath[UUID]) -> Page:
    """Show every price of an item and the history."""
    staff(request, "pricing.view")
    return await _page(request, variant_id, Form(request=request))


@post("/office/prices/items/{variant_id:uuid}/set")
async def set_price(request: Request, variant_id: FromPath[UUID]) -> Response[None] | Page:
    """Set a price by hand, or add one."""
    by = staff(request, "pricing.edit")
    form = await read_form(request, PriceFields)
    if form.value is not None and form.value.price_list is None:
        form.add("price_list", "This field is required.")
    change = None
    if form.value is not None and form.value.price_list is not None:
        change = await set_typed(request, form, form.value.price_list, variant_id, by)
    if form.errors:
        return await _page(request, variant_id, form, status_code=422)
    return done(request, f"{HOME}/items/{variant_id}", "price" if change else "saved", of=change)


@post("/office/prices/items/{variant_id:uuid}/remove")
async def remove(request: Request, variant_id: FromPath[UUID]) -> Response[None]:
    """Take a price away; the history can bring it back."""
    by = staff(request, "pricing.edit")
    key = await _key(request, variant_id)
    async with request.transaction() as tx:
        removed = await pricing.remove_prices(tx, keys=[key], now=request.received_at, by=by)
        changes = await pricing.list_price_changes(tx, variant_ids=[variant_id], limit=1)
    of = f"{variant_id}_{changes[0].id}" if removed and changes else None
    return done(request, f"{HOME}/items/{variant_id}", "price", of=of)


@post("/office/prices/items/{variant_id:uuid}/reset")
async def reset(request: Request, variant_id: FromPath[UUID]) -> Response[None]:
    """Let imports write a price again."""
    by = staff(request, "pricing.edit")
    key = await _key(request, variant_id)
    async with request.transaction() as tx:
        await pricing.reset_price_overrides(tx, keys=[key], by=by, now=request.received_at)
    return done(request, f"{HOME}/items/{variant_id}", "reset")


async def _key(request: Request, variant_id: UUID) -> pricing.PriceKey:
    form = await read_form(request, KeyFields)
    if form.value is None:
        raise pricing.NoSuchPriceList(UUID(int=0))
    async with request.snapshot(single=True) as snap:
        prices = await pricing.list_prices_of_variants(snap, variant_ids=[variant_id])
    for one in prices:
        same = plain(one.min_quantity) == form.value.min_quantity
        if same and one.price_list_id == form.value.price_list:
            return pricing.PriceKey(one.price_list_id, variant_id, one.min_quantity)
    raise pricing.NoSuchPriceList(form.value.price_list)


async def _page(
    request: Request, variant_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    language = request.language
    told = request.query_params.get("after", "")
    before = int(told) if told.isdecimal() and len(told) <= _NUMBER_DIGITS_MAX else None
    async with request.snapshot() as snap:
        item = (await describe(snap, [variant_id], language))[variant_id]
        lists = {one.id: one for one in await pricing.list_price_lists(snap)}
        prices = await pricing.list_prices_of_variants(snap, variant_ids=[variant_id])
        changes = await pricing.list_price_changes(
            snap, variant_ids=[variant_id], before=before, limit=_CHANGES + 1
        )
        people = await names_of(snap, (one.changed_by for one in changes))
    prices = tuple(sorted(prices, key=lambda one: (one.price_list_id, one.min_quantity)))
    typed = [_is_of(form, one) for one in prices]
    more = changes[_CHANGES - 1].id if len(changes) > _CHANGES else None
    return show(
        request,
        "price_item.html",
        status_code=status_code,
        item=item,
        form=form,
        is_new=bool(form.errors) and not any(typed),
        rows=[
            row_of(request, one, item, lists[one.price_list_id], form if is_typed else None)
            for one, is_typed in zip(prices, typed, strict=True)
        ],
        lists=[
            (str(one.id), f"{pick(one.name, language) or one.code}, {one.currency}")
            for one in lists.values()
        ],
        history=[
            _history_row(request, one, lists[one.key.price_list_id], people)
            for one in changes[:_CHANGES]
        ],
        first_url=address(request) if before else None,
        next_url=address(request, after=str(more)) if more else None,
    )


def _is_of(form: Form[Any], price: pricing.Price) -> bool:
    """Say whether a refused form was about this price."""
    return (
        bool(form.errors)
        and form.text("price_list") == str(price.price_list_id)
        and form.text("min_quantity", "1") == plain(price.min_quantity)
    )


def _history_row(
    request: Request,
    change: pricing.PriceChange,
    price_list: pricing.PriceList,
    people: dict[UUID, str],
) -> dict[str, Any]:
    language = request.language

    def amount(value: Decimal | None) -> str | None:
        if value is None:
            return None
        return format_money(UnitPrice(value, price_list.currency), language)

    by = change.changed_by
    return {
        "moment": format_moment(change.changed_at, language, zone_of(request)),
        "list": pick(price_list.name, language) or price_list.code,
        "quantity": format_number(change.key.min_quantity, language),
        "before": amount(change.amount_before),
        "after": amount(change.amount_after),
        "who": people.get(by, "—") if by else words(request)("import"),
        "undo": f"{HOME}/changes/{change.key.variant_id}_{change.id}/undo",
    }
