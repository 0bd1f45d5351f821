"""Points are earned and spent exactly: lots, holds, expiry, keys."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hansa.modules.loyalty import points
from hansa.modules.loyalty.points.jobs import run_expire_holds, run_expire_points
from hansa.modules.loyalty.points.work import ExpireHolds, ExpirePoints


async def lots_of(play) -> list[int]:
    membership = play.member.membership(play.programme.id)
    async with play.context.database.snapshot() as snap:
        return [lot.remaining for lot in await points.list_lots(snap, membership=membership)]


async def test_points_are_given_and_spent(play) -> None:
    given = await play.accrue(100)
    spent = await play.spend(30)

    assert (given.points, given.balance) == (100, 100)
    assert (spent.points, spent.balance, spent.available) == (-30, 70, 70)
    balance = await play.balance()
    assert (balance.posted, balance.available) == (70, 70)
    assert await play.findings() == []


async def test_no_more_is_spent_than_there_is_and_the_refusal_stays(play) -> None:
    await play.accrue(10)

    with pytest.raises(points.NotEnoughPoints) as refused:
        await play.spend(11, key="s")
    await play.accrue(100)
    with pytest.raises(points.NotEnoughPoints) as again:
        await play.spend(11, key="s")

    assert refused.value.data() == again.value.data() == {"asked": 11, "available": 10}
    assert (await play.spend(11)).balance == 99
    assert await play.findings() == []


async def test_a_repeat_gets_the_same_answer_and_does_nothing(play) -> None:
    first = await play.accrue(10, key="a")
    await play.accrue(5)
    again = await play.accrue(10, key="a")

    assert again == first
    assert (await play.balance()).posted == 15


async def test_a_key_with_other_content_is_refused(play) -> None:
    await play.accrue(10, key="a")

    with pytest.raises(points.KeyReused):
        await play.accrue(11, key="a")
    with pytest.raises(points.KeyReused):
        await play.spend(10, key="a")
    # Another partner's keys are its own.
    assert (await play.accrue(1, key="a", partner=play.bank)).points == 1


async def test_what_expires_first_is_spent_first(play) -> None:
    now = play.clock.now()
    await play.accrue(10, expires_at=now + timedelta(days=30))
    await play.accrue(10, expires_at=now + timedelta(days=10))
    await play.accrue(10, expires_at=now + timedelta(days=20))

    await play.spend(15)

    assert await lots_of(play) == [5, 10]
    play.later(days=21)
    assert (await play.balance()).available == 10


async def test_points_whose_time_is_over_are_taken_once(play) -> None:
    now = play.clock.now()
    await play.accrue(10, expires_at=now + timedelta(days=1))
    await play.accrue(5)
    play.later(days=2)

    assert (await play.balance()).available == 5
    with pytest.raises(points.NotEnoughPoints):
        await play.spend(6)
    for _ in range(2):
        await run_expire_points(play.context, ExpirePoints())

    balance = await play.balance()
    assert (balance.posted, balance.available) == (5, 5)
    assert await play.findings() == []


async def test_points_can_be_spent_after_the_days_agreed(play) -> None:
    await play.agree(play.shop, pending_days=14)
    await play.accrue(10)

    balance = await play.balance()
    assert (balance.posted, balance.available, balance.pending) == (10, 0, 10)
    with pytest.raises(points.NotEnoughPoints):
        await play.spend(1)
    play.later(days=14)
    assert (await play.spend(10)).balance == 0


async def test_a_hold_is_spent_in_part_and_the_rest_comes_back(play) -> None:
    await play.accrue(100)
    held = await play.hold(60, "h")
    assert (held.balance, held.available) == (100, 40)
    with pytest.raises(points.NotEnoughPoints):
        await play.spend(41)

    said = play.said(hold_key="h", points=45, key="p")
    spent = await play.poster.submit(points.PostHold(**said))

    assert (spent.points, spent.balance) == (-45, 55)
    assert await play.poster.submit(points.PostHold(**said)) == spent
    with pytest.raises(points.HoldEnded):
        await play.poster.submit(points.PostHold(**play.said(hold_key="h")))
    with pytest.raises(points.HoldEnded):
        await play.poster.submit(points.VoidHold(**play.said(hold_key="h")))
    balance = await play.balance()
    assert (balance.posted, balance.held, balance.available) == (55, 0, 55)
    assert await play.findings() == []


async def test_more_than_was_held_is_not_spent(play) -> None:
    await play.accrue(100)
    await play.hold(60, "h")

    with pytest.raises(points.AboveHeld):
        await play.poster.submit(points.PostHold(**play.said(hold_key="h", points=61)))
    with pytest.raises(points.HoldUnknown):
        await play.poster.submit(points.PostHold(**play.said(hold_key="other")))
    with pytest.raises(points.HoldUnknown):
        await play.poster.submit(points.PostHold(**play.said(play.bank, hold_key="h")))
    assert (await play.balance()).held == 60


async def test_a_hold_ends_when_its_time_is_over(play) -> None:
    await play.accrue(100)
    await play.hold(60, "h", minutes=10)
    play.later(minutes=10)

    with pytest.raises(points.HoldEnded):
        await play.poster.submit(points.PostHold(**play.said(hold_key="h")))
    for _ in range(2):
        await run_expire_holds(play.context, ExpireHolds())

    balance = await play.balance()
    assert (balance.held, balance.available) == (0, 100)
    assert await play.findings() == []


async def test_held_points_do_not_expire_before_their_hold_ends(play) -> None:
    await play.accrue(10, expires_at=play.clock.now() + timedelta(days=1))
    await play.hold(6, "h", minutes=3 * 24 * 60)
    play.later(days=2)

    await run_expire_points(play.context, ExpirePoints())
    assert (await play.balance()).posted == 6
    said = play.said(hold_key="h", points=4)
    await play.poster.submit(points.PostHold(**said))
    await run_expire_points(play.context, ExpirePoints())

    assert (await play.balance()).posted == 0
    assert await play.findings() == []


async def test_who_is_unknown_or_blocked_gets_nothing(play) -> None:
    stranger = points.Accrue(
        **play.said(member=play.ref()._replace(value=str(play.shop.id)), points=5)
    )
    with pytest.raises(points.MemberUnknown):
        await play.poster.submit(stranger)
    await play.agree(play.shop, earns=False)
    with pytest.raises(points.NotAgreed):
        await play.accrue(5)
    assert (await play.balance()).posted == 0


@pytest.mark.parametrize("amount", [0, -5, 10**12 + 1])
async def test_amounts_that_are_none_are_refused(play, amount) -> None:
    with pytest.raises(points.CommandInvalid) as refused:
        await play.accrue(amount)
    assert refused.value.field == "points"


async def test_a_clock_a_year_ahead_is_told(play) -> None:
    with pytest.raises(points.OutsideTime):
        await play.accrue(5, happened_at=play.clock.now() + timedelta(days=366))


async def test_a_try_does_nothing(play) -> None:
    said = play.said(member=play.ref(), points=5)
    spend = play.said(member=play.ref(), points=3)

    answers = await play.poster.try_out([points.Accrue(**said), points.Spend(**spend)])

    assert [one.receipt.balance for one in answers] == [5, 2]
    assert (await play.balance()).posted == 0


@pytest.mark.parametrize("is_over", [False, True])
async def test_what_a_hold_frees_when_it_ends_is_owed_no_more(play, *, is_over: bool) -> None:
    """Points are taken back while they are held: they are owed, until the hold gives them up."""
    await play.accrue(41, key="a")
    await play.hold(35, "h", minutes=30)
    await play.poster.submit(points.Reverse(**play.said(posting_key="a", points=38)))
    assert (await play.balance()).owed == 32

    if is_over:
        play.later(hours=1)
        await run_expire_holds(play.context, ExpireHolds())
    else:
        await play.poster.submit(points.VoidHold(**play.said(hold_key="h")))

    balance = await play.balance()
    assert (balance.posted, balance.owed, balance.available) == (3, 0, 3)
    assert await play.findings() == []
    assert (await play.spend(3)).balance == 0
