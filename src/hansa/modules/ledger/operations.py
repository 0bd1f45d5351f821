"""Opening accounts, and the way of a batch: open the book, decide in it, write it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from hansa.kernel.identifiers import new_id
from hansa.modules.ledger import model
from hansa.modules.ledger.model import (
    Account,
    Book,
    Hold,
    HoldState,
    Known,
    NewAccount,
    Place,
    Posting,
)
from hansa.modules.ledger.store import posting as sql
from hansa.runtime.database import Row, Snapshot, Transaction

_KEY_CONSTRAINTS = frozenset({"uq_ledger_posting_key", "uq_ledger_hold_key"})


@dataclass(eq=False)
class KeyTaken(Exception):
    """Another process answered one of these keys meanwhile: open the book anew and decide again."""


async def open_accounts(tx: Transaction, *, accounts: Sequence[NewAccount], now: datetime) -> None:
    """Open accounts with a floor; one that is open already stays as it is."""
    await tx.execute(
        sql.OPEN_ACCOUNTS,
        {
            "buckets": [one.bucket for one in accounts],
            "ids": [one.id for one in accounts],
            "ledgers": [one.ledger for one in accounts],
            "floors": [one.floor for one in accounts],
            "now": now,
        },
    )


async def open_book(
    tx: Transaction, *, places: Collection[Place], keys: Collection[tuple[UUID, str]]
) -> Book:
    """Lock accounts in order, then find which keys have their outcome already.

    Nobody else changes a locked account until the transaction ends, so what is read after this is
    as it will be when the book is written.
    """
    accounts, known = await tx.together(lock_accounts(tx, places), find_keys(tx, keys))
    return Book(accounts=accounts, known=known)


async def lock_accounts(
    tx: Transaction, places: Collection[Place], *, free_only: bool = False
) -> dict[Place, Account]:
    """Lock accounts in order, for a book; those that do not exist are left out.

    With `free_only` nobody is waited for: those that another transaction has are left out, too.
    """
    if not places:
        return {}
    rows = await tx.all(
        sql.LOCK_FREE_ACCOUNTS if free_only else sql.LOCK_ACCOUNTS,
        {"buckets": [one[0] for one in places], "ids": [one[1] for one in places]},
    )
    return {(row.bucket, row.id): Account(*row) for row in rows}


async def find_keys(
    tx: Snapshot, keys: Collection[tuple[UUID, str]]
) -> dict[tuple[UUID, str], Known]:
    """Give the outcomes of keys that have one."""
    if not keys:
        return {}
    rows = await tx.all(
        sql.FIND_KEYS, {"owners": [one[0] for one in keys], "keys": [one[1] for one in keys]}
    )
    return {
        (row.owner, row.key): Known(
            row.bucket,
            row.id,
            bytes(row.fingerprint),
            row.kind,
            row.refusal,
            bytes(row.answer),
        )
        for row in rows
    }


async def load_holds(
    tx: Snapshot, keys: Collection[tuple[UUID, str]]
) -> dict[tuple[UUID, str], Hold]:
    """Give the holds of these keys as they are; to be read after their accounts are locked."""
    if not keys:
        return {}
    rows = await tx.all(
        sql.FIND_HOLDS, {"owners": [one[0] for one in keys], "keys": [one[1] for one in keys]}
    )
    return {(row.owner, row.key): hold_of(row) for row in rows}


async def write(
    tx: Transaction, book: Book, *, now: datetime, batch_id: UUID | None = None
) -> UUID | None:
    """Write what the book decided, as one batch; give its number, or None if that is nothing.

    Raises:
        KeyTaken: another process was first with one of the keys; nothing is written.
    """
    if not book.postings:
        return None
    batch_id = batch_id or new_id(now)
    # Keys in order: two processes with the same keys wait for each other one way only.
    postings = sorted(book.postings, key=lambda one: (one.owner, one.key))
    try:
        await tx.execute(sql.WRITE, _columns(book, postings, batch_id, now))
        holds = [hold for hold in book.holds.values() if hold.is_touched]
        if holds:
            holds.sort(key=lambda one: (one.owner, one.key))
            await tx.execute_many(sql.WRITE_HOLDS, [_hold_columns(hold) for hold in holds])
    except UniqueViolation as error:
        if error.diag.constraint_name not in _KEY_CONSTRAINTS:
            raise
        raise KeyTaken from error
    return batch_id


def _columns(
    book: Book, postings: Sequence[Posting], batch_id: UUID, now: datetime
) -> dict[str, Any]:
    in_order = sorted(postings, key=lambda one: (one.bucket, one.id))
    rolled = [(key, amount) for key, amount in book.rolled.items() if amount]
    touched = book.touched()
    params: dict[str, Any] = {
        "now": now,
        "batch_id": batch_id,
        "count": len(postings),
        "digest": model.digest_of(in_order),
        "r_ledgers": [key[0] for key, _ in rolled],
        "r_accounts": [key[1] for key, _ in rolled],
        "r_amounts": [amount for _, amount in rolled],
        "p_buckets": [one.bucket for one in postings],
        "p_ids": [one.id for one in postings],
        "p_owners": [one.owner for one in postings],
        "p_keys": [one.key for one in postings],
        "p_fingerprints": [one.fingerprint for one in postings],
        "p_ledgers": [one.ledger for one in postings],
        "p_kinds": [one.kind for one in postings],
        "p_references": [one.reference for one in postings],
        "p_reverses": [one.reverses for one in postings],
        "p_refusals": [one.refusal for one in postings],
        "p_answers": [one.answer for one in postings],
        "p_effective": [one.effective_at for one in postings],
        "a_buckets": [one.bucket for one in touched],
        "a_ids": [one.id for one in touched],
        "a_posted": [one.posted for one in touched],
        "a_held": [one.held for one in touched],
        "a_owed": [one.owed for one in touched],
        "a_versions": [one.version for one in touched],
    }
    transfers = [
        (one.bucket, one.id, line, one.ledger, *moved)
        for one in postings
        for line, moved in enumerate(one.transfers)
    ]
    params |= _split(
        transfers,
        "t_buckets",
        "t_postings",
        "t_lines",
        "t_ledgers",
        "t_debits",
        "t_credits",
        "t_amounts",
        "t_issuers",
        "t_tags",
    )
    params |= _split(
        book.entries,
        "e_buckets",
        "e_accounts",
        "e_versions",
        "e_postings",
        "e_amounts",
        "e_balances",
    )
    return params


def _split(rows: Sequence[tuple[Any, ...]], *names: str) -> dict[str, list[Any]]:
    columns = zip(*rows, strict=True) if rows else repeat((), len(names))
    return {name: list(column) for name, column in zip(names, columns, strict=True)}


def _hold_columns(hold: Hold) -> dict[str, Any]:
    return {
        "bucket": hold.bucket,
        "id": hold.id,
        "account_id": hold.account_id,
        "ledger": hold.ledger,
        "owner": hold.owner,
        "key": hold.key,
        "amount": hold.amount,
        "taken": hold.taken,
        "state": hold.state.value,
        "tags": [tag for tag, _ in hold.tags],
        "tag_amounts": [amount for _, amount in hold.tags],
        "reference": hold.reference,
        "expires_at": hold.expires_at,
        "held_at": hold.held_at,
        "ended_at": hold.ended_at,
    }


def hold_of(row: Row) -> Hold:
    """Read a hold."""
    return Hold(
        bucket=row.bucket,
        id=row.id,
        account_id=row.account_id,
        ledger=row.ledger,
        owner=row.owner,
        key=row.key,
        amount=row.amount,
        tags=tuple(zip(row.tags, row.tag_amounts, strict=True)),
        expires_at=row.expires_at,
        held_at=row.held_at,
        reference=row.reference,
        taken=row.taken,
        state=HoldState(row.state),
        ended_at=row.ended_at,
    )
