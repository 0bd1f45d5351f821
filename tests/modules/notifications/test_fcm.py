"""Firebase against a service that answers with Google's errors, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from hansa.assembly.application import build_context
from hansa.modules.notifications import ChannelName
from hansa.modules.notifications.channels import Gone, Later, Outcome, Push, Refused, Sent, fcm
from hansa.modules.notifications.model import Device
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from hansa.runtime.settings import Secret, Settings
from sandbox.fcm.project import Telephone
from tests.support.push import FcmService, an_fcm


@dataclass
class Line:
    """The adapter and the Firebase it talks to."""

    context: Context
    channel: fcm.Fcm
    google: FcmService
    clock: FixedClock

    def telephone(self, **changes: str) -> tuple[Telephone, Device]:
        made = self.google.project.add("Anna", **changes)
        return made, self.device(made.token)

    def device(self, token: str) -> Device:
        now = self.clock.now()
        return Device(
            id=uuid4(),
            member_id=uuid4(),
            channel=ChannelName.FCM,
            address=token,
            created_at=now,
            seen_at=now,
        )

    async def send(self, device: Device, **changes: object) -> Outcome:
        push = Push(
            id=uuid4(),
            message_id=uuid4(),
            collapse_key="points",
            title="Points",
            body="You have 50 more",
            link="/points",
        )
        return await self.channel.send(replace(push, **changes), device)  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def line(settings: Settings, clock: FixedClock, now: datetime) -> AsyncIterator[Line]:
    async with an_fcm(now) as google:
        own = replace(
            settings,
            fcm_url=google.url,
            fcm_service_account=Secret(google.project.account()),
        )
        context = build_context(own, clock=clock)
        channel = fcm.make(context)
        assert channel is not None
        try:
            yield Line(context, channel, google, clock)
        finally:
            await context.outbound.close()


async def test_a_telephone_shows_what_was_sent(line: Line) -> None:
    telephone, device = line.telephone()

    outcome = await line.send(device, values={"kind": "offers"}, ttl_seconds=3600)

    assert outcome == Sent(reference="projects/practice/messages/1")
    [arrived] = telephone.arrived
    assert (arrived.title, arrived.body) == ("Points", "You have 50 more")
    assert arrived.message["data"]["link"] == "/points"
    assert arrived.message["data"]["kind"] == "offers"
    assert arrived.message["android"]["ttl"] == "3600s"


async def test_one_access_token_serves_many_messages(line: Line) -> None:
    _, device = line.telephone()

    await asyncio.gather(*(line.send(device) for _ in range(30)))
    assert line.google.project.granted == 1

    line.clock.advance(timedelta(minutes=56))
    line.google.project.time = line.clock.now().timestamp
    await line.send(device)
    assert line.google.project.granted == 2


async def test_an_access_token_that_was_revoked_is_renewed_at_once(line: Line) -> None:
    telephone, device = line.telephone()
    await line.send(device)
    line.google.project.access.clear()

    assert isinstance(await line.send(device), Sent)
    assert len(telephone.arrived) == 2


async def test_a_removed_app_is_gone(line: Line) -> None:
    telephone, device = line.telephone()
    telephone.is_gone = True

    assert await line.send(device) == Gone(reason="UNREGISTERED")


async def test_what_is_no_token_is_gone(line: Line) -> None:
    assert await line.send(line.device("no-token")) == Gone(reason="INVALID_ARGUMENT")


async def test_a_token_of_another_project_is_gone(line: Line) -> None:
    _, device = line.telephone(project="somebody-else")

    assert await line.send(device) == Gone(reason="SENDER_ID_MISMATCH")


async def test_a_fault_of_ours_costs_nobody_the_token(line: Line) -> None:
    _, device = line.telephone()

    too_long = await line.send(device, ttl_seconds=2_419_201)
    too_much = await line.send(device, body="x" * 4096)

    assert isinstance(too_long, Refused)
    assert isinstance(too_much, Refused)


async def test_apples_certificate_is_no_fault_of_the_token(line: Line) -> None:
    _, device = line.telephone()
    line.google.service.third_party = 1

    outcome = await line.send(device)

    assert isinstance(outcome, Refused)
    assert "THIRD_PARTY_AUTH_ERROR" in outcome.reason


@pytest.mark.parametrize(("told", "waited"), [(30, 30.0), (0, 60.0)])
async def test_too_many_wait_as_long_as_told_else_a_minute(
    line: Line, told: int, waited: float
) -> None:
    _, device = line.telephone()
    line.google.misbehave(too_many=1, retry_after=told)

    assert await line.send(device) == Later(reason="answered 429", retry_after_seconds=waited)


@pytest.mark.parametrize("mood", ["fail", "fail_done", "lose_answers"])
async def test_what_failed_may_have_arrived(line: Line, mood: str) -> None:
    telephone, device = line.telephone()
    line.google.misbehave(**{mood: 1})

    outcome = await line.send(device)

    assert isinstance(outcome, Later)
    assert outcome.is_unknown
    assert len(telephone.arrived) == (0 if mood == "fail" else 1)


async def test_a_repeat_replaces_what_is_shown(line: Line) -> None:
    telephone, device = line.telephone()

    for _ in range(3):
        await line.send(device)

    assert len(telephone.arrived) == 3
    assert len(telephone.shown()) == 1


async def test_nothing_is_sent_while_there_is_no_access_token(line: Line) -> None:
    telephone, device = line.telephone()
    line.google.service.token_moods.mood.fail = 1

    outcome = await line.send(device)

    assert isinstance(outcome, Later)
    assert not telephone.arrived
    assert isinstance(await line.send(device), Sent)


async def test_an_account_that_google_does_not_know_is_told(line: Line) -> None:
    _, device = line.telephone()
    line.google.project.email = "other@practice.iam.gserviceaccount.com"

    outcome = await line.send(device)

    assert isinstance(outcome, Refused)
    assert "invalid_grant" in outcome.reason


@pytest.mark.parametrize("text", ["{}", "no json", '{"project_id": 1}'])
def test_a_wrong_account_stops_the_start(settings: Settings, text: str) -> None:
    context = build_context(replace(settings, fcm_service_account=Secret(text)))

    with pytest.raises(ValueError, match="fcm_service_account"):
        fcm.make(context)


def test_without_an_account_there_is_no_channel(settings: Settings) -> None:
    assert fcm.make(build_context(settings)) is None
