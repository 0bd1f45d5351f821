"""The page of an order, opened by its link: where it stands, how to pay or cancel."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, QueryParameter

from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules import checkout, fulfilment, orders, payments
from hansa.modules.orders import OrderState, PaymentStanding
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_money
from hansa.runtime.http import Request, go_to, shopper_or_guest
from hansa.surfaces.storefront import order_status, order_steps
from hansa.surfaces.storefront.addresses import in_each_language
from hansa.surfaces.storefront.basket_view import options_text
from hansa.surfaces.storefront.forms import translator
from hansa.surfaces.storefront.order_status import Standing
from hansa.surfaces.storefront.pictures import picture
from hansa.surfaces.storefront.shell import market_of, page

STATES = {
    OrderState.PLACED: ("taken", "accent"),
    OrderState.CONFIRMED: ("being prepared", "accent"),
    OrderState.PACKED: ("packed", "accent"),
    OrderState.SHIPPED: ("on its way", "accent"),
    OrderState.DELIVERED: ("received", "good"),
    OrderState.COMPLETED: ("complete", "good"),
    OrderState.CANCELLED: ("cancelled", ""),
}


@dataclass(frozen=True, slots=True)
class SmallLine:
    """A line of an order, ready to show."""

    url: str
    name: str
    src: str
    price: str
    note: str
    was: str = ""
    warning: str = ""


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
    shown = _shown(request, await _standing(request, order), token)
    return await page(request, "order.html", tab="account", order=shown)


@get(in_each_language("/orders/{token:str}/now"))
async def show_now(
    request: Request,
    token: FromPath[str],
    seen: Annotated[str, QueryParameter(max_length=64)] = "",
) -> Page | Response[None]:
    """Give what has changed on an order's page since it was `seen`; nothing if nothing has."""
    shopper_or_guest(request)
    shown = _shown(request, await _standing(request, await _order(request, token)), token)
    if seen == shown["version"]:
        return Response(None, status_code=204)
    return Page("storefront/order_now.html", order=shown)


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


async def _standing(request: Request, order: orders.Order) -> Standing:
    async with request.snapshot() as snap:
        attempts = await payments.list_of_subject(
            snap, subject_kind=orders.SUBJECT, subject_id=order.id
        )
        refunds = [
            refund
            for one in attempts
            for refund in await payments.list_refunds(snap, payment_id=one.id)
        ]
        progress = await fulfilment.progress_of(snap, order_id=order.id)
    return Standing(
        order=order,
        attempts=attempts,
        refunds=refunds,
        progress=progress,
        language=request.language,
        zone=market_of(request).time_zone,
        now=request.received_at,
        translate=translator(request),
    )


def _shown(request: Request, seen: Standing, token: str) -> dict[str, Any]:
    translate, order = seen.translate, seen.order
    language = request.language
    headline, lead = order_status.headline(seen)
    here = f"/{language}/orders/{token}"
    shown = {
        "number": order.number,
        "headline": headline,
        "lead": lead,
        "notices": [
            one
            for one in (order_status.missing_notice(seen), order_status.payment_notice(seen))
            if one is not None
        ],
        "pay_url": f"{here}/payment" if seen.is_to_be_paid else "",
        "pay_text": translate("Pay {money}").format(money=seen.money(order.total)),
        "cancel_url": f"{here}/cancellation" if order.is_cancellable_by_shopper else "",
        "steps": order_steps.steps(seen),
        "facts": _facts(request, order),
        "lines": small_lines(request, order),
        "sums": [
            (translate("Goods"), format_money(order.goods, language)),
            (translate("Delivery"), _price(request, order.delivery.price)),
        ],
        "total": (translate("Total"), format_money(order.total, language)),
        "now_url": f"{here}/now",
        "refresh_seconds": order_status.refresh_seconds(seen),
    }
    shown["version"] = hashlib.sha256(msgspec.json.encode(shown)).hexdigest()[:16]
    return shown


def small_lines(request: Request, order: orders.Order) -> Sequence[SmallLine]:
    """Prepare the lines of an order for its templates."""
    return [_small_line(request, line) for line in order.lines]


def _small_line(request: Request, line: orders.OrderLine) -> SmallLine:
    translate, language = translator(request), request.language
    missing = f"{line.given_up.normalize():f}"
    warning, was = "", ""
    if line.given_up and not line.is_gift:
        was = format_money(line.amount + line.amount_given_up, language)
    if line.given_up and line.left:
        warning = translate("not found: {missing}").format(missing=missing)
    elif line.given_up:
        warning = translate("not found")
    return SmallLine(
        url=f"/{language}/i/{line.product_id}",
        name=pick(line.name, language),
        src=picture(line.image, 160),
        price=translate("gift") if line.is_gift else format_money(line.amount, language),
        note=options_text(line.options, language, line.quantity),
        was=was,
        warning=warning,
    )


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
