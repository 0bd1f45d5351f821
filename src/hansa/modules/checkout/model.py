"""Baskets and totals as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, NewType
from uuid import UUID

from hansa.kernel.errors import Conflict, Invalid, NotFound, Rejected
from hansa.kernel.money import Money, UnitPrice
from hansa.kernel.rounding import round_half_up
from hansa.kernel.text import Localised
from hansa.modules.checkout.form import DeliveryMethod, Details

BasketId = NewType("BasketId", UUID)

QUANTITY_MAX = Decimal(9999)
LINES_MAX = 100
ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose basket: a guest's by the digest of the session, or a party's."""

    session_id: str | None = None
    party_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLine:
    """A line as kept: what is wanted, and the price shown when it was put in."""

    variant_id: UUID
    quantity: Decimal
    shown_price: Decimal | None
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """A basket as kept; `version` grows with every change."""

    id: BasketId
    market: str
    owner: Owner
    version: int
    details: Details
    lines: tuple[StoredLine, ...]


class ChangeKind(StrEnum):
    """What a shopper must be told of a line."""

    PRICE_UP = "price_up"
    PRICE_DOWN = "price_down"
    ONLY_LEFT = "only_left"
    SOLD_OUT = "sold_out"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """Something that is other than when the line was put in; `message` is an English msgid."""

    kind: ChangeKind
    message: str
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """A line as shown now: today's price and availability. `image` is a storage key."""

    variant_id: UUID
    product_id: UUID | None
    slug: str
    sku: str
    name: Localised
    options: Mapping[str, Localised]
    image: str | None
    quantity: Decimal
    unit: str
    unit_price: UnitPrice | None
    base_price: UnitPrice | None
    was: UnitPrice | None
    price_reason: str | None
    amount: Money
    tax: Money
    available: Decimal
    changes: tuple[LineChange, ...]

    @property
    def is_sellable(self) -> bool:
        """Say whether the line can be bought as it stands."""
        return self.unit_price is not None and self.available >= self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a basket comes to; the tax is inside the amounts if `tax_included`, else on top."""

    goods: Money
    delivery: Money
    tax: Money
    total: Money
    tax_included: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOption:
    """A way of delivery with what it costs for this basket."""

    method: DeliveryMethod
    price: Money
    missing_to_free: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftLine:
    """A thing given with an order. `image` is a storage key."""

    variant_id: UUID
    product_id: UUID
    sku: str
    name: Localised
    options: Mapping[str, Localised]
    unit: str
    quantity: Decimal
    image: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """What a basket brings beside its goods, and what a little more would bring.

    `lines` is empty if it brings nothing. Of the next gift `next_name` and `missing` tell.
    """

    name: Localised | None = None
    lines: tuple[GiftLine, ...] = ()
    next_name: Localised | None = None
    missing: Money | None = None


NO_GIFT = Gift()


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketView:
    """A basket as shown; `id` is None while nothing was ever put in."""

    id: BasketId | None
    market: str
    version: int
    lines: tuple[LineView, ...]
    totals: Totals
    delivery: tuple[DeliveryOption, ...]
    details: Details
    gift: Gift = NO_GIFT

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing in it."""
        return not self.lines

    @property
    def item_count(self) -> Decimal:
        """Number of pieces."""
        return sum((line.quantity for line in self.lines), Decimal(0))

    @property
    def is_placeable(self) -> bool:
        """Say whether every line can be bought as it stands."""
        return bool(self.lines) and all(line.is_sellable for line in self.lines)


@dataclass(eq=False)
class QuantityInvalid(Invalid):
    """The quantity is not one that can be bought."""

    code: ClassVar[str] = "checkout.quantity_invalid"
    message: ClassVar[str] = "Choose a quantity from 1 to 9999, in whole pieces."


@dataclass(eq=False)
class NotSold(NotFound):
    """The item does not exist, is not on sale or has no price here."""

    code: ClassVar[str] = "checkout.not_sold"
    message: ClassVar[str] = "This item is not on sale."
    variant_id: UUID


@dataclass(eq=False)
class BasketFull(Rejected):
    """The basket holds as many different items as it may."""

    code: ClassVar[str] = "checkout.basket_full"
    message: ClassVar[str] = "A basket holds at most 100 different items."


@dataclass(eq=False)
class BasketEmpty(Rejected):
    """There is nothing to order."""

    code: ClassVar[str] = "checkout.basket_empty"
    message: ClassVar[str] = "Your basket is empty."


@dataclass(eq=False)
class BasketChanged(Conflict):
    """The basket was changed (in another window) while the order was being placed."""

    code: ClassVar[str] = "checkout.basket_changed"
    message: ClassVar[str] = (
        "Your basket was changed meanwhile. Look at it once more and order again."
    )


@dataclass(eq=False)
class TotalChanged(Conflict):
    """The order would cost other than what the shopper saw; amounts in minor units."""

    code: ClassVar[str] = "checkout.total_changed"
    message: ClassVar[str] = "The total has changed. Look at it once more and confirm it."
    expected_minor: int
    total_minor: int
    currency: str


@dataclass(eq=False)
class ItemsGone(Rejected):
    """Some items are not on sale any more; they have to be taken out."""

    code: ClassVar[str] = "checkout.items_gone"
    message: ClassVar[str] = "Some items are no longer on sale. Take them out and order again."
    variant_ids: tuple[UUID, ...]


def tax_of(amount: Money, rate: Decimal, *, included: bool) -> Money:
    """Give the tax in (or on) an amount; `rate` is a share, rounded half up once."""
    whole = ONE + rate if included else ONE
    return Money(int(round_half_up(Decimal(amount.minor) * rate / whole)), amount.currency)


def sum_up(
    lines: Sequence[LineView], *, delivery: Money, tax_rate: Decimal, tax_included: bool
) -> Totals:
    """Sum lines and delivery; lines without a price count nothing."""
    currency = delivery.currency
    goods = Money(sum(line.amount.minor for line in lines), currency)
    delivery_tax = tax_of(delivery, tax_rate, included=tax_included)
    tax = Money(sum(line.tax.minor for line in lines) + delivery_tax.minor, currency)
    total = goods + delivery if tax_included else goods + delivery + tax
    return Totals(goods=goods, delivery=delivery, tax=tax, total=total, tax_included=tax_included)


def changes_of(
    *,
    quantity: Decimal,
    available: Decimal,
    shown_price: Decimal | None,
    price: UnitPrice | None,
) -> tuple[LineChange, ...]:
    """Say what a shopper must be told of a line."""
    if price is None:
        return (LineChange(kind=ChangeKind.GONE, message="This item is no longer on sale."),)
    changes: list[LineChange] = []
    if available <= 0:
        changes.append(LineChange(kind=ChangeKind.SOLD_OUT, message="This item is sold out."))
    elif available < quantity:
        left = f"{available.normalize():f}"
        changes.append(
            LineChange(kind=ChangeKind.ONLY_LEFT, message="Only {left} left.", data={"left": left})
        )
    if shown_price is not None and shown_price != price.amount:
        rose = price.amount > shown_price
        changes.append(
            LineChange(
                kind=ChangeKind.PRICE_UP if rose else ChangeKind.PRICE_DOWN,
                message=(
                    "The price has risen since you added this item."
                    if rose
                    else "The price has fallen since you added this item."
                ),
                data={"before": str(shown_price), "now": str(price.amount)},
            )
        )
    return tuple(changes)


def merge_lines(own: Sequence[StoredLine], guest: Sequence[StoredLine]) -> tuple[StoredLine, ...]:
    """Merge a guest's lines into the own ones.

    Of an item in both, the greater quantity counts: who filled the same basket on two devices does
    not want everything twice.
    """
    merged = {line.variant_id: line for line in own}
    for line in guest:
        known = merged.get(line.variant_id)
        if known is None or known.quantity < line.quantity:
            merged[line.variant_id] = line
    return tuple(sorted(merged.values(), key=lambda line: (line.added_at, line.variant_id)))[
        :LINES_MAX
    ]
