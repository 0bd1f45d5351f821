"""PostgreSQL: pool, transactions, snapshots, batches of both, migrations, the embedded server."""

from hansa.runtime.database.batching import Away, Batcher, Busy, Closed, Postponed
from hansa.runtime.database.gathering import Gatherer
from hansa.runtime.database.pool import Database, DatabaseBusy
from hansa.runtime.database.transaction import (
    OPEN_TRANSACTION,
    NoSuchRow,
    Row,
    Snapshot,
    Transaction,
)

__all__ = [
    "OPEN_TRANSACTION",
    "Away",
    "Batcher",
    "Busy",
    "Closed",
    "Database",
    "DatabaseBusy",
    "Gatherer",
    "NoSuchRow",
    "Postponed",
    "Row",
    "Snapshot",
    "Transaction",
]
