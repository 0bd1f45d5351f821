"""Every SQL statement: `payments`, their `trail` (questions, refunds, notices), `checking`."""

from hansa.modules.payments.store.checking import list_stuck, list_wrong_refunds
from hansa.modules.payments.store.payments import (
    find_by_reference,
    get_payment,
    insert_payment,
    list_captured,
    list_history,
    list_methods,
    list_of_subject,
    list_payments,
    lock_payment,
    other_paid,
    save_methods,
    save_payment,
    set_check,
    take_due_checks,
)
from hansa.modules.payments.store.trail import (
    claim_notice,
    finish_refunds,
    insert_refund,
    list_refunds,
    record_answered,
    record_asked,
    was_started,
)

__all__ = [
    "claim_notice",
    "find_by_reference",
    "finish_refunds",
    "get_payment",
    "insert_payment",
    "insert_refund",
    "list_captured",
    "list_history",
    "list_methods",
    "list_of_subject",
    "list_payments",
    "list_refunds",
    "list_stuck",
    "list_wrong_refunds",
    "lock_payment",
    "other_paid",
    "record_answered",
    "record_asked",
    "save_methods",
    "save_payment",
    "set_check",
    "take_due_checks",
    "was_started",
]
