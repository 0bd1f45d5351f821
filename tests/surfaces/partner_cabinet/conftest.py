"""Two partners with people at their browsers, and a member who bought at one of them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest_asyncio

from hansa.kernel.identifiers import new_id
from hansa.modules import accounts
from hansa.modules.loyalty import members
from hansa.modules.loyalty.points import Poster, Purchase, PurchaseLine
from hansa.modules.loyalty.programmes import Directory
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from hansa.runtime.settings import Settings
from tests.conftest import NOON
from tests.support.http import Site, application
from tests.support.loyalty import a_member, a_partner, a_programme, phone
from tests.support.shop import a_shop

PASSWORD = "a long password nobody guesses"
HTML = {"Accept": "text/html"}
HOME = "/en/partner"


@dataclass
class Browser:
    """Somebody at their browser."""

    client: httpx.AsyncClient

    async def open(self, path: str, *, status: int = 200) -> str:
        answer = await self.client.get(path, headers=HTML)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.text

    async def send(self, path: str, *, status: int = 303, **form: Any) -> httpx.Response:
        """Send a form with the token of a page."""
        token = await self.token()
        answer = await self.client.post(path, data={"csrf_token": token, **form}, headers=HTML)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:800]}"
        return answer

    async def token(self) -> str:
        """Give the token every form carries."""
        answer = await self.client.get(f"{HOME}/sign-in", headers=HTML)
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
        assert found, answer.text[:300]
        return found[1]

    async def enter(self, email: str, where: str = f"{HOME}/sign-in") -> None:
        await self.send(where, email=email, password=PASSWORD)


@dataclass
class World:
    """What there is."""

    programme: Any
    shop: Any
    bank: Any
    member: Any
    users: dict[str, accounts.User] = field(default_factory=dict)


@pytest_asyncio.fixture(loop_scope="session")
async def world(committing: Database, settings: Settings) -> World:
    members.use_secret(settings.secret_key.reveal().encode())
    async with committing.transaction() as tx:
        await a_shop(tx, now=NOON)
        programme = await a_programme(tx, now=NOON, percent=1000, percent_max=2000)
        shop = await a_partner(tx, programme, now=NOON, code="shop", number=1)
        bank = await a_partner(tx, programme, now=NOON, code="bank", number=2)
        member = await a_member(tx, programme, now=NOON, phone=phone(1))
        made = World(programme, shop, bank, member)
        for name, kind, partner in (
            ("anna", "partner", shop),
            ("boris", "partner", bank),
            ("staff", "staff", None),
            ("shopper", "shopper", None),
        ):
            made.users[name] = await accounts.create_user(
                tx,
                email=f"{name}@example.com",
                password=PASSWORD,
                kind=kind,  # type: ignore[arg-type]
                partner_id=partner.id if partner else None,
                now=NOON,
            )
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def site(
    settings: Settings, committing: Database, clock: FixedClock, world: World
) -> AsyncIterator[Site]:
    async with application(settings, committing, clock=clock) as running:
        await running.context.service(Directory).refresh()
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def bought(site: Site, world: World) -> str:
    """Buy at the shop; the number of the receipt."""
    await site.context.service(Poster).post(
        Purchase(
            owner=world.shop.id,
            key="receipt-77",
            programme_id=world.programme.id,
            happened_at=NOON,
            member=members.MemberRef(members.RefKind.ID, str(world.member.id)),
            receipt="77",
            lines=(PurchaseLine(line=1, amount_minor=100_00, item="Bread"),),
        ),
        content=new_id(NOON).bytes,
    )
    return "77"


@pytest_asyncio.fixture(loop_scope="session")
async def anna(site: Site) -> AsyncIterator[Browser]:
    """Of the shop."""
    async with site.client(keyed=False) as client:
        browser = Browser(client)
        await browser.enter("anna@example.com")
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def boris(site: Site) -> AsyncIterator[Browser]:
    """Of the bank."""
    async with site.client(keyed=False) as client:
        browser = Browser(client)
        await browser.enter("boris@example.com")
        yield browser
