"""Price lists, prices and the rule that finds the price a person pays."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import ClassVar, NamedTuple
from uuid import UUID

from hansa.kernel.errors import HansaError, Invalid, NotFound, Rejected
from hansa.kernel.money import UnitPrice
from hansa.kernel.periods import Period
from hansa.kernel.text import Localised

ONE = Decimal(1)
ALWAYS = Period()
GROUP_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
AMOUNT_LIMIT = Decimal(10) ** 12
QUANTITY_LIMIT = Decimal(10) ** 9
# What is finer would be rounded when it is kept: a price to nothing, two quantities to one.
AMOUNT_MIN = Decimal("0.000001")
QUANTITY_STEP = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerGroup:
    """Buyers who may have prices of their own, such as partners."""

    code: str
    name: Localised


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """Prices of a market, for everybody or for one customer group.

    Among lists of the same kind the higher priority wins. It counts while active and valid.
    """

    id: UUID
    code: str
    name: Localised
    market: str
    currency: str
    customer_group: str | None = None
    priority: int = 0
    is_active: bool = True
    valid: Period = ALWAYS

    def is_effective_at(self, instant: datetime) -> bool:
        """Say whether the list counts at the instant."""
        return self.is_active and self.valid.contains(instant)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one unit costs in a list from a quantity on; major units, tax as the market says.

    `compare_at` is the price shown struck through, if it is higher.
    """

    price_list_id: UUID
    variant_id: UUID
    amount: Decimal
    min_quantity: Decimal = ONE
    compare_at: Decimal | None = None
    is_overridden: bool = False


class PriceKey(NamedTuple):
    """Which price: the list, the variant, the quantity it begins at."""

    price_list_id: UUID
    variant_id: UUID
    min_quantity: Decimal = ONE


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceProfile:
    """All that a price depends on besides the item: a market and perhaps a customer group.

    `lists` come in the order they are asked. Id 0 stands for a market without any list.
    """

    id: int
    market: str
    customer_group: str | None
    lists: tuple[PriceList, ...]

    @property
    def currency(self) -> str:
        """Currency of all prices of the market; empty if it has none."""
        return self.lists[0].currency if self.lists else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why the price is what it is: the list it is from, and the group that list is for."""

    price_list_id: UUID
    list_name: Localised
    customer_group: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The price of one unit from a quantity on."""

    min_quantity: Decimal
    unit: UnitPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedPrice:
    """What one unit costs a person at a quantity.

    `base` is what everybody pays for one; `was` is to be shown struck through, if anything;
    `breaks` are all quantities at which the price of the same list changes.
    """

    unit: UnitPrice
    base: UnitPrice
    was: UnitPrice | None
    reason: Reason
    breaks: tuple[Break, ...]


class PiecePrice(NamedTuple):
    """Price of a single piece in minor units, what to strike through, and the list it is from."""

    minor: int
    was_minor: int | None
    price_list_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """One change of a price: who, when, from what to what; None is "no price"."""

    id: int
    key: PriceKey
    amount_before: Decimal | None
    amount_after: Decimal | None
    compare_at_before: Decimal | None
    compare_at_after: Decimal | None
    changed_by: UUID | None
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRefusal:
    """A price of a batch that was not saved, and why; the others were."""

    price: Price
    error: HansaError


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveResult:
    """What became of each price of a batch; `kept` were overridden by a person."""

    created: tuple[Price, ...] = ()
    changed: tuple[Price, ...] = ()
    unchanged: tuple[Price, ...] = ()
    kept: tuple[Price, ...] = ()
    refused: tuple[PriceRefusal, ...] = ()


@dataclass(eq=False)
class NoSuchPriceList(NotFound):
    """No price list has this id."""

    code: ClassVar[str] = "pricing.no_such_list"
    message: ClassVar[str] = "There is no such price list."
    price_list_id: UUID


@dataclass(eq=False)
class NoSuchGroup(NotFound):
    """No customer group has this code."""

    code: ClassVar[str] = "pricing.no_such_group"
    message: ClassVar[str] = "There is no customer group “{group}”."
    group: str


@dataclass(eq=False)
class GroupInvalid(Invalid):
    """A customer group would have a code nobody could write."""

    code: ClassVar[str] = "pricing.group_invalid"
    message: ClassVar[str] = "A group's code is letters, digits, dots, hyphens and underscores."
    group: str


@dataclass(eq=False)
class AbsurdPrice(Invalid):
    """A price or its quantity is not a positive number of sensible size."""

    code: ClassVar[str] = "pricing.absurd_price"
    message: ClassVar[str] = "A price must be more than zero and less than a trillion."
    amount: Decimal


@dataclass(eq=False)
class OtherCurrency(Rejected):
    """A market would have prices in two currencies."""

    code: ClassVar[str] = "pricing.other_currency"
    message: ClassVar[str] = "Prices of the market {market} are in {currency}."
    market: str
    currency: str


@dataclass(eq=False)
class CodeTaken(Rejected):
    """Another list has this code."""

    code: ClassVar[str] = "pricing.code_taken"
    message: ClassVar[str] = "Another price list has the code “{list_code}”."
    list_code: str


def price_error(price: Price) -> HansaError | None:
    """Say what is wrong with a price in itself, if anything."""
    for amount in (price.amount, price.compare_at):
        if amount is not None and not (amount.is_finite() and AMOUNT_MIN <= amount < AMOUNT_LIMIT):
            return AbsurdPrice(amount)
    quantity = price.min_quantity
    if not (quantity.is_finite() and 0 < quantity < QUANTITY_LIMIT) or quantity % QUANTITY_STEP:
        return AbsurdPrice(quantity)
    return None


def in_order(lists: Iterable[PriceList]) -> tuple[PriceList, ...]:
    """Order lists as they are asked: those of the group, then everybody's; high priority first."""
    return tuple(sorted(lists, key=lambda each: (*_rank(each), each.code)))


def _rank(each: PriceList) -> tuple[bool, int]:
    return (each.customer_group is None, -each.priority)


def levels(lists: Iterable[PriceList], now: datetime) -> tuple[tuple[PriceList, ...], ...]:
    """Group the lists in force into levels of equal rank; within one the lowest price wins."""
    effective = in_order(each for each in lists if each.is_effective_at(now))
    return tuple(tuple(group) for _, group in groupby(effective, key=_rank))


def price_at(prices: Sequence[Price], quantity: Decimal) -> Price | None:
    """Find the price of one list for a quantity: the one that begins nearest below it."""
    fitting = [price for price in prices if price.min_quantity <= quantity]
    return max(fitting, key=lambda price: price.min_quantity, default=None)


def resolve(
    ranked: Sequence[Sequence[PriceList]],
    prices: Mapping[UUID, Sequence[Price]],
    quantity: Decimal,
) -> tuple[PriceList, Price] | None:
    """Find the price that counts: of the first level that has one; the lowest within a level."""
    for level in ranked:
        found = [
            (each, price)
            for each in level
            if (price := price_at(prices.get(each.id, ()), quantity)) is not None
        ]
        if found:
            return min(found, key=lambda pair: (pair[1].amount, pair[0].code))
    return None


def quoted(
    profile: PriceProfile,
    prices: Mapping[UUID, Sequence[Price]],
    quantity: Decimal,
    now: datetime,
) -> QuotedPrice | None:
    """Work out the price of one variant from its prices by list; None if it has none."""
    ranked = levels(profile.lists, now)
    found = resolve(ranked, prices, quantity)
    if found is None:
        return None
    winner, price = found
    everybody = [level for level in ranked if level[0].customer_group is None]
    base = resolve(everybody, prices, ONE)
    base_amount = price.amount if base is None else base[1].amount
    was = was_amount(price.amount, price.compare_at, base_amount)
    return QuotedPrice(
        unit=UnitPrice(price.amount, winner.currency),
        base=UnitPrice(base_amount, winner.currency),
        was=None if was is None else UnitPrice(was, winner.currency),
        reason=Reason(
            price_list_id=winner.id,
            list_name=winner.name,
            customer_group=winner.customer_group,
        ),
        breaks=tuple(
            Break(min_quantity=each.min_quantity, unit=UnitPrice(each.amount, winner.currency))
            for each in sorted(prices[winner.id], key=lambda each: each.min_quantity)
        ),
    )


def was_amount(amount: Decimal, compare_at: Decimal | None, base: Decimal | None) -> Decimal | None:
    """Choose what to strike through: the list's own former price, else what everybody pays."""
    if compare_at is not None and compare_at > amount:
        return compare_at
    if base is not None and base > amount:
        return base
    return None
