"""Statements of partners, blocks of points and what they come to in money, as values.

Points are whole numbers; amounts are in minor units of the programme's currency. An amount above
zero is what a partner owes to the programme, below zero what the programme owes to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import msgspec

from hansa.kernel.rounding import round_half_up


class LineKind(StrEnum):
    """What a line of money is for.

    `issued`: points given, less those taken back. `covered`: points that blocks bought before have
    paid for. `spent_of_own`: points of this partner spent somewhere, where that is when it owes.
    `redeemed`: points this partner took instead of money.
    """

    ISSUED = "issued"
    COVERED = "covered"
    SPENT_OF_OWN = "spent_of_own"
    REDEEMED = "redeemed"


CHARGES = frozenset({LineKind.ISSUED, LineKind.COVERED, LineKind.SPENT_OF_OWN})


class MoneyLine(msgspec.Struct, frozen=True, kw_only=True):
    """An amount, rounded half up once; `partner` is the number of the other one concerned."""

    kind: LineKind
    points: int
    price: Decimal | None
    amount_minor: int
    partner: int | None = None


class PointsMoved(msgspec.Struct, kw_only=True):
    """What became of an issuer's points in a period: opening and all that changed is the closing.

    `spent` is less what was restored, `corrected` is by hand, `moved` went between issuers where
    one's points paid what was owed to another. `forfeited` is left out where nobody who left gave
    any up, so that what was closed before it was told apart reads as it did. Points that follow a
    member who was merged are out all the while, also on their way. `written_off` could not be taken
    back any more; it changes nothing here, but stays the issuer's cost. The late ones happened in
    an earlier period.
    """

    opening: int = 0
    issued: int = 0
    taken_back: int = 0
    spent: int = 0
    expired: int = 0
    corrected: int = 0
    moved: int = 0
    closing: int = 0
    written_off: int = 0
    issued_late: int = 0
    spent_late: int = 0
    forfeited: int | msgspec.UnsetType = msgspec.UNSET

    @property
    def given_up(self) -> int:
        """What members who left gave up."""
        return 0 if self.forfeited is msgspec.UNSET else self.forfeited

    @property
    def outcome(self) -> int:
        """What closing must be."""
        return (
            self.opening
            + self.issued
            - self.taken_back
            - self.spent
            - self.expired
            - self.given_up
            + self.corrected
            + self.moved
        )


class IssuerMoved(msgspec.Struct, kw_only=True):
    """The same of one issuer (0: the programme) in money at its issue price, and since ever.

    `issued_ever` is all it has issued less taken back; blocks are drawn by it. `months` says of
    each month in which points were issued what happened to these in this period.
    """

    issuer: int
    points: PointsMoved
    closing_minor: int = 0
    issued_ever: int = 0
    months: list["CohortMoved"] = []


class CohortMoved(msgspec.Struct, kw_only=True):
    """Points issued in a month: how many, and what of them was spent or expired meanwhile."""

    month: str
    issued: int = 0
    spent: int = 0
    expired: int = 0


class CampaignMoved(msgspec.Struct, frozen=True, kw_only=True):
    """Points issued for an offer, less those taken back."""

    campaign_id: UUID
    points: int


class RedeemedOf(msgspec.Struct, frozen=True, kw_only=True):
    """Points of an issuer spent at a partner, less those restored."""

    issuer: int
    points: int


class UncoveredMoney(msgspec.Struct, frozen=True, kw_only=True):
    """What points would have paid that were not there, by who bears it; in minor units."""

    partner_minor: int = 0
    programme_minor: int = 0

    def plus(self, amount_minor: int, *, by_us: bool) -> "UncoveredMoney":
        """Add what the programme bears, or the partner."""
        if by_us:
            return msgspec.structs.replace(
                self, programme_minor=self.programme_minor + amount_minor
            )
        return msgspec.structs.replace(self, partner_minor=self.partner_minor + amount_minor)


class StatementContent(msgspec.Struct, kw_only=True):
    """All that a statement says.

    `converted_minor` is what was credited to the partner at once, when points were converted: a
    part of what it gets for the points it took, or, where that is less, more than it. `uncovered`
    is beside what is owed, and left out where all was covered, so that what was closed before it
    was told reads as it did.
    """

    points: PointsMoved
    campaigns: list[CampaignMoved]
    redeemed: list[RedeemedOf]
    redeemed_late: int
    lines: list[MoneyLine]
    converted_minor: int
    vat_percent: Decimal | None
    vat_minor: int
    uncovered: UncoveredMoney | msgspec.UnsetType = msgspec.UNSET

    @property
    def due_minor(self) -> int:
        """What the partner owes, or, below zero, is owed."""
        return sum([one.amount_minor for one in self.lines])

    @property
    def charged_minor(self) -> int:
        """What the partner is charged for its own points."""
        return sum([one.amount_minor for one in self.lines if one.kind in CHARGES])

    @property
    def redeemed_points(self) -> int:
        """Points spent at this partner."""
        return sum([one.points for one in self.redeemed])


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A partner's statement of a month; without an id and a digest it is a draft."""

    id: UUID | None
    programme_id: UUID
    partner_id: UUID
    begins_at: datetime
    ends_at: datetime
    content: StatementContent
    due_minor: int
    currency: str
    due_on: date
    digest: bytes


class PaymentState(StrEnum):
    """Where the money of a statement is."""

    SETTLED = "settled"
    OPEN = "open"
    PART_PAID = "part_paid"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money of a statement that has come (above zero) or gone."""

    id: UUID
    statement_id: UUID
    amount_minor: int
    paid_on: date
    reference: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A closed period of a programme: `digest` is of its statements and issuers together."""

    programme_id: UUID
    begins_at: datetime
    ends_at: datetime
    ledger_digest: bytes
    chain: bytes
    postings: int
    time_zone: str
    issuers: tuple[IssuerMoved, ...]
    digest: bytes
    closed_at: datetime

    def issuer(self, number: int) -> IssuerMoved:
        """Give what became of an issuer's points; nothing, if it had none."""
        found = (one for one in self.issuers if one.issuer == number)
        return next(found, IssuerMoved(issuer=number, points=PointsMoved()))


class WhenExhausted(StrEnum):
    """What happens when a prepaid partner has used its blocks up: no more points, or a debt."""

    STOP = "stop"
    RUN_ON = "run_on"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRule:
    """How a programme settles: payments are due so many days after the period.

    `vat_percent` says how much of what partners are charged is tax; None where there is none.
    """

    programme_id: UUID
    when_exhausted: WhenExhausted = WhenExhausted.RUN_ON
    due_days: int = 10
    vat_percent: Decimal | None = None


class BlockState(StrEnum):
    """A block is ordered, then paid (and counts), or cancelled before that."""

    ORDERED = "ordered"
    PAID = "paid"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointBlock:
    """Points a partner buys before it gives them; `used` of them have been."""

    id: UUID
    programme_id: UUID
    partner_id: UUID
    number: int
    points: int
    amount_minor: int
    invoice: str
    state: BlockState
    ordered_at: datetime
    paid_at: datetime | None
    used: int = 0


class AlertKind(StrEnum):
    """What somebody should look at."""

    BLOCK_LOW = "block_low"
    BLOCK_EMPTY = "block_empty"
    EXPOSURE_HIGH = "exposure_high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A limit that is passed: `points` against `limit_points`."""

    id: UUID
    programme_id: UUID
    partner_id: UUID
    kind: AlertKind
    points: int
    limit_points: int
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a partner stands in a programme now.

    `left` is what its blocks still hold (below zero: it ran on), None for a postpaid partner, whose
    `exposure` is what it has issued and not settled yet. `balance_minor` is what it owes.
    """

    programme_id: UUID
    partner_id: UUID
    issued_ever: int
    left: int | None
    exposure: int | None
    limit_points: int | None
    balance_minor: int
    is_stopped: bool

    def alerts(self) -> Mapping[AlertKind, int]:
        """Give the limits that are passed, with the points that pass them."""
        passed: dict[AlertKind, int] = {}
        if self.left is not None and self.left <= 0:
            passed[AlertKind.BLOCK_EMPTY] = self.left
        elif self.left is not None and self.limit_points and self.left <= self.limit_points:
            passed[AlertKind.BLOCK_LOW] = self.left
        if self.exposure is not None and self.limit_points and self.exposure >= self.limit_points:
            passed[AlertKind.EXPOSURE_HIGH] = self.exposure
        return passed


def cost_of(points: int, price: Decimal) -> int:
    """Give the amount of points at a price of minor units, rounded half up once."""
    return int(round_half_up(points * price))


def tax_within(amount_minor: int, percent: Decimal | None) -> int:
    """Give the tax contained in an amount, rounded half up once."""
    if percent is None:
        return 0
    return int(round_half_up(amount_minor * percent / (100 + percent)))


def draw_blocks(blocks: tuple[PointBlock, ...], drawn: int) -> tuple[PointBlock, ...]:
    """Say how much of each block is used when so many points were drawn: the oldest goes first."""
    left = max(0, drawn)
    used = []
    for block in blocks:
        part = min(left, block.points) if block.state is BlockState.PAID else 0
        left -= part
        used.append(replace(block, used=part))
    return tuple(used)


def payment_state(*, due_minor: int, paid_minor: int, due_on: date, today: date) -> PaymentState:
    """Say where the money of a statement is."""
    if paid_minor == due_minor:
        return PaymentState.SETTLED
    if today > due_on:
        return PaymentState.OVERDUE
    return PaymentState.PART_PAID if paid_minor else PaymentState.OPEN
