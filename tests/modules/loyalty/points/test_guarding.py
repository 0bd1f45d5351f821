"""What the guard refuses is not posted and leaves no trace; what is posted it counts."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hansa.modules.loyalty import guard, points
from hansa.modules.loyalty.guard import Act, Decision, Limit, Rules

HOUR = 3600


async def watch_for(play, rules: Rules) -> None:
    async with play.context.database.transaction() as tx:
        await guard.save_rules(
            tx, programme_id=play.programme.id, rules=rules, by=None, now=play.clock.now()
        )
    await play.context.service(guard.Watch).refresh()


async def token_of(play) -> str:
    now = play.clock.now()
    async with play.context.database.transaction() as tx:
        made = await guard.make_challenge(
            tx, programme_id=play.programme.id, member_id=play.member.id, now=now
        )
        done = await guard.finish_step_up(
            tx, challenge_id=made.challenge.id, code=made.code, now=now
        )
    assert done.token
    return done.token


async def test_fresh_points_are_spent_after_a_step_up_and_the_key_stays_free(play) -> None:
    await watch_for(play, Rules(cooling_seconds=24 * HOUR))
    await play.accrue(100)

    with pytest.raises(points.StepUpNeeded) as asked:
        await play.spend(30, key="s")
    assert asked.value.reasons == ("cooling",)
    with pytest.raises(points.StepUpNeeded):
        await play.hold(30, "h")
    token = await token_of(play)
    assert (await play.spend(30, key="s", token=token)).balance == 70
    with pytest.raises(points.StepUpNeeded):
        await play.spend(30, token=token)  # good for one
    assert (await play.hold(30, "h", token=await token_of(play))).available == 40
    play.later(hours=25)
    assert (await play.spend(40)).balance == 30
    assert await play.findings() == []


async def test_of_a_batch_no_more_is_spent_than_the_rules_allow(play) -> None:
    await watch_for(play, Rules(limits=(Limit(window_seconds=HOUR, number_max=3),)))
    await play.accrue(100)

    answers = await asyncio.gather(*(play.spend(1) for _ in range(10)), return_exceptions=True)

    refused = [one for one in answers if isinstance(one, points.FraudSuspected)]
    assert len(refused) == 7
    assert (await play.balance()).posted == 97
    async with play.context.database.snapshot() as snap:
        [alert] = await guard.list_alerts(snap, chosen=guard.AlertFilter(member_id=play.member.id))
    assert alert.number == 7
    play.later(hours=2)
    assert (await play.spend(1)).balance == 96


async def test_what_is_refused_otherwise_is_not_counted(play) -> None:
    await watch_for(play, Rules(limits=(Limit(window_seconds=HOUR, number_max=1),)))
    await play.accrue(10)

    for _ in range(3):
        with pytest.raises(points.NotEnoughPoints):
            await play.spend(11)
    assert (await play.spend(10)).balance == 0


async def test_a_receipt_above_the_limit_earns_nothing_and_is_not_there(play) -> None:
    limit = Limit(act=Act.EARN, window_seconds=HOUR, points_max=15, decision=Decision.REFUSE)
    await watch_for(play, Rules(limits=(limit,)))
    later = play.clock.now() + timedelta(hours=3)
    await play.bring_back("r2", (1, 10_00), happened_at=later)  # waits for its purchase

    answers = await asyncio.gather(
        *(play.buy(name, 100_00, key=name) for name in ("r1", "r2", "r3")), return_exceptions=True
    )

    assert [type(one) for one in answers[1:]] == [points.FraudSuspected] * 2
    assert answers[0].points == 10
    async with play.context.database.snapshot() as snap:
        waiting = await points.find_receipt(snap, partner_id=play.shop.id, receipt="r2")
        assert waiting is not None
        assert (waiting.member_id, len(waiting.content.waiting)) == (None, 1)
        assert await points.find_receipt(snap, partner_id=play.shop.id, receipt="r3") is None
    play.later(hours=2)
    assert (await play.buy("r2", 100_00, key="r2")).points == 9
    assert await play.findings() == []


async def test_what_the_programme_itself_gives_is_counted_and_never_refused(play) -> None:
    limit = Limit(act=Act.EARN, window_seconds=HOUR, number_max=0)
    await watch_for(play, Rules(limits=(limit,), cooling_seconds=HOUR))

    with pytest.raises(points.FraudSuspected):
        await play.accrue(5)
    given = await play.accrue(5, owner=points.HOUSE)

    assert given.balance == 5
    with pytest.raises(points.StepUpNeeded):
        await play.spend(5)
