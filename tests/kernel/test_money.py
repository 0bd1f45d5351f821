"""Money adds up, splits without loss and never mixes currencies."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.kernel.money import (
    CurrencyMismatch,
    Money,
    UnitPrice,
    allocate,
    money_from_decimal,
)

AMOUNTS = st.integers(min_value=-(10**12), max_value=10**12)
WEIGHTS = st.lists(st.decimals(min_value=0, max_value=10**6, places=3), min_size=1, max_size=30)


@given(total=AMOUNTS, weights=WEIGHTS)
def test_parts_of_a_split_sum_to_the_total(total: int, weights: list[Decimal]) -> None:
    parts = allocate(Money(total, "RUB"), weights)

    assert sum(part.minor for part in parts) == total
    assert len(parts) == len(weights)


@given(total=st.integers(min_value=0, max_value=10**9), weights=WEIGHTS)
def test_each_part_is_within_one_minor_unit_of_its_exact_share(
    total: int, weights: list[Decimal]
) -> None:
    parts = allocate(Money(total, "RUB"), weights)

    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        share = total * weight / whole if whole else Decimal(total) / len(weights)
        assert abs(part.minor - share) < 1 + Decimal("0.0001")


def test_a_split_gives_the_odd_kopeck_to_the_first_of_equals() -> None:
    assert [part.minor for part in allocate(Money(100, "RUB"), [1, 1, 1])] == [34, 33, 33]


def test_amounts_of_unlike_currencies_do_not_add() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, "RUB") + Money(1, "KZT")


def test_a_fine_unit_price_is_rounded_once_at_the_line() -> None:
    price = UnitPrice(Decimal("0.333333"), "RUB")

    assert price.for_quantity(Decimal(3)) == Money(100, "RUB")
    assert price.for_quantity(Decimal("1.5")) == Money(50, "RUB")


def test_half_a_kopeck_rounds_away_from_zero() -> None:
    assert money_from_decimal(Decimal("0.005"), "RUB") == Money(1, "RUB")
    assert money_from_decimal(Decimal("-0.005"), "RUB") == Money(-1, "RUB")


def test_a_currency_without_minor_units_keeps_whole_numbers() -> None:
    assert money_from_decimal(Decimal("10.5"), "JPY") == Money(11, "JPY")
    assert Money(11, "JPY").to_decimal() == Decimal(11)
