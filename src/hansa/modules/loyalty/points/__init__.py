"""Postings of points: lots, holds, receipts and returns, all through one door in batches.

Owns: loyalty_lot, loyalty_receipt; books in the ledger.
Promises: no point is lost or doubled, whatever arrives late, twice, in any order or at once; what
is spent leaves the lots that expire first; a return takes back or restores its own lots; a key has
one outcome for ever, and every repeat of it gets the same answer.
Publishes: contracts.loyalty.PointsPosted.
Locks: accounts of the ledger by (bucket, id), then receipts by (partner, number), then what members
have of offers, then budgets.
"""

from hansa.modules.loyalty.points.batch import Answered
from hansa.modules.loyalty.points.commands import (
    AMOUNT_MINOR_MAX,
    HOLD_SECONDS_MAX,
    LINES_MAX,
    POINTS_MAX,
    Accrue,
    Command,
    Correct,
    EarnedLine,
    HoldPoints,
    Kind,
    PostHold,
    Purchase,
    PurchaseLine,
    Receipt,
    Return,
    ReturnLine,
    Reverse,
    Spend,
    VoidHold,
)
from hansa.modules.loyalty.points.model import HOUSE, KeptReceipt, Lot
from hansa.modules.loyalty.points.poster import Poster
from hansa.modules.loyalty.points.queries import (
    Balance,
    find_receipt,
    list_lots,
    list_receipts,
    read_balances,
    read_history,
)
from hansa.modules.loyalty.points.reader import BalanceReader
from hansa.modules.loyalty.points.refusals import (
    AboveHeld,
    AboveOriginal,
    AbovePurchase,
    BeforePurchase,
    CommandInvalid,
    DebtFirst,
    HoldEnded,
    HoldUnknown,
    KeyReused,
    LineUnknown,
    MemberBlocked,
    MemberUnknown,
    NotAgreed,
    NotEnoughPoints,
    NotReversible,
    OtherMember,
    OutsideTime,
    PostingUnknown,
    ReceiptExists,
)

__all__ = [
    "AMOUNT_MINOR_MAX",
    "HOLD_SECONDS_MAX",
    "HOUSE",
    "LINES_MAX",
    "POINTS_MAX",
    "AboveHeld",
    "AboveOriginal",
    "AbovePurchase",
    "Accrue",
    "Answered",
    "Balance",
    "BalanceReader",
    "BeforePurchase",
    "Command",
    "CommandInvalid",
    "Correct",
    "DebtFirst",
    "EarnedLine",
    "HoldEnded",
    "HoldPoints",
    "HoldUnknown",
    "KeptReceipt",
    "KeyReused",
    "Kind",
    "LineUnknown",
    "Lot",
    "MemberBlocked",
    "MemberUnknown",
    "NotAgreed",
    "NotEnoughPoints",
    "NotReversible",
    "OtherMember",
    "OutsideTime",
    "PostHold",
    "Poster",
    "PostingUnknown",
    "Purchase",
    "PurchaseLine",
    "Receipt",
    "ReceiptExists",
    "Return",
    "ReturnLine",
    "Reverse",
    "Spend",
    "VoidHold",
    "find_receipt",
    "list_lots",
    "list_receipts",
    "read_balances",
    "read_history",
]
