"""Receipts of tills: once, whole, and never more given back than was bought."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from hansa.modules import parties, receipts
from hansa.modules.receipts import NewReceipt, Outcome, ReceiptKind, ReceiptLine
from hansa.modules.receipts.checks import CHECKS


@pytest.fixture
def sale(now):
    return NewReceipt(
        source="erp:head",
        key="sale-1",
        kind=ReceiptKind.SALE,
        currency="RUB",
        happened_at=now - timedelta(hours=2),
        number="0042",
        card="CARD0001",
        lines=(
            ReceiptLine(line=1, item="dress", quantity=Decimal(2), amount_minor=598_000),
            ReceiptLine(line=2, item="silk", quantity=Decimal("1.250"), amount_minor=125_000),
        ),
    )


def a_return(sale, key, *lines):
    return replace(
        sale,
        key=key,
        kind=ReceiptKind.RETURN,
        original_key=sale.key,
        happened_at=sale.happened_at + timedelta(hours=1),
        lines=tuple(
            ReceiptLine(line=line, item="x", quantity=Decimal(quantity), amount_minor=minor)
            for line, quantity, minor in lines
        ),
    )


async def _record(tx, now, *given):
    return await receipts.record_receipts(tx, receipts=given, now=now)


async def _findings(tx):
    return [finding for check in CHECKS for finding in await check.run(tx)]


async def test_a_receipt_is_taken_once_and_the_same_again_changes_nothing(tx, now, sale):
    [first] = await _record(tx, now, sale)
    again = await _record(tx, now, sale, sale)

    assert first.outcome is Outcome.RECORDED
    assert {one.outcome for one in again} == {Outcome.UNCHANGED}
    assert {one.receipt_id for one in again} == {first.receipt_id}
    kept = await receipts.get_receipt(tx, receipt_id=first.receipt_id)
    assert kept.lines == sale.lines
    assert kept.total.minor == 723_000
    assert (
        await tx.scalar("select count(*) from outbox_event where type = 'receipts.ReceiptRecorded'")
        == 1
    )


async def test_a_key_with_another_content_is_refused_and_what_is_kept_stays(tx, now, sale):
    [first] = await _record(tx, now, sale)

    [other] = await _record(tx, now, replace(sale, lines=sale.lines[:1]))

    assert (other.outcome, other.code) == (Outcome.REFUSED, "receipts.key_reused")
    assert len((await receipts.get_receipt(tx, receipt_id=first.receipt_id)).lines) == 2


async def test_a_return_gives_back_at_most_what_was_bought(tx, now, sale):
    await _record(tx, now, sale)
    [first] = await _record(tx, now, a_return(sale, "r1", (1, "1", 299_000)))
    [second] = await _record(tx, now, a_return(sale, "r2", (1, "2", 299_000)))
    [dear] = await _record(tx, now, a_return(sale, "r3", (1, "1", 299_001)))
    [stranger] = await _record(tx, now, a_return(sale, "r4", (7, "1", 1)))
    [rest] = await _record(tx, now, a_return(sale, "r5", (1, "1", 299_000), (2, "1.25", 125_000)))

    assert first.outcome is Outcome.RECORDED
    assert [one.code for one in (second, dear, stranger)] == [
        "receipts.above_original",
        "receipts.above_original",
        "receipts.original_line_unknown",
    ]
    assert rest.outcome is Outcome.RECORDED
    assert await _findings(tx) == []


async def test_returns_and_sale_in_any_order_end_in_the_same(committing, now, sale):
    one, two = a_return(sale, "r1", (1, "1", 299_000)), a_return(sale, "r2", (2, "1", 100_000))
    ends = set()
    for number, order in enumerate(permutations((sale, one, two))):
        source = f"till-{number}"
        async with committing.transaction() as tx:
            repeated = [*order, random.choice(order)]
            await _record(tx, now, *(replace(each, source=source) for each in repeated))
            [found] = await receipts.list_receipts(
                tx, chosen=receipts.ReceiptFilter(kind=ReceiptKind.SALE), limit=1
            )
            returned = await receipts.list_returns(tx, receipt_id=found.id)
            ends.add((found.source, tuple(sorted(back.key for back in returned))))
    assert {keys for _, keys in ends} == {("r1", "r2")}


async def test_what_came_back_before_its_sale_and_is_too_much_is_found_by_the_check(tx, now, sale):
    await _record(tx, now, a_return(sale, "r1", (1, "3", 598_000)))
    assert await _findings(tx) == []

    await _record(tx, now, sale)

    [finding] = await _findings(tx)
    assert finding.subject == "sale-1"
    assert "3.000 of line 1 came back, 2.000 were bought" in finding.message


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"key": ""}, "key_invalid"),
        ({"key": "x" * 201}, "key_invalid"),
        ({"lines": ()}, "lines_invalid"),
        ({"original_key": "sale-0"}, "sale_with_original"),
        ({"quantity": Decimal(0)}, "quantity_invalid"),
        ({"quantity": Decimal(-1)}, "quantity_invalid"),
        ({"quantity": Decimal("NaN")}, "quantity_invalid"),
        ({"quantity": Decimal("1e20")}, "quantity_invalid"),
        ({"quantity": Decimal("0.0001")}, "quantity_invalid"),
        ({"amount_minor": -1}, "amount_invalid"),
        ({"line": 2}, "line_twice"),
    ],
)
async def test_a_wrong_receipt_is_refused_alone(tx, now, sale, change, code):
    in_line = {"quantity", "amount_minor", "line"} & set(change)
    wrong = replace(sale, key="wrong")
    if in_line:
        wrong = replace(wrong, lines=(replace(sale.lines[0], **change), sale.lines[1]))
    else:
        wrong = replace(wrong, **change)

    refused, taken = await _record(tx, now, wrong, sale)

    assert (refused.outcome, refused.code) == (Outcome.REFUSED, f"receipts.{code}")
    assert taken.outcome is Outcome.RECORDED


async def test_a_card_is_known_in_any_spelling_and_no_card_is_refused(tx, now, sale):
    [taken] = await _record(tx, now, replace(sale, card="card-00 01"))
    [refused] = await _record(tx, now, replace(sale, key="s2", card="№!"))

    assert (await receipts.get_receipt(tx, receipt_id=taken.receipt_id)).card == "CARD0001"
    assert refused.code == "receipts.card_invalid"


async def test_a_receipt_from_the_future_is_refused(tx, now, sale):
    [refused] = await _record(tx, now, replace(sale, happened_at=now + timedelta(days=2)))

    assert refused.code == "receipts.from_the_future"


async def test_a_person_has_the_receipts_of_their_cards_also_from_before(tx, now, sale):
    await _record(tx, now, sale, a_return(sale, "r1", (1, "1", 299_000)))
    person = await parties.match_or_create(
        tx,
        party=parties.NewParty(display_name="Анна"),
        identifiers=[parties.Identifier(kind=parties.IdentifierKind.CARD, value="card 0001")],
        now=now,
    )

    found = await receipts.list_of_party(tx, party_id=person)

    assert [one.key for one in found] == ["r1", "sale-1"]


async def test_receipts_are_listed_page_by_page(tx, now, sale):
    many = [
        replace(sale, key=f"s{n}", happened_at=now - timedelta(minutes=n // 2)) for n in range(7)
    ]
    await _record(tx, now, *many)

    seen, after = [], None
    while page := await receipts.list_receipts(
        tx, chosen=receipts.ReceiptFilter(search="0042"), after=after, limit=3
    ):
        seen += [one.key for one in page]
        after = (page[-1].happened_at, page[-1].id)

    assert sorted(seen) == sorted(one.key for one in many)
    assert len(seen) == 7


async def test_two_returns_at_once_never_give_back_too_much(committing, now, sale):
    async with committing.transaction() as tx:
        await _record(tx, now, sale)

    async def give_back(key):
        async with committing.transaction() as tx:
            [answer] = await _record(tx, now, a_return(sale, key, (1, "2", 598_000)))
        return answer.outcome

    outcomes = await asyncio.gather(*(give_back(f"r{n}") for n in range(8)))

    assert sorted(outcomes) == [Outcome.RECORDED] + [Outcome.REFUSED] * 7
