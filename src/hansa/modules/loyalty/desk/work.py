"""Background work of the desk, as data."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCorrection(Job):
    """Post the points of a correction that was approved."""

    type: ClassVar[str] = "loyalty.PostCorrection"

    correction_id: UUID

    def lock(self) -> str | None:
        """One at a time for a correction."""
        return f"loyalty-correction-{self.correction_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostApproved(Job):
    """Post what was approved and is still not posted: its own job was lost or gave up."""

    type: ClassVar[str] = "loyalty.PostApproved"

    def queueing_lock(self) -> str | None:
        """One in the queue is enough."""
        return self.type


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureOffer(Job):
    """Compare what members of an offer bought with what its control group did."""

    type: ClassVar[str] = "loyalty.MeasureOffer"

    offer_id: UUID

    def queueing_lock(self) -> str | None:
        """One in the queue for an offer is enough."""
        return f"{self.type}-{self.offer_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureOffers(Job):
    """Have every running offer with a control group measured."""

    type: ClassVar[str] = "loyalty.MeasureOffers"

    def queueing_lock(self) -> str | None:
        """One in the queue is enough."""
        return self.type
