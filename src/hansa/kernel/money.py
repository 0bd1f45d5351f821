"""Money in minor units, and unit prices that may be finer than a minor unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NewType

from hansa.kernel.errors import Invalid
from hansa.kernel.rounding import round_half_up

Currency = NewType("Currency", str)

# Digits after the point where ISO 4217 says other than two; the currencies Hansa's markets use.
_EXPONENTS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "BHD": 3, "KWD": 3, "TND": 3}


def exponent(currency: str) -> int:
    """Digits after the decimal point in the currency's minor unit (ISO 4217)."""
    return _EXPONENTS.get(currency, 2)


class CurrencyMismatch(Invalid):
    """Two amounts of unlike currencies were put together."""

    code = "money.currency_mismatch"
    message = "Amounts of different currencies cannot be put together."


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount: an integer of minor units (kopecks, cents) and a currency."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor <= other.minor

    def times(self, count: int) -> "Money":
        """Multiply by a whole number."""
        return Money(self.minor * count, self.currency)

    def to_decimal(self) -> Decimal:
        """Give the amount in major units, exactly."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch


def zero(currency: str) -> Money:
    """Give nothing, in a currency."""
    return Money(0, currency)


def money_from_decimal(amount: Decimal, currency: str) -> Money:
    """Round an amount of major units half up to whole minor units."""
    return Money(int(round_half_up(amount.scaleb(exponent(currency)))), currency)


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """Price of a unit in major units, maybe finer than a minor unit; `Money` once, at the line."""

    amount: Decimal
    currency: str

    def for_quantity(self, quantity: Decimal) -> Money:
        """Give the line's amount, rounded half up once."""
        return money_from_decimal(self.amount * quantity, self.currency)


def allocate(total: Money, weights: Sequence[Decimal | int]) -> list[Money]:
    """Split an amount by weights so that the parts sum to the total (largest remainder method).

    Equal remainders go to the earlier part. Weights must not be negative; if all are zero, the
    parts are as equal as they can be.
    """
    if not weights:
        return []
    exact = [Fraction(weight) for weight in weights]
    whole = sum(exact)
    if whole == 0:
        exact, whole = [Fraction(1)] * len(exact), Fraction(len(exact))
    shares = [Fraction(total.minor) * weight / whole for weight in exact]
    parts = [share.numerator // share.denominator for share in shares]
    missing = total.minor - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - shares[i], i))
    for index in by_remainder[:missing]:
        parts[index] += 1
    return [Money(part, total.currency) for part in parts]
