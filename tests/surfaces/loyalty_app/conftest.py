"""A running application with a coalition, and members who use the app."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest_asyncio

from hansa.modules.loyalty import members
from hansa.modules.loyalty.members.signing_in import code_of
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from hansa.runtime.settings import Settings
from tests.support.http import Site, application
from tests.support.loyalty import a_member, phone
from tests.support.loyalty_app import Together, earn, lay_together

ANNA = phone(4_000_001)


@dataclass
class Tab:
    """A browser window with cookies of its own."""

    http: httpx.AsyncClient
    page: httpx.Response | None = None

    async def open(self, path: str, **headers: str) -> httpx.Response:
        """Open a page of the app."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self.page = await self.http.get(f"/ru/loyalty{path}", headers=sent)
        return self.page

    async def send(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form of the page that is open."""
        assert self.page is not None
        form = {"csrf_token": hidden(self.page, "csrf_token"), **fields}
        return await self.http.post(f"/ru/loyalty{path}", data=form)

    async def sign_in(self, telephone: str) -> httpx.Response:
        """Go through the telephone and the code; joins whoever is new."""
        await self.open("/sign-in")
        asked = await self.send("/sign-in", phone=telephone)
        assert asked.status_code in {200, 201}, asked.text
        self.page = asked
        answered = await self.send(
            "/sign-in/code",
            phone=telephone,
            challenge=hidden(asked, "challenge"),
            code=code_of(UUID(hidden(asked, "challenge"))),
        )
        if answered.status_code == httpx.codes.SEE_OTHER:
            return answered
        self.page = answered
        proof = hidden(answered, "proof")
        return await self.send("/sign-in/join", phone=telephone, proof=proof, agrees="1")


@dataclass
class House:
    """The application and what was laid in it."""

    site: Site
    database: Database
    clock: FixedClock
    laid: Together
    anna: members.Member
    stack: AsyncExitStack = field(repr=False)

    async def tab(self, **headers: str) -> Tab:
        """Open a window in which nobody is signed in."""
        client = self.site.client(keyed=False, headers=headers or None)
        return Tab(await self.stack.enter_async_context(client))

    async def of_anna(self) -> Tab:
        """Open a window in which Anna is signed in."""
        tab = await self.tab()
        assert (await tab.sign_in(ANNA)).status_code == httpx.codes.SEE_OTHER
        return tab


def hidden(page: httpx.Response, name: str) -> str:
    """Give the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None, (name, page.text[:3000])
    return found[1]


@pytest_asyncio.fixture(loop_scope="session")
async def house(
    settings: Settings, committing: Database, clock: FixedClock, now: datetime
) -> AsyncIterator[House]:
    members.use_secret(settings.secret_key.reveal().encode())
    async with committing.transaction() as tx:
        laid = await lay_together(tx, now=now)
        anna = await a_member(tx, laid.programme, now=now, phone=ANNA)
        await members.issue_card(tx, member_id=anna.id, programme=laid.programme, now=now)
    async with application(settings, committing, clock=clock) as site, AsyncExitStack() as stack:
        await earn(site.context, laid, anna.id, 500, key="anna", now=now)
        yield House(site, committing, clock, laid, anna, stack)
