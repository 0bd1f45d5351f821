"""Offers aimed at an audience: whoever is in it sees them and earns by them, nobody else does."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest_asyncio

from hansa.modules import rollout
from hansa.modules.loyalty import members, offers
from hansa.runtime.database import Transaction
from tests.support.loyalty import a_member, phone, put_in_force
from tests.support.loyalty_app import buy, give_back
from tests.surfaces.loyalty_app.conftest import House

BORIS = phone(4_000_002)
FRIENDS = "friends"
TRIPLE = offers.Reward(kind=offers.RewardKind.MULTIPLIER, multiplier=300)


class Friends:
    """Two offers of the bakery for friends, whom Anna is one of and Boris is not."""

    def __init__(self, house: House, boris: members.Member, always: UUID, asked: UUID) -> None:
        self.house, self.boris, self.always, self.asked = house, boris, always, asked

    async def say(self, *who: UUID) -> None:
        """Say who is a friend, and let the process know."""
        async with self.house.database.transaction() as tx:
            await rollout.save_rules(
                tx,
                feature=FRIENDS,
                rules=rollout.Rules(state=rollout.State.SOME, allowed=who),
                known=[FRIENDS],
                by=None,
                now=self.house.clock.now(),
            )
        await self.house.site.context.service(rollout.Rollout).refresh()

    async def earned(self, member: members.Member, receipt: str) -> int:
        """Buy bread for 100 roubles."""
        house = self.house
        bought = await buy(
            house.site.context,
            house.laid,
            member.id,
            10_000,
            receipt=receipt,
            now=house.clock.now(),
        )
        return bought.points


async def add_offer(tx: Transaction, house: House, code: str, *, needs_activation: bool) -> UUID:
    content = offers.OfferContent(
        wording=offers.Wording(
            title={"ru": f"Друзьям: {code}", "en": f"For friends: {code}"},
            text={"ru": "Только своим.", "en": "Among us."},
        ),
        condition=offers.Condition(kind=offers.ConditionKind.PURCHASE),
        reward=TRIPLE,
        targeting=offers.Targeting(audience=FRIENDS),
        needs_activation=needs_activation,
    )
    laid = house.laid
    return await put_in_force(
        tx, laid.programme, laid.bakery, code=code, content=content, now=house.clock.now()
    )


@pytest_asyncio.fixture(loop_scope="session")
async def friends(house: House) -> Friends:
    async with house.database.transaction() as tx:
        boris = await a_member(tx, house.laid.programme, now=house.clock.now(), phone=BORIS)
        await rollout.save_rules(
            tx,
            feature=FRIENDS,
            rules=rollout.Rules(state=rollout.State.SOME),
            known=[FRIENDS],
            by=None,
            now=house.clock.now(),
        )
        always = await add_offer(tx, house, "always", needs_activation=False)
        asked = await add_offer(tx, house, "asked", needs_activation=True)
    await house.site.context.service(offers.Rulebook).refresh()
    made = Friends(house, boris, always, asked)
    await made.say(house.anna.id)
    return made


async def test_who_is_in_the_audience_earns_by_the_offer_and_another_does_not(friends) -> None:
    house = friends.house

    assert await friends.earned(friends.boris, "B1") == 7
    assert await friends.earned(house.anna, "A1") == 21


async def test_what_was_earned_in_the_audience_stays_when_it_is_left(friends) -> None:
    house = friends.house
    await friends.earned(house.anna, "A1")
    await friends.say(friends.boris.id)

    assert await friends.earned(house.anna, "A2") == 7
    assert await friends.earned(friends.boris, "B1") == 21
    # The receipt of a friend is counted as one: what comes back takes its own points, all of them.
    back = await give_back(house.site.context, house.laid, receipt="A1", now=house.clock.now())
    assert back.points == -21


async def test_the_app_shows_and_switches_such_offers_for_the_audience_alone(friends) -> None:
    house = friends.house
    anna = await house.of_anna()
    boris = await house.tab()
    await boris.sign_in(BORIS)

    seen = await anna.open(f"/offers/{friends.asked}")
    hidden = await boris.open(f"/offers/{friends.asked}")
    await boris.open("/offers")
    refused = await boris.send(f"/offers/{friends.asked}/on")
    await anna.open("/offers")
    switched = await anna.send(f"/offers/{friends.asked}/on")
    is_on = await anna.open("/offers?view=on")

    assert "Друзьям: asked" in seen.text
    assert hidden.status_code == httpx.codes.NOT_FOUND
    assert refused.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert switched.status_code == httpx.codes.SEE_OTHER
    assert "Друзьям: asked" in is_on.text
    assert "Друзьям: always" in is_on.text
