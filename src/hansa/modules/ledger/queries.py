"""Reads of the ledger: balances, histories, holds, transfers, what is rolled up."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hansa.modules.ledger.model import Account, Hold, Place, Transfer
from hansa.modules.ledger.operations import hold_of
from hansa.modules.ledger.store import posting as posting_sql
from hansa.modules.ledger.store import reading as sql
from hansa.modules.ledger.store import rolling
from hansa.runtime.database import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """A line of an account's history, with the posting it comes from."""

    version: int
    amount: int
    balance: int
    recorded_at: datetime
    posting_id: UUID
    kind: str
    owner: UUID
    key: str
    reference: str
    effective_at: datetime
    reverses: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPosting:
    """A posting as it was recorded."""

    bucket: int
    id: UUID
    owner: UUID
    key: str
    fingerprint: bytes
    ledger: int
    kind: str
    reference: str
    reverses: UUID | None
    refusal: str | None
    answer: bytes
    effective_at: datetime
    recorded_at: datetime
    batch_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DueHold:
    """An open hold whose time is over."""

    bucket: int
    id: UUID
    account_id: int
    ledger: int
    owner: UUID
    key: str
    expires_at: datetime


async def read_balances(snap: Snapshot, *, places: Collection[Place]) -> dict[Place, Account]:
    """Give accounts with a floor as they are; unknown ones are left out."""
    rows = await snap.all(
        sql.BALANCES, {"buckets": [one[0] for one in places], "ids": [one[1] for one in places]}
    )
    return {(row.bucket, row.id): Account(*row) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """What came to accounts and what went from them."""

    earned: int
    spent: int


async def read_turnover(
    snap: Snapshot, *, places: Collection[Place], since: datetime, until: datetime
) -> Turnover:
    """Sum what was recorded on accounts in [since, until)."""
    row = await snap.one(
        sql.TURNOVER,
        {
            "buckets": [one[0] for one in places],
            "ids": [one[1] for one in places],
            "since": since,
            "until": until,
        },
    )
    return Turnover(earned=row.earned, spent=row.spent)


async def read_history(
    snap: Snapshot, *, bucket: int, account_id: int, before: int | None, limit: int
) -> list[HistoryEntry]:
    """Give entries of an account, newest first, below a version."""
    rows = await snap.all(
        sql.HISTORY,
        {"bucket": bucket, "account_id": account_id, "before": before, "limit": limit},
    )
    return [HistoryEntry(**row._asdict()) for row in rows]


async def find_posting(snap: Snapshot, *, bucket: int, posting_id: UUID) -> KeptPosting | None:
    """Give a posting, if there is one."""
    row = await snap.maybe(sql.GET_POSTING, {"bucket": bucket, "id": posting_id})
    return None if row is None else KeptPosting(**row._asdict())


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBatch:
    """What was written at once; `number` and `chain` come once it is in the chain."""

    id: UUID
    number: int | None
    chain: bytes | None
    postings: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What postings of an owner and kind did to accounts with a floor."""

    owner: UUID
    kind: str
    given: int
    taken: int
    postings: int


async def find_batch(snap: Snapshot, *, batch_id: UUID) -> KeptBatch | None:
    """Give a batch, if there is one."""
    row = await snap.maybe(sql.GET_BATCH, {"id": batch_id})
    return None if row is None else KeptBatch(**row._asdict())


async def reversals_of(snap: Snapshot, *, bucket: int, posting_id: UUID, limit: int) -> list[UUID]:
    """Give the postings that took something of a posting back."""
    rows = await snap.all(sql.REVERSALS, {"bucket": bucket, "id": posting_id, "limit": limit})
    return [row.id for row in rows]


async def read_totals(snap: Snapshot, *, ledger: int, before: datetime) -> list[Total]:
    """Sum a whole ledger until an instant. Reads all of it: for proofs, not for pages."""
    rows = await snap.all(sql.TOTALS, {"ledger": ledger, "before": before})
    return [Total(**row._asdict()) for row in rows]


async def find_posting_by_key(snap: Snapshot, *, owner: UUID, key: str) -> KeptPosting | None:
    """Give a posting, or a refusal that is kept, by the key its owner gave it."""
    row = await snap.maybe(sql.GET_POSTING_BY_KEY, {"owner": owner, "key": key})
    return None if row is None else KeptPosting(**row._asdict())


async def transfers_of(
    snap: Snapshot, *, postings: Sequence[tuple[int, UUID]]
) -> dict[UUID, list[Transfer]]:
    """Give the transfers of postings, named by bucket and number, in their order."""
    found: dict[UUID, list[Transfer]] = {posting_id: [] for _, posting_id in postings}
    rows = await snap.all(
        posting_sql.TRANSFERS_OF,
        {"buckets": [one[0] for one in postings], "ids": [one[1] for one in postings]},
    )
    for row in rows:
        found[row.posting_id].append(
            Transfer(row.debit, row.credit, row.amount, row.issuer, row.tag)
        )
    return found


async def reversed_of(
    snap: Snapshot, *, postings: Sequence[tuple[int, UUID]]
) -> dict[UUID, list[Transfer]]:
    """Give what was taken back of postings already, summed by accounts, issuer and tag."""
    found: dict[UUID, list[Transfer]] = {posting_id: [] for _, posting_id in postings}
    rows = await snap.all(
        posting_sql.REVERSED_OF,
        {"buckets": [one[0] for one in postings], "ids": [one[1] for one in postings]},
    )
    for row in rows:
        found[row.reverses].append(Transfer(row.debit, row.credit, row.amount, row.issuer, row.tag))
    return found


async def list_holds(
    snap: Snapshot, *, bucket: int, account_id: int, limit: int, open_only: bool = False
) -> list[Hold]:
    """Give holds of an account, newest first."""
    rows = await snap.all(
        sql.HOLDS_OF_ACCOUNT,
        {"bucket": bucket, "account_id": account_id, "limit": limit, "open_only": open_only},
    )
    return [hold_of(row) for row in rows]


async def list_due_holds(snap: Snapshot, *, now: datetime, limit: int) -> list[DueHold]:
    """Give open holds whose time is over, oldest first."""
    rows = await snap.all(sql.DUE_HOLDS, {"now": now, "limit": limit})
    return [DueHold(**row._asdict()) for row in rows]


async def read_rolled(snap: Snapshot, *, ledger: int, accounts: Sequence[int]) -> dict[int, int]:
    """Give balances of accounts without a floor, what is not rolled up yet included.

    All of that: a relay that stands still makes it slower, never wrong. On two cores a million
    transfers that wait cost 5 to 15 ms in batches of a hundred or of ten; were each a batch of its
    own, which only an idle system makes, about 100 ms.
    """
    wanted = {"ledger": ledger, "accounts": list(accounts)}
    balances = dict.fromkeys(accounts, 0)
    for statement in (rolling.ROLLED, rolling.NOT_ROLLED):
        for row in await snap.all(statement, wanted):
            balances[row.account] += row.balance
    return balances
