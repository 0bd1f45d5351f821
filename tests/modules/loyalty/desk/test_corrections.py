"""Corrections: two people, one posting, whatever is clicked twice or dies in between."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from uuid import UUID

import pytest
from psycopg.errors import CheckViolation

from hansa.modules import accounts
from hansa.modules.loyalty import desk, members
from hansa.modules.loyalty.desk.jobs import run_post_approved, run_post_correction
from hansa.runtime.http import Actor
from tests.modules.loyalty.points.conftest import Play
from tests.support.races import both, until_blocked

VERA = Actor(id=UUID(int=9), kind="staff", name="Vera", permissions=frozenset({"*"}))
OLEG = Actor(id=UUID(int=10), kind="staff", name="Oleg", permissions=frozenset({"*"}))
INNA = Actor(id=UUID(int=11), kind="staff", name="Inna", permissions=frozenset({"*"}))


async def propose(play: Play, points: int = 300, *, by: Actor = VERA) -> desk.Correction:
    new = desk.NewCorrection(
        programme_id=play.programme.id,
        member_id=play.member.id,
        points=points,
        reason="Receipt 17 came late",
        attachment="A photo of the receipt",
    )
    async with play.context.database.transaction() as tx:
        return await desk.propose_correction(tx, new=new, by=by, now=play.clock.now())


async def approve(play: Play, correction: desk.Correction, by: Actor = OLEG) -> desk.Correction:
    async with play.context.database.transaction() as tx:
        return await desk.approve_correction(
            tx, correction_id=correction.id, by=by, now=play.clock.now()
        )


async def refuse(play: Play, correction: desk.Correction, by: Actor = OLEG) -> desk.Correction:
    async with play.context.database.transaction() as tx:
        return await desk.refuse_correction(
            tx, correction_id=correction.id, note="No", by=by, now=play.clock.now()
        )


async def work(play: Play, correction: desk.Correction) -> desk.Correction:
    await run_post_correction(play.context, desk.PostCorrection(correction_id=correction.id))
    return await get(play, correction)


async def get(play: Play, correction: desk.Correction) -> desk.Correction:
    async with play.context.database.snapshot() as snap:
        return await desk.get_correction(snap, correction_id=correction.id)


async def jobs_of(play: Play) -> int:
    async with play.context.database.snapshot() as snap:
        found: int = await snap.scalar(
            "select count(*) from jobs.procrastinate_jobs"
            " where task_name = 'loyalty.PostCorrection'"
        )
        return found


async def test_what_is_approved_is_posted_with_who_approved_it(play):
    correction = await propose(play)
    before = await play.balance()
    await approve(play, correction)

    posted = await work(play, correction)

    assert before.posted == 0
    assert (await play.balance()).posted == 300
    assert posted.state is desk.CorrectionState.POSTED
    assert posted.decided_by == OLEG.id
    async with play.context.database.snapshot() as snap:
        entries = await accounts.list_audit(
            snap, subject_kind="loyalty_correction", subject_id=correction.id
        )
    assert {one.action for one in entries} == {
        "loyalty.correction_posted",
        "loyalty.correction_approved",
        "loyalty.propose_correction",
    }
    assert await play.findings() == []


async def test_nobody_decides_about_their_own(play):
    correction = await propose(play)

    with pytest.raises(desk.OwnCorrection):
        await approve(play, correction, by=VERA)
    with pytest.raises(desk.OwnCorrection):
        await refuse(play, correction, by=VERA)
    with pytest.raises(CheckViolation):
        async with play.context.database.transaction() as tx:
            await tx.execute(
                "update loyalty_correction set state = 'approved', decided_by = proposed_by,"
                " decided_at = now() where id = %(id)s",
                {"id": correction.id},
            )

    assert (await get(play, correction)).state is desk.CorrectionState.PROPOSED


async def test_two_people_who_approve_at_once_make_one_posting(play):
    correction = await propose(play)

    outcomes = await both(approve(play, correction), approve(play, correction, by=INNA))
    await both(work(play, correction), work(play, correction))

    assert {one.state for one in outcomes} == {desk.CorrectionState.APPROVED}
    assert len({one.decided_by for one in outcomes}) == 1
    assert await jobs_of(play) == 1
    assert (await play.balance()).posted == 300


async def test_of_approval_and_refusal_at_once_one_wins(play):
    correction = await propose(play)

    outcomes = await both(approve(play, correction), refuse(play, correction, by=INNA))
    ended = await work(play, correction)

    assert sum(isinstance(one, desk.CorrectionDecided) for one in outcomes) == 1
    is_approved = ended.state is desk.CorrectionState.POSTED
    assert (await play.balance()).posted == (300 if is_approved else 0)


async def test_a_worker_that_dies_after_the_posting_leaves_one_posting(play):
    correction = await propose(play)
    await approve(play, correction)
    async with play.context.database.transaction() as tx:
        # The note about the posting waits for this row; the posting itself does not.
        await tx.execute(
            "select 1 from loyalty_correction where id = %(id)s for update", {"id": correction.id}
        )
        dying = asyncio.create_task(work(play, correction))
        await until_blocked(play.context.database.dsn, dying)
        dying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await dying
    assert (await play.balance()).posted == 300
    assert (await get(play, correction)).state is desk.CorrectionState.APPROVED

    play.later(minutes=10)
    await run_post_approved(play.context, desk.PostApproved())

    ended = await get(play, correction)
    assert ended.state is desk.CorrectionState.POSTED
    assert (await play.balance()).posted == 300
    async with play.context.database.snapshot() as snap:
        membership = play.member.membership(play.programme.id)
        assert membership is not None
        story = await desk.tell_story(
            snap, membership=membership, posting_id=ended.posting_id or UUID(int=0)
        )
    assert story.posting.kind == "correction"
    assert story.points == 300


async def test_what_was_approved_and_lost_is_posted_later(play):
    correction = await propose(play)
    await approve(play, correction)
    await run_post_approved(play.context, desk.PostApproved())
    fresh = (await get(play, correction)).state

    play.later(minutes=3)
    await run_post_approved(play.context, desk.PostApproved())

    assert fresh is desk.CorrectionState.APPROVED
    assert (await get(play, correction)).state is desk.CorrectionState.POSTED


async def test_more_than_there_is_cannot_be_taken(play):
    correction = await propose(play, -50)
    await approve(play, correction)

    ended = await work(play, correction)

    assert ended.state is desk.CorrectionState.FAILED
    assert ended.failure == "loyalty.not_enough_points"
    assert (await play.balance()).posted == 0


async def test_what_is_refused_is_never_posted(play):
    correction = await propose(play)
    await refuse(play, correction)
    again = await refuse(play, correction, by=INNA)

    assert (await work(play, correction)).state is desk.CorrectionState.REFUSED
    assert again.decided_by == OLEG.id
    assert (await play.balance()).posted == 0
    with pytest.raises(desk.CorrectionDecided):
        await approve(play, correction)


@pytest.mark.parametrize(
    ("field", "value"), [("points", 0), ("points", 10**13), ("reason", " "), ("reason", "x" * 101)]
)
async def test_nonsense_is_not_proposed(play, field, value):
    fields = {
        "programme_id": play.programme.id,
        "member_id": play.member.id,
        "points": 5,
        "reason": "why",
        field: value,
    }
    with pytest.raises(desk.CorrectionInvalid) as refused:
        async with play.context.database.transaction() as tx:
            await desk.propose_correction(
                tx, new=desk.NewCorrection(**fields), by=VERA, now=play.clock.now()
            )
    assert refused.value.field == field


async def test_who_is_in_no_such_programme_gets_nothing(play):
    new = desk.NewCorrection(
        programme_id=UUID(int=5), member_id=play.member.id, points=5, reason="why"
    )
    with pytest.raises(members.MemberNotFound):
        async with play.context.database.transaction() as tx:
            await desk.propose_correction(tx, new=new, by=VERA, now=play.clock.now())


async def test_lists_are_paged_and_narrowed(play):
    made = []
    for number in range(1, 6):
        made.append(await propose(play, number))
        play.later(seconds=1)
    await refuse(play, made[0])
    async with play.context.database.snapshot() as snap:
        first = await desk.list_corrections(snap, limit=3)
        rest = await desk.list_corrections(
            snap, before=(first[-1].proposed_at, first[-1].id), limit=3
        )
        waiting = await desk.list_corrections(snap, state=desk.CorrectionState.PROPOSED)
        count = await desk.count_proposed(snap)
        nobody = await desk.list_corrections(snap, member_id=UUID(int=3))

    assert [one.points for one in (*first, *rest)] == [5, 4, 3, 2, 1]
    assert len(waiting) == count == 4
    assert nobody == ()
    assert timedelta(0) < first[0].proposed_at - rest[-1].proposed_at
