"""Settlement as staff see it: standings, blocks, a month closed, a statement paid and printed."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest_asyncio

from hansa.modules.loyalty import programmes, settlement
from tests.conftest import NOON
from tests.modules.loyalty.settlement.conftest import Play, Stage
from tests.support.loyalty import a_partner, a_programme

HOME = "/office/loyalty/settlement"
NOVEMBER = date(2026, 11, 1)


@pytest_asyncio.fixture(loop_scope="session")
async def play(site, clock) -> Play:
    """Three partners with a month of history, one of them prepaid."""
    made = await Stage(site.context, clock).play()
    await made.agree(1, billing=programmes.Billing.PREPAID, alert_points=500)
    await made.buy_block(1, 1_000, 90_000)
    for number in range(4):
        await made.accrue(0, 250 + number, reference=f"receipt {number}")
    await made.accrue(1, 700)
    await made.spend(2, 400)
    return made


async def test_the_overview_says_who_stands_where_and_what_to_look_at(root, play) -> None:
    await play.watch()

    page = await root.open(f"{HOME}?programme={play.programme.code}")

    assert "Points run low" in page
    assert "No month is closed yet" in page
    assert f"{HOME}/programmes/{play.programme.code}/partners/{play.partners[1].code}" in page


async def test_a_block_is_ordered_and_paid_by_forms(root, play) -> None:
    partner = f"{HOME}/programmes/{play.programme.code}/partners/{play.partners[1].code}"
    order = {"points": "500", "amount": "450.00", "invoice": "A-7"}

    assert "is required" not in await root.open(partner)
    await root.send(f"{partner}/blocks", order)
    refused = await root.send(f"{partner}/blocks", order, status=409)
    page = await root.open(partner)
    found = re.search(r"/blocks/([0-9a-f-]{36})/pay", page)
    assert found
    await root.send(f"{partner}/blocks/{found[1]}/pay")

    assert "A-7" in refused.text
    assert (await play.standing(1)).left == 800


async def test_no_code_of_a_partner_is_taken_for_another_page(site, root) -> None:
    codes = ("rule", "liability", "close", "statements")
    async with site.context.database.transaction() as tx:
        programme = await a_programme(tx, now=NOON, code="statements")
        for number, code in enumerate(codes, start=1):
            await a_partner(tx, programme, now=NOON, code=code, number=number)
    await site.context.service(programmes.Directory).refresh()

    for code in codes:
        page = await root.open(f"{HOME}/programmes/{programme.code}/partners/{code}")
        assert f"<h1>{code}</h1>" in page


async def test_a_month_is_tried_closed_and_its_statement_paid(root, sign_in, play) -> None:
    wizard = f"{HOME}/programmes/{play.programme.code}/close/2026-11"
    assert "has not ended yet" in await root.open(wizard)
    statement, _, _ = await play.close(NOVEMBER)
    assert statement.id is not None
    here = f"{HOME}/statements/{statement.id}"
    note = {"amount": "1006.00", "paid_on": "2026-12-05", "reference": "PP-1"}

    async with sign_in("loyalty.view", "loyalty.settle") as somebody:
        assert "This month is closed" in await somebody.open(wizard)
        page = await somebody.open(here)
        assert statement.digest.hex() in page
        assert "receipt 3" in page
        await somebody.send(f"{here}/payments", note)
        assert "Settled" in await somebody.open(here)
        assert "2026-11" in await somebody.open(
            f"{HOME}/programmes/{play.programme.code}/liability"
        )


async def test_who_may_only_look_cannot_settle(sign_in, play) -> None:
    async with sign_in("loyalty.view") as somebody:
        partner = f"{HOME}/programmes/{play.programme.code}/partners/{play.partners[1].code}"
        assert "Order a block" not in await somebody.open(partner)

        await somebody.send(f"{HOME}/programmes/{play.programme.code}/close/2026-10", status=403)
        await somebody.send(f"{partner}/blocks", status=403)


async def test_a_month_asked_to_be_closed_is_closed_by_a_job(site, sign_in, play) -> None:
    play.clock.advance(timedelta(days=12))
    await play.roll()
    job = settlement.CloseMonth(programme_id=play.programme.id, first=NOVEMBER, by=None)

    await settlement.run_close_month(site.context, job)
    await settlement.run_close_month(site.context, job)  # again: it is closed

    async with sign_in("loyalty.view") as somebody:
        page = await somebody.open(f"{HOME}?programme={play.programme.code}")
    assert "2026-11" in page
