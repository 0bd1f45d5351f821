"""Prices: lists per market and customer group, quantity breaks, history, the rule of the price.

Promises: the price quoted is of the most specific list that has one (the group's before
everybody's, then priority, then the lowest); a market has one currency; every change of a price is
remembered; a price set by a person is not written by imports until it is reset. Publishes:
contracts.pricing. Locks: pricing_price rows by (variant, list, quantity).
"""

from hansa.modules.pricing.model import (
    AbsurdPrice,
    Break,
    CodeTaken,
    CustomerGroup,
    GroupInvalid,
    NoSuchGroup,
    NoSuchPriceList,
    OtherCurrency,
    PiecePrice,
    Price,
    PriceChange,
    PriceKey,
    PriceList,
    PriceProfile,
    PriceRefusal,
    QuotedPrice,
    Reason,
    SaveResult,
)
from hansa.modules.pricing.operations import (
    flip_lists,
    remove_prices,
    reset_price_overrides,
    save_groups,
    save_price_lists,
    set_group,
    set_prices,
)
from hansa.modules.pricing.profiles import Profiles
from hansa.modules.pricing.queries import (
    group_of_party,
    list_groups,
    list_price_changes,
    list_price_lists,
    list_prices,
    list_prices_of_variants,
    list_profiles,
    piece_prices,
    profile_of,
    quote,
)

__all__ = [
    "AbsurdPrice",
    "Break",
    "CodeTaken",
    "CustomerGroup",
    "GroupInvalid",
    "NoSuchGroup",
    "NoSuchPriceList",
    "OtherCurrency",
    "PiecePrice",
    "Price",
    "PriceChange",
    "PriceKey",
    "PriceList",
    "PriceProfile",
    "PriceRefusal",
    "Profiles",
    "QuotedPrice",
    "Reason",
    "SaveResult",
    "flip_lists",
    "group_of_party",
    "list_groups",
    "list_price_changes",
    "list_price_lists",
    "list_prices",
    "list_prices_of_variants",
    "list_profiles",
    "piece_prices",
    "profile_of",
    "quote",
    "remove_prices",
    "reset_price_overrides",
    "save_groups",
    "save_price_lists",
    "set_group",
    "set_prices",
]
