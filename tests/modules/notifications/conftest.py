"""An installation that sends to practice push services, and people with devices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio

from hansa.modules import notifications
from hansa.modules.notifications import ChannelName, Kind, NewDevice
from hansa.modules.notifications.checks import CHECKS
from hansa.modules.notifications.messages import Notice
from hansa.modules.notifications.notifying import notify_all
from hansa.modules.notifications.policy import Policy
from hansa.modules.notifications.rules import save_policy
from hansa.modules.notifications.sending import Sender
from hansa.modules.notifications.texts import Text
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from hansa.runtime.database import Database, Row
from hansa.runtime.http import Actor
from hansa.runtime.settings import Secret, Settings
from sandbox.fcm.project import Telephone
from tests.support.http import Site, application
from tests.support.push import FcmService, Person, WebPushService, a_person, a_webpush, an_fcm

__all__ = ["BY", "Post", "post"]

BY = Actor(id=uuid4(), kind="staff", permissions=frozenset({"*"}), name="Staff")
TEXTS = {
    "ru": Text(title="Скидка", body="{name}, для вас скидка"),
    "en": Text(title="Offer", body="{name}, an offer for you"),
}


@dataclass
class Post:
    """Everything a test of sending needs."""

    site: Site
    google: FcmService
    browsers: WebPushService
    clock: FixedClock
    telephones: dict[UUID, Telephone] = field(default_factory=dict)

    @property
    def context(self) -> Context:
        return self.site.context

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def person(self, *, device: bool = True, zone: str = "UTC", **told: Any) -> Person:
        """A member with a telephone, who agreed to messages."""
        async with self.context.database.transaction() as tx:
            person = await a_person(tx, now=self.now, **told)
        if device:
            await self.telephone(person, zone=zone, language=told.get("language", "ru"))
        return person

    async def telephone(
        self, person: Person, *, zone: str = "UTC", language: str = "ru"
    ) -> Telephone:
        """One more telephone of a person."""
        made = self.google.project.add("Telephone")
        device = NewDevice(
            channel=ChannelName.FCM, address=made.token, time_zone=zone, language=language
        )
        await self.register(person, device)
        self.telephones[person.member_id] = made
        return made

    async def register(self, person: Person, device: NewDevice) -> UUID:
        async with self.context.database.transaction() as tx:
            return await notifications.register_device(
                tx,
                member_id=person.member_id,
                party_id=person.party_id,
                device=device,
                now=self.now,
                practice_origin=self.browsers.url,
            )

    def notice(self, person: Person, **changes: Any) -> Notice:
        fields: dict[str, Any] = {
            "member_id": person.member_id,
            "kind": Kind.OFFERS,
            "code": "test",
            "texts": TEXTS,
            "collapse_key": uuid4().hex,
            "dedup_key": uuid4().hex,
            **changes,
        }
        return Notice(**fields)

    async def tell(self, person: Person, **changes: Any) -> str:
        """Write a message; give its key."""
        notice = self.notice(person, **changes)
        async with self.context.database.transaction() as tx:
            await notify_all(tx, notices=[notice], now=self.now)
        return notice.dedup_key

    async def send(self) -> None:
        """Send what is due, as the loop does."""
        await Sender(self.context).drain()

    async def fate(self, dedup_key: str) -> Row:
        async with self.context.database.snapshot() as snap:
            return await snap.one(
                "select id, state, reason, due_at, attempts, counted_at"
                "  from notifications_message where dedup_key = %(key)s",
                {"key": dedup_key},
            )

    async def fates(self) -> dict[tuple[str, str], int]:
        async with self.context.database.snapshot() as snap:
            rows = await snap.all(
                "select state, reason, count(*) as messages from notifications_message"
                " group by 1, 2"
            )
        return {(row.state, row.reason): row.messages for row in rows}

    async def rules(self, **changes: Any) -> None:
        async with self.context.database.transaction() as tx:
            await save_policy(tx, policy=replace(Policy(), **changes), by=BY, now=self.now)

    def arrived(self, person: Person) -> list[str]:
        return [one.body for one in self.telephones[person.member_id].arrived]

    def advance(self, step: timedelta) -> None:
        """Move every clock."""
        self.clock.advance(step)
        self.google.project.time = self.now.timestamp
        self.browsers.service.browsers.time = self.now.timestamp

    async def findings(self) -> list[str]:
        async with self.context.database.snapshot() as snap:
            return [one.check for check in CHECKS for one in await check.run(snap)]


@pytest_asyncio.fixture
async def post(
    settings: Settings, committing: Database, clock: FixedClock, now: datetime
) -> AsyncIterator[Post]:
    """An installation at noon of a day without quiet hours in sight."""
    async with an_fcm(now) as google, a_webpush(now) as browsers:
        own = replace(
            settings,
            fcm_url=google.url,
            fcm_service_account=Secret(google.project.account()),
            webpush_practice_url=browsers.url,
            webpush_contact="mailto:push@hansa.test",
        )
        async with application(own, committing, clock=clock) as site:
            yield Post(site, google, browsers, clock)
