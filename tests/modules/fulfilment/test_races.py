"""Two at once: of two answers, an answer and the clock, an answer and a cancellation, one wins."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hansa.modules import fulfilment, orders
from hansa.modules.fulfilment import CaseState, OutcomeKind, Policy
from tests.support.fulfilment import a_chain, an_order, answer, findings, look, open_questions
from tests.support.races import until_blocked

SIDE_BY_SIDE = Policy(market="ru", asking=fulfilment.Asking.ALL_AT_ONCE)
BORIS = fulfilment.Answerer(channel="slack", user="U2", name="Борис")


@pytest.fixture
def case(committing, now):
    """Give a committed order that is being asked for in so many shops, and its questions."""

    async def make(shops: int = 1, *, policy: Policy = SIDE_BY_SIDE, **wanted):
        async with committing.transaction() as tx:
            chain = await a_chain(tx, now=now, stocks=dict.fromkeys(range(shops), 1), policy=policy)
            order = await an_order(tx, {chain.item: 1}, now=now, **wanted)
            await look(tx, order, now=now)
            return order, await open_questions(tx, order)

    return make


async def settled(committing, order, *, now):
    async with committing.transaction() as tx:
        state = await look(tx, order, now=now)
        assert await findings(tx) == []
    return state


async def confirmed(committing, order):
    async with committing.snapshot() as snap:
        found = await fulfilment.allocations_of(snap, order_ids=[order.id])
    return [one for one in found[order.id] if one.state == "confirmed"]


async def test_of_two_people_of_one_shop_the_first_answers(committing, case, now, two_transactions):
    order, [question] = await case()
    first, second = two_transactions

    taken = await answer(first, question, now=now)
    waiting = asyncio.create_task(answer(second, question, missing=1, by=BORIS, now=now))
    await until_blocked(committing.dsn, waiting)
    await first.connection.execute("commit")
    refused = await waiting
    await second.connection.execute("commit")

    assert (taken.kind, refused.kind) == (OutcomeKind.TAKEN, OutcomeKind.ALREADY_ANSWERED)
    assert await settled(committing, order, now=now) is CaseState.CONFIRMED


async def test_of_two_shops_that_say_yes_at_once_one_keeps_the_piece(
    committing, case, now, two_transactions
):
    order, [one, other] = await case(2)
    first, second = two_transactions

    won = await answer(first, one, now=now)
    waiting = asyncio.create_task(answer(second, other, now=now))
    await until_blocked(committing.dsn, waiting)
    await first.connection.execute("commit")
    lost = await waiting
    await second.connection.execute("commit")

    assert (won.question.lines[0].kept, lost.question.lines[0].kept) == (1, 0)
    assert await settled(committing, order, now=now) is CaseState.CONFIRMED
    [piece] = await confirmed(committing, order)
    assert piece.warehouse_id == one.warehouse_id


@pytest.mark.parametrize("answer_first", [True, False])
async def test_an_answer_meets_its_deadline(committing, case, now, two_transactions, answer_first):
    order, [question] = await case()
    first, second = two_transactions
    deadline = question.answer_by

    def answering(tx):
        return answer(tx, question, now=deadline - timedelta(seconds=1))

    def clock(tx):
        return look(tx, order, now=deadline)

    if answer_first:
        outcome = await answering(first)
        waiting = asyncio.create_task(clock(second))
    else:
        await clock(first)
        waiting = asyncio.create_task(answering(second))
    await until_blocked(committing.dsn, waiting)
    await first.connection.execute("commit")
    later = await waiting
    await second.connection.execute("commit")

    kind = outcome.kind if answer_first else later.kind
    assert kind is (OutcomeKind.TAKEN if answer_first else OutcomeKind.LATE)
    expected = CaseState.CONFIRMED if answer_first else CaseState.OPERATOR
    assert await settled(committing, order, now=deadline) is expected


@pytest.mark.parametrize("answer_first", [True, False])
async def test_an_answer_meets_a_cancellation(
    committing, case, now, two_transactions, answer_first
):
    order, [question] = await case()
    first, second = two_transactions

    def cancel(tx):
        return orders.cancel_order(tx, order_id=order.id, reason="", by=orders.By.SHOPPER, now=now)

    if answer_first:
        outcome = await answer(first, question, now=now)
        waiting = asyncio.create_task(cancel(second))
    else:
        await cancel(first)
        waiting = asyncio.create_task(answer(second, question, now=now))
    await until_blocked(committing.dsn, waiting)
    await first.connection.execute("commit")
    later = await waiting
    await second.connection.execute("commit")

    kind = outcome.kind if answer_first else later.kind
    assert kind is (OutcomeKind.TAKEN if answer_first else OutcomeKind.WITHDRAWN)
    assert await settled(committing, order, now=now) is CaseState.ENDED
    assert await confirmed(committing, order) == []


async def test_looks_answers_and_cancellations_in_any_number_never_deadlock(committing, case, now):
    order, questions = await case(4)

    async def do(work):
        async with committing.transaction() as tx:
            await work(tx)

    def cancel(tx):
        return orders.cancel_order(tx, order_id=order.id, reason="", by=orders.By.STAFF, now=now)

    works = [
        *(lambda tx, q=q: answer(tx, q, missing=1, now=now) for q in questions),
        *(lambda tx, q=q: answer(tx, q, now=now) for q in questions),
        *(lambda tx: look(tx, order, now=now) for _ in range(4)),
        cancel,
    ]
    failed = await asyncio.gather(*(do(work) for work in works), return_exceptions=True)

    assert [one for one in failed if one is not None] == []
    assert await settled(committing, order, now=now) is CaseState.ENDED


@pytest.mark.parametrize("policy", [SIDE_BY_SIDE, Policy(market="ru")])
async def test_two_orders_that_want_the_same_last_pieces_share_them(committing, now, policy):
    async with committing.transaction() as tx:
        chain = await a_chain(tx, now=now, stocks={0: 1, 1: 1}, policy=policy)
        placed = [await an_order(tx, {chain.item: 1}, now=now) for _ in range(2)]

    async def one(order):
        async with committing.transaction() as tx:
            return await look(tx, order, now=now)

    assert await asyncio.gather(*(one(order) for order in placed)) == [CaseState.ASKING] * 2

    # Whoever asks both shops keeps one; the other one's goods come free for the second order.
    for order in (*placed, *placed):
        async with committing.transaction() as tx:
            await look(tx, order, now=now)
            for question in (await open_questions(tx, order))[:1]:
                await answer(tx, question, now=now)
            await look(tx, order, now=now)
    async with committing.snapshot() as snap:
        found = await fulfilment.allocations_of(snap, order_ids=[order.id for order in placed])
        assert await findings(snap) == []
    pieces = [one for parts in found.values() for one in parts]
    assert [one.state for one in pieces] == ["confirmed", "confirmed"]
    assert {one.warehouse_id for one in pieces} == set(chain.shops)
