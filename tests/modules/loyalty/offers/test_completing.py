"""Tasks done: idempotent, in any order, from their own instant on, and taken back by returns."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from hansa.modules.loyalty import offers
from hansa.modules.loyalty.offers import (
    Completion,
    Condition,
    ConditionKind,
    Limits,
    OfferContent,
    Reward,
    RewardKind,
)
from hansa.modules.loyalty.programmes import Coalition
from hansa.runtime.database import Transaction
from tests.modules.loyalty.offers.cases import (
    MEMBER,
    NOON,
    PROGRAMME,
    SPEND_MORE,
    TWO_PERCENT,
    terms_of,
)
from tests.modules.loyalty.offers.conftest import AnOffer

DAY = timedelta(days=1)
KEY = (PROGRAMME.id, MEMBER)


def done(offer_id: UUID, key: str, at: datetime, *, amount: int = 0) -> Completion:
    return Completion(MEMBER, PROGRAMME.id, offer_id, at, key, amount)


async def standing(tx: Transaction) -> offers.Standing:
    return (await offers.load_standings(tx, members=[KEY]))[KEY]


async def percent(tx: Transaction, at: datetime, category: str = "") -> int:
    return offers.percent_at(await standing(tx), terms_of(), category, at)[0]


async def test_a_completed_task_raises_the_percent_from_its_own_instant_on(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    offer_id = await an_offer(
        OfferContent(condition=SPEND_MORE, reward=TWO_PERCENT, needs_activation=False)
    )
    at = NOON - 3 * DAY

    changed = await offers.complete_tasks(
        tx, coalition=coalition, completions=[done(offer_id, "r1", at)], now=NOON
    )

    assert [(one.member_id, one.since) for one in changed] == [
        (MEMBER, at + timedelta(microseconds=1))
    ]
    assert await percent(tx, at) == 100
    assert await percent(tx, at + DAY) == 300
    assert await percent(tx, at + 31 * DAY) == 100


async def test_the_same_completion_again_changes_nothing(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    offer_id = await an_offer(
        OfferContent(condition=SPEND_MORE, reward=TWO_PERCENT, needs_activation=False)
    )
    completions = [done(offer_id, "r1", NOON)]
    await offers.complete_tasks(tx, coalition=coalition, completions=completions, now=NOON)
    before = await standing(tx)

    again = await offers.complete_tasks(tx, coalition=coalition, completions=completions, now=NOON)

    assert again == []
    assert await standing(tx) == before


async def test_a_receipt_that_falls_short_after_a_return_takes_its_raise_back(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    offer_id = await an_offer(
        OfferContent(condition=SPEND_MORE, reward=TWO_PERCENT, needs_activation=False)
    )
    await offers.complete_tasks(
        tx, coalition=coalition, completions=[done(offer_id, "r1", NOON - DAY)], now=NOON
    )

    changed = await offers.complete_tasks(
        tx, coalition=coalition, completions=[], recounted=[(*KEY, "r1")], now=NOON
    )

    assert [one.since for one in changed] == [NOON - DAY + timedelta(microseconds=1)]
    assert await percent(tx, NOON) == 100


async def test_an_offer_that_was_not_switched_on_gives_nothing(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    offer_id = await an_offer(OfferContent(condition=SPEND_MORE, reward=TWO_PERCENT))

    changed = await offers.complete_tasks(
        tx, coalition=coalition, completions=[done(offer_id, "r1", NOON)], now=NOON
    )

    assert changed == []
    assert await percent(tx, NOON + DAY) == 100


async def test_several_purchases_complete_a_task_together_in_whatever_order_they_come(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    condition = Condition(kind=ConditionKind.PURCHASES, count=3, amount_minor=300, days=10)
    offer_id = await an_offer(
        OfferContent(condition=condition, reward=TWO_PERCENT, needs_activation=False)
    )
    deeds = [
        done(offer_id, key, NOON - days * DAY, amount=100)
        for key, days in (("a", 30), ("b", 9), ("c", 5), ("d", 1), ("e", 0))
    ]
    found = set()
    for order in itertools.permutations(deeds):
        async with tx.connection.transaction(force_rollback=True):
            for one in order:
                await offers.complete_tasks(tx, coalition=coalition, completions=[one], now=NOON)
            found.add(tuple((one.starts_at, one.percent) for one in (await standing(tx)).raises))

    assert found == {((NOON - DAY + timedelta(microseconds=1), 200),)}


@pytest.mark.parametrize("first", ["early", "late"])
async def test_the_earliest_count_when_a_member_may_only_once(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition, first: str
) -> None:
    offer_id = await an_offer(
        OfferContent(
            condition=SPEND_MORE,
            reward=Reward(kind=RewardKind.POINTS, points=500),
            needs_activation=False,
            limits=Limits(per_member=1),
        )
    )
    early, late = done(offer_id, "early", NOON - DAY), done(offer_id, "late", NOON)
    order = [early, late] if first == "early" else [late, early]

    changed = [
        await offers.complete_tasks(tx, coalition=coalition, completions=[one], now=NOON)
        for one in order
    ]

    sums: dict[str, int] = {}
    for one in itertools.chain(*changed):
        for reward in one.rewards:
            sums[reward.key] = sums.get(reward.key, 0) + reward.points
        for reward in one.withdrawn:
            sums[reward.key] = sums.get(reward.key, 0) - reward.points
    assert {key: points for key, points in sums.items() if points} == {
        f"task:{offer_id}:1:early": 500
    }


async def test_a_reward_earned_again_has_another_key(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    offer_id = await an_offer(
        OfferContent(
            condition=SPEND_MORE,
            reward=Reward(kind=RewardKind.POINTS, points=500),
            needs_activation=False,
        )
    )
    completions = [done(offer_id, "r1", NOON)]
    await offers.complete_tasks(tx, coalition=coalition, completions=completions, now=NOON)
    back = await offers.complete_tasks(
        tx, coalition=coalition, completions=[], recounted=[(*KEY, "r1")], now=NOON
    )

    again = await offers.complete_tasks(tx, coalition=coalition, completions=completions, now=NOON)

    assert [one.key for one in back[0].withdrawn] == [f"task:{offer_id}:1:r1"]
    assert [one.key for one in again[0].rewards] == [f"task:{offer_id}:2:r1"]


async def test_places_of_an_offer_for_so_many_go_to_whoever_comes_first(
    tx: Transaction, an_offer: AnOffer, coalition: Coalition
) -> None:
    offer_id = await an_offer(
        OfferContent(
            condition=SPEND_MORE,
            reward=TWO_PERCENT,
            needs_activation=False,
            limits=Limits(total=2),
        )
    )
    members = [UUID(int=MEMBER.int + number) for number in range(3)]

    changed = await offers.complete_tasks(
        tx,
        coalition=coalition,
        completions=[Completion(member, PROGRAMME.id, offer_id, NOON, "r1") for member in members],
        now=NOON,
    )

    assert [one.member_id for one in changed] == members[:2]


async def test_an_earlier_use_that_comes_late_takes_the_place_of_a_later_one(
    tx: Transaction, an_offer: AnOffer
) -> None:
    offer_id = await an_offer(
        OfferContent(
            condition=Condition(kind=ConditionKind.PURCHASE),
            reward=Reward(kind=RewardKind.MULTIPLIER, multiplier=300),
            limits=Limits(per_member=1),
        )
    )
    early, late = (
        offers.Use(MEMBER, PROGRAMME.id, offer_id, at, key, 1, 10, 1_000, limit=1)
        for key, at in (("early", NOON - DAY), ("late", NOON))
    )

    first = await offers.record_uses(tx, uses=[late], now=NOON)
    second = await offers.record_uses(tx, uses=[early], now=NOON)

    assert first == []
    assert [one.since for one in second] == [NOON - DAY]
    uses = (await standing(tx)).uses[offer_id]
    assert not offers.limit_reached(uses, at=NOON - DAY, key="early", limit=1)
    assert offers.limit_reached(uses, at=NOON, key="late", limit=1)
