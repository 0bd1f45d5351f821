"""Numbers, dates, currencies and identifiers as 1C writes them."""

import re
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Final

# 1C prints "-999 999 999,9" where there is no value.
NO_VALUE: Final = Decimal("-999999999.9")

_BLANKS: Final = re.compile(r"[\s\u00a0\u2007\u2009\u202f']+")
_PLAIN: Final = re.compile(r"[+-]?(?:\d{1,30}(?:\.\d{0,12})?|\.\d{1,12})\Z", re.ASCII)

_CURRENCIES: Final = {
    "руб": "RUB",
    "рубль": "RUB",
    "рубли": "RUB",
    "рублей": "RUB",
    "р": "RUB",
    "rur": "RUB",
    "810": "RUB",
    "643": "RUB",
    "₽": "RUB",
    "грн": "UAH",
    "гривна": "UAH",
    "980": "UAH",
    "₴": "UAH",
    "тг": "KZT",
    "тнг": "KZT",
    "тенге": "KZT",
    "398": "KZT",
    "₸": "KZT",
    "белруб": "BYN",
    "byr": "BYN",
    "byb": "BYN",
    "933": "BYN",
    "сом": "KGS",
    "сум": "UZS",
    "драм": "AMD",
    "лари": "GEL",
    "$": "USD",
    "долл": "USD",
    "доллар": "USD",
    "дол": "USD",
    "840": "USD",
    "€": "EUR",
    "евро": "EUR",
    "978": "EUR",
}
_ISO: Final = re.compile(r"[A-Z]{3}\Z", re.ASCII)

_MOMENTS: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?\Z",
    re.ASCII,
)
_RUSSIAN_MOMENTS: Final = re.compile(
    r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:\s+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\Z", re.ASCII
)
_COMPACT_MOMENTS: Final = re.compile(
    r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?\Z", re.ASCII
)
_TIMES: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?\Z")


class Unreadable(ValueError):
    """A value that cannot be taken; `code` says which rule it broke."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@lru_cache(maxsize=4_096)
def number(text: str) -> Decimal | None:
    """Read a number: decimal comma or point, grouping blanks; None for an empty or "no value" one.

    Raises:
        Unreadable: letters, exponents, several decimal marks, or more than 30 digits.
    """
    if _PLAIN.match(text):
        value = Decimal(text)
        return None if value == NO_VALUE else value
    plain = _BLANKS.sub("", text).replace("−", "-")
    if not plain:
        return None
    if "," in plain and "." in plain:
        # The last mark is the decimal one, the other groups: "1.234,50" and "1,234.50".
        grouping = "," if plain.rfind(".") > plain.rfind(",") else "."
        plain = plain.replace(grouping, "")
    plain = plain.replace(",", ".")
    if not _PLAIN.match(plain):
        raise Unreadable("number", f"{_shown(text)} is not a number")
    value = Decimal(plain)
    return None if value == NO_VALUE else value


def quantity(text: str, *, most: int) -> Decimal | None:
    """Read a quantity; fractions and negative numbers are kept as they are.

    Raises:
        Unreadable: not a number, or larger than `most` either way.
    """
    value = number(text)
    if value is not None and abs(value) > most:
        raise Unreadable("absurd_quantity", f"the quantity {_shown(text)} is beyond all reason")
    return value


def price(text: str, *, most: int) -> Decimal | None:
    """Read a price; zero is allowed.

    Raises:
        Unreadable: not a number, negative, or larger than `most`.
    """
    value = number(text)
    if value is None:
        return None
    if value < 0:
        raise Unreadable("negative_price", f"the price {_shown(text)} is negative")
    if value > most:
        raise Unreadable("absurd_price", f"the price {_shown(text)} is beyond all reason")
    return value


@lru_cache(maxsize=256)
def currency(text: str) -> str | None:
    """Give the ISO code for a currency as 1C names it; None when nothing is named.

    Raises:
        Unreadable: a name that is not known.
    """
    folded = _BLANKS.sub("", text).replace(".", "").casefold()
    if not folded:
        return None
    known = _CURRENCIES.get(folded)
    if known:
        return known
    if _ISO.match(folded.upper()):
        return folded.upper()
    raise Unreadable("currency", f"{_shown(text)} is not a known currency")


def moment(text: str) -> datetime | None:
    """Read a date with or without time as naive local time; None when empty or "no date".

    1C writes an empty date as 0001-01-01. A zone, where one is written, is dropped: 1C writes the
    local time of its machine.

    Raises:
        Unreadable: no date at all.
    """
    text = text.strip()
    if not text:
        return None
    if found := _MOMENTS.match(text) or _COMPACT_MOMENTS.match(text):
        year, month, day, *rest = found.groups()
    elif found := _RUSSIAN_MOMENTS.match(text):
        day, month, year, *rest = found.groups()
    else:
        raise Unreadable("date", f"{_shown(text)} is not a date")
    hour, minute, second = (int(part or 0) for part in rest)
    try:
        value = datetime(int(year), int(month), int(day), hour, minute, second)  # noqa: DTZ001 - 1C's local time
    except ValueError as error:
        raise Unreadable("date", f"{_shown(text)} is not a date") from error
    return None if value.year <= 1 else value


def day(text: str) -> date | None:
    """Read the date of a moment; see `moment`."""
    value = moment(text)
    return value.date() if value else None


def clock_time(text: str) -> time | None:
    """Read a time of the day, also from a full moment.

    Raises:
        Unreadable: no time at all.
    """
    text = text.strip()
    if not text:
        return None
    found = _TIMES.match(text)
    if found:
        hour, minute, second = (int(part or 0) for part in found.groups())
        try:
            return time(hour, minute, second)
        except ValueError as error:
            raise Unreadable("time", f"{_shown(text)} is not a time") from error
    value = moment(text)
    return value.time() if value else None


def _shown(text: str) -> str:
    short = text.strip()
    return f"“{short[:60]}{'…' if len(short) > 60 else ''}”"  # noqa: PLR2004 - for people only
