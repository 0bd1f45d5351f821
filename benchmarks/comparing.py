"""A figure beside its limit or its peer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Something measured next to what it is compared with; without a limit it only informs."""

    measure: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None
    is_reached: bool | None = None

    @property
    def verdict(self) -> str:
        """Say in a word whether the target was reached; nothing if there is none."""
        return "" if self.is_reached is None else "reached" if self.is_reached else "missed"

    def row(self) -> Sequence[str]:
        """Give the cells of the table."""
        figure = f"{written(self.value)} {self.unit}".strip()
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return (self.measure, figure, self.against, ratio, self.verdict)

    def told(self) -> dict[str, Any]:
        """Give it for JSON."""
        return {**asdict(self), "verdict": self.verdict}


def written(value: float) -> str:
    """Write a number as short as it stays meaningful."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.1f}"


def at_least(measure: str, value: float, unit: str, target: float) -> Figure:
    """Compare with what must be reached."""
    return Figure(
        measure=measure,
        value=value,
        unit=unit,
        against=f">= {written(target)}",
        ratio=round(value / target, 2),
        is_reached=value >= target,
    )


def at_most(measure: str, value: float, unit: str, target: float) -> Figure:
    """Compare with what must not be exceeded."""
    return Figure(
        measure=measure,
        value=value,
        unit=unit,
        against=f"<= {written(target)}",
        ratio=round(value / target, 2) if target else None,
        is_reached=value <= target,
    )
