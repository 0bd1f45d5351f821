"""Quantities: a decimal number of a unit (OKEI code, as ERP systems in Russia use)."""

from dataclasses import dataclass
from decimal import Decimal

from hansa.kernel.errors import Invalid

PIECE = "796"  # OKEI: штука


class UnitMismatch(Invalid):
    """Quantities of unlike units were put together."""

    code = "quantity.unit_mismatch"
    message = "Quantities of different units cannot be put together."


@dataclass(frozen=True, slots=True)
class Quantity:
    """So many of a unit; three decimal places are kept."""

    amount: Decimal
    unit: str = PIECE

    def __add__(self, other: "Quantity") -> "Quantity":
        self._same(other)
        return Quantity(self.amount + other.amount, self.unit)

    def __sub__(self, other: "Quantity") -> "Quantity":
        self._same(other)
        return Quantity(self.amount - other.amount, self.unit)

    def _same(self, other: "Quantity") -> None:
        if self.unit != other.unit:
            raise UnitMismatch
