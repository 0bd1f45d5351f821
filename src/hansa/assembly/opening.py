"""Opening a market with what selling there needs at least: a way to get the goods and to pay."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from hansa.modules import checkout, markets, payments
from hansa.runtime.database import Transaction

__all__ = ["RUSSIA", "Opening", "open_market", "open_market_if_none"]


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A market to open: its code, money, country, tax in percent, language and time zone."""

    code: str
    currency: str
    country: str
    tax_percent: Decimal
    language: str
    time_zone: str
    name: str


RUSSIA = Opening(
    code="ru",
    currency="RUB",
    country="RU",
    tax_percent=Decimal(22),
    language="ru",
    time_zone="Europe/Moscow",
    name="Россия",
)


async def open_market(
    tx: Transaction, *, opening: Opening, languages: tuple[str, ...], now: datetime
) -> None:
    """Open a market where goods are collected in a shop and paid for there.

    Raises:
        MarketInvalid: a field is no such thing.
        CurrencyFixed: the market exists with another currency.
    """
    others = tuple(language for language in languages if language != opening.language)
    await markets.save_market(
        tx,
        market=markets.Market(
            code=opening.code,
            name={opening.language: opening.name},
            currency=opening.currency,
            country=opening.country,
            languages=(opening.language, *others),
            default_language=opening.language,
            tax_rate=opening.tax_percent / 100,
            prices_include_tax=True,
            phone_region=opening.country,
            time_zone=opening.time_zone,
        ),
        by=None,
        now=now,
    )
    await checkout.save_delivery_methods(
        tx,
        methods=[
            checkout.DeliveryMethod(
                market=opening.code,
                code="pickup",
                kind=checkout.DeliveryKind.PICKUP,
                name={"ru": "Забрать в магазине", "en": "Collect in a shop"},
                hint={"ru": "", "en": ""},
                price_minor=0,
                free_from_minor=None,
                days_min=0,
                days_max=0,
                position=0,
            )
        ],
    )
    await payments.save_methods(
        tx,
        methods=[
            payments.PaymentMethod(
                market=opening.code,
                code="on_receipt",
                provider=payments.ON_RECEIPT,
                name={"ru": "При получении", "en": "On receipt"},
                hint={"ru": "картой или наличными", "en": "by card or in cash"},
                position=0,
                pay_within_minutes=None,
            )
        ],
    )


async def open_market_if_none(
    tx: Transaction, *, languages: tuple[str, ...], now: datetime
) -> Opening | None:
    """Open Russia if no market is there yet; give it if it was opened."""
    if await markets.list_markets(tx):
        return None
    await open_market(tx, opening=RUSSIA, languages=languages, now=now)
    return RUSSIA
