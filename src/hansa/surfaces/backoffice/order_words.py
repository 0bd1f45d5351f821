"""How orders and payments are called and coloured; labels are msgids."""

from collections.abc import Mapping

from hansa.modules.orders import OrderState, PaymentStanding
from hansa.modules.payments import PaymentState, RefundState

STATES: Mapping[OrderState, tuple[str, str]] = {
    OrderState.PLACED: ("placed", "warn"),
    OrderState.CONFIRMED: ("confirmed", "accent"),
    OrderState.PACKED: ("packed", "accent"),
    OrderState.SHIPPED: ("shipped", "accent"),
    OrderState.DELIVERED: ("delivered", "good"),
    OrderState.COMPLETED: ("completed", "good"),
    OrderState.CANCELLED: ("cancelled", ""),
}

STEPS: Mapping[OrderState, str] = {
    OrderState.CONFIRMED: "Confirm",
    OrderState.PACKED: "It is packed",
    OrderState.SHIPPED: "It has left",
    OrderState.DELIVERED: "It is delivered",
    OrderState.COMPLETED: "Complete",
}
"""What the button says that leads an order to a state."""

STANDINGS: Mapping[PaymentStanding, tuple[str, str]] = {
    PaymentStanding.DEFERRED: ("to be paid later", ""),
    PaymentStanding.DUE: ("on receipt", ""),
    PaymentStanding.AWAITING: ("not paid yet", "warn"),
    PaymentStanding.AUTHORISED: ("money held", "accent"),
    PaymentStanding.PAID: ("paid", "good"),
    PaymentStanding.FAILED: ("payment failed", "bad"),
    PaymentStanding.REFUNDED: ("money returned", ""),
    PaymentStanding.VOIDED: ("payment called off", ""),
}

PAYMENTS: Mapping[PaymentState, tuple[str, str]] = {
    PaymentState.DEFERRED: ("to be paid later", ""),
    PaymentState.CREATED: ("not begun", ""),
    PaymentState.PENDING: ("not paid yet", "warn"),
    PaymentState.DUE: ("on receipt", ""),
    PaymentState.AUTHORISED: ("money held", "accent"),
    PaymentState.CAPTURED: ("paid", "good"),
    PaymentState.REFUNDED: ("money returned", ""),
    PaymentState.VOIDED: ("payment called off", ""),
    PaymentState.FAILED: ("payment failed", "bad"),
}

REFUNDS: Mapping[RefundState, tuple[str, str]] = {
    RefundState.REQUESTED: ("the bank is asked", "warn"),
    RefundState.DONE: ("returned", "good"),
    RefundState.REFUSED: ("the bank refused", "bad"),
}
