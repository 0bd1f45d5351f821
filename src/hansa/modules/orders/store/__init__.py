"""Every SQL statement of orders: `writing`, `reading`, `exchanging` with the ERP, `checking`."""

from hansa.modules.orders.store.checking import (
    list_wrong_lines,
    list_wrong_totals,
    states_of,
    walk_reserved,
    walk_totals,
)
from hansa.modules.orders.store.exchanging import (
    mark_exported,
    orders_to_export,
    record_shipment,
)
from hansa.modules.orders.store.reading import (
    find_by_number,
    find_by_placing_key,
    get_order,
    get_orders,
    list_history,
    list_orders,
    list_shipments,
    list_unpaid,
    lock_order,
)
from hansa.modules.orders.store.writing import (
    insert_history,
    insert_order,
    save_payment_standing,
    save_reduction,
    save_state,
    set_erp_number,
    touch_order,
)

__all__ = [
    "find_by_number",
    "find_by_placing_key",
    "get_order",
    "get_orders",
    "insert_history",
    "insert_order",
    "list_history",
    "list_orders",
    "list_shipments",
    "list_unpaid",
    "list_wrong_lines",
    "list_wrong_totals",
    "lock_order",
    "mark_exported",
    "orders_to_export",
    "record_shipment",
    "save_payment_standing",
    "save_reduction",
    "save_state",
    "set_erp_number",
    "states_of",
    "touch_order",
    "walk_reserved",
    "walk_totals",
]
