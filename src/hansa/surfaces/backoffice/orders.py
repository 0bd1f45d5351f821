"""Orders: what was bought, found by state, payment, day and word; many led on at once."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post

from hansa.kernel.errors import HansaError
from hansa.modules import accounts, markets, orders
from hansa.modules.orders import By, OrderState, OrderSummary, PaymentStanding
from hansa.runtime.html import Page, read_form
from hansa.runtime.html.formats import format_moment, format_money, format_number
from hansa.runtime.http import Request, authorise, go_to, local_path
from hansa.surfaces.backoffice.order_words import STANDINGS, STATES
from hansa.surfaces.backoffice.presenting import (
    EXPORT_ROWS_MAX,
    PAGE_ROWS,
    address,
    asked,
    csv_file,
    words,
    zone_of,
)
from hansa.surfaces.backoffice.shell import page, staff

HOME = "/office/orders"
_CURSOR = "office.orders"
_BULK_MAX = 200
# Views people return to all day: label and query. "All" comes first.
_VIEWS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("All", ()),
    ("To confirm", (("state", "placed"),)),
    ("To pack", (("state", "confirmed"),)),
    ("To send", (("state", "packed"),)),
    ("On the way", (("state", "shipped"),)),
    ("Not paid yet", (("payment", "awaiting"), ("payment", "failed"))),
    ("1C has not read them", (("unread", "1"),)),
    ("Cancelled orders", (("state", "cancelled"),)),
)


class Bulk(msgspec.Struct):
    """Orders that were selected, and where they are to be led."""

    to: OrderState
    order: list[UUID] = []
    back: str = ""


@get("/office/orders")
async def list_orders(request: Request) -> Page:
    """Show a page of orders."""
    staff(request, "orders.view")
    wanted = _filter(request)
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    async with request.snapshot(single=True) as snap:
        found = await orders.list_orders(snap, wanted=wanted, after=after, limit=PAGE_ROWS + 1)
    shown, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.placed_at, one.id)
    )
    translate = words(request)
    directory = request.context.service(markets.MarketDirectory)
    return page(
        request,
        "orders.html",
        rows=[order_row(request, one) for one in shown],
        views=_views(request),
        states=[("", translate("Any state")), *_choices(request, STATES)],
        standings=[("", translate("Any payment")), *_choices(request, STANDINGS)],
        markets=[("", translate("All markets")), *((one.code, one.code) for one in directory.all())]
        if len(directory.all()) > 1
        else [],
        chosen={
            "q": wanted.search,
            "state": str(wanted.states[0]) if len(wanted.states) == 1 else "",
            "payment": str(wanted.payment_states[0]) if len(wanted.payment_states) == 1 else "",
            "market": wanted.market or "",
            "from": asked(request, "from"),
            "until": asked(request, "until"),
        },
        is_filtered=wanted != orders.OrderFilter(),
        here=address(request),
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
        csv_url=address(request).replace(HOME, f"{HOME}.csv", 1),
        notice=_notice(request),
        undo_url="",
    )


@get("/office/orders.csv")
async def download_orders(request: Request) -> Response[bytes]:
    """Give the list as a file, whole, with the filters that are on."""
    staff(request, "orders.view")
    translate, zone = words(request), ZoneInfo(zone_of(request))
    rows: list[tuple[object, ...]] = []
    async with request.snapshot() as snap:
        async for part in orders.stream_orders(snap, wanted=_filter(request)):
            rows += [
                (
                    one.number,
                    one.erp_number,
                    f"{one.placed_at.astimezone(zone):%d.%m.%Y %H:%M}",
                    one.market,
                    translate(STATES[one.state][0]),
                    translate(STANDINGS[one.payment_state][0]),
                    one.recipient.name,
                    one.recipient.phone,
                    one.recipient.email,
                    one.item_count.normalize(),
                    one.total.to_decimal(),
                    one.total.currency,
                )
                for one in part
            ]
            if len(rows) >= EXPORT_ROWS_MAX:
                break
    labels = (
        "Order",
        "Number in 1C",
        "Placed",
        "Market",
        "State",
        "Payment",
        "Recipient",
        "Telephone",
        "E-mail",
        "Pieces",
        "Total",
        "Currency",
    )
    return csv_file("orders", [translate(label) for label in labels], rows[:EXPORT_ROWS_MAX])


@post("/office/orders/bulk")
async def lead_many(request: Request) -> Response[None]:
    """Lead the selected orders on, each by itself; those that cannot go are counted."""
    actor = staff(request, "orders.edit")
    form = await read_form(request, Bulk)
    back = local_path(form.text("back"), default=HOME)
    if form.value is None or not form.value.order:
        return go_to(request, back)
    if form.value.to is OrderState.CANCELLED:
        authorise(request, "orders.cancel")
    led = refused = 0
    for order_id in form.value.order[:_BULK_MAX]:
        try:
            async with request.transaction() as tx:
                await orders.advance(
                    tx,
                    order_id=order_id,
                    to=form.value.to,
                    by=By.STAFF,
                    by_id=actor.id,
                    now=request.received_at,
                )
                await accounts.record(
                    tx,
                    actor=actor,
                    action="orders.advance",
                    subject_kind="order",
                    subject_id=order_id,
                    after={"state": str(form.value.to)},
                    now=request.received_at,
                )
            led += 1
        except HansaError:
            refused += 1
    query = urlencode({"led": led, "refused": refused})
    return go_to(request, f"{back}{'&' if '?' in back else '?'}{query}")


def order_row(request: Request, order: OrderSummary) -> dict[str, Any]:
    """Give an order as a line of a table shows it."""
    language, translate = request.language, words(request)
    state, tone = STATES[order.state]
    standing, standing_tone = STANDINGS[order.payment_state]
    return {
        "id": order.id,
        "url": f"{HOME}/{order.id}",
        "number": order.number,
        "placed": format_moment(order.placed_at, language, zone_of(request)),
        "recipient": order.recipient.name,
        "phone": order.recipient.phone,
        "pieces": format_number(order.item_count, language),
        "total": format_money(order.total, language),
        "state": translate(state),
        "tone": tone,
        "standing": translate(standing),
        "standing_tone": standing_tone,
        "erp_number": order.erp_number or "",
        "is_exported": order.is_exported,
    }


def _filter(request: Request) -> orders.OrderFilter:
    zone = ZoneInfo(zone_of(request))
    until = _day(asked(request, "until"))
    return orders.OrderFilter(
        market=asked(request, "market") or None,
        states=tuple(
            OrderState(one)
            for one in request.query_params.getall("state", [])
            if one in set(OrderState)
        ),
        payment_states=tuple(
            PaymentStanding(one)
            for one in request.query_params.getall("payment", [])
            if one in set(PaymentStanding)
        ),
        search=asked(request, "q"),
        placed_from=_midnight(_day(asked(request, "from")), zone),
        placed_until=_midnight(until + timedelta(days=1) if until else None, zone),
        only_unexported=asked(request, "unread") == "1",
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year < date.max.year else None


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time(), zone) if day else None


def _views(request: Request) -> list[dict[str, Any]]:
    kept = sorted(
        (name, one)
        for name, one in request.query_params.multi_items()
        if one and name in {"state", "payment", "unread"}
    )
    return [
        {
            "label": words(request)(label),
            "href": f"{HOME}?{urlencode(query)}" if query else HOME,
            "current": sorted(query) == kept,
        }
        for label, query in _VIEWS
    ]


def _choices(request: Request, labels: Mapping[Any, tuple[str, str]]) -> list[tuple[str, str]]:
    return [(str(state), words(request)(label)) for state, (label, _) in labels.items()]


def _notice(request: Request) -> str:
    led, refused = asked(request, "led"), asked(request, "refused")
    if not (led.isdecimal() and refused.isdecimal()):
        return ""
    translate = words(request)
    sentence = translate("Orders led on: {led}.").format(led=led)
    if int(refused):
        sentence += " " + translate("Not possible for: {refused}.").format(refused=refused)
    return sentence
