"""A small shop for tests: categories, products with variants, prices, stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules import catalog, markets, pricing, search, stock
from hansa.runtime.database import Database, Transaction

MARKET = "ru"


@dataclass(slots=True)
class SmallShop:
    """What was built, to build on."""

    now: datetime
    colour: catalog.Attribute
    size: catalog.Attribute
    material: catalog.Attribute
    clothes: catalog.Category
    coats: catalog.Category
    dresses: catalog.Category
    retail: pricing.PriceList
    partners: pricing.PriceList
    warehouse: stock.Warehouse
    count: int = 0

    async def add(
        self,
        tx: Transaction,
        name: str,
        *,
        english: str = "",
        category: catalog.Category | None = None,
        colours: Sequence[str] = ("чёрный",),
        sizes: Sequence[str] = ("M",),
        material: str = "",
        price: str | None = "100",
        partner_price: str | None = None,
        pieces: Mapping[tuple[str, str], int] | int = 5,
        **fields: object,
    ) -> catalog.Product:
        """Add a product with a variant for each colour and size; each is a minute older."""
        self.count += 1
        product_id = new_id(self.now)
        names = {"ru": name} | ({"en": english} if english else {})
        values = (
            (catalog.AttributeValue(attribute_id=self.material.id, text={"ru": material}),)
            if material
            else ()
        )
        settled: dict[str, object] = {
            "category_ids": ((category or self.coats).id,),
            "attributes": values,
            "created_at": self.now - timedelta(minutes=self.count),
        } | fields
        product = catalog.Product(id=product_id, name=names, **settled)  # type: ignore[arg-type]
        saved = await catalog.save_products(tx, products=[product], now=self.now)
        assert not saved.refused, saved.refused
        variants = [
            catalog.Variant(
                id=new_id(self.now),
                product_id=product_id,
                sku=f"A{self.count}-{number}",
                barcode=f"46{self.count:06}{number:04}",
                options={"colour": {"ru": colour}, "size": {"ru": size}},
                position=number,
            )
            for number, (colour, size) in enumerate((c, s) for c in colours for s in sizes)
        ]
        await catalog.save_variants(tx, variants=variants, now=self.now)
        await self.price(tx, variants, price, partner_price)
        await self.put(
            tx,
            {
                variant.id: pieces
                if isinstance(pieces, int)
                else pieces.get((variant.options["colour"]["ru"], variant.options["size"]["ru"]), 0)
                for variant in variants
            },
        )
        return await catalog.get_product(tx, product_id=product_id)

    async def price(
        self,
        tx: Transaction,
        variants: Sequence[catalog.Variant],
        price: str | None,
        partner_price: str | None = None,
    ) -> None:
        """Set prices of variants."""
        prices = [
            pricing.Price(price_list_id=each.id, variant_id=variant.id, amount=Decimal(amount))
            for variant in variants
            for each, amount in ((self.retail, price), (self.partners, partner_price))
            if amount is not None
        ]
        await pricing.set_prices(tx, prices=prices, now=self.now)

    async def put(self, tx: Transaction, pieces: Mapping[UUID, int], *, minutes: int = 0) -> None:
        """Set stock of variants in the only warehouse, as of some minutes after the shop's now."""
        await stock.set_levels(
            tx,
            source="test",
            levels=[
                stock.Level(
                    warehouse_id=self.warehouse.id,
                    variant_id=variant_id,
                    on_hand=Decimal(count),
                    as_of=self.now + timedelta(minutes=minutes),
                )
                for variant_id, count in pieces.items()
            ],
            now=self.now + timedelta(minutes=minutes),
        )


async def a_small_shop(tx: Transaction, *, now: datetime) -> SmallShop:
    """Make an empty shop: clothes with coats and dresses, two price lists, a warehouse."""

    def attribute(code: str, russian: str, kind: catalog.AttributeKind) -> catalog.Attribute:
        return catalog.Attribute(
            id=new_id(now), code=code, name={"ru": russian, "en": code}, kind=kind, is_facet=True
        )

    clothes = catalog.Category(id=new_id(now), name={"ru": "Одежда", "en": "Clothes"})
    shop = SmallShop(
        now=now,
        colour=attribute("colour", "Цвет", catalog.AttributeKind.COLOUR),
        size=attribute("size", "Размер", catalog.AttributeKind.TEXT),
        material=attribute("material", "Материал", catalog.AttributeKind.TEXT),
        clothes=clothes,
        coats=catalog.Category(
            id=new_id(now), name={"ru": "Пальто", "en": "Coats"}, parent_id=clothes.id
        ),
        dresses=catalog.Category(
            id=new_id(now), name={"ru": "Платья", "en": "Dresses"}, parent_id=clothes.id, position=1
        ),
        retail=pricing.PriceList(
            id=new_id(now), code="retail", name={"en": "Retail"}, market=MARKET, currency="RUB"
        ),
        partners=pricing.PriceList(
            id=new_id(now),
            code="partners",
            name={"en": "Partners", "ru": "Партнёры"},
            market=MARKET,
            currency="RUB",
            customer_group="partners",
        ),
        warehouse=stock.Warehouse(
            id=new_id(now), code="central", name={"ru": "Склад"}, channels=(MARKET,)
        ),
    )
    await markets.save_market(
        tx,
        market=markets.Market(
            code=MARKET,
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
    await catalog.save_categories(tx, categories=[shop.clothes, shop.coats, shop.dresses], now=now)
    await catalog.save_attributes(tx, attributes=[shop.colour, shop.size, shop.material], now=now)
    await catalog.save_choices(
        tx,
        choices=[
            catalog.AttributeChoice(
                id=new_id(now), attribute_id=shop.colour.id, name={"ru": name}, swatch=swatch
            )
            for name, swatch in (("чёрный", "#111111"), ("красный", "#cc2222"))
        ],
        now=now,
    )
    await pricing.save_groups(
        tx, groups=[pricing.CustomerGroup(code="partners", name={"en": "Partners"})], now=now
    )
    await pricing.save_price_lists(tx, price_lists=[shop.retail, shop.partners], now=now)
    await stock.save_warehouses(tx, warehouses=[shop.warehouse], now=now)
    return shop


async def project_all(database: Database, shelf: search.Shelf, *, now: datetime) -> None:
    """Build the projection and let the counts of this process see it."""
    await search.rebuild(database, now=now)
    await shelf.keeper.follow()
