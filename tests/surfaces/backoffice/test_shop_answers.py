"""The page on which shops answer by telephone: what it shows, takes and refuses."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from hansa.modules import fulfilment, orders
from tests.support.fulfilment import an_order, answer, look, open_questions
from tests.support.shop import put_stock

ANSWER = ["fulfilment.answer"]


@pytest.fixture
def ask(committing, shop, now):
    """Order so many of items that lie on the corner only; give the question."""

    async def place(*wanted: int) -> fulfilment.Question:
        lines = {uuid4(): count for count in wanted}
        async with committing.transaction() as tx:
            for variant_id in lines:
                await put_stock(tx, shop.corner, variant_id, 50, now=now)
            order = await an_order(tx, lines, now=now)
            await look(tx, order, now=now)
            (question,) = await open_questions(tx, order)
        return question

    return place


async def answers(committing, question_id: UUID):
    async with committing.snapshot() as snap:
        question = await fulfilment.get_question(snap, question_id=question_id)
    return [
        None if one is None else (one.found, one.defective, one.missing)
        for one in (line.answer for line in question.lines)
    ]


async def test_it_shows_what_is_asked_and_until_when(sign_in, ask):
    question = await ask(1, 3)

    async with sign_in(*ANSWER, language="ru") as browser:
        page = await browser.open("/office/shop")

    assert question.order_number in page
    assert "На углу" in page
    assert "до 15:20" in page
    for label in ("Да, есть", "Да, все 3", "2 из 3", "1 из 3", "Нет", "Брак", "Всё на месте"):
        assert label in page, label


async def test_without_the_permission_there_is_nothing_to_see(sign_in, ask):
    question = await ask(1)

    async with sign_in("orders.view") as browser:
        await browser.open("/office/shop", status=403)
        await browser.open(f"/office/shop/{question.id}", status=403)
        await browser.send(f"/office/shop/{question.id}", {"line": 1, "found": 1}, status=403)


async def test_yes_is_taken_and_says_what_to_put_aside(sign_in, ask, committing):
    question = await ask(2)

    async with sign_in(*ANSWER) as browser:
        sent = await browser.send(f"/office/shop/{question.id}", {"line": 1, "found": 2})
        page = await browser.open(sent.headers["location"])

    assert await answers(committing, question.id) == [(2, 0, 0)]
    assert f"Put aside for order {question.order_number}: 2" in page
    assert "Nothing is asked" in page


async def test_exact_numbers_may_mix_found_defective_and_missing(sign_in, ask, committing):
    question = await ask(5)

    async with sign_in(*ANSWER) as browser:
        await browser.open(f"/office/shop/{question.id}")
        data = {"line": 1, "found": "2", "defective": "1", "missing": "2"}
        await browser.send(f"/office/shop/{question.id}", data)

    assert await answers(committing, question.id) == [(2, 1, 2)]


async def test_everything_is_here_answers_all_lines(sign_in, ask, committing):
    question = await ask(1, 2)

    async with sign_in(*ANSWER) as browser:
        await browser.send(f"/office/shop/{question.id}", {"line": 0})

    assert await answers(committing, question.id) == [(1, 0, 0), (2, 0, 0)]


@pytest.mark.parametrize(
    "data",
    [
        {"line": 1, "found": 3},
        {"line": 1, "found": -1, "missing": 3},
        {"line": 1, "found": 1, "missing": 0},
        {"line": 1, "found": "many"},
        {"line": 9, "found": 1},
        {"found": 2},
        {"line": 1, "found": 1, "defective": 2},
    ],
)
async def test_what_does_not_add_up_is_told_and_changes_nothing(sign_in, ask, committing, data):
    question = await ask(2)

    async with sign_in(*ANSWER) as browser:
        refused = await browser.send(f"/office/shop/{question.id}", data, status=422)

    assert "error" in refused.text
    assert await answers(committing, question.id) == [None]


async def test_who_comes_late_or_second_is_told(sign_in, ask, committing, clock, now):
    first, late = await ask(1), await ask(1)
    async with committing.transaction() as tx:
        await answer(tx, first, now=now)

    async with sign_in(*ANSWER) as browser:
        second = await browser.send(f"/office/shop/{first.id}", {"line": 1, "found": 0}, status=422)
        clock.advance(timedelta(minutes=21))
        after = await browser.send(f"/office/shop/{late.id}", {"line": 1, "found": 1}, status=422)

    assert "Анна has already answered" in second.text
    assert "Time was up" in after.text
    assert await answers(committing, first.id) == [(1, 0, 0)]
    assert await answers(committing, late.id) == [None]


async def test_an_answer_sent_twice_counts_once(sign_in, ask, committing):
    question = await ask(2)

    async with sign_in(*ANSWER) as browser:
        for _ in range(2):
            await browser.send(f"/office/shop/{question.id}", {"line": 1, "found": 1})

    assert await answers(committing, question.id) == [(1, 0, 1)]


async def test_a_shop_may_name_who_answers_for_it_in_the_back_office(
    sign_in, ask, committing, shop, now
):
    question = await ask(1)
    async with committing.transaction() as tx:
        named = fulfilment.Shop(warehouse_id=shop.corner, members=(str(uuid4()),))
        await fulfilment.save_shop(tx, shop=named, now=now)

    async with sign_in(*ANSWER) as browser:
        assert question.order_number not in await browser.open("/office/shop")
        await browser.send(f"/office/shop/{question.id}", {"line": 1, "found": 1}, status=404)

    assert await answers(committing, question.id) == [None]


async def test_odd_addresses_do_no_harm(sign_in, ask):
    question = await ask(1)

    async with sign_in(*ANSWER) as browser:
        for query in ("shop=x", "taken=x", f"taken={uuid4()}", f"shop={uuid4()}", "shop=%22%3E"):
            page = await browser.open(f"/office/shop?{query}")
            assert '">"' not in page
        await browser.open(f"/office/shop/{uuid4()}", status=404)
        await browser.open(f"/office/shop/{question.id}")


async def test_the_order_is_confirmed_by_the_answer(sign_in, ask, committing, now):
    question = await ask(1)

    async with sign_in(*ANSWER) as browser:
        await browser.send(f"/office/shop/{question.id}", {"line": 1, "found": Decimal(1)})
    async with committing.transaction() as tx:
        order = await orders.get_order(tx, order_id=question.order_id)
        await look(tx, order, now=now)
        order = await orders.get_order(tx, order_id=question.order_id)

    assert order.state is orders.OrderState.CONFIRMED
