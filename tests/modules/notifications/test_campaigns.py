"""Campaigns: everybody of a segment once, a control group that stays, stops that stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest

from hansa.kernel.identifiers import new_id
from hansa.modules.loyalty import members as loyalty_members
from hansa.modules.loyalty import points, programmes
from hansa.modules.loyalty.desk import Criteria
from hansa.modules.notifications import ChannelName, Kind, NewDevice, picking, queries
from hansa.modules.notifications.campaigning import (
    get_campaign,
    move_campaign,
    save_campaign,
    save_segment,
)
from hansa.modules.notifications.campaigns import (
    Campaign,
    CampaignInvalid,
    CampaignRefuses,
    CampaignState,
    Segment,
    Variant,
    draw,
)
from hansa.modules.notifications.measuring import result_of, run_measure_campaign
from hansa.modules.notifications.texts import PlaceUnknown, Text
from hansa.modules.notifications.warning import run_warn_of_expiry
from hansa.modules.notifications.work import (
    MeasureCampaign,
    PickRecipients,
    StopMessages,
    TendCampaigns,
    WarnOfExpiry,
)
from tests.modules.notifications.conftest import BY, Post
from tests.support.loyalty import a_member, a_partner, a_programme
from tests.support.push import Person

DAY = timedelta(days=1)
_numbers = count(1)
TEXTS = {"ru": Text(title="Скидка", body="{name}, скидка")}
PLAIN = Campaign(
    id=UUID(int=1),
    name="November",
    kind=Kind.OFFERS,
    programme_id=UUID(int=2),
    segment_id=UUID(int=3),
    variants=(Variant(code="a", texts=TEXTS),),
    control_share=0,
)


async def members(post: Post, count: int, *, devices: bool = True) -> list[Person]:
    """Members of a new programme, with telephones and consent."""
    people = []
    async with post.context.database.transaction() as tx:
        programme = await a_programme(tx, now=post.now)
        enrolled = [await a_member(tx, programme, now=post.now) for _ in range(count)]
        for one in enrolled:
            assert one.party_id is not None
            await tx.execute(
                "insert into parties_consent (id, party_id, purpose, is_granted, decided_at)"
                " values (%(id)s, %(party)s, 'marketing.push', true, %(now)s)",
                {"id": new_id(post.now), "party": one.party_id, "now": post.now},
            )
            people.append(Person(one.id, one.party_id))
    for person in people:
        if devices:
            await post.telephone(person)
    return people


async def a_campaign(post: Post, **changes: Any) -> Campaign:
    async with post.context.database.transaction() as tx:
        programme_id = await tx.scalar("select id from loyalty_programme")
        segment = Segment(
            id=new_id(post.now),
            name="All",
            programme_id=programme_id,
            criteria=changes.pop("criteria", Criteria()),
            has_device=changes.pop("has_device", False),
        )
        await save_segment(tx, segment=segment, by=BY, now=post.now)
        campaign = replace(
            PLAIN, id=new_id(post.now), segment_id=segment.id, programme_id=programme_id, **changes
        )
        await save_campaign(tx, campaign=campaign, by=BY, now=post.now)
    return campaign


async def move(post: Post, campaign: Campaign, *states: CampaignState) -> None:
    for state in states:
        async with post.context.database.transaction() as tx:
            await move_campaign(tx, campaign_id=campaign.id, to=state, by=BY, now=post.now)


async def start(post: Post, campaign: Campaign) -> None:
    await move(post, campaign, CampaignState.APPROVED, CampaignState.RUNNING)


async def pick(post: Post, campaign: Campaign) -> None:
    await picking.run_pick_recipients(post.context, PickRecipients(campaign_id=campaign.id))


async def tend(post: Post) -> None:
    await picking.run_tend_campaigns(post.context, TendCampaigns())


async def now_of(post: Post, campaign: Campaign) -> Campaign:
    async with post.context.database.snapshot() as snap:
        return await get_campaign(snap, campaign_id=campaign.id)


async def test_everybody_of_a_segment_gets_it_once(post: Post) -> None:
    people = await members(post, 12)
    campaign = await a_campaign(post)
    await start(post, campaign)

    for _ in range(2):
        await pick(post, campaign)
        await post.send()
    await tend(post)

    assert [len(post.arrived(person)) for person in people] == [1] * 12
    ended = await now_of(post, campaign)
    assert (ended.state, ended.picked, ended.control) == (CampaignState.DONE, 12, 0)
    assert await post.findings() == []


async def test_picking_goes_on_where_it_was_killed(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picking, "PAGE", 4)
    people = await members(post, 10)
    campaign = await a_campaign(post)
    await start(post, campaign)
    async with post.context.database.transaction() as tx:
        assert await picking.pick_page(tx, campaign_id=campaign.id, now=post.now)

    class _Killed(BaseException):
        """The process ends in the middle of a page."""

    async def be_killed() -> None:
        async with post.context.database.transaction() as tx:
            await picking.pick_page(tx, campaign_id=campaign.id, now=post.now)
            raise _Killed

    with pytest.raises(_Killed):
        await be_killed()
    await tend(post)
    assert (await now_of(post, campaign)).picked == 4
    await pick(post, campaign)
    await post.send()

    picked = await now_of(post, campaign)
    assert (picked.picked, picked.is_picked) == (10, True)
    assert [len(post.arrived(person)) for person in people] == [1] * 10
    assert await post.findings() == []


async def test_the_control_group_is_recorded_and_gets_nothing(post: Post) -> None:
    people = await members(post, 30)
    campaign = await a_campaign(post, control_share=3_000)
    expected = {one.member_id for one in people if draw(campaign, one.member_id).is_control}
    assert 0 < len(expected) < 30

    await start(post, campaign)
    await pick(post, campaign)
    await post.send()

    silent = {one.member_id for one in people if not post.arrived(one)}
    assert silent == expected
    assert (await now_of(post, campaign)).control == len(expected)
    assert await post.findings() == []


def test_the_control_group_is_stable_and_of_the_size_asked_for() -> None:
    campaign = replace(PLAIN, id=uuid4(), control_share=1_000)
    people = [uuid4() for _ in range(20_000)]

    first = [draw(campaign, one).is_control for one in people]
    again = [draw(replace(campaign, name="Renamed"), one).is_control for one in people]
    other = [draw(replace(campaign, id=uuid4()), one).is_control for one in people]

    assert first == again
    assert first != other
    assert 1_800 < sum(first) < 2_200


def test_variants_share_people_by_their_weights() -> None:
    variants = (
        Variant(code="a", texts=TEXTS, weight=3),
        Variant(code="b", texts=TEXTS, weight=1),
    )
    campaign = replace(PLAIN, id=uuid4(), variants=variants, control_share=5_000)

    drawn = [draw(campaign, uuid4()) for _ in range(20_000)]

    for is_control in (True, False):
        of_group = [one.variant.code for one in drawn if one.is_control == is_control]
        assert 0.73 < of_group.count("a") / len(of_group) < 0.77


async def test_a_paused_campaign_sends_nothing_and_holds_up_nobody(post: Post) -> None:
    people = await members(post, 3)
    campaign = await a_campaign(post)
    await start(post, campaign)
    await pick(post, campaign)
    await move(post, campaign, CampaignState.PAUSED)

    await post.tell(people[0], kind=Kind.TRANSACTIONAL)
    await post.send()
    assert [len(post.arrived(person)) for person in people] == [1, 0, 0]

    await move(post, campaign, CampaignState.RUNNING)
    await pick(post, campaign)
    await post.send()
    assert [len(post.arrived(person)) for person in people] == [2, 1, 1]


async def test_a_stopped_campaign_takes_back_what_waits(post: Post) -> None:
    people = await members(post, 3)
    campaign = await a_campaign(post)
    await start(post, campaign)
    await pick(post, campaign)

    await move(post, campaign, CampaignState.STOPPED)
    await picking.run_stop_messages(post.context, StopMessages(campaign_id=campaign.id))
    await pick(post, campaign)
    await post.send()

    assert [post.arrived(person) for person in people] == [[], [], []]
    assert await post.fates() == {("dropped", "stopped"): 3}
    with pytest.raises(CampaignRefuses):
        await move(post, campaign, CampaignState.RUNNING)


async def test_a_campaign_begins_at_its_time_and_ends_when_all_is_sent(post: Post) -> None:
    await members(post, 2)
    campaign = await a_campaign(post, starts_at=post.now + DAY, ends_at=post.now + 2 * DAY)
    await move(post, campaign, CampaignState.APPROVED)

    await tend(post)
    assert (await now_of(post, campaign)).state is CampaignState.APPROVED
    post.advance(DAY)
    await tend(post)
    assert (await now_of(post, campaign)).state is CampaignState.RUNNING
    await pick(post, campaign)
    await tend(post)
    assert (await now_of(post, campaign)).state is CampaignState.RUNNING
    await post.send()
    await tend(post)
    assert (await now_of(post, campaign)).state is CampaignState.DONE


async def test_what_was_not_sent_by_the_end_is_not_sent(post: Post) -> None:
    people = await members(post, 2)
    campaign = await a_campaign(post)
    await start(post, campaign)
    await pick(post, campaign)

    post.advance(4 * DAY)
    await post.send()

    assert [post.arrived(person) for person in people] == [[], []]
    assert await post.fates() == {("dropped", "expired"): 2}


async def test_the_cap_and_consent_hold_for_campaigns(post: Post) -> None:
    await post.rules(day_max=1, week_max=1)
    people = await members(post, 3)
    async with post.context.database.transaction() as tx:
        await tx.execute(
            "update parties_consent set is_granted = false where party_id = %(id)s",
            {"id": people[0].party_id},
        )
    await post.tell(people[1])
    await post.send()
    campaign = await a_campaign(post)
    await start(post, campaign)
    await pick(post, campaign)

    await post.send()

    async with post.context.database.snapshot() as snap:
        counted = await queries.count_fates(snap, campaign_id=campaign.id)
    assert {(one.state.value, one.reason): one.messages for one in counted} == {
        ("sent", ""): 1,
        ("dropped", "capped"): 1,
        ("dropped", "no_consent"): 1,
    }


async def test_only_those_with_a_device_are_picked_if_asked_for(post: Post) -> None:
    people = await members(post, 4, devices=False)
    await post.register(people[2], NewDevice(channel=ChannelName.FCM, address="token:x"))
    campaign = await a_campaign(post, has_device=True)
    await start(post, campaign)

    await pick(post, campaign)

    assert (await now_of(post, campaign)).picked == 1


async def test_a_segment_that_changes_does_not_change_what_runs(post: Post) -> None:
    await members(post, 3)
    campaign = await a_campaign(post)
    await start(post, campaign)
    async with post.context.database.transaction() as tx:
        segment = Segment(
            id=campaign.segment_id, name="None", programme_id=campaign.programme_id,
            criteria=Criteria(random_from=0, random_until=0),
        )  # fmt: skip
        await save_segment(tx, segment=segment, by=BY, now=post.now)

    await pick(post, campaign)

    assert (await now_of(post, campaign)).picked == 3


async def test_what_has_started_is_not_written_anew(post: Post) -> None:
    await members(post, 1)
    campaign = await a_campaign(post)
    await move(post, campaign, CampaignState.APPROVED)
    async with post.context.database.transaction() as tx:
        await save_campaign(tx, campaign=replace(campaign, name="Anew"), by=BY, now=post.now)
    assert (await now_of(post, campaign)).state is CampaignState.DRAFT
    await start(post, campaign)

    with pytest.raises(CampaignRefuses):
        async with post.context.database.transaction() as tx:
            await save_campaign(tx, campaign=campaign, by=BY, now=post.now)


async def accrue(post: Post, person: Person, amount: int, **fields: Any) -> None:
    """Give points, as a partner does that takes part in the programme."""
    async with post.context.database.transaction() as tx:
        programme = next(
            iter((await programmes.read_coalition(tx, now=post.now)).programmes.values())
        )
        partner = await a_partner(
            tx, programme, now=post.now, code=f"p{uuid4().hex[:8]}", number=next(_numbers)
        )
    await post.context.service(programmes.Directory).refresh()
    await post.context.service(points.Poster).submit(
        points.Accrue(
            owner=partner.id,
            key=uuid4().hex,
            programme_id=programme.id,
            happened_at=post.now,
            member=loyalty_members.MemberRef(loyalty_members.RefKind.ID, str(person.member_id)),
            points=amount,
            **fields,
        )
    )


async def test_a_balance_is_that_of_the_picking(post: Post) -> None:
    people = await members(post, 2)
    await accrue(post, people[0], 12_500)
    texts = {"ru": Text(title="Баллы", body="{name}, у вас {balance}")}
    campaign = await a_campaign(
        post, variants=(Variant(code="a", texts=texts),), criteria=Criteria(balance_min=1)
    )
    await start(post, campaign)
    await pick(post, campaign)
    await post.send()

    assert post.arrived(people[0]) == ["У вас 12\N{NO-BREAK SPACE}500"]
    assert post.arrived(people[1]) == []


async def test_the_result_compares_the_treated_with_the_control_group(post: Post) -> None:
    people = await members(post, 10)
    campaign = await a_campaign(post, control_share=5_000, measured_days=2)
    control = [one for one in people if draw(campaign, one.member_id).is_control]
    treated = [one for one in people if one not in control]
    await start(post, campaign)
    await pick(post, campaign)
    await accrue(post, treated[0], 100)
    await accrue(post, control[0], 30)
    post.advance(3 * DAY)
    await accrue(post, treated[0], 1_000)

    await run_measure_campaign(post.context, MeasureCampaign(campaign_id=campaign.id))

    result = result_of(await now_of(post, campaign))
    assert result is not None
    assert (result.treated.members, result.control.members) == (len(treated), len(control))
    assert (result.treated.earned, result.control.earned) == (100, 30)


async def test_expiring_points_are_told_once(post: Post) -> None:
    people = await members(post, 2)
    await accrue(post, people[0], 70, expires_at=post.now + 5 * DAY)
    await accrue(post, people[1], 70, expires_at=post.now + 15 * DAY)

    for _ in range(2):
        await run_warn_of_expiry(post.context, WarnOfExpiry())
    await post.send()

    assert [len(post.arrived(one)) for one in people] == [1, 0]
    assert "70" in post.arrived(people[0])[0]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": " "}, CampaignInvalid),
        ({"kind": Kind.TRANSACTIONAL}, CampaignInvalid),
        ({"control_share": 9_001}, CampaignInvalid),
        ({"variants": ()}, CampaignInvalid),
        ({"variants": PLAIN.variants * 2}, CampaignInvalid),
        ({"link": "https://elsewhere.example/"}, CampaignInvalid),
        ({"link": "//elsewhere.example/"}, CampaignInvalid),
        (
            {"variants": (Variant(code="a", texts={"ru": Text(title="x", body="{percent}")}),)},
            PlaceUnknown,
        ),
    ],
)
async def test_a_campaign_that_cannot_run_is_refused(
    post: Post, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    await members(post, 1)

    with pytest.raises(refusal):
        await a_campaign(post, **changes)
