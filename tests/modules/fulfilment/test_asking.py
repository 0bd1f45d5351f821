"""One order, some shops: who is asked when, what each answer does, where it ends."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from hansa.modules import fulfilment, orders, stock
from hansa.modules.fulfilment import CaseState, OutcomeKind, Policy
from tests.support.fulfilment import (
    a_chain,
    an_order,
    answer,
    findings,
    look,
    open_questions,
)

ALL_AT_ONCE = Policy(market="ru", asking=fulfilment.Asking.ALL_AT_ONCE)
GIVE_UP = Policy(market="ru", nobody=fulfilment.Nobody.GIVE_UP)


async def state_of(tx, order):
    return (await orders.get_order(tx, order_id=order.id)).state


async def confirmed_in(tx, order):
    found = await fulfilment.allocations_of(tx, order_ids=[order.id])
    return {one.warehouse_id: one.quantity for one in found[order.id] if one.state == "confirmed"}


async def test_goods_of_the_warehouse_are_confirmed_at_once(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 3}, central=2)
    order = await an_order(tx, {chain.item: 2}, now=now)

    assert await look(tx, order, now=now) is CaseState.CONFIRMED

    assert await open_questions(tx, order) == []
    assert await confirmed_in(tx, order) == {chain.central: 2}
    assert await state_of(tx, order) is orders.OrderState.CONFIRMED
    assert await findings(tx) == []


async def test_a_shop_is_asked_and_its_yes_confirms_the_order(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1, 1: 1})
    order = await an_order(tx, {chain.item: 1}, now=now)
    assert await look(tx, order, now=now) is CaseState.ASKING
    [question] = await open_questions(tx, order)
    assert question.answer_by == now + timedelta(minutes=20)
    assert await findings(tx) == []

    outcome = await answer(tx, question, now=now)
    assert await look(tx, order, now=now) is CaseState.CONFIRMED

    assert outcome.kind is OutcomeKind.TAKEN
    assert await confirmed_in(tx, order) == {question.warehouse_id: 1}
    assert await state_of(tx, order) is orders.OrderState.CONFIRMED
    assert await findings(tx) == []


async def test_silence_leads_to_the_next_shop_and_never_back(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1, 1: 1})
    order = await an_order(tx, {chain.item: 1}, now=now)
    await look(tx, order, now=now)
    [first] = await open_questions(tx, order)

    later = first.answer_by
    await look(tx, order, now=later)
    [second] = await open_questions(tx, order)
    assert second.warehouse_id != first.warehouse_id
    last = await look(tx, order, now=second.answer_by)

    assert last is CaseState.OPERATOR
    assert await open_questions(tx, order) == []
    assert await stock.list_bindings(tx, order_ids=[order.id]) == []
    assert await findings(tx) == []


async def test_not_found_is_taken_off_the_shops_stock(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1, 1: 1})
    order = await an_order(tx, {chain.item: 1}, now=now)
    await look(tx, order, now=now)
    [question] = await open_questions(tx, order)

    await answer(tx, question, missing=1, now=now)
    await look(tx, order, now=now)

    [next_one] = await open_questions(tx, order)
    assert next_one.warehouse_id != question.warehouse_id
    [correction] = await stock.list_corrections(tx, limit=10)
    assert (correction.kind, correction.quantity) == ("missing", 1)
    left = await stock.availability(tx, channel="ru", variant_ids=[chain.item])
    assert left[chain.item].sellable == 1
    assert await findings(tx) == []


async def test_n_of_m_keeps_n_and_asks_elsewhere_for_the_rest(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 3, 1: 3})
    order = await an_order(tx, {chain.item: 3}, now=now)
    await look(tx, order, now=now)
    [question] = await open_questions(tx, order)

    await answer(tx, question, found=1, defective=1, missing=1, now=now)
    await look(tx, order, now=now)
    [rest] = await open_questions(tx, order)
    assert rest.lines[0].quantity == 2
    await answer(tx, rest, now=now)

    assert await look(tx, order, now=now) is CaseState.CONFIRMED
    assert await confirmed_in(tx, order) == {question.warehouse_id: 1, rest.warehouse_id: 2}
    assert await findings(tx) == []


async def test_first_yes_wins_when_all_are_asked(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1, 1: 1, 2: 1}, policy=ALL_AT_ONCE)
    order = await an_order(tx, {chain.item: 1}, now=now)
    await look(tx, order, now=now)
    asked = await open_questions(tx, order)
    assert len(asked) == 3
    assert await findings(tx) == []

    first = await answer(tx, asked[1], now=now)
    second = await answer(tx, asked[0], now=now)
    await look(tx, order, now=now)
    third = await answer(tx, asked[2], now=now)

    assert first.kind is OutcomeKind.TAKEN
    assert second.question.lines[0].kept == 0
    assert third.kind is OutcomeKind.WITHDRAWN
    assert await confirmed_in(tx, order) == {asked[1].warehouse_id: 1}
    assert await findings(tx) == []


async def test_parts_of_several_shops_add_up_to_what_is_wanted(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 3, 1: 3, 2: 3}, policy=ALL_AT_ONCE)
    order = await an_order(tx, {chain.item: 3}, now=now)
    await look(tx, order, now=now)
    asked = await open_questions(tx, order)

    await answer(tx, asked[0], found=2, missing=1, now=now)
    await answer(tx, asked[1], found=3, now=now)
    await look(tx, order, now=now)

    counts = await confirmed_in(tx, order)
    assert counts == {asked[0].warehouse_id: 2, asked[1].warehouse_id: 1}
    assert await findings(tx) == []


async def test_late_double_and_strangers_clicks_change_nothing(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1, 1: 1})
    for shop_id in chain.shops:
        shop = fulfilment.Shop(warehouse_id=shop_id, members=("U1", "U2"))
        await fulfilment.save_shop(tx, shop=shop, now=now)
    order = await an_order(tx, {chain.item: 1}, now=now)
    await look(tx, order, now=now)
    [question] = await open_questions(tx, order)
    stranger = fulfilment.Answerer(channel="slack", user="U9", name="?")
    other = fulfilment.Answerer(channel="slack", user="U2", name="Борис")

    refused = await answer(tx, question, by=stranger, now=now)
    taken = await answer(tx, question, now=now)
    twice = await answer(tx, question, now=now)
    against = await answer(tx, question, missing=1, by=other, now=now)
    assert [refused.kind, taken.kind, twice.kind, against.kind] == [
        OutcomeKind.NOT_A_MEMBER,
        OutcomeKind.TAKEN,
        OutcomeKind.REPEATED,
        OutcomeKind.ALREADY_ANSWERED,
    ]
    assert against.told.data["name"] == "Анна"
    assert await stock.list_corrections(tx, limit=10) == []


async def test_an_answer_after_the_deadline_is_too_late_even_before_the_clock_was_looked_at(
    tx, now
):
    chain = await a_chain(tx, now=now, stocks={0: 1, 1: 1})
    order = await an_order(tx, {chain.item: 1}, now=now)
    await look(tx, order, now=now)
    [question] = await open_questions(tx, order)

    late = await answer(tx, question, now=question.answer_by)
    await look(tx, order, now=question.answer_by)

    assert late.kind is OutcomeKind.LATE
    [second] = await open_questions(tx, order)
    assert second.warehouse_id != question.warehouse_id
    assert await findings(tx) == []


@pytest.mark.parametrize("quantities", [(2, 0, 0), (0, 0, 0), (-1, 1, 1), (0, 0, 2)])
async def test_an_answer_that_does_not_add_up_is_refused(tx, now, quantities):
    chain = await a_chain(tx, now=now, stocks={0: 1})
    order = await an_order(tx, {chain.item: 1}, now=now)
    await look(tx, order, now=now)
    [question] = await open_questions(tx, order)
    found, defective, missing = quantities

    with pytest.raises(fulfilment.AnswerInvalid):
        await answer(tx, question, found=found, defective=defective, missing=missing, now=now)


async def test_what_nobody_has_is_given_up_with_its_money(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: (1, 1)}, policy=GIVE_UP)
    order = await an_order(
        tx, {chain.item: 1, chain.other: 1}, now=now, standing=orders.PaymentStanding.AUTHORISED
    )
    await look(tx, order, now=now)
    [question] = await open_questions(tx, order)
    numbers = {line.variant_id: line.number for line in question.lines}

    await answer(tx, question, line=numbers[chain.item], now=now)
    await answer(tx, question, line=numbers[chain.other], missing=1, now=now)
    assert await look(tx, order, now=now) is CaseState.CONFIRMED

    left = await orders.get_order(tx, order_id=order.id)
    assert left.total.minor * 2 == order.total.minor
    assert await findings(tx) == []


async def test_an_order_nobody_can_fill_is_cancelled(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1}, policy=GIVE_UP)
    order = await an_order(tx, {chain.item: 1}, now=now)
    await look(tx, order, now=now)
    [question] = await open_questions(tx, order)

    await answer(tx, question, missing=1, now=now)
    assert await look(tx, order, now=now) is CaseState.ENDED

    assert await state_of(tx, order) is orders.OrderState.CANCELLED
    assert await findings(tx) == []


async def test_a_cancelled_order_withdraws_its_questions(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1})
    order = await an_order(tx, {chain.item: 1}, now=now)
    await look(tx, order, now=now)
    [question] = await open_questions(tx, order)
    await orders.cancel_order(tx, order_id=order.id, reason="", by=orders.By.SHOPPER, now=now)

    outcome = await answer(tx, question, now=now)
    assert await look(tx, order, now=now) is CaseState.ENDED

    assert outcome.kind is OutcomeKind.WITHDRAWN
    assert (await answer(tx, question, now=now)).kind is OutcomeKind.WITHDRAWN
    assert await findings(tx) == []


async def test_only_the_shop_of_pick_up_is_asked(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1, 1: 1}, central=5)
    order = await an_order(tx, {chain.item: 1}, now=now, shop_id=chain.shops[1])
    await look(tx, order, now=now)
    [question] = await open_questions(tx, order)
    assert question.warehouse_id == chain.shops[1]

    await answer(tx, question, missing=1, now=now)

    assert await look(tx, order, now=now) is CaseState.OPERATOR
    assert await open_questions(tx, order) == []
    assert await findings(tx) == []


async def test_what_a_shop_is_asked_for_cannot_be_promised_twice(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1, 1: 2})
    first = await an_order(tx, {chain.item: 1}, now=now)
    second = await an_order(tx, {chain.item: 2}, now=now)
    await look(tx, first, now=now)
    await look(tx, second, now=now)

    asked = [*await open_questions(tx, first), *await open_questions(tx, second)]

    total = {}
    for question in asked:
        for line in question.lines:
            total[question.warehouse_id] = total.get(question.warehouse_id, 0) + line.quantity
    assert total == {chain.shops[0]: 1, chain.shops[1]: Decimal(2)}
    assert await findings(tx) == []
