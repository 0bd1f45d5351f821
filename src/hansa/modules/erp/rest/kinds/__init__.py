"""What may be sent to /erp/v1: one file a kind. A new one is added here and has its address."""

from collections.abc import Mapping
from typing import Any, Final

from hansa.modules.erp.rest.kind import Kind
from hansa.modules.erp.rest.kinds.customers import CUSTOMERS
from hansa.modules.erp.rest.kinds.gift_sets import GIFT_SETS
from hansa.modules.erp.rest.kinds.items import ITEMS
from hansa.modules.erp.rest.kinds.marks import MARKETPLACE_MARKS
from hansa.modules.erp.rest.kinds.orders import ORDER_STATUSES, SHIPMENTS
from hansa.modules.erp.rest.kinds.prices import PRICES
from hansa.modules.erp.rest.kinds.receipts import RECEIPTS
from hansa.modules.erp.rest.kinds.stock import STOCK

KINDS: Final[Mapping[str, Kind[Any]]] = {
    kind.name: kind
    for kind in (
        ITEMS,
        PRICES,
        STOCK,
        ORDER_STATUSES,
        SHIPMENTS,
        CUSTOMERS,
        GIFT_SETS,
        RECEIPTS,
        MARKETPLACE_MARKS,
    )
}

__all__ = ["KINDS"]
