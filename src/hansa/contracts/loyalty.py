"""What is published about loyalty: numbers and points, never names."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CoalitionChanged(Event):
    """A `programme`, a `partner` or a `participation` (by its partner) was changed."""

    type: ClassVar[str] = "loyalty.CoalitionChanged"

    what: str
    id: UUID

    def key(self) -> str:
        """Keep the order per thing."""
        return str(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChanged(Event):
    """Something happened to a member, told once per programme they take part in.

    `what` is `enrolled`, `linked`, `unlinked`, `blocked`, `unblocked`, `left` (this programme, with
    its points given up), `erased`, `phone_changed`, `consent_changed`, `card_added`, or `card_` and
    how a card ended. `partner_id` is the partner concerned, if one is.
    """

    type: ClassVar[str] = "loyalty.MemberChanged"

    member_id: UUID
    programme_id: UUID
    what: str
    partner_id: UUID | None
    changed_at: datetime

    def key(self) -> str:
        """Keep the order per member."""
        return str(self.member_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedAccounts:
    """From which account of points to which, in a programme."""

    programme_id: UUID
    keep_account_id: int
    absorb_account_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoyaltyMembersMerged(Event):
    """One member stands for two; the points of the absorbed one's accounts go to the kept one's."""

    type: ClassVar[str] = "loyalty.LoyaltyMembersMerged"

    merge_id: UUID
    keep_id: UUID
    absorb_id: UUID
    accounts: tuple[MergedAccounts, ...]
    merged_at: datetime

    def key(self) -> str:
        """Keep the order per kept member."""
        return str(self.keep_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoyaltyMembersParted(Event):
    """A merge was undone; what it moved goes back."""

    type: ClassVar[str] = "loyalty.LoyaltyMembersParted"

    merge_id: UUID
    keep_id: UUID
    absorb_id: UUID
    accounts: tuple[MergedAccounts, ...]
    parted_at: datetime

    def key(self) -> str:
        """Keep the order per kept member."""
        return str(self.keep_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsPosting:
    """One posting on a member's account.

    `points` is what the balance changed by, `balance` what it is after; `kind` is one of
    `loyalty.points.Kind`. `partner_id` is whose till or program it came from, None for our own.
    """

    posting_id: UUID
    member_id: UUID
    programme_id: UUID
    partner_id: UUID | None
    kind: str
    points: int
    balance: int
    version: int
    reference: str
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsPosted(Event):
    """Postings that one batch made on accounts of a lane, in their order.

    A member's postings are always in the same lane, so their order holds. One event carries many:
    a row per posting would cost as much as the posting itself.
    """

    type: ClassVar[str] = "loyalty.PointsPosted"

    batch_id: UUID
    lane: int
    postings: tuple[PointsPosting, ...]
    posted_at: datetime

    def key(self) -> str:
        """Keep the order per lane."""
        return f"lane-{self.lane}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentChanged(Event):
    """A member's own percent in a category is another now; hundredths of a percent.

    `category` is empty for all of them; `until` is the first instant at which it may fall again.
    """

    type: ClassVar[str] = "loyalty.PercentChanged"

    member_id: UUID
    programme_id: UUID
    category: str
    percent: int
    until: datetime | None
    changed_at: datetime

    def key(self) -> str:
        """Keep the order per member."""
        return str(self.member_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSwitched(Event):
    """A member switched an offer on or off."""

    type: ClassVar[str] = "loyalty.OfferSwitched"

    member_id: UUID
    offer_id: UUID
    partner_id: UUID
    is_on: bool
    switched_at: datetime

    def key(self) -> str:
        """Keep the order per member."""
        return str(self.member_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCompleted(Event):
    """A member has done what an offer asks for."""

    type: ClassVar[str] = "loyalty.TaskCompleted"

    member_id: UUID
    offer_id: UUID
    partner_id: UUID
    completed_at: datetime

    def key(self) -> str:
        """Keep the order per member."""
        return str(self.member_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRewardDue(Event):
    """A completed task gives points, or takes back what it gave.

    `reward_key` names the posting for ever: a reward withdrawn and earned again has another.
    """

    type: ClassVar[str] = "loyalty.TaskRewardDue"

    member_id: UUID
    programme_id: UUID
    offer_id: UUID
    reward_key: str
    points: int
    issuer_partner_id: UUID | None
    is_withdrawn: bool
    earned_at: datetime

    def key(self) -> str:
        """Keep the order per member."""
        return str(self.member_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentsRewritten(Event):
    """Percents of a member were others from an instant on; receipts since may earn otherwise."""

    type: ClassVar[str] = "loyalty.PercentsRewritten"

    member_id: UUID
    programme_id: UUID
    since: datetime

    def key(self) -> str:
        """Keep the order per member."""
        return str(self.member_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferChanged(Event):
    """An offer was written, approved, refused, paused or has ended."""

    type: ClassVar[str] = "loyalty.OfferChanged"

    offer_id: UUID
    partner_id: UUID
    state: str

    def key(self) -> str:
        """Keep the order per offer."""
        return str(self.offer_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudAlert(Event):
    """Something looks like fraud with points; `kind` is one of `loyalty.guard.Kind`."""

    type: ClassVar[str] = "loyalty.FraudAlert"

    alert_id: UUID
    member_id: UUID
    programme_id: UUID
    partner_id: UUID | None
    kind: str
    opened_at: datetime

    def key(self) -> str:
        """Keep the order per member."""
        return str(self.member_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementClosed(Event):
    """A partner's statement of a period is final; `due_minor` below zero is owed to the partner."""

    type: ClassVar[str] = "loyalty.StatementClosed"

    statement_id: UUID
    programme_id: UUID
    partner_id: UUID
    begins_at: datetime
    ends_at: datetime
    due_minor: int
    currency: str
    closed_at: datetime

    def key(self) -> str:
        """Keep the order per partner."""
        return str(self.partner_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockLow(Event):
    """A prepaid partner has few points left to give; zero and below: none."""

    type: ClassVar[str] = "loyalty.BlockLow"

    programme_id: UUID
    partner_id: UUID
    points_left: int
    limit_points: int
    noticed_at: datetime

    def key(self) -> str:
        """Keep the order per partner."""
        return str(self.partner_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureHigh(Event):
    """A postpaid partner has given many points that it has not settled yet."""

    type: ClassVar[str] = "loyalty.ExposureHigh"

    programme_id: UUID
    partner_id: UUID
    points: int
    limit_points: int
    noticed_at: datetime

    def key(self) -> str:
        """Keep the order per partner."""
        return str(self.partner_id)
