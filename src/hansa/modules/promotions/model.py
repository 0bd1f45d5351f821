"""Gift sets as values."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Invalid, NotFound
from hansa.kernel.money import Money
from hansa.kernel.periods import Period
from hansa.kernel.text import Localised

ITEMS_MAX = 20
CODE_CHARACTERS_MAX = 300
QUANTITY_MAX = Decimal(99)


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftItem:
    """So many pieces of a variant."""

    variant_id: UUID
    quantity: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftSet:
    """Things that come with an order whose goods cost at least `minimum`, while `valid`.

    `source` names who owns it: empty for the back office, else the ERP's connection.
    """

    id: UUID
    code: str
    market: str
    name: Localised
    minimum: Money
    items: tuple[GiftItem, ...]
    valid: Period = field(default_factory=Period)
    priority: int = 0
    is_active: bool = True
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftOffer:
    """What an order of so much gets now, and what it would get for a little more."""

    gift: GiftSet | None
    next_gift: GiftSet | None
    missing: Money | None


@dataclass(eq=False)
class GiftSetInvalid(Invalid):
    """A field of the gift set is no such thing; `field` says which."""

    code: ClassVar[str] = "promotions.gift_set_invalid"
    message: ClassVar[str] = "The gift set cannot be saved: {field} is not right."

    field: str


@dataclass(eq=False)
class GiftSetNotFound(NotFound):
    """No such gift set."""

    code: ClassVar[str] = "promotions.gift_set_not_found"
    message: ClassVar[str] = "There is no such gift set."


def fault_of(gift: GiftSet) -> str | None:
    """Name the field that is not right, if any."""
    rules = {
        "code": 0 < len(gift.code) <= CODE_CHARACTERS_MAX,
        "name": any(gift.name.values()),
        "minimum": gift.minimum.minor >= 0,
        "items": 0 < len(gift.items) <= ITEMS_MAX
        and len({item.variant_id for item in gift.items}) == len(gift.items),
        "quantity": all(
            item.quantity.is_finite()
            and 0 < item.quantity <= QUANTITY_MAX
            and item.quantity == item.quantity.to_integral_value()
            for item in gift.items
        ),
        "valid": gift.valid.starts_at is None
        or gift.valid.ends_at is None
        or gift.valid.starts_at < gift.valid.ends_at,
    }
    return next((name for name, holds in rules.items() if not holds), None)


def offer_for(goods: Money, offered: tuple[GiftSet, ...]) -> GiftOffer:
    """Choose the gift for goods of so much: the dearest threshold reached, then the priority.

    `offered` are the sets of the market that are valid now.
    """
    reached = [one for one in offered if one.minimum.minor <= goods.minor]
    beyond = [one for one in offered if one.minimum.minor > goods.minor]
    gift = max(reached, key=lambda one: (one.minimum.minor, one.priority, one.code), default=None)
    following = min(
        beyond, key=lambda one: (one.minimum.minor, -one.priority, one.code), default=None
    )
    return GiftOffer(
        gift=gift,
        next_gift=following,
        missing=None if following is None else following.minimum - goods,
    )
