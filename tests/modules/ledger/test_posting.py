"""Postings balance, floors hold, keys have one outcome, nothing written changes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from hansa.modules import ledger
from hansa.modules.ledger.checks import CHECKS
from tests.modules.ledger.conftest import (
    OWNER,
    POINTS,
    SHOP,
    findings,
    give,
    open_account,
    posting,
)


async def test_what_is_given_and_taken_sums_to_zero(committing, now) -> None:
    await open_account(committing, bucket=1, number=1, now=now)
    await give(committing, 1, 100, key="a", now=now)
    await give(committing, 1, 20, key="b", now=now)
    async with committing.transaction() as tx:
        book = await ledger.open_book(tx, places=[(1, 1)], keys=[])
        book.post(posting(1, "c", ledger.Transfer(1, SHOP, 30), now=now, kind="spend"))
        await ledger.write(tx, book, now=now)

    async with committing.snapshot() as snap:
        account = (await ledger.read_balances(snap, places=[(1, 1)]))[1, 1]
        history = await ledger.read_history(snap, bucket=1, account_id=1, before=None, limit=10)
        shop = await ledger.read_rolled(snap, ledger=POINTS, accounts=[SHOP])
    assert (account.posted, account.version) == (90, 3)
    assert [(one.amount, one.balance) for one in history] == [(-30, 90), (20, 120), (100, 100)]
    assert shop == {SHOP: -90}
    assert await findings(committing, CHECKS) == []


async def test_nothing_falls_below_the_floor(committing, now) -> None:
    await open_account(committing, bucket=1, number=1, now=now)
    await give(committing, 1, 10, key="a", now=now)

    async with committing.transaction() as tx:
        book = await ledger.open_book(tx, places=[(1, 1)], keys=[])
        with pytest.raises(ledger.BelowFloor) as refused:
            book.post(posting(1, "b", ledger.Transfer(1, SHOP, 11), now=now))
        assert book.postings == []

    assert (refused.value.asked, refused.value.available) == (11, 10)


async def test_the_database_itself_keeps_the_floor(committing, now) -> None:
    await open_account(committing, bucket=1, number=1, now=now)

    with pytest.raises(psycopg.errors.CheckViolation):
        async with committing.transaction() as tx:
            await tx.execute("update ledger_account set posted = -1 where id = 1")


async def test_a_debt_is_allowed_only_where_it_is_said(committing, now) -> None:
    await open_account(committing, bucket=1, number=1, now=now)
    async with committing.transaction() as tx:
        book = await ledger.open_book(tx, places=[(1, 1)], keys=[])
        book.post(posting(1, "a", ledger.Transfer(1, SHOP, 7), now=now), owing=7)
        await ledger.write(tx, book, now=now)

    async with committing.transaction() as tx:
        book = await ledger.open_book(tx, places=[(1, 1)], keys=[])
        account = book.account(1, 1)
        assert (account.posted, account.owed, account.available) == (-7, 7, 0)
        with pytest.raises(ledger.BelowFloor):
            book.post(posting(1, "b", ledger.Transfer(1, SHOP, 1), now=now))
        # Paying it back frees nothing more than what comes in beyond it.
        book.post(posting(1, "c", ledger.Transfer(SHOP, 1, 9), now=now), owing=-7)
        assert (account.posted, account.owed, account.available) == (2, 0, 2)
        await ledger.write(tx, book, now=now)
    assert await findings(committing, CHECKS) == []


async def test_a_key_has_one_outcome_whoever_asks_at_once(committing, now) -> None:
    await open_account(committing, bucket=1, number=1, now=now)

    async def ask() -> None:
        try:
            await give(committing, 1, 5, key="same", now=now)
        except ledger.KeyTaken:
            await give(committing, 1, 5, key="same", now=now)

    await asyncio.gather(*(ask() for _ in range(12)))

    async with committing.snapshot() as snap:
        account = (await ledger.read_balances(snap, places=[(1, 1)]))[1, 1]
    assert account.posted == 5


async def test_the_same_key_on_two_accounts_is_taken_once(two_transactions, now) -> None:
    first, second = two_transactions
    new = [ledger.NewAccount(bucket=1, id=number, ledger=POINTS) for number in (1, 2)]
    await ledger.open_accounts(first, accounts=new, now=now)
    await first.connection.execute("commit")
    await first.connection.execute("begin")
    book = await ledger.open_book(first, places=[(1, 1)], keys=[(OWNER, "k")])
    book.post(posting(1, "k", ledger.Transfer(SHOP, 1, 5), now=now))
    await ledger.write(first, book, now=now)
    other = await ledger.open_book(second, places=[(1, 2)], keys=[(OWNER, "k")])
    other.post(posting(1, "k", ledger.Transfer(SHOP, 2, 5), now=now))
    writing = asyncio.create_task(ledger.write(second, other, now=now))
    await first.connection.execute("commit")

    with pytest.raises(ledger.KeyTaken):
        await writing


@pytest.mark.parametrize("table", ["posting", "transfer", "entry", "period"])
async def test_what_is_written_cannot_be_changed(committing, now, table) -> None:
    with pytest.raises(psycopg.errors.IntegrityError):
        async with committing.transaction() as tx:
            await tx.connection.execute(f"delete from ledger_{table}".encode())


async def test_a_hold_is_taken_in_part_and_the_rest_is_free(committing, now) -> None:
    await open_account(committing, bucket=1, number=1, now=now)
    await give(committing, 1, 10, key="a", now=now)
    lot = uuid4()
    async with committing.transaction() as tx:
        book = await ledger.open_book(tx, places=[(1, 1)], keys=[(OWNER, "h")])
        hold = ledger.Hold(
            bucket=1,
            id=uuid4(),
            account_id=1,
            ledger=POINTS,
            owner=OWNER,
            key="h",
            amount=8,
            tags=[(lot, 8)],
            expires_at=now + timedelta(minutes=5),
            held_at=now,
        )
        book.hold(hold, posting(1, "h", now=now, kind="hold"))
        with pytest.raises(ledger.BelowFloor):
            book.post(posting(1, "b", ledger.Transfer(1, SHOP, 3), now=now))
        await ledger.write(tx, book, now=now)

    async with committing.transaction() as tx:
        book = await ledger.open_book(tx, places=[(1, 1)], keys=[])
        held = (await ledger.load_holds(tx, [(OWNER, "h")]))[OWNER, "h"]
        with pytest.raises(ledger.AboveHold):
            book.release(held, taken=9, state=ledger.HoldState.POSTED, now=now)
        book.release(held, taken=5, state=ledger.HoldState.POSTED, now=now)
        book.holds[held.id] = held
        book.post(posting(1, "p", ledger.Transfer(1, SHOP, 5), now=now, kind="spend"))
        await ledger.write(tx, book, now=now)

    async with committing.transaction() as tx:
        book = await ledger.open_book(tx, places=[(1, 1)], keys=[])
        held = (await ledger.load_holds(tx, [(OWNER, "h")]))[OWNER, "h"]
        with pytest.raises(ledger.HoldClosed):
            book.release(held, taken=1, state=ledger.HoldState.POSTED, now=now)
        assert (book.account(1, 1).posted, book.account(1, 1).held) == (5, 0)
    assert held.tags == ((lot, 8),)
    assert await findings(committing, CHECKS) == []
