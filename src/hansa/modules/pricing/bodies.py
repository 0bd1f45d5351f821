"""Bodies of the JSON API of pricing."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from hansa.kernel.periods import Period
from hansa.modules.pricing import model

Language = Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")]
Names = Annotated[
    dict[Language, Annotated[str, msgspec.Meta(max_length=500)]], msgspec.Meta(max_length=20)
]
Code = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_.-]+$", max_length=64)]
Market = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{1,15}$")]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
Place = Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)]
Aware = Annotated[datetime, msgspec.Meta(tz=True)]
ONE = Decimal(1)
BATCH_MAX = 1_000


class GroupBody(msgspec.Struct, forbid_unknown_fields=True):
    """A customer group as it is to be."""

    name: Names


class GroupView(msgspec.Struct, forbid_unknown_fields=True):
    """A customer group."""

    code: str
    name: Names


class MembershipBody(msgspec.Struct, forbid_unknown_fields=True):
    """The customer group a party is in; none: `null`."""

    group: Code | None


class ListBody(msgspec.Struct, forbid_unknown_fields=True):
    """A price list as it is to be; it counts from `valid_from` until before `valid_until`."""

    code: Code
    name: Names
    market: Market
    currency: Currency
    customer_group: Code | None = None
    priority: Place = 0
    is_active: bool = True
    valid_from: Aware | None = None
    valid_until: Aware | None = None

    def price_list(self, price_list_id: UUID) -> model.PriceList:
        """Give the price list."""
        return model.PriceList(
            id=price_list_id,
            code=self.code,
            name=self.name,
            market=self.market,
            currency=self.currency,
            customer_group=self.customer_group,
            priority=self.priority,
            is_active=self.is_active,
            valid=Period(self.valid_from, self.valid_until),
        )


class ListView(ListBody, kw_only=True, forbid_unknown_fields=True):
    """A price list as it is."""

    id: UUID

    @classmethod
    def of(cls, price_list: model.PriceList) -> "ListView":
        """Show a price list."""
        return cls(
            id=price_list.id,
            code=price_list.code,
            name=dict(price_list.name),
            market=price_list.market,
            currency=price_list.currency,
            customer_group=price_list.customer_group,
            priority=price_list.priority,
            is_active=price_list.is_active,
            valid_from=price_list.valid.starts_at,
            valid_until=price_list.valid.ends_at,
        )


class KeyBody(msgspec.Struct, forbid_unknown_fields=True):
    """Which price: the list, the variant, the quantity it begins at."""

    price_list_id: UUID
    variant_id: UUID
    min_quantity: Decimal = ONE

    def key(self) -> model.PriceKey:
        """Give the key."""
        return model.PriceKey(self.price_list_id, self.variant_id, self.min_quantity)


class PriceBody(msgspec.Struct, forbid_unknown_fields=True):
    """What one unit costs from a quantity on, in major units, written as a string or a number."""

    price_list_id: UUID
    variant_id: UUID
    amount: Decimal
    min_quantity: Decimal = ONE
    compare_at: Decimal | None = None

    def price(self) -> model.Price:
        """Give the price."""
        return model.Price(
            price_list_id=self.price_list_id,
            variant_id=self.variant_id,
            amount=self.amount,
            min_quantity=self.min_quantity,
            compare_at=self.compare_at,
        )


class PriceView(PriceBody, kw_only=True, forbid_unknown_fields=True):
    """A price as it is. One that is overridden was set by a person; imports leave it alone."""

    is_overridden: bool

    @classmethod
    def of(cls, price: model.Price) -> "PriceView":
        """Show a price."""
        return cls(
            price_list_id=price.price_list_id,
            variant_id=price.variant_id,
            amount=price.amount,
            min_quantity=price.min_quantity,
            compare_at=price.compare_at,
            is_overridden=price.is_overridden,
        )


class PricesBody(msgspec.Struct, forbid_unknown_fields=True):
    """Prices to set."""

    prices: Annotated[list[PriceBody], msgspec.Meta(min_length=1, max_length=BATCH_MAX)]


class KeysBody(msgspec.Struct, forbid_unknown_fields=True):
    """Prices by key."""

    prices: Annotated[list[KeyBody], msgspec.Meta(min_length=1, max_length=BATCH_MAX)]


class RefusalView(msgspec.Struct, forbid_unknown_fields=True):
    """A price that was not set, and why."""

    price_list_id: UUID
    variant_id: UUID
    min_quantity: Decimal
    code: str
    message: str


class ResultView(msgspec.Struct, forbid_unknown_fields=True):
    """What became of the prices sent."""

    created: int
    changed: int
    unchanged: int
    refused: list[RefusalView]


class ChangeView(msgspec.Struct, forbid_unknown_fields=True):
    """A change of a price; `null` before or after is "no price"."""

    id: int
    price_list_id: UUID
    variant_id: UUID
    min_quantity: Decimal
    amount_before: Decimal | None
    amount_after: Decimal | None
    compare_at_before: Decimal | None
    compare_at_after: Decimal | None
    changed_by: UUID | None
    changed_at: datetime

    @classmethod
    def of(cls, change: model.PriceChange) -> "ChangeView":
        """Show a change."""
        return cls(
            id=change.id,
            price_list_id=change.key.price_list_id,
            variant_id=change.key.variant_id,
            min_quantity=change.key.min_quantity,
            amount_before=change.amount_before,
            amount_after=change.amount_after,
            compare_at_before=change.compare_at_before,
            compare_at_after=change.compare_at_after,
            changed_by=change.changed_by,
            changed_at=change.changed_at,
        )
