"""Baskets as the JSON API reads and shows them."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from hansa.kernel.money import Money, UnitPrice
from hansa.modules.checkout.form import Address, Details
from hansa.modules.checkout.model import BasketView, DeliveryOption, LineView
from hansa.modules.checkout.placing import PlacedOrder
from hansa.modules.checkout.queries import PickupShop

AMOUNT_MAX = 10**14
Long = Annotated[str, msgspec.Meta(max_length=200)]
Short = Annotated[str, msgspec.Meta(max_length=40)]
Quantity = Annotated[Decimal, msgspec.Meta(description="From 1 to 9999; zero takes the line out.")]


class MoneyBody(msgspec.Struct, frozen=True):
    """An amount: minor units for programs, major units as text for people."""

    minor: int
    currency: str
    amount: str

    @classmethod
    def of(cls, money: Money) -> "MoneyBody":
        """Show an amount."""
        return cls(money.minor, money.currency, str(money.to_decimal()))


class AddBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to put into the basket."""

    variant_id: UUID
    quantity: Quantity = Decimal(1)


class QuantityBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many there are to be."""

    quantity: Quantity


class AddressBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a courier is to go."""

    country: Short = ""
    region: Long = ""
    city: Long = ""
    street: Long = ""
    house: Short = ""
    flat: Short = ""
    postcode: Annotated[str, msgspec.Meta(max_length=20)] = ""


class DetailsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The checkout form; as a draft any part may be empty."""

    recipient_name: Long = ""
    phone: Short = ""
    email: Annotated[str, msgspec.Meta(max_length=254)] = ""
    delivery_method: Short = ""
    address: AddressBody = AddressBody()
    warehouse_id: UUID | None = None
    payment_method: Short = ""
    comment: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    accepts_terms: bool = False
    wants_news: bool = False

    def to_details(self) -> Details:
        """Give the form as a value."""
        address = self.address
        return Details(
            recipient_name=self.recipient_name,
            phone=self.phone,
            email=self.email,
            delivery_method=self.delivery_method,
            address=Address(
                country=address.country,
                region=address.region,
                city=address.city,
                street=address.street,
                house=address.house,
                flat=address.flat,
                postcode=address.postcode,
            ),
            warehouse_id=self.warehouse_id,
            payment_method=self.payment_method,
            comment=self.comment,
            accepts_terms=self.accepts_terms,
            wants_news=self.wants_news,
        )

    @classmethod
    def of(cls, details: Details) -> "DetailsBody":
        """Show a draft."""
        return msgspec.convert(msgspec.to_builtins(details), cls)


class PlaceBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Place the order: with these details, or with the draft kept in the basket.

    `expected_total_minor` is what the shopper saw; if the order would cost something else it is
    refused with the new total.
    """

    details: DetailsBody | None = None
    expected_total_minor: Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MAX)] | None = None


class ChangeBody(msgspec.Struct, frozen=True):
    """Something that is other than when the line was put in."""

    kind: str
    message: str
    data: dict[str, str]


class LineBody(msgspec.Struct, frozen=True):
    """A line at today's price."""

    variant_id: UUID
    product_id: UUID | None
    slug: str
    sku: str
    name: dict[str, str]
    options: dict[str, dict[str, str]]
    image: str | None
    quantity: Decimal
    unit_price: Decimal | None
    was: Decimal | None
    amount: MoneyBody
    available: Decimal
    is_sellable: bool
    changes: list[ChangeBody]

    @classmethod
    def of(cls, line: LineView) -> "LineBody":
        """Show a line."""
        return cls(
            variant_id=line.variant_id,
            product_id=line.product_id,
            slug=line.slug,
            sku=line.sku,
            name=dict(line.name),
            options={code: dict(value) for code, value in line.options.items()},
            image=line.image,
            quantity=line.quantity,
            unit_price=_amount(line.unit_price),
            was=_amount(line.was),
            amount=MoneyBody.of(line.amount),
            available=line.available,
            is_sellable=line.is_sellable,
            changes=[
                ChangeBody(change.kind, change.message, dict(change.data))
                for change in line.changes
            ],
        )


def _amount(price: UnitPrice | None) -> Decimal | None:
    return None if price is None else price.amount


class TotalsBody(msgspec.Struct, frozen=True):
    """What the basket comes to."""

    goods: MoneyBody
    delivery: MoneyBody
    tax: MoneyBody
    total: MoneyBody
    tax_included: bool


class DeliveryBody(msgspec.Struct, frozen=True):
    """A way of delivery and what it costs for this basket."""

    code: str
    kind: str
    name: dict[str, str]
    price: MoneyBody
    missing_to_free: MoneyBody | None
    days_min: int
    days_max: int

    @classmethod
    def of(cls, option: DeliveryOption) -> "DeliveryBody":
        """Show a way of delivery."""
        method, missing = option.method, option.missing_to_free
        return cls(
            code=method.code,
            kind=method.kind,
            name=dict(method.name),
            price=MoneyBody.of(option.price),
            missing_to_free=None if missing is None else MoneyBody.of(missing),
            days_min=method.days_min,
            days_max=method.days_max,
        )


class BasketBody(msgspec.Struct, frozen=True):
    """A basket at today's prices. `payment_methods` are the codes that can be chosen."""

    id: UUID | None
    version: int
    lines: list[LineBody]
    totals: TotalsBody
    delivery: list[DeliveryBody]
    payment_methods: list[str]
    details: DetailsBody
    is_placeable: bool

    @classmethod
    def of(cls, view: BasketView, *, payment_methods: list[str]) -> "BasketBody":
        """Show a basket."""
        totals = view.totals
        return cls(
            id=view.id,
            version=view.version,
            lines=[LineBody.of(line) for line in view.lines],
            totals=TotalsBody(
                goods=MoneyBody.of(totals.goods),
                delivery=MoneyBody.of(totals.delivery),
                tax=MoneyBody.of(totals.tax),
                total=MoneyBody.of(totals.total),
                tax_included=totals.tax_included,
            ),
            delivery=[DeliveryBody.of(option) for option in view.delivery],
            payment_methods=payment_methods,
            details=DetailsBody.of(view.details),
            is_placeable=view.is_placeable,
        )


class KeptBody(msgspec.Struct, frozen=True):
    """What was put in was kept. Programs without cookies send `token` as `X-Basket-Token`."""

    basket_id: UUID | None
    token: str | None = None


class ShopBody(msgspec.Struct, frozen=True):
    """A shop where the order could be fetched."""

    warehouse_id: UUID
    name: dict[str, str]
    city: str
    address: str
    hours: str
    phone: str
    has_all: bool
    missing: list[UUID]

    @classmethod
    def of(cls, shop: PickupShop) -> "ShopBody":
        """Show a shop."""
        place = shop.warehouse
        return cls(
            warehouse_id=place.id,
            name=dict(place.name),
            city=place.city,
            address=place.address,
            hours=place.hours,
            phone=place.phone,
            has_all=shop.has_all,
            missing=list(shop.missing),
        )


class PlacedBody(msgspec.Struct, frozen=True):
    """A placed order. Send the shopper to `redirect_url` to pay, if there is one.

    `needs_page` without `redirect_url`: the payment page is not ready yet, repeat the call. `token`
    opens the order's page without signing in. `is_deferred`: a shop answers first, after that the
    order's page leads to the payment.
    """

    order_id: UUID
    number: str
    token: str
    total: MoneyBody
    payment_id: UUID | None
    redirect_url: str | None
    needs_page: bool
    is_deferred: bool

    @classmethod
    def of(cls, placed: PlacedOrder) -> "PlacedBody":
        """Show a placed order."""
        return cls(
            order_id=placed.order_id,
            number=placed.number,
            token=placed.token,
            total=MoneyBody.of(placed.total),
            payment_id=placed.payment_id,
            redirect_url=placed.redirect_url,
            needs_page=placed.needs_page,
            is_deferred=placed.is_deferred,
        )
