"""Accounts to post on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import pytest

from hansa.modules import ledger
from hansa.runtime.database import Database, Snapshot
from hansa.runtime.module import Finding

OWNER = UUID(int=7)
POINTS = 5
SHOP = -11


async def open_account(database: Database, *, bucket: int, number: int, now: datetime) -> None:
    new = ledger.NewAccount(bucket=bucket, id=number, ledger=POINTS)
    async with database.transaction() as tx:
        await ledger.open_accounts(tx, accounts=[new], now=now)


def posting(
    bucket: int, key: str, *transfers: ledger.Transfer, now: datetime, kind: str = "accrual"
) -> ledger.Posting:
    return ledger.Posting(
        bucket=bucket,
        id=uuid4(),
        owner=OWNER,
        key=key,
        fingerprint=ledger.fingerprint(key, transfers),
        ledger=POINTS,
        kind=kind,
        effective_at=now,
        transfers=transfers,
        answer=key.encode(),
    )


async def give(database: Database, number: int, amount: int, *, key: str, now: datetime) -> None:
    """Give an account of bucket 1 an amount."""
    async with database.transaction() as tx:
        book = await ledger.open_book(tx, places=[(1, number)], keys=[(OWNER, key)])
        if (OWNER, key) not in book.known:
            book.post(posting(1, key, ledger.Transfer(SHOP, number, amount), now=now))
        await ledger.write(tx, book, now=now)


async def findings(database: Database, checks: tuple[object, ...]) -> list[Finding]:
    found: list[Finding] = []
    snap: Snapshot
    async with database.snapshot() as snap:
        for check in checks:
            found += await check.run(snap)  # type: ignore[attr-defined]
    return found


@pytest.fixture
def key() -> str:
    return uuid4().hex
