"""Money is cleared through the programme: what one owes another is owed; all of it is zero."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from hansa.modules import ledger
from hansa.modules.loyalty import settlement
from hansa.modules.loyalty.settlement import PaymentState, clearing
from hansa.modules.loyalty.settlement.clearing import MoneySide, money_account, money_ledger
from tests.modules.loyalty.settlement.conftest import OCTOBER, SEPTEMBER


async def balances(play) -> dict[tuple[int, str], int]:
    programme = play.programme.number
    wanted = {
        money_account(programme, number, side): (number, side.name.lower())
        for number in (0, *[one.number for one in play.partners])
        for side in MoneySide
    }
    async with play.context.database.snapshot() as snap:
        found = await ledger.read_rolled(snap, ledger=money_ledger("RUB"), accounts=list(wanted))
    return {wanted[account]: balance for account, balance in found.items()}


async def record(play, kind: settlement.MoneyKind, place: int, key: str, amount: int) -> None:
    async with play.context.database.transaction() as tx:
        await settlement.record_money(
            tx,
            programme=play.programme,
            money=[
                settlement.MoneyAside(
                    kind=kind,
                    key=key,
                    partner=play.number(place),
                    amount_minor=amount,
                    reference=f"{kind} 7",
                    happened_at=play.clock.now(),
                )
            ],
            now=play.clock.now(),
        )


async def convert(play, place: int, key: str, amount: int) -> None:
    await record(play, settlement.MoneyKind.CONVERSION, place, key, amount)


async def pay(play, statement, amount: int, reference: str) -> settlement.Payment:
    place = next(place for place, one in enumerate(play.partners) if one.id == statement.partner_id)
    async with play.context.database.transaction() as tx:
        return await settlement.record_payment(
            tx,
            statement=statement,
            terms=play.terms(place),
            amount_minor=amount,
            paid_on=date(2026, 10, 5),
            reference=reference,
            by=None,
            now=play.clock.now(),
        )


async def test_what_is_owed_both_ways_is_netted_and_paid_down_to_nothing(play) -> None:
    await play.accrue(0, 100)
    await play.accrue(1, 50)
    await play.spend(1, 120)
    giver, both, _ = await play.close(SEPTEMBER)

    assert (giver.due_minor, both.due_minor) == (10_000, 5_000 - 12_000)
    books = await balances(play)
    assert books[play.number(0), "receivable"] == -10_000
    assert (books[play.number(1), "receivable"], books[play.number(1), "payable"]) == (0, 7_000)
    assert sum(books.values()) == 0

    await pay(play, giver, 10_000, "PP-1")
    await pay(play, both, -7_000, "PP-2")
    books = await balances(play)
    assert not any(books[one.number, "receivable"] for one in play.partners)
    assert not any(books[one.number, "payable"] for one in play.partners)
    assert books[0, "bank"] == -3_000
    assert sum(books.values()) == 0
    assert await play.findings() == []


async def test_a_payment_counts_once_however_often_it_is_noted(play) -> None:
    await play.accrue(0, 100)
    statement, _, _ = await play.close(SEPTEMBER)
    first = await pay(play, statement, 4_000, "PP-1")

    assert await pay(play, statement, 4_000, "PP-1") == first
    with pytest.raises(settlement.PaymentReused):
        await pay(play, statement, 4_001, "PP-1")

    async with play.context.database.snapshot() as snap:
        paid = await settlement.sum_paid(snap, statements=[statement.id])
    assert paid == {statement.id: 4_000}
    assert (await play.standing(0)).balance_minor == 6_000


@pytest.mark.parametrize(
    ("paid", "today", "state"),
    [
        (0, date(2026, 10, 1), PaymentState.OPEN),
        (40, date(2026, 10, 10), PaymentState.PART_PAID),
        (40, date(2026, 10, 11), PaymentState.OVERDUE),
        (100, date(2026, 12, 1), PaymentState.SETTLED),
    ],
)
def test_the_state_of_a_statement_follows_from_what_was_paid_and_when(paid, today, state) -> None:
    due_on = date(2026, 10, 10)

    found = settlement.payment_state(due_minor=100, paid_minor=paid, due_on=due_on, today=today)

    assert found is state


async def test_what_was_converted_at_once_is_not_owed_again(play) -> None:
    await play.accrue(0, 100)
    await play.spend(1, 60)
    await convert(play, 1, "feed:1", 6_000)
    await convert(play, 1, "feed:1", 6_000)  # the same again
    assert (await play.standing(1)).balance_minor == -6_000

    _, insurer, _ = await play.close(SEPTEMBER)

    assert (insurer.due_minor, insurer.content.converted_minor) == (-6_000, 6_000)
    assert (await play.standing(1)).balance_minor == -6_000
    assert await play.findings() == []


async def test_a_conversion_taken_back_is_in_the_month_it_came_in(play) -> None:
    await play.accrue(0, 100)
    spent = await play.spend(1, 60)
    await convert(play, 1, "feed:1", 6_000)
    await play.close(SEPTEMBER)
    await play.reverse(1, spent, 20)
    await convert(play, 1, "feed:2", -2_000)

    _, insurer, _ = await play.close(OCTOBER)

    assert (insurer.due_minor, insurer.content.converted_minor) == (2_000, -2_000)
    assert (await play.standing(1)).balance_minor == -4_000
    assert await play.findings() == []


async def note_uncovered(play, place: int, key: str, amount: int) -> None:
    await record(play, settlement.MoneyKind.UNCOVERED, place, key, amount)


async def test_what_was_not_covered_is_told_beside_what_is_owed(play) -> None:
    await play.accrue(0, 100)
    await play.spend(1, 60)
    for key, amount in (("t1", -4_000), ("t1", -4_000), ("t2", -500), ("t3", 1_500)):
        await note_uncovered(play, 1, key, amount)

    other, till, _ = await play.close(SEPTEMBER)
    _, later, _ = await play.close(OCTOBER)

    told = settlement.UncoveredMoney(partner_minor=4_500, programme_minor=1_500)
    assert (till.content.uncovered, till.due_minor) == (told, -6_000)
    assert (other.content.uncovered, later.content.uncovered) == (msgspec.UNSET, msgspec.UNSET)
    assert (await play.standing(1)).balance_minor == -6_000
    assert sum((await balances(play)).values()) == 0
    assert await play.findings() == []
    async with play.context.database.snapshot() as snap:
        closing = await settlement.closing_of(snap, statement=till)
    paper = settlement.paper_of(
        statement=till, closing=closing, coalition=play.coalition, language="en", translate=str
    )
    assert paper.totals[-2:] == (
        ("Beside it, not covered: borne by the partner", "45\u00a0₽"),
        ("Beside it, not covered: borne by the programme", "15\u00a0₽"),
    )


async def test_a_note_of_another_amount_than_was_noted_is_refused(play) -> None:
    await note_uncovered(play, 1, "t1", -4_000)

    with pytest.raises(settlement.ConversionReused):
        await note_uncovered(play, 1, "t1", -4_001)


async def test_a_key_of_a_conversion_has_one_amount(play) -> None:
    await convert(play, 1, "feed:1", 6_000)

    with pytest.raises(settlement.ConversionReused):
        await convert(play, 1, "feed:1", 5_000)


def test_money_of_a_currency_nobody_settles_in_is_refused() -> None:
    assert clearing.money_ledger("RUB") == 100_643
    with pytest.raises(settlement.CurrencyUnknown):
        clearing.money_ledger("XXX")


async def test_programmes_do_not_mix_their_money(stage) -> None:
    first, second = await stage.play(), await stage.play()
    await first.agree(0, issue_price=Decimal(10))
    await first.accrue(0, 100)
    await second.accrue(0, 7)
    await first.close(SEPTEMBER)
    await second.close(SEPTEMBER)

    assert (await first.standing(0)).balance_minor == 1_000
    assert (await second.standing(0)).balance_minor == 700
    assert await first.findings() == []
