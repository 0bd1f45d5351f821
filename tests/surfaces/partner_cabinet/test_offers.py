"""A partner's offers in its cabinet: written, sent, approved, paused, and how they go."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest

from hansa.kernel.identifiers import new_id
from hansa.modules import rollout
from hansa.modules.loyalty import members, offers
from hansa.modules.loyalty.points import Poster, Purchase, PurchaseLine
from tests.conftest import NOON
from tests.surfaces.partner_cabinet.conftest import HOME

OFFERS = f"{HOME}/offers"
TYPED: dict[str, Any] = {
    "programme": "apelsin",
    "code": "coffee-week",
    "title_ru": "Кофейная неделя",
    "title_en": "Coffee week",
    "text_en": "Drink coffee with us.",
    "condition_kind": "purchase",
    "amount": "50",
    "categories": "food, drinks",
    "condition_code": "left of another kind",
    "reward_kind": "points",
    "points": "7",
    "activation": "itself",
    "starts_at": "2026-01-01T10:00",
    "per_member": "1",
    "budget_points": "1 000",
}


async def written(browser, **changes: Any) -> str:
    """Write an offer and give the address of its page."""
    answer = await browser.send(f"{OFFERS}/new", **{**TYPED, **changes})
    return str(answer.headers["location"]).partition("?")[0]


async def approve(site, url: str) -> None:
    async with site.context.database.transaction() as tx:
        offer = await offers.get_offer(tx, offer_id=url.rpartition("/")[2])
        await offers.approve_offer(
            tx, offer_id=offer.id, revision=offer.revision, by=None, now=NOON
        )
    await site.context.service(offers.Rulebook).refresh()


async def only_offer(site, world) -> offers.Offer:
    async with site.context.database.snapshot() as snap:
        [found] = await offers.list_offers(snap, partner_id=world.shop.id, limit=10)
    return found


async def test_the_tabs_count_offers_and_each_shows_its_own(anna, site) -> None:
    def tabs_of(page: str) -> dict[str, str]:
        found = re.findall(r'class="tab"[^>]*>([^<]+)<span class="tab-count">(\d+)<', page)
        return dict(found)

    running = await written(anna, code="running", title_en="Bread week")
    await anna.send(f"{running}/submit")
    await approve(site, running)
    waiting = await written(anna, code="waiting", title_en="Tea week")
    await anna.send(f"{waiting}/submit")
    await written(anna, code="draft", title_en="Jam week")

    everything = await anna.open(OFFERS)
    drafts = await anna.open(f"{OFFERS}?list=drafts")
    ended = await anna.open(f"{OFFERS}?list=ended")

    counts = {"All": 3, "Drafts": 1, "In moderation": 1, "Running": 1, "Paused": 0, "Ended": 0}
    for page in (everything, drafts, ended):
        assert tabs_of(page) == {label: str(count) for label, count in counts.items()}
    assert all(title in everything for title in ("Bread week", "Tea week", "Jam week"))
    assert "Jam week" in drafts
    assert "Bread week" not in drafts
    assert "No offers here" in ended


async def test_an_offer_for_an_audience_that_is_gone_says_so(anna, site, world) -> None:
    friends = rollout.Audience(
        id=rollout.AudienceId(new_id(NOON)), code="friends", name="Friends", changed_at=NOON
    )
    url = await written(anna)
    offer = await only_offer(site, world)
    async with site.context.database.transaction() as tx:
        await rollout.save_audience(tx, audience=friends, by=None, now=NOON)
        content = replace(offer.content, targeting=offers.Targeting(audience="friends"))
        await offers.change_offer(tx, offer_id=offer.id, content=content, by=None, now=NOON)
    before = await anna.open(url)

    async with site.context.database.transaction() as tx:
        await rollout.remove_audience(tx, audience_id=friends.id, by=None, now=NOON)

    said = "There is no audience “friends” any more"
    assert said not in before
    assert said in await anna.open(url)


async def test_without_offers_the_page_says_how_to_begin(anna) -> None:
    page = await anna.open(OFFERS)
    russian = await anna.open("/ru/partner/offers")

    assert "No offers yet" in page
    assert f'href="{OFFERS}/new"' in page
    assert "Предложений пока нет" in russian


async def test_an_offer_is_written_as_a_draft_of_what_belongs_to_its_kind(
    anna, site, world
) -> None:
    url = await written(anna)
    page = await anna.open(url)
    offer = await only_offer(site, world)

    assert offer.state is offers.OfferState.DRAFT
    assert offer.content.condition == offers.Condition(
        kind=offers.ConditionKind.PURCHASE, categories=("food", "drinks"), amount_minor=50_00
    )
    assert offer.content.reward == offers.Reward(kind=offers.RewardKind.POINTS, points=7)
    assert offer.content.budget_points == 1_000
    assert offer.content.schedule.starts_at == datetime(2026, 1, 1, 7, tzinfo=UTC)
    assert not offer.content.needs_activation
    assert "Coffee week" in page
    assert "buy for 50\u00a0₽ or more (food, drinks)" in page
    assert "Send for approval" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title_ru": "", "title_en": ""}, "title"),
        ({"programme": "another"}, "This field is required."),
        ({"code": "Not A Code"}, "code"),
        ({"points": "0"}, "points"),
        ({"reward_kind": "percent", "percent": "101"}, "percent"),
        ({"reward_kind": "multiplier", "multiplier": "-3"}, "multiplier"),
        ({"condition_kind": "action", "condition_code": ""}, "condition_code"),
        ({"starts_at": "soon"}, "This is not a date and time."),
        ({"ends_at": "2025-01-01T10:00"}, "ends_at"),
        ({"amount": "-1"}, "amount"),
        ({"budget_points": "0"}, "budget_points"),
        ({"condition_kind": "bribe"}, "condition_kind"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_written(
    anna, site, world, wrong, said
) -> None:
    answer = await anna.send(f"{OFFERS}/new", status=422, **{**TYPED, **wrong})

    assert said in answer.text
    assert "field-error" in answer.text
    assert "Drink coffee with us." in answer.text
    async with site.context.database.snapshot() as snap:
        assert not await offers.list_offers(snap, partner_id=world.shop.id, limit=10)


async def test_a_code_is_taken_once(anna) -> None:
    await written(anna)
    again = await anna.send(f"{OFFERS}/new", status=422, **TYPED)

    assert "is taken already" in again.text


async def test_an_offer_is_sent_refused_changed_and_sent_again(anna, site, world) -> None:
    url = await written(anna)
    await anna.send(f"{url}/submit")
    twice = await anna.send(f"{url}/submit", status=409)
    offer = await only_offer(site, world)
    async with site.context.database.transaction() as tx:
        await offers.refuse_offer(
            tx, offer_id=offer.id, reason="Name the shops.", by=None, now=NOON
        )
    refused = await anna.open(url)
    form = await anna.open(f"{url}/text")
    await anna.send(f"{url}/text", **{**TYPED, "text_en": "In every shop."})
    await anna.send(f"{url}/submit")

    changed = await only_offer(site, world)
    assert "not possible" in twice.text
    assert "Name the shops." in refused
    assert 'value="food, drinks"' in form
    assert 'value="2026-01-01T10:00"' in form
    assert changed.state is offers.OfferState.IN_REVIEW
    assert changed.content.wording.text["en"] == "In every shop."


async def test_a_change_keeps_what_the_form_does_not_show(anna, site, world) -> None:
    url = await written(anna)
    offer = await only_offer(site, world)
    content = offers.OfferContent(
        wording=offers.Wording(title={"de": "Kaffee"}, picture="cup"),
        condition=offer.content.condition,
        reward=offer.content.reward,
        schedule=offers.Schedule(weekdays=(1, 2), from_minute=600),
        targeting=offers.Targeting(share=5_000),
        issuer=offers.Issuer.PROGRAMME,
    )
    async with site.context.database.transaction() as tx:
        await offers.change_offer(tx, offer_id=offer.id, content=content, by=None, now=NOON)

    await anna.send(f"{url}/text", **TYPED)

    kept = (await only_offer(site, world)).content
    assert kept.wording.title == {"de": "Kaffee", "en": "Coffee week", "ru": "Кофейная неделя"}
    assert kept.wording.picture == "cup"
    assert (kept.schedule.weekdays, kept.schedule.from_minute) == ((1, 2), 600)
    assert kept.targeting.share == 5_000
    assert kept.issuer is offers.Issuer.PROGRAMME


async def test_an_offer_in_force_shows_what_it_costs_and_brings(anna, site, world) -> None:
    url = await written(anna, categories="")
    await anna.send(f"{url}/submit")
    await approve(site, url)
    await site.context.service(Poster).submit(
        Purchase(
            owner=world.shop.id,
            key="receipt-88",
            programme_id=world.programme.id,
            happened_at=NOON,
            member=members.MemberRef(members.RefKind.ID, str(world.member.id)),
            receipt="88",
            lines=(PurchaseLine(line=1, amount_minor=100_00),),
        )
    )
    running = await anna.open(url)
    listed = await anna.open(OFFERS)

    assert 'Completed</span><span class="kpi-value">1<' in running
    assert ">running<" in running
    assert "/ 1,000" in listed


async def test_a_running_offer_is_paused_resumed_and_ended(anna, site, world) -> None:
    url = await written(anna)
    early = await anna.send(f"{url}/pause", status=409)
    await anna.send(f"{url}/submit")
    await approve(site, url)
    states = []
    for act in ("pause", "resume", "end"):
        await anna.send(f"{url}/{act}")
        states.append((await only_offer(site, world)).state.value)
    ended = await anna.send(f"{url}/resume", status=409)

    assert states == ["paused", "running", "ended"]
    assert "not possible" in early.text
    assert "not possible" in ended.text


async def test_offers_are_paged(anna, site, world) -> None:
    async with site.context.database.transaction() as tx:
        for number in range(21):
            await offers.write_offer(
                tx,
                programme_id=world.programme.id,
                partner_id=world.shop.id,
                code=f"offer-{number:02}",
                content=offers.OfferContent(
                    wording=offers.Wording(title={"en": f"Offer {number:02}"}),
                    condition=offers.Condition(kind=offers.ConditionKind.PURCHASE),
                    reward=offers.Reward(kind=offers.RewardKind.POINTS, points=5),
                ),
                by=None,
                now=NOON + timedelta(minutes=number),
            )
    first = await anna.open(OFFERS)
    after = first.partition('rel="next" href="')[2].partition('"')[0]
    second = await anna.open(unescape(after))

    assert "Offer 20" in first
    assert "Offer 00" not in first
    assert "Offer 00" in second
    assert "Offer 20" not in second
