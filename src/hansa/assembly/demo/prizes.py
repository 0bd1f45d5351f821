"""What the demo's members take for points: goods, certificates with codes, donations, all drawn."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hansa.assembly.demo import pictures, showcase
from hansa.assembly.demo.assortment import demo_id
from hansa.assembly.demo.garments import still_lifes
from hansa.assembly.demo.garments.cloth import Colour
from hansa.assembly.demo.pictures import Placed
from hansa.kernel.errors import HansaError
from hansa.modules import catalog
from hansa.modules.loyalty import members, programmes, rewards
from hansa.modules.loyalty.rewards import RewardKind
from hansa.runtime.context import Context

_WIDTH, _HEIGHT = 800, 600
_SIZES = catalog.WIDTHS
_GIVERS = 9
"""So many members have given points to somebody."""
_GOODS, _CERTIFICATE, _DONATION = RewardKind.GOODS, RewardKind.CERTIFICATE, RewardKind.DONATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Prize:
    """A reward and how it is drawn: on a ground, as shapes or as a garment."""

    partner: str
    code: str
    kind: RewardKind
    ru: str
    en: str
    about_ru: str
    about_en: str
    terms_ru: str
    terms_en: str
    ground: Colour
    drawing: str = ""
    garments: Sequence[Placed] = ()
    points: int = 0
    amounts: tuple[int, ...] = ()
    codes: int = 0
    stock: int | None = None
    per_member: int | None = None

    @property
    def picture(self) -> str:
        """Give the storage key of its picture."""
        return f"media/demo/reward-{self.code}.webp"


_OAT = Colour.of("oat", "#e9e1d3")
_SHELL = Colour.of("shell", "#efe3dc")
_MIST = Colour.of("mist", "#dfe5e2")
_AT_TILL_RU = "Покажите карту участника на кассе: заказ виден продавцу."
_AT_TILL_EN = "Show your member's card at the till: the seller sees the order."
_BY_CODE_RU = "Код появится в заказе. Посмотрев его, отменить заказ уже нельзя."
_BY_CODE_EN = "The code is in the order. Once you have seen it the order cannot be cancelled."
_ALL_RU = "Баллы переводятся в рубли целиком, без комиссии."
_ALL_EN = "All points become roubles, nothing is kept back."

PRIZES = (
    Prize(
        partner="zerno", code="cappuccino", kind=_GOODS, points=250, per_member=10,
        ru="Капучино", en="Cappuccino", ground=showcase.CAMEL, drawing=still_lifes.CUP,
        about_ru="Большой, на молоке Дальней фермы. В любой кофейне «Зерно».",
        about_en="A large one with milk of Far Farm, in any Zerno coffee shop.",
        terms_ru=_AT_TILL_RU, terms_en=_AT_TILL_EN,
    ),
    Prize(
        partner="bulka", code="loaf", kind=_GOODS, points=200,
        ru="Хлеб на закваске", en="Sourdough loaf", ground=_OAT, drawing=still_lifes.LOAF,
        about_ru="Утренний, из печи. Каждый день с восьми.",
        about_en="From the oven, every day from eight.",
        terms_ru=_AT_TILL_RU, terms_en=_AT_TILL_EN,
    ),
    Prize(
        partner="olkha", code="tote", kind=_GOODS, points=1_500, stock=38, per_member=2,
        ru="Сумка «Ольха»", en="Olkha tote bag", ground=_MIST,
        garments=(Placed("tote", showcase.GREEN, 400, -10, 0.62),),
        about_ru="Плотный хлопок, длинные ручки. Выдаём в магазине на Петровке.",
        about_en="Heavy cotton, long handles. Collect it in the shop on Petrovka.",
        terms_ru=_AT_TILL_RU, terms_en=_AT_TILL_EN,
    ),
    Prize(
        partner="kino", code="cinema", kind=_CERTIFICATE, points=600, codes=24, per_member=4,
        ru="Билет в кино", en="Cinema ticket", ground=showcase.DENIM, drawing=still_lifes.TICKETS,
        about_ru="На любой сеанс, кроме премьер, в течение трёх месяцев.",
        about_en="For any show but premières, for three months.",
        terms_ru=_BY_CODE_RU, terms_en=_BY_CODE_EN,
    ),
    Prize(
        partner="knigi", code="books", kind=_CERTIFICATE, points=1_000, codes=40,
        ru="Сертификат на 1 000 ₽", en="Voucher of 1,000 ₽", ground=_SHELL,
        drawing=still_lifes.BOOKS,
        about_ru="На книги и настольные игры в «Книжном дворе».",
        about_en="For books and board games at Book Yard.",
        terms_ru=_BY_CODE_RU, terms_en=_BY_CODE_EN,
    ),
    Prize(
        partner="taxi", code="ride", kind=_CERTIFICATE, points=300, codes=3, per_member=1,
        ru="Поездка на 300 ₽", en="A ride of 300 ₽", ground=showcase.SAND, drawing=still_lifes.CAR,
        about_ru="Промокод «Совы» на одну поездку по городу.",
        about_en="A code of Sova for one ride in town.",
        terms_ru=_BY_CODE_RU, terms_en=_BY_CODE_EN,
    ),
    Prize(
        partner="lapa", code="shelter", kind=_DONATION, amounts=(50, 100, 300, 500),
        ru="Корм для приюта", en="Food for the shelter", ground=_SHELL, drawing=still_lifes.PAW,
        about_ru="«Лапа» кормит сорок собак и кошек, которые ждут дома.",
        about_en="Lapa feeds forty dogs and cats that wait for a home.",
        terms_ru=_ALL_RU, terms_en=_ALL_EN,
    ),
    Prize(
        partner="dom", code="trees", kind=_DONATION, amounts=(30, 100, 250),
        ru="Деревья во дворы", en="Trees for our yards", ground=_MIST, drawing=still_lifes.TREE,
        about_ru="«Дом и сад» сажает липы и рябины там, где решили соседи.",
        about_en="House and Garden plants limes and rowans where neighbours want them.",
        terms_ru=_ALL_RU, terms_en=_ALL_EN,
    ),
)  # fmt: skip


async def put_up(
    context: Context,
    *,
    programme: programmes.Programme,
    partners: Mapping[str, programmes.Partner],
    now: datetime,
) -> None:
    """Draw the rewards and put them into the catalogue."""
    key = context.settings.secret_key.reveal().encode()
    for position, one in enumerate(PRIZES):
        if not await context.storage.exists(one.picture):
            await catalog.store_sizes(context.storage, one.picture, _drawn(one))
        reward = rewards.Reward(
            id=_id_of(one),
            programme_id=programme.id,
            partner_id=partners[one.partner].id,
            code=one.code,
            kind=one.kind,
            name={"ru": one.ru, "en": one.en},
            about={"ru": one.about_ru, "en": one.about_en},
            terms={"ru": one.terms_ru, "en": one.terms_en},
            picture=one.picture,
            points=one.points,
            amounts=one.amounts,
            stock=one.stock,
            per_member=one.per_member,
            position=position,
        )
        async with context.database.transaction() as tx:
            await rewards.save_reward(tx, reward=reward, now=now)
            if one.codes:
                await rewards.add_codes(
                    tx, reward_id=reward.id, codes=_codes(one), secret=key, now=now
                )


async def take_some(
    story: Context, programme: programmes.Programme, enrolled: Sequence[members.Member]
) -> None:
    """Let some members give points away, and the first of them drink a coffee."""
    wanted: list[tuple[str, int | None, members.Member]] = [("cappuccino", None, enrolled[0])]
    wanted += [
        (("shelter", "trees")[place % 2], (50, 30)[place % 2], member)
        for place, member in enumerate(enrolled[:_GIVERS])
    ]
    chosen = {one.code: _id_of(one) for one in PRIZES}
    now = story.clock.now()
    for place, (code, amount, member) in enumerate(wanted):
        membership = member.membership(programme.id)
        if membership is None:
            continue
        with suppress(HansaError):  # the member has not so many points
            await rewards.order_reward(
                story,
                order_id=demo_id("reward-order", str(place)),
                membership=membership,
                reward_id=chosen[code],
                points=amount,
                now=now,
            )


def _id_of(prize: Prize) -> UUID:
    return demo_id("reward", prize.code)


def _codes(prize: Prize) -> list[str]:
    made = [hashlib.sha256(f"{prize.code} {n}".encode()).hexdigest() for n in range(prize.codes)]
    return [f"{one[:4]}-{one[4:8]}-{one[8:12]}".upper() for one in made]


def _drawn(prize: Prize) -> dict[int, bytes]:
    drawing = (
        pictures.banner(prize.garments, prize.ground, width=_WIDTH, height=_HEIGHT)
        if prize.garments
        else pictures.shapes(prize.drawing, prize.ground, width=_WIDTH, height=_HEIGHT)
    )
    return dict(pictures.pack(pictures.render(drawing, _SIZES[0]), _SIZES))
