"""Members who are made one: holds, returns, raises and switches follow, and go back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from hansa.contracts.loyalty import PercentChanged
from hansa.modules.loyalty import members, offers, points
from hansa.modules.loyalty.offers.subscribers import on_merged, on_parted
from hansa.modules.loyalty.points.jobs import run_recount_member
from hansa.modules.loyalty.points.work import RecountMember
from tests.modules.loyalty.points.offering import an_offer, switch
from tests.modules.loyalty.points.pair import Pair

PERCENTS_TOLD = "select id, payload from outbox_event where type = %(type)s order by id"
DAY = timedelta(days=1)
FIVE_PERCENT = offers.Reward(kind=offers.RewardKind.PERCENT, percent=500, days=30)
TRIPLE = offers.Reward(kind=offers.RewardKind.MULTIPLIER, multiplier=300)


async def told(pair: Pair, handle, event) -> list[tuple[UUID, int]]:
    """Let offers handle an event; give whose percents it told, and which."""
    async with pair.play.context.database.transaction() as tx:
        before = await tx.all(PERCENTS_TOLD, {"type": PercentChanged.type})
        await handle(tx, event, pair.play.clock.now())
        after = await tx.all(PERCENTS_TOLD, {"type": PercentChanged.type})
    return [
        (UUID(row.payload["member_id"]), row.payload["percent"])
        for row in after
        if row not in before
    ]


async def test_a_hold_from_before_the_merge_pays_a_purchase_after_it(pair) -> None:
    play = pair.play
    await play.accrue(100)
    await play.accrue(7, member=play.ref(pair.boris))
    await play.hold(40, "h")
    await pair.merge()
    await pair.work_all()

    bought = await play.buy("r1", 100_00, member=play.ref(pair.boris), hold_key="h")

    assert (bought.member_id, bought.points, bought.balance) == (pair.boris.id, -30, 77)
    await pair.work_all()
    assert await pair.both() == (0, 77)
    back = await play.bring_back("r1", (1, 50_00))
    assert (back.member_id, back.points, back.balance) == (pair.boris.id, 20 - 5, 92)
    await pair.work_all()
    assert await pair.both() == (0, 92)
    assert (await play.balance(pair.boris)).available == 92
    assert await play.findings() == []


async def test_what_it_paid_goes_back_with_the_member_whose_hold_it_was(pair) -> None:
    play = pair.play
    await play.accrue(100)
    await play.hold(40, "h")
    await pair.merge()
    await pair.work_all()
    await play.buy("r1", 100_00, hold_key="h")
    await pair.work_all()

    await pair.part()
    await pair.work_all()

    assert await pair.both() == (70, 0)
    back = await play.bring_back("r1")
    assert (back.member_id, back.points, back.balance) == (pair.anna.id, 30, 100)
    await pair.work_all()
    assert await pair.both() == (100, 0)
    assert await play.findings() == []


async def test_a_strangers_hold_pays_nothing(pair) -> None:
    play = pair.play
    stranger = await play.another_member()
    await play.accrue(50, member=play.ref(stranger))
    await play.hold(40, "h", member=play.ref(stranger))
    await pair.merge()

    with pytest.raises(points.OtherMember):
        await play.buy("r1", 100_00, member=play.ref(pair.boris), hold_key="h")


async def test_answers_name_the_member_that_stands_for_both(pair) -> None:
    play = pair.play
    await play.accrue(30, key="a")
    await play.buy("r1", 100_00)
    await play.hold(5, "h")
    await play.accrue(2, member=play.ref(pair.boris))
    await pair.merge()

    back = await play.bring_back("r1", (1, 50_00))
    voided = await play.poster.submit(points.VoidHold(**play.said(hold_key="h")))
    reversed_ = await play.poster.submit(points.Reverse(**play.said(posting_key="a", points=10)))

    assert [one.member_id for one in (back, voided, reversed_)] == [pair.boris.id] * 3
    assert [one.balance for one in (back, voided, reversed_)] == [37, 37, 27]
    await pair.work_all()
    assert await pair.both() == (0, 27)
    assert await play.findings() == []


async def test_a_raise_counts_for_both_as_long_as_they_are_one(pair) -> None:
    play = pair.play
    anna, boris = play.ref(pair.anna), play.ref(pair.boris)
    await an_offer(play, "often", reward=FIVE_PERCENT, limit=1)
    await play.buy("a1", 500_00, member=anna)  # from now on Anna's percent is 15
    play.later(days=1)
    assert (await play.buy("b1", 100_00, member=boris)).points == 10
    play.later(minutes=1)
    await pair.merge()
    await pair.work_all()
    play.later(days=1)

    together = await play.buy("b2", 100_00, member=boris)
    early = await play.buy("b3", 100_00, member=boris, happened_at=play.clock.now() - 2 * DAY)
    assert (together.points, early.points) == (15, 10)
    assert (await play.buy("a2", 100_00, member=anna)).points == 15  # Anna's name is Boris now

    play.later(hours=1)
    await pair.part()
    await pair.work_all()
    play.later(hours=1)
    assert (await play.buy("b4", 100_00, member=boris)).points == 10
    assert (await play.buy("a3", 100_00, member=anna)).points == 15
    # What was bought as one stays as it was counted: half of it takes half of its points.
    assert (await play.bring_back("b2", (1, 50_00))).points == 7 - 15
    assert (await play.bring_back("b1", (1, 50_00))).points == -5
    assert await play.findings() == []


async def test_a_raise_that_is_taken_back_is_taken_from_what_the_other_bought(pair) -> None:
    play = pair.play
    await an_offer(play, "often", reward=FIVE_PERCENT, limit=1)
    since = play.clock.now()
    await play.buy("a1", 500_00, member=play.ref(pair.anna))
    await pair.merge()
    await pair.work_all()
    play.later(days=1)
    await play.buy("b1", 100_00, member=play.ref(pair.boris))
    await pair.work_all()
    assert await pair.both() == (0, 50 + 15)

    await play.bring_back("a1")
    again = RecountMember(member_id=pair.anna.id, programme_id=play.programme.id, since=since)
    await run_recount_member(play.context, again)
    await run_recount_member(play.context, again)
    await pair.work_all()

    assert await pair.both() == (0, 10)
    assert await play.findings() == []


async def test_a_switch_counts_for_both_until_one_of_them_turns_it(pair) -> None:
    play = pair.play
    anna, boris = play.ref(pair.anna), play.ref(pair.boris)
    plain = offers.Condition(kind=offers.ConditionKind.PURCHASE)
    triple = await an_offer(play, "triple", reward=TRIPLE, condition=plain, ask=True)
    await switch(play, pair.anna, triple, is_on=True)
    assert (await play.buy("b1", 100_00, member=boris)).points == 10

    await pair.merge()
    await pair.work_all()
    play.later(minutes=1)
    assert (await play.buy("b2", 100_00, member=boris)).points == 30
    await switch(play, pair.boris, triple, is_on=False)
    assert (await play.buy("b3", 100_00, member=boris)).points == 10

    await pair.part()
    await pair.work_all()
    play.later(minutes=1)
    assert (await play.buy("b4", 100_00, member=boris)).points == 10
    assert (await play.buy("a1", 100_00, member=anna)).points == 30
    assert await play.findings() == []


async def test_a_limit_is_one_persons_as_long_as_they_are_one(pair) -> None:
    play = pair.play
    anna, boris = play.ref(pair.anna), play.ref(pair.boris)
    plain = offers.Condition(kind=offers.ConditionKind.PURCHASE)
    await an_offer(play, "once", reward=TRIPLE, condition=plain, limit=1)
    assert (await play.buy("a1", 100_00, member=anna)).points == 30
    await pair.merge()
    await pair.work_all()
    play.later(minutes=1)

    assert (await play.buy("b1", 100_00, member=boris)).points == 10
    play.later(minutes=1)
    await pair.part()
    await pair.work_all()
    play.later(minutes=1)

    assert (await play.buy("b2", 100_00, member=boris)).points == 30
    assert await play.findings() == []


async def test_partners_are_told_the_percents_that_are_others(pair) -> None:
    play = pair.play
    await an_offer(play, "often", reward=FIVE_PERCENT, limit=1)
    await play.buy("a1", 500_00, member=play.ref(pair.anna))
    play.later(minutes=1)

    merged = await told(pair, on_merged, await pair.merge())
    play.later(minutes=1)
    parted = await told(pair, on_parted, await pair.part())

    base = play.programme.percent
    assert merged == [(pair.boris.id, base + 500)]
    assert parted == [(pair.boris.id, base)]


async def test_of_three_the_first_is_parted_when_the_last_was(pair) -> None:
    """Anna goes into Boris, Boris into Clara: what Anna has counts for Clara, for a while."""
    play = pair.play
    clara = await play.another_member()
    await an_offer(play, "often", reward=FIVE_PERCENT, limit=1)
    await play.buy("a1", 500_00, member=play.ref(pair.anna))
    await pair.merge()
    await pair.work_all()
    other = Pair(play, clara)
    other.anna = pair.boris
    await other.merge()
    await other.work_all()
    play.later(minutes=1)

    assert (await play.buy("c1", 100_00, member=play.ref(clara))).points == 15
    assert (await play.buy("a2", 100_00, member=play.ref(pair.anna))).member_id == clara.id
    with pytest.raises(members.MergeNotLast):
        await pair.part()
    await other.part()
    await other.work_all()
    play.later(minutes=1)

    assert (await play.buy("c2", 100_00, member=play.ref(clara))).points == 10
    assert (await play.buy("b2", 100_00, member=play.ref(pair.boris))).points == 15
    assert await play.findings() == []
