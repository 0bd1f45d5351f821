"""Baskets, ways of delivery, totals, and placing an order.

Owns: baskets with their lines and draft details, ways of delivery per market.
Promises: prices and availability in a basket are today's, and what changed is told; an order costs
what was shown or is refused with the new total; goods are leased before the order's transaction,
so a crash in between loses nothing; the same placing key gives the same order.
Publishes: contracts.checkout. Locks: one checkout_basket row, then what the lower modules lock.
"""

from hansa.modules.checkout.asking import Promise, Terms, promise_of
from hansa.modules.checkout.drafting import normal_contact
from hansa.modules.checkout.form import (
    Address,
    DeliveryKind,
    DeliveryMethod,
    Details,
    DetailsInvalid,
    FieldProblem,
)
from hansa.modules.checkout.model import (
    Basket,
    BasketChanged,
    BasketEmpty,
    BasketFull,
    BasketId,
    BasketView,
    ChangeKind,
    DeliveryOption,
    Gift,
    GiftLine,
    ItemsGone,
    LineChange,
    LineView,
    NotSold,
    Owner,
    QuantityInvalid,
    TotalChanged,
    Totals,
    tax_of,
)
from hansa.modules.checkout.offers import Offer, Offers
from hansa.modules.checkout.operations import (
    add_line,
    confirm_prices,
    forget_baskets,
    merge_baskets,
    remove_line,
    save_delivery_methods,
    save_details,
    set_quantity,
)
from hansa.modules.checkout.placing import ORDER_PAGE, PlacedOrder, place
from hansa.modules.checkout.queries import (
    PickupShop,
    count_pieces,
    find_basket,
    list_pickup_shops,
    view_basket,
)
from hansa.modules.checkout.visitor import guest, owner_of

__all__ = [
    "ORDER_PAGE",
    "Address",
    "Basket",
    "BasketChanged",
    "BasketEmpty",
    "BasketFull",
    "BasketId",
    "BasketView",
    "ChangeKind",
    "DeliveryKind",
    "DeliveryMethod",
    "DeliveryOption",
    "Details",
    "DetailsInvalid",
    "FieldProblem",
    "Gift",
    "GiftLine",
    "ItemsGone",
    "LineChange",
    "LineView",
    "NotSold",
    "Offer",
    "Offers",
    "Owner",
    "PickupShop",
    "PlacedOrder",
    "Promise",
    "QuantityInvalid",
    "Terms",
    "TotalChanged",
    "Totals",
    "add_line",
    "confirm_prices",
    "count_pieces",
    "find_basket",
    "forget_baskets",
    "guest",
    "list_pickup_shops",
    "merge_baskets",
    "normal_contact",
    "owner_of",
    "place",
    "promise_of",
    "remove_line",
    "save_delivery_methods",
    "save_details",
    "set_quantity",
    "tax_of",
    "view_basket",
]
