"""Several orders want the last pieces of the same shops: none is stuck, no piece sold twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from hansa.modules import fulfilment
from hansa.modules.fulfilment import CaseState, Policy
from hansa.modules.fulfilment.store import cases as sql
from hansa.modules.orders import PaymentStanding
from hansa.runtime.database import Transaction
from tests.support.fulfilment import a_chain, an_order, findings, look

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ANNA = fulfilment.Answerer(channel="slack", user="U1", name="Анна")

index = some.integers(0, 9)
steps = some.one_of(
    some.tuples(some.just("look"), index, some.just(0)),
    some.tuples(some.just("answer"), index, some.integers(0, 2)),
    some.tuples(some.just("answer"), index, some.just(0)),
    some.tuples(some.just("wait"), some.integers(1, 25), some.just(0)),
)
policies = some.builds(
    Policy,
    market=some.just("ru"),
    asking=some.sampled_from(list(fulfilment.Asking)),
    nobody=some.sampled_from(list(fulfilment.Nobody)),
)


async def live_through(dsn, policy, stocks, wanted, history) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute("begin")
        tx, now = Transaction(connection), START
        chain = await a_chain(tx, now=now, stocks=dict(enumerate(stocks)), policy=policy)
        placed, left = [], sum(stocks)
        for count in wanted:
            if count <= left:
                standing = PaymentStanding.AUTHORISED
                placed.append(await an_order(tx, {chain.item: count}, now=now, standing=standing))
                left -= count
        truth = dict(zip(chain.shops, stocks, strict=True))
        for kind, number, bad in history:
            if kind == "wait":
                now += timedelta(minutes=number)
            elif kind == "look" and placed:
                await look(tx, placed[number % len(placed)], now=now)
            elif kind == "answer":
                await _answer(tx, truth, number, bad, now)
            assert await findings(tx) == []
        await _come_to_rest(tx, placed, now)
        await connection.execute("rollback")


async def _answer(tx, truth, number, bad, now) -> None:
    """Let a shop say what is on its shelf; sometimes it finds less."""
    found = await fulfilment.list_open_questions(tx, limit=100)
    if not found:
        return
    question = found[number % len(found)]
    [line] = question.lines
    good = max(Decimal(0), line.quantity - bad)
    said = fulfilment.LineAnswer(line=1, found=good, missing=line.quantity - good)
    outcome = await fulfilment.take_answer(
        tx, question_id=question.id, answers=[said], by=ANNA, now=now
    )
    truth[question.warehouse_id] -= outcome.question.lines[0].kept
    assert truth[question.warehouse_id] >= 0, "a shop never promises more than it has"


async def _come_to_rest(tx, placed, now) -> None:
    for _ in range(300):
        clocks = []
        for order in placed:
            await look(tx, order, now=now)
            case = await tx.one(sql.LOCK_CASE, {"order_id": order.id})
            clocks += [case.look_at] if case.look_at is not None else []
        if not clocks:
            break
        now = max(now, min(clocks))
    else:
        raise AssertionError("an order is stuck")
    for order in placed:
        case = await tx.one(sql.LOCK_CASE, {"order_id": order.id})
        assert case.state != CaseState.ASKING
    assert await findings(tx) == []


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    policy=policies,
    stocks=some.lists(some.integers(0, 2), min_size=1, max_size=4),
    wanted=some.lists(some.integers(1, 2), min_size=1, max_size=4),
    history=some.lists(steps, max_size=20),
)
def test_orders_that_want_the_same_pieces_all_come_to_an_end(
    database_dsn, policy, stocks, wanted, history
):
    asyncio.run(live_through(database_dsn, policy, stocks, wanted, history))
