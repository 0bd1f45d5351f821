"""One double-entry engine: accounts, postings, holds, reversals, for points, earnings and money.

Owns: accounts, postings with their transfers and entries, holds, batches and their hash chain.
Promises: every posting sums to zero; an account with a floor never falls below it (unless the
posting allows a debt); a key of an owner has one outcome and one content for ever; a hold ends
once; a reversal never exceeds its original, line by line; nothing written is ever changed. It
knows accounts by number only: erasing a person leaves the books whole.
Locks: accounts with a floor, in the order of (bucket, id); accounts without one are rolled up.
"""

from hansa.modules.ledger.buckets import BucketBooks, TagSum, read_bucket
from hansa.modules.ledger.model import (
    AboveHold,
    Account,
    BelowFloor,
    Book,
    Hold,
    HoldClosed,
    HoldState,
    Known,
    NewAccount,
    Place,
    Posting,
    Transfer,
    fingerprint,
    net_changes,
)
from hansa.modules.ledger.operations import (
    KeyTaken,
    find_keys,
    load_holds,
    open_accounts,
    open_book,
    write,
)
from hansa.modules.ledger.queries import (
    DueHold,
    HistoryEntry,
    KeptPosting,
    find_posting,
    list_due_holds,
    list_holds,
    read_balances,
    read_history,
    read_rolled,
    read_turnover,
    reversed_of,
    transfers_of,
)
from hansa.modules.ledger.rolling import (
    Period,
    PeriodNotOver,
    PeriodOutOfOrder,
    list_periods,
    roll,
    seal_period,
)
from hansa.modules.ledger.statements import (
    LOWEST,
    Move,
    PeriodProof,
    Span,
    list_moves,
    stream_moves,
)

__all__ = [
    "LOWEST",
    "AboveHold",
    "Account",
    "BelowFloor",
    "Book",
    "BucketBooks",
    "DueHold",
    "HistoryEntry",
    "Hold",
    "HoldClosed",
    "HoldState",
    "KeptPosting",
    "KeyTaken",
    "Known",
    "Move",
    "NewAccount",
    "Period",
    "PeriodNotOver",
    "PeriodOutOfOrder",
    "PeriodProof",
    "Place",
    "Posting",
    "Span",
    "TagSum",
    "Transfer",
    "find_keys",
    "find_posting",
    "fingerprint",
    "list_due_holds",
    "list_holds",
    "list_moves",
    "list_periods",
    "load_holds",
    "net_changes",
    "open_accounts",
    "open_book",
    "read_balances",
    "read_bucket",
    "read_history",
    "read_rolled",
    "read_turnover",
    "reversed_of",
    "roll",
    "seal_period",
    "stream_moves",
    "transfers_of",
    "write",
]
