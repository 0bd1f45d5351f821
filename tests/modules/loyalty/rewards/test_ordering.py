"""Rewards go to whoever has the points, never more of them than there are."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.modules.loyalty import points, rewards
from hansa.modules.loyalty.members import MemberRef, RefKind
from hansa.modules.loyalty.points import HoldPoints, Spend
from hansa.modules.loyalty.rewards import ordering, store
from hansa.modules.loyalty.rewards.jobs import SettleRewardOrders, run_settle_reward_orders
from tests.support.loyalty_app import SECRET

KIND, STATE = rewards.RewardKind, rewards.OrderState


async def test_a_reward_is_had_for_points(shelf) -> None:
    order = await shelf.order(shelf.laid.rewards["mug"])

    assert (order.state, order.points) == (STATE.DONE, 120)
    balance = await shelf.balance()
    assert (balance.available, balance.held) == (880, 0)
    known = await shelf.known(shelf.laid.rewards["mug"])
    assert (known.stock, known.orders, known.points_given) == (2, 1, 120)
    assert await shelf.findings() == []


async def test_the_same_order_again_is_the_same_order(shelf) -> None:
    order_id = new_id(shelf.clock.now())

    first = await shelf.order(shelf.laid.rewards["mug"], order_id=order_id)
    again = await shelf.order(shelf.laid.rewards["mug"], order_id=order_id)

    assert again == first
    assert (await shelf.balance()).available == 880
    assert (await shelf.known(shelf.laid.rewards["mug"])).stock == 2


async def test_two_taps_at_once_are_one_order(shelf) -> None:
    order_id = new_id(shelf.clock.now())

    both = await asyncio.gather(
        *(shelf.order(shelf.laid.rewards["mug"], order_id=order_id) for _ in range(4))
    )

    assert {one.state for one in both} == {STATE.DONE}
    assert (await shelf.balance()).available == 880
    assert (await shelf.known(shelf.laid.rewards["mug"])).stock == 2
    assert await shelf.findings() == []


async def test_a_donation_takes_one_of_its_amounts(shelf) -> None:
    order = await shelf.order(shelf.laid.rewards["trees"], amount=100)

    with pytest.raises(rewards.RewardInvalid):
        await shelf.order(shelf.laid.rewards["trees"], amount=99)

    assert order.points == 100
    assert (await shelf.known(shelf.laid.rewards["trees"])).points_given == 100


async def test_whoever_has_too_few_points_leaves_the_piece_to_others(shelf) -> None:
    poor = await shelf.member(10)
    order_id = new_id(shelf.clock.now())

    with pytest.raises(points.NotEnoughPoints):
        await shelf.order(shelf.laid.rewards["mug"], by=poor, order_id=order_id)
    with pytest.raises(rewards.OrderOver):
        await shelf.order(shelf.laid.rewards["mug"], by=poor, order_id=order_id)

    assert (await shelf.known(shelf.laid.rewards["mug"])).stock == 3
    balance = await shelf.balance(poor)
    assert (balance.available, balance.held) == (10, 0)
    assert await shelf.findings() == []


async def test_the_last_pieces_go_to_as_many_as_there_are(shelf) -> None:
    reward_id = await shelf.reward(points=10, stock=5)
    crowd = [await shelf.member(50) for _ in range(12)]

    outcomes = await asyncio.gather(
        *(shelf.order(reward_id, by=one) for one in crowd), return_exceptions=True
    )

    had = [one for one in outcomes if isinstance(one, rewards.Order)]
    refused = [one for one in outcomes if isinstance(one, rewards.SoldOut)]
    assert (len(had), len(refused)) == (5, 7)
    assert (await shelf.known(reward_id)).stock == 0
    assert sum([(await shelf.balance(one)).available for one in crowd]) == 12 * 50 - 5 * 10
    assert await shelf.findings() == []


async def test_points_suffice_for_one_of_two_orders_at_once(shelf) -> None:
    reward_id = await shelf.reward(points=60)
    one = await shelf.member(100)

    outcomes = await asyncio.gather(
        shelf.order(reward_id, by=one), shelf.order(reward_id, by=one), return_exceptions=True
    )

    assert sum(isinstance(each, rewards.Order) for each in outcomes) == 1
    assert sum(isinstance(each, points.NotEnoughPoints) for each in outcomes) == 1
    assert (await shelf.balance(one)).available == 40
    assert (await shelf.known(reward_id)).orders == 1
    assert await shelf.findings() == []


async def test_nobody_has_more_than_one_may_even_at_once(shelf) -> None:
    reward_id = await shelf.reward(points=10, per_member=2)

    outcomes = await asyncio.gather(
        *(shelf.order(reward_id) for _ in range(5)), return_exceptions=True
    )

    assert sum(isinstance(each, rewards.Order) for each in outcomes) == 2
    assert sum(isinstance(each, rewards.HadEnough) for each in outcomes) == 3


async def test_each_certificate_has_a_code_of_its_own(shelf) -> None:
    reward_id = shelf.laid.rewards["cinema"]
    crowd = [await shelf.member(300) for _ in range(7)]

    outcomes = await asyncio.gather(
        *(shelf.order(reward_id, by=one) for one in crowd), return_exceptions=True
    )

    codes = []
    for order in outcomes:
        if isinstance(order, rewards.Order):
            async with shelf.context.database.transaction() as tx:
                codes.append(
                    await rewards.show_code(
                        tx,
                        member_id=order.member_id,
                        order_id=order.id,
                        secret=SECRET,
                        now=shelf.clock.now(),
                    )
                )
    assert sorted(codes) == [f"CINEMA-{number:04d}" for number in range(5)]
    assert await shelf.findings() == []


async def test_an_order_is_taken_back_within_an_hour_and_everything_returns(shelf) -> None:
    order = await shelf.order(shelf.laid.rewards["cinema"])
    shelf.clock.advance(timedelta(minutes=59))

    cancelled = await shelf.cancel(order)
    again = await shelf.cancel(order)

    assert (cancelled.state, again.state) == (STATE.CANCELLED, STATE.CANCELLED)
    assert (await shelf.balance()).available == 1000
    assert (await shelf.known(shelf.laid.rewards["cinema"])).stock == 5
    assert await shelf.findings() == []


async def test_taken_back_twice_at_once_gives_back_once(shelf) -> None:
    order = await shelf.order(shelf.laid.rewards["mug"])

    await asyncio.gather(*(shelf.cancel(order) for _ in range(4)))

    assert (await shelf.balance()).available == 1000
    assert (await shelf.known(shelf.laid.rewards["mug"])).stock == 3
    assert await shelf.findings() == []


async def test_after_an_hour_or_once_its_code_was_seen_an_order_stays(shelf) -> None:
    late = await shelf.order(shelf.laid.rewards["mug"])
    seen = await shelf.order(shelf.laid.rewards["cinema"])
    async with shelf.context.database.transaction() as tx:
        await rewards.show_code(
            tx,
            member_id=seen.member_id,
            order_id=seen.id,
            secret=SECRET,
            now=shelf.clock.now(),
        )

    with pytest.raises(rewards.NotCancellable):
        await shelf.cancel(seen)
    shelf.clock.advance(timedelta(hours=1))
    with pytest.raises(rewards.NotCancellable):
        await shelf.cancel(late)


async def test_others_neither_see_nor_cancel_ones_order(shelf) -> None:
    order = await shelf.order(shelf.laid.rewards["mug"])
    other = await shelf.member(1)

    with pytest.raises(rewards.NoSuchOrder):
        await rewards.cancel_order(
            shelf.context, member_id=other.id, order_id=order.id, now=shelf.clock.now()
        )
    async with shelf.context.database.snapshot() as snap:
        with pytest.raises(rewards.NoSuchOrder):
            await rewards.get_order(snap, member_id=other.id, order_id=order.id)


async def test_what_is_over_or_not_begun_cannot_be_ordered(shelf) -> None:
    now = shelf.clock.now()
    over = await shelf.reward(points=10, ends_at=now)
    early = await shelf.reward(points=10, starts_at=now + timedelta(seconds=1))
    hidden = await shelf.reward(points=10, is_active=False)

    for reward_id in (over, early, hidden):
        with pytest.raises(rewards.RewardClosed):
            await shelf.order(reward_id)


@pytest.mark.parametrize("is_held", [False, True], ids=["before the hold", "after the hold"])
async def test_an_order_whose_process_died_is_undone(shelf, is_held) -> None:
    order = await taken(shelf)
    if is_held:
        await hold(shelf, order)
    shelf.clock.advance(timedelta(minutes=3))

    await run_settle_reward_orders(shelf.context, SettleRewardOrders())

    balance = await shelf.balance()
    assert (balance.available, balance.held) == (1000, 0)
    assert (await shelf.known(shelf.laid.rewards["mug"])).stock == 3
    with pytest.raises(rewards.OrderOver):
        await shelf.order(shelf.laid.rewards["mug"], order_id=order.id)
    assert await shelf.findings() == []


async def test_an_order_whose_process_died_before_it_was_done_is_finished(shelf) -> None:
    order = await taken(shelf)
    await hold(shelf, order)
    await step(shelf, order, STATE.TAKEN, STATE.HELD)
    shelf.clock.advance(timedelta(minutes=3))

    await run_settle_reward_orders(shelf.context, SettleRewardOrders())

    async with shelf.context.database.snapshot() as snap:
        done = await rewards.get_order(snap, member_id=shelf.anna.id, order_id=order.id)
    assert done.state is STATE.DONE
    balance = await shelf.balance()
    assert (balance.available, balance.held) == (880, 0)
    assert await shelf.findings() == []


async def test_an_order_that_was_held_for_too_long_is_refused_and_nothing_is_spent(shelf) -> None:
    order = await taken(shelf)
    await hold(shelf, order)
    await step(shelf, order, STATE.TAKEN, STATE.HELD)
    shelf.clock.advance(timedelta(hours=1))

    await run_settle_reward_orders(shelf.context, SettleRewardOrders())

    assert (await shelf.known(shelf.laid.rewards["mug"])).stock == 3
    with pytest.raises(rewards.OrderOver):
        await shelf.order(shelf.laid.rewards["mug"], order_id=order.id)


async def test_whoever_holds_after_the_order_was_refused_gives_back(shelf) -> None:
    order = await taken(shelf)
    await step(shelf, order, STATE.TAKEN, STATE.REFUSED)

    with pytest.raises(rewards.OrderOver):
        await ordering._carry_on(shelf.context, order)

    balance = await shelf.balance()
    assert (balance.available, balance.held) == (1000, 0)


async def test_a_cancelling_whose_process_died_is_finished(shelf) -> None:
    order = await shelf.order(shelf.laid.rewards["mug"])
    await step(shelf, order, STATE.DONE, STATE.CANCELLING)
    shelf.clock.advance(timedelta(minutes=3))

    await run_settle_reward_orders(shelf.context, SettleRewardOrders())

    assert (await shelf.balance()).available == 1000
    assert (await shelf.known(shelf.laid.rewards["mug"])).stock == 3
    assert await shelf.findings() == []


async def test_the_same_code_is_added_once(shelf) -> None:
    async with shelf.context.database.transaction() as tx:
        added = await rewards.add_codes(
            tx,
            reward_id=shelf.laid.rewards["cinema"],
            codes=["CINEMA-0000", "CINEMA-9999"],
            secret=SECRET,
            now=shelf.clock.now(),
        )

    assert added == 1
    assert (await shelf.known(shelf.laid.rewards["cinema"])).stock == 6
    assert await shelf.findings() == []


async def test_the_checks_find_a_stock_that_does_not_fit(shelf) -> None:
    async with shelf.context.database.transaction() as tx:
        counted = {"id": shelf.laid.rewards["cinema"], "pieces": 1, "points": 0, "orders": 0}
        await tx.execute(store.COUNT_STOCK, {**counted, "now": shelf.clock.now()})

    assert any("loyalty reward stock" in one for one in await shelf.findings())


async def test_points_spent_elsewhere_meanwhile_refuse_the_order(shelf) -> None:
    one = await shelf.member(130)
    spend = Spend(
        owner=shelf.laid.fuel.id,
        key="petrol",
        programme_id=shelf.laid.programme.id,
        happened_at=shelf.clock.now(),
        member=ref(one),
        points=100,
    )

    poster = shelf.context.service(points.Poster)
    outcomes = await asyncio.gather(
        shelf.order(shelf.laid.rewards["mug"], by=one),
        poster.submit(spend),
        return_exceptions=True,
    )

    assert sum(isinstance(each, HansaError) for each in outcomes) == 1
    assert (await shelf.balance(one)).available in {10, 30}
    assert await shelf.findings() == []


def ref(member) -> MemberRef:
    return MemberRef(RefKind.ID, str(member.id))


async def taken(shelf) -> rewards.Order:
    """An order of a mug whose process died at once."""
    async with shelf.context.database.transaction() as tx:
        return await ordering._take(
            tx,
            order_id=new_id(shelf.clock.now()),
            membership=shelf.anna.membership(shelf.laid.programme.id),
            reward_id=shelf.laid.rewards["mug"],
            points=None,
            now=shelf.clock.now(),
        )


async def hold(shelf, order: rewards.Order) -> None:
    await shelf.context.service(points.Poster).submit(
        HoldPoints(
            owner=order.partner_id,
            key=order.key("hold"),
            programme_id=order.programme_id,
            happened_at=order.ordered_at,
            member=ref(shelf.anna),
            points=order.points,
            expires_at=order.ordered_at + timedelta(minutes=15),
            reference=f"reward:{order.id}",
        )
    )


async def step(shelf, order: rewards.Order, before, after) -> None:
    async with shelf.context.database.transaction() as tx:
        asked = {"bucket": order.bucket, "id": order.id, "before": before, "after": after}
        assert await tx.execute(store.STEP, {**asked, "now": shelf.clock.now()}) == 1
