"""Batches are numbered without a gap, chained and added up; closed periods stay as they are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hansa.modules import ledger
from hansa.modules.ledger.checks import CHECKS
from tests.modules.ledger.conftest import OWNER, POINTS, SHOP, findings, give, open_account, posting


async def rolled(database, limit: int = 500) -> int:
    async with database.transaction() as tx:
        return await ledger.roll(tx, limit=limit)


async def test_batches_are_added_up_once(committing, now) -> None:
    await open_account(committing, bucket=1, number=1, now=now)
    for number in range(5):
        await give(committing, 1, 10 + number, key=f"k{number}", now=now)

    assert await rolled(committing, limit=3) == 3
    async with committing.snapshot() as snap:
        halfway = await ledger.read_rolled(snap, ledger=POINTS, accounts=[SHOP])
    assert await rolled(committing) == 2
    assert await rolled(committing) == 0

    async with committing.snapshot() as snap:
        after = await ledger.read_rolled(snap, ledger=POINTS, accounts=[SHOP])
    assert halfway == after == {SHOP: -60}
    assert await findings(committing, CHECKS) == []


async def test_nothing_is_left_out_of_a_balance_however_long_nobody_rolls(committing, now) -> None:
    async with committing.transaction() as tx:
        await tx.connection.execute(
            "insert into ledger_batch"
            " (id, postings, digest, ledgers, accounts, amounts, recorded_at)"
            " select gen_random_uuid(), 1, sha256(''), array[%(points)s, %(points)s, %(other)s],"
            " array[%(shop)s, 1, %(shop)s]::bigint[], array[-2, 2, 5]::bigint[], %(now)s"
            " from generate_series(1, 100001)",
            {"points": POINTS, "other": POINTS + 1, "shop": SHOP, "now": now},
        )

    async with committing.snapshot() as snap:
        found = await ledger.read_rolled(snap, ledger=POINTS, accounts=[SHOP, SHOP - 10])

    assert found == {SHOP: -200_002, SHOP - 10: 0}


async def test_a_changed_posting_breaks_the_chain(committing, now) -> None:
    await open_account(committing, bucket=1, number=1, now=now)
    await give(committing, 1, 10, key="a", now=now)
    await give(committing, 1, 10, key="b", now=now)
    await rolled(committing)
    async with committing.transaction() as tx:
        await tx.connection.execute("alter table ledger_transfer disable trigger user")
        await tx.connection.execute("update ledger_transfer set amount = 11")

    found = await findings(committing, CHECKS)

    assert {one.check for one in found} == {"ledger.entries", "ledger.rolled", "ledger.chain"}


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("update ledger_account set posted = 11", {"ledger.sum", "ledger.balances"}),
        ("update ledger_account set held = 1", {"ledger.held"}),
        (
            "update ledger_entry set balance = 11",
            {"ledger.balances", "ledger.running"},
        ),
        ("update ledger_rolled set balance = -9", {"ledger.sum", "ledger.rolled"}),
        ("update ledger_batch set postings = 2", {"ledger.batches"}),
        ("update ledger_batch set number = 2", {"ledger.numbers", "ledger.chain"}),
        ("delete from ledger_posting", {"ledger.orphans", "ledger.batches", "ledger.chain"}),
    ],
)
async def test_each_check_finds_what_it_is_there_for(committing, now, change, broken) -> None:
    await open_account(committing, bucket=1, number=1, now=now)
    await give(committing, 1, 10, key="a", now=now)
    await rolled(committing)
    async with committing.transaction() as tx:
        for table in ("posting", "transfer", "entry"):
            await tx.connection.execute(f"alter table ledger_{table} disable trigger user".encode())
        await tx.connection.execute(change.encode())

    found = await findings(committing, CHECKS)

    assert {one.check for one in found} == broken


async def test_a_period_is_closed_once_over_and_in_order(committing, now) -> None:
    await open_account(committing, bucket=1, number=1, now=now)
    begins_at = now - timedelta(days=1)
    ends_at = now + timedelta(hours=1)
    await give(committing, 1, 10, key="a", now=now)

    async with committing.transaction() as tx:
        with pytest.raises(ledger.PeriodNotOver):  # it has not ended
            await ledger.seal_period(
                tx, ledger=POINTS, begins_at=begins_at, ends_at=ends_at, now=now
            )
        with pytest.raises(ledger.PeriodNotOver):  # a batch is not numbered
            await ledger.seal_period(
                tx, ledger=POINTS, begins_at=begins_at, ends_at=ends_at, now=ends_at
            )
    await rolled(committing)
    async with committing.transaction() as tx:
        period = await ledger.seal_period(
            tx, ledger=POINTS, begins_at=begins_at, ends_at=ends_at, now=ends_at
        )
        with pytest.raises(ledger.PeriodOutOfOrder):
            await ledger.seal_period(tx, ledger=POINTS, begins_at=now, ends_at=ends_at, now=ends_at)
    assert period.postings == 1
    # What comes later, though it happened before, is recorded in the next period.
    async with committing.transaction() as tx:
        book = await ledger.open_book(tx, places=[(1, 1)], keys=[(OWNER, "late")])
        book.post(posting(1, "late", ledger.Transfer(SHOP, 1, 5), now=now))
        await ledger.write(tx, book, now=ends_at + timedelta(seconds=1))
    assert await findings(committing, CHECKS) == []


async def test_a_changed_closed_period_is_found(committing, now) -> None:
    await open_account(committing, bucket=1, number=1, now=now)
    await give(committing, 1, 10, key="a", now=now)
    await rolled(committing)
    async with committing.transaction() as tx:
        await ledger.seal_period(
            tx,
            ledger=POINTS,
            begins_at=now - timedelta(days=1),
            ends_at=now + timedelta(hours=1),
            now=now + timedelta(hours=1),
        )
    await give(committing, 1, 5, key="slipped in", now=now)
    await rolled(committing)

    found = await findings(committing, CHECKS)

    assert [one.check for one in found] == ["ledger.periods"]
