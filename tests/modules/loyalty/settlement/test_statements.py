"""A statement says what the ledger moved in its month; what is closed stays as it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import psycopg
import pytest

from hansa.modules import ledger
from hansa.modules.loyalty import points, settlement
from hansa.modules.loyalty.programmes import SettleAt
from hansa.modules.loyalty.settlement import LineKind
from tests.modules.loyalty.settlement.conftest import NOVEMBER, OCTOBER, SEPTEMBER

FALSE_CLOSING = """
    update loyalty_statement
       set content = jsonb_set(content, '{points,closing}', '101')
     where due_minor > 0
"""


def lines(statement: settlement.Statement) -> list[tuple[str, int, int]]:
    return [(one.kind.value, one.points, one.amount_minor) for one in statement.content.lines]


async def test_who_gives_points_pays_and_who_takes_them_is_paid(play) -> None:
    await play.agree(0, issue_price=Decimal("80.5"))
    await play.agree(1, redeem_price=Decimal(70))
    await play.accrue(0, 333)
    await play.spend(1, 133)

    giver, taker, third = await play.close(SEPTEMBER)

    assert lines(giver) == [("issued", 333, 26807)]  # 26806.5, half up, once
    assert lines(taker) == [("redeemed", -133, -9310)]
    assert (giver.due_minor, taker.due_minor, third.due_minor) == (26807, -9310, 0)
    assert (giver.content.points.issued, giver.content.points.closing) == (333, 200)
    assert giver.content.points.spent == 133
    assert taker.content.redeemed_points == 133
    assert await play.findings() == []


async def test_settled_at_redemption_the_giver_pays_when_points_are_spent(stage) -> None:
    play = await stage.play(settle_at=SettleAt.REDEMPTION)
    await play.agree(0, issue_price=Decimal(90))
    await play.accrue(0, 500)
    await play.spend(1, 200)
    await play.spend(2, 50)

    giver, first, second = await play.close(SEPTEMBER)

    assert lines(giver) == [("spent_of_own", 200, 18000), ("spent_of_own", 50, 4500)]
    assert [one.partner for one in giver.content.lines] == [play.number(1), play.number(2)]
    assert (first.due_minor, second.due_minor) == (-20000, -5000)
    assert await play.findings() == []


async def test_a_price_changed_in_the_month_counts_for_what_comes_after(play) -> None:
    first = await play.accrue(0, 100)
    await play.agree(0, issue_price=Decimal(60))
    await play.accrue(0, 100)
    await play.reverse(0, first, 40)

    statement, _, _ = await play.close(SEPTEMBER)

    # What is taken back costs what it was given for.
    assert lines(statement) == [("issued", 100, 6000), ("issued", 60, 6000)]
    assert statement.content.points.taken_back == 40


async def test_a_statement_of_the_past_stays_whatever_is_agreed_later(play) -> None:
    await play.accrue(0, 100)
    closed, _, _ = await play.close(SEPTEMBER)
    await play.agree(0, issue_price=Decimal(1))

    again, _, _ = await play.draft(SEPTEMBER)

    assert again.content == closed.content
    assert await play.findings() == []


async def test_what_comes_late_is_in_the_next_month_and_said_to_be_late(play) -> None:
    await play.accrue(0, 100)
    in_september = play.clock.now()
    september, _, _ = await play.close(SEPTEMBER)
    await play.accrue(0, 30, happened_at=in_september)
    await play.spend(1, 20, happened_at=in_september)

    october, taker, _ = await play.close(OCTOBER)

    assert september.content.points.issued == 100
    assert (october.content.points.issued, october.content.points.issued_late) == (30, 30)
    assert (taker.content.redeemed_points, taker.content.redeemed_late) == (20, 20)
    assert october.content.points.opening == september.content.points.closing == 100
    assert await play.findings() == []


async def test_points_that_expire_and_come_back_close_with_what_is_out(stage) -> None:
    play = await stage.play(lifetime_months=1)
    await play.accrue(0, 100)
    spent = await play.spend(1, 30)
    await play.close(SEPTEMBER)
    await play.submit(
        points.commands.ExpireLots,
        0,
        owner=points.HOUSE,
        bucket=play.member.bucket,
        account_id=play.member.memberships[0].account_id,
    )
    await play.reverse(1, spent)

    october, taker, _ = await play.close(OCTOBER)

    moved = october.content.points
    assert (moved.opening, moved.expired, moved.spent, moved.closing) == (70, 70, -30, 30)
    assert taker.due_minor == 3000
    assert await play.findings() == []


async def test_debts_paid_by_other_partners_points_move_between_issuers(play) -> None:
    given = await play.accrue(0, 100)
    await play.spend(2, 100)
    await play.reverse(0, given)  # spent already: a debt
    await play.accrue(1, 250)  # pays it

    first, second, _ = await play.close(SEPTEMBER)

    assert (first.content.points.moved, first.content.points.closing) == (100, 0)
    assert (second.content.points.moved, second.content.points.closing) == (-100, 150)
    assert first.due_minor == 0
    assert await play.findings() == []


async def test_a_month_is_closed_once_over_and_in_order(play) -> None:
    await play.accrue(0, 1)
    with pytest.raises(ledger.PeriodNotOver):
        await settlement.close_month(
            play.context.database,
            coalition=play.coalition,
            programme=play.programme,
            first=SEPTEMBER,
            by=None,
            now=play.clock.now(),
        )
    await play.close(SEPTEMBER)

    with pytest.raises(ledger.PeriodOutOfOrder):
        await play.close(SEPTEMBER)
    with pytest.raises(ledger.PeriodOutOfOrder):
        await play.close(NOVEMBER)


@pytest.mark.parametrize(
    "change",
    [
        "update loyalty_statement set due_minor = 1",
        "delete from loyalty_statement",
        "update loyalty_closing set postings = 0",
        "truncate loyalty_statement_payment",
    ],
)
async def test_what_is_closed_cannot_be_changed(play, change) -> None:
    await play.accrue(0, 100)
    await play.close(SEPTEMBER)

    with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        async with play.context.database.transaction() as tx:
            await tx.connection.execute(change.encode())


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("update loyalty_statement set due_minor = due_minor + 1", "says"),
        (
            FALSE_CLOSING,
            "closes with 101 points",
        ),
        ("update loyalty_terms_version set issue_price = 99", "the entries say"),
        ("update ledger_transfer set amount = 99", "the books of the period"),
        ("update loyalty_closing set issuers = '[]'", "what became of issuers' points"),
    ],
)
async def test_what_was_tampered_with_is_found(play, change, found) -> None:
    await play.accrue(0, 100)
    await play.close(SEPTEMBER)
    async with play.context.database.transaction() as tx:
        for table in ("loyalty_statement", "loyalty_closing", "ledger_transfer"):
            await tx.connection.execute(f"alter table {table} disable trigger user".encode())
        await tx.connection.execute(change.encode())

    told = await play.findings()

    assert any(found in one for one in told)
    assert any(one.startswith("loyalty.statements") for one in told)


async def test_lines_say_of_what_a_statement_is_made_and_sum_to_it(play) -> None:
    await play.agree(0, issue_price=Decimal("33.333333"))
    for number in range(7):
        await play.accrue(0, 10 + number, reference=f"receipt {number}")
    await play.spend(0, 5)
    statement, _, _ = await play.close(SEPTEMBER)

    async with play.context.database.snapshot() as snap:
        first = await settlement.list_lines(
            snap, coalition=play.coalition, statement=statement, limit=3
        )
        rest = await settlement.list_lines(
            snap, coalition=play.coalition, statement=statement, after=first[-1].place, limit=50
        )
        streamed = [
            line
            async for page in settlement.stream_lines(
                snap, coalition=play.coalition, statement=statement
            )
            for line in page
        ]

    assert [*first, *rest] == streamed
    issued = [one for one in streamed if one.what is settlement.What.ISSUED]
    assert sum(one.points for one in issued) == statement.content.points.issued == 91
    charged = next(one for one in statement.content.lines if one.kind is LineKind.ISSUED)
    assert abs(sum(one.value for one in issued) - charged.amount_minor) <= Decimal("0.5")
    assert {one.member[:1] for one in streamed} == {"…"}
    assert all(len(one.member) <= 5 for one in streamed)


async def test_tax_is_the_part_of_what_is_charged_that_the_rule_says(play) -> None:
    async with play.context.database.transaction() as tx:
        await settlement.save_rule(
            tx,
            rule=settlement.SettlementRule(
                programme_id=play.programme.id, due_days=5, vat_percent=Decimal(22)
            ),
            by=None,
            now=play.clock.now(),
        )
    await play.accrue(0, 122)

    statement, _, _ = await play.close(SEPTEMBER)

    assert statement.content.vat_minor == 2200
    assert statement.due_on == date(2026, 10, 6)
