"""The practice push services inside a test: what the programs run, on free ports.

async with a_webpush() as push:
    browser = push.service.browsers.add("Anna")
    ...
    assert [one.title for one in browser.pushed] == ["Hello"]
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

from hansa.modules import parties
from hansa.modules.notifications import ChannelName, NewDevice
from hansa.runtime.database import Transaction
from sandbox.acquirer.wire import Answer, Call, serve_connection
from sandbox.push.moods import Mood
from sandbox.webpush.browsers import Browser, written
from sandbox.webpush.service import Service

__all__ = ["Person", "WebPushService", "a_person", "a_webpush", "device_of"]


@dataclass(frozen=True)
class Person:
    """A member with a name."""

    member_id: UUID
    party_id: UUID


@dataclass(frozen=True)
class WebPushService:
    """A running push service of browsers."""

    url: str
    service: Service

    def misbehave(self, **moods: float) -> None:
        self.service.moods.mood = Mood(**moods)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def a_webpush(now: datetime) -> AsyncIterator[WebPushService]:
    """Run a push service whose clock stands at `now`."""
    running: list[Service] = []

    async def answer(call: Call) -> Answer:
        return await running[0].answer(call)

    server = await asyncio.start_server(partial(serve_connection, answer), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    service = Service(origin=url)
    service.browsers.time = now.timestamp
    running.append(service)
    try:
        yield WebPushService(url, service)
    finally:
        server.close()


def device_of(push: WebPushService, browser: Browser, **told: str) -> NewDevice:
    """What a browser tells of its subscription."""
    return NewDevice(
        channel=ChannelName.WEBPUSH,
        address=f"{push.url}/push/{browser.token}",
        key_public=written(browser.public),
        key_auth=written(browser.auth),
        **told,
    )


async def a_person(
    tx: Transaction,
    *,
    now: datetime,
    name: str = "Анна",
    consents: bool = True,
    language: str = "ru",
) -> Person:
    """Somebody with a name who agreed to messages, or did not."""
    party_id = await parties.match_or_create(
        tx,
        party=parties.NewParty(given_name=name, display_name=name, language=language),
        identifiers=[
            parties.Identifier(kind=parties.IdentifierKind.EMAIL, value=f"{uuid4().hex}@x.org")
        ],
        now=now,
        region="RU",
    )
    if consents:
        await parties.set_consent(
            tx, party_id=party_id, purpose="marketing.push", is_granted=True, now=now
        )
    return Person(uuid4(), party_id)
