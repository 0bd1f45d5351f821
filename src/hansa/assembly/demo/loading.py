"""Loads the demo once, in steps that can each be repeated, so that a kill does no harm."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from hansa.assembly.demo import (
    artwork,
    assortment,
    chats,
    coalition,
    crm,
    feeds,
    onec,
    partners_desk,
    people,
    showcase,
    telephones,
    world,
)
from hansa.assembly.demo.assortment import Piece
from hansa.modules import accounts, catalog, checkout, markets, payments, pricing, search, stock
from hansa.runtime.context import Context

Show = Callable[[float, float | None, str], None]
T = TypeVar("T")

SOURCE = "demo"
_CHUNK = 40

_MARKETS = (
    markets.Market(
        code="ru",
        name={"ru": "Россия", "en": "Russia"},
        currency="RUB",
        country="RU",
        languages=("ru", "en"),
        default_language="ru",
        tax_rate=Decimal("0.22"),
        prices_include_tax=True,
        phone_region="RU",
        time_zone="Europe/Moscow",
        legal_entity={"name": "ООО «Ольха»", "inn": "7707083893"},
    ),
    markets.Market(
        code="kz",
        name={"ru": "Казахстан", "en": "Kazakhstan"},
        currency="KZT",
        country="KZ",
        languages=("ru", "en"),
        default_language="ru",
        tax_rate=Decimal("0.16"),
        prices_include_tax=True,
        phone_region="KZ",
        time_zone="Asia/Almaty",
        legal_entity={"name": "ТОО «Ольха Казахстан»"},
        position=1,
    ),
)

_DELIVERY = (
    (
        "ru",
        "courier",
        "courier",
        "Курьером",
        "By courier",
        "завтра или послезавтра",
        "tomorrow or the day after",
        39000,
        1000000,
        1,
        2,
    ),
    (
        "ru",
        "pickup",
        "pickup",
        "Забрать в магазине",
        "Collect in a shop",
        "сегодня, отложим на сутки",
        "today, kept for a day",
        0,
        None,
        0,
        0,
    ),
    (
        "kz",
        "courier",
        "courier",
        "Курьером",
        "By courier",
        "два-три дня",
        "two or three days",
        250000,
        6000000,
        2,
        3,
    ),
    (
        "kz",
        "pickup",
        "pickup",
        "Забрать в магазине",
        "Collect in a shop",
        "сегодня, отложим на сутки",
        "today, kept for a day",
        0,
        None,
        0,
        0,
    ),
)


async def load(context: Context, *, show: Show) -> None:
    """Load the sample data; a second call is quick and changes nothing."""
    async with context.database.snapshot() as snap:
        is_loaded = await people.is_loaded(snap)
    now = context.clock.now()
    if is_loaded:
        await onec.connect(context, now)
        await crm.connect(context, now)
        await feeds.connect(context, now)
        await telephones.connect(context, now)
        return
    pieces = list(assortment.pieces(now))
    await _ground(context, now)
    await _pictures(context, pieces, show)
    await _goods(context, pieces, now, show)
    await search.rebuild(
        context.database, now=now, on_progress=lambda done, total: show(done, total, "search")
    )
    await world.introduce(context, pieces, now)
    await people.load_shoppers(context, now)
    await coalition.load_coalition(context, now)
    await people.load_people(context, pieces, now, show=show)
    await telephones.connect(context, now)
    await partners_desk.open_desk(context, now)
    await feeds.connect(context, now)
    await onec.connect(context, now)
    await crm.connect(context, now)
    await people.finish(context, now)


async def _ground(context: Context, now: datetime) -> None:
    async with context.database.transaction() as tx:
        for market in _MARKETS:
            await markets.save_market(tx, market=market, by=None, now=now)
        await checkout.save_delivery_methods(
            tx,
            methods=[
                checkout.DeliveryMethod(
                    market=market,
                    code=code,
                    kind=checkout.DeliveryKind(kind),
                    name={"ru": ru, "en": en},
                    hint={"ru": hint_ru, "en": hint_en},
                    price_minor=price,
                    free_from_minor=free_from,
                    days_min=days_min,
                    days_max=days_max,
                    position=position,
                )
                for position, (
                    market,
                    code,
                    kind,
                    ru,
                    en,
                    hint_ru,
                    hint_en,
                    price,
                    free_from,
                    days_min,
                    days_max,
                ) in enumerate(_DELIVERY)
            ],
        )
        await payments.save_methods(tx, methods=_payment_methods())
    async with context.database.transaction() as tx:
        await stock.save_warehouses(tx, warehouses=assortment.warehouses(), now=now)
        await chats.introduce(tx, now=now)
    async with context.database.transaction() as tx:
        partners = pricing.CustomerGroup(code="partners", name={"ru": "Партнёры", "en": "Partners"})
        await pricing.save_groups(tx, groups=[partners], now=now)
        await pricing.save_price_lists(tx, price_lists=assortment.price_lists(), now=now)
    async with context.database.transaction() as tx:
        await catalog.save_categories(tx, categories=assortment.categories(), now=now)
        await catalog.save_attributes(tx, attributes=assortment.attributes(), now=now)
        await catalog.save_choices(tx, choices=assortment.choices(), now=now)
    async with context.database.transaction() as tx:
        await accounts.ensure_built_in_roles(
            tx, known_permissions=people.known_permissions(), now=now
        )


def _payment_methods() -> list[payments.PaymentMethod]:
    return [
        payments.PaymentMethod(
            market=market.code,
            code=code,
            provider=provider,
            name={"ru": ru, "en": en},
            hint={"ru": hint_ru, "en": hint_en},
            position=position,
            pay_within_minutes=minutes,
            capture_at_once=False,  # held until a shop has said that it has the goods
        )
        for market in _MARKETS
        for position, (code, provider, ru, en, hint_ru, hint_en, minutes) in enumerate(
            (
                (
                    "card",
                    payments.SIMULATED,
                    "Картой сейчас",
                    "By card now",
                    "на странице учебного банка",
                    "on the page of a practice bank",
                    60,
                ),
                (
                    "on_receipt",
                    payments.ON_RECEIPT,
                    "При получении",
                    "On receipt",
                    "картой или наличными",
                    "by card or in cash",
                    None,
                ),
            )
        )
    ]


async def _pictures(context: Context, pieces: Sequence[Piece], show: Show) -> None:
    def draw(done: int, total: int) -> None:
        show(done, total, "pictures")

    await artwork.draw_looks(context.storage, (piece.looks for piece in pieces), show=draw)
    if not await context.storage.exists("media/brand/hero-1400.webp"):
        for name, content in showcase.showcase():
            await context.storage.put(f"media/brand/{name}", content)


async def _goods(context: Context, pieces: Sequence[Piece], now: datetime, show: Show) -> None:
    done = 0
    for chunk in _chunks(pieces, _CHUNK):
        products = [
            replace(piece.product, media=tuple(artwork.media_of(piece.looks, piece.product.name)))
            for piece in chunk
        ]
        variants = [variant for piece in chunk for variant in piece.variants]
        prices = [price for piece in chunk for price in assortment.prices(piece)]
        async with context.database.transaction() as tx:
            await catalog.save_products(tx, products=products, now=now)
            await catalog.save_variants(tx, variants=variants, now=now)
            await pricing.set_prices(tx, prices=prices, now=now)
        async with context.database.transaction() as tx:
            await stock.set_levels(
                tx,
                source=SOURCE,
                levels=[level for piece in chunk for level in assortment.levels(piece, now)],
                now=now,
            )
        done += len(chunk)
        show(done, len(pieces), "goods")


def _chunks(items: Sequence[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
