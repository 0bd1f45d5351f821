"""The demo's coalition: its programme, partners and offers, and half a year of members' points.

Everything goes in by the doors that are there for it, under a clock that is led through the past,
so that statements, percents and histories are what they would be. A load that was broken off is
told again from its beginning: each step finds what it has done before, points by their keys.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from hansa.assembly.demo import clearing, feeds, prizes
from hansa.assembly.demo.assortment import demo_id
from hansa.assembly.demo.neighbours import GOODS, NEIGHBOURS, OFFERS, Neighbour
from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import instant_of, new_id
from hansa.modules.loyalty import guard, members, offers, points, programmes
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from hansa.runtime.database import Snapshot

CODE = "neighbours"
PHONES = tuple(f"+791655501{number}" for number in range(11, 19))
EXTRA_MEMBERS = 60
_JOINS_EVERY_DAYS = 2
DAYS = 180
_LIFETIME_MONTHS = 6
"""A little longer than the story: at its end the first points are about to expire."""
CUSTOMERS = 3
"""So many members go to the practice partners."""
_EAGERNESS = (0.06, 0.035, 0.035, 0.035, 0.035, 0.035, 0.035, 0.035, 0.016)
"""How often members come, the last one for all others: a share of what partners are visited."""
_SPENDS, _SPENT_LEAST = 0.09, 40
_PRESENTS = (
    ("olkha", "День рождения", 1_500, None, None),
    ("zerno", "Неделя кофе", 400, 19, None),
    ("marketplace", "Заказ в пути", 85, None, 9),
)
_SHOWN_OFFER = "svyaz-tariff"
_LAST_OFFER = OFFERS[-1][1]
_SHOWN = 0
"""The member whose app is shown."""


@dataclass(frozen=True, slots=True)
class _Coalition:
    programme: programmes.Programme
    partners: dict[str, programmes.Partner]


async def load_coalition(context: Context, now: datetime, *, days: int = DAYS) -> None:
    """Make the coalition and lead it through half a year, or finish what an earlier call began.

    The offer that waits for approval is written last: by it a finished load is known.
    """
    async with context.database.snapshot() as snap:
        known = await programmes.read_coalition(snap, now=now)
        made = _made(known)
        if made is not None and _LAST_OFFER in await _offers(snap, made):
            return
    begins_at = (now - timedelta(days=days)).replace(hour=8, minute=0, second=0, microsecond=0)
    if made is None:
        made = await _agree(context, begins_at)
    begins_at = instant_of(made.programme.id)
    until = begins_at + timedelta(days=days)
    members.use_secret(context.settings.secret_key.reveal().encode())
    await prizes.put_up(context, programme=made.programme, partners=made.partners, now=begins_at)
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
        enrolled = await _live(story, clock, made, offer_ids, until=until)
        await _leave_open(story, made, enrolled, offer_ids)
        await prizes.take_some(story, made.programme, enrolled)
        await _post(story, _presents(made, enrolled[_SHOWN], clock.now()))
        await clearing.roll(story)
        await _write_offer(story, made, OFFERS[-1], now - timedelta(days=1), is_approved=False)
    finally:
        await story.close_services()
    await context.service(programmes.Directory).refresh()


def _made(known: programmes.Coalition) -> _Coalition | None:
    """Give what an earlier load has agreed on: all of it or nothing."""
    programme = known.programme(CODE)
    if programme is None:
        return None
    return _Coalition(programme, {one.code: one for one in known.partners.values()})


async def _offers(snap: Snapshot, made: _Coalition) -> dict[str, UUID]:
    found = await offers.list_offers(snap, programme_id=made.programme.id, limit=len(OFFERS))
    return {one.code: one.id for one in found}


async def _agree(context: Context, now: datetime) -> _Coalition:
    programme = programmes.Programme(
        id=new_id(now),
        number=1,
        code=CODE,
        name={"ru": "Соседи", "en": "Neighbours"},
        unit={"ru": "балл", "en": "point"},
        percent=100,
        percent_max=1_500,
        lifetime_months=_LIFETIME_MONTHS,
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
                about={"ru": one.about_ru, "en": one.about_en},
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
                pending_days=one.pending_days,
                alert_points=one.alert_points,
            )
            await programmes.save_participation(tx, participation=agreed, by=None, now=now)
            made[one.code] = partner
    return _Coalition(programme, made)


async def _enrol(context: Context, made: _Coalition, phone: str, now: datetime) -> members.Member:
    """Take somebody in and give them a printed card, unless an earlier load has."""
    consent = members.ConsentGiven(document="rules", version="1", source="demo")
    async with context.database.transaction() as tx:
        member = await members.enrol(
            tx,
            programme=made.programme,
            new=members.NewMember(phone=phone, language="ru", proof=members.VOUCHED),
            consent=consent,
            now=now,
        )
        if not await members.list_cards(tx, member_id=member.id):
            await members.issue_card(tx, member_id=member.id, programme=made.programme, now=now)
    return member


async def _offer(context: Context, made: _Coalition, now: datetime) -> dict[str, UUID]:
    """Write the offers, as partners do, and approve them, as staff do, and a rule for weekends."""
    for offer in OFFERS[:-1]:
        await _write_offer(context, made, offer, now, is_approved=True)
    rule = offers.EarningRule(
        id=demo_id("earning-rule", "weekend-coffee"),
        code="weekend-coffee",
        name={"ru": "Выходные в кофейнях", "en": "Weekends in coffee shops"},
        programme_id=made.programme.id,
        partner_id=made.partners["zerno"].id,
        kind=offers.EffectKind.PERCENT,
        value=200,
        schedule=offers.Schedule(weekdays=(6, 7)),
        group="weekend",
    )
    async with context.database.transaction() as tx:
        if not await offers.list_rules(tx, programme_id=made.programme.id, limit=1):
            await offers.save_rule(tx, rule=rule, by=None, now=now)
        known = await _offers(tx, made)
    return {code: known[code] for _, code, _ in OFFERS[:-1]}


async def _write_offer(
    context: Context,
    made: _Coalition,
    offer: tuple[str, str, offers.OfferContent],
    now: datetime,
    *,
    is_approved: bool,
) -> None:
    """Write an offer and ask for its approval, and give it, all at once; or find it written."""
    partner_code, code, content = offer
    async with context.database.transaction() as tx:
        if code in await _offers(tx, made):
            return
        draft = await offers.write_offer(
            tx,
            programme_id=made.programme.id,
            partner_id=made.partners[partner_code].id,
            code=code,
            content=content,
            by=None,
            now=now,
        )
        asked = await offers.move_offer(
            tx, act=offers.Act.SUBMIT, offer_id=draft.id, by=None, now=now
        )
        if is_approved:
            await offers.approve_offer(
                tx, offer_id=draft.id, revision=asked.revision, by=None, now=now
            )


async def _live(
    story: Context,
    clock: FixedClock,
    made: _Coalition,
    offer_ids: dict[str, UUID],
    *,
    until: datetime,
) -> list[members.Member]:
    """Let days pass: people join, switch offers on, buy, spend, bring back; give who joined."""
    chance = Random(20261129)
    bought: list[tuple[datetime, Neighbour, str]] = []
    balances: dict[UUID, int] = {}
    enrolled = [await _enrol(story, made, phone, clock.now()) for phone in PHONES]
    others = iter([f"+7900555{number:04}" for number in range(EXTRA_MEMBERS)])
    number = day = 0
    bookkeeper = clearing.Clearing(story, made.programme, until=until)
    await bookkeeper.begin()
    while clock.now() < until - timedelta(days=1):
        now = clock.now()
        await bookkeeper.tend()
        if day % _JOINS_EVERY_DAYS == 0 and (phone := next(others, None)) is not None:
            enrolled.append(await _enrol(story, made, phone, now))
        if chance.random() < 0.5:
            member, offer_id = chance.choice(enrolled[:20]), chance.choice(list(offer_ids.values()))
            await _switch_on(story, made, member, offer_id)
        asked: list[points.Command] = []
        for place, member in enumerate(enrolled):
            eagerness = _EAGERNESS[min(place, len(_EAGERNESS) - 1)]
            for one in NEIGHBOURS:
                if chance.random() >= eagerness * one.visits:
                    continue
                number += 1
                receipt = f"{one.code}-{number:06}"
                asked.append(_purchase(made, one, member, receipt, now, chance))
                bought.append((now, one, receipt))
            spent = balances.get(member.id, 0) * chance.choice((3, 5, 8)) // 10
            if spent >= _SPENT_LEAST and chance.random() < _SPENDS:
                asked.append(_spending(made, member, spent, now, chance))
        if bought and chance.random() < 0.25:
            at, one, receipt = chance.choice(bought[-40:])
            asked.append(_return(made, one, receipt, max(at, now - timedelta(hours=2))))
        balances |= await _post(story, asked)
        clock.advance(timedelta(days=1))
        day += 1
    return enrolled


async def _leave_open(
    story: Context,
    made: _Coalition,
    enrolled: Sequence[members.Member],
    offer_ids: dict[str, UUID],
) -> None:
    """Leave an offer that is on, and customers of practice partners."""
    cards: list[members.Card] = []
    await _switch_on(story, made, enrolled[_SHOWN], offer_ids[_SHOWN_OFFER])
    async with story.database.snapshot() as snap:
        for member in enrolled[:CUSTOMERS]:
            cards += await members.list_cards(snap, member_id=member.id)
    await feeds.introduce(
        story.settings, cards=[one.number for one in cards if one.number], phones=PHONES[:CUSTOMERS]
    )


def _presents(made: _Coalition, member: members.Member, now: datetime) -> list[points.Command]:
    """Give the member that is shown points of every kind: for long, for weeks only, for later."""
    ref = members.MemberRef(members.RefKind.ID, str(member.id))
    return [
        points.Accrue(
            owner=made.partners[code].id,
            key=f"present-{code}",
            programme_id=made.programme.id,
            happened_at=now,
            member=ref,
            points=count,
            reference=reference,
            expires_at=None if days is None else now + timedelta(days=days),
            active_at=None if later is None else now + timedelta(days=later),
        )
        for code, reference, count, days, later in _PRESENTS
    ]


async def _post(story: Context, asked: Sequence[points.Command]) -> dict[UUID, int]:
    """Post the commands of a day together; give the balances of those who took part.

    What cannot be spent is not, as at a till.
    """
    poster = story.service(points.Poster)
    balances = {}
    for answer in await asyncio.gather(
        *(poster.submit(command) for command in asked), return_exceptions=True
    ):
        if isinstance(answer, points.Receipt) and answer.member_id is not None:
            balances[answer.member_id] = answer.balance
        elif isinstance(answer, BaseException) and not isinstance(answer, HansaError):
            raise answer
    return balances


async def _switch_on(
    story: Context, made: _Coalition, member: members.Member, offer_id: UUID
) -> None:
    """Switch an offer on that a member has never touched."""
    coalition = story.service(programmes.Directory).coalition
    key = made.programme.id, member.id
    with suppress(HansaError):  # it is not for this member, or its places are taken
        async with story.database.transaction() as tx:
            standings = await offers.load_standings(tx, members=[key])
            if offer_id not in standings[key].switches:
                await offers.switch_on(
                    tx, coalition=coalition, member=key, offer_id=offer_id, now=story.clock.now()
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
            points.PurchaseLine(
                line=line,
                amount_minor=amount,
                category=one.category,
                item=chance.choice(GOODS[one.category]),
            )
            for line, amount in enumerate(amounts, start=1)
        ),
    )


def _spending(
    made: _Coalition, member: members.Member, spent: int, now: datetime, chance: Random
) -> points.Spend:
    one = chance.choice(NEIGHBOURS)
    key = f"{one.code}-{now:%m%d}-{member.id.hex[-4:]}"
    return points.Spend(
        owner=made.partners[one.code].id,
        key=key,
        programme_id=made.programme.id,
        happened_at=now,
        member=members.MemberRef(members.RefKind.ID, str(member.id)),
        points=spent,
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
