"""Texts of partners as values: numbers, money, instants, telephones."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import phonenumbers

from hansa.modules.loyalty.intake.mapping.language import Rounding
from hansa.modules.loyalty.intake.mapping.refusals import ValueWrong

Value = str | int | Decimal | datetime | None

DIGITS_MAX = 30
TEXT_MAX = 4_000
_NUMBER = re.compile(r"[+-]?\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d+)?|[+-]?\d+(?:[.,]\d+)?")
_GROUPS = str.maketrans("", "", " \u00a0\u202f")
_ROUNDINGS = {"half_up": ROUND_HALF_UP, "down": ROUND_DOWN, "up": ROUND_UP}
_EPOCHS = {"epoch": 1, "epoch_ms": 1000}
_YEAR_MIN, _YEAR_MAX = 1990, 2200


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a source writes, what a point is worth, and how many minor units are a major one."""

    decimal: str = "."
    dates: tuple[str, ...] = ("iso",)
    zone: str = "Europe/Moscow"
    point_minor: int = 100
    minor: int = 100


def text_of(value: Value, column: str) -> str:
    """Write a value as text; nothing is the empty text."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, datetime):
        text = value.astimezone(UTC).isoformat()
    elif isinstance(value, Decimal):
        text = format(value, "f")
    else:
        text = str(value)
    if len(text) > TEXT_MAX:
        raise ValueWrong(column=column, expected=f"a text of at most {TEXT_MAX} characters")
    return text


def number_of(value: Value, column: str, decimal: str) -> Decimal:
    """Read a number; `decimal` is the mark before its fraction."""
    if isinstance(value, bool) or value is None or isinstance(value, datetime):
        raise ValueWrong(column=column, expected="a number")
    if isinstance(value, int | Decimal):
        number = Decimal(value)
    else:
        number = _read_number(value.strip(), column, decimal)
    if not number.is_finite() or len(number.as_tuple().digits) > DIGITS_MAX:
        raise ValueWrong(column=column, expected="a number")
    if abs(number) >= Decimal(10) ** DIGITS_MAX:
        raise ValueWrong(column=column, expected="a number")
    return number


def _read_number(text: str, column: str, decimal: str) -> Decimal:
    other = "," if decimal == "." else "."
    if len(text) > DIGITS_MAX * 2 or other in text or not _NUMBER.fullmatch(text):
        example = "1234.50" if decimal == "." else "1234,50"
        raise ValueWrong(column=column, expected=f"a number such as {example}")
    try:
        return Decimal(text.translate(_GROUPS).replace(",", "."))
    except InvalidOperation as error:
        raise ValueWrong(column=column, expected="a number") from error


def rounded(number: Decimal, rounding: Rounding, column: str) -> int:
    """Make a whole number by a named rounding."""
    if rounding == "exact":
        if number != number.to_integral_value():
            raise ValueWrong(column=column, expected="a number without a finer fraction")
        return int(number)
    return int(number.quantize(Decimal(1), rounding=_ROUNDINGS[rounding]))


def moment_of(value: Value, column: str, formats: tuple[str, ...], zone: str) -> datetime:
    """Read an instant by the first format that fits; UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    text = text_of(value, column)
    for form in formats:
        found = _read_moment(text, form)
        if found is None:
            continue
        if found.tzinfo is None:
            found = found.replace(tzinfo=ZoneInfo(zone))
        if _YEAR_MIN <= found.year <= _YEAR_MAX:
            return found.astimezone(UTC)
    raise ValueWrong(column=column, expected=f"a date as {' or '.join(formats)}")


def _read_moment(text: str, form: str) -> datetime | None:
    try:
        if form == "iso":
            return datetime.fromisoformat(text)
        if form in _EPOCHS:
            if not text.isascii() or not text.isdigit() or len(text) > DIGITS_MAX // 2:
                return None
            return datetime.fromtimestamp(int(text) / _EPOCHS[form], UTC)
        return datetime.strptime(text, form)  # noqa: DTZ007 - the zone follows, if none is written
    except (ValueError, OverflowError, OSError):
        return None


def phone_of(text: str, column: str, region: str) -> str:
    """Write a telephone as `+79161234567`."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise ValueWrong(column=column, expected="a telephone") from error
    if not phonenumbers.is_possible_number(number):
        raise ValueWrong(column=column, expected="a telephone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def fits(pattern: str, text: str) -> bool:
    """Tell whether a text fits a pattern of `*` and `?`; time grows with the product of lengths."""
    place = seen = 0
    star, mark = -1, 0
    while place < len(text):
        if seen < len(pattern) and (
            pattern[seen] == "?" or (pattern[seen] != "*" and pattern[seen] == text[place])
        ):
            place, seen = place + 1, seen + 1
        elif seen < len(pattern) and pattern[seen] == "*":
            star, mark, seen = seen, place, seen + 1
        elif star >= 0:
            mark += 1
            place, seen = mark, star + 1
        else:
            return False
    return all(sign == "*" for sign in pattern[seen:])
