"""What partners' programs send and get: bodies of `/loyalty/v1`.

Points are whole numbers, amounts whole minor units. A member is named by exactly one of `id`,
`phone`, `card` and `partner_ref`. Without `happened_at` it happened when it came in.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec

from hansa.modules.loyalty import members
from hansa.modules.loyalty.members import MemberRef, RefKind
from hansa.modules.loyalty.points import (
    AMOUNT_MINOR_MAX,
    HOLD_SECONDS_MAX,
    LINES_MAX,
    POINTS_MAX,
    Accrue,
    Balance,
    Command,
    CommandInvalid,
    HoldPoints,
    PostHold,
    Purchase,
    PurchaseLine,
    Receipt,
    Return,
    ReturnLine,
    Reverse,
    Spend,
    VoidHold,
)
from hansa.modules.loyalty.programmes import Terms

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=254)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Points = Annotated[int, msgspec.Meta(ge=1, le=POINTS_MAX)]
Minor = Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MINOR_MAX)]
Number = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
ProgrammeCode = Annotated[str, msgspec.Meta(pattern="^([a-z][a-z0-9-]{1,30})?$")]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=HOLD_SECONDS_MAX)]
HOLD_SECONDS = 900
PLUS = "+"


class MemberBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Names a member by one of these."""

    id: UUID | None = None
    phone: Text | None = None
    card: Text | None = None
    partner_ref: Text | None = None

    def ref(self, partner_id: UUID) -> MemberRef:
        """Give it as a name.

        Raises:
            CommandInvalid: none is given, or several.
            parties.IdentifierInvalid: it is no telephone or card.
        """
        given = [
            (RefKind.ID, str(self.id) if self.id else None),
            (RefKind.PHONE, self.phone),
            (RefKind.CARD, self.card),
            (RefKind.PARTNER, self.partner_ref),
        ]
        named = [(kind, value) for kind, value in given if value]
        if len(named) != 1:
            raise CommandInvalid("member", "exactly one of id, phone, card, partner_ref")
        kind, value = named[0]
        if kind is RefKind.ID or (kind is RefKind.PHONE and _is_plain(value)):
            return MemberRef(kind, value)
        return members.normalised(MemberRef(kind, value), partner_id)


def _is_plain(phone: str) -> bool:
    """Tell whether a telephone is written as we keep it already, which most programs do."""
    return phone[0] == PLUS and phone[1:].isdecimal() and phone.isascii() and len(phone) == 12  # noqa: PLR2004 - +7 and ten digits


class CommandBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every command may say."""

    scope: ClassVar[str] = "loyalty.earn"

    programme: ProgrammeCode = ""
    happened_at: datetime | None = None

    def command(self, terms: Terms, key: str, now: datetime) -> Command:
        """Give it as a command."""
        raise NotImplementedError

    def said(self, terms: Terms, key: str, now: datetime) -> dict[str, Any]:
        """Give what every command says: in whose name, under which key, where and when."""
        return {
            "owner": terms.partner.id,
            "key": key,
            "programme_id": terms.programme.id,
            "happened_at": self.happened_at or now,
        }


class LineBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A line of a receipt: what was paid in money for it."""

    line: Number
    amount_minor: Minor
    quantity: Decimal = Decimal(1)
    category: str = ""
    item: str = ""


class PurchaseBody(CommandBody, tag="purchase"):
    """A receipt, which earns by the rules; `hold_key` names a hold that pays a part of it.

    With `keep_unclaimed` a receipt whose `partner_ref` nobody is known by yet is kept for 90 days,
    and posted once that person is linked.
    """

    member: MemberBody
    receipt: Key
    lines: Annotated[list[LineBody], msgspec.Meta(min_length=1, max_length=LINES_MAX)]
    hold_key: Key | None = None
    keep_unclaimed: bool = False

    def command(self, terms: Terms, key: str, now: datetime) -> Command:
        """Give it as a command."""
        return Purchase(
            **self.said(terms, key, now),
            member=self.member.ref(terms.partner.id),
            receipt=self.receipt,
            lines=tuple(
                [
                    PurchaseLine(
                        line=one.line,
                        amount_minor=one.amount_minor,
                        quantity=one.quantity,
                        category=one.category,
                        item=one.item,
                    )
                    for one in self.lines
                ]
            ),
            hold_key=self.hold_key,
            keep_unclaimed=self.keep_unclaimed,
        )


class ReturnLineBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What comes back of a line."""

    line: Number
    amount_minor: Minor
    quantity: Decimal = Decimal(0)


class ReturnBody(CommandBody, tag="return"):
    """Goods of a receipt come back; no lines: all that is left."""

    receipt: Key
    lines: Annotated[list[ReturnLineBody], msgspec.Meta(max_length=LINES_MAX)] = []

    def command(self, terms: Terms, key: str, now: datetime) -> Command:
        """Give it as a command."""
        return Return(
            **self.said(terms, key, now),
            receipt=self.receipt,
            lines=tuple(
                ReturnLine(line=one.line, amount_minor=one.amount_minor, quantity=one.quantity)
                for one in self.lines
            ),
        )


class AccrualBody(CommandBody, tag="accrual"):
    """Points that you have counted yourself."""

    member: MemberBody
    points: Points
    reference: str = ""

    def command(self, terms: Terms, key: str, now: datetime) -> Command:
        """Give it as a command."""
        return Accrue(
            **self.said(terms, key, now),
            member=self.member.ref(terms.partner.id),
            points=self.points,
            reference=self.reference,
        )


class HoldBody(CommandBody, tag="hold"):
    """Set points aside for so many seconds; post or void the hold by its key.

    `token` is what a step-up gave, if one was asked for.
    """

    scope: ClassVar[str] = "loyalty.spend"

    member: MemberBody
    points: Points
    seconds: Seconds = HOLD_SECONDS
    reference: str = ""
    device: str = ""
    token: str = ""

    def command(self, terms: Terms, key: str, now: datetime) -> Command:
        """Give it as a command."""
        return HoldPoints(
            **self.said(terms, key, now),
            member=self.member.ref(terms.partner.id),
            points=self.points,
            expires_at=now + timedelta(seconds=self.seconds),
            reference=self.reference,
            device=self.device,
            token=self.token,
        )


class PostBody(CommandBody, tag="post"):
    """Spend what a hold set aside, or so many points of it; the rest comes back."""

    scope: ClassVar[str] = "loyalty.spend"

    hold_key: Key
    points: Points | None = None

    def command(self, terms: Terms, key: str, now: datetime) -> Command:
        """Give it as a command."""
        return PostHold(
            **self.said(terms, key, now),
            hold_key=self.hold_key,
            points=self.points,
        )


class VoidBody(CommandBody, tag="void"):
    """Give back what a hold set aside."""

    scope: ClassVar[str] = "loyalty.spend"

    hold_key: Key

    def command(self, terms: Terms, key: str, now: datetime) -> Command:
        """Give it as a command."""
        return VoidHold(
            **self.said(terms, key, now),
            hold_key=self.hold_key,
        )


class SpendingBody(CommandBody, tag="spending"):
    """Spend points at once; `token` is what a step-up gave, if one was asked for."""

    scope: ClassVar[str] = "loyalty.spend"

    member: MemberBody
    points: Points
    reference: str = ""
    device: str = ""
    token: str = ""

    def command(self, terms: Terms, key: str, now: datetime) -> Command:
        """Give it as a command."""
        return Spend(
            **self.said(terms, key, now),
            member=self.member.ref(terms.partner.id),
            points=self.points,
            reference=self.reference,
            device=self.device,
            token=self.token,
        )


class ReversalBody(CommandBody, tag="reversal"):
    """Take back a posting of yours by its key, or so many points of it."""

    posting_key: Key
    points: Points | None = None

    def command(self, terms: Terms, key: str, now: datetime) -> Command:
        """Give it as a command."""
        return Reverse(
            **self.said(terms, key, now),
            posting_key=self.posting_key,
            points=self.points,
        )


AnyBody = (
    PurchaseBody
    | ReturnBody
    | AccrualBody
    | HoldBody
    | PostBody
    | VoidBody
    | SpendingBody
    | ReversalBody
)
BATCH_MAX = 500


class BatchItem(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One command of a batch under its own key."""

    key: Key
    command: AnyBody


class BatchBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Up to 500 commands, each answered by itself."""

    items: Annotated[list[BatchItem], msgspec.Meta(min_length=1, max_length=BATCH_MAX)]
    dry_run: bool = False


class BatchAnswer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What became of one command: its answer, or the problem that refused it."""

    key: str
    status: int
    answer: Receipt | None = None
    problem: dict[str, object] | None = None
    is_repeat: bool = False


class SentAnswer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A `BatchAnswer` on its way out: its answer goes as it is kept, unread."""

    key: str
    status: int
    answer: msgspec.Raw | None = None
    problem: dict[str, object] | None = None
    is_repeat: bool = False


class BatchAnswers(msgspec.Struct, kw_only=True):
    """Answers in the order asked."""

    items: list[BatchAnswer]


class BalanceView(msgspec.Struct, kw_only=True):
    """What a member has: all of it, and of this what can be spent now, later, is held, is owed.

    `expiring` goes within 30 days, the first of it at `expires_at`.
    """

    member_id: UUID
    posted: int
    available: int
    pending: int
    held: int
    owed: int
    expiring: int
    expires_at: datetime | None

    @classmethod
    def of(cls, balance: Balance) -> "BalanceView":
        """Make it of a balance."""
        return cls(
            member_id=balance.member_id,
            posted=balance.posted,
            available=balance.available,
            pending=balance.pending,
            held=balance.held,
            owed=balance.owed,
            expiring=balance.expiring,
            expires_at=balance.expires_at,
        )


class PostingView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A posting of a member that changed the balance."""

    posting_id: UUID
    version: int
    kind: str
    points: int
    balance: int
    effective_at: datetime
    recorded_at: datetime
    is_yours: bool = False
    key: str = ""
    reference: str = ""
