"""Money, numbers and dates as people write them. Fast, since lists are full of them."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_skeleton, format_time

from hansa.kernel.money import Money, UnitPrice, exponent

GROUP_DIGITS = 3
UNGROUPED_DIGITS = 4  # Russian writes 2400, but 24 000
HARD_SPACE = "\u00a0"
MINUS = "\u2212"

_SYMBOLS = {"RUB": "₽", "KZT": "₸", "BYN": "Br", "USD": "$", "EUR": "€", "UZS": "сум", "AMD": "֏"}
_SEPARATORS = {"ru": (HARD_SPACE, ","), "en": (",", ".")}


def format_number(value: Decimal | float | None, language: str, places: int = -1) -> str:
    """Write a number in groups of three; `places` after the point, -1 for as many as needed."""
    if value is None:
        return ""
    group, point = _SEPARATORS.get(language, _SEPARATORS["en"])
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if places < 0:
        text = f"{number.normalize():f}" if number % 1 else f"{number:.0f}"
    else:
        text = f"{number:.{places}f}"
    sign = MINUS if text.startswith("-") else ""
    whole, _, rest = text.lstrip("-").partition(".")
    if language != "ru" or len(whole) > UNGROUPED_DIGITS:
        whole = _grouped(whole, group)
    return f"{sign}{whole}{point}{rest}" if rest else f"{sign}{whole}"


def format_money(value: Money | UnitPrice | None, language: str) -> str:
    """Write an amount: `24 900 ₽`; kopecks only where there are any."""
    if value is None:
        return ""
    return (
        _money(value.minor, value.currency, language)
        if isinstance(value, Money)
        else _price(value, language)
    )


@lru_cache(maxsize=20_000)
def _money(minor: int, currency: str, language: str) -> str:
    group, point = _SEPARATORS.get(language, _SEPARATORS["en"])
    digits = exponent(currency)
    whole, rest = divmod(abs(minor), 10**digits)
    text = _grouped(str(whole), group)
    if rest:
        text += f"{point}{rest:0{digits}d}"
    sign = MINUS if minor < 0 else ""
    return f"{sign}{text}{HARD_SPACE}{_SYMBOLS.get(currency, currency)}"


def _price(price: UnitPrice, language: str) -> str:
    digits = exponent(price.currency)
    scaled = price.amount.scaleb(digits)
    if scaled == scaled.to_integral_value():
        return _money(int(scaled), price.currency, language)
    group, point = _SEPARATORS.get(language, _SEPARATORS["en"])
    whole, _, rest = f"{price.amount.normalize():f}".partition(".")
    symbol = _SYMBOLS.get(price.currency, price.currency)
    return f"{_grouped(whole, group)}{point}{rest}{HARD_SPACE}{symbol}"


def _grouped(digits: str, group: str) -> str:
    if len(digits) <= GROUP_DIGITS:
        return digits
    head = len(digits) % 3
    parts = [digits[:head]] if head else []
    parts.extend(digits[index : index + 3] for index in range(head, len(digits), 3))
    return group.join(parts)


def format_day(value: date | datetime | None, language: str, zone: str = "UTC") -> str:
    """Write a date: `5 марта 2026 г.`; an instant becomes the day it is in the time zone."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(_zone(zone)).date()
    return _day(value, language)


@lru_cache(maxsize=2_000)
def _day(value: date, language: str) -> str:
    return format_date(value, format="long", locale=language)


def format_month(value: datetime, language: str, zone: str = "UTC") -> str:
    """Write the month of an instant: `ноябрь 2026 г.`."""
    return str(format_skeleton("yMMMM", value.astimezone(ZoneInfo(zone)), locale=language))


def format_moment(value: datetime | None, language: str, zone: str = "UTC") -> str:
    """Write an instant as people of the time zone read it: `5 мар. 2026 г., 14:05`."""
    if value is None:
        return ""
    return str(
        format_datetime(value.astimezone(_zone(zone)), format="d MMM y, HH:mm", locale=language)
    )


def format_clock(value: datetime | None, language: str, zone: str = "UTC") -> str:
    """Write the time of day of an instant: `14:05`."""
    if value is None:
        return ""
    return str(format_time(value.astimezone(_zone(zone)), format="HH:mm", locale=language))


@lru_cache(maxsize=200)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
