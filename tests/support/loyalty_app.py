"""A coalition as the members' app shows it: partners, offers, rewards; the app is on for all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hansa.assembly.application import build_context
from hansa.kernel.identifiers import new_id
from hansa.modules import ledger, loyalty, rollout
from hansa.modules.loyalty import guard, members, offers, points, programmes, rewards, settlement
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from hansa.runtime.database import Database, Transaction
from hansa.runtime.settings import Settings
from tests.support.loyalty import a_programme

__all__ = [
    "SECRET",
    "Together",
    "a_closed_month",
    "a_reward",
    "buy",
    "earn",
    "give_back",
    "lay_together",
]

SECRET = b"a key that only tests use, long enough"


@dataclass
class Together:
    """What was laid."""

    programme: programmes.Programme
    bakery: programmes.Partner
    fuel: programmes.Partner
    insurer: programmes.Partner
    offers: dict[str, UUID]
    rewards: dict[str, UUID]


async def lay_together(tx: Transaction, *, now: datetime) -> Together:
    """Write a programme with three partners, offers and rewards; the app is on for everybody."""
    programme = await a_programme(
        tx, now=now, code="together", percent=500, percent_max=2000, lifetime_months=1
    )
    names = {"bakery": "Хлеб и точка", "fuel": "Трасса", "insurer": "Надёжный полис"}
    partners = {}
    for number, (code, name) in enumerate(names.items(), start=1):
        partner = programmes.Partner(
            id=new_id(now),
            number=number,
            code=code,
            name={"ru": name, "en": code.capitalize()},
            about={"ru": "Рядом с домом.", "en": "Around the corner."},
            category={"bakery": "food", "fuel": "fuel", "insurer": "insurance"}[code],
        )
        await programmes.save_partner(tx, partner=partner, by=None, now=now)
        agreed = programmes.Participation(
            programme_id=programme.id,
            partner_id=partner.id,
            percent={"bakery": 700, "fuel": 300, "insurer": None}[code],
        )
        await programmes.save_participation(tx, participation=agreed, by=None, now=now)
        partners[code] = partner
    await rollout.save_rules(
        tx,
        feature="loyalty.app",
        rules=rollout.Rules(state=rollout.State.ON),
        known=["loyalty.app"],
        by=None,
        now=now,
    )
    made = await _offers(tx, programme, partners, now)
    had = await _rewards(tx, programme, partners, now)
    return Together(
        programme=programme,
        bakery=partners["bakery"],
        fuel=partners["fuel"],
        insurer=partners["insurer"],
        offers=made,
        rewards=had,
    )


async def _offers(
    tx: Transaction,
    programme: programmes.Programme,
    partners: dict[str, programmes.Partner],
    now: datetime,
) -> dict[str, UUID]:
    kind, gives = offers.ConditionKind, offers.RewardKind
    written = {
        "coffee": (
            "bakery",
            "Кофе к булочке",
            "Coffee with a bun",
            offers.Condition(kind=kind.PURCHASE, amount_minor=10_000),
            offers.Reward(kind=gives.PERCENT, percent=300, days=30),
        ),
        "tank": (
            "fuel",
            "Полный бак",
            "A full tank",
            offers.Condition(kind=kind.PURCHASES, count=3, amount_minor=300_000, days=30),
            offers.Reward(kind=gives.POINTS, points=150),
        ),
        "weekend": (
            "bakery",
            "Пироги по выходным",
            "Pies at weekends",
            offers.Condition(kind=kind.PURCHASE),
            offers.Reward(kind=gives.MULTIPLIER, multiplier=200),
        ),
        "policy": (
            "insurer",
            "Полис для путешествий",
            "A policy for travels",
            offers.Condition(kind=kind.ACTION, code="policy"),
            offers.Reward(kind=gives.PERCENT, percent=200, days=90),
        ),
    }
    made = {}
    for code, (partner, title, english, condition, reward) in written.items():
        content = offers.OfferContent(
            wording=offers.Wording(
                title={"ru": title, "en": english},
                text={"ru": "Включите и купите: дальше всё само.", "en": "Switch it on and buy."},
                terms={"ru": "Раз в месяц на человека.", "en": "Once a month for each person."},
            ),
            condition=condition,
            reward=reward,
            schedule=offers.Schedule(ends_at=now + timedelta(days=21)),
        )
        offer = await offers.write_offer(
            tx,
            programme_id=programme.id,
            partner_id=partners[partner].id,
            code=code,
            content=content,
            by=None,
            now=now,
        )
        await offers.move_offer(tx, act=offers.Act.SUBMIT, offer_id=offer.id, by=None, now=now)
        sent = await offers.get_offer(tx, offer_id=offer.id)
        await offers.approve_offer(
            tx, offer_id=offer.id, revision=sent.revision, by=None, now=now - timedelta(hours=1)
        )
        made[code] = offer.id
    return made


async def _rewards(
    tx: Transaction,
    programme: programmes.Programme,
    partners: dict[str, programmes.Partner],
    now: datetime,
) -> dict[str, UUID]:
    kind = rewards.RewardKind
    made = {}
    written: dict[str, dict[str, Any]] = {
        "mug": {
            "kind": kind.GOODS,
            "name": {"ru": "Кружка из глины", "en": "A mug of clay"},
            "points": 120,
            "stock": 3,
        },
        "cinema": {
            "kind": kind.CERTIFICATE,
            "name": {"ru": "Два билета в кино", "en": "Two tickets to the cinema"},
            "points": 200,
        },
        "trees": {
            "kind": kind.DONATION,
            "name": {"ru": "Посадить лес", "en": "Plant a wood"},
            "amounts": (50, 100, 500),
        },
        "weekend": {
            "kind": kind.CERTIFICATE,
            "name": {"ru": "Выходные за городом", "en": "A weekend in the country"},
            "points": 9000,
        },
    }
    for position, (code, fields) in enumerate(written.items()):
        made[code] = await a_reward(
            tx, programme, partners["bakery"], now=now, code=code, position=position, **fields
        )
    for code in ("cinema", "weekend"):
        await rewards.add_codes(
            tx,
            reward_id=made[code],
            codes=[f"{code.upper()}-{number:04d}" for number in range(5)],
            secret=SECRET,
            now=now,
        )
    return made


async def a_reward(
    tx: Transaction,
    programme: programmes.Programme,
    partner: programmes.Partner,
    *,
    now: datetime,
    **fields: Any,
) -> UUID:
    """Write a reward of a partner."""
    values: dict[str, Any] = {
        "id": new_id(now),
        "code": f"reward-{new_id(now).hex[-8:]}",
        "kind": rewards.RewardKind.GOODS,
        "name": {"ru": "Вещь", "en": "A thing"},
        "about": {"ru": "Сделана руками, прослужит долго.", "en": "Made by hand, for long."},
        "terms": {"ru": "Заберите в любой пекарне.", "en": "Pick it up at any bakery."},
    } | fields
    reward = rewards.Reward(programme_id=programme.id, partner_id=partner.id, **values)
    await rewards.save_reward(tx, reward=reward, now=now)
    return reward.id


def _said(laid: Together, partner: programmes.Partner, key: str, now: datetime) -> dict[str, Any]:
    return {
        "owner": partner.id,
        "key": key,
        "programme_id": laid.programme.id,
        "happened_at": now,
    }


async def earn(
    context: Context, laid: Together, member_id: UUID, points: int, *, key: str, now: datetime
) -> None:
    """Give a member points of the bakery."""
    await context.service(loyalty.points.Poster).submit(
        loyalty.points.Accrue(
            **_said(laid, laid.bakery, key, now),
            member=loyalty.members.MemberRef(loyalty.members.RefKind.ID, str(member_id)),
            points=points,
        )
    )


async def buy(
    context: Context,
    laid: Together,
    member_id: UUID,
    amount_minor: int,
    *,
    receipt: str,
    now: datetime,
) -> loyalty.points.Receipt:
    """Let a member buy bread at the bakery."""
    return await context.service(loyalty.points.Poster).submit(
        loyalty.points.Purchase(
            **_said(laid, laid.bakery, f"buy-{receipt}", now),
            member=loyalty.members.MemberRef(loyalty.members.RefKind.ID, str(member_id)),
            receipt=receipt,
            lines=(
                loyalty.points.PurchaseLine(
                    line=1,
                    amount_minor=amount_minor,
                    quantity=Decimal(1),
                    category="food",
                    item="Хлеб ржаной",
                ),
            ),
        )
    )


async def give_back(
    context: Context, laid: Together, *, receipt: str, now: datetime
) -> loyalty.points.Receipt:
    """Let the whole of a receipt come back."""
    return await context.service(loyalty.points.Poster).submit(
        loyalty.points.Return(**_said(laid, laid.bakery, f"return-{receipt}", now), receipt=receipt)
    )


async def a_closed_month(
    settings: Settings,
    database: Database,
    laid: Together,
    member_id: UUID,
    *,
    first: date,
    clock: FixedClock,
    now: datetime,
) -> None:
    """Let a member buy bread for 1,000 roubles by the clock, and close that month."""
    built = build_context(settings, database=database)
    context = Context(
        settings=settings,
        database=database,
        storage=built.storage,
        outbound=built.outbound,
        clock=clock,
    )
    await context.open(
        (members.Naming, programmes.Directory, offers.Rulebook, guard.Watch, points.Poster)
    )
    await buy(context, laid, member_id, 100_000, receipt="A-1", now=clock.now())
    async with database.transaction() as tx:
        while await ledger.roll(tx):
            pass
    await settlement.close_month(
        database,
        coalition=context.service(programmes.Directory).coalition,
        programme=laid.programme,
        first=first,
        by=None,
        now=now,
    )
    await context.close_services()
