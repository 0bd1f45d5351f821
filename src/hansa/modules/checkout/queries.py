"""Reading baskets: priced as of now, with what is there and what changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.kernel.money import Money
from hansa.modules import catalog, markets, pricing, stock
from hansa.modules.checkout import gifts, model, store
from hansa.modules.checkout.form import Details
from hansa.modules.checkout.model import (
    Basket,
    BasketView,
    DeliveryOption,
    LineView,
    Owner,
    StoredLine,
    Totals,
)
from hansa.modules.checkout.offers import Offer
from hansa.modules.checkout.pictures import picture_of
from hansa.runtime.database import Snapshot

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupShop:
    """A shop where an order could be fetched; `has_all` if everything lies there now."""

    warehouse: stock.Warehouse
    has_all: bool
    missing: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """What was read about the items of a basket."""

    variants: Mapping[UUID, catalog.Variant]
    products: Mapping[UUID, catalog.Product]
    quotes: Mapping[UUID, pricing.QuotedPrice]
    availability: Mapping[UUID, Decimal]


async def find_basket(snap: Snapshot, *, owner: Owner, market: str) -> Basket | None:
    """Give somebody's basket as kept, if there is one."""
    return await store.find_basket(snap, owner=owner, market=market)


async def count_pieces(snap: Snapshot, *, owner: Owner, market: str) -> Decimal:
    """Give the number of pieces in somebody's basket, for the header of each page."""
    return await store.count_pieces(snap, owner=owner, market=market)


async def view_basket(
    snap: Snapshot,
    *,
    owner: Owner,
    market: markets.Market,
    profile: pricing.PriceProfile,
    offers: Offer,
    now: datetime,
) -> BasketView:
    """Give somebody's basket at today's prices and availability, and what changed since.

    A fixed number of statements, however many lines.
    """
    basket = await store.find_basket(snap, owner=owner, market=market.code)
    if basket is None:
        return _nothing(market, offers)
    goods = await read_goods(snap, basket=basket, market=market, profile=profile, now=now)
    lines = tuple(view_line(line, goods, market, now) for line in basket.lines)
    worth = Money(sum(line.amount.minor for line in lines), market.currency)
    method = offers.delivery_method(basket.details.delivery_method)
    delivery = method.price_for(worth) if method is not None else Money(0, market.currency)
    return BasketView(
        id=basket.id,
        market=market.code,
        version=basket.version,
        lines=lines,
        totals=sum_up(lines, delivery=delivery, market=market),
        delivery=_options(offers, worth),
        details=basket.details,
        gift=await gifts.gift_for(snap, offer=offers, goods=worth, now=now),
    )


async def read_goods(
    snap: Snapshot,
    *,
    basket: Basket,
    market: markets.Market,
    profile: pricing.PriceProfile,
    now: datetime,
    with_availability: bool = True,
) -> Goods:
    """Read all that is to be known of a basket's items."""
    if not basket.lines:
        return Goods(variants={}, products={}, quotes={}, availability={})
    wanted = [(line.variant_id, line.quantity) for line in basket.lines]
    ids = [variant_id for variant_id, _ in wanted]
    variants = await catalog.get_variants(snap, variant_ids=ids)
    products = await catalog.get_products(
        snap, product_ids=list({variant.product_id for variant in variants.values()})
    )
    quotes = await pricing.quote(snap, profile=profile, lines=wanted, now=now)
    available: dict[UUID, Decimal] = {}
    if with_availability:
        found = await stock.availability(snap, channel=market.code, variant_ids=ids)
        available = {variant_id: one.available for variant_id, one in found.items()}
    return Goods(variants=variants, products=products, quotes=quotes, availability=available)


def view_line(line: StoredLine, goods: Goods, market: markets.Market, now: datetime) -> LineView:
    """Show a line with today's price; what is not on sale any more has none."""
    variant = goods.variants.get(line.variant_id)
    product = None if variant is None else goods.products.get(variant.product_id)
    quoted = goods.quotes.get(line.variant_id)
    on_sale = (
        variant is not None
        and variant.is_active
        and product is not None
        and product.is_shown_at(now)
    )
    unit = quoted.unit if on_sale and quoted is not None else None
    available = goods.availability.get(line.variant_id, NOTHING)
    amount = Money(0, market.currency) if unit is None else unit.for_quantity(line.quantity)
    return LineView(
        variant_id=line.variant_id,
        product_id=None if variant is None else variant.product_id,
        slug="" if product is None else product.slug,
        sku="" if variant is None else variant.sku,
        name={} if product is None else product.name,
        options={} if variant is None else variant.options,
        image=picture_of(product, variant),
        quantity=line.quantity,
        unit="" if variant is None else variant.unit,
        unit_price=unit,
        base_price=None if quoted is None else quoted.base,
        was=None if quoted is None or unit is None else quoted.was,
        price_reason=None if quoted is None else quoted.reason.customer_group,
        amount=amount,
        tax=model.tax_of(amount, market.tax_rate, included=market.prices_include_tax),
        available=available,
        changes=model.changes_of(
            quantity=line.quantity,
            available=available,
            shown_price=line.shown_price,
            price=unit,
        ),
    )


def sum_up(lines: Sequence[LineView], *, delivery: Money, market: markets.Market) -> Totals:
    """Sum lines and delivery by the market's rules of tax."""
    return model.sum_up(
        lines,
        delivery=delivery,
        tax_rate=market.tax_rate,
        tax_included=market.prices_include_tax,
    )


async def list_pickup_shops(
    snap: Snapshot, *, market: str, lines: Sequence[tuple[UUID, Decimal]]
) -> tuple[PickupShop, ...]:
    """Give the market's shops, those that have everything first."""
    by_warehouse = await stock.availability_by_warehouse(
        snap, variant_ids=[variant_id for variant_id, _ in lines], channel=market
    )
    shops = []
    for warehouse in await stock.list_warehouses(snap):
        if (
            warehouse.kind is not stock.WarehouseKind.SHOP
            or not warehouse.is_active
            or market not in warehouse.channels
        ):
            continue
        missing = tuple(
            variant_id
            for variant_id, quantity in lines
            if by_warehouse.get(variant_id, {}).get(warehouse.id, NOTHING) < quantity
        )
        shops.append(PickupShop(warehouse=warehouse, has_all=not missing, missing=missing))
    return tuple(sorted(shops, key=lambda shop: (not shop.has_all, len(shop.missing))))


def _options(offers: Offer, goods: Money) -> tuple[DeliveryOption, ...]:
    return tuple(
        DeliveryOption(
            method=method,
            price=method.price_for(goods),
            missing_to_free=(
                Money(method.free_from_minor - goods.minor, goods.currency)
                if method.free_from_minor is not None
                and method.price_minor > 0
                and goods.minor < method.free_from_minor
                else None
            ),
        )
        for method in offers.delivery
    )


def _nothing(market: markets.Market, offers: Offer) -> BasketView:
    zero = Money(0, market.currency)
    return BasketView(
        id=None,
        market=market.code,
        version=0,
        lines=(),
        totals=Totals(
            goods=zero,
            delivery=zero,
            tax=zero,
            total=zero,
            tax_included=market.prices_include_tax,
        ),
        delivery=_options(offers, zero),
        details=Details(),
    )
