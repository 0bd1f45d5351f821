"""The checkout: one page, the sum always visible, nothing typed is ever lost."""

import secrets
from typing import Any
from uuid import UUID

from litestar import Response, get, post

from hansa.kernel.errors import HansaError
from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules import checkout, drops, parties, stock
from hansa.modules.checkout import Address, Details
from hansa.runtime.html import Form, Page
from hansa.runtime.html.formats import format_money
from hansa.runtime.http import Request, go_to, shopper_or_guest
from hansa.surfaces.storefront.addresses import in_each_language
from hansa.surfaces.storefront.basket_view import show_basket
from hansa.surfaces.storefront.forms import read_identifier, read_texts, translator
from hansa.surfaces.storefront.order_status import say_when
from hansa.surfaces.storefront.shell import market_of, page, party_of, shopper, view_basket


@get(in_each_language("/checkout"))
async def show(request: Request) -> Page:
    """Show the checkout, filled with what is known of the shopper."""
    shopper_or_guest(request)
    view = await view_basket(request)
    form = await _known(request, view)
    if view.delivery and not view.details.delivery_method:
        # The first way of delivery is chosen on the page, so the sum must count it from the start.
        form.values["delivery_method"] = view.delivery[0].method.code
        await _keep(request, _details(form))
        view = await view_basket(request)
    return await _page(request, view, form)


@post(in_each_language("/checkout/preview"))
async def preview(request: Request) -> Page:
    """Keep what was typed so far and show what the order comes to with it."""
    shopper_or_guest(request)
    await _keep(request, _details(await read_texts(request)))
    view = await view_basket(request)
    basket = show_basket(request, view)
    return Page(
        "storefront/checkout_sums.html", basket=basket, promise=await _promise(request, view)
    )


@post(in_each_language("/checkout"))
async def place(request: Request) -> Response[None] | Page:
    """Place the order and lead to its page, or to the bank's."""
    shopper_or_guest(request)
    form = await read_texts(request)
    view = await view_basket(request)
    if view.id is None:
        return await _page(request, view, form)
    details = _details(form)
    user = await shopper(request)
    expected = form.text("expected_total")
    try:
        placed = await checkout.place(
            request.context,
            basket_id=view.id,
            details=details,
            key=form.text("attempt")[:64] or secrets.token_urlsafe(12),
            expected_total=(
                Money(int(expected), view.totals.total.currency)
                if expected.isdigit() and details.delivery_method == view.details.delivery_method
                else None
            ),
            user_id=None if user is None else user.id,
            language=request.language,
            now=request.received_at,
            visitor=drops.visitor_of(request),
        )
    except HansaError as refusal:
        return await _refused(request, form, details, refusal)
    address = placed.redirect_url or f"/{request.language}/orders/{placed.token}"
    answer = go_to(request, address)
    answer.set_cookie("hansa_basket", "0", samesite="lax")
    return answer


async def _refused(
    request: Request, form: Form[Any], details: Details, refusal: HansaError
) -> Page:
    """Show the form again with everything typed and what has to be done."""
    translate = translator(request)
    await _keep(request, details)
    if isinstance(refusal, checkout.DetailsInvalid):
        for problem in refusal.problems:
            form.add(problem.field, problem.message)
    else:
        form.add("", refusal)
    view = await view_basket(request)
    if isinstance(refusal, stock.OutOfStock):
        names = {line.variant_id: pick(line.name, request.language) for line in view.lines}
        form.errors = {
            "": "; ".join(
                translate("{name}: {available} left, you wanted {wanted}").format(
                    name=names.get(line.variant_id, ""),
                    available=f"{line.available.normalize():f}",
                    wanted=f"{line.wanted.normalize():f}",
                )
                for line in refusal.short
            )
        }
    return await _page(request, view, form, status_code=422)


async def _keep(request: Request, details: Details) -> None:
    async with request.transaction() as tx:
        await checkout.save_details(
            tx,
            owner=checkout.owner_of(request),
            market=request.market,
            details=details,
            now=request.received_at,
        )


async def _page(
    request: Request, view: checkout.BasketView, form: Form[Any], *, status_code: int = 200
) -> Page:
    translate = translator(request)
    market = market_of(request)
    offers = await request.context.service(checkout.Offers).of(market.code)
    async with request.snapshot() as snap:
        shops = await checkout.list_pickup_shops(
            snap,
            market=market.code,
            lines=[(line.variant_id, line.quantity) for line in view.lines],
        )
        party_id = party_of(request)
        saved = () if party_id is None else await parties.list_addresses(snap, party_id=party_id)
    deliveries = [_delivery(request, option) for option in view.delivery]
    payments = [
        {
            "value": method.code,
            "title": pick(method.name, request.language),
            "note": pick(method.hint, request.language),
        }
        for method in offers.payment
    ]
    values = dict(form.values)
    values.setdefault("delivery_method", deliveries[0]["value"] if deliveries else "")
    values.setdefault("payment_method", payments[0]["value"] if payments else "")
    shown: Form[Any] = Form(values, request=request)
    shown.errors = form.errors
    return await page(
        request,
        "checkout.html",
        tab="basket",
        status_code=status_code,
        basket=show_basket(request, view),
        form=shown,
        promise=await _promise(request, view),
        attempt=form.text("attempt") or secrets.token_urlsafe(12),
        deliveries=deliveries,
        kinds={option.method.code: option.method.kind.value for option in view.delivery},
        payments=payments,
        addresses=[("", translate("Another address"))]
        + [(str(one.id), _address_line(one)) for one in saved]
        if saved
        else [],
        pickup_shops=[
            {
                "value": str(shop.warehouse.id),
                "title": pick(shop.warehouse.name, request.language),
                "note": f"{shop.warehouse.address}. {shop.warehouse.hours}",
                "side": translate("today") if shop.has_all else translate("not everything is here"),
                "disabled": not shop.has_all,
            }
            for shop in shops
        ],
    )


async def _promise(request: Request, view: checkout.BasketView) -> dict[str, str] | None:
    """Say honestly what happens to the money if a shop has to confirm the goods."""
    details, market = view.details, market_of(request)
    offers = await request.context.service(checkout.Offers).of(market.code)
    method = offers.payment_method(details.payment_method) or next(iter(offers.payment), None)
    delivery = offers.delivery_method(details.delivery_method)
    if method is None or not view.is_placeable:
        return None
    is_fetched = delivery is not None and delivery.kind is checkout.DeliveryKind.PICKUP
    async with request.snapshot() as snap:
        promise = await checkout.promise_of(
            snap,
            market=market.code,
            lines=[(line.variant_id, line.quantity) for line in view.lines],
            shop_id=details.warehouse_id if is_fetched else None,
            method=method,
            now=request.received_at,
        )
    if promise is None:
        return None
    translate = translator(request)
    by = ""
    if promise.answer_by is not None:
        moment = say_when(
            promise.answer_by, request.received_at, request.language, market.time_zone
        )
        by = translate("It answers by {time}.").format(time=moment)
    sentences = {
        checkout.Terms.DEFERRED: translate("You pay after that, on the page of your order."),
        checkout.Terms.HELD: translate(
            "We hold the amount; it is taken only when the shop has confirmed, for what it found."
        ),
        checkout.Terms.RETURNED: translate(
            "You pay now; for anything the shop does not find the money goes back at once."
        ),
        checkout.Terms.ON_RECEIPT: translate("You pay on receipt, only for what you get."),
    }
    return {
        "title": translate("A shop confirms this order"),
        "text": f"{by} {sentences[promise.terms]}".strip(),
    }


def _delivery(request: Request, option: checkout.DeliveryOption) -> dict[str, str]:
    free = option.price.minor == 0
    return {
        "value": option.method.code,
        "title": pick(option.method.name, request.language),
        "note": pick(option.method.hint, request.language),
        "side": (
            translator(request)("free") if free else format_money(option.price, request.language)
        ),
    }


async def _known(request: Request, view: checkout.BasketView) -> Form[Any]:
    """Fill the form with what was typed before, else with the shopper's profile."""
    details = view.details
    values = {
        "recipient_name": details.recipient_name,
        "phone": details.phone,
        "email": details.email,
        "address.city": details.address.city,
        "address.street": details.address.street,
        "address.house": details.address.house,
        "address.flat": details.address.flat,
        "address.postcode": details.address.postcode,
        "comment": details.comment,
    }
    if details.delivery_method:
        values["delivery_method"] = details.delivery_method
    if details.payment_method:
        values["payment_method"] = details.payment_method
    if details.warehouse_id:
        values["warehouse_id"] = str(details.warehouse_id)
    user = await shopper(request)
    if user is not None:
        values["recipient_name"] = values["recipient_name"] or user.name
        values["email"] = values["email"] or user.email
        values.update(await _first_address(request, user.party_id, values))
    return Form(values)


async def _first_address(
    request: Request, party_id: UUID | None, values: dict[str, str]
) -> dict[str, str]:
    if party_id is None:
        return {}
    async with request.snapshot() as snap:
        known = await parties.list_addresses(snap, party_id=party_id)
    if not known or values["address.city"]:
        return {}
    first = known[0]
    return {
        "phone": values["phone"] or first.phone,
        "address.city": first.city,
        "address.street": first.street,
        "address.house": first.house,
        "address.flat": first.flat,
        "address.postcode": first.postcode,
    }


def _details(form: Form[Any]) -> Details:
    return Details(
        recipient_name=form.text("recipient_name"),
        phone=form.text("phone"),
        email=form.text("email"),
        delivery_method=form.text("delivery_method"),
        address=Address(
            city=form.text("address.city"),
            street=form.text("address.street"),
            house=form.text("address.house"),
            flat=form.text("address.flat"),
            postcode=form.text("address.postcode"),
        ),
        warehouse_id=read_identifier(form.text("warehouse_id")),
        payment_method=form.text("payment_method"),
        comment=form.text("comment"),
        accepts_terms=form.text("accepts_terms") == "1",
        wants_news=form.text("wants_news") == "1",
    )


def _address_line(address: Any) -> str:
    parts = (address.city, address.street, address.house, address.flat)
    return ", ".join(part for part in parts if part)
