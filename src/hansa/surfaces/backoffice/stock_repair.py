"""Derived numbers of stock that went wrong: a dry run, then the repair."""

from functools import partial
from typing import Any

from litestar import Response, get, post

from hansa.kernel.text import pick
from hansa.modules import stock
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.items import describe
from hansa.surfaces.backoffice.presenting import done, show, words
from hansa.surfaces.backoffice.shell import staff
from hansa.surfaces.backoffice.stock import HOME

SHOWN_MAX = 500

NUMBERS = {
    "sellable": "in warehouses",
    "reserved": "reserved",
    "withheld": "withheld",
    "links": "links between markets",
}


@get("/office/stock/repair")
async def show_differences(request: Request) -> Page:
    """Show every derived number that is wrong, and what it would be set to."""
    staff(request, "stock.repair")
    language, translate = request.language, words(request)
    async with request.snapshot() as snap:
        found = await stock.find_differences(snap, limit=SHOWN_MAX)
        variants = list({one.variant_id for one in found if one.variant_id is not None})
        items = await describe(snap, variants, language)
        places = {one.id: pick(one.name, language) for one in await stock.list_warehouses(snap)}
    rows: list[dict[str, Any]] = [
        {
            "item": items.get(one.variant_id) if one.variant_id else None,
            "place": places.get(one.warehouse_id, "") if one.warehouse_id else one.channel,
            "number": translate(NUMBERS[one.number]),
            "found": None if one.variant_id is None else one.found,
            "right": one.right,
        }
        for one in found
    ]
    return show(
        request,
        "stock_repair.html",
        rows=rows,
        is_cut=len(found) >= SHOWN_MAX,
        number=partial(format_number, language=language),
        here=f"{HOME}/repair",
    )


@post("/office/stock/repair")
async def apply(request: Request) -> Response[None]:
    """Put them right."""
    by = staff(request, "stock.repair")
    # Two transactions: holds lock shelves before counters, so one could not stop both.
    async with request.transaction() as tx:
        await stock.repair_shelves(tx, now=request.received_at, by=by)
    async with request.transaction() as tx:
        await stock.repair_counters(tx, now=request.received_at, by=by)
    return done(request, f"{HOME}/repair", "repaired")
