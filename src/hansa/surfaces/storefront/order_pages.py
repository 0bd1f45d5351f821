"""The page of an order, opened by its link: where it stands, how to pay or cancel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules import checkout, orders, payments
from hansa.modules.orders import OrderState, PaymentStanding
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_moment, format_money
from hansa.runtime.http import Request, go_to, shopper_or_guest
from hansa.surfaces.storefront.addresses import in_each_language
from hansa.surfaces.storefront.basket_view import options_text
from hansa.surfaces.storefront.forms import translator
from hansa.surfaces.storefront.pictures import picture
from hansa.surfaces.storefront.shell import market_of, page

_STEPS = (
    (OrderState.PLACED, "Order taken"),
    (OrderState.CONFIRMED, "Confirmed"),
    (OrderState.PACKED, "Packed"),
    (OrderState.SHIPPED, "On its way"),
    (OrderState.DELIVERED, "Received"),
)
_HEADLINES = {
    OrderState.PLACED: ("Thank you, we have your order", "We will confirm it shortly."),
    OrderState.CONFIRMED: ("We are preparing your order", "We will write when it leaves."),
    OrderState.PACKED: ("Your order is packed", "It leaves with the next courier."),
    OrderState.SHIPPED: ("Your order is on its way", "It will be with you soon."),
    OrderState.DELIVERED: (
        "Your order has arrived",
        "Enjoy it. You can return it within thirty days.",
    ),
    OrderState.COMPLETED: ("Your order is complete", "Thank you for shopping with us."),
    OrderState.CANCELLED: (
        "The order is cancelled",
        "If you have paid, the money is on its way back.",
    ),
}
STATES = {
    OrderState.PLACED: ("taken", "accent"),
    OrderState.CONFIRMED: ("being prepared", "accent"),
    OrderState.PACKED: ("packed", "accent"),
    OrderState.SHIPPED: ("on its way", "accent"),
    OrderState.DELIVERED: ("received", "good"),
    OrderState.COMPLETED: ("complete", "good"),
    OrderState.CANCELLED: ("cancelled", ""),
}
_PAYMENT_NOTICES = {
    PaymentStanding.AWAITING: (
        "The payment has not come in yet. If you have paid, it takes a moment.",
        "warn",
    ),
    PaymentStanding.FAILED: (
        "The payment did not go through. The goods are kept for you: try again.",
        "bad",
    ),
    PaymentStanding.AUTHORISED: (
        "The bank has set the money aside. It is taken when the goods leave.",
        "good",
    ),
    PaymentStanding.PAID: ("Paid.", "good"),
    PaymentStanding.REFUNDED: ("The money has been returned.", "good"),
}


@dataclass(frozen=True, slots=True)
class SmallLine:
    """A line of an order, ready to show."""

    url: str
    name: str
    src: str
    price: str
    note: str


@get(in_each_language("/orders/{token:str}"))
async def show(request: Request, token: FromPath[str]) -> Page:
    """Show an order to whoever has its link; on the way back from the bank, ask the bank first."""
    shopper_or_guest(request)
    order = await _order(request, token)
    if (
        order.payment_state in {PaymentStanding.AWAITING, PaymentStanding.FAILED}
        and order.payment_id
    ):
        await payments.refresh_payment(request.context, payment_id=order.payment_id)
        order = await _order(request, token)
    async with request.snapshot() as snap:
        attempts = await payments.list_of_subject(
            snap, subject_kind=orders.SUBJECT, subject_id=order.id
        )
    standing = orders.standing_of(attempts) or order.payment_state
    return await page(
        request, "order.html", tab="account", order=_shown(request, order, standing, token)
    )


@post(in_each_language("/orders/{token:str}/payment"))
async def pay(request: Request, token: FromPath[str]) -> Response[None]:
    """Open another attempt to pay, or the page of the one that is open, and lead there."""
    shopper_or_guest(request)
    order = await _order(request, token)
    here = f"/{request.language}/orders/{token}"
    offers = await request.context.service(checkout.Offers).of(order.market)
    method = offers.payment_method(order.payment_method)
    payment_id = order.payment_id
    if method is not None and order.payment_state is PaymentStanding.FAILED:
        async with request.transaction() as tx:
            payment = await orders.retry_payment(
                tx, order_id=order.id, method=method, now=request.received_at
            )
        payment_id = payment.id
    if payment_id is None:
        return go_to(request, here)
    started = await payments.start_payment(request.context, payment_id=payment_id)
    return go_to(request, started.redirect_url or here)


@post(in_each_language("/orders/{token:str}/cancellation"))
async def cancel(request: Request, token: FromPath[str]) -> Response[None]:
    """Cancel an order that has not left; its goods are on sale again."""
    actor = shopper_or_guest(request)
    order = await _order(request, token)
    async with request.transaction() as tx:
        await orders.cancel_order(
            tx,
            order_id=order.id,
            reason="cancelled by the shopper",
            by=orders.By.SHOPPER,
            by_id=None if actor is None else actor.id,
            now=request.received_at,
        )
    return go_to(request, f"/{request.language}/orders/{token}")


async def _order(request: Request, token: str) -> orders.Order:
    async with request.snapshot() as snap:
        return await orders.get_order_by_token(
            snap, token=token, secret=request.context.settings.secret_key.reveal()
        )


def _shown(
    request: Request, order: orders.Order, standing: PaymentStanding, token: str
) -> dict[str, Any]:
    translate = translator(request)
    language = request.language
    headline, lead = _HEADLINES[order.state]
    here = f"/{language}/orders/{token}"
    is_open = order.state not in {OrderState.CANCELLED, OrderState.COMPLETED}
    can_pay = is_open and standing in {PaymentStanding.FAILED, PaymentStanding.AWAITING}
    notice, tone = _PAYMENT_NOTICES.get(standing, ("", ""))
    return {
        "number": order.number,
        "headline": translate(headline),
        "lead": translate(lead),
        "payment_notice": translate(notice) if is_open else "",
        "payment_tone": tone,
        "pay_url": f"{here}/payment" if can_pay else "",
        "cancel_url": f"{here}/cancellation" if order.is_cancellable_by_shopper else "",
        "steps": _steps(request, order),
        "facts": _facts(request, order),
        "lines": small_lines(request, order),
        "sums": [
            (translate("Goods"), format_money(order.goods, language)),
            (translate("Delivery"), _price(request, order.delivery.price)),
        ],
        "total": (translate("Total"), format_money(order.total, language)),
    }


def small_lines(request: Request, order: orders.Order) -> Sequence[SmallLine]:
    """Prepare the lines of an order for its templates."""
    return [
        SmallLine(
            url=f"/{request.language}/i/{line.product_id}",
            name=pick(line.name, request.language),
            src=picture(line.image, 160),
            price=format_money(line.amount, request.language),
            note=options_text(line.options, request.language, line.quantity),
        )
        for line in order.lines
    ]


def _steps(request: Request, order: orders.Order) -> list[dict[str, str]]:
    translate = translator(request)
    zone = market_of(request).time_zone
    reached = {
        entry.to_state: entry.happened_at for entry in order.history if entry.to_state is not None
    }
    reached.setdefault(OrderState.PLACED, order.placed_at)
    if order.state is OrderState.CANCELLED:
        moment = format_moment(order.cancelled_at, request.language, zone)
        return [
            {
                "title": translate("Order taken"),
                "state": "done",
                "moment": format_moment(order.placed_at, request.language, zone),
                "note": "",
            },
            {"title": translate("Cancelled"), "state": "bad", "moment": moment, "note": ""},
        ]
    life = list(OrderState)
    steps: list[dict[str, str]] = []
    for state, title in _STEPS:
        is_done = life.index(order.state) >= life.index(state)
        is_next = not is_done and (not steps or steps[-1]["state"] == "done")
        steps.append(
            {
                "title": translate(title),
                "state": "done" if is_done else "now" if is_next else "next",
                "moment": format_moment(reached.get(state), request.language, zone),
                "note": "",
            }
        )
    return steps


def _facts(request: Request, order: orders.Order) -> list[tuple[str, str]]:
    translate = translator(request)
    delivery = order.delivery
    facts = [
        (translate("Recipient"), order.recipient.name),
        (translate("Telephone"), order.recipient.phone),
        (translate("Way of delivery"), pick(delivery.name, request.language)),
    ]
    if delivery.warehouse_name:
        place = f"{pick(delivery.warehouse_name, request.language)}, {delivery.warehouse_address}"
        facts.append((translate("Shop"), place))
    elif delivery.address:
        parts = (
            delivery.address.city,
            delivery.address.street,
            delivery.address.house,
            delivery.address.flat,
        )
        facts.append((translate("Address"), ", ".join(part for part in parts if part)))
    return facts


def _price(request: Request, price: Money) -> str:
    if price.minor == 0:
        return translator(request)("free")
    return format_money(price, request.language)
