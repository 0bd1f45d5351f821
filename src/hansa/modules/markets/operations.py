"""Opening and changing markets."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID
from zoneinfo import available_timezones

from hansa.contracts.markets import MarketChanged
from hansa.kernel.errors import Conflict, Invalid
from hansa.modules.markets import queries, store
from hansa.modules.markets.model import Market
from hansa.runtime.database import Transaction

_CODE = re.compile(r"[a-z][a-z0-9-]{1,15}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(eq=False)
class MarketInvalid(Invalid):
    """A field of the market is no such thing; `field` says which."""

    code: ClassVar[str] = "markets.market_invalid"
    message: ClassVar[str] = "The market cannot be saved: {field} is not right."

    field: str


@dataclass(eq=False)
class CurrencyFixed(Conflict):
    """The currency of a market never changes: its prices and orders are in it."""

    code: ClassVar[str] = "markets.currency_fixed"
    message: ClassVar[str] = "The currency of a market cannot be changed."

    market: str


async def save_market(tx: Transaction, *, market: Market, by: UUID | None, now: datetime) -> None:
    """Open a market or change it.

    Raises:
        MarketInvalid: a field is no such thing.
        CurrencyFixed: the market exists with another currency.
    """
    _check(market)
    before = await queries.find_market(tx, code=market.code)
    if before is not None and before.currency != market.currency:
        raise CurrencyFixed(market.code)
    if before == market:
        return
    await tx.execute(
        store.SAVE_MARKET,
        {
            "code": market.code,
            "name": json.dumps(dict(market.name), ensure_ascii=False),
            "currency": market.currency,
            "country": market.country,
            "languages": list(market.languages),
            "default_language": market.default_language,
            "tax_rate": market.tax_rate,
            "prices_include_tax": market.prices_include_tax,
            "phone_region": market.phone_region,
            "time_zone": market.time_zone,
            "legal_entity": json.dumps(dict(market.legal_entity), ensure_ascii=False),
            "is_open": market.is_open,
            "position": market.position,
            "by": by,
            "now": now,
        },
    )
    await tx.publish(MarketChanged(code=market.code))


def _check(market: Market) -> None:
    rules = {
        "code": _CODE.fullmatch(market.code),
        "currency": _CURRENCY.fullmatch(market.currency),
        "country": _COUNTRY.fullmatch(market.country),
        "phone_region": _COUNTRY.fullmatch(market.phone_region),
        "languages": market.languages and all(map(_LANGUAGE.fullmatch, market.languages)),
        "default_language": market.default_language in market.languages,
        "tax_rate": market.tax_rate.is_finite() and 0 <= market.tax_rate < 1,
        "time_zone": market.time_zone in available_timezones(),
        "name": any(market.name.values()),
    }
    for field, holds in rules.items():
        if not holds:
            raise MarketInvalid(field)
