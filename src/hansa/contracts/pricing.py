"""Events of pricing."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PricesChanged(Event):
    """Prices of variants changed in a market, for whichever group.

    At most 500 variants an event; a larger change is published as several.
    """

    type: ClassVar[str] = "pricing.PricesChanged"

    market: str
    variant_ids: tuple[UUID, ...]

    def key(self) -> str:
        """Order by the first variant: who reads this event reads the present state anyway."""
        return str(self.variant_ids[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilesChanged(Event):
    """A pair of market and customer group got prices of its own."""

    type: ClassVar[str] = "pricing.ProfilesChanged"

    profile_ids: tuple[int, ...]

    def key(self) -> str:
        """Order all changes of profiles: they are rare."""
        return "pricing.profiles"
