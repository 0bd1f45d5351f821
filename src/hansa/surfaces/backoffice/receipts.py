"""Receipts and returns of the shops' tills, as the ERP told them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import get
from litestar.params import FromPath

from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules import receipts, stock
from hansa.modules.receipts import Receipt, ReceiptKind
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_moment, format_money, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.items import describe
from hansa.surfaces.backoffice.presenting import PAGE_ROWS, address, asked, show, words, zone_of
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/receipts"
_CURSOR = "office.receipts"
KINDS = {ReceiptKind.SALE: ("sale", ""), ReceiptKind.RETURN: ("return", "warn")}


@get("/office/receipts")
async def list_receipts(request: Request) -> Page:
    """Show a page of receipts."""
    staff(request, "receipts.view")
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    chosen = {name: asked(request, name) for name in ("q", "kind", "shop")}
    async with request.snapshot() as snap:
        shops = await shop_names(snap, request.language)
        found = await receipts.list_receipts(
            snap, chosen=_filter(chosen), after=after, limit=PAGE_ROWS + 1
        )
    shown, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.happened_at, one.id)
    )
    translate = words(request)
    return show(
        request,
        "receipts.html",
        rows=[receipt_row(request, one, shops) for one in shown],
        kinds=[
            ("", translate("Sales and returns")),
            *((kind.value, translate(label)) for kind, (label, _) in KINDS.items()),
        ],
        shops=[("", translate("All shops")), *((str(one), name) for one, name in shops.items())],
        chosen=chosen,
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


@get("/office/receipts/{receipt_id:uuid}")
async def show_receipt(request: Request, receipt_id: FromPath[UUID]) -> Page:
    """Show a receipt with its lines, its sale and its returns."""
    staff(request, "receipts.view")
    async with request.snapshot() as snap:
        held = await receipts.get_receipt(snap, receipt_id=receipt_id)
        shops = await shop_names(snap, request.language)
        returns = await receipts.list_returns(snap, receipt_id=receipt_id)
        sale = None
        if held.original_id is not None:
            sale = await receipts.get_receipt(snap, receipt_id=held.original_id)
        known = [line.variant_id for line in held.lines if line.variant_id is not None]
        items = await describe(snap, known, request.language)
    return show(
        request,
        "receipt.html",
        held=held,
        row=receipt_row(request, held, shops),
        lines=[
            {
                "item": items.get(line.variant_id) if line.variant_id else None,
                "name": line.name or line.item,
                "quantity": format_number(line.quantity, request.language),
                "amount": format_money(Money(line.amount_minor, held.currency), request.language),
            }
            for line in held.lines
        ],
        sale=None if sale is None else receipt_row(request, sale, shops),
        returns=[receipt_row(request, one, shops) for one in returns],
    )


def receipt_row(request: Request, receipt: Receipt, shops: dict[UUID, str]) -> dict[str, Any]:
    """Put a receipt in words, for lists; other pages show receipts too."""
    label, tone = KINDS[receipt.kind]
    shop = shops.get(receipt.warehouse_id, "") if receipt.warehouse_id else ""
    return {
        "id": receipt.id,
        "url": f"{HOME}/{receipt.id}",
        "number": receipt.number or receipt.key,
        "kind": words(request)(label),
        "tone": tone,
        "moment": format_moment(receipt.happened_at, request.language, zone_of(request)),
        "shop": shop,
        "card": f"··{receipt.card[-4:]}" if receipt.card else "",
        "pieces": len(receipt.lines),
        "total": format_money(receipt.total, request.language),
        "party_id": receipt.party_id,
    }


async def shop_names(snap: Snapshot, language: str) -> dict[UUID, str]:
    """Give the names of all warehouses and shops."""
    return {one.id: pick(one.name, language) for one in await stock.list_warehouses(snap)}


def _filter(chosen: dict[str, str]) -> receipts.ReceiptFilter:
    kind = chosen["kind"]
    try:
        shop = UUID(chosen["shop"])
    except ValueError:
        shop = None
    return receipts.ReceiptFilter(
        kind=ReceiptKind(kind) if kind in set(ReceiptKind) else None,
        warehouse_id=shop,
        search=chosen["q"],
    )


ROUTES = (list_receipts, show_receipt)
