"""Stock: what can be sold, why a number is what it is, and where it lies."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.text import pick
from hansa.modules import catalog, markets, stock
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page, read_form
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.items import describe, find_variants
from hansa.surfaces.backoffice.presenting import (
    EXPORT_ROWS_MAX,
    PAGE_ROWS,
    address,
    asked,
    csv_file,
    done,
    names_of,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/stock"
LOW = Decimal(3)
_CURSOR = "office.stock"
_LEDGER_CURSOR = "office.ledger"
_EXPORT_PAGE = 1_000
_SHORT_LIST = 200
_VIEWS = {"": "All", "low": "Running out", "none": "Sold out", "discrepancies": "Discrepancies"}

KINDS = {
    "level": "number from the ERP",
    "missing": "not named in a full export",
    "safety": "safety stock",
    "held": "set aside for a basket",
    "ordered": "ordered",
    "sent": "told to the ERP",
    "shipped": "shipped",
    "contained": "contained in the ERP's number",
    "released": "given back",
    "expired": "time ran out",
}
WAITS = {
    "order": "for the order to be placed",
    "shipment": "for the shipment",
    "number": "for a newer number of the ERP",
}


class SafetyFields(msgspec.Struct):
    """How many to keep back in a warehouse."""

    warehouse: UUID
    safety: Decimal


@get("/office/stock")
async def list_stock(request: Request) -> Page:
    """Show what the market may sell, item by item."""
    staff(request, "stock.view")
    language, translate = request.language, words(request)
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(UUID,))
    view, search = _view(request), asked(request, "q")
    async with request.snapshot() as snap:
        totals = await stock.totals(snap, channel=request.market)
        rows = await _counters(snap, request, after[0] if after else None)
        rows, cursor = (
            (rows, None)
            if search or view
            else request.page_of(
                rows, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.variant_id,)
            )
        )
        items = await describe(snap, [one.variant_id for one in rows], language)
        promised = await stock.discrepancies(snap, limit=_SHORT_LIST)
    return show(
        request,
        "stock.html",
        totals={
            "available": format_number(totals.available, language),
            "reserved": format_number(totals.reserved, language),
            "items": format_number(totals.sellable_variants, language),
            "all_items": format_number(totals.variants, language),
            "too_much": totals.promised_too_much,
        },
        tabs=[
            {
                "label": translate(label),
                "href": address(request, view=name),
                "current": name == view,
                "count": len(promised) if name == "discrepancies" else None,
            }
            for name, label in _VIEWS.items()
        ],
        rows=[
            {
                "item": items[one.variant_id],
                "counter": one,
                "sellable": format_number(one.sellable, language),
                "reserved": format_number(one.reserved, language),
                "available": format_number(one.available, language),
                "state": _state(one),
            }
            for one in rows
        ],
        view=view,
        search=search,
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
        csv_url=address(request).replace(HOME, f"{HOME}.csv", 1),
    )


def _view(request: Request) -> str:
    told = asked(request, "view")
    return told if told in _VIEWS else ""


async def _counters(
    snap: Snapshot, request: Request, after: UUID | None, limit: int = PAGE_ROWS + 1
) -> Sequence[stock.CounterRow]:
    view, search, channel = _view(request), asked(request, "q"), request.market
    if search:
        variant_ids = await find_variants(snap, search)
        return await stock.list_counters(
            snap, channel=channel, variant_ids=variant_ids, limit=_SHORT_LIST
        )
    if view == "low":
        return await stock.low_stock(snap, channel=channel, threshold=LOW, limit=_SHORT_LIST)
    if view == "none":
        return [
            one
            for one in await stock.low_stock(
                snap, channel=channel, threshold=Decimal(0), with_empty=True, limit=_SHORT_LIST
            )
            if one.available <= 0
        ]
    if view == "discrepancies":
        return await stock.discrepancies(snap, limit=_SHORT_LIST)
    return await stock.list_counters(snap, channel=channel, after=after, limit=limit)


def _state(counter: stock.CounterRow) -> tuple[str, str]:
    if counter.reserved > counter.sellable:
        return "promised too much", "bad"
    if counter.available <= 0:
        return "sold out", ""
    return ("running out", "warn") if counter.available <= LOW else ("on sale", "good")


@get("/office/stock.csv")
async def download_stock(request: Request) -> Response[bytes]:
    """Give the list as a file, whole, with the filters that are on."""
    staff(request, "stock.view")
    translate = words(request)
    lines: list[Sequence[object]] = []
    after: UUID | None = None
    async with request.snapshot() as snap:
        while len(lines) < EXPORT_ROWS_MAX:
            rows = await _counters(snap, request, after, _EXPORT_PAGE)
            items = await describe(snap, [one.variant_id for one in rows], request.language)
            lines += [
                (
                    items[one.variant_id].sku,
                    items[one.variant_id].name,
                    items[one.variant_id].note,
                    f"{one.sellable.normalize():f}",
                    f"{one.reserved.normalize():f}",
                    f"{one.available.normalize():f}",
                )
                for one in rows
            ]
            if len(rows) < _EXPORT_PAGE:
                break
            after = rows[-1].variant_id
    header = ("Article", "Product", "Options", "In warehouses", "Reserved", "Available")
    return csv_file("stock", [translate(one) for one in header], lines)


@get("/office/stock/items/{variant_id:uuid}")
async def show_item(request: Request, variant_id: FromPath[UUID]) -> Page:
    """Tell why there are so many of an item."""
    staff(request, "stock.view")
    return await _item_page(request, variant_id, Form(request=request))


@post("/office/stock/items/{variant_id:uuid}/safety")
async def set_safety(request: Request, variant_id: FromPath[UUID]) -> Response[None] | Page:
    """Keep back so many in a warehouse."""
    by = staff(request, "stock.edit")
    form = await read_form(request, SafetyFields)
    if form.value is None:
        return await _item_page(request, variant_id, form, status_code=422)
    typed = form.value
    try:
        async with request.transaction() as tx:
            await stock.set_safety(
                tx,
                safety=[(typed.warehouse, variant_id, typed.safety)],
                by=by,
                now=request.received_at,
            )
    except HansaError as refusal:
        form.add("safety", refusal)
        return await _item_page(request, variant_id, form, status_code=422)
    return done(request, f"{HOME}/items/{variant_id}")


async def _item_page(
    request: Request, variant_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    language = request.language
    channel = asked(request, "channel") or request.market
    after = request.read_cursor(request.query_params.get("after"), of=_LEDGER_CURSOR, types=(int,))
    async with request.snapshot() as snap:
        known = await catalog.get_variants(snap, variant_ids=[variant_id])
        if not known:
            raise catalog.NoSuchProduct(str(variant_id))
        item = (await describe(snap, [variant_id], language))[variant_id]
        story = await stock.explain(snap, channel=channel, variant_id=variant_id, movements_max=1)
        listed = await stock.ledger(
            snap, variant_id=variant_id, after=after[0] if after else None, limit=PAGE_ROWS + 1
        )
        movements, cursor = request.page_of(
            listed, limit=PAGE_ROWS, of=_LEDGER_CURSOR, key=lambda one: (one.number,)
        )
        places = {one.id: pick(one.name, language) for one in await stock.list_warehouses(snap)}
        people = await names_of(snap, (one.actor_id for one in movements))
    return show(
        request,
        "stock_item.html",
        status_code=status_code,
        item=item,
        form=form,
        story=story,
        channels=[
            {
                "label": pick(one.name, language),
                "href": address(request, channel=one.code),
                "current": one.code == channel,
            }
            for one in request.context.service(markets.MarketDirectory).all()
        ],
        number=partial(format_number, language=language),
        warehouses=[
            {"part": one, "as_of": format_moment(one.as_of, language, zone_of(request))}
            for one in story.warehouses
        ],
        reservations=[_reservation_row(request, one, places) for one in story.reservations],
        movements=[_movement_row(request, one, places, people) for one in movements],
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


def _reservation_row(
    request: Request, part: stock.ReservedPart, places: Mapping[UUID, str]
) -> dict[str, Any]:
    zone = zone_of(request)
    return {
        "part": part,
        "made": format_moment(part.made_at, request.language, zone),
        "waits": words(request)(WAITS[part.waits_for]),
        "until": format_moment(part.expires_at, request.language, zone),
        "place": places.get(part.warehouse_id, "") if part.warehouse_id else "",
    }


def _movement_row(
    request: Request,
    row: stock.Movement,
    places: Mapping[UUID, str],
    people: Mapping[UUID, str],
) -> dict[str, Any]:
    language = request.language
    return {
        "row": row,
        "moment": format_moment(row.at, language, zone_of(request)),
        "kind": words(request)(KINDS.get(row.kind, row.kind)),
        "place": places.get(row.warehouse_id, "") if row.warehouse_id else "",
        "on_hand": _signed(row.on_hand_change, language),
        "reserved": _signed(row.reserved_change, language),
        "after": format_number(row.on_hand_after, language),
        "who": people.get(row.actor_id, "") if row.actor_id else (row.source or ""),
    }


def _signed(change: Decimal, language: str) -> str:
    if not change:
        return ""
    return f"{'+' if change > 0 else ''}{format_number(change, language)}"
