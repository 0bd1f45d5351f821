"""Why there are so many of an item: its numbers, who has them, and what happened."""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.text import pick
from hansa.modules import accounts, catalog, markets, stock
from hansa.runtime.html import Form, Page, read_form
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.items import describe
from hansa.surfaces.backoffice.presenting import (
    PAGE_ROWS,
    address,
    asked,
    done,
    names_of,
    show,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import staff
from hansa.surfaces.backoffice.stock import HOME

CORRECTIONS_MAX = 100
_LEDGER_CURSOR = "office.ledger"

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
    "bound": "bound to the shelf",
    "unbound": "no longer bound to the shelf",
    "corrected": "the shop says it is not there or not fit for sale",
    "correction_ended": "counted again",
    "repaired": "derived number put right",
}
WAITS = {
    "order": "for the order to be placed",
    "shipment": "for the shipment",
    "number": "for a newer number of the ERP",
}
CORRECTIONS = {
    stock.CorrectionKind.MISSING: "not found",
    stock.CorrectionKind.DEFECTIVE: "defective",
}


class SafetyFields(msgspec.Struct):
    """How many to keep back in a warehouse."""

    warehouse: UUID
    safety: Decimal


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


@post("/office/stock/corrections/{correction_id:uuid}/end")
async def end_correction(request: Request, correction_id: FromPath[UUID]) -> Response[None]:
    """Sell pieces again that a shop had not found or thought defective."""
    by = staff(request, "stock.correct")
    async with request.transaction() as tx:
        ended = await stock.end_correction(
            tx, correction_id=correction_id, now=request.received_at, by=by.id
        )
        await accounts.record(
            tx,
            actor=by,
            action="stock.end_correction",
            subject_kind="variant",
            subject_id=ended.variant_id,
            after={"reference": ended.reference, "quantity": str(ended.quantity)},
            now=request.received_at,
        )
    return done(request, f"{HOME}/items/{ended.variant_id}", "found_again")


async def _item_page(
    request: Request, variant_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    language = request.language
    place = _warehouse(request)
    channel = asked(request, "channel") or request.market
    after = request.read_cursor(request.query_params.get("after"), of=_LEDGER_CURSOR, types=(int,))
    async with request.snapshot() as snap:
        known = await catalog.get_variants(snap, variant_ids=[variant_id])
        if not known:
            raise catalog.NoSuchProduct(str(variant_id))
        item = (await describe(snap, [variant_id], language))[variant_id]
        story = await stock.explain(snap, channel=channel, variant_id=variant_id, movements_max=1)
        listed = await stock.ledger(
            snap,
            variant_id=variant_id,
            warehouse_id=place,
            after=after[0] if after else None,
            limit=PAGE_ROWS + 1,
        )
        movements, cursor = request.page_of(
            listed, limit=PAGE_ROWS, of=_LEDGER_CURSOR, key=lambda one: (one.number,)
        )
        places = {one.id: pick(one.name, language) for one in await stock.list_warehouses(snap)}
        corrections = await stock.list_corrections(
            snap, variant_id=variant_id, limit=CORRECTIONS_MAX
        )
        makers = [one.made_by for one in corrections]
        people = await names_of(snap, [*makers, *(one.actor_id for one in movements)])
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
        corrections=[_correction_row(request, one, places, people) for one in corrections],
        movements=[_movement_row(request, one, places, people) for one in movements],
        journal_of=_journals(request, story, place),
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


def _journals(
    request: Request, story: stock.Explanation, chosen: UUID | None
) -> list[dict[str, Any]]:
    """Give the tabs that narrow the journal to a warehouse."""
    named: list[tuple[UUID | None, str]] = [(None, words(request)("All"))]
    named += [(one.warehouse_id, pick(one.name, request.language)) for one in story.warehouses]
    return [
        {
            "label": label,
            "href": address(request, warehouse=str(one) if one else None),
            "current": one == chosen,
        }
        for one, label in named
    ]


def _warehouse(request: Request) -> UUID | None:
    """Give the warehouse the journal is narrowed to."""
    try:
        return UUID(asked(request, "warehouse"))
    except ValueError:
        return None


def _reservation_row(
    request: Request, part: stock.ReservedPart, places: Mapping[UUID, str]
) -> dict[str, Any]:
    zone = zone_of(request)
    bound = ", ".join(
        f"{places.get(place, '')} × {format_number(quantity, request.language)}"
        for place, quantity in part.bound
    )
    return {
        "part": part,
        "made": format_moment(part.made_at, request.language, zone),
        "waits": words(request)(WAITS[part.waits_for]),
        "until": format_moment(part.expires_at, request.language, zone),
        "place": places.get(part.warehouse_id, "") if part.warehouse_id else bound,
    }


def _correction_row(
    request: Request,
    correction: stock.Correction,
    places: Mapping[UUID, str],
    people: Mapping[UUID, str],
) -> dict[str, Any]:
    language = request.language
    return {
        "correction": correction,
        "made": format_moment(correction.made_at, language, zone_of(request)),
        "place": places.get(correction.warehouse_id, ""),
        "kind": words(request)(CORRECTIONS[correction.kind]),
        "quantity": format_number(correction.quantity, language),
        "against": format_number(correction.on_hand_against, language),
        "who": people.get(correction.made_by, "") if correction.made_by else "",
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
