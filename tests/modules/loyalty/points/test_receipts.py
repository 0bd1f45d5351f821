"""Receipts earn, returns take back and restore, in whatever order they come."""

from __future__ import annotations

import asyncio
import itertools
import random
from datetime import timedelta

import pytest

from hansa.modules.loyalty import points
from hansa.modules.loyalty.programmes import ReturnPolicy


async def test_a_receipt_earns_and_says_why(play) -> None:
    answer = await play.buy("r1", 100_00, 50_00)

    assert answer.points == 15
    assert [(one.line, one.points, one.percent) for one in answer.lines] == [
        (1, 10, 1000),
        (2, 5, 1000),
    ]
    assert await play.findings() == []


async def test_a_returned_line_takes_back_what_it_earned(play) -> None:
    await play.buy("r1", 100_00, 50_00)

    back = await play.bring_back("r1", (1, 40_00))
    assert (back.points, back.balance) == (-4, 11)
    rest = await play.bring_back("r1")

    assert (rest.points, rest.balance) == (-11, 0)
    with pytest.raises(points.AbovePurchase):
        await play.bring_back("r1")
    assert await play.findings() == []


async def test_a_return_that_is_wrong_changes_nothing(play) -> None:
    await play.buy("r1", 100_00)
    play.later(days=1)

    with pytest.raises(points.AbovePurchase):
        await play.bring_back("r1", (1, 100_01))
    with pytest.raises(points.LineUnknown):
        await play.bring_back("r1", (7, 1))
    before = play.clock.now() - timedelta(days=2)
    with pytest.raises(points.BeforePurchase):
        await play.bring_back("r1", (1, 1), happened_at=before)
    with pytest.raises(points.CommandInvalid):
        await play.bring_back("r1", (1, 60_00), (1, 60_00))
    assert (await play.balance()).posted == 10
    other = await play.bring_back("r1", (1, 1), partner=play.bank)
    assert other.is_waiting  # another partner's number: it knows no such receipt yet
    assert await play.findings() == []


async def test_a_receipt_paid_by_points_gives_them_back(play) -> None:
    await play.accrue(30)
    await play.hold(20, "h")
    paid = await play.buy("r1", 100_00, hold_key="h")
    assert (paid.points, paid.balance) == (-10, 20)

    half = await play.bring_back("r1", (1, 50_00))
    assert half.points == 10 - 5
    rest = await play.bring_back("r1")

    assert (rest.points, rest.balance) == (10 - 5, 30)
    assert await play.findings() == []


async def test_what_was_spent_before_it_is_taken_back_is_owed(play) -> None:
    await play.buy("r1", 100_00)
    await play.spend(10, partner=play.bank)

    back = await play.bring_back("r1")

    assert (back.points, back.balance) == (-10, -10)
    balance = await play.balance()
    assert (balance.owed, balance.available) == (10, 0)
    # The next points pay it, whoever gives them.
    await play.accrue(25, partner=play.bank)
    balance = await play.balance()
    assert (balance.posted, balance.owed, balance.available) == (15, 0, 15)
    assert await play.findings() == []


async def test_written_off_it_is_not_owed(play) -> None:
    await play.agree(play.shop, return_policy=ReturnPolicy.WRITE_OFF)
    await play.buy("r1", 100_00)
    await play.spend(7, partner=play.bank)

    back = await play.bring_back("r1")

    assert (back.points, back.balance) == (-3, 0)
    assert (await play.balance()).owed == 0
    assert await play.findings() == []


async def test_blocked_nothing_is_spent_until_it_is_paid(play) -> None:
    await play.agree(play.shop, return_policy=ReturnPolicy.BLOCK)
    await play.buy("r1", 100_00)
    await play.spend(10)
    await play.bring_back("r1")

    with pytest.raises(points.DebtFirst):
        await play.spend(1)
    await play.accrue(11)
    assert (await play.spend(1)).balance == 0


async def test_a_return_before_its_purchase_waits_for_it(play) -> None:
    waiting = await play.bring_back("r1", (1, 40_00))
    assert waiting.is_waiting

    answer = await play.buy("r1", 100_00)

    assert answer.points == 6
    assert await play.findings() == []


async def test_the_same_receipt_under_another_key_is_refused(play) -> None:
    await play.buy("r1", 100_00, key="a")

    with pytest.raises(points.ReceiptExists):
        await play.buy("r1", 100_00, key="b")
    assert (await play.buy("r1", 100_00, key="a")).points == 10


async def test_a_posting_is_reversed_part_by_part_and_never_more(play) -> None:
    await play.accrue(10, key="a")

    first = await play.poster.submit(points.Reverse(**play.said(posting_key="a", points=4)))
    with pytest.raises(points.AboveOriginal):
        await play.poster.submit(points.Reverse(**play.said(posting_key="a", points=7)))
    rest = await play.poster.submit(points.Reverse(**play.said(posting_key="a")))

    assert (first.points, rest.points, rest.balance) == (-4, -6, 0)
    with pytest.raises(points.AboveOriginal):
        await play.poster.submit(points.Reverse(**play.said(posting_key="a")))
    with pytest.raises(points.PostingUnknown):
        await play.poster.submit(points.Reverse(**play.said(play.bank, posting_key="a")))
    assert await play.findings() == []


async def test_reversals_that_end_in_debt_or_pay_one_stay_below_their_originals(play) -> None:
    """Each posting is reversed in two parts after all of it was spent; later points pay."""
    await play.accrue(10, key="a")
    await play.accrue(10, key="b", partner=play.bank)
    await play.spend(20, key="s")
    reverse = play.poster.submit

    await reverse(points.Reverse(**play.said(posting_key="a", points=4)))
    await reverse(points.Reverse(**play.said(play.bank, posting_key="b")))
    assert (await play.balance()).owed == 14
    await reverse(points.Reverse(**play.said(posting_key="s", points=13)))
    assert (await play.balance()).owed == 1
    await reverse(points.Reverse(**play.said(posting_key="a")))
    await play.accrue(30, key="c")
    await reverse(points.Reverse(**play.said(posting_key="s")))
    await reverse(points.Reverse(**play.said(posting_key="c", points=29)))

    assert (await play.balance()).posted == 10 + 10 - 20 - 4 - 10 + 13 - 6 + 30 + 7 - 29
    assert await play.findings() == []


async def test_a_reversed_spending_restores_its_own_lots(play) -> None:
    soon, later = timedelta(days=5), timedelta(days=50)
    await play.accrue(10, expires_at=play.clock.now() + soon)
    await play.accrue(10, expires_at=play.clock.now() + later, partner=play.bank)
    await play.spend(15, key="s")

    await play.poster.submit(points.Reverse(**play.said(posting_key="s", points=7)))

    membership = play.member.membership(play.programme.id)
    async with play.context.database.snapshot() as snap:
        lots = await points.list_lots(snap, membership=membership)
    assert [(lot.issuer, lot.remaining) for lot in lots] == [(1, 2), (2, 10)]
    assert await play.findings() == []


async def test_what_comes_back_after_its_time_lives_on_for_a_while(play) -> None:
    await play.accrue(10, expires_at=play.clock.now() + timedelta(days=5))
    await play.spend(10, key="s")
    play.later(days=6)

    await play.poster.submit(points.Reverse(**play.said(posting_key="s")))

    assert (await play.balance()).available == 10
    play.later(days=31)
    assert (await play.balance()).available == 0


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::3])
async def test_events_in_any_order_end_alike(play, order) -> None:
    """A purchase, two part returns and a purchase of another day; each is sent twice."""
    at = play.clock.now()
    play.later(days=1)
    events = [
        lambda: play.buy("r1", 100_00, 31_00, key="b1", happened_at=at),
        lambda: play.bring_back("r1", (1, 33_00), key="r1", happened_at=at),
        lambda: play.bring_back("r1", (2, 31_00), key="r2", happened_at=at),
        lambda: play.buy("r2", 77_00, key="b2", happened_at=at),
    ]
    for number in order:
        await events[number]()
        await events[number]()

    balance = await play.balance()
    assert balance.posted == 67_00 // 1000 + 77_00 // 1000
    assert await play.findings() == []


async def test_many_clients_on_one_member_lose_and_double_nothing(play) -> None:
    """Sixty at once: purchases, returns, spending, repeats; the sum is what was accepted."""
    chance = random.Random(7)
    await play.accrue(50)
    accepted: dict[str, int] = {}

    async def one(number: int) -> None:
        key = f"n{number % 40}"  # a third are repeats
        try:
            answer = await {
                0: lambda: play.buy(f"r{key}", 100_00, key=key),
                1: lambda: play.spend(7, key=key),
                2: lambda: play.accrue(3, key=key),
                3: lambda: play.bring_back(f"rn{number % 40 - 3}", key=key),
            }[number % 40 % 4]()
        except (points.NotEnoughPoints, points.AbovePurchase):
            return
        accepted[key] = answer.points

    numbers = list(range(60))
    chance.shuffle(numbers)
    await asyncio.gather(*(one(number) for number in numbers))

    assert (await play.balance()).posted == 50 + sum(accepted.values())
    assert await play.findings() == []
