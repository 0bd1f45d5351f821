"""An offer against its control group: approved with one, blind to it, measured and shown."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest_asyncio

from hansa.kernel.identifiers import new_id
from hansa.modules import rollout
from hansa.modules.loyalty import desk, members, offers, points
from tests.conftest import NOON
from tests.support.loyalty import a_member
from tests.surfaces.backoffice.loyalty_world import World, a_world, money

HOME = "/office/loyalty/offers"
MEMBERS = 100


@dataclass
class Ground:
    """A hundred members and an offer that waits for review."""

    world: World
    people: list[UUID]
    offer: offers.Offer

    @property
    def url(self) -> str:
        return f"{HOME}/{self.offer.id}"

    def held(self, control: int) -> set[UUID]:
        targeting = offers.Targeting(control=control)
        return {one for one in self.people if targeting.holds_back(one, salt=self.offer.id)}

    async def buy(self, member_id: UUID, amount: int) -> points.Receipt:
        return await self.world.post(
            points.Purchase(
                owner=self.world.shop.id,
                key=f"buy-{member_id}",
                programme_id=self.world.programme.id,
                happened_at=NOON,
                member=members.MemberRef(members.RefKind.ID, str(member_id)),
                receipt=f"r-{member_id}",
                lines=money(amount),
            )
        )

    async def measure(self) -> None:
        await desk.run_measure_offer(
            self.world.site.context, desk.MeasureOffer(offer_id=self.offer.id)
        )


@pytest_asyncio.fixture(loop_scope="session")
async def ground(site, clock) -> Ground:
    world = await a_world(site, with_postings=False)
    async with site.context.database.transaction() as tx:
        people = [(await a_member(tx, world.programme, now=NOON)).id for _ in range(MEMBERS)]
        offer = await offers.write_offer(
            tx,
            programme_id=world.programme.id,
            partner_id=world.shop.id,
            code="coffee-week",
            content=offers.OfferContent(
                wording=offers.Wording(title={"en": "Coffee week"}),
                condition=offers.Condition(kind=offers.ConditionKind.PURCHASE),
                reward=offers.Reward(kind=offers.RewardKind.MULTIPLIER, multiplier=200),
                needs_activation=False,
            ),
            by=None,
            now=NOON - timedelta(hours=1),
        )
        offer = await offers.move_offer(
            tx, act=offers.Act.SUBMIT, offer_id=offer.id, by=None, now=NOON
        )
    return Ground(world, people, offer)


async def approve(root, ground: Ground, control: str) -> None:
    form = {"action": "approve", "revision": ground.offer.revision, "control_percent": control}
    await root.send(ground.url, form)


async def test_who_is_held_back_neither_sees_the_offer_nor_earns_by_it(
    root, site, ground: Ground
) -> None:
    await approve(root, ground, "50")
    page = await root.open(ground.url)
    held = ground.held(5_000)
    free = set(ground.people) - held
    rules = site.context.service(offers.Rulebook).rules
    seen = {}
    earned = {}
    for group, one in (("free", min(free)), ("held", min(held))):
        async with site.context.database.snapshot() as snap:
            viewer = offers.Viewer(ground.world.programme.id, one)
            seen[group] = await offers.list_member_offers(
                snap, rules=rules, viewer=viewer, limit=10, now=NOON
            )
        earned[group] = (await ground.buy(one, 100_000)).points

    assert "50% of these held back" in page
    assert "Not measured yet" in page
    assert [len(seen[group]) for group in ("free", "held")] == [1, 0]
    assert earned == {"free": 200, "held": 100}


async def test_what_the_offer_brings_is_measured_and_shown(
    root, site, clock, ground: Ground
) -> None:
    await approve(root, ground, "50")
    held = ground.held(5_000)
    free = sorted(set(ground.people) - held)
    buying = [*((one, 50_000) for one in free), *((one, 10_000) for one in sorted(held)[::4])]
    await asyncio.gather(*(ground.buy(one, amount) for one, amount in buying))
    clock.advance(timedelta(hours=1))
    queued = await root.send(f"{ground.url}/measure")
    await ground.measure()
    page = await root.open(queued.headers["location"])
    async with site.context.database.snapshot() as snap:
        found = await desk.get_comparison(snap, offer_id=ground.offer.id)

    assert found is not None
    # The world's own member is one of either group, too.
    assert found.treated.members + found.control.members == MEMBERS + 1
    assert found.treated.buyers == found.treated.receipts == len(free)
    assert found.control.buyers == len(sorted(held)[::4])
    assert found.treated.turnover_minor == 50_000 * len(free)
    assert found.treated.points == 100 * len(free)
    assert "Against the control group" in page
    assert "members buy more with it" in page
    assert "Share that bought" in page
    assert "+" in page


async def test_too_few_members_are_said_to_be_too_few(root, clock, ground: Ground) -> None:
    await approve(root, ground, "1")
    clock.advance(timedelta(hours=1))
    await ground.measure()

    assert "A group has fewer than 30 members" in await root.open(ground.url)


async def test_an_offer_without_a_control_group_is_not_compared(root, site, ground: Ground) -> None:
    await approve(root, ground, "0")
    await ground.measure()
    async with site.context.database.snapshot() as snap:
        found = await desk.get_comparison(snap, offer_id=ground.offer.id)

    assert found is None
    assert "Against the control group" not in await root.open(ground.url)


async def test_the_share_is_changed_until_the_offer_runs_and_then_said_why_not(
    root, site, ground: Ground
) -> None:
    await root.send(ground.url, {"action": "aim", "control_percent": "12.5"})
    before = await root.open(ground.url)
    none = await root.send(ground.url, {"action": "aim"}, status=422)
    await root.send(ground.url, {"action": "approve", "revision": ground.offer.revision})
    after = await root.open(ground.url)
    late = {"action": "aim", "control_percent": "0"}
    refused = await root.send(ground.url, late, status=422)
    await root.send(ground.url, {"action": "end"})
    ended = await root.open(ground.url)
    async with site.context.database.snapshot() as snap:
        found = await offers.get_offer(snap, offer_id=ground.offer.id)

    assert "Audience and control group are set before an offer runs" not in ended
    assert 'value="12.5"' in before
    assert 'value="aim"' in before
    assert 'id="field-control_percent-error"' in none.text
    assert found.content.targeting.control == 1_250
    assert 'value="aim"' not in after
    assert "Audience and control group are set before an offer runs" in after
    assert "not possible with an offer in the state" in refused.text


async def test_an_offer_is_aimed_at_an_audience_and_at_everybody_again(
    root, site, ground: Ground
) -> None:
    friends = rollout.Audience(
        id=rollout.AudienceId(new_id(NOON)),
        code="friends",
        name="Friends and family",
        changed_at=NOON,
    )
    async with site.context.database.transaction() as tx:
        await rollout.save_audience(tx, audience=friends, by=None, now=NOON)

    async def aimed_at() -> str:
        async with site.context.database.snapshot() as snap:
            found = await offers.get_offer(snap, offer_id=ground.offer.id)
        return found.content.targeting.audience

    fields = {"action": "aim", "control_percent": "0"}
    await root.send(ground.url, {**fields, "audience": "friends"})
    shown = await root.open(ground.url)
    assert await aimed_at() == "friends"
    assert '<option value="friends" selected>Friends and family</option>' in shown

    unknown = await root.send(ground.url, {**fields, "audience": "strangers"}, status=422)
    assert "strangers" in unknown.text
    assert await aimed_at() == "friends"

    approval = {"action": "approve", "revision": "1", "control_percent": "0", "audience": "*"}
    await root.send(ground.url, approval)
    assert await aimed_at() == ""


async def test_a_share_that_is_none_is_refused(root, ground: Ground) -> None:
    for wrong in ("51", "-1", "half"):
        form = {"action": "approve", "revision": "1", "control_percent": wrong}
        answer = await root.send(ground.url, form, status=422)
        assert 'id="field-control_percent-error"' in answer.text


async def test_only_who_approves_offers_has_them_measured(sign_in, ground: Ground) -> None:
    async with sign_in("loyalty.view", "loyalty.edit") as browser:
        await browser.send(f"{ground.url}/measure", status=403)
