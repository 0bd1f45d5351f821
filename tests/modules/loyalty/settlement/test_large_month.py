"""A month of a hundred thousand postings is added up and printed in little memory."""

from __future__ import annotations

import io
import tracemalloc
from datetime import timedelta

import pytest

from hansa.kernel.identifiers import new_id
from hansa.modules import ledger
from hansa.modules.loyalty import points, settlement
from tests.modules.loyalty.settlement.conftest import SEPTEMBER

POSTINGS = 100_000
BATCH = 5_000
MEGABYTE = 1024 * 1024


async def fill(play) -> None:
    """Post as the poster does, but in large batches."""
    account = play.member.memberships[0].account_id
    giving = points.issued_account(play.number(0))
    for begin in range(0, POSTINGS, BATCH):
        now = play.clock.now()
        async with play.context.database.transaction() as tx:
            place = (play.member.bucket, account)
            book = await ledger.open_book(tx, places=[place], keys=[])
            for number in range(begin, begin + BATCH):
                book.post(
                    ledger.Posting(
                        bucket=play.member.bucket,
                        id=new_id(now),
                        owner=play.partners[0].id,
                        key=f"large-{number}",
                        fingerprint=b"",
                        ledger=play.programme.number,
                        kind="accrual",
                        effective_at=now,
                        transfers=[
                            ledger.Transfer(giving, account, 3, play.number(0), new_id(now))
                        ],
                    )
                )
            await ledger.write(tx, book, now=now)
        play.clock.advance(timedelta(seconds=1))


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_large_month_needs_no_more_memory_than_a_small_one(play) -> None:
    await fill(play)
    tracemalloc.start()
    statement, _, _ = await play.close(SEPTEMBER)
    _, closing_bytes = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    file = io.BytesIO()
    async with play.context.database.snapshot() as snap:
        paper = settlement.paper_of(
            statement=statement,
            closing=await settlement.closing_of(snap, statement=statement),
            coalition=play.coalition,
            language="ru",
            translate=str,
        )
        tracemalloc.reset_peak()
        held, _ = tracemalloc.get_traced_memory()
        lines = await settlement.excel_of(
            file,
            paper=paper,
            cells=settlement.Cells(paper, coalition=play.coalition, currency="RUB", translate=str),
            pages=settlement.stream_lines(snap, coalition=play.coalition, statement=statement),
            translate=str,
        )
        _, printing_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert statement.content.points.issued == 3 * POSTINGS
    assert statement.due_minor == 300 * POSTINGS
    assert lines == POSTINGS
    assert closing_bytes < 40 * MEGABYTE
    assert printing_bytes - held - len(file.getvalue()) < 40 * MEGABYTE
