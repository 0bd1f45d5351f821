"""Bodies of the JSON API of settlement."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from hansa.modules.loyalty.programmes import Coalition
from hansa.modules.loyalty.settlement.folding import What
from hansa.modules.loyalty.settlement.liability import Breakage, Liability
from hansa.modules.loyalty.settlement.model import (
    Alert,
    AlertKind,
    BlockState,
    Closing,
    Payment,
    PaymentState,
    PointBlock,
    PointsMoved,
    SettlementRule,
    Standing,
    Statement,
    StatementContent,
    WhenExhausted,
    payment_state,
)
from hansa.modules.loyalty.settlement.queries import StatementLine

Month = Annotated[str, msgspec.Meta(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-10"])]
Document = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class RuleBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a programme settles."""

    when_exhausted: WhenExhausted = WhenExhausted.RUN_ON
    due_days: Annotated[int, msgspec.Meta(ge=0, le=366)] = 10
    vat_percent: Decimal | None = None

    def rule(self, programme_id: UUID) -> SettlementRule:
        """Give it as a value."""
        return SettlementRule(
            programme_id=programme_id,
            when_exhausted=self.when_exhausted,
            due_days=self.due_days,
            vat_percent=self.vat_percent,
        )

    @staticmethod
    def of(rule: SettlementRule) -> "RuleBody":
        """Show a rule."""
        return RuleBody(rule.when_exhausted, rule.due_days, rule.vat_percent)


class NewBlockBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Points a partner buys; they count once they are paid."""

    points: Annotated[int, msgspec.Meta(gt=0, le=10**12)]
    amount_minor: Annotated[int, msgspec.Meta(ge=0, le=10**15)]
    invoice: Document


class PaymentBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Money that came for a statement, or, below zero, went; `reference` is its document."""

    amount_minor: Annotated[int, msgspec.Meta(ge=-(10**15), le=10**15)]
    paid_on: date
    reference: Document


class CloseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which month to close."""

    month: Month


class AskedView(msgspec.Struct, frozen=True):
    """A month that will be closed in the background."""

    month: str


class BlockView(msgspec.Struct, frozen=True):
    """A block of points."""

    id: UUID
    number: int
    points: int
    used: int
    amount_minor: int
    invoice: str
    state: BlockState
    ordered_at: datetime
    paid_at: datetime | None

    @staticmethod
    def of(block: PointBlock) -> "BlockView":
        """Show a block."""
        return msgspec.convert(block, BlockView, from_attributes=True)


class StandingView(msgspec.Struct, frozen=True):
    """Where a partner stands; `balance_minor` above zero is what it owes."""

    partner: str
    issued_ever: int
    left: int | None
    exposure: int | None
    limit_points: int | None
    balance_minor: int
    is_stopped: bool

    @staticmethod
    def of(one: Standing, coalition: Coalition) -> "StandingView":
        """Show where a partner stands."""
        return StandingView(
            partner=coalition.partners[one.partner_id].code,
            issued_ever=one.issued_ever,
            left=one.left,
            exposure=one.exposure,
            limit_points=one.limit_points,
            balance_minor=one.balance_minor,
            is_stopped=one.is_stopped,
        )


class AlertView(msgspec.Struct, frozen=True):
    """A limit that is passed."""

    id: UUID
    programme: str
    partner: str
    kind: AlertKind
    points: int
    limit_points: int
    opened_at: datetime

    @staticmethod
    def of(one: Alert, coalition: Coalition) -> "AlertView":
        """Show an alert."""
        return AlertView(
            id=one.id,
            programme=coalition.programmes[one.programme_id].code,
            partner=coalition.partners[one.partner_id].code,
            kind=one.kind,
            points=one.points,
            limit_points=one.limit_points,
            opened_at=one.opened_at,
        )


class ClosingView(msgspec.Struct, frozen=True):
    """A closed month; digests and the chain in hexadecimal."""

    begins_at: datetime
    ends_at: datetime
    postings: int
    ledger_digest: str
    chain: str
    digest: str
    closed_at: datetime

    @staticmethod
    def of(one: Closing) -> "ClosingView":
        """Show a closing."""
        return ClosingView(
            begins_at=one.begins_at,
            ends_at=one.ends_at,
            postings=one.postings,
            ledger_digest=one.ledger_digest.hex(),
            chain=one.chain.hex(),
            digest=one.digest.hex(),
            closed_at=one.closed_at,
        )


class StatementView(msgspec.Struct, frozen=True):
    """A statement; `due_minor` above zero is what the partner owes. A draft has no id."""

    id: UUID | None
    programme: str
    partner: str
    begins_at: datetime
    ends_at: datetime
    due_minor: int
    currency: str
    due_on: date
    paid_minor: int
    state: PaymentState | None
    digest: str
    content: StatementContent

    @staticmethod
    def of(
        one: Statement, coalition: Coalition, *, paid_minor: int, today: date
    ) -> "StatementView":
        """Show a statement."""
        state = payment_state(
            due_minor=one.due_minor, paid_minor=paid_minor, due_on=one.due_on, today=today
        )
        return StatementView(
            id=one.id,
            programme=coalition.programmes[one.programme_id].code,
            partner=coalition.partners[one.partner_id].code,
            begins_at=one.begins_at,
            ends_at=one.ends_at,
            due_minor=one.due_minor,
            currency=one.currency,
            due_on=one.due_on,
            paid_minor=paid_minor,
            state=state if one.id else None,
            digest=one.digest.hex(),
            content=one.content,
        )


class LineView(msgspec.Struct, frozen=True):
    """A transfer on a statement; `value` is exact, in minor units. `member` ends the account."""

    posting_id: UUID
    line: int
    recorded_at: datetime
    effective_at: datetime
    key: str
    reference: str
    member: str
    what: What
    issuer: int
    partner: int
    points: int
    price: Decimal
    value: Decimal
    is_late: bool

    @staticmethod
    def of(one: StatementLine) -> "LineView":
        """Show a line."""
        return LineView(
            posting_id=one.place[1],
            line=one.place[2],
            recorded_at=one.recorded_at,
            effective_at=one.effective_at,
            key=one.key,
            reference=one.reference,
            member=one.member,
            what=one.what,
            issuer=one.issuer,
            partner=one.partner,
            points=one.points,
            price=one.price,
            value=one.value,
            is_late=one.is_late,
        )


class PaymentView(msgspec.Struct, frozen=True):
    """A payment of a statement."""

    id: UUID
    amount_minor: int
    paid_on: date
    reference: str
    recorded_at: datetime

    @staticmethod
    def of(one: Payment) -> "PaymentView":
        """Show a payment."""
        return msgspec.convert(one, PaymentView, from_attributes=True)


class LiabilityRowView(msgspec.Struct, frozen=True):
    """An issuer's points; no partner: the programme's own."""

    partner: str | None
    points: PointsMoved
    opening_minor: int
    closing_minor: int


class LiabilityView(msgspec.Struct, frozen=True):
    """What issuers owe, from the begin of a month to an instant."""

    begins_at: datetime
    as_of: datetime
    is_closed: bool
    issuers: list[LiabilityRowView]

    @staticmethod
    def of(one: Liability, coalition: Coalition) -> "LiabilityView":
        """Show a report."""
        codes = {partner.number: partner.code for partner in coalition.partners.values()}
        return LiabilityView(
            begins_at=one.begins_at,
            as_of=one.as_of,
            is_closed=one.is_closed,
            issuers=[
                LiabilityRowView(
                    codes.get(row.issuer), row.points, row.opening_minor, row.closing_minor
                )
                for row in one.rows
            ],
        )


class CohortView(msgspec.Struct, frozen=True):
    """Points of a month; `unspent` is the share not spent after 0, 1, 2 ... months."""

    month: str
    issued: int
    spent: int
    expired: int
    unspent: tuple[Decimal, ...]


class BreakageView(msgspec.Struct, frozen=True):
    """Cohorts, and the mean share unspent by age, weighted by the points issued."""

    cohorts: list[CohortView]
    unspent: tuple[Decimal, ...]

    @staticmethod
    def of(one: Breakage) -> "BreakageView":
        """Show an estimate."""
        return BreakageView(
            [
                CohortView(each.month, each.issued, each.spent, each.expired, each.unspent)
                for each in one.cohorts
            ],
            one.unspent,
        )
