"""Thinking an order through: is the form whole, is everything on sale, what does it come to."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hansa.kernel.money import Money
from hansa.modules import drops, markets, orders, parties, payments, pricing, stock
from hansa.modules.checkout import asking, form, gifts, queries
from hansa.modules.checkout.form import (
    DeliveryKind,
    DeliveryMethod,
    Details,
    DetailsInvalid,
    FieldProblem,
)
from hansa.modules.checkout.model import Basket, GiftLine, ItemsGone, LineView, Totals
from hansa.modules.checkout.offers import Offer, Offers
from hansa.modules.orders import NewOrder, OrderId, PaymentStanding
from hansa.runtime.context import Context
from hansa.runtime.database import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An order thought through: everything but the lease and the number.

    `is_deferred`: a shop answers first, it is paid after that.
    """

    basket: Basket
    market: markets.Market
    details: Details
    phone: str
    email: str
    lines: tuple[LineView, ...]
    totals: Totals
    delivery: DeliveryMethod
    payment: payments.PaymentMethod
    shop: stock.Warehouse | None
    gifts: tuple[GiftLine, ...] = ()
    is_deferred: bool = False

    def without_gifts(self) -> "Draft":
        """Give the same order without what would have come with it."""
        return replace(self, gifts=())


async def draft_order(
    context: Context, *, basket: Basket, details: Details, now: datetime
) -> Draft:
    """Think an order through at today's prices; nothing is leased or written.

    What is kept in memory is asked for before a connection is taken: whoever holds one connection
    and waits for another can wait for ever.

    Raises:
        DetailsInvalid, ItemsGone, drops.NotOpenYet: as their names say.
    """
    market = context.service(markets.MarketDirectory).get(basket.market)
    offer = await context.service(Offers).of(basket.market)
    region = market.phone_region
    phone = normal_contact(parties.IdentifierKind.PHONE, details.phone, region=region)
    email = normal_contact(parties.IdentifierKind.EMAIL, details.email, region=region)
    delivery, payment = _choices(details, offer, phone=phone, email=email)
    # The statements need not see one state: lease, version and expected total are checked later.
    async with context.database.snapshot(single=True) as snap:
        # Read afresh, as the basket was shown: a page's memory of it may be seconds old.
        profile = await pricing.profile_of(snap, market=market.code, party_id=basket.owner.party_id)
        goods = await queries.read_goods(
            snap, basket=basket, market=market, profile=profile, now=now, with_availability=False
        )
        shop = None
        if delivery.kind is DeliveryKind.PICKUP:
            shop = await _shop(snap, market.code, details.warehouse_id)
        lines = tuple(queries.view_line(line, goods, market, now) for line in basket.lines)
        worth = Money(sum(line.amount.minor for line in lines), market.currency)
        gift = await gifts.gift_for(snap, offer=offer, goods=worth, now=now)
        is_deferred = await asking.is_deferred(
            snap,
            market=market.code,
            lines=[(line.variant_id, line.quantity) for line in lines],
            shop_id=None if shop is None else shop.id,
            method=payment,
            now=now,
        )
    gone = tuple(line.variant_id for line in lines if line.unit_price is None)
    if gone:
        await _explain(context, lines, now)
        raise ItemsGone(gone)
    return Draft(
        basket=basket,
        market=market,
        details=details,
        phone=phone or "",
        email=email or "",
        lines=lines,
        totals=queries.sum_up(lines, delivery=delivery.price_for(worth), market=market),
        delivery=delivery,
        payment=payment,
        shop=shop,
        gifts=gift.lines,
        is_deferred=is_deferred,
    )


async def _explain(context: Context, lines: tuple[LineView, ...], now: datetime) -> None:
    """Say of what is not on sale that it will be, if a drop is to open."""
    gone = [line.product_id for line in lines if line.unit_price is None and line.product_id]
    async with context.database.snapshot(single=True) as snap:
        await drops.check_open(snap, product_ids=gone, now=now)


def _choices(
    details: Details, offer: Offer, *, phone: str | None, email: str | None
) -> tuple[DeliveryMethod, payments.PaymentMethod]:
    delivery = offer.delivery_method(details.delivery_method)
    payment = offer.payment_method(details.payment_method)
    problems = form.check_details(
        details,
        method=delivery,
        has_valid_phone=phone is not None,
        has_valid_email=email is not None,
        has_payment=payment is not None,
    )
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


def new_order(  # noqa: PLR0913 - the parts come from several modules
    draft: Draft,
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
    """Make the order that will be written."""
    details = draft.details
    within = draft.payment.pay_within_minutes
    return NewOrder(
        id=order_id,
        placing_key=placing_key,
        market=draft.market.code,
        channel=draft.market.code,
        party_id=party_id,
        user_id=user_id,
        lines=(
            *(_order_line(line, draft.market) for line in draft.lines),
            *(_gift_line(line, draft.market) for line in draft.gifts),
        ),
        goods=draft.totals.goods,
        tax=draft.totals.tax,
        tax_included=draft.totals.tax_included,
        total=draft.totals.total,
        delivery=_delivery(draft),
        recipient=orders.Recipient(
            name=details.recipient_name.strip(), phone=draft.phone, email=draft.email
        ),
        comment=details.comment.strip(),
        language=language,
        payment_method=draft.payment.code,
        payment_id=payment.id,
        payment_standing=orders.standing_of([payment]) or PaymentStanding.AWAITING,
        # Who may not pay yet has no time to do it in; it begins when the payment is allowed.
        pay_until=(
            now + timedelta(minutes=within) if payment.needs_page and within is not None else None
        ),
        reservation_id=reservation_id,
    )


def _delivery(draft: Draft) -> orders.Delivery:
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


def _gift_line(line: GiftLine, market: markets.Market) -> orders.OrderLine:
    nothing = Money(0, market.currency)
    return orders.OrderLine(
        variant_id=line.variant_id,
        product_id=line.product_id,
        sku=line.sku,
        name=line.name,
        options=line.options,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=Decimal(0),
        base_price=Decimal(0),
        amount=nothing,
        tax_rate=market.tax_rate,
        tax=nothing,
        image=line.image,
        is_gift=True,
    )


def normal_contact(kind: parties.IdentifierKind, text: str, *, region: str) -> str | None:
    """Give a telephone number as +79991234567, an e-mail in lower case, or None if it is none."""
    try:
        found = parties.normalise(parties.Identifier(kind=kind, value=text), region=region)
    except parties.IdentifierInvalid:
        return None
    return found.value
