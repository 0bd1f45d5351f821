"""Rounding is always a named call."""

from decimal import ROUND_HALF_UP, Decimal


def round_half_up(amount: Decimal, *, places: int = 0) -> Decimal:
    """Round to `places` decimal places, halves away from zero, as Russian retail does."""
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
