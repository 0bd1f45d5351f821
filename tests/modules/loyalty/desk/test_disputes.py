"""Cases about points: opened once, asked, given by a correction, or refused with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hansa.modules.loyalty import desk
from hansa.modules.loyalty.desk.model import ANSWER_WITHIN, PARTNER_ANSWERS_WITHIN
from tests.modules.loyalty.desk.test_corrections import VERA, approve, refuse, work
from tests.modules.loyalty.points.conftest import Play

DAY = timedelta(days=1)
STAFF = desk.Opener(side=desk.Side.STAFF, id=VERA.id)


async def a_case(play: Play, **fields: Any) -> desk.Dispute:
    values = {
        "programme_id": play.programme.id,
        "member_id": play.member.id,
        "kind": desk.DisputeKind.MISSING,
        "said": "I bought bread and got nothing",
        "partner_id": play.shop.id,
        "receipt": "r-17",
    } | fields
    opener = desk.Opener(side=desk.Side.MEMBER, id=play.member.id)
    async with play.context.database.transaction() as tx:
        return await desk.open_dispute(
            tx, new=desk.NewDispute(**values), opener=opener, now=play.clock.now()
        )


async def ask(play: Play, case: desk.Dispute) -> desk.Dispute:
    async with play.context.database.transaction() as tx:
        return await desk.ask_partner(
            tx, dispute_id=case.id, question="Was it sold?", by=VERA, now=play.clock.now()
        )


async def give(play: Play, case: desk.Dispute, points: int = 40) -> desk.Correction:
    async with play.context.database.transaction() as tx:
        return await desk.give_points(
            tx, dispute_id=case.id, points=points, reason="Given", by=VERA, now=play.clock.now()
        )


async def end(play: Play, case: desk.Dispute) -> desk.Dispute:
    async with play.context.database.transaction() as tx:
        return await desk.refuse_dispute(
            tx, dispute_id=case.id, answer="It was returned", by=VERA, now=play.clock.now()
        )


async def get(play: Play, case: desk.Dispute) -> desk.Dispute:
    async with play.context.database.snapshot() as snap:
        return await desk.get_dispute(snap, dispute_id=case.id)


async def test_the_same_thing_is_one_case_while_it_is_open(play):
    first = await a_case(play)
    again = await a_case(play, said="Where are my points?")
    other = await a_case(play, receipt="r-18")
    no_posting = await a_case(play, partner_id=None, receipt="")
    no_posting_again = await a_case(play, partner_id=None, receipt="")
    await end(play, first)
    anew = await a_case(play)

    assert again == first
    assert len({first.id, other.id, no_posting.id, anew.id}) == 4
    assert no_posting_again.id == no_posting.id
    assert first.due_at == play.clock.now() + ANSWER_WITHIN


async def test_points_are_given_once_the_correction_is_posted(play):
    case = await a_case(play)
    correction = await give(play, case)
    while_waiting = await get(play, case)
    with pytest.raises(desk.CorrectionWaits):
        await give(play, case)
    with pytest.raises(desk.CorrectionWaits):
        await end(play, case)
    await approve(play, correction)
    await work(play, correction)

    ended = await get(play, case)
    assert while_waiting.state is desk.DisputeState.OPEN
    assert ended.state is desk.DisputeState.GIVEN
    assert ended.correction_id == correction.id
    assert (await play.balance()).posted == 40
    with pytest.raises(desk.DisputeOver):
        await end(play, case)


async def test_a_case_goes_on_when_its_correction_does_not(play):
    case = await a_case(play)
    await refuse(play, await give(play, case))
    after_refusal = await get(play, case)
    failing = await give(play, case, -50)
    await approve(play, failing)
    await work(play, failing)

    after_failure = await get(play, case)
    assert after_refusal.correction_id is None
    assert after_failure.state is desk.DisputeState.OPEN
    assert after_failure.correction_id is None
    assert (await end(play, case)).answer == "It was returned"


async def test_a_partner_is_asked_and_answers(play):
    case = await a_case(play)
    play.later(days=8)
    asked = await ask(play, case)
    due_at = play.clock.now() + PARTNER_ANSWERS_WITHIN
    play.later(minutes=1)
    shop = desk.Opener(side=desk.Side.PARTNER, id=play.shop.id)
    async with play.context.database.transaction() as tx:
        await desk.comment_dispute(
            tx, dispute_id=case.id, author=STAFF, said="Looks odd", is_internal=True,
            now=play.clock.now(),
        )  # fmt: skip
        play.later(minutes=1)
        await desk.comment_dispute(
            tx, dispute_id=case.id, author=shop, said="It was", now=play.clock.now()
        )
    async with play.context.database.snapshot() as snap:
        everything = await desk.list_comments(snap, dispute_id=case.id, with_internal=True)
        theirs = await desk.list_comments(snap, dispute_id=case.id, with_internal=False)

    assert asked.state is desk.DisputeState.ASKED_PARTNER
    assert asked.due_at == due_at
    assert (await get(play, case)).state is desk.DisputeState.OPEN
    assert [one.said for one in everything] == ["Was it sold?", "Looks odd", "It was"]
    assert [one.said for one in theirs] == ["Was it sold?", "It was"]


async def test_nobody_is_asked_where_no_partner_is(play):
    case = await a_case(play, partner_id=None)

    with pytest.raises(desk.NoPartnerToAsk):
        await ask(play, case)


async def test_cases_are_listed_by_when_they_are_due(play):
    cases = []
    for number in range(5):
        cases.append(await a_case(play, receipt=f"r-{number}"))
        play.later(days=1)
    await end(play, cases[0])
    play.later(days=6, hours=1)
    now = play.clock.now()
    async with play.context.database.snapshot() as snap:
        first = await desk.list_disputes(
            snap, chosen=desk.DisputeFilter(partner_id=play.shop.id), limit=3
        )
        rest = await desk.list_disputes(
            snap,
            chosen=desk.DisputeFilter(member_id=play.member.id),
            after=(first[-1].due_at, first[-1].id),
        )
        late = await desk.list_disputes(
            snap, chosen=desk.DisputeFilter(open_only=True, due_before=now)
        )
        counted = await desk.count_open(snap, now=now)
        nobody = await desk.list_disputes(snap, chosen=desk.DisputeFilter(partner_id=UUID(int=4)))

    assert [one.id for one in (*first, *rest)] == [one.id for one in cases]
    assert [one.id for one in late] == [cases[1].id]
    assert late[0].is_overdue(now)
    assert (counted.waiting, counted.overdue) == (4, 1)
    assert nobody == ()


async def test_nothing_said_is_no_case(play):
    with pytest.raises(desk.DisputeInvalid):
        await a_case(play, said="  ")
