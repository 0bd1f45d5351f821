"""A coalition of three partners whose months can be closed, with a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest_asyncio

from hansa.assembly.application import build_context
from hansa.modules import ledger
from hansa.modules.ledger.checks import CHECKS as LEDGER_CHECKS
from hansa.modules.loyalty import guard, members, offers, points, programmes, settlement
from hansa.modules.loyalty.points.checks import CHECKS as POINT_CHECKS
from hansa.modules.loyalty.settlement.checks import CHECKS
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from tests.support.loyalty import a_member, a_partner, a_programme

SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
BEGIN = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
_keys = count(1)
_numbers = count(1)


@dataclass
class Play:
    """A programme with partners 1 to 3 of it, and short ways to do things to them."""

    context: Context
    clock: FixedClock
    programme: programmes.Programme
    partners: list[programmes.Partner]
    member: members.Member
    agreed: dict[int, programmes.Participation] = field(default_factory=dict)

    @property
    def coalition(self) -> programmes.Coalition:
        return self.context.service(programmes.Directory).coalition

    def number(self, place: int) -> int:
        return self.partners[place].number

    def terms(self, place: int) -> programmes.Terms:
        return self.coalition.terms[self.programme.id, self.partners[place].id]

    def ref(self) -> members.MemberRef:
        return members.MemberRef(members.RefKind.ID, str(self.member.id))

    async def submit(self, kind: type[points.Command], place: int, **fields: Any) -> str:
        """Do something in the name of a partner; give its key."""
        said: dict[str, Any] = {
            "owner": self.partners[place].id,
            "key": f"k{next(_keys)}",
            "programme_id": self.programme.id,
            "happened_at": self.clock.now(),
        } | fields
        self.clock.advance(timedelta(milliseconds=2))
        await self.context.service(points.Poster).submit(kind(**said))
        return str(said["key"])

    async def accrue(self, place: int, amount: int, **fields: Any) -> str:
        return await self.submit(points.Accrue, place, member=self.ref(), points=amount, **fields)

    async def spend(self, place: int, amount: int, **fields: Any) -> str:
        return await self.submit(points.Spend, place, member=self.ref(), points=amount, **fields)

    async def reverse(self, place: int, key: str, amount: int | None = None) -> str:
        return await self.submit(points.Reverse, place, posting_key=key, points=amount)

    async def agree(self, place: int, **terms: Any) -> None:
        """Let a partner take part on other terms from now on."""
        self.agreed[place] = replace(self.agreed[place], **terms)
        self.clock.advance(timedelta(milliseconds=5))
        async with self.context.database.transaction() as tx:
            await programmes.save_participation(
                tx, participation=self.agreed[place], by=None, now=self.clock.now()
            )
        await self.refresh()
        self.clock.advance(timedelta(milliseconds=5))

    async def refresh(self) -> None:
        await self.context.service(programmes.Directory).refresh()

    def go_to(self, moment: datetime) -> None:
        if moment > self.clock.now():
            self.clock.advance(moment - self.clock.now())

    async def roll(self) -> None:
        async with self.context.database.transaction() as tx:
            while await ledger.roll(tx):
                continue

    async def close(self, first: date) -> list[settlement.Statement]:
        """Close a month some days after its end; give its statements in the partners' order."""
        _, ends_at = settlement.bounds_of(first, self.programme.time_zone)
        self.go_to(ends_at + timedelta(days=2))
        await self.roll()
        closed = await settlement.close_month(
            self.context.database,
            coalition=self.coalition,
            programme=self.programme,
            first=first,
            by=None,
            now=self.clock.now(),
        )
        async with self.context.database.snapshot() as snap:
            found = await settlement.statements_of_closing(snap, closed=closed)
        by_partner = {one.partner_id: one for one in found}
        return [by_partner[one.id] for one in self.partners]

    async def draft(self, first: date) -> list[settlement.Statement]:
        async with self.context.database.snapshot() as snap:
            made = await settlement.draft_month(
                snap, coalition=self.coalition, programme=self.programme, first=first
            )
        by_partner = {one.partner_id: one for one in made.statements}
        return [by_partner[one.id] for one in self.partners]

    async def standing(self, place: int) -> settlement.Standing:
        async with self.context.database.snapshot() as snap:
            found = await settlement.read_standings(
                snap, coalition=self.coalition, programme=self.programme, now=self.clock.now()
            )
        return next(one for one in found if one.partner_id == self.partners[place].id)

    async def watch(self) -> list[settlement.AlertKind]:
        async with self.context.database.transaction() as tx:
            await settlement.watch(
                tx, coalition=self.coalition, programme=self.programme, now=self.clock.now()
            )
            alerts = await settlement.list_alerts(tx, limit=50)
        await self.refresh()
        return [one.kind for one in alerts if one.programme_id == self.programme.id]

    async def buy_block(self, place: int, quantity: int, price: int, *, paid: bool = True) -> Any:
        async with self.context.database.transaction() as tx:
            block = await settlement.order_block(
                tx,
                terms=self.terms(place),
                quantity=quantity,
                amount_minor=price,
                invoice=f"INV-{next(_keys)}",
                by=None,
                now=self.clock.now(),
            )
            if paid:
                block = await settlement.pay_block(
                    tx,
                    terms=self.terms(place),
                    block_id=block.id,
                    by=None,
                    now=self.clock.now(),
                )
        await self.refresh()
        return block

    async def findings(self) -> list[str]:
        found: list[str] = []
        async with self.context.database.snapshot() as snap:
            for check in (*CHECKS, *POINT_CHECKS, *LEDGER_CHECKS):
                found += [
                    f"{one.check} {one.subject}: {one.message}" for one in await check.run(snap)
                ]
        return found


@dataclass
class Stage:
    """Makes plays that do not meet: each has a programme and partners of its own."""

    context: Context
    clock: FixedClock

    def next_months(self) -> tuple[date, date]:
        """Go on to the begin of the next month; give it and the one after."""
        zone = "Europe/Moscow"
        first = settlement.next_month(settlement.month_of(self.clock.now(), zone))
        begins_at, _ = settlement.bounds_of(first, zone)
        self.clock.advance(begins_at - self.clock.now() + timedelta(hours=1))
        return first, settlement.next_month(first)

    async def play(self, **fields: Any) -> Play:
        number = next(_numbers)
        now = self.clock.now()
        values = {"lifetime_months": None, "code": f"p{number}", "number": number} | fields
        async with self.context.database.transaction() as tx:
            programme = await a_programme(tx, now=now, **values)
            partners = [
                await a_partner(
                    tx, programme, now=now, code=f"m{number}-{place}", number=number * 10 + place
                )
                for place in range(3)
            ]
            member = await a_member(tx, programme, now=now)
        made = Play(self.context, self.clock, programme, partners, member)
        made.agreed = {
            place: programmes.Participation(programme_id=programme.id, partner_id=one.id)
            for place, one in enumerate(partners)
        }
        await made.refresh()
        self.clock.advance(timedelta(seconds=1))
        return made


@pytest_asyncio.fixture(loop_scope="session")
async def stage(committing, settings) -> AsyncIterator[Stage]:
    clock = FixedClock(BEGIN)
    members.use_secret(settings.secret_key.reveal().encode())
    context = build_context(settings, clock=clock, database=committing)
    await context.open(
        (
            members.Naming,
            programmes.Directory,
            offers.Rulebook,
            guard.Watch,
            points.Poster,
        )
    )
    yield Stage(context, clock)
    await context.close_services()


@pytest_asyncio.fixture(loop_scope="session")
async def play(stage) -> Play:
    return await stage.play()
