"""What can be asked of points. Everything comes in by these, whoever asks and by whatever way.

A command is answered once per (owner, key): again with the same content it gets the first answer,
with other content it is refused. Points are whole numbers; amounts are in minor units.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import msgspec

from hansa.modules.loyalty.members import MemberRef

POINTS_MAX = 10**12
AMOUNT_MINOR_MAX = 10**13
LINES_MAX = 500
KEY_CHARACTERS_MAX = 200
REFERENCE_CHARACTERS_MAX = 100
HOLD_SECONDS_MAX = 400 * 24 * 3600
OUR_KEYS = "hansa:"
"""Begin of keys that we use in partners' names; partners may not."""


class Kind(StrEnum):
    """What a posting is; kept with it and published."""

    ACCRUAL = "accrual"
    PURCHASE = "purchase"
    RETURN = "return"
    RECOUNT = "recount"
    HOLD = "hold"
    SPEND = "spend"
    VOID = "void"
    REVERSAL = "reversal"
    EXPIRY = "expiry"
    CORRECTION = "correction"
    MERGE = "merge"
    FORFEIT = "forfeit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What every command says.

    `owner` is the partner (or ourselves) whose keys these are and in whose name it is done,
    `happened_at` when it happened there (effective time), which may be long ago.
    """

    owner: UUID
    key: str
    programme_id: UUID
    happened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrue(Command):
    """Give points that the partner has counted itself.

    `reference` is the partner's own number of the matter; `active_at` and `expires_at` override
    the terms; `campaign_id` names an offer that pays for it.
    """

    member: MemberRef
    points: int
    reference: str = ""
    campaign_id: UUID | None = None
    active_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseLine:
    """A line of a receipt: what was paid for it in money, points not counted."""

    line: int
    amount_minor: int
    quantity: Decimal = Decimal(1)
    category: str = ""
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase(Command):
    """A receipt of a partner; earns by the rules in force when it happened.

    `receipt` is unique within the partner. `hold_key` names a hold of this partner that pays a part
    of it: it is posted in full, together with the receipt. `keep_unclaimed`: if the
    buyer is named by the partner's own id and nobody is known by it yet, the receipt waits.
    """

    member: MemberRef
    receipt: str
    lines: tuple[PurchaseLine, ...]
    hold_key: str | None = None
    keep_unclaimed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLine:
    """What comes back of a line: money and pieces, never more than was bought."""

    line: int
    amount_minor: int
    quantity: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Command):
    """Goods of a receipt come back; no lines means all that is left of it.

    Earned points are taken back, spent ones restored in the same share. A return that comes before
    its purchase waits for it.
    """

    receipt: str
    lines: tuple[ReturnLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPoints(Command):
    """Set points aside until `expires_at`; they leave the lots that expire first.

    `token` proves a step-up that the guard has asked for.
    """

    member: MemberRef
    points: int
    expires_at: datetime
    reference: str = ""
    device: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostHold(Command):
    """Spend what a hold set aside; less than all of it gives the rest back."""

    hold_key: str
    points: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidHold(Command):
    """Give back what a hold set aside."""

    hold_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend(Command):
    """Spend points at once, without a hold; `token` as of a hold."""

    member: MemberRef
    points: int
    reference: str = ""
    device: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse(Command):
    """Take back a posting of this owner, or so many points of it; never more than it was."""

    posting_key: str
    points: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct(Command):
    """Add or take points by hand; a second person has approved it before."""

    member: MemberRef
    points: int
    reason: str
    approved_by: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireHold(Command):
    """Give back what a hold set aside whose time is over."""

    hold_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireLots(Command):
    """Take the points of an account whose time is over."""

    bucket: int
    account_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forfeit(Command):
    """Take the points of an account whose member has left the programme."""

    bucket: int
    account_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOut(Command):
    """Let what is free on an account leave for another; it is on its way until `MoveIn`.

    `is_back`: only what once came from that account.
    """

    move_id: UUID
    bucket: int
    account_id: int
    to_bucket: int
    to_account_id: int
    is_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveIn(Command):
    """Let points arrive that are on their way."""

    move_id: UUID
    bucket: int
    account_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount(Command):
    """Count a receipt again: something that happened before it has come to be known since."""

    receipt: str


class EarnedLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a line earned. `campaign_id` is the offer that raised it; `percent` in hundredths."""

    line: int
    points: int
    percent: int
    reason: str
    campaign_id: UUID | None = None


class Receipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to a command, given after the commit; the same again for a repeat.

    `points` is what the balance changed by, `balance` what it is after. `available` is what can be
    spent, told where it was looked at: of what spends. `lines` says what each line of a purchase
    earned and why. A return that came before its purchase is waiting, and so is
    a receipt whose buyer is not known yet.
    """

    posting_id: UUID
    kind: Kind
    member_id: UUID | None
    points: int
    balance: int
    available: int | None = None
    is_waiting: bool = False
    lines: tuple[EarnedLine, ...] = ()
