"""Understanding an order of the CRM: which goods, at which price, for whom, how delivered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from hansa.kernel.money import UnitPrice, money_from_decimal
from hansa.modules import catalog, checkout, markets, orders, payments, pricing, stock
from hansa.modules.retailcrm import wording
from hansa.modules.retailcrm.model import ADDRESS_FIELDS, Fields
from hansa.modules.retailcrm.side import Side
from hansa.runtime.database import Snapshot

_QUANTITY_MAX = Decimal(10_000)


@dataclass(eq=False)
class CannotTake(Exception):
    """An order of the CRM that cannot become one of ours; a person has to look at it."""

    code: str
    message: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order of the CRM understood: what, for whom, how."""

    crm_id: int
    number: str
    market: markets.Market
    lines: tuple[orders.OrderLine, ...]
    fields: Fields
    delivery: orders.Delivery
    recipient: orders.Recipient
    comment: str
    method: payments.PaymentMethod


async def understand(
    snap: Snapshot, side: Side, told: Mapping[str, Any], offer: checkout.Offer
) -> Wanted:
    """Read an order of the CRM.

    Raises:
        CannotTake: something in it is not known here, or lacks.
    """
    code = side.connection.market_of(str(told.get("site") or ""))
    assert code is not None, "the caller has looked"
    market = side.market(code)
    lines = await _lines(snap, told, market, now=side.now)
    fields = wording.crm_order_fields(
        told,
        options=side.connection.options,
        currency=market.currency,
        region=market.phone_region,
        lines=lines,
    )
    phone = fields["phone"]
    if not phone:
        raise CannotTake("no_phone", "Order {number} of RetailCRM has no telephone.", named(told))
    return Wanted(
        crm_id=int(told["id"]),
        number=str(told.get("number") or told["id"]),
        market=market,
        lines=lines,
        fields=fields,
        delivery=await _delivery(snap, side, told, offer, fields),
        recipient=orders.Recipient(
            name=fields["name"] or phone, phone=phone, email=fields["email"]
        ),
        comment=str(told.get("customerComment") or "").strip()[:2000],
        method=await _method(snap, side, told, market),
    )


async def _lines(
    snap: Snapshot, told: Mapping[str, Any], market: markets.Market, *, now: datetime
) -> tuple[orders.OrderLine, ...]:
    items = told.get("items") or []
    if not items:
        raise CannotTake("no_items", "Order {number} of RetailCRM has no goods.", named(told))
    profile = await pricing.profile_of(snap, market=market.code, party_id=None)
    share = _share_of_discount(told)
    lines = []
    for item in items:
        variant = await _variant(snap, told, item)
        quantity = wording.number_of(item.get("quantity")) or Decimal(0)
        if not 0 < quantity <= _QUANTITY_MAX:
            raise CannotTake(
                "quantity",
                "Order {number} of RetailCRM has a quantity that is none: {item}.",
                {**named(told), "item": wording.offer_of(item)},
            )
        price = wording.number_of(item.get("initialPrice"))
        quotes = await pricing.quote(snap, profile=profile, lines=[(variant.id, quantity)], now=now)
        base = quotes[variant.id].unit.amount if variant.id in quotes else price
        if price is None:
            price = base
        if price is None or base is None:
            raise CannotTake(
                "no_price",
                "Order {number} of RetailCRM has goods without a price: {item}.",
                {**named(told), "item": wording.offer_of(item)},
            )
        off = wording.number_of(item.get("discountManualAmount")) or Decimal(0)
        unit = max(Decimal(0), (price - off) * (1 - share))
        lines.append(await _line(snap, variant, market, quantity=quantity, unit=unit, base=base))
    return tuple(lines)


async def _variant(
    snap: Snapshot, told: Mapping[str, Any], item: Mapping[str, Any]
) -> catalog.Variant:
    name = wording.offer_of(item)
    ours = wording.external_id(name)
    if ours is not None:
        found = (await catalog.get_variants(snap, variant_ids=[ours])).get(ours)
    else:
        found = await catalog.find_variant_by_sku(snap, sku=name)
    if found is None:
        raise CannotTake(
            "unknown_item",
            "Order {number} of RetailCRM has goods that are not known here: {item}.",
            {**named(told), "item": name},
        )
    return found


async def _line(
    snap: Snapshot,
    variant: catalog.Variant,
    market: markets.Market,
    *,
    quantity: Decimal,
    unit: Decimal,
    base: Decimal,
) -> orders.OrderLine:
    product = await catalog.get_product(snap, product_id=variant.product_id)
    amount = UnitPrice(unit, market.currency).for_quantity(quantity)
    return orders.OrderLine(
        variant_id=variant.id,
        product_id=variant.product_id,
        sku=variant.sku,
        name=product.name,
        options=variant.options,
        quantity=quantity,
        unit=variant.unit,
        unit_price=unit,
        base_price=max(base, unit),
        amount=amount,
        tax_rate=market.tax_rate,
        tax=checkout.tax_of(amount, market.tax_rate, included=market.prices_include_tax),
        image=product.media[0].key if product.media else None,
    )


def _share_of_discount(told: Mapping[str, Any]) -> Decimal:
    """Give which share of the goods a discount on the whole order takes off."""
    off = wording.number_of(told.get("discountManualAmount")) or Decimal(0)
    goods = sum(
        (
            (
                (wording.number_of(item.get("initialPrice")) or Decimal(0))
                - (wording.number_of(item.get("discountManualAmount")) or Decimal(0))
            )
            * (wording.number_of(item.get("quantity")) or Decimal(0))
            for item in told.get("items") or []
        ),
        Decimal(0),
    )
    return min(Decimal(1), off / goods) if off > 0 and goods > 0 else Decimal(0)


async def _delivery(
    snap: Snapshot,
    side: Side,
    told: Mapping[str, Any],
    offer: checkout.Offer,
    fields: Fields,
) -> orders.Delivery:
    delivery = told.get("delivery") or {}
    options = side.connection.options
    market = side.market(side.connection.market_of(str(told.get("site"))) or "")
    code = str(delivery.get("code") or "")
    method = next(
        (one for one in offer.delivery if options.delivery_types.get(one.code) == code), None
    )
    shop = None
    if method is not None and method.kind is checkout.DeliveryKind.PICKUP:
        shop = await _shop(snap, side, str(told.get("shipmentStore") or ""))
    if method is None or (method.kind is checkout.DeliveryKind.PICKUP and shop is None):
        method = next(
            (one for one in offer.delivery if one.kind is checkout.DeliveryKind.COURIER), method
        )
    if method is None:
        raise CannotTake(
            "no_delivery",
            "There is no way of delivery for order {number} of RetailCRM.",
            named(told),
        )
    address = orders.Address(
        country=market.country,
        **{name: fields[name] for name in ADDRESS_FIELDS},
    )
    return orders.Delivery(
        method=method.code,
        kind=method.kind,
        name=method.name,
        price=money_from_decimal(
            wording.number_of(delivery.get("cost")) or Decimal(0), market.currency
        ),
        address=None if shop is not None else address,
        warehouse_id=None if shop is None else shop.id,
        warehouse_name=None if shop is None else shop.name,
        warehouse_address="" if shop is None else f"{shop.city}, {shop.address}".strip(", "),
        days_min=method.days_min,
        days_max=method.days_max,
    )


async def _shop(snap: Snapshot, side: Side, code: str) -> stock.Warehouse | None:
    stores = side.connection.options.stores
    for warehouse in await stock.list_warehouses(snap):
        if code and stores.get(str(warehouse.id)) == code and warehouse.is_active:
            return warehouse
    return None


async def _method(
    snap: Snapshot, side: Side, told: Mapping[str, Any], market: markets.Market
) -> payments.PaymentMethod:
    """Choose the way to pay: on receipt, since nobody is at a payment page; as named, if it is."""
    types = side.connection.options.payment_types
    told_types = {str(one.get("type")) for one in wording.crm_payments(told)}
    offered = [
        one
        for one in await payments.list_methods(snap, market=market.code)
        if one.is_active and one.provider == payments.ON_RECEIPT
    ]
    chosen = next((one for one in offered if types.get(one.code) in told_types), None)
    if chosen is None and not offered:
        raise CannotTake(
            "no_payment", "There is no way to pay for order {number} of RetailCRM.", named(told)
        )
    return chosen or offered[0]


def named(told: Mapping[str, Any]) -> dict[str, str]:
    """Name an order as the CRM does, for people."""
    return {"number": str(told.get("number") or told["id"])}
