"""Stock: what can be sold, why a number is what it is, and where it lies."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from litestar import Response, get

from hansa.modules import stock
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.items import describe, find_variants
from hansa.surfaces.backoffice.presenting import (
    EXPORT_ROWS_MAX,
    PAGE_ROWS,
    address,
    asked,
    csv_file,
    show,
    words,
)
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/stock"
LOW = Decimal(3)
_CURSOR = "office.stock"
_EXPORT_PAGE = 1_000
_SHORT_LIST = 200
_VIEWS = {"": "All", "low": "Running out", "none": "Sold out", "discrepancies": "Discrepancies"}


@get("/office/stock")
async def list_stock(request: Request) -> Page:
    """Show what the market may sell, item by item."""
    actor = staff(request, "stock.view")
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
        repair_url=f"{HOME}/repair" if actor.may("stock.repair") else None,
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
