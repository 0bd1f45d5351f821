"""Rewards and orders of them, as values, and what may be done to an order when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Conflict, Invalid, NotFound, Rejected

Localised = Mapping[str, str]

CANCEL_WITHIN = timedelta(hours=1)
HELD_FOR = timedelta(minutes=15)
POINTS_MAX = 10**9
STOCK_MAX = 10**9


class RewardKind(StrEnum):
    """Goods of a partner, a certificate with a code, or a donation to a project."""

    GOODS = "goods"
    CERTIFICATE = "certificate"
    DONATION = "donation"


class OrderState(StrEnum):
    """Where an order stands: `taken` and `held` are the moments before its points are spent.

    `cancelling` is the moment before they are back. Whoever dies between two is finished by a job.
    """

    TAKEN = "taken"
    HELD = "held"
    DONE = "done"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """Something to be had for points of a programme; `partner_id` is who gives it and is paid.

    A donation has `amounts` to choose from, everything else its price in `points`. `stock` is what
    is left (None: without limit; of certificates, the codes that are free), `per_member` how many
    a member may have. `points_given` is the sum of all orders.
    """

    id: UUID
    programme_id: UUID
    partner_id: UUID
    code: str
    kind: RewardKind
    name: Localised
    about: Localised = field(default_factory=dict)
    terms: Localised = field(default_factory=dict)
    picture: str | None = None
    points: int = 0
    amounts: tuple[int, ...] = ()
    stock: int | None = None
    per_member: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_active: bool = True
    position: int = 0
    points_given: int = 0
    orders: int = 0

    @property
    def points_least(self) -> int:
        """The fewest points with which it can be had."""
        return min(self.amounts) if self.amounts else self.points

    @property
    def is_sold_out(self) -> bool:
        """Tell whether nothing is left."""
        return self.stock == 0

    def is_open(self, at: datetime) -> bool:
        """Tell whether it can be ordered at an instant, if some is left."""
        return (
            self.is_active
            and (self.starts_at is None or self.starts_at <= at)
            and (self.ends_at is None or at < self.ends_at)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A reward ordered by a member; `shown_at` is when the code of a certificate was looked at."""

    bucket: int
    id: UUID
    programme_id: UUID
    member_id: UUID
    reward_id: UUID
    partner_id: UUID
    points: int
    state: OrderState
    ordered_at: datetime
    done_at: datetime | None = None
    shown_at: datetime | None = None
    cancelled_at: datetime | None = None

    @property
    def cancellable_until(self) -> datetime | None:
        """Until when it can be cancelled; None when it cannot be any more, or not yet."""
        if self.state is not OrderState.DONE or self.done_at is None or self.shown_at is not None:
            return None
        return self.done_at + CANCEL_WITHIN

    def key(self, step: str) -> str:
        """Give the key of a posting of this order, in its partner's name."""
        return f"hansa:reward:{self.id}:{step}"


@dataclass(eq=False)
class RewardInvalid(Invalid):
    """A field of a reward is no such thing; `field` says which."""

    code: ClassVar[str] = "loyalty.reward_invalid"
    message: ClassVar[str] = "This reward cannot be saved: {field} is not right."

    field: str


@dataclass(eq=False)
class RewardCodeTaken(Conflict):
    """Another reward of the programme has this code."""

    code: ClassVar[str] = "loyalty.reward_code_taken"
    message: ClassVar[str] = "“{taken}” is taken already: choose another code."

    taken: str


@dataclass(eq=False)
class NoSuchReward(NotFound):
    """There is no such reward, or it cannot be seen any more."""

    code: ClassVar[str] = "loyalty.no_such_reward"
    message: ClassVar[str] = "There is no such reward."


@dataclass(eq=False)
class NoSuchOrder(NotFound):
    """The member has no such order."""

    code: ClassVar[str] = "loyalty.no_such_order"
    message: ClassVar[str] = "There is no such order."


@dataclass(eq=False)
class RewardClosed(Rejected):
    """It cannot be ordered now."""

    code: ClassVar[str] = "loyalty.reward_closed"
    message: ClassVar[str] = "This reward cannot be ordered now."


@dataclass(eq=False)
class SoldOut(Rejected):
    """Nothing is left of it."""

    code: ClassVar[str] = "loyalty.reward_sold_out"
    message: ClassVar[str] = "This reward is gone: somebody took the last one a moment ago."


@dataclass(eq=False)
class HadEnough(Rejected):
    """The member has had as many as one may."""

    code: ClassVar[str] = "loyalty.reward_had_enough"
    message: ClassVar[str] = "You have had as many of these as one may: {limit}."

    limit: int


@dataclass(eq=False)
class OrderOver(Conflict):
    """The order was refused or took too long; nothing was spent."""

    code: ClassVar[str] = "loyalty.order_over"
    message: ClassVar[str] = "This order did not come about and no points were spent. Order again."


@dataclass(eq=False)
class NotCancellable(Rejected):
    """The hour is over, the code was looked at, or the order is no more."""

    code: ClassVar[str] = "loyalty.order_not_cancellable"
    message: ClassVar[str] = "This order cannot be cancelled any more."


def check_reward(reward: Reward) -> None:
    """See that a reward can be one.

    Raises:
        RewardInvalid: a field is no such thing.
    """
    is_donation = reward.kind is RewardKind.DONATION
    prices = reward.amounts if is_donation else (reward.points,)
    if not prices or any(not 0 < one <= POINTS_MAX for one in prices):
        raise RewardInvalid("amounts" if is_donation else "points")
    if is_donation != bool(reward.amounts) or (is_donation and reward.points):
        raise RewardInvalid("points")
    if not reward.code or not reward.code.isprintable():
        raise RewardInvalid("code")
    if not reward.name:
        raise RewardInvalid("name")
    if reward.stock is not None and not 0 <= reward.stock <= STOCK_MAX:
        raise RewardInvalid("stock")
    if reward.per_member is not None and reward.per_member < 1:
        raise RewardInvalid("per_member")
    if reward.starts_at and reward.ends_at and reward.starts_at >= reward.ends_at:
        raise RewardInvalid("ends_at")


def price_of(reward: Reward, points: int | None) -> int:
    """Give what an order costs; `points` is what was chosen of a donation's amounts.

    Raises:
        RewardInvalid: the amount is none of those that can be chosen.
    """
    if reward.kind is not RewardKind.DONATION:
        return reward.points
    if points not in reward.amounts:
        raise RewardInvalid("amounts")
    return points
