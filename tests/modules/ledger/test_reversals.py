"""Reversals stay below their originals, line by line: what is written above them is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from hansa.modules import ledger
from hansa.modules.ledger.checks import CHECKS
from tests.modules.ledger.conftest import SHOP, findings, open_account, posting

MEMBER = 1
SPENT, BANK, COMPENSATION, OFF = -12, -21, -5, -17
SHOP_ISSUES, BANK_ISSUES = 1, 2
EARLIER, LOT, OTHER = (UUID(int=number) for number in (1, 2, 3))


def line(debit: int, credit: int, amount: int, lot: UUID = LOT) -> ledger.Transfer:
    issuer = BANK_ISSUES if lot == OTHER else SHOP_ISSUES
    return ledger.Transfer(debit, credit, amount, issuer, lot)


def passing(amount: int, *, paying: UUID, owing: UUID) -> list[ledger.Transfer]:
    """Points of one lot pay what another owes: the account has as much after it as before."""
    return [line(MEMBER, COMPENSATION, amount, paying), line(COMPENSATION, MEMBER, amount, owing)]


ACCRUAL = [line(SHOP, MEMBER, 10)]
SPENDING = [line(MEMBER, SPENT, 6, LOT), line(MEMBER, SPENT, 4, OTHER)]


async def write(
    database, kind: str, transfers: Sequence[ledger.Transfer], *, now, reverses=None
) -> UUID:
    """Write a posting as it is, whatever it says; it may leave the account owing."""
    made = posting(1, uuid4().hex, *transfers, now=now, kind=kind)
    made = replace(made, reverses=reverses)
    async with database.transaction() as tx:
        book = await ledger.open_book(tx, places=[(1, MEMBER)], keys=[])
        short = book.account(1, MEMBER).available + ledger.net_changes(transfers).get(MEMBER, 0)
        book.post(made, owing=max(0, -short))
        await ledger.write(tx, book, now=now)
    return made.id


async def reversed_by(
    database, original: list[ledger.Transfer], *reversals: list[ledger.Transfer], now
) -> tuple[UUID, list[tuple[str, str, str]]]:
    """Write a posting and what reverses it; give its number and what is found then."""
    await open_account(database, bucket=1, number=MEMBER, now=now)
    before = [line(SHOP, MEMBER, 50, EARLIER), line(BANK, MEMBER, 50, OTHER)]
    await write(database, "accrual", before, now=now)
    kind = "accrual" if original[0].credit == MEMBER else "spend"
    number = await write(database, kind, original, now=now)
    for reversal in reversals:
        await write(database, "reversal", reversal, now=now, reverses=number)
    found = await findings(database, CHECKS)
    return number, [(one.check, one.subject, one.message) for one in found]


@pytest.mark.parametrize(
    ("original", "reversals"),
    [
        (ACCRUAL, [[line(MEMBER, SHOP, 10)]]),
        (ACCRUAL, [[line(MEMBER, SHOP, 4)], [line(MEMBER, SHOP, 6)]]),
        (ACCRUAL, [[line(MEMBER, SHOP, 3), line(OFF, SHOP, 7)]]),  # the rest is written off
        (ACCRUAL, [[line(MEMBER, SHOP, 10), *passing(10, paying=EARLIER, owing=LOT)]]),
        (
            [*ACCRUAL, *passing(4, paying=LOT, owing=EARLIER)],
            [[line(MEMBER, SHOP, 10), *passing(10, paying=EARLIER, owing=LOT)]],
        ),
        (SPENDING, [[line(SPENT, MEMBER, 6, LOT), line(SPENT, MEMBER, 4, OTHER)]]),
        # What comes back pays what the other lot of the same spending owes.
        (
            SPENDING,
            [
                [line(SPENT, MEMBER, 6, LOT), *passing(6, paying=LOT, owing=OTHER)],
                [line(SPENT, MEMBER, 4, OTHER)],
            ],
        ),
    ],
)
async def test_what_stays_below_its_original_is_right(committing, now, original, reversals) -> None:
    _, found = await reversed_by(committing, original, *reversals, now=now)

    assert found == []


@pytest.mark.parametrize(
    ("original", "reversals", "said"),
    [
        (ACCRUAL, [[line(MEMBER, SHOP, 11)]], {(11, 10, LOT)}),
        (ACCRUAL, [[line(MEMBER, SHOP, 6)], [line(MEMBER, SHOP, 6)]], {(12, 10, LOT)}),
        (ACCRUAL, [[line(MEMBER, SHOP, 6), line(OFF, SHOP, 5)]], {(11, 10, LOT)}),
        (
            ACCRUAL,
            [[line(MEMBER, SHOP, 12), *passing(12, paying=EARLIER, owing=LOT)]],
            {(12, 10, LOT)},
        ),
        (ACCRUAL, [[line(MEMBER, SHOP, 10, OTHER)]], {(10, 0, OTHER)}),
        (ACCRUAL, [[line(MEMBER, BANK, 10)]], {(10, 0, LOT)}),
        # Too much of one line while the whole stays below; and not hidden by what goes the other
        # way in the same posting.
        (SPENDING, [[line(SPENT, MEMBER, 7, LOT)]], {(7, 6, LOT)}),
        (
            SPENDING,
            [[line(SPENT, MEMBER, 7, LOT), line(MEMBER, SPENT, 7, EARLIER)]],
            {(7, 6, LOT), (7, 0, EARLIER)},
        ),
        # Another gives back to the member what it had spent at the shop.
        (SPENDING, [[line(BANK, MEMBER, 6, LOT)]], {(6, 0, LOT)}),
        # What passes through must leave nothing behind.
        (
            ACCRUAL,
            [
                [
                    line(MEMBER, SHOP, 10),
                    line(MEMBER, COMPENSATION, 3, EARLIER),
                    line(COMPENSATION, MEMBER, 5, LOT),
                ]
            ],
            {(5, 0, LOT), (3, 0, EARLIER)},
        ),
    ],
)
async def test_what_goes_above_its_original_is_named(
    committing, now, original, reversals, said
) -> None:
    number, found = await reversed_by(committing, original, *reversals, now=now)

    assert set(found) == {
        (
            "ledger.reversals",
            f"posting {number}",
            f"{taken} were taken back of {there} (tag {lot})",
        )
        for taken, there, lot in said
    }
