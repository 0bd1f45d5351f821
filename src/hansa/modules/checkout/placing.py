"""Placing an order: first the lease, then one transaction that confirms it.

The goods are leased through the Reserver before the transaction, so that hot rows are locked for a
batch only. If we die in between, the lease expires and nothing is lost. The placing key makes a
repeat (a double click, an answer that got lost) give the same order.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import phonenumbers

from hansa.kernel.identifiers import new_id
from hansa.kernel.money import Money
from hansa.modules import markets, orders, parties, payments, pricing, stock
from hansa.modules.checkout import model, queries, store
from hansa.modules.checkout.model import (
    Basket,
    BasketChanged,
    BasketEmpty,
    DeliveryKind,
    DeliveryMethod,
    Details,
    DetailsInvalid,
    FieldProblem,
    ItemsGone,
    LineView,
    TotalChanged,
    Totals,
)
from hansa.modules.checkout.offers import Offer, Offers
from hansa.modules.orders import NewOrder, OrderId, PaymentStanding
from hansa.runtime.context import Context
from hansa.runtime.database import Snapshot, Transaction

ORDER_PAGE = "/{language}/orders/{token}"
_ATTEMPTS_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """What a shopper gets: the order's number, the token of its page, and where to pay."""

    order_id: OrderId
    number: str
    token: str
    total: Money
    payment_id: UUID | None
    redirect_url: str | None
    needs_page: bool
    is_repeat: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """An order thought through: everything but the lease and the number."""

    basket: Basket
    market: markets.Market
    details: Details
    phone: str
    lines: tuple[LineView, ...]
    totals: Totals
    delivery: DeliveryMethod
    payment: payments.PaymentMethod
    shop: stock.Warehouse | None


async def place(  # noqa: PLR0913 - who places what, under which key, at which price
    context: Context,
    *,
    basket_id: UUID,
    details: Details,
    key: str,
    expected_total: Money | None = None,
    user_id: UUID | None = None,
    language: str,
    now: datetime,
) -> PlacedOrder:
    """Make an order of a basket; call it outside of transactions.

    The same key for the same basket gives the first order again. `expected_total` is what the
    shopper saw. After any refusal the basket is as it was.

    Raises:
        DetailsInvalid: the form lacks something.
        BasketEmpty, ItemsGone: there is nothing to order, or something that is not sold any more.
        TotalChanged: the order would cost something else than was seen.
        stock.OutOfStock: says which lines lack and how many are left.
        BasketChanged: it was changed in another window meanwhile.
    """
    placing_key = f"{basket_id}:{key}"
    draft = await _draft(context, basket_id, details, placing_key, now)
    if isinstance(draft, _Known):
        return await _answer(context, draft.order_id, draft.number, is_repeat=True)
    if expected_total is not None and expected_total != draft.totals.total:
        raise TotalChanged(
            expected_total.minor, draft.totals.total.minor, draft.totals.total.currency
        )
    for attempt in range(1, _ATTEMPTS_MAX + 1):
        # The lease's key holds all that decides it: after a refusal a changed basket asks anew.
        lease_key = f"{placing_key}:{draft.basket.version}:{attempt}"
        reservation = await _lease(context, draft, lease_key, now)
        try:
            placed, payment = await _commit(
                context, draft, reservation, placing_key, user_id, language, now
            )
        except stock.ReservationExpired:
            if attempt == _ATTEMPTS_MAX:
                raise
            continue
        except BasketChanged:
            known = await _find_known(context, placing_key)
            if known is not None:
                return await _answer(context, known.order_id, known.number, is_repeat=True)
            await _give_back(context, reservation.id, now)
            raise
        if placed.is_repeat:
            return await _answer(context, placed.order_id, placed.number, is_repeat=True)
        return await _lead_to_payment(context, draft, placed, payment)
    raise AssertionError("the last attempt returns or raises")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """An order that was placed under this key before."""

    order_id: OrderId
    number: str


async def _find_known(context: Context, placing_key: str) -> _Known | None:
    async with context.database.snapshot(single=True) as snap:
        found = await orders.find_by_placing_key(snap, placing_key=placing_key)
    return None if found is None else _Known(order_id=found[0], number=found[1])


async def _draft(
    context: Context, basket_id: UUID, details: Details, placing_key: str, now: datetime
) -> _Draft | _Known:
    async with context.database.snapshot() as snap:
        basket = await store.get_basket(snap, basket_id=basket_id)
        if basket is None or not basket.lines:
            found = await orders.find_by_placing_key(snap, placing_key=placing_key)
            if found is not None:
                return _Known(order_id=found[0], number=found[1])
            raise BasketEmpty
        market = context.service(markets.MarketDirectory).get(basket.market)
        offer = await context.service(Offers).of(basket.market)
        phone = normal_phone(details.phone, market.phone_region)
        delivery, payment = await _choices(snap, basket, details, offer, phone)
        profile = await context.service(pricing.Profiles).of(
            market=market.code, party_id=basket.owner.party_id
        )
        goods = await queries.read_goods(
            snap, basket=basket, market=market, profile=profile, now=now, with_availability=False
        )
        shop = None
        if delivery.kind is DeliveryKind.PICKUP:
            shop = await _shop(snap, market.code, details.warehouse_id)
    lines = tuple(queries.view_line(line, goods, market, now) for line in basket.lines)
    gone = tuple(line.variant_id for line in lines if line.unit_price is None)
    if gone:
        raise ItemsGone(gone)
    worth = Money(sum(line.amount.minor for line in lines), market.currency)
    return _Draft(
        basket=basket,
        market=market,
        details=details,
        phone=phone or "",
        lines=lines,
        totals=queries.sum_up(lines, delivery=delivery.price_for(worth), market=market),
        delivery=delivery,
        payment=payment,
        shop=shop,
    )


async def _choices(
    snap: Snapshot, basket: Basket, details: Details, offer: Offer, phone: str | None
) -> tuple[DeliveryMethod, payments.PaymentMethod]:
    delivery = offer.delivery_method(details.delivery_method)
    payment = offer.payment_method(details.payment_method)
    problems = model.check_details(details, method=delivery, has_valid_phone=phone is not None)
    if details.payment_method and payment is None:
        problem = FieldProblem(
            field="payment_method",
            code="not_offered",
            message="This way to pay is not offered. Choose another one.",
        )
        problems = (*problems, problem)
    if problems or delivery is None or payment is None:
        raise DetailsInvalid(problems)
    return delivery, payment


async def _shop(snap: Snapshot, market: str, warehouse_id: UUID | None) -> stock.Warehouse:
    for warehouse in await stock.list_warehouses(snap):
        if (
            warehouse.id == warehouse_id
            and warehouse.kind is stock.WarehouseKind.SHOP
            and warehouse.is_active
            and market in warehouse.channels
        ):
            return warehouse
    problem = FieldProblem(field="warehouse_id", code="invalid", message="Choose a shop.")
    raise DetailsInvalid((problem,))


async def _lease(context: Context, draft: _Draft, key: str, now: datetime) -> stock.Reservation:
    return await context.service(stock.Reserver).hold(
        stock.Hold(
            key=key,
            channel=draft.market.code,
            lines=tuple((line.variant_id, line.quantity) for line in draft.lines),
            expires_at=now + timedelta(minutes=context.settings.hold_minutes),
            owner=f"basket:{draft.basket.id}",
            warehouse_id=None if draft.shop is None else draft.shop.id,
        )
    )


async def _commit(
    context: Context,
    draft: _Draft,
    reservation: stock.Reservation,
    placing_key: str,
    user_id: UUID | None,
    language: str,
    now: datetime,
) -> tuple[orders.Placed, payments.Payment | None]:
    """Do everything that makes an order in one transaction."""
    order_id = OrderId(new_id(now))
    async with context.database.transaction() as tx:
        version = await store.lock_basket(tx, basket_id=draft.basket.id)
        if version != draft.basket.version:
            raise BasketChanged
        await stock.confirm(
            tx, reservation_id=reservation.id, order_id=order_id, now=now, by=user_id
        )
        party_id = draft.basket.owner.party_id or await _party(tx, draft, language, now)
        token = orders.order_token(order_id, secret=context.settings.secret_key.reveal())
        page = ORDER_PAGE.format(language=language, token=token)
        payment = await payments.open_payment(
            tx,
            subject_kind=orders.SUBJECT,
            subject_id=order_id,
            amount=draft.totals.total,
            method=draft.payment,
            description=f"{draft.market.code.upper()} {draft.totals.total.to_decimal()}",
            language=language,
            return_url=context.settings.public_url.rstrip("/") + page,
            now=now,
        )
        new = _new_order(
            draft,
            order_id=order_id,
            placing_key=placing_key,
            party_id=party_id,
            user_id=user_id,
            language=language,
            payment=payment,
            reservation_id=reservation.id,
            now=now,
        )
        placed = await orders.place_order(tx, new=new, now=now)
        await store.empty_basket(tx, basket_id=draft.basket.id, now=now)
    return placed, payment


async def _party(tx: Transaction, draft: _Draft, language: str, now: datetime) -> UUID:
    identifiers = [parties.Identifier(kind="phone", value=draft.phone)]
    if draft.details.email.strip():
        identifiers.append(parties.Identifier(kind="email", value=draft.details.email.strip()))
    found: UUID = await parties.match_or_create(
        tx,
        party=parties.NewParty(
            kind="person", display_name=draft.details.recipient_name.strip(), language=language
        ),
        identifiers=identifiers,
        now=now,
    )
    return found


def _new_order(  # noqa: PLR0913 - the parts come from several modules
    draft: _Draft,
    *,
    order_id: OrderId,
    placing_key: str,
    party_id: UUID,
    user_id: UUID | None,
    language: str,
    payment: payments.Payment,
    reservation_id: UUID,
    now: datetime,
) -> NewOrder:
    details = draft.details
    within = draft.payment.pay_within_minutes
    return NewOrder(
        id=order_id,
        placing_key=placing_key,
        market=draft.market.code,
        channel=draft.market.code,
        party_id=party_id,
        user_id=user_id,
        lines=tuple(_order_line(line, draft.market) for line in draft.lines),
        goods=draft.totals.goods,
        tax=draft.totals.tax,
        tax_included=draft.totals.tax_included,
        total=draft.totals.total,
        delivery=_delivery(draft),
        recipient=orders.Recipient(
            name=details.recipient_name.strip(), phone=draft.phone, email=details.email.strip()
        ),
        comment=details.comment.strip(),
        language=language,
        payment_method=draft.payment.code,
        payment_id=payment.id,
        payment_standing=PaymentStanding.AWAITING if payment.is_online else PaymentStanding.DUE,
        pay_until=(
            now + timedelta(minutes=within) if payment.is_online and within is not None else None
        ),
        reservation_id=reservation_id,
    )


def _delivery(draft: _Draft) -> orders.Delivery:
    method, shop = draft.delivery, draft.shop
    address = draft.details.address
    return orders.Delivery(
        method=method.code,
        kind=method.kind,
        name=method.name,
        price=draft.totals.delivery,
        address=(
            None
            if shop is not None
            else orders.Address(
                country=address.country.strip() or draft.market.country,
                region=address.region.strip(),
                city=address.city.strip(),
                street=address.street.strip(),
                house=address.house.strip(),
                flat=address.flat.strip(),
                postcode=address.postcode.strip(),
            )
        ),
        warehouse_id=None if shop is None else shop.id,
        warehouse_name=None if shop is None else shop.name,
        warehouse_address="" if shop is None else f"{shop.city}, {shop.address}".strip(", "),
        days_min=method.days_min,
        days_max=method.days_max,
    )


def _order_line(line: LineView, market: markets.Market) -> orders.OrderLine:
    assert line.unit_price is not None, "items without a price were refused"
    assert line.product_id is not None, "and so were items without a product"
    base = line.base_price or line.unit_price
    return orders.OrderLine(
        variant_id=line.variant_id,
        product_id=line.product_id,
        sku=line.sku,
        name=line.name,
        options=line.options,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price.amount,
        base_price=base.amount,
        amount=line.amount,
        tax_rate=market.tax_rate,
        tax=line.tax,
        price_reason=line.price_reason,
        image=line.image,
    )


async def _give_back(context: Context, reservation_id: UUID, now: datetime) -> None:
    """Release a lease nobody will use; if this fails it expires by itself."""
    async with context.database.transaction() as tx:
        await stock.release(
            tx, reservation_id=reservation_id, reason=stock.ReleaseReason.ABANDONED, now=now
        )


async def _lead_to_payment(
    context: Context, draft: _Draft, placed: orders.Placed, payment: payments.Payment | None
) -> PlacedOrder:
    if payment is not None and payment.needs_page:
        payment = await payments.start_payment(context, payment_id=payment.id)
    return PlacedOrder(
        order_id=placed.order_id,
        number=placed.number,
        token=orders.order_token(placed.order_id, secret=context.settings.secret_key.reveal()),
        total=draft.totals.total,
        payment_id=None if payment is None else payment.id,
        redirect_url=None if payment is None or not payment.needs_page else payment.redirect_url,
        needs_page=payment is not None and payment.needs_page,
        is_repeat=False,
    )


async def _answer(
    context: Context, order_id: OrderId, number: str, *, is_repeat: bool
) -> PlacedOrder:
    """Answer for an order that exists, as the first answer was or would have been."""
    async with context.database.snapshot() as snap:
        order = await orders.get_order(snap, order_id=order_id)
        payment = None
        if order.payment_id is not None:
            payment = await payments.get_payment(snap, payment_id=order.payment_id)
    if payment is not None and payment.needs_page and payment.redirect_url is None:
        payment = await payments.start_payment(context, payment_id=payment.id)
    return PlacedOrder(
        order_id=order_id,
        number=number,
        token=orders.order_token(order_id, secret=context.settings.secret_key.reveal()),
        total=order.total,
        payment_id=order.payment_id,
        redirect_url=None if payment is None or not payment.needs_page else payment.redirect_url,
        needs_page=payment is not None and payment.needs_page,
        is_repeat=is_repeat,
    )


def normal_phone(text: str, region: str) -> str | None:
    """Give a telephone number as +79991234567, or None if it is none."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
