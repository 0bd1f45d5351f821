"""Whatever shops do and in whatever order: each piece comes from one shop, and no order is stuck.

Shops say yes, no, or a part, late, twice and out of turn; strangers press buttons; the clock runs;
jobs are lost until the periodic look; the shopper may cancel. After each step every check holds,
and when all is quiet the order is confirmed, given up or in an operator's hands, its money that of
the goods it gets.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from hansa.modules import fulfilment, orders, payments, stock
from hansa.modules.fulfilment import CaseState, OutcomeKind, Policy, by_hand, queries
from hansa.modules.fulfilment.model import PartState
from hansa.modules.fulfilment.store import cases as sql
from hansa.modules.orders import PaymentStanding
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor
from tests.support.fulfilment import Chain, a_chain, an_order, findings, look

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MANAGER = Actor(id=uuid4(), kind="staff", name="Мария")
INNOCENT = {OutcomeKind.REPEATED, OutcomeKind.ALREADY_ANSWERED, OutcomeKind.LATE}
INNOCENT |= {OutcomeKind.WITHDRAWN, OutcomeKind.NOT_A_MEMBER}

index = some.integers(0, 9)
# What a shop says of m pieces: so many are defective, so many missing, as far as there are pieces.
words = some.tuples(some.integers(0, 2), some.integers(0, 2))
steps = some.one_of(
    some.tuples(some.just("answer"), index, words),
    some.tuples(some.just("answer"), index, words),
    some.tuples(some.just("press_again"), index, words),
    some.tuples(some.just("stranger"), index),
    some.tuples(some.just("wait"), some.integers(1, 25)),
    some.tuples(some.just("look")),
    some.tuples(some.just("look")),
    some.tuples(some.just("withdraw"), index),
    some.tuples(some.just("ask_again")),
    some.tuples(some.just("take_back"), index),
    some.tuples(some.just("reduce"), some.sampled_from(["item", "other"])),
    some.tuples(some.just("cancel"), some.integers(0, 3)),
)
policies = some.builds(
    Policy,
    market=some.just("ru"),
    asking=some.sampled_from(list(fulfilment.Asking)),
    at_a_time=some.integers(2, 3),
    nobody=some.sampled_from(list(fulfilment.Nobody)),
    when_closed=some.sampled_from(list(fulfilment.WhenClosed)),
)
standings = some.sampled_from(
    [
        PaymentStanding.DUE,
        PaymentStanding.AUTHORISED,
        PaymentStanding.PAID,
        PaymentStanding.DEFERRED,
    ]
)
shelves = some.lists(some.tuples(some.integers(0, 3), some.integers(0, 2)), min_size=1, max_size=4)


@dataclass
class World:
    tx: Transaction
    chain: Chain
    order: orders.Order
    now: datetime = START
    asked: list[UUID] = field(default_factory=list)
    bad: Decimal = Decimal(0)

    async def answer(self, number: int, said: tuple[int, int]) -> None:
        found = await fulfilment.list_open_questions(self.tx, limit=100)
        if found:
            await self._say(found[number % len(found)], said)

    async def press_again(self, number: int, said: tuple[int, int]) -> None:
        """Press a button of any message there ever was."""
        await self._gather()
        if self.asked:
            question_id = self.asked[number % len(self.asked)]
            await self._say(await queries.get_question(self.tx, question_id=question_id), said)

    async def _say(self, question: fulfilment.Question, said: tuple[int, int]) -> None:
        answers = []
        for line in question.lines:
            defective = min(Decimal(said[0]), line.quantity)
            missing = min(Decimal(said[1]), line.quantity - defective)
            good = line.quantity - defective - missing
            answers.append(
                fulfilment.LineAnswer(
                    line=line.number, found=good, defective=defective, missing=missing
                )
            )
        open_lines = [line.number for line in question.lines if line.is_open]
        by = fulfilment.Answerer(channel="slack", user="U1", name="Анна")
        outcome = await fulfilment.take_answer(
            self.tx, question_id=question.id, answers=answers, by=by, now=self.now
        )
        if outcome.kind is OutcomeKind.TAKEN:
            assert self.now < question.answer_by
            self.bad += sum(
                (one.defective + one.missing for one in answers if one.line in open_lines),
                Decimal(0),
            )
        else:
            assert outcome.kind in INNOCENT

    async def stranger(self, number: int) -> None:
        await self._gather()
        if not self.asked:
            return
        question = await queries.get_question(
            self.tx, question_id=self.asked[number % len(self.asked)]
        )
        for line in question.lines:
            said = fulfilment.LineAnswer(line=line.number, missing=line.quantity)
            by = fulfilment.Answerer(channel="slack", user="U666", name="?")
            outcome = await fulfilment.take_answer(
                self.tx, question_id=question.id, answers=[said], by=by, now=self.now
            )
            assert outcome.kind is OutcomeKind.NOT_A_MEMBER

    async def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    async def look(self) -> None:
        await look(self.tx, self.order, now=self.now)
        await self._gather()

    async def withdraw(self, number: int) -> None:
        found = await fulfilment.list_open_questions(self.tx, limit=100)
        if found:
            await by_hand.withdraw_question(
                self.tx, question_id=found[number % len(found)].id, by=MANAGER, now=self.now
            )

    async def ask_again(self) -> None:
        try:
            await by_hand.ask_again(self.tx, order_id=self.order.id, by=MANAGER, now=self.now)
        except (fulfilment.CaseRefuses, fulfilment.CaseNotFound):
            return

    async def take_back(self, number: int) -> None:
        """A shop finds out later that what it confirmed is torn."""
        parts = [
            part
            for part in await self.tx.all(sql.PARTS_OF, {"order_id": self.order.id})
            if part.state == PartState.CONFIRMED
        ]
        if not parts:
            return
        part = parts[number % len(parts)]
        try:
            await by_hand.take_back(
                self.tx,
                part_id=part.id,
                order_id=self.order.id,
                defective=Decimal(1),
                missing=Decimal(0),
                by=MANAGER,
                now=self.now,
            )
        except fulfilment.CaseRefuses:
            return
        self.bad += 1

    async def reduce(self, which: str) -> None:
        """The manager takes a piece off the order on its own page."""
        variant_id = self.chain.item if which == "item" else self.chain.other
        order = await orders.get_order(self.tx, order_id=self.order.id)
        left = {line.variant_id: line.left for line in order.lines}
        if order.state in {orders.OrderState.PLACED, orders.OrderState.CONFIRMED} and left.get(
            variant_id
        ):
            await orders.give_up(
                self.tx,
                order_id=order.id,
                lines=[(variant_id, Decimal(1))],
                reason="",
                by=orders.By.STAFF,
                now=self.now,
            )
            await self.look()

    async def cancel(self, chance: int) -> None:
        order = await orders.get_order(self.tx, order_id=self.order.id)
        if chance == 0 and orders.OrderState.CANCELLED in orders.targets(
            order.state, orders.By.STAFF
        ):
            await orders.cancel_order(
                self.tx, order_id=order.id, reason="", by=orders.By.STAFF, now=self.now
            )
            await self.look()

    async def _gather(self) -> None:
        rows = await self.tx.all(sql.QUESTIONS_OF, {"order_id": self.order.id})
        self.asked = [row.id for row in rows]

    async def case(self):
        return await self.tx.maybe(sql.LOCK_CASE, {"order_id": self.order.id})

    async def comes_to_rest(self) -> None:
        """Let nobody press anything any more: the clock alone leads to an end."""
        for _ in range(60):
            await self.look()
            case = await self.case()
            if case.look_at is None:
                break
            self.now = max(self.now, case.look_at)
        else:
            raise AssertionError("the order is stuck")
        if case.state == CaseState.OPERATOR:
            await self._operator_gives_up()
            case = await self.case()
        assert case.state in {CaseState.CONFIRMED, CaseState.ENDED}

    async def _operator_gives_up(self) -> None:
        order = await orders.get_order(self.tx, order_id=self.order.id)
        parts = await self.tx.all(sql.PARTS_OF, {"order_id": order.id})
        pieces = []
        for line in order.lines:
            has = sum((p.quantity for p in parts if p.variant_id == line.variant_id), Decimal(0))
            if line.left > has:
                pieces.append((line.variant_id, line.left - has))
        await by_hand.give_up_by_hand(
            self.tx,
            order_id=order.id,
            pieces=pieces,
            reason="sorry",
            by=MANAGER,
            now=self.now,
        )
        await self.look()

    async def money_is_that_of_the_goods(self) -> None:
        order = await orders.get_order(self.tx, order_id=self.order.id)
        attempts = await payments.list_of_subject(
            self.tx, subject_kind=orders.SUBJECT, subject_id=order.id
        )
        [payment] = attempts
        if order.state is orders.OrderState.CANCELLED:
            assert payment.wanted is payments.Wanted.VOID
            return
        assert payment.kept_minor == order.total.minor
        assert sum(line.amount.minor for line in order.lines) == order.total.minor
        if payment.state is payments.PaymentState.AUTHORISED:
            assert payment.capture_minor == order.total.minor

    async def stock_knows_what_is_bad(self) -> None:
        corrected = await stock.list_corrections(self.tx, limit=1000)
        assert sum((one.quantity for one in corrected), Decimal(0)) == self.bad


async def live_through(dsn, policy, standing, stocks, wanted, history) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute("begin")
        tx = Transaction(connection)
        chain = await a_chain(
            tx,
            now=START,
            stocks=dict(enumerate(stocks)),
            central=(0, 1),
            policy=policy,
        )
        for number, shop_id in enumerate(chain.shops):
            hours = {day: (fulfilment.Opening(600 + 30 * number, 1200),) for day in range(7)}
            shop = fulfilment.Shop(warehouse_id=shop_id, members=("U1",), hours=hours)
            await fulfilment.save_shop(tx, shop=shop, now=START)
        has = [sum(one[0] for one in stocks), sum(one[1] for one in stocks) + 1]
        lines = {
            variant: min(count, there)
            for variant, count, there in zip((chain.item, chain.other), wanted, has, strict=True)
            if min(count, there)
        }
        order = await an_order(tx, lines, now=START, standing=standing)
        world = World(tx, chain, order)
        await world.look()
        for name, *arguments in history:
            await getattr(world, name)(*arguments)
            await world.look() if name == "reduce" else None
            await no_piece_is_promised_twice(world)
        await world.comes_to_rest()
        assert await findings(tx) == []
        await world.money_is_that_of_the_goods()
        await world.stock_knows_what_is_bad()
        await connection.execute("rollback")


async def no_piece_is_promised_twice(world: World) -> None:
    order = await orders.get_order(world.tx, order_id=world.order.id)
    found = await fulfilment.allocations_of(world.tx, order_ids=[order.id])
    for line in order.lines:
        sure = [
            one.quantity
            for one in found[order.id]
            if one.variant_id == line.variant_id and one.state == PartState.CONFIRMED
        ]
        if order.state is not orders.OrderState.CANCELLED:
            assert sum(sure, Decimal(0)) <= line.left


_QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]


@settings(max_examples=60, deadline=None, suppress_health_check=_QUIET)
@given(
    policy=policies,
    standing=standings,
    stocks=shelves,
    wanted=some.tuples(some.integers(1, 4), some.integers(1, 2)),
    history=some.lists(steps, max_size=25),
)
def test_each_piece_comes_from_one_shop_and_no_order_is_stuck(
    database_dsn, policy, standing, stocks, wanted, history
):
    asyncio.run(live_through(database_dsn, policy, standing, stocks, wanted, history))


@pytest.mark.long
@pytest.mark.timeout(3600)
@settings(max_examples=1500, deadline=None, suppress_health_check=_QUIET)
@given(
    policy=policies,
    standing=standings,
    stocks=shelves,
    wanted=some.tuples(some.integers(1, 4), some.integers(1, 2)),
    history=some.lists(steps, min_size=10, max_size=60),
)
def test_each_piece_comes_from_one_shop_in_long_histories(
    database_dsn, policy, standing, stocks, wanted, history
):
    asyncio.run(live_through(database_dsn, policy, standing, stocks, wanted, history))
