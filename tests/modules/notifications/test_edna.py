"""EDNA against a service that refuses repeats and tells statuses, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from hansa.modules.notifications import ChannelName
from hansa.modules.notifications.api_edna import PATH
from hansa.modules.notifications.channels import Gone, Later, Outcome, Push, Refused, Sent
from hansa.modules.notifications.channels.registry import Channels
from hansa.modules.notifications.model import Device
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from hansa.runtime.settings import Secret, Settings
from tests.support.http import Site, application
from tests.support.push import EDNA_KEY, EdnaService, an_edna

CALLBACK_KEY = "callback-key-of-the-tests-long-enough"


@dataclass
class Line:
    """The site and the EDNA it talks to."""

    site: Site
    edna: EdnaService
    clock: FixedClock

    async def send(self, address: str = "79160000001", *, number: UUID | None = None) -> Outcome:
        now = self.clock.now()
        device = Device(
            id=uuid4(),
            member_id=uuid4(),
            channel=ChannelName.EDNA,
            address=address,
            created_at=now,
            seen_at=now,
        )
        push = Push(
            id=number or uuid4(),
            message_id=uuid4(),
            collapse_key="points",
            title="Баллы",
            body="Начислено 50",
            link="/points",
        )
        channel = self.site.context.service(Channels).get(ChannelName.EDNA)
        assert channel is not None
        return await channel.send(push, device)

    async def delivery(self) -> UUID:
        """A delivery that was sent."""
        number, message = uuid4(), uuid4()
        async with self.site.context.database.transaction() as tx:
            await tx.execute(
                "insert into notifications_message (id, member_id, kind, code, collapse_key,"
                " dedup_key, texts, state, due_at, created_at) values (%(id)s, %(id)s,"
                " 'offers', 'x', 'x', %(id)s::text, '{}', 'sent', %(now)s, %(now)s)",
                {"id": message, "now": self.clock.now()},
            )
            await tx.execute(
                "insert into notifications_delivery (id, message_id, device_id, channel, state,"
                " changed_at) values (%(id)s, %(message)s, %(id)s, 'edna', 'sent', %(now)s)",
                {"id": number, "message": message, "now": self.clock.now()},
            )
        return number

    async def told(self, number: UUID, status: str, *, key: str = CALLBACK_KEY) -> int:
        body = {"requestId": str(number), "status": status, "statusAt": "2026-11-21T12:00:00Z",
                "error": "no such number" if status == "UNDELIVERED" else None}  # fmt: skip
        async with self.site.client(keyed=False) as client:
            return (await client.post(f"{PATH}/{key}", json=body)).status_code

    async def state(self, number: UUID) -> tuple[str, str]:
        async with self.site.context.database.snapshot() as snap:
            row = await snap.one(
                "select state, reason from notifications_delivery where id = %(id)s",
                {"id": number},
            )
        return row.state, row.reason


@pytest_asyncio.fixture
async def line(
    settings: Settings, committing: Database, clock: FixedClock, now: datetime
) -> AsyncIterator[Line]:
    async with an_edna(now) as edna:
        own = replace(
            settings,
            edna_url=edna.url,
            edna_api_key=Secret(EDNA_KEY),
            edna_cascade=7,
            edna_callback_key=Secret(CALLBACK_KEY),
        )
        async with application(own, committing, clock=clock) as site:
            yield Line(site, edna, clock)


async def test_a_message_is_handed_over_for_a_cascade(line: Line) -> None:
    number = uuid4()

    outcome = await line.send(number=number)

    assert outcome == Sent(reference=str(number))
    [message] = line.edna.cascades.messages
    assert (message.title, message.text) == ("Баллы", "Начислено 50")
    assert message.request["subscriberFilter"] == {"address": "79160000001", "type": "PHONE"}
    assert message.request["content"]["pushContent"]["action"] == "/points"


async def test_a_repeat_that_is_refused_as_one_was_sent_before(line: Line) -> None:
    number = uuid4()
    line.edna.misbehave(lose_answers=1)

    first = await line.send(number=number)
    again = await line.send(number=number)

    assert isinstance(first, Later)
    assert first.is_unknown
    assert again == Sent(reference=str(number))
    assert len(line.edna.cascades.messages) == 1


async def test_after_twenty_minutes_edna_takes_the_same_number_again(line: Line) -> None:
    number = uuid4()
    await line.send(number=number)
    line.edna.cascades.time = (line.clock.now() + timedelta(minutes=21)).timestamp

    await line.send(number=number)

    assert len(line.edna.cascades.messages) == 2


async def test_a_subscriber_it_does_not_know_is_gone(line: Line) -> None:
    line.edna.cascades.unknown.add("79160000001")

    assert await line.send() == Gone(reason="subscriber-not-found")


async def test_a_wrong_key_or_cascade_is_told(line: Line) -> None:
    line.edna.cascades.ids = frozenset({8})
    no_cascade = await line.send()
    line.edna.cascades.key = "another"
    no_key = await line.send()

    assert isinstance(no_cascade, Refused)
    assert "cascade-not-found" in no_cascade.reason
    assert no_key == Refused(reason="EDNA does not take the key in edna_api_key")


@pytest.mark.parametrize("mood", ["too_many", "fail"])
async def test_a_trouble_passes(line: Line, mood: str) -> None:
    line.edna.misbehave(**{mood: 1}, retry_after=9)

    outcome = await line.send()

    assert isinstance(outcome, Later)
    assert outcome.is_unknown == (mood == "fail")
    assert isinstance(await line.send(), Sent)


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (["DELIVERED"], "delivered"),
        (["DELIVERED", "DELIVERED", "READ", "DELIVERED"], "read"),
        (["READ", "DELIVERED"], "read"),
        (["DELIVERED", "UNDELIVERED"], "delivered"),
        (["SENT"], "sent"),
    ],
)
async def test_statuses_end_the_same_in_any_order(
    line: Line, statuses: list[str], state: str
) -> None:
    number = await line.delivery()

    answers = [await line.told(number, status) for status in statuses]

    assert set(answers) == {204}
    assert (await line.state(number))[0] == state
    async with line.site.context.database.snapshot() as snap:
        kept = await snap.scalar("select count(*) from notifications_status")
    assert kept == len(set(statuses))


async def test_what_was_not_delivered_says_why(line: Line) -> None:
    number = await line.delivery()

    await line.told(number, "UNDELIVERED")

    assert await line.state(number) == ("refused", "UNDELIVERED: no such number")


async def test_a_status_counts_only_with_the_secret(line: Line) -> None:
    number = await line.delivery()

    assert await line.told(number, "READ", key="guessed") == 404
    assert (await line.state(number))[0] == "sent"
    async with line.site.client(keyed=False) as client:
        assert (await client.head(f"{PATH}/{CALLBACK_KEY}")).status_code == 200
        assert (await client.head(f"{PATH}/guessed")).status_code == 404


async def test_a_status_of_nobodys_message_is_taken_and_forgotten(line: Line) -> None:
    assert await line.told(uuid4(), "READ") == 204
    async with line.site.client(keyed=False) as client:
        foreign = await client.post(f"{PATH}/{CALLBACK_KEY}", json={"requestId": "test-001"})
        broken = await client.post(f"{PATH}/{CALLBACK_KEY}", content=b"{")
    assert (foreign.status_code, broken.status_code) == (204, 400)
    async with line.site.context.database.snapshot() as snap:
        assert await snap.scalar("select count(*) from notifications_status") == 0
