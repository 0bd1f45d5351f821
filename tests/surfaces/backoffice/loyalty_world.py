"""A coalition with a member who has bought, spent and been corrected, behind the back office."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from hansa.modules.loyalty import desk, members, offers, points, programmes
from hansa.runtime.http import Actor
from tests.conftest import NOON
from tests.support.http import Site
from tests.support.loyalty import CONSENT

__all__ = ["PHONE", "World", "a_world", "money"]

PHONE = "+79161234567"
VERA = Actor(id=UUID(int=9), kind="staff", name="Vera", permissions=frozenset({"*"}))


@dataclass
class World:
    """A programme, a shop, a member with points."""

    site: Site
    programme: programmes.Programme
    shop: programmes.Partner
    member: members.Member

    @property
    def url(self) -> str:
        return f"/office/loyalty/members/{self.member.id}"

    @property
    def correction_url(self) -> str:
        return f"{self.url}/programmes/{self.programme.id}/correction"

    async def post(self, command: points.Command) -> points.Receipt:
        return await self.site.context.service(points.Poster).submit(command)

    async def accrue(self, amount: int) -> None:
        ref = members.MemberRef(members.RefKind.ID, str(self.member.id))
        await self.post(
            points.Accrue(
                owner=self.shop.id,
                key=f"accrue-{amount}",
                programme_id=self.programme.id,
                happened_at=NOON,
                member=ref,
                points=amount,
            )
        )

    async def posted(self) -> int:
        key = (self.programme.id, self.member.id)
        async with self.site.context.database.snapshot() as snap:
            found = await points.read_balances(snap, members=[key], now=NOON)
        return found[key].posted

    async def propose(self, amount: int = 50) -> desk.Correction:
        new = desk.NewCorrection(
            programme_id=self.programme.id,
            member_id=self.member.id,
            points=amount,
            reason="Receipt came late",
            attachment="See the photo",
        )
        async with self.site.context.database.transaction() as tx:
            return await desk.propose_correction(tx, new=new, by=VERA, now=NOON)


def money(amount: int) -> tuple[points.PurchaseLine, ...]:
    return (points.PurchaseLine(line=1, amount_minor=amount, quantity=Decimal(1)),)


async def enrol(site: Site, programme: programmes.Programme, number: int = 0) -> members.Member:
    phone = PHONE if not number else f"+7926{number:07d}"
    async with site.context.database.transaction() as tx:
        return await members.enrol(
            tx,
            programme=programme,
            partner=None,
            new=members.NewMember(phone=phone, name=f"Anna Petrova {number or ''}".strip()),
            consent=CONSENT,
            now=NOON,
        )


async def a_world(site: Site, *, with_postings: bool = True) -> World:
    """Make it; the programme gives ten percent, a point is a rouble."""
    programme = programmes.Programme(
        id=UUID(int=7),
        number=1,
        code="plus",
        name={"en": "Plus", "ru": "Плюс"},
        percent=1_000,
    )
    shop = programmes.Partner(
        id=UUID(int=8), number=1, code="fuel", name={"en": "Fuel", "ru": "Топливо"}
    )
    async with site.context.database.transaction() as tx:
        await programmes.save_programme(tx, programme=programme, by=None, now=NOON)
        await programmes.save_partner(tx, partner=shop, by=None, now=NOON)
        agreed = programmes.Participation(programme_id=programme.id, partner_id=shop.id)
        await programmes.save_participation(tx, participation=agreed, by=None, now=NOON)
    await site.context.service(programmes.Directory).refresh()
    await site.context.service(offers.Rulebook).refresh()
    world = World(site, programme, shop, await enrol(site, programme))
    if with_postings:
        said = {
            "owner": shop.id,
            "programme_id": programme.id,
            "happened_at": NOON,
        }
        ref = members.MemberRef(members.RefKind.ID, str(world.member.id))
        await world.post(
            points.Purchase(key="k1", member=ref, receipt="r-1", lines=money(100_000), **said)
        )
        await world.post(points.Spend(key="k2", member=ref, points=30, **said))
    return world
