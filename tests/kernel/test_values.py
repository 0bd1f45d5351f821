"""Periods, texts, quantities and errors behave as their docstrings say."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import pytest

from hansa.kernel.errors import Rejected
from hansa.kernel.periods import Period
from hansa.kernel.quantity import Quantity, UnitMismatch
from hansa.kernel.text import pick

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass(eq=False)
class TooFew(Rejected):
    code: ClassVar[str] = "test.too_few"
    message: ClassVar[str] = "Only {left} left."
    left: int


def test_a_period_includes_its_start_and_excludes_its_end() -> None:
    period = Period(NOON, NOON + timedelta(hours=1))

    assert period.contains(NOON)
    assert not period.contains(NOON + timedelta(hours=1))
    assert Period().contains(NOON)


def test_text_falls_back_to_a_language_that_has_one() -> None:
    assert pick({"ru": "Пальто", "en": "Coat"}, "en") == "Coat"
    assert pick({"ru": "Пальто", "en": ""}, "en") == "Пальто"
    assert pick({}, "en") == ""


def test_quantities_of_unlike_units_do_not_add() -> None:
    with pytest.raises(UnitMismatch):
        Quantity(Decimal(1), "796") + Quantity(Decimal(1), "166")


def test_an_error_tells_its_data_and_survives_pickling() -> None:
    error = TooFew(left=2)

    copied = pickle.loads(pickle.dumps(error))

    assert str(copied) == "Only 2 left."
    assert copied.data() == {"left": 2}


def test_an_error_passes_through_a_context_manager_unchanged() -> None:
    @contextmanager
    def passage() -> Iterator[None]:
        yield

    with pytest.raises(TooFew), passage():
        raise TooFew(left=2)
