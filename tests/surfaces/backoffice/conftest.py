"""The back office with a small shop behind it, and people of the staff who use it by browser."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

import httpx
import pytest_asyncio

from hansa.modules import accounts
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from hansa.runtime.settings import Secret, Settings
from tests.conftest import NOON
from tests.support.acquirer import SECRET, Bank, a_bank
from tests.support.http import Site, application
from tests.support.shop import Shop, a_shop

PASSWORD = "a long password nobody guesses"


@dataclass
class Browser:
    """Somebody of the staff at their browser: opens pages and sends their forms."""

    client: httpx.AsyncClient
    user: accounts.User

    async def open(self, path: str, *, status: int = 200) -> str:
        """Give the text of a page."""
        answer = await self.client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.text

    async def send(
        self, path: str, data: dict[str, object] | None = None, *, status: int = 303
    ) -> httpx.Response:
        """Send a form as the browser does, with the token of its page."""
        page = await self.client.get("/office/me", headers={"Accept": "text/html"})
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert found, page.text[:300]
        answer = await self.client.post(
            path, data={"csrf_token": found[1], **(data or {})}, headers={"Accept": "text/html"}
        )
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:800]}"
        return answer


SignIn = Callable[..., AbstractAsyncContextManager[Browser]]


@pytest_asyncio.fixture(loop_scope="session")
async def bank() -> AsyncIterator[Bank]:
    async with a_bank() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def shop(committing: Database) -> Shop:
    async with committing.transaction() as tx:
        return await a_shop(tx, now=NOON)


@pytest_asyncio.fixture(loop_scope="session")
async def site(
    settings: Settings, committing: Database, shop: Shop, bank: Bank, clock: FixedClock
) -> AsyncIterator[Site]:
    own = replace(settings, acquirer_url=bank.url, acquirer_secret=Secret(SECRET))
    async with application(own, committing, clock=clock) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def sign_in(site: Site, committing: Database) -> SignIn:
    """Give a way to sign somebody in who may do what is said; in English unless told."""

    @contextlib.asynccontextmanager
    async def come_in(
        *permissions: str, email: str = "staff@example.com", language: str = "en"
    ) -> AsyncIterator[Browser]:
        user = await a_member(committing, permissions, email=email)
        async with site.client(keyed=False) as client:
            client.cookies.set("hansa_language", language)
            await enter(client, email)
            yield Browser(client, user)

    return come_in


@pytest_asyncio.fixture(loop_scope="session")
async def root(sign_in: SignIn) -> AsyncIterator[Browser]:
    """An administrator."""
    async with sign_in("*", email="root@example.com") as browser:
        yield browser


async def a_member(database: Database, permissions: Sequence[str], *, email: str) -> accounts.User:
    """Make a member of staff with a role of their own."""
    code = "role-" + email.partition("@")[0].replace(".", "-")
    async with database.transaction() as tx:
        if "*" in permissions:
            await accounts.ensure_built_in_roles(tx, known_permissions=[], now=NOON)
            code = accounts.ADMINISTRATOR
        else:
            await accounts.save_role(
                tx,
                code=code,
                title={"en": "Own"},
                permissions=permissions,
                known_permissions=permissions,
                by=None,
                now=NOON,
            )
        return await accounts.create_user(
            tx, email=email, password=PASSWORD, kind="staff", roles=[code], now=NOON
        )


async def enter(
    client: httpx.AsyncClient, email: str, *, password: str = PASSWORD, status: int = 303
) -> httpx.Response:
    """Sign in by the form."""
    page = await client.get("/office/sign-in")
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found
    answer = await client.post(
        "/office/sign-in",
        data={"csrf_token": found[1], "email": email, "password": password},
    )
    assert answer.status_code == status, answer.text[:500]
    return answer
