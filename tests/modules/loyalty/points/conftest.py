"""A coalition whose points can be posted, with a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest_asyncio

from hansa.assembly.application import build_context
from hansa.modules.ledger.checks import CHECKS as LEDGER_CHECKS
from hansa.modules.loyalty import guard, members, offers, points, programmes
from hansa.modules.loyalty.points.checks import CHECKS
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from tests.modules.loyalty.points.pair import Pair
from tests.support.loyalty import a_member, a_partner, a_programme

_keys = count(1)


@dataclass
class Play:
    """A programme, two partners, a member, and short ways to do things to them."""

    context: Context
    clock: FixedClock
    programme: programmes.Programme
    shop: programmes.Partner
    bank: programmes.Partner
    member: members.Member
    done: list[points.Receipt] = field(default_factory=list)

    @property
    def poster(self) -> points.Poster:
        return self.context.service(points.Poster)

    def ref(self, member: members.Member | None = None) -> members.MemberRef:
        return members.MemberRef(members.RefKind.ID, str((member or self.member).id))

    def said(self, partner: programmes.Partner | None = None, **fields: Any) -> dict[str, Any]:
        values: dict[str, Any] = {
            "owner": (partner or self.shop).id,
            "key": f"k{next(_keys)}",
            "programme_id": self.programme.id,
            "happened_at": self.clock.now(),
        }
        return values | fields

    async def accrue(self, amount: int, **fields: Any) -> points.Receipt:
        values = {"member": self.ref(), "points": amount} | fields
        return await self.poster.submit(points.Accrue(**self.said(**values)))

    async def spend(self, amount: int, **fields: Any) -> points.Receipt:
        values = {"member": self.ref(), "points": amount} | fields
        return await self.poster.submit(points.Spend(**self.said(**values)))

    async def hold(self, amount: int, key: str, minutes: int = 30, **fields: Any) -> points.Receipt:
        expires_at = self.clock.now() + timedelta(minutes=minutes)
        values = {
            "member": self.ref(),
            "points": amount,
            "key": key,
            "expires_at": expires_at,
        } | fields
        return await self.poster.submit(points.HoldPoints(**self.said(**values)))

    async def buy(self, receipt: str, *amounts: int, **fields: Any) -> points.Receipt:
        lines = tuple(
            points.PurchaseLine(line=number, amount_minor=amount, quantity=Decimal(1))
            for number, amount in enumerate(amounts, start=1)
        )
        values = {"member": self.ref(), "receipt": receipt, "lines": lines} | fields
        return await self.poster.submit(points.Purchase(**self.said(**values)))

    async def bring_back(
        self, receipt: str, *lines: tuple[int, int], **fields: Any
    ) -> points.Receipt:
        back = tuple(points.ReturnLine(line=line, amount_minor=amount) for line, amount in lines)
        values = {"receipt": receipt, "lines": back} | fields
        return await self.poster.submit(points.Return(**self.said(**values)))

    async def balance(self, member: members.Member | None = None) -> points.Balance:
        key = (self.programme.id, (member or self.member).id)
        async with self.context.database.snapshot() as snap:
            found = await points.read_balances(snap, members=[key], now=self.clock.now())
        return found[key]

    async def findings(self) -> list[str]:
        found: list[str] = []
        async with self.context.database.snapshot() as snap:
            for check in (*CHECKS, *LEDGER_CHECKS):
                found += [
                    f"{one.check} {one.subject}: {one.message}" for one in await check.run(snap)
                ]
        return found

    async def agree(self, partner: programmes.Partner, **terms: Any) -> None:
        """Let a partner take part on other terms from now on."""
        agreed = programmes.Participation(
            programme_id=self.programme.id, partner_id=partner.id, **terms
        )
        async with self.context.database.transaction() as tx:
            await programmes.save_participation(
                tx, participation=agreed, by=None, now=self.clock.now()
            )
        await self.context.service(programmes.Directory).refresh()

    async def another_member(self) -> members.Member:
        async with self.context.database.transaction() as tx:
            return await a_member(tx, self.programme, now=self.clock.now())

    def later(self, **step: int) -> datetime:
        return self.clock.advance(timedelta(**step))


@pytest_asyncio.fixture(loop_scope="session")
async def play(committing, settings, now) -> AsyncIterator[Play]:
    clock = FixedClock(now)
    members.use_secret(settings.secret_key.reveal().encode())
    async with committing.transaction() as tx:
        programme = await a_programme(
            tx, now=now, percent=1000, percent_max=2000, point_minor=100, lifetime_months=12
        )
        shop = await a_partner(tx, programme, now=now, code="shop", number=1)
        bank = await a_partner(tx, programme, now=now, code="bank", number=2)
        member = await a_member(tx, programme, now=now)
    context = build_context(settings, clock=clock, database=committing)
    await context.open(
        (members.Naming, programmes.Directory, offers.Rulebook, guard.Watch, points.Poster)
    )
    yield Play(context, clock, programme, shop, bank, member)
    await context.close_services()


@pytest_asyncio.fixture(loop_scope="session")
async def pair(play: Play) -> Pair:
    return Pair(play, await play.another_member())
