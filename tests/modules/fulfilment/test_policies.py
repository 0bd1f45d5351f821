"""How many are asked at once, what closed and resting shops change, and how orders are split."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hansa.modules import fulfilment, orders, stock
from hansa.modules.fulfilment import (
    Asking,
    CaseState,
    Criterion,
    Policy,
    Rule,
    StoredRule,
    WhenClosed,
    queries,
)
from hansa.modules.orders import OrderState
from tests.support.fulfilment import a_chain, an_order, answer, findings, look, open_questions

# The tests' noon is a Saturday, 15:00 in Moscow.
OPEN_NOW = {5: (fulfilment.Opening(600, 1260),), 6: (fulfilment.Opening(600, 1260),)}
SUNDAY = {6: (fulfilment.Opening(600, 1260),)}


async def describe(tx, shop_id, now, **how):
    shop = fulfilment.Shop(warehouse_id=shop_id, **how)
    await fulfilment.save_shop(tx, shop=shop, now=now)


async def test_several_are_asked_at_a_time_and_who_says_no_is_replaced(tx, now):
    policy = Policy(market="ru", asking=Asking.K_AT_A_TIME, at_a_time=2)
    chain = await a_chain(tx, now=now, stocks=dict.fromkeys(range(4), 1), policy=policy)
    order = await an_order(tx, {chain.item: 1}, now=now)
    await look(tx, order, now=now)
    asked = await open_questions(tx, order)
    assert len(asked) == 2

    await answer(tx, asked[0], missing=1, now=now)
    await look(tx, order, now=now)

    again = await open_questions(tx, order)
    assert len(again) == 2
    assert asked[0].warehouse_id not in {one.warehouse_id for one in again}
    assert await findings(tx) == []


async def test_a_question_to_a_closed_shop_waits_for_its_opening(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1})
    await describe(tx, chain.shops[0], now, hours=SUNDAY)
    order = await an_order(tx, {chain.item: 1}, now=now)

    assert await look(tx, order, now=now) is CaseState.ASKING
    assert await open_questions(tx, order) == []
    [waiting] = await fulfilment.list_waiting_questions(tx)
    opens = now + timedelta(hours=19)  # Sunday, 10:00 in Moscow
    assert (waiting.asked_at, waiting.answer_by) == (opens, opens + timedelta(minutes=20))
    assert [one.quantity for one in await stock.list_bindings(tx, order_ids=[order.id])] == [1]
    assert await findings(tx) == []

    await look(tx, order, now=opens)
    [question] = await open_questions(tx, order)
    await answer(tx, question, now=opens)
    assert await look(tx, order, now=opens) is CaseState.CONFIRMED


@pytest.mark.parametrize("when_closed", list(WhenClosed))
async def test_an_open_shop_is_asked_first_if_the_policy_says_so(tx, now, when_closed):
    policy = Policy(market="ru", when_closed=when_closed)
    chain = await a_chain(tx, now=now, stocks={0: 1, 1: 1}, policy=policy)
    await describe(tx, chain.shops[0], now, hours=SUNDAY)
    await describe(tx, chain.shops[1], now, hours=OPEN_NOW)
    order = await an_order(tx, {chain.item: 1}, now=now)

    await look(tx, order, now=now)

    asked = [one.warehouse_id for one in await open_questions(tx, order)]
    assert asked == ([chain.shops[1]] if when_closed is WhenClosed.NEXT else [])


async def test_if_all_are_closed_the_first_to_rank_is_waited_for(tx, now):
    policy = Policy(market="ru", when_closed=WhenClosed.NEXT)
    chain = await a_chain(tx, now=now, stocks={0: 1, 1: 1}, policy=policy)
    for shop_id in chain.shops:
        await describe(tx, shop_id, now, hours=SUNDAY)
    order = await an_order(tx, {chain.item: 1}, now=now)

    assert await look(tx, order, now=now) is CaseState.ASKING

    assert len(await fulfilment.list_waiting_questions(tx)) == 1


async def test_a_shop_that_rests_is_not_asked(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1, 1: 1})
    await describe(tx, chain.shops[0], now, is_paused_until=now + timedelta(days=1))
    order = await an_order(tx, {chain.item: 1}, now=now)

    await look(tx, order, now=now)

    assert [one.warehouse_id for one in await open_questions(tx, order)] == [chain.shops[1]]


async def test_without_asking_goods_of_shops_are_taken_at_once(tx, now):
    policy = Policy(market="ru", asks_shops=False)
    chain = await a_chain(tx, now=now, stocks={0: 2}, policy=policy)
    order = await an_order(tx, {chain.item: 2}, now=now)

    assert await look(tx, order, now=now) is CaseState.CONFIRMED
    assert await findings(tx) == []


async def test_an_order_is_split_between_warehouse_and_shops(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: (2, 0), 1: (0, 1)}, central=(1, 0))
    order = await an_order(tx, {chain.item: 3, chain.other: 1}, now=now)

    assert await look(tx, order, now=now) is CaseState.ASKING
    found = await fulfilment.allocations_of(tx, order_ids=[order.id])
    placed = {(one.warehouse_id, one.variant_id): one.quantity for one in found[order.id]}
    assert placed == {
        (chain.central, chain.item): 1,
        (chain.shops[0], chain.item): 2,
        (chain.shops[1], chain.other): 1,
    }
    for question in await open_questions(tx, order):
        await answer(tx, question, now=now)

    assert await look(tx, order, now=now) is CaseState.CONFIRMED
    assert await findings(tx) == []


async def test_a_rule_of_the_market_decides_and_its_reasons_are_kept(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1, 1: 1}, central=1)
    rule = Rule(
        name="Shops first",
        kinds=("shop",),
        rank=(Criterion.SEQUENCE,),
        sequence=("shop-1",),
    )
    stored = StoredRule(id=chain.item, market="ru", position=1, rule=rule)
    await fulfilment.save_rule(tx, stored=stored, now=now)
    order = await an_order(tx, {chain.item: 1}, now=now)

    await look(tx, order, now=now)

    assert [one.warehouse_id for one in await open_questions(tx, order)] == [chain.shops[1]]
    story = await fulfilment.get_case(tx, order_id=order.id)
    reasons = {one.warehouse_id: one.reason.name for one in story.decisions[0].judged}
    assert reasons == {
        chain.central: "WRONG_KIND",
        chain.shops[0]: "ALSO_GOOD",
        chain.shops[1]: "CHOSEN",
    }
    plan = await fulfilment.try_order(tx, order_id=order.id, now=now)
    assert [one.place_id for one in plan.taken] == [chain.shops[1]]


async def test_a_shopper_sees_how_far_the_search_is(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1})
    order = await an_order(tx, {chain.item: 1}, now=now)
    await look(tx, order, now=now)

    asking = await queries.progress_of(tx, order_id=order.id)
    [question] = await open_questions(tx, order)
    await answer(tx, question, now=now)
    await look(tx, order, now=now)
    done = await queries.progress_of(tx, order_id=order.id)

    assert asking is not None
    assert [one["en"] for one in asking.asked_shops] == ["Shop 0"]
    assert asking.answer_by == question.answer_by
    assert asking.parts[0].warehouse is None
    assert done is not None
    assert (done.state, done.asked_shops) == (CaseState.CONFIRMED, ())
    assert done.parts[0].warehouse == {"ru": "Магазин 0", "en": "Shop 0"}


async def test_an_order_that_others_pack_is_left_alone(tx, now):
    chain = await a_chain(tx, now=now, stocks={0: 1})
    order = await an_order(tx, {chain.item: 1}, now=now)
    await look(tx, order, now=now)
    [question] = await open_questions(tx, order)
    await pack(tx, order, now)

    assert await look(tx, order, now=now) is CaseState.ENDED

    outcome = await answer(tx, question, now=now)
    assert outcome.kind is fulfilment.OutcomeKind.WITHDRAWN


async def pack(tx, order, now):
    await orders.advance(tx, order_id=order.id, to=OrderState.PACKED, by=orders.By.STAFF, now=now)
