"""What markets tells the others."""

from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketChanged(Event):
    """A market was opened, closed or changed; readers ask markets for it."""

    type: ClassVar[str] = "markets.MarketChanged"

    code: str

    def key(self) -> str:
        """Keep the order per market."""
        return self.code
