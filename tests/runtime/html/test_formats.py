"""Money, numbers and dates as people read them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from hansa.kernel.money import Money, UnitPrice
from hansa.runtime.html.formats import (
    format_clock,
    format_day,
    format_moment,
    format_money,
    format_number,
)


@pytest.mark.parametrize(
    ("minor", "currency", "language", "text"),
    [
        (2_490_000, "RUB", "ru", "24\u00a0900\u00a0₽"),
        (2_490_000, "RUB", "en", "24,900\u00a0₽"),
        (2_490_050, "RUB", "ru", "24\u00a0900,50\u00a0₽"),
        (99_900, "KZT", "ru", "999\u00a0₸"),
        (-150_000, "RUB", "ru", "\u22121\u00a0500\u00a0₽"),
        (0, "RUB", "ru", "0\u00a0₽"),
        (5, "RUB", "en", "0.05\u00a0₽"),
        (1500, "JPY", "en", "1,500\u00a0JPY"),
    ],
)
def test_money(minor: int, currency: str, language: str, text: str) -> None:
    assert format_money(Money(minor, currency), language) == text


def test_a_unit_price_shows_what_is_finer_than_a_minor_unit() -> None:
    assert format_money(UnitPrice(Decimal("0.125000"), "RUB"), "ru") == "0,125\u00a0₽"
    assert format_money(UnitPrice(Decimal("24900.000000"), "RUB"), "ru") == "24\u00a0900\u00a0₽"
    assert format_money(None, "ru") == ""


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (Decimal("1234.500"), -1, "1234,5"),
        (Decimal(12345), -1, "12\u00a0345"),
        (7, -1, "7"),
        (Decimal("1E+3"), -1, "1000"),
        (0.5, 2, "0,50"),
        (-3, -1, "\u22123"),
    ],
)
def test_numbers(value, places: int, text: str) -> None:
    assert format_number(value, "ru", places) == text


def test_instants_are_shown_in_the_time_zone_of_the_market() -> None:
    late = datetime(2026, 3, 5, 22, 30, tzinfo=UTC)

    assert format_day(late, "ru", "Europe/Moscow") == "6 марта 2026\u202fг."
    assert format_moment(late, "ru", "Europe/Moscow") == "6 мар. 2026, 01:30"
    assert format_clock(late, "en", "Asia/Almaty") == "03:30"
    assert format_day(date(2026, 3, 5), "en") == "March 5, 2026"
