"""Staff saves a segment, writes a campaign to it, approves, starts and stops it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio

from hansa.modules import notifications
from hansa.modules.loyalty import programmes
from hansa.modules.notifications import CampaignState, Kind, Notice, Text
from hansa.runtime.clock import FixedClock
from tests.support.http import Site
from tests.support.loyalty import a_member, a_programme

CAMPAIGNS, SEGMENTS, MESSAGES = "/office/campaigns", "/office/segments", "/office/messages"
ALL = ("notifications.view", "notifications.edit", "notifications.send")


@pytest_asyncio.fixture(loop_scope="session")
async def programme(site: Site, clock: FixedClock) -> programmes.Programme:
    now: datetime = clock.now()
    async with site.context.database.transaction() as tx:
        made = await a_programme(tx, now=now)
        for _ in range(3):
            await a_member(tx, made, now=now)
    await site.context.service(programmes.Directory).refresh()
    return made


async def the_segment(site: Site) -> notifications.Segment:
    async with site.context.database.snapshot() as snap:
        [segment] = await notifications.list_segments(snap)
    return segment


async def the_campaign(site: Site) -> notifications.Campaign:
    async with site.context.database.snapshot() as snap:
        [(campaign, _)] = await notifications.list_campaigns(snap)
    return campaign


def fields(segment_id: UUID, **changes: Any) -> dict[str, Any]:
    return {
        "name": "November",
        "segment_id": str(segment_id),
        "kind": "offers",
        "title_a_ru": "Скидка",
        "body_a_ru": "{name}, вам скидка, у вас {balance}",
        "control_percent": "15",
        "measured_days": "7",
        "link": "/loyalty/offers",
        **changes,
    }


async def test_a_campaign_from_a_segment_to_its_end(
    site: Site, programme: programmes.Programme, sign_in: Any
) -> None:
    async with sign_in(*ALL) as staff:
        assert "No segments yet" in await staff.open(SEGMENTS)
        assert "Orange" in await staff.open(f"{SEGMENTS}/new")
        segment_fields = {
            "name": "Sleepers", "programme_id": str(programme.id), "inactive_for_days": "30",
            "balance_max": "1 000", "percent": "1", "random_from": "0",
        }  # fmt: skip
        await staff.send(f"{SEGMENTS}/new", segment_fields)
        segment = await the_segment(site)
        assert segment.criteria.balance_max == 1000
        assert segment.criteria.percent_min == 100
        shown = await staff.open(f"{SEGMENTS}/{segment.id}")
        assert ">3<" in shown
        await staff.send(f"{SEGMENTS}/{segment.id}", {**segment_fields, "name": ""}, status=422)

        assert "No campaigns yet" in await staff.open(CAMPAIGNS)
        assert "Sleepers" in await staff.open(f"{CAMPAIGNS}/new?segment={segment.id}")
        seen = await staff.open(
            f"{CAMPAIGNS}/preview?segment_id={segment.id}&title_a_ru=Скидка&body_a_ru="
            "{name}, у вас {balance}"
        )
        assert "Анна, у вас 1250" in seen
        assert "<b>3</b>" in seen
        wrong = await staff.send(
            f"{CAMPAIGNS}/new", fields(segment.id, body_a_ru="{surname}"), status=422
        )
        assert "Nothing fills {surname} here" in wrong.text
        await staff.send(f"{CAMPAIGNS}/new", fields(segment.id))
        campaign = await the_campaign(site)
        assert (campaign.control_share, campaign.measured_days) == (1500, 7)
        here = f"{CAMPAIGNS}/{campaign.id}"
        assert "Анна, вам скидка" in await staff.open(here)
        assert "{balance}" in await staff.open(f"{here}/settings")

        for state in ("approved", "running", "paused", "running", "stopped"):
            await staff.send(f"{here}/state", {"to": state})
            assert (await the_campaign(site)).state == CampaignState(state)
        refused = await staff.send(f"{here}/state", {"to": "running"}, status=422)
        assert "the campaign is stopped" in refused.text
        locked = await staff.open(f"{here}/settings")
        assert "cannot be changed any more" in locked
        assert "November" in await staff.open(CAMPAIGNS)


async def test_who_writes_does_not_start(
    site: Site, programme: programmes.Programme, sign_in: Any
) -> None:
    async with sign_in("notifications.view", "notifications.edit") as staff:
        await staff.send(f"{SEGMENTS}/new", {"name": "All", "programme_id": str(programme.id)})
        segment = await the_segment(site)
        await staff.send(f"{CAMPAIGNS}/new", fields(segment.id))
        here = f"{CAMPAIGNS}/{(await the_campaign(site)).id}"

        assert "Approve" not in await staff.open(here)
        await staff.send(f"{here}/state", {"to": "approved"}, status=403)
    async with sign_in("notifications.view", email="reader@example.com") as reader:
        await reader.open(f"{CAMPAIGNS}/new", status=403)
        await reader.send(f"{MESSAGES}/rules", {}, status=403)


async def test_rules_and_templates_are_changed(site: Site, sign_in: Any) -> None:
    async with sign_in(*ALL) as staff:
        shown = await staff.open(MESSAGES)
        assert "Points earned" in shown
        rules = {
            "quiet_from": "21:30", "quiet_until": "08:00", "day_max": "1", "week_max": "3",
            "time_zone": "Asia/Omsk",
        }  # fmt: skip
        await staff.send(f"{MESSAGES}/rules", rules)
        await staff.send(f"{MESSAGES}/rules", {**rules, "time_zone": "Mars"}, status=422)
        assert 'value="21:30"' in await staff.open(MESSAGES)

        here = f"{MESSAGES}/templates/points.earned"
        await staff.open(here)
        wrong = await staff.send(here, {"title_ru": "Баллы", "body_ru": "{percent}"}, status=422)
        assert "Nothing fills {percent} here" in wrong.text
        await staff.send(here, {"title_ru": "Баллы", "body_ru": "Плюс {points}"})
        assert "Плюс {points}" in await staff.open(MESSAGES)
        await staff.open(f"{MESSAGES}/templates/nothing", status=404)


async def test_what_a_member_got_is_seen_and_a_failed_message_tried_again(
    site: Site, programme: programmes.Programme, sign_in: Any, clock: FixedClock
) -> None:
    async with site.context.database.transaction() as tx:
        member = await a_member(tx, programme, now=clock.now())
        notice = Notice(
            member_id=member.id, kind=Kind.OFFERS, code="test", collapse_key="x",
            dedup_key=uuid4().hex, texts={"en": Text(title="Offer", body="{name}, hello")},
        )  # fmt: skip
        await notifications.notify(tx, notice=notice, now=clock.now())
        await tx.execute(
            "update notifications_message set state = 'failed', reason = 'answered 500',"
            " ended_at = created_at"
        )
    async with sign_in(*ALL) as staff:
        assert "Whose messages?" in await staff.open(f"{MESSAGES}/members")
        assert str(member.id) in await staff.open(f"{MESSAGES}/members?q={member.id}")
        got = await staff.open(f"{MESSAGES}/members/{member.id}")
        assert "{name}, hello" in got
        assert "answered 500" in got
        listed = await staff.open(MESSAGES)
        assert str(member.id) in listed
        async with site.context.database.snapshot() as snap:
            [message] = await notifications.list_messages(snap, member_id=member.id)
        await staff.send(f"{MESSAGES}/{message.id}/repeat")
        assert "Nothing was given up" in await staff.open(MESSAGES)
