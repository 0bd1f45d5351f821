"""An order's page: what was bought, what was paid, what happened, and what may be done now."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import get
from litestar.params import FromPath

from hansa.kernel.identifiers import new_id
from hansa.kernel.money import Money, UnitPrice
from hansa.kernel.text import pick
from hansa.modules import catalog, orders, payments, pricing
from hansa.modules.orders import By, HistoryEntry, Order, OrderLine, OrderState
from hansa.modules.payments import PaymentState, RefundState
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page, first_shown
from hansa.runtime.html.formats import format_moment, format_money, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.order_sources import sourcing_of
from hansa.surfaces.backoffice.order_words import PAYMENTS, REFUNDS, STANDINGS, STATES, STEPS
from hansa.surfaces.backoffice.presenting import names_of, show, words, zone_of
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/orders"
_THUMB = 160
_KINDS = {"payment": "Payment", "shipment": "Shipment", "given_up": "Given up"}
_BY = {By.SHOPPER: "shopper", By.STAFF: "staff", By.ERP: "1C", By.SYSTEM: "by itself"}


@get("/office/orders/{order_id:uuid}")
async def show_order(request: Request, order_id: FromPath[UUID]) -> Page:
    """Show an order."""
    staff(request, "orders.view")
    return await order_page(request, order_id)


async def order_page(
    request: Request,
    order_id: UUID,
    *,
    note: Form[Any] | None = None,
    cancelling: Form[Any] | None = None,
    refunding: Form[Any] | None = None,
    refused: str = "",
    status_code: int = 200,
) -> Page:
    """Make the page; a form that was refused is shown as it was sent."""
    actor = staff(request, "orders.view")
    async with request.snapshot() as snap:
        order = await orders.get_order(snap, order_id=order_id)
        names = await names_of(
            snap, [one.by_id for one in order.history if one.by_kind is By.STAFF]
        )
        paid = await _payments(request, snap, order) if actor.may("payments.view") else []
        sourcing = await sourcing_of(request, snap, order)
        groups = {
            one.code: pick(one.name, request.language) for one in await pricing.list_groups(snap)
        }
    state, tone = STATES[order.state]
    standing, standing_tone = STANDINGS[order.payment_state]
    translate, language = words(request), request.language
    targets = orders.targets(order.state, By.STAFF)
    steps = [one for one in targets if one is not OrderState.CANCELLED]
    return show(
        request,
        "order.html",
        status_code=status_code,
        order=order,
        state=translate(state),
        tone=tone,
        standing=translate(standing),
        standing_tone=standing_tone,
        placed=format_moment(order.placed_at, language, zone_of(request)),
        lines=[_line(request, one, groups) for one in order.lines],
        sums=_sums(request, order),
        total=format_money(order.total, language),
        steps=[(str(one), translate(STEPS[one])) for one in steps]
        if actor.may("orders.edit")
        else [],
        may_cancel=OrderState.CANCELLED in targets and actor.may("orders.cancel"),
        history=[_entry(request, one, names) for one in reversed(order.history)],
        shipments=_shipments(request, order),
        payments=paid,
        delivery=_delivery(request, order),
        sourcing=sourcing,
        shop_url=f"/{language}/orders/{_token(request, order)}",
        note=note or first_shown(request),
        cancelling=cancelling or first_shown(request),
        refunding=refunding or first_shown(request, key=str(new_id(request.received_at))),
        refused=refused,
    )


def _token(request: Request, order: Order) -> str:
    return orders.order_token(order.id, secret=request.context.settings.secret_key.reveal())


def _line(request: Request, line: OrderLine, groups: Mapping[str, str]) -> dict[str, Any]:
    language = request.language
    options = [pick(text, language) for text in line.options.values()]
    price = Money(line.amount.minor, line.amount.currency)
    return {
        "name": pick(line.name, language),
        "note": " · ".join(part for part in (*options, line.sku) if part),
        "picture": f"/{catalog.sized(line.image, _THUMB)}" if line.image else None,
        "url": f"/office/catalogue/products/{line.product_id}",
        "stock_url": f"/office/stock/items/{line.variant_id}",
        "quantity": format_number(line.left, language),
        "sold": format_number(line.quantity, language) if line.given_up else "",
        "is_gift": line.is_gift,
        "unit_price": format_money(UnitPrice(line.unit_price, price.currency), language),
        "base_price": format_money(UnitPrice(line.base_price, price.currency), language)
        if line.base_price != line.unit_price
        else "",
        "reason": groups.get(line.price_reason or "", line.price_reason or ""),
        "amount": format_money(price, language),
        "sold_amount": format_money(price + line.amount_given_up, language)
        if line.given_up_minor
        else "",
    }


def _sums(request: Request, order: Order) -> list[tuple[str, str]]:
    translate, language = words(request), request.language
    tax = "VAT included" if order.tax_included else "VAT"
    return [
        (translate("Goods"), format_money(order.goods, language)),
        (translate("Delivery"), format_money(order.delivery.price, language)),
        (translate(tax), format_money(order.tax, language)),
    ]


def _entry(request: Request, entry: HistoryEntry, names: dict[UUID, str]) -> dict[str, Any]:
    translate = words(request)
    if entry.kind == "note":
        title = entry.comment
    elif entry.to_state in set(OrderState) and entry.kind != "payment":
        title = translate(STATES[OrderState(entry.to_state)][0])
    else:
        title = translate(_KINDS.get(entry.kind, entry.kind))
        if entry.to_state:
            what = entry.to_state
            title += f": {what if entry.kind == 'given_up' else translate(_standing_word(what))}"
    who = names.get(entry.by_id, "") if entry.by_id else ""
    comment = "" if entry.kind == "note" else translate(entry.comment)
    parts = (comment, who or translate(_BY[entry.by_kind]))
    return {
        "title": title,
        "state": "bad" if entry.to_state == OrderState.CANCELLED else "done",
        "moment": format_moment(entry.happened_at, request.language, zone_of(request)),
        "note": " · ".join(part for part in parts if part),
        "is_note": entry.kind == "note",
    }


def _standing_word(state: str) -> str:
    known = {str(one): label for one, (label, _) in STANDINGS.items()}
    return known.get(state, state)


def _shipments(request: Request, order: Order) -> list[dict[str, Any]]:
    names = {one.variant_id: pick(one.name, request.language) for one in order.lines}
    return [
        {
            "number": one.number,
            "moment": format_moment(one.shipped_at, request.language, zone_of(request)),
            "lines": ", ".join(
                f"{names.get(variant_id, variant_id)} × {format_number(count, request.language)}"
                for variant_id, count in one.lines
            ),
        }
        for one in order.shipments
    ]


def _delivery(request: Request, order: Order) -> list[tuple[str, str]]:
    translate, delivery = words(request), order.delivery
    facts = [(translate("Way"), pick(delivery.name, request.language))]
    if delivery.address is not None:
        address = delivery.address
        parts = (
            address.postcode,
            address.region,
            address.city,
            address.street,
            address.house,
            address.flat,
        )
        facts.append((translate("Address"), ", ".join(part for part in parts if part)))
    if delivery.warehouse_name:
        where = (pick(delivery.warehouse_name, request.language), delivery.warehouse_address)
        facts.append((translate("Shop"), ", ".join(part for part in where if part)))
    if delivery.days_max:
        facts.append((translate("Promised, days"), f"{delivery.days_min}–{delivery.days_max}"))
    return facts


async def _payments(request: Request, snap: Snapshot, order: Order) -> list[dict[str, Any]]:
    translate, language = words(request), request.language
    methods = await payments.list_methods(snap, market=order.market)
    called = {one.code: pick(one.name, language) for one in methods}
    found = []
    for one in await payments.list_of_subject(
        snap, subject_kind=orders.SUBJECT, subject_id=order.id
    ):
        refunds = await payments.list_refunds(snap, payment_id=one.id)
        under_way = sum(r.amount.minor for r in refunds if r.state is RefundState.REQUESTED)
        left = one.captured_minor - one.refunded_minor - under_way
        label, tone = PAYMENTS[one.state]
        found.append(
            {
                "id": one.id,
                "name": called.get(one.method, one.method),
                "state": translate(label),
                "tone": tone,
                "amount": format_money(one.amount, language),
                "kept": format_money(one.kept, language) if one.kept != one.amount else "",
                "held_until": format_moment(one.hold_expires_at, language, zone_of(request))
                if one.state is PaymentState.AUTHORISED
                else "",
                "created": format_moment(one.created_at, language, zone_of(request)),
                "reference": one.reference or "",
                "reason": translate(one.reason or ""),
                "captured": format_money(Money(one.captured_minor, one.currency), language)
                if one.captured_minor
                else "",
                "left": Money(left, one.currency) if left > 0 else None,
                "may_look": one.is_online and one.reference is not None,
                "is_due": not one.is_online and one.state is PaymentState.DUE,
                "refunds": [
                    {
                        "amount": format_money(r.amount, language),
                        "state": translate(REFUNDS[r.state][0]),
                        "tone": REFUNDS[r.state][1],
                        "moment": format_moment(r.requested_at, language, zone_of(request)),
                        "reason": translate(r.reason),
                        "answer": r.answer or "",
                    }
                    for r in refunds
                ],
            }
        )
    return found
