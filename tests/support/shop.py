"""A small shop for tests of buying: a market, goods with prices and stock, delivery and payment.

async with committing.transaction() as tx:
    shop = await a_shop(tx, now=now, on_hand=5)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from hansa.modules import catalog, checkout, markets, payments, pricing, stock
from hansa.runtime.database import Transaction

__all__ = ["Shop", "a_shop", "details", "put_stock", "set_price"]


@dataclass(frozen=True)
class Shop:
    """What was made; `variants` in order, all of one warehouse and one shop to fetch in."""

    variants: tuple[UUID, ...]
    price_list: UUID
    market: str = "ru"
    central: UUID = field(default_factory=uuid4)
    corner: UUID = field(default_factory=uuid4)

    @property
    def variant(self) -> UUID:
        return self.variants[0]


async def a_shop(
    tx: Transaction,
    *,
    now: datetime,
    on_hand: int = 5,
    price: str = "1990",
    variants: int = 3,
    courier_minor: int = 300_00,
    free_from_minor: int | None = 10_000_00,
    capture_at_once: bool = True,
) -> Shop:
    """Make the market `ru` with so many variants of one product, each that often on hand."""
    shop = Shop(variants=tuple(uuid4() for _ in range(variants)), price_list=uuid4())
    await markets.save_market(
        tx,
        market=markets.Market(
            code="ru",
            name={"ru": "Россия", "en": "Russia"},
            currency="RUB",
            country="RU",
            languages=("ru", "en"),
            default_language="ru",
            tax_rate=Decimal("0.2"),
            prices_include_tax=True,
            phone_region="RU",
            time_zone="Europe/Moscow",
        ),
        by=None,
        now=now,
    )
    await _goods(tx, shop, price=price, now=now)
    await stock.save_warehouses(
        tx,
        warehouses=[
            stock.Warehouse(
                id=shop.central, code="central", name={"ru": "Склад"}, channels=("ru",)
            ),
            stock.Warehouse(
                id=shop.corner,
                code="corner",
                name={"ru": "На углу", "en": "Corner shop"},
                kind=stock.WarehouseKind.SHOP,
                city="Москва",
                address="Мясницкая, 1",
                channels=("ru",),
            ),
        ],
        now=now,
    )
    for variant_id in shop.variants:
        await put_stock(tx, shop.central, variant_id, on_hand, now=now)
    await checkout.save_delivery_methods(
        tx,
        methods=[
            checkout.DeliveryMethod(
                market="ru",
                code="courier",
                kind=checkout.DeliveryKind.COURIER,
                name={"ru": "Курьер", "en": "Courier"},
                price_minor=courier_minor,
                free_from_minor=free_from_minor,
                days_min=1,
                days_max=3,
                position=1,
            ),
            checkout.DeliveryMethod(
                market="ru",
                code="pickup",
                kind=checkout.DeliveryKind.PICKUP,
                name={"ru": "Самовывоз", "en": "Pick up in a shop"},
                position=2,
            ),
        ],
    )
    await payments.save_methods(
        tx,
        methods=[
            payments.PaymentMethod(
                market="ru",
                code="cash",
                provider=payments.ON_RECEIPT,
                name={"ru": "При получении", "en": "On receipt"},
                hint={},
                position=1,
            ),
            payments.PaymentMethod(
                market="ru",
                code="card",
                provider=payments.SIMULATED,
                name={"ru": "Картой", "en": "By card"},
                hint={},
                position=2,
                capture_at_once=capture_at_once,
                pay_within_minutes=120,
            ),
        ],
    )
    return shop


async def _goods(tx: Transaction, shop: Shop, *, price: str, now: datetime) -> None:
    product = catalog.Product(id=uuid4(), name={"ru": "Платье", "en": "Dress"})
    await catalog.save_products(tx, products=[product], now=now)
    await catalog.save_variants(
        tx,
        variants=[
            catalog.Variant(
                id=variant_id,
                product_id=product.id,
                sku=f"D-{number}",
                options={"size": {"ru": f"{40 + number}"}},
                position=number,
            )
            for number, variant_id in enumerate(shop.variants)
        ],
        now=now,
    )
    await pricing.save_price_lists(
        tx,
        price_lists=[
            pricing.PriceList(
                id=shop.price_list,
                code="base",
                name={"ru": "Розница"},
                market="ru",
                currency="RUB",
            )
        ],
        now=now,
    )
    for variant_id in shop.variants:
        await set_price(tx, shop, variant_id, price, now=now)


async def set_price(
    tx: Transaction, shop: Shop, variant_id: UUID, amount: str, *, now: datetime
) -> None:
    """Let the ERP set a price."""
    new = pricing.Price(
        price_list_id=shop.price_list, variant_id=variant_id, amount=Decimal(amount)
    )
    await pricing.set_prices(tx, prices=[new], now=now)


async def put_stock(
    tx: Transaction, warehouse_id: UUID, variant_id: UUID, on_hand: int, *, now: datetime
) -> None:
    """Let the ERP say a number."""
    level = stock.Level(
        warehouse_id=warehouse_id, variant_id=variant_id, on_hand=Decimal(on_hand), as_of=now
    )
    await stock.set_levels(tx, source="1c", levels=[level], now=now)


def details(**changes: object) -> checkout.Details:
    """Give a form an order can be placed with, but for what is changed."""
    values: dict[str, object] = {
        "recipient_name": "Анна Иванова",
        "phone": "8 (916) 123-45-67",
        "email": "anna@example.org",
        "delivery_method": "courier",
        "address": checkout.Address(city="Москва", street="Мясницкая", house="1"),
        "payment_method": "cash",
        "accepts_terms": True,
        **changes,
    }
    return checkout.Details(**values)  # type: ignore[arg-type]
