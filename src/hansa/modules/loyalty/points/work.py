"""Background work of points, as data."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireHolds(Job):
    """Give back what holds set aside whose time is over."""

    type: ClassVar[str] = "loyalty.ExpireHolds"

    def queueing_lock(self) -> str | None:
        """One in the queue is enough."""
        return self.type


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpirePoints(Job):
    """Take points whose time is over."""

    type: ClassVar[str] = "loyalty.ExpirePoints"

    def queueing_lock(self) -> str | None:
        """One in the queue is enough."""
        return self.type


@dataclass(frozen=True, slots=True, kw_only=True)
class RecountMember(Job):
    """Count a member's receipts again from an instant on: their percents were others."""

    type: ClassVar[str] = "loyalty.RecountMember"

    member_id: UUID
    programme_id: UUID
    since: datetime

    def lock(self) -> str | None:
        """One at a time for a member."""
        return f"loyalty-recount-{self.member_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveMerged(Job):
    """Let what is free on a merged member's account follow the merge."""

    type: ClassVar[str] = "loyalty.MoveMerged"

    bucket: int
    account_id: int

    def lock(self) -> str | None:
        """One at a time for an account."""
        return f"loyalty-move-{self.account_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveBack(Job):
    """Let what is left of a merged member's points go back to its account."""

    type: ClassVar[str] = "loyalty.MoveBack"

    programme_id: UUID
    bucket: int
    account_id: int
    to_bucket: int
    to_account_id: int

    def lock(self) -> str | None:
        """One at a time for the account the points once came from."""
        return f"loyalty-move-{self.to_account_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishMoves(Job):
    """Let arrive what has been on its way for too long."""

    type: ClassVar[str] = "loyalty.FinishMoves"

    def queueing_lock(self) -> str | None:
        """One in the queue is enough."""
        return self.type


@dataclass(frozen=True, slots=True, kw_only=True)
class ForfeitPoints(Job):
    """Take the points of a member who has left a programme."""

    type: ClassVar[str] = "loyalty.ForfeitPoints"

    member_id: UUID
    programme_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPurchases(Job):
    """Post receipts whose buyer has become known: of a member, or of all."""

    type: ClassVar[str] = "loyalty.ClaimPurchases"

    member_id: UUID | None = None

    def queueing_lock(self) -> str | None:
        """One in the queue is enough."""
        return f"{self.type}-{self.member_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostReward(Job):
    """Give the points of a completed task, or take back what it gave."""

    type: ClassVar[str] = "loyalty.PostReward"

    member_id: UUID
    programme_id: UUID
    offer_id: UUID
    reward_key: str
    points: int
    issuer_partner_id: UUID | None
    is_withdrawn: bool
    earned_at: datetime
