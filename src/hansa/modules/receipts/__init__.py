"""Receipts and returns of the shops' tills: what people buy where no order is placed.

Owns: receipts with their lines, and which sale a return belongs to.
Promises: a receipt is taken once per source and key, whatever is repeated or comes late; it never
changes; a return known to belong to a sale never gives back more than was bought. A receipt moves
no stock: the ERP's numbers already contain what a till sold.
Publishes: contracts.receipts. Locks: one advisory lock per receipt named, in the order of names.
"""

from hansa.modules.receipts.model import (
    NewReceipt,
    Outcome,
    Receipt,
    ReceiptKind,
    ReceiptLine,
    ReceiptNotFound,
    Recorded,
)
from hansa.modules.receipts.operations import record_receipts
from hansa.modules.receipts.queries import (
    ReceiptFilter,
    get_receipt,
    list_of_party,
    list_receipts,
    list_returns,
)

__all__ = [
    "NewReceipt",
    "Outcome",
    "Receipt",
    "ReceiptFilter",
    "ReceiptKind",
    "ReceiptLine",
    "ReceiptNotFound",
    "Recorded",
    "get_receipt",
    "list_of_party",
    "list_receipts",
    "list_returns",
    "record_receipts",
]
