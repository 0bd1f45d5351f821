"""The practice push services inside a test: what the programs run, on free ports.

async with a_webpush() as push:
    browser = push.service.browsers.add("Anna")
    ...
    assert [one.title for one in browser.pushed] == ["Hello"]
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Protocol
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import rsa

from hansa.modules import parties
from hansa.modules.notifications import ChannelName, NewDevice
from hansa.runtime.database import Transaction
from sandbox.acquirer.wire import Answer, Call, serve_connection
from sandbox.edna.cascades import Cascades
from sandbox.edna.service import Service as Edna
from sandbox.fcm.project import Project
from sandbox.fcm.service import Service as Fcm
from sandbox.push.moods import Mood
from sandbox.webpush.browsers import Browser, written
from sandbox.webpush.service import Service

__all__ = [
    "EDNA_KEY",
    "EdnaService",
    "FcmService",
    "Person",
    "WebPushService",
    "a_person",
    "a_webpush",
    "an_edna",
    "an_fcm",
    "device_of",
]


EDNA_KEY = "key-of-the-tests"


class Answering(Protocol):
    """What answers calls."""

    async def answer(self, call: Call) -> Answer: ...


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


@dataclass(frozen=True)
class FcmService:
    """A running Firebase."""

    url: str
    service: Fcm

    @property
    def project(self) -> Project:
        return self.service.project

    def misbehave(self, **moods: float) -> None:
        self.service.moods.mood = Mood(**moods)  # type: ignore[arg-type]


@dataclass(frozen=True)
class EdnaService:
    """A running EDNA."""

    url: str
    service: Edna

    @property
    def cascades(self) -> Cascades:
        return self.service.cascades

    def misbehave(self, **moods: float) -> None:
        self.service.moods.mood = Mood(**moods)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def _served(make: Callable[[str], Answering]) -> AsyncIterator[tuple[str, Answering]]:
    """Run a service that knows its own address."""
    running: list[Answering] = []

    async def answer(call: Call) -> Answer:
        return await running[0].answer(call)

    server = await asyncio.start_server(partial(serve_connection, answer), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    running.append(make(url))
    try:
        yield url, running[0]
    finally:
        server.close()


@contextlib.asynccontextmanager
async def a_webpush(now: datetime) -> AsyncIterator[WebPushService]:
    """Run a push service whose clock stands at `now`."""
    service = Service(origin="")

    def make(url: str) -> Service:
        service.origin, service.browsers.time = url, now.timestamp
        return service

    async with _served(make) as (url, _):
        yield WebPushService(url, service)


@contextlib.asynccontextmanager
async def an_fcm(now: datetime) -> AsyncIterator[FcmService]:
    """Run a Firebase whose clock stands at `now`."""
    service = Fcm(Project("practice", "", key=_account_key(), time=now.timestamp))

    def make(url: str) -> Fcm:
        service.project.origin = url
        return service

    async with _served(make) as (url, _):
        yield FcmService(url, service)


@contextlib.asynccontextmanager
async def an_edna(now: datetime) -> AsyncIterator[EdnaService]:
    """Run an EDNA whose clock stands at `now`; its key is `EDNA_KEY`, its cascade 7."""
    service = Edna(Cascades(EDNA_KEY, frozenset({7}), time=now.timestamp))
    async with _served(lambda _: service) as (url, _):
        yield EdnaService(url, service)


@cache
def _account_key() -> rsa.RSAPrivateKey:
    """One key for all tests: making it takes long."""
    return rsa.generate_private_key(65537, 2048)


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
