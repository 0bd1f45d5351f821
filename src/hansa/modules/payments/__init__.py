"""Money owed and paid: intents, conversations with payment providers, refunds.

Owns: payments, attempts, refunds, ways to pay per market. Knows its subjects (orders) by id only.
Promises: nothing is asked of a provider inside a transaction; every question has a derived key, so
that a repeat is recognised; a notice proves nothing, the payment is read at the provider; money for
a subject that was called off, or that comes twice, goes back; what is to be kept of a payment only
falls, and in the end just that is captured or left after refunds; a deferred payment is unknown to
its provider until it is allowed.
Publishes: contracts.payments. Locks: one payments_payment row at a time.
"""

from hansa.modules.payments.adjusting import allow_payment, lower_payment, request_capture
from hansa.modules.payments.jobs import refresh_payment, settle_payment, start_payment
from hansa.modules.payments.model import (
    ON_RECEIPT,
    SIMULATED,
    AmountInvalid,
    MethodNotOffered,
    NotPayable,
    NotRefundable,
    Payment,
    PaymentId,
    PaymentMethod,
    PaymentNotFound,
    PaymentState,
    Refund,
    RefundId,
    RefundState,
    Report,
    Wanted,
)
from hansa.modules.payments.operations import (
    apply_report,
    cancel_payment,
    open_payment,
    record_receipt,
    refund,
    repeat_payment,
    save_methods,
    take_notice,
)
from hansa.modules.payments.providers import PaymentProvider, Providers
from hansa.modules.payments.queries import (
    get_method,
    get_payment,
    kept_of_subjects,
    list_captured,
    list_history,
    list_methods,
    list_of_subject,
    list_of_subjects,
    list_payments,
    list_refunds,
)
from hansa.modules.payments.simulated import ProviderRefused
from hansa.modules.payments.work import SettlePayment

__all__ = [
    "ON_RECEIPT",
    "SIMULATED",
    "AmountInvalid",
    "MethodNotOffered",
    "NotPayable",
    "NotRefundable",
    "Payment",
    "PaymentId",
    "PaymentMethod",
    "PaymentNotFound",
    "PaymentProvider",
    "PaymentState",
    "ProviderRefused",
    "Providers",
    "Refund",
    "RefundId",
    "RefundState",
    "Report",
    "SettlePayment",
    "Wanted",
    "allow_payment",
    "apply_report",
    "cancel_payment",
    "get_method",
    "get_payment",
    "kept_of_subjects",
    "list_captured",
    "list_history",
    "list_methods",
    "list_of_subject",
    "list_of_subjects",
    "list_payments",
    "list_refunds",
    "lower_payment",
    "open_payment",
    "record_receipt",
    "refresh_payment",
    "refund",
    "repeat_payment",
    "request_capture",
    "save_methods",
    "settle_payment",
    "start_payment",
    "take_notice",
]
