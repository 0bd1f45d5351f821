"""Points follow members who are made one, and come back; those who leave give theirs up."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hansa.contracts.loyalty import MemberChanged
from hansa.modules import ledger
from hansa.modules.loyalty import members, points
from hansa.modules.loyalty.points import subscribers
from hansa.modules.loyalty.points.move_jobs import (
    run_finish_moves,
    run_forfeit_points,
)
from hansa.modules.loyalty.points.work import FinishMoves, ForfeitPoints
from tests.support.races import until_blocked


async def lots_of(play, member) -> list[tuple[int, int, object, object]]:
    membership = member.membership(play.programme.id)
    async with play.context.database.snapshot() as snap:
        lots = await points.list_lots(snap, membership=membership)
    return [(lot.issuer, lot.remaining, lot.earned_at, lot.expires_at) for lot in lots]


async def test_points_follow_with_their_lots_and_come_back_as_far_as_they_are_left(pair) -> None:
    play = pair.play
    await play.accrue(100, expires_at=play.clock.now() + timedelta(days=5))
    await play.accrue(50, partner=play.bank)
    await play.accrue(7, member=play.ref(pair.boris))
    had = await lots_of(play, pair.anna)

    await pair.merge()
    await pair.work_all()

    assert await pair.both() == (0, 157)
    assert set(had) < set(await lots_of(play, pair.boris))
    assert (await play.spend(30)).balance == 127  # Anna's name is Boris now
    assert await play.findings() == []

    await pair.part()
    await pair.work_all()
    assert await pair.both() == (120, 7)
    assert [one[:2] for one in await lots_of(play, pair.anna)] == [(1, 70), (2, 50)]
    assert await play.findings() == []

    await pair.merge()
    await pair.work_all()
    assert await pair.both() == (0, 127)
    await pair.part()
    await pair.work_all()
    assert await pair.both() == (120, 7)
    assert await play.findings() == []


async def test_on_its_way_it_is_seen_and_arrives_whoever_dies(pair) -> None:
    play = pair.play
    await play.accrue(100)
    await pair.merge()
    membership = pair.anna.membership(play.programme.id)
    to = pair.boris.membership(play.programme.id)
    await play.poster.submit(
        points.MoveOut(
            **play.said(
                owner=points.HOUSE,
                move_id=points.HOUSE,
                bucket=membership.bucket,
                account_id=membership.account_id,
                to_bucket=to.bucket,
                to_account_id=to.account_id,
            )
        )
    )  # and whoever made it is gone

    assert await pair.both() == (0, 0)
    async with play.context.database.snapshot() as snap:
        [move] = await points.list_moves(snap, limit=10)
    assert (move.points, move.is_back) == (100, False)
    assert await play.findings() == []
    await run_finish_moves(play.context, FinishMoves())
    assert await pair.both() == (0, 0)  # not yet: whoever made it may be about to finish it
    play.later(minutes=2)
    await run_finish_moves(play.context, FinishMoves())
    await run_finish_moves(play.context, FinishMoves())
    await pair.work_all()

    assert await pair.both() == (0, 100)
    assert await play.findings() == []


async def test_what_is_owed_and_what_comes_back_later_follow(pair) -> None:
    play = pair.play
    await play.buy("r1", 100_00)
    await play.buy("r2", 200_00)
    await play.spend(30, key="s")
    await play.bring_back("r1")
    assert (await play.balance()).owed == 10

    await pair.merge()
    await pair.work_all()
    assert await pair.both() == (0, -10)
    await play.accrue(25, member=play.ref(pair.boris))
    back = await play.bring_back("r2", (1, 100_00))
    assert back.points == -10
    await play.poster.submit(points.Reverse(**play.said(posting_key="s", points=5)))
    await pair.work_all()

    assert await pair.both() == (0, -10 + 25 - 10 + 5)
    assert (await play.balance(pair.boris)).available == 10
    assert await play.findings() == []


async def test_a_hold_stays_where_it_is_and_its_rest_follows(pair) -> None:
    play = pair.play
    await play.accrue(100)
    await play.hold(40, "h")
    await pair.merge()
    await pair.work_all()
    assert await pair.both() == (40, 60)

    await play.poster.submit(points.PostHold(**play.said(hold_key="h", points=15)))
    await pair.work_all()

    assert await pair.both() == (0, 85)
    assert await play.findings() == []


async def test_a_merge_that_is_undone_before_the_points_move_moves_none(pair) -> None:
    await pair.play.accrue(100)
    await pair.merge()
    await pair.part()

    await pair.work_all()

    assert await pair.both() == (100, 0)
    assert await pair.play.findings() == []


async def test_a_purchase_that_had_the_account_first_follows_the_others(
    pair, two_transactions, committing
) -> None:
    """Interleaved: the move waits for the account that a purchase has locked."""
    play = pair.play
    await play.accrue(20)
    await pair.merge()
    first, _ = two_transactions
    membership = pair.anna.membership(play.programme.id)
    await ledger.open_book(first, places=[(membership.bucket, membership.account_id)], keys=())
    waiting = asyncio.create_task(pair.work())
    await until_blocked(committing.dsn, waiting)
    bought = asyncio.create_task(play.buy("r1", 100_00))

    await first.connection.execute("commit")
    await waiting

    assert (await bought).member_id == pair.boris.id
    await pair.work_all()
    assert await pair.both() == (0, 30)
    assert await play.findings() == []


@pytest.mark.parametrize("what", ["left", "erased"])
async def test_whoever_leaves_gives_up_what_is_left(pair, what) -> None:
    play = pair.play
    await play.accrue(100)
    now = play.clock.now()
    async with play.context.database.transaction() as tx:
        if what == "left":
            await members.leave_programme(
                tx, member_id=pair.anna.id, programme_id=play.programme.id, forfeit=True, now=now
            )
        else:
            await members.erase_member(tx, member_id=pair.anna.id, now=now)
    event = MemberChanged(
        member_id=pair.anna.id,
        programme_id=play.programme.id,
        what=what,
        partner_id=None,
        changed_at=now,
    )
    await pair.tell(subscribers.follow_member, event)
    await pair.work_all()

    assert (await play.balance()).posted == 0
    assert await play.findings() == []


async def test_whoever_comes_back_first_keeps_the_points(pair) -> None:
    await pair.play.accrue(100)

    await run_forfeit_points(
        pair.play.context,
        ForfeitPoints(member_id=pair.anna.id, programme_id=pair.play.programme.id),
    )

    assert (await pair.play.balance()).posted == 100
