"""Sending: once, to every device, only with consent, in its hours and under the cap."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import time, timedelta
from uuid import uuid4

import pytest

from hansa.contracts.loyalty import PercentChanged, PointsPosted, PointsPosting
from hansa.modules import notifications, parties
from hansa.modules.notifications import ChannelName, Kind, NewDevice, Preference, claiming
from hansa.modules.notifications.messages import ATTEMPTS_MAX, LEASE
from hansa.modules.notifications.sending import Sender
from hansa.modules.notifications.subscribers import on_percent, on_points
from hansa.modules.notifications.templates import list_templates, save_template
from hansa.modules.notifications.texts import PlaceUnknown, Text
from tests.modules.notifications.conftest import BY, Post
from tests.support.push import device_of

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FCM_ONLY = frozenset({ChannelName.FCM})


async def test_a_message_reaches_every_device_in_its_language(post: Post) -> None:
    person = await post.person()
    first = post.telephones[person.member_id]
    english = await post.telephone(person, language="en")
    browser = post.browsers.service.browsers.add("Anna")
    await post.register(person, device_of(post.browsers, browser))

    key = await post.tell(person)
    await post.send()

    assert [one.body for one in first.arrived] == ["Анна, для вас скидка"]
    assert [one.body for one in english.arrived] == ["Анна, an offer for you"]
    assert [one.body for one in browser.pushed] == ["Анна, для вас скидка"]
    assert (await post.fate(key)).state == "sent"
    assert await post.findings() == []


async def test_the_name_is_not_kept_with_the_message(post: Post) -> None:
    person = await post.person()
    await post.tell(person)
    await post.send()

    async with post.context.database.snapshot() as snap:
        row = await snap.one("select to_jsonb(m)::text as kept from notifications_message as m")

    assert "Анна" not in row.kept


async def test_the_same_key_is_told_once(post: Post) -> None:
    person = await post.person()

    for _ in range(3):
        await post.tell(person, dedup_key="same")
    await post.send()
    await post.tell(person, dedup_key="same")
    await post.send()

    assert len(post.arrived(person)) == 1


async def test_only_the_newest_of_a_collapse_key_is_sent(post: Post) -> None:
    person = await post.person()
    keys = [
        await post.tell(
            person, collapse_key="sale", texts={"ru": Text(title="x", body=f"number {one}")}
        )
        for one in range(3)
    ]

    await post.send()

    assert post.arrived(person) == ["number 2"]
    assert [(await post.fate(key)).reason for key in keys] == ["superseded", "superseded", ""]


async def test_without_consent_there_is_nothing(post: Post) -> None:
    person = await post.person(consents=False)
    offer = await post.tell(person)
    warning = await post.tell(person, kind=Kind.EXPIRY)
    balance = await post.tell(
        person,
        kind=Kind.TRANSACTIONAL,
        texts={"ru": Text(title="x", body="у вас {balance}")},
        values={"balance": 5},
    )

    await post.send()

    for key in (offer, warning, balance):
        fate = await post.fate(key)
        assert (fate.state, fate.reason) == ("dropped", "no_consent")
    assert post.arrived(person) == []


async def test_consent_that_was_taken_back_while_it_waits_counts(post: Post) -> None:
    person = await post.person()
    key = await post.tell(person)
    async with post.context.database.transaction() as tx:
        await parties.set_consent(
            tx, party_id=person.party_id, purpose="marketing.push", is_granted=False,
            now=post.now + MINUTE,
        )  # fmt: skip

    await post.send()

    assert (await post.fate(key)).reason == "no_consent"


async def test_what_tells_of_ones_own_doing_needs_no_consent(post: Post) -> None:
    person = await post.person(consents=False)

    await post.tell(person, kind=Kind.TRANSACTIONAL)
    await post.send()

    assert len(post.arrived(person)) == 1


async def test_a_person_declines_a_kind_by_a_channel(post: Post) -> None:
    person = await post.person()
    browser = post.browsers.service.browsers.add("Anna")
    await post.register(person, device_of(post.browsers, browser))
    async with post.context.database.transaction() as tx:
        await notifications.set_preference(
            tx,
            member_id=person.member_id,
            party_id=person.party_id,
            preference=Preference(kind=Kind.OFFERS, channel=ChannelName.FCM, is_on=False),
            now=post.now,
        )

    await post.tell(person)
    await post.tell(person, kind=Kind.EXPIRY)
    await post.send()

    assert len(post.arrived(person)) == 1
    assert len(browser.pushed) == 2


async def test_quiet_hours_hold_a_message_until_they_end(post: Post) -> None:
    person = await post.person(zone="Asia/Vladivostok")  # 22:00 there when it is noon here
    key = await post.tell(person, kind=Kind.TRANSACTIONAL)
    expiring = await post.tell(person, expires_at=post.now + 10 * HOUR)

    await post.send()
    fate = await post.fate(key)
    assert (fate.state, fate.due_at) == ("waiting", post.now + 11 * HOUR)
    assert (await post.fate(expiring)).reason == "quiet"
    post.advance(11 * HOUR - MINUTE)
    await post.send()
    assert post.arrived(person) == []

    post.advance(MINUTE)
    await post.send()

    assert len(post.arrived(person)) == 1


async def test_what_expired_is_not_sent(post: Post) -> None:
    person = await post.person()
    key = await post.tell(person, not_before=post.now + HOUR, expires_at=post.now + 2 * HOUR)
    await post.send()
    assert (await post.fate(key)).state == "waiting"

    post.advance(2 * HOUR)
    await post.send()

    assert (await post.fate(key)).reason == "expired"


async def test_the_cap_holds_for_a_day_and_a_week_and_not_for_ones_own_doing(post: Post) -> None:
    await post.rules(day_max=2, week_max=3, quiet_until=time(22))
    person = await post.person()

    for _ in range(3):
        await post.tell(person)
        await post.tell(person, kind=Kind.TRANSACTIONAL)
    await post.send()
    assert len(post.arrived(person)) == 2 + 3

    for days in range(1, 8):
        post.advance(DAY)
        await post.tell(person)
        await post.send()
        expected = 5 + (1 if days < 7 else 2)
        assert len(post.arrived(person)) == expected, days


async def test_the_cap_holds_however_many_send_at_once(post: Post) -> None:
    await post.rules(day_max=3, week_max=3)
    people = [await post.person() for _ in range(5)]
    for person in people:
        for _ in range(12):
            await post.tell(person)

    async def take() -> list[claiming.Ready]:
        found: list[claiming.Ready] = []
        is_more = True
        while is_more:
            async with post.context.database.transaction() as tx:
                ready, is_more = await claiming.claim(tx, channels=FCM_ONLY, limit=7, now=post.now)
            found += ready
        return found

    taken = [one for found in await asyncio.gather(*(take() for _ in range(6))) for one in found]

    for person in people:
        mine = [one for one in taken if one.message.member_id == person.member_id]
        assert len(mine) == 3
    assert (await post.fates())["dropped", "capped"] == 5 * 9


async def test_a_dead_token_is_forgotten_and_the_message_says_so(post: Post) -> None:
    person = await post.person()
    post.telephones[person.member_id].is_gone = True

    key = await post.tell(person)
    await post.send()

    fate = await post.fate(key)
    assert (fate.state, fate.reason) == ("dropped", "no_device")
    async with post.context.database.snapshot() as snap:
        assert not await notifications.list_devices(snap, member_ids=[person.member_id])


async def test_a_stale_device_does_not_count(post: Post) -> None:
    person = await post.person()
    post.advance(timedelta(days=30))

    key = await post.tell(person)
    await post.send()

    assert (await post.fate(key)).reason == "no_device"


async def test_a_failure_is_tried_again_after_pauses_that_grow(post: Post) -> None:
    person = await post.person()
    post.google.misbehave(fail=3)
    key = await post.tell(person)

    pauses = []
    for _ in range(3):
        await post.send()
        fate = await post.fate(key)
        pauses.append(fate.due_at - post.now)
        post.advance(fate.due_at - post.now)
    await post.send()

    assert pauses == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    assert len(post.arrived(person)) == 1
    assert (await post.fate(key)).state == "sent"


async def test_a_failure_without_end_is_left_to_people(post: Post) -> None:
    await post.rules(quiet_from=time(9), quiet_until=time(9))
    person = await post.person()
    post.google.misbehave(too_many=1000)
    key = await post.tell(person)

    for _ in range(ATTEMPTS_MAX):
        await post.send()
        post.advance(2 * HOUR)

    fate = await post.fate(key)
    assert (fate.state, fate.reason, fate.attempts) == ("failed", "answered 429", ATTEMPTS_MAX)


async def test_a_lost_answer_shows_one_message(post: Post) -> None:
    person = await post.person()
    post.google.misbehave(lose_answers=1)

    key = await post.tell(person)
    await post.send()
    post.advance(MINUTE)
    await post.send()

    telephone = post.telephones[person.member_id]
    assert len(telephone.arrived) == 2
    assert len(telephone.shown()) == 1
    assert (await post.fate(key)).state == "sent"


async def test_a_device_that_has_it_does_not_get_it_again(post: Post) -> None:
    person = await post.person()
    browser = post.browsers.service.browsers.add("Anna")
    await post.register(person, device_of(post.browsers, browser))
    post.google.misbehave(fail=1)

    key = await post.tell(person)
    await post.send()
    assert (await post.fate(key)).state == "waiting"
    post.advance(MINUTE)
    await post.send()

    assert (len(browser.pushed), len(post.arrived(person))) == (1, 1)
    assert (await post.fate(key)).state == "sent"


async def test_a_sender_that_died_leaves_nothing_behind(post: Post) -> None:
    person = await post.person()
    key = await post.tell(person)
    async with post.context.database.transaction() as tx:
        [ready], _ = await claiming.claim(tx, channels=FCM_ONLY, limit=10, now=post.now)

    await post.send()
    assert post.arrived(person) == []
    post.advance(LEASE + MINUTE)
    await post.send()

    assert len(post.arrived(person)) == 1
    assert (await post.fate(key)).state == "sent"
    async with post.context.database.snapshot() as snap:
        numbers = await snap.all("select id from notifications_delivery")
    assert [row.id for row in numbers] == [ready.deliveries[0][0]]


async def test_the_loop_sends_until_it_is_stopped(post: Post) -> None:
    person, stop = await post.person(), asyncio.Event()
    loop = asyncio.create_task(Sender(post.context).run(stop))
    key = await post.tell(person)

    async with asyncio.timeout(60):
        while (await post.fate(key)).state != "sent":
            await asyncio.sleep(0.01)
    stop.set()
    await loop

    assert len(post.arrived(person)) == 1


async def test_points_are_told_once_however_often_the_event_comes(post: Post) -> None:
    person, nobody = await post.person(), await post.person(device=False)
    made = [
        PointsPosting(
            posting_id=uuid4(), member_id=who.member_id, programme_id=uuid4(), partner_id=None,
            kind=kind, points=points, balance=900, version=1, reference="", effective_at=post.now,
        )
        for who, points, kind in (
            (person, 1_000, "purchase"), (person, 500, "accrual"), (person, -30, "spend"),
            (person, -20, "expiry"), (nobody, 70, "purchase"),
        )
    ]  # fmt: skip
    event = PointsPosted(batch_id=uuid4(), lane=1, postings=tuple(made), posted_at=post.now)

    for _ in range(3):
        async with post.context.database.transaction() as tx:
            await on_points(tx, [event], post.now)
    await post.send()

    assert sorted(post.arrived(person)) == [
        "Анна, вам начислено баллов: 1500.",
        "Анна, списано баллов: 30.",
    ]
    assert await post.fates() == {("sent", ""): 2}


async def test_old_events_tell_nobody(post: Post) -> None:
    person = await post.person()
    event = PercentChanged(
        member_id=person.member_id, programme_id=uuid4(), category="", percent=750, until=None,
        changed_at=post.now - 2 * DAY,
    )  # fmt: skip

    async with post.context.database.transaction() as tx:
        await on_percent(tx, [event], post.now)
        await on_percent(tx, [replace(event, changed_at=post.now)], post.now)
    await post.send()

    assert post.arrived(person) == ["Анна, теперь вам возвращается 7,5 %."]


async def test_a_template_is_changed_and_switched_off(post: Post) -> None:
    texts = {"ru": Text(title="Баллы", body="Плюс {points}")}
    async with post.context.database.transaction() as tx:
        with pytest.raises(PlaceUnknown):
            await save_template(
                tx, code="points.earned", texts={"ru": Text(title="x", body="{percent}")},
                is_on=True, by=BY, now=post.now,
            )  # fmt: skip
        await save_template(tx, code="points.earned", texts=texts, is_on=False, by=BY, now=post.now)
        known = await list_templates(tx)

    assert (known["points.earned"].texts, known["points.earned"].is_on) == (texts, False)
    assert known["points.spent"].is_on


async def test_whoever_never_had_a_device_is_not_said_to_lack_consent(post: Post) -> None:
    person = await post.person(device=False)

    key = await post.tell(person)
    await post.send()

    assert (await post.fate(key)).reason == "no_device"


async def test_a_device_without_a_connected_channel_is_no_device(post: Post) -> None:
    person = await post.person(device=False)
    await post.register(person, NewDevice(channel=ChannelName.EDNA, address="79160000001"))

    key = await post.tell(person)
    await post.send()

    assert (await post.fate(key)).reason == "no_device"
