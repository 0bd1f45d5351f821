"""Beside a connection's settings: keys, what it owns, taking over what another calls things."""

import csv
import io
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError, NotFound
from hansa.kernel.text import pick
from hansa.modules import accounts, erp, stock
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_moment
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.exchange import HOME
from hansa.surfaces.backoffice.presenting import done, show, words, zone_of
from hansa.surfaces.backoffice.shell import staff

LINES_MAX = 200_000
MAPPED_AT_ONCE = 5_000
FIELDS = {
    "name": "Names",
    "description": "Descriptions",
    "brand": "Brands",
    "groups": "Groups of items",
    "attributes": "Attributes",
    "pictures": "Pictures",
    "sku": "Article numbers",
    "barcode": "Barcodes",
    "unit": "Units",
    "options": "Sizes, colours and other options",
    "is_deleted": "Taking items away",
    "prices": "Prices",
    "stock": "Stock",
    "order_statuses": "States of orders",
    "shipments": "Shipments",
    "customers": "Customers",
    "gift_sets": "Gift sets",
    "receipts": "Receipts",
    "marketplace_marks": "Marks of marketplaces",
}
KINDS = {
    "product": "Items",
    "variant": "Variants",
    "group": "Groups of items",
    "price_type": "Price types",
    "warehouse": "Warehouses",
}
_Pairs = Annotated[str, msgspec.Meta(max_length=20_000_000)]


class KeyFields(msgspec.Struct):
    """What a new key is called."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class OwningFields(msgspec.Struct):
    """What a connection owns; no field named means all."""

    fields: list[str] = []
    warehouses: list[UUID] = []


class MappingFields(msgspec.Struct):
    """What another connection calls things, and what this one does: `there;here`, one a line."""

    source: UUID
    kind: str
    pairs: _Pairs


@get("/office/exchange/connections/{connection_id:uuid}/parts")
async def show_parts(request: Request, connection_id: FromPath[UUID]) -> Page:
    """Show keys, ownership and the cut-over of a connection."""
    staff(request, "erp.view")
    return await _page(request, connection_id)


@post("/office/exchange/connections/{connection_id:uuid}/keys")
async def add_key(request: Request, connection_id: FromPath[UUID]) -> Page:
    """Make a key; its secret is on this page and nowhere else."""
    by = staff(request, "erp.edit")
    form = await read_form(request, KeyFields)
    secret = ""
    if form.value is not None:
        try:
            async with request.transaction() as tx:
                _, secret = await erp.make_key(
                    tx,
                    connection_id=connection_id,
                    name=form.value.name,
                    by=by,
                    now=request.received_at,
                )
        except NotFound:
            raise
        except HansaError as refusal:
            form.add("name", refusal)
    if form.errors:
        return await _page(request, connection_id, key=form, status_code=422)
    page = await _page(request, connection_id, secret=secret, name=form.text("name"))
    page.headers["Cache-Control"] = "no-store"
    return page


@post("/office/exchange/connections/{connection_id:uuid}/owning")
async def save_owning(request: Request, connection_id: FromPath[UUID]) -> Response[None] | Page:
    """Say which fields and whose stock a connection tells."""
    by = staff(request, "erp.edit")
    form = await read_form(request, OwningFields)
    if form.value is not None and not form.value.fields:
        form.add("fields", "Choose at least one field; to silence a connection, switch it off.")
    if form.value is not None and not form.errors:
        wanted = form.value
        every = set(wanted.fields) >= set(erp.OWNABLE)
        try:
            async with request.transaction() as tx:
                await erp.get_connection(tx, connection_id=connection_id)
                await erp.set_owned_fields(
                    tx,
                    connection_id=connection_id,
                    fields=() if every else wanted.fields,
                    by=by,
                    now=request.received_at,
                )
                await erp.set_owned_warehouses(
                    tx,
                    connection_id=connection_id,
                    warehouse_ids=wanted.warehouses,
                    by=by,
                    now=request.received_at,
                )
        except NotFound:
            raise
        except HansaError as refusal:
            form.add("", refusal)
        else:
            return done(request, _here(connection_id))
    return await _page(request, connection_id, owning=form, status_code=422)


@post("/office/exchange/connections/{connection_id:uuid}/mapping")
async def take_over(request: Request, connection_id: FromPath[UUID]) -> Response[None] | Page:
    """Let a connection call our things by its own names: the cut-over from one ERP to another."""
    by = staff(request, "erp.edit")
    form = await read_form(request, MappingFields)
    told = None
    if form.value is not None:
        names = _pairs(form, form.value.pairs)
        if not form.errors:
            told = await _map(request, connection_id, form.value, names, by)
    if told is None:
        return await _page(request, connection_id, mapping=form, status_code=422)
    return await _page(request, connection_id, told=told)


async def _map(
    request: Request,
    connection_id: UUID,
    typed: MappingFields,
    names: dict[str, str],
    by: Any,
) -> str:
    found = 0
    listed = list(names.items())
    async with request.transaction() as tx:
        await erp.get_connection(tx, connection_id=connection_id)
        for start in range(0, len(listed), MAPPED_AT_ONCE):
            found += await erp.map_identifiers(
                tx,
                from_connection_id=typed.source,
                to_connection_id=connection_id,
                kind=typed.kind,
                names=dict(listed[start : start + MAPPED_AT_ONCE]),
            )
        await accounts.record(
            tx,
            actor=by,
            action="erp.identifiers_mapped",
            subject_kind="erp_connection",
            subject_id=connection_id,
            after={"from": str(typed.source), "kind": typed.kind, "mapped": found},
            now=request.received_at,
        )
    sentence = words(request)("{found} of {sent} names lead to our things now.")
    return sentence.format(found=found, sent=len(names))


def _pairs(form: Form[Any], text: str) -> dict[str, str]:
    """Read the pairs; the first line that is none is told by its number."""
    separator = ";" if ";" in text.partition("\n")[0] else ","
    if "\t" in text.partition("\n")[0]:
        separator = "\t"
    names: dict[str, str] = {}
    lines = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=separator)
    for number, line in enumerate(lines, start=1):
        if not any(line):
            continue
        cells = [cell.strip() for cell in line]
        if len(cells) != 2 or not all(cells) or number > LINES_MAX:  # noqa: PLR2004 - a pair
            form.add("pairs", "Write pairs, one a line: the name there; the name here.")
            return {}
        names[cells[0]] = cells[1]
    if not names:
        form.add("pairs", "This field is required.")
    return names


def _here(connection_id: UUID) -> str:
    return f"{HOME}/connections/{connection_id}/parts"


async def _page(
    request: Request,
    connection_id: UUID,
    *,
    secret: str = "",
    name: str = "",
    told: str = "",
    status_code: int = 200,
    **refused: Form[Any],
) -> Page:
    """Make the page; forms that were refused are shown as they were sent."""
    translate, language = words(request), request.language
    async with request.snapshot() as snap:
        listed = await erp.list_connections(snap)
        held = await erp.get_connection(snap, connection_id=connection_id)
        keys = await erp.list_keys(snap, connection_id=connection_id)
        places = await stock.list_warehouses(snap)
        owners = await erp.owners_of_warehouses(snap)
    names = {one.id: one.name for one in listed}
    zone = zone_of(request)
    return show(
        request,
        "connection_parts.html",
        status_code=status_code,
        connection=held,
        key=refused.get("key") or first_shown(request),
        mapping=refused.get("mapping") or first_shown(request),
        owning=refused.get("owning") or first_shown(request),
        secret=secret,
        name=name,
        told=told,
        keys=[
            {
                "id": one.id,
                "name": one.name,
                "made": format_moment(one.created_at, language, zone),
                "used": format_moment(one.used_at, language, zone) if one.used_at else "",
                "is_over": one.revoked_at is not None,
            }
            for one in keys
        ],
        fields=[
            {"code": code, "label": translate(label), "owned": held.owns(code)}
            for code, label in FIELDS.items()
        ],
        warehouses=[
            {
                "id": one.id,
                "name": pick(one.name, language),
                "owned": owners.get(one.id) == held.id,
                "other": names.get(owners[one.id], "")
                if owners.get(one.id) not in {None, held.id}
                else "",
            }
            for one in places
        ],
        others=[(str(one.id), one.name) for one in listed if one.id != held.id],
        kinds=[(code, translate(label)) for code, label in KINDS.items()],
        rest_url=f"{request.context.settings.public_url}/erp/v1",
    )


ROUTES = (show_parts, add_key, save_owning, take_over)
