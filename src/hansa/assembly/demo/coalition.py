"""The demo's coalition: its programme, partners and offers, and half a year of members' points.

Everything goes in by the doors that are there for it, under a clock that is led through the past,
so that statements, percents and histories are what they would be.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from hansa.assembly.demo.neighbours import NEIGHBOURS, OFFERS, Neighbour
from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.modules import ledger
from hansa.modules.loyalty import guard, members, offers, points, programmes
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context

CODE = "neighbours"
PHONES = tuple(f"+791655501{number}" for number in range(11, 19))
EXTRA_MEMBERS = 60
DAYS = 180
_SHOWN = 0
"""The member whose app is shown."""


@dataclass(frozen=True, slots=True)
class _Coalition:
    programme: programmes.Programme
    partners: dict[str, programmes.Partner]


async def load_coalition(context: Context, now: datetime) -> None:
    """Make the coalition and lead it through half a year; a second call changes nothing."""
    async with context.database.snapshot() as snap:
        known = await programmes.read_coalition(snap, now=now)
    if known.programme(CODE) is not None:
        return
    begins_at = (now - timedelta(days=DAYS)).replace(hour=8, minute=0, second=0, microsecond=0)
    made = await _agree(context, begins_at)
    enrolled = await _enrol(context, made, begins_at)
    clock = FixedClock(begins_at)
    story = Context(
        settings=context.settings,
        database=context.database,
        storage=context.storage,
        outbound=context.outbound,
        clock=clock,
    )
    await story.open(
        (
            members.Naming,
            members.Codes,
            programmes.Directory,
            offers.Rulebook,
            guard.Watch,
            points.Poster,
        )
    )
    try:
        offer_ids = await _offer(context, made, begins_at)
        await story.service(offers.Rulebook).refresh()
        await _live(story, clock, made, enrolled, offer_ids, until=now)
    finally:
        await story.close_services()
    async with context.database.transaction() as tx:
        while await ledger.roll(tx):
            pass


async def _agree(context: Context, now: datetime) -> _Coalition:
    programme = programmes.Programme(
        id=new_id(now),
        number=1,
        code=CODE,
        name={"ru": "Соседи", "en": "Neighbours"},
        unit={"ru": "балл", "en": "point"},
        percent=100,
        percent_max=1_500,
        lifetime_months=12,
        market="ru",
    )
    made = {}
    async with context.database.transaction() as tx:
        await programmes.save_programme(tx, programme=programme, by=None, now=now)
        for number, one in enumerate(NEIGHBOURS, start=1):
            partner = programmes.Partner(
                id=new_id(now),
                number=number,
                code=one.code,
                name={"ru": one.ru, "en": one.en},
                about={"ru": one.about_ru},
                category=one.category,
                position=number,
            )
            await programmes.save_partner(tx, partner=partner, by=None, now=now)
            agreed = programmes.Participation(
                programme_id=programme.id,
                partner_id=partner.id,
                billing=one.billing,
                issue_price=one.issue_price,
                redeem_price=Decimal(90),
                percent=one.percent,
                alert_points=20_000,
            )
            await programmes.save_participation(tx, participation=agreed, by=None, now=now)
            made[one.code] = partner
    return _Coalition(programme, made)


async def _enrol(context: Context, made: _Coalition, now: datetime) -> list[members.Member]:
    """Take the demo's shoppers in, and others with telephones of nobody."""
    members.use_secret(context.settings.secret_key.reveal().encode())
    phones = [*PHONES, *(f"+7900555{number:04}" for number in range(EXTRA_MEMBERS))]
    consent = members.ConsentGiven(document="rules", version="1", source="demo")
    enrolled = []
    for phone in phones:
        async with context.database.transaction() as tx:
            member = await members.enrol(
                tx,
                programme=made.programme,
                new=members.NewMember(phone=phone, language="ru", proof=members.VOUCHED),
                consent=consent,
                now=now,
            )
        with suppress(HansaError):  # a printed card is a nicety here
            async with context.database.transaction() as tx:
                await members.issue_card(tx, member_id=member.id, programme=made.programme, now=now)
        enrolled.append(member)
    return enrolled


async def _offer(context: Context, made: _Coalition, now: datetime) -> dict[str, UUID]:
    """Write the offers, as partners do, and approve them, as staff do; one waits for approval."""
    written = {}
    for number, (partner_code, code, content) in enumerate(OFFERS):
        partner = made.partners[partner_code]
        async with context.database.transaction() as tx:
            draft = await offers.write_offer(
                tx,
                programme_id=made.programme.id,
                partner_id=partner.id,
                code=code,
                content=content,
                by=None,
                now=now,
            )
            asked = await offers.submit_offer(tx, offer_id=draft.id, by=None, now=now)
            if number < len(OFFERS) - 1:
                await offers.approve_offer(
                    tx, offer_id=draft.id, revision=asked.revision, by=None, now=now
                )
                written[code] = draft.id
    return written


async def _live(
    story: Context,
    clock: FixedClock,
    made: _Coalition,
    enrolled: Sequence[members.Member],
    offer_ids: dict[str, UUID],
    *,
    until: datetime,
) -> None:
    """Let days pass: people switch offers on, buy, spend, bring back."""
    chance = Random(20261129)
    bought: list[tuple[datetime, Neighbour, str, members.Member]] = []
    number = 0
    while clock.now() < until - timedelta(days=1):
        now = clock.now()
        if chance.random() < 0.5:
            await _switch_on(story, made, chance.choice(enrolled[:20]), offer_ids, chance)
        asked: list[points.Command] = []
        for place, member in enumerate(enrolled):
            eagerness = 0.12 if place == _SHOWN else 0.05 if place < len(PHONES) else 0.02
            for one in NEIGHBOURS:
                if chance.random() >= eagerness * one.visits:
                    continue
                number += 1
                receipt = f"{one.code}-{number:06}"
                asked.append(_purchase(made, one, member, receipt, now, chance))
                bought.append((now, one, receipt, member))
            if chance.random() < eagerness * 0.5:
                asked.append(_spending(made, member, f"spend-{number}-{place}", now, chance))
        if bought and chance.random() < 0.25:
            at, one, receipt, _ = chance.choice(bought[-40:])
            asked.append(_return(made, one, receipt, max(at, now - timedelta(hours=2))))
        await _post(story, asked)
        clock.advance(timedelta(days=1))


async def _post(story: Context, asked: Sequence[points.Command]) -> None:
    """Post the commands of a day together; what cannot be spent is not, as at a till."""
    poster = story.service(points.Poster)
    for answer in await asyncio.gather(
        *(poster.submit(command) for command in asked), return_exceptions=True
    ):
        if isinstance(answer, BaseException) and not isinstance(answer, HansaError):
            raise answer


async def _switch_on(
    story: Context,
    made: _Coalition,
    member: members.Member,
    offer_ids: dict[str, UUID],
    chance: Random,
) -> None:
    coalition = story.service(programmes.Directory).coalition
    with suppress(HansaError):  # it is on already, or was used up
        async with story.database.transaction() as tx:
            await offers.switch_on(
                tx,
                coalition=coalition,
                member=(made.programme.id, member.id),
                offer_id=chance.choice(list(offer_ids.values())),
                now=story.clock.now(),
            )


def _purchase(  # noqa: PLR0917 - what a visit is made of
    made: _Coalition,
    one: Neighbour,
    member: members.Member,
    receipt: str,
    now: datetime,
    chance: Random,
) -> points.Purchase:
    least, most = one.receipt_minor
    amounts = [
        chance.randrange(least, most) // 100 * 100 for _ in range(chance.choice((1, 1, 2, 3)))
    ]
    return points.Purchase(
        owner=made.partners[one.code].id,
        key=receipt,
        programme_id=made.programme.id,
        happened_at=now,
        member=members.MemberRef(members.RefKind.ID, str(member.id)),
        receipt=receipt,
        lines=tuple(
            points.PurchaseLine(line=line, amount_minor=amount, category=one.category)
            for line, amount in enumerate(amounts, start=1)
        ),
    )


def _spending(
    made: _Coalition, member: members.Member, key: str, now: datetime, chance: Random
) -> points.Spend:
    one = chance.choice(NEIGHBOURS)
    return points.Spend(
        owner=made.partners[one.code].id,
        key=key,
        programme_id=made.programme.id,
        happened_at=now,
        member=members.MemberRef(members.RefKind.ID, str(member.id)),
        points=chance.choice((10, 25, 50, 100, 200)),
        reference=key,
    )


def _return(made: _Coalition, one: Neighbour, receipt: str, now: datetime) -> points.Return:
    return points.Return(
        owner=made.partners[one.code].id,
        key=f"return-{receipt}",
        programme_id=made.programme.id,
        happened_at=now,
        receipt=receipt,
    )
