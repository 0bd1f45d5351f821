"""Web Push against a push service that decrypts and checks signatures, over real HTTP."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec

from hansa.assembly.application import build_context
from hansa.modules.notifications.channels import Gone, Later, Outcome, Push, Refused, Sent, Urgency
from hansa.modules.notifications.channels.encryption import PLAIN_BYTES_MAX, encrypt
from hansa.modules.notifications.channels.keys import installation_key
from hansa.modules.notifications.channels.webpush import WebPush
from hansa.modules.notifications.model import Device
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from hansa.runtime.database import Database
from hansa.runtime.settings import Settings
from sandbox.webpush.browsers import Browser
from tests.support.push import WebPushService, a_webpush, device_of


@dataclass
class Line:
    """The adapter and the push service it talks to."""

    context: Context
    channel: WebPush
    push: WebPushService
    clock: FixedClock

    def subscribe(self, application_key: str = "") -> tuple[Browser, Device]:
        browser = self.push.service.browsers.add("Anna", application_key)
        told = device_of(self.push, browser)
        now = self.clock.now()
        device = Device(
            id=uuid4(),
            member_id=uuid4(),
            channel=told.channel,
            address=told.address,
            key_public=told.key_public,
            key_auth=told.key_auth,
            created_at=now,
            seen_at=now,
        )
        return browser, device

    async def send(self, device: Device, **changes: object) -> Outcome:
        push = Push(
            id=uuid4(),
            message_id=uuid4(),
            collapse_key="points",
            title="Баллы",
            body="Начислено 50",
            link="/points",
        )
        return await self.channel.send(replace(push, **changes), device)  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def line(
    settings: Settings, committing: Database, clock: FixedClock, now: datetime
) -> AsyncIterator[Line]:
    async with a_webpush(now) as push:
        own = replace(
            settings,
            database_url=committing.dsn,
            webpush_practice_url=push.url,
            webpush_contact="mailto:push@hansa.test",
        )
        context = build_context(own, clock=clock)
        await context.open([])
        try:
            yield Line(context, WebPush(context), push, clock)
        finally:
            await context.close()


async def test_a_browser_reads_what_was_sent(line: Line) -> None:
    browser, device = line.subscribe(await line.channel.public_key())

    outcome = await line.send(device, urgency=Urgency.HIGH, ttl_seconds=3600)

    assert isinstance(outcome, Sent), line.push.service.refusals
    [pushed] = browser.pushed
    assert (pushed.title, pushed.body) == ("Баллы", "Начислено 50")
    assert (pushed.urgency, pushed.ttl) == ("high", 3600)
    assert pushed.payload["link"] == "/points"
    assert pushed.topic == pushed.payload["tag"]


async def test_a_repeat_replaces_what_is_shown(line: Line) -> None:
    browser, device = line.subscribe()

    await line.send(device, body="first")
    await line.send(device, body="second")
    await line.send(device, body="another matter", collapse_key="offers")

    assert {one.body for one in browser.shown()} == {"second", "another matter"}


async def test_the_pair_of_keys_is_made_once_and_kept_sealed(line: Line) -> None:
    database, now = line.context.database, line.clock.now()
    secret = line.context.settings.secret_key.reveal().encode()

    first = await line.channel.public_key()
    again = await WebPush(line.context).public_key()

    assert first == again
    async with database.snapshot() as snap:
        sealed = await snap.scalar("select sealed from notifications_key")
    pair = await installation_key(database, secret=secret, now=now)
    assert pair.private_numbers().private_value.to_bytes(32, "big") not in bytes(sealed)
    with pytest.raises(ValueError, match="another key"):
        await installation_key(database, secret=b"another secret", now=now)


async def test_a_subscription_with_another_key_is_refused(line: Line) -> None:
    _, device = line.subscribe(application_key="B" * 87)

    assert isinstance(await line.send(device), Refused)
    assert line.push.service.refusals == ["403: another key than the one subscribed with"]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_ended_is_gone(line: Line, status: int) -> None:
    browser, device = line.subscribe()
    browser.is_gone = True
    if status == 404:
        del line.push.service.browsers.known[browser.token]

    outcome = await line.send(device)

    assert outcome == Gone(reason=f"answered {status}")


async def test_a_service_that_is_busy_says_when(line: Line) -> None:
    browser, device = line.subscribe()
    line.push.misbehave(too_many=1, retry_after=17)

    outcome = await line.send(device)

    assert outcome == Later(reason="answered 429", retry_after_seconds=17)
    assert not browser.pushed


@pytest.mark.parametrize(
    ("mood", "is_unknown"), [("fail", True), ("fail_done", True), ("lose_answers", True)]
)
async def test_what_failed_may_have_arrived(line: Line, mood: str, is_unknown: bool) -> None:  # noqa: FBT001 - a parameter of the test
    browser, device = line.subscribe()
    line.push.misbehave(**{mood: 1})

    outcome = await line.send(device)

    assert isinstance(outcome, Later)
    assert outcome.is_unknown == is_unknown
    assert len(browser.pushed) == (0 if mood == "fail" else 1)
    assert line.push.service.moods.calls == 1


async def test_a_slow_service_is_not_waited_for(line: Line) -> None:
    _, device = line.subscribe()
    own = replace(line.context.outbound._lines["webpush-practice"].destination, read_seconds=0.05)
    line.context.outbound.configure(own)
    line.push.misbehave(slow_seconds=5)

    outcome = await line.send(device)

    assert isinstance(outcome, Later)
    assert outcome.is_unknown


async def test_a_message_that_is_too_long_is_refused_before_it_is_sent(line: Line) -> None:
    browser, device = line.subscribe()

    assert isinstance(await line.send(device, body="ы" * PLAIN_BYTES_MAX), Refused)
    assert isinstance(await line.send(device, body="x" * (PLAIN_BYTES_MAX - 300)), Sent)
    assert len(browser.pushed) == 1


async def test_no_browser_sends_us_into_our_own_network(line: Line) -> None:
    _, device = line.subscribe()

    outcome = await line.send(device=replace(device, address="https://127.0.0.1:1/push"))

    assert outcome == Refused(reason="it leads to a private network")


async def test_a_token_is_used_for_hours_and_then_made_anew(line: Line) -> None:
    _, device = line.subscribe()
    await line.send(device)
    first = dict(line.channel._tokens)
    line.clock.advance(timedelta(hours=5))
    await line.send(device)
    assert line.channel._tokens == first

    line.clock.advance(timedelta(hours=8))
    line.push.service.browsers.time = line.clock.now().timestamp
    assert isinstance(await line.send(device), Sent)
    assert line.channel._tokens != first


def test_encryption_is_that_of_the_standard() -> None:
    """RFC 8291, appendix A."""

    def raw(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    sender = int.from_bytes(raw("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")

    body = encrypt(
        b"When I grow up, I want to be a watermelon",
        receiver=raw(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        ),
        auth=raw("BTBZMqHH6r4Tts7J_aSIgg"),
        sender=ec.derive_private_key(sender, ec.SECP256R1()),
        salt=raw("DGv6ra1nlYgDCS1FRnbzlw"),
    )

    assert body == raw(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAm"
        "S6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj"
        "_Qulcy4a-fN"
    )
