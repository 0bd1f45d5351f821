"""Gift sets: things that come with an order whose goods cost enough.

Owns: gift sets and when they are offered. Promises: one gift per order, the one of the dearest
threshold its goods reach; saving the same again changes nothing. Checkout puts the gift into the
order if it is in stock, and an order never fails for want of a gift.
Locks: the gift sets' rows, in the order of their codes.
"""

from hansa.modules.promotions.model import (
    GiftItem,
    GiftOffer,
    GiftSet,
    GiftSetInvalid,
    GiftSetNotFound,
    offer_for,
)
from hansa.modules.promotions.operations import SavedGiftSets, save_gift_sets
from hansa.modules.promotions.queries import (
    get_gift_set,
    list_active_gift_sets,
    list_gift_sets,
    offered_gifts,
)

__all__ = [
    "GiftItem",
    "GiftOffer",
    "GiftSet",
    "GiftSetInvalid",
    "GiftSetNotFound",
    "SavedGiftSets",
    "get_gift_set",
    "list_active_gift_sets",
    "list_gift_sets",
    "offer_for",
    "offered_gifts",
    "save_gift_sets",
]
