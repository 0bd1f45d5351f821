"""Offers and earning rules in the back office: reviewed, tried, changed by people who may."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest_asyncio

from hansa.kernel.identifiers import new_id
from hansa.modules import rollout
from hansa.modules.loyalty import offers, programmes
from hansa.runtime.database import Database
from tests.conftest import NOON
from tests.support.http import Site
from tests.support.loyalty import a_partner, a_programme

OFFERS = "/office/loyalty/offers"
RULES = "/office/loyalty/rules"
RULE = {
    "code": "tuesday",
    "name_ru": "Двойной вторник",
    "name_en": "Double Tuesday",
    "programme": "apelsin",
    "kind": "multiplier",
    "value": "2",
    "weekdays": ["2", "6"],
    "from_time": "10:00",
    "group": "days",
    "issuer": "programme",
    "share": "100",
}


@dataclass
class Ground:
    """A partner's offer that waits for review."""

    programme: programmes.Programme
    partner: programmes.Partner
    offer: offers.Offer


@pytest_asyncio.fixture(loop_scope="session")
async def ground(site: Site, committing: Database) -> Ground:
    async with committing.transaction() as tx:
        programme = await a_programme(tx, now=NOON)
        partner = await a_partner(tx, programme, now=NOON)
        offer = await offers.write_offer(
            tx,
            programme_id=programme.id,
            partner_id=partner.id,
            code="coffee-week",
            content=offers.OfferContent(
                wording=offers.Wording(
                    title={"en": "Coffee week", "ru": "Кофейная неделя"},
                    text={"en": "Drink coffee with us."},
                ),
                condition=offers.Condition(kind=offers.ConditionKind.PURCHASE, amount_minor=50_000),
                reward=offers.Reward(kind=offers.RewardKind.PERCENT, percent=250, category="food"),
                limits=offers.Limits(per_member=1, total=5_000),
                budget_points=100_000,
            ),
            by=None,
            now=NOON,
        )
        offer = await offers.move_offer(
            tx, act=offers.Act.SUBMIT, offer_id=offer.id, by=None, now=NOON - timedelta(hours=3)
        )
    await site.context.service(programmes.Directory).refresh()
    return Ground(programme, partner, offer)


async def state(database: Database, offer_id: UUID) -> offers.Offer:
    async with database.snapshot(single=True) as snap:
        return await offers.get_offer(snap, offer_id=offer_id)


async def test_an_offer_waits_in_the_queue_and_says_what_it_is(root, ground: Ground) -> None:
    queue = await root.open(OFFERS)
    page = await root.open(f"{OFFERS}/{ground.offer.id}")

    for said in ("Coffee week", "buy for 500 ₽ or more", "+2.5% for food, 30 days", "100,000"):
        assert said.replace(" ₽", "\u00a0₽") in queue
        assert said.replace(" ₽", "\u00a0₽") in page
    assert "1 per member, 5,000 in all" in page


async def test_an_approved_offer_is_in_force_and_can_be_paused(
    root, ground: Ground, committing: Database
) -> None:
    url = f"{OFFERS}/{ground.offer.id}"

    await root.send(url, {"action": "approve", "revision": ground.offer.revision})
    approved = await state(committing, ground.offer.id)
    page = await root.open(url)
    await root.send(url, {"action": "pause"})

    assert (approved.state, approved.is_live) == (offers.OfferState.RUNNING, True)
    assert "Versions in force" in page
    assert (await state(committing, ground.offer.id)).state is offers.OfferState.PAUSED


async def test_a_refusal_needs_a_reason_that_the_partner_reads(
    root, ground: Ground, committing: Database
) -> None:
    url = f"{OFFERS}/{ground.offer.id}"

    unsaid = await root.send(url, {"action": "refuse", "reason": " "}, status=422)
    await root.send(url, {"action": "refuse", "reason": "Name the shops."})

    assert "This field is required." in unsaid.text
    assert (await state(committing, ground.offer.id)).refusal == "Name the shops."
    assert "Name the shops." in await root.open(url)


async def test_what_was_changed_since_it_was_seen_is_not_approved(
    root, ground: Ground, committing: Database
) -> None:
    url = f"{OFFERS}/{ground.offer.id}"

    stale = await root.send(
        url, {"action": "approve", "revision": ground.offer.revision + 1}, status=422
    )

    assert "The offer was changed meanwhile." in stale.text
    assert (await state(committing, ground.offer.id)).state is offers.OfferState.IN_REVIEW


async def test_an_offer_for_an_audience_that_is_gone_says_so(
    root, ground: Ground, committing: Database
) -> None:
    friends = rollout.Audience(
        id=rollout.AudienceId(new_id(NOON)), code="friends", name="Friends", changed_at=NOON
    )
    async with committing.transaction() as tx:
        await rollout.save_audience(tx, audience=friends, by=None, now=NOON)
        content = replace(ground.offer.content, targeting=offers.Targeting(audience="friends"))
        await offers.change_offer(tx, offer_id=ground.offer.id, content=content, by=None, now=NOON)
    before = await root.open(f"{OFFERS}/{ground.offer.id}")

    async with committing.transaction() as tx:
        await rollout.remove_audience(tx, audience_id=friends.id, by=None, now=NOON)

    said = "There is no audience “friends” any more"
    assert said not in before
    assert said in await root.open(f"{OFFERS}/{ground.offer.id}")


async def test_whoever_may_only_see_decides_nothing(sign_in, ground: Ground) -> None:
    async with sign_in("loyalty.view") as browser:
        page = await browser.open(f"{OFFERS}/{ground.offer.id}")
        await browser.send(f"{OFFERS}/{ground.offer.id}", {"action": "approve"}, status=403)
        await browser.send(f"{RULES}/new", RULE, status=403)

    assert "The partner reads this." not in page


async def test_a_rule_is_made_changed_and_ended(root, ground: Ground, committing: Database) -> None:
    await root.send(f"{RULES}/new", RULE)
    async with committing.snapshot() as snap:
        [rule] = await offers.list_rules(snap, limit=5)
    listed = await root.open(RULES)
    await root.send(f"{RULES}/{rule.id}", RULE | {"value": "3", "weekdays": []})
    page = await root.open(f"{RULES}/{rule.id}")
    await root.send(f"{RULES}/{rule.id}/end")

    assert rule.kind is offers.EffectKind.MULTIPLIER
    assert (rule.value, rule.schedule.weekdays, rule.schedule.from_minute) == (200, (2, 6), 600)
    assert "Double Tuesday" in listed
    assert "Tu, Sa · 10:00–24:00" in listed
    assert "3 times the points" in page
    assert "2 times the points" in page
    async with committing.snapshot() as snap:
        assert await offers.list_rules(snap, limit=5) == []


async def test_what_cannot_be_is_told_at_its_field(root, ground: Ground) -> None:
    wrong = await root.send(f"{RULES}/new", RULE | {"value": "1"}, status=422)
    negative = await root.send(f"{RULES}/new", RULE | {"minimum": "-1"}, status=422)
    no_time = await root.send(f"{RULES}/new", RULE | {"from_time": "ten"}, status=422)

    assert "“value” is not right" in wrong.text
    assert "Write a number that is not below zero." in negative.text
    assert "Write a time such as 18:30." in no_time.text


async def test_a_receipt_is_tried_and_every_point_explained(root, ground: Ground) -> None:
    await root.send(f"{RULES}/new", RULE | {"weekdays": [], "from_time": ""})

    page = await root.open(f"{RULES}?programme=apelsin&partner=bakery&lines=1200 food, 300 toys")
    unknown = await root.open(f"{RULES}?programme=apelsin&partner=bakery&lines=food")
    nobody = await root.open(
        f"{RULES}?programme=apelsin&partner=bakery&lines=100&member=+79160000000"
    )

    assert "base 1 %, tuesday x2" in page
    assert "the programme" in page
    assert "Write amounts, and categories after them" in unknown
    assert "Nobody of this programme is named so." in nobody
