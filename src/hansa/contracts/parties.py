"""What parties tells the others: ids only, never personal data."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyChanged(Event):
    """A party was met first, or something it tells of itself changed."""

    type: ClassVar[str] = "parties.PartyChanged"

    party_id: UUID

    def key(self) -> str:
        """Keep the order per party."""
        return str(self.party_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartiesMerged(Event):
    """One party stands for both from now on."""

    type: ClassVar[str] = "parties.PartiesMerged"

    keep_id: UUID
    absorb_id: UUID

    def key(self) -> str:
        """Keep the order per kept party."""
        return str(self.keep_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartiesParted(Event):
    """A merge was undone: each stands for itself again."""

    type: ClassVar[str] = "parties.PartiesParted"

    keep_id: UUID
    absorb_id: UUID

    def key(self) -> str:
        """Keep the order per kept party."""
        return str(self.keep_id)
