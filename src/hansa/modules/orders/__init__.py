"""Orders: what was bought, by whom, and what became of it.

Owns: orders with their lines, history and shipments, and what the ERP has heard of them.
Promises: states move only along the table in `model.TRANSITIONS`; an order is placed once per key;
a change made after the ERP read an order is never taken for sent; parts given up take their goods,
their share of the totals and their money with them, to the last minor unit; cancelling gives goods
back to be sold and calls the payment off in the same transaction.
Publishes: contracts.orders. Locks: one orders_order row, then the payment's, then the stock's.
"""

from hansa.modules.orders.editing import edit_delivery
from hansa.modules.orders.erp_words import ErpOutcome, ErpResult, ErpState, ErpStatus
from hansa.modules.orders.exchange import apply_erp_status, mark_exported, orders_to_export
from hansa.modules.orders.model import (
    SUBJECT,
    TRANSITIONS,
    Address,
    By,
    Cancellation,
    Delivery,
    Effect,
    HistoryEntry,
    NewOrder,
    NotCancellable,
    Order,
    OrderFilter,
    OrderId,
    OrderLine,
    OrderNotFound,
    OrderState,
    OrderSummary,
    PaymentStanding,
    Recipient,
    Shipment,
    Transition,
    TransitionRefused,
    find_transition,
    targets,
)
from hansa.modules.orders.operations import (
    Placed,
    add_note,
    advance,
    cancel_order,
    lock_order,
    place_order,
)
from hansa.modules.orders.paying import retry_payment, standing_of
from hansa.modules.orders.queries import (
    count_by_state,
    find_by_placing_key,
    find_order,
    get_order,
    get_order_by_token,
    get_orders,
    list_orders,
    order_token,
    sales_by_day,
    stream_orders,
)
from hansa.modules.orders.reducing import GivenUp, give_up, touch
from hansa.modules.orders.refusals import GivenUpInvalid, LineNotFound, NotReducible

__all__ = [
    "SUBJECT",
    "TRANSITIONS",
    "Address",
    "By",
    "Cancellation",
    "Delivery",
    "Effect",
    "ErpOutcome",
    "ErpResult",
    "ErpState",
    "ErpStatus",
    "GivenUp",
    "GivenUpInvalid",
    "HistoryEntry",
    "LineNotFound",
    "NewOrder",
    "NotCancellable",
    "NotReducible",
    "Order",
    "OrderFilter",
    "OrderId",
    "OrderLine",
    "OrderNotFound",
    "OrderState",
    "OrderSummary",
    "PaymentStanding",
    "Placed",
    "Recipient",
    "Shipment",
    "Transition",
    "TransitionRefused",
    "add_note",
    "advance",
    "apply_erp_status",
    "cancel_order",
    "count_by_state",
    "edit_delivery",
    "find_by_placing_key",
    "find_order",
    "find_transition",
    "get_order",
    "get_order_by_token",
    "get_orders",
    "give_up",
    "list_orders",
    "lock_order",
    "mark_exported",
    "order_token",
    "orders_to_export",
    "place_order",
    "retry_payment",
    "sales_by_day",
    "standing_of",
    "stream_orders",
    "targets",
    "touch",
]
