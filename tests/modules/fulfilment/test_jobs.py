"""Messages to shops: written down before and after, repeated under one key, brought up to date."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from hansa.kernel.errors import Rejected, Unavailable
from hansa.modules import fulfilment, orders
from hansa.modules.fulfilment import CaseState, jobs
from hansa.modules.fulfilment.store import notices as sql
from hansa.modules.fulfilment.work import LookAtClocks, SendQuestion, UpdateQuestion
from tests.support.fulfilment import a_chain, an_order, answer, look, open_questions


class SaysNo(Rejected):
    """The vendor will never send this."""

    code = "test.says_no"
    message = "channel_not_found"


@dataclass
class Wall:
    """A place where messages are pinned; it loses answers and refuses on demand."""

    pinned: list[tuple[str, bool]] = field(default_factory=list)
    shown: list[fulfilment.Question] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)

    async def ask(self, question, shop, *, key, is_repeat):  # noqa: ARG002
        self.pinned.append((key, is_repeat))
        if self.trouble:
            raise self.trouble.pop(0)
        return {"message": str(len(self.pinned))}

    async def update(self, handle, question, shop, text):  # noqa: ARG002
        self.shown.append(question)
        if self.trouble:
            raise self.trouble.pop(0)

    def get(self, name):
        return self if name == "slack" else None


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def context(committing, clock, wall):
    return SimpleNamespace(database=committing, clock=clock, service=lambda _kind: wall)


@pytest.fixture
async def asked(committing, now):
    """An order of which a shop is asked in Slack, and the question."""
    async with committing.transaction() as tx:
        chain = await a_chain(tx, now=now, stocks={0: 2})
        shop = fulfilment.Shop(warehouse_id=chain.shops[0], channel="slack", address="C1")
        await fulfilment.save_shop(tx, shop=shop, now=now)
        order = await an_order(tx, {chain.item: 2}, now=now)
        await look(tx, order, now=now)
        [question] = await open_questions(tx, order)
        return order, question


async def send(context, question):
    await jobs.run_send_question(context, SendQuestion(question_id=question.id))


async def update(context, question):
    await jobs.run_update_question(context, UpdateQuestion(question_id=question.id))


async def notice(committing, question):
    async with committing.snapshot() as snap:
        return await snap.maybe(sql.GET, {"question_id": question.id})


async def test_a_question_is_sent_once_whatever_is_repeated(context, committing, wall, asked):
    _, question = asked

    await send(context, question)
    await send(context, question)

    assert wall.pinned == [(f"question:{question.id}", False)]
    assert (await notice(committing, question)).state == "sent"


async def test_after_a_lost_answer_it_is_sent_again_as_a_repeat(context, committing, wall, asked):
    _, question = asked
    wall.trouble = [Unavailable()]

    with pytest.raises(Unavailable):
        await send(context, question)
    assert (await notice(committing, question)).state == "unknown"
    await send(context, question)

    key = f"question:{question.id}"
    assert wall.pinned == [(key, False), (key, True)]
    assert (await notice(committing, question)).state == "sent"


async def test_a_crash_between_the_call_and_its_note_is_a_repeat_too(
    context, committing, wall, asked
):
    _, question = asked
    wall.trouble = [KeyboardInterrupt()]

    with pytest.raises(KeyboardInterrupt):
        await send(context, question)
    assert (await notice(committing, question)).state == "intended"
    await send(context, question)

    assert [is_repeat for _, is_repeat in wall.pinned] == [False, True]


async def test_a_refusal_stays_with_a_person(context, committing, wall, asked):
    _, question = asked
    wall.trouble = [SaysNo()]

    await send(context, question)

    held = await notice(committing, question)
    assert (held.state, held.error) == ("failed", "channel_not_found")


async def test_what_is_over_before_it_was_sent_is_not_sent(context, committing, wall, asked, now):
    order, question = asked
    async with committing.transaction() as tx:
        await orders.cancel_order(tx, order_id=order.id, reason="", by=orders.By.SHOPPER, now=now)
        await look(tx, order, now=now)

    await send(context, question)
    await update(context, question)

    assert wall.pinned == []
    assert wall.shown == []


async def test_a_message_is_brought_up_to_date_once_per_change(
    context, committing, wall, asked, now
):
    order, question = asked
    await send(context, question)
    await update(context, question)
    assert wall.shown == []

    async with committing.transaction() as tx:
        await answer(tx, question, found=1, missing=1, now=now)
    await update(context, question)
    await update(context, question)
    assert [one.state for one in wall.shown] == ["answered"]

    async with committing.transaction() as tx:
        await orders.cancel_order(tx, order_id=order.id, reason="", by=orders.By.SHOPPER, now=now)
        await look(tx, order, now=now)
    await update(context, question)
    assert [one.lines[0].kept for one in wall.shown] == [1, 0]


async def test_an_update_that_got_lost_is_made_again(context, committing, wall, asked, now):
    _, question = asked
    await send(context, question)
    async with committing.transaction() as tx:
        await answer(tx, question, now=now)
    wall.trouble = [Unavailable()]

    with pytest.raises(Unavailable):
        await update(context, question)
    await update(context, question)

    assert len(wall.shown) == 2


async def test_a_look_that_was_lost_is_made_up_for_by_the_clock(
    context, committing, clock, asked, now
):
    order, question = asked
    clock.advance(question.answer_by - now)

    await jobs.run_look_at_clocks(context, LookAtClocks())

    async with committing.transaction() as tx:
        queued = await tx.scalar(
            "select count(*) from jobs.procrastinate_jobs"
            " where task_name = 'fulfilment.look_at_case' and scheduled_at is null"
        )
        assert queued == 1
        assert await look(tx, order, now=clock.now()) is CaseState.OPERATOR


async def test_an_answer_whose_job_was_lost_is_followed_up_by_the_clock(
    context, committing, clock, asked, now
):
    order, question = asked
    async with committing.transaction() as tx:
        await answer(tx, question, now=now)
        await tx.execute("delete from jobs.procrastinate_jobs where status = 'todo'")

    await jobs.run_look_at_clocks(context, LookAtClocks())

    async with committing.transaction() as tx:
        queued = await tx.scalar(
            "select count(*) from jobs.procrastinate_jobs"
            " where task_name = 'fulfilment.look_at_case'"
        )
        assert queued == 1
        assert await look(tx, order, now=now) is CaseState.CONFIRMED
