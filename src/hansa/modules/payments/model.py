"""Payments as values: states, what may follow what, and what is to be done next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, NewType
from uuid import UUID

from hansa.kernel.errors import Invalid, NotFound, Rejected
from hansa.kernel.money import Money
from hansa.kernel.text import Localised

PaymentId = NewType("PaymentId", UUID)
RefundId = NewType("RefundId", UUID)

ON_RECEIPT = "on_receipt"
SIMULATED = "simulated"


class PaymentState(StrEnum):
    """Where a payment stands; `due` is to be paid on receipt of the goods.

    `deferred` waits until somebody allows it: its provider has never heard of it.
    """

    DEFERRED = "deferred"
    CREATED = "created"
    PENDING = "pending"
    DUE = "due"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    REFUNDED = "refunded"
    VOIDED = "voided"
    FAILED = "failed"


class Wanted(StrEnum):
    """Where a payment is to be driven."""

    PAID = "paid"
    VOID = "void"


class Action(StrEnum):
    """What is asked of a provider. `READ` changes nothing there and is not kept as an attempt."""

    START = "start"
    READ = "read"
    CAPTURE = "capture"
    REFUND = "refund"
    VOID = "void"


class RefundState(StrEnum):
    """Where a refund stands."""

    REQUESTED = "requested"
    DONE = "done"
    REFUSED = "refused"


_S = PaymentState
# What may follow what. Failed and voided payments may still turn out to be paid: the payer's bank
# had the last word and the acquirer knows it. News that leads anywhere else is older than ours.
FOLLOWS: Mapping[PaymentState, frozenset[PaymentState]] = {
    _S.DEFERRED: frozenset(),
    _S.CREATED: frozenset({_S.PENDING, _S.DUE, _S.AUTHORISED, _S.CAPTURED, _S.VOIDED, _S.FAILED}),
    _S.PENDING: frozenset({_S.AUTHORISED, _S.CAPTURED, _S.VOIDED, _S.FAILED}),
    _S.DUE: frozenset({_S.CAPTURED, _S.VOIDED}),
    _S.AUTHORISED: frozenset({_S.CAPTURED, _S.VOIDED, _S.FAILED}),
    _S.CAPTURED: frozenset({_S.REFUNDED}),
    _S.REFUNDED: frozenset(),
    _S.VOIDED: frozenset({_S.AUTHORISED, _S.CAPTURED}),
    _S.FAILED: frozenset({_S.AUTHORISED, _S.CAPTURED}),
}
UNSTARTED = frozenset({_S.DEFERRED, _S.CREATED, _S.DUE})
"""Nobody may have been asked for money yet."""
SETTLED = frozenset({_S.REFUNDED, _S.VOIDED, _S.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod:
    """A way to pay offered in a market. Times in minutes."""

    market: str
    code: str
    provider: str
    name: Localised
    hint: Localised
    position: int
    capture_at_once: bool = True
    pay_within_minutes: int | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money to be given back; `key` makes asking the provider again harmless."""

    id: RefundId
    payment_id: PaymentId
    key: str
    amount: Money
    reason: str
    state: RefundState
    by: UUID | None
    requested_at: datetime
    answered_at: datetime | None = None
    answer: str | None = None

    @property
    def is_for_missing(self) -> bool:
        """Say whether it gives back what a subject no longer costs."""
        return self.key.startswith(REDUCTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One attempt to pay for a subject. Amounts in minor units of `currency`."""

    id: PaymentId
    subject_kind: str
    subject_id: UUID
    attempt: int
    market: str
    method: str
    provider: str
    currency: str
    amount_minor: int
    authorised_minor: int
    captured_minor: int
    refunded_minor: int
    state: PaymentState
    wanted: Wanted
    capture_at_once: bool
    capture_minor: int | None
    reference: str | None
    redirect_url: str | None
    return_url: str
    description: str
    language: str
    reason: str | None
    created_at: datetime
    changed_at: datetime
    check_at: datetime | None
    checks: int
    due_minor: int | None = None
    hold_expires_at: datetime | None = None

    @property
    def amount(self) -> Money:
        """What the provider was asked for, or will be."""
        return Money(self.amount_minor, self.currency)

    @property
    def kept_minor(self) -> int:
        """What is to be kept in the end: less than `amount` once a part was given up."""
        return self.amount_minor if self.due_minor is None else self.due_minor

    @property
    def kept(self) -> Money:
        """What is to be kept in the end, as money."""
        return Money(self.kept_minor, self.currency)

    @property
    def is_online(self) -> bool:
        """Say whether the shopper has to go to a payment page."""
        return self.provider != ON_RECEIPT

    @property
    def needs_page(self) -> bool:
        """Say whether the shopper still has to pay on the provider's page."""
        return self.is_online and self.state in {_S.CREATED, _S.PENDING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a provider says of a payment: a whole picture, never a difference.

    `refunds` are the keys of the refunds it has done; `hold_expires_at` is the instant at which it
    lets held money go by itself.
    """

    reference: str
    state: PaymentState
    redirect_url: str | None
    authorised_minor: int
    captured_minor: int
    refunded_minor: int
    refunds: frozenset[str] = frozenset()
    reason: str | None = None
    hold_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is to be asked of the provider next; the key is derived, so that a repeat is known."""

    action: Action
    key: str
    amount_minor: int = 0


@dataclass(eq=False)
class PaymentNotFound(NotFound):
    """No such payment."""

    code: ClassVar[str] = "payments.not_found"
    message: ClassVar[str] = "There is no such payment."


@dataclass(eq=False)
class MethodNotOffered(Rejected):
    """The way to pay does not exist in this market, or no longer."""

    code: ClassVar[str] = "payments.method_not_offered"
    message: ClassVar[str] = "This way to pay is not offered. Choose another one."
    method: str


@dataclass(eq=False)
class NotRefundable(Rejected):
    """More would be given back than was paid and not given back yet."""

    code: ClassVar[str] = "payments.not_refundable"
    message: ClassVar[str] = "At most {available_minor} minor units can be refunded."
    available_minor: int


@dataclass(eq=False)
class AmountInvalid(Invalid):
    """An amount that is not more than nothing, or more than the payment is about."""

    code: ClassVar[str] = "payments.amount_invalid"
    message: ClassVar[str] = "The amount must be from 1 to {most_minor} minor units."
    most_minor: int


@dataclass(eq=False)
class NotPayable(Rejected):
    """The payment cannot be paid or repeated in its state."""

    code: ClassVar[str] = "payments.not_payable"
    message: ClassVar[str] = "This payment is {state} and cannot be paid."
    state: str


def may_follow(state: PaymentState, news: PaymentState) -> bool:
    """Say whether news leads onward from a state (and is not the state itself)."""
    return news in FOLLOWS[state]


def next_step(payment: Payment, refunds: tuple[Refund, ...], *, seen: bool) -> Step | None:
    """Decide what to ask the provider; `seen` tells whether it has just been read.

    None means that nothing is left to do now.
    """
    if not payment.is_online or payment.state is _S.DEFERRED:
        return None
    if payment.reference is None:
        # A payment to be voided may exist at the provider all the same (its answer was lost), so
        # it is started again under the same key, which only finds it, and is voided after that.
        return Step(
            action=Action.START,
            key=f"{payment.id}:start",
            amount_minor=payment.amount_minor,
        )
    if not seen:
        return Step(action=Action.READ, key=f"{payment.id}:read")
    return _money_step(payment, refunds)


def _money_step(payment: Payment, refunds: tuple[Refund, ...]) -> Step | None:
    """Decide what is to be done with a payment whose picture is fresh."""
    asked = next((one for one in refunds if one.state is RefundState.REQUESTED), None)
    if asked is not None and payment.captured_minor > 0:
        key = f"{payment.id}:refund:{asked.key}"
        return Step(action=Action.REFUND, key=key, amount_minor=asked.amount.minor)
    if payment.wanted is Wanted.VOID:
        if payment.state in {_S.PENDING, _S.AUTHORISED}:
            return Step(action=Action.VOID, key=f"{payment.id}:void")
        return None
    if payment.state is _S.AUTHORISED and payment.capture_minor is not None:
        # A smaller amount is another question: its key must not find the answer to the first one.
        wanted = min(payment.capture_minor, payment.kept_minor)
        key = f"{payment.id}:capture"
        if wanted != payment.amount_minor:
            key += f":{wanted}"
        return Step(action=Action.CAPTURE, key=key, amount_minor=wanted)
    return None


def learn(payment: Payment, report: Report, *, at: datetime) -> Payment:
    """Take over what the provider reports; older news changes nothing but the address to pay at."""
    known = replace(
        payment,
        reference=payment.reference or report.reference,
        redirect_url=report.redirect_url or payment.redirect_url,
        hold_expires_at=report.hold_expires_at or payment.hold_expires_at,
    )
    if report.state is payment.state or may_follow(payment.state, report.state):
        known = replace(
            known,
            state=report.state,
            authorised_minor=max(payment.authorised_minor, report.authorised_minor),
            captured_minor=max(payment.captured_minor, report.captured_minor),
            refunded_minor=max(payment.refunded_minor, report.refunded_minor),
            reason=report.reason or payment.reason,
        )
    return known if known == payment else replace(known, changed_at=at)


_AFTER_EXPIRY = timedelta(seconds=5)
_PAUSES = (
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
)


def next_check(payment: Payment, refunds: tuple[Refund, ...], *, at: datetime) -> datetime | None:
    """Say when the provider is to be asked again; None when the payment has come to rest."""
    if not payment.is_online or payment.state is _S.DEFERRED:
        return None
    open_refund = any(refund.state is RefundState.REQUESTED for refund in refunds)
    at_rest = payment.state in SETTLED or payment.state is _S.CAPTURED
    if at_rest and not open_refund:
        return None
    usual = at + _PAUSES[min(payment.checks, len(_PAUSES) - 1)]
    ends = payment.hold_expires_at if payment.state is _S.AUTHORISED else None
    # Look right after the hold has ended, so that nobody believes in money that is gone.
    return min(usual, ends + _AFTER_EXPIRY) if ends is not None and ends > at else usual


def refundable_minor(payment: Payment, refunds: tuple[Refund, ...]) -> int:
    """Say how much may still be given back, refunds under way left out."""
    under_way = sum(r.amount.minor for r in refunds if r.state is RefundState.REQUESTED)
    return payment.captured_minor - payment.refunded_minor - under_way


CALLED_OFF = "called-off-"
REDUCTION = "reduced-"
"""How the keys of refunds begin that give back what a subject no longer costs."""


def excess_minor(payment: Payment, refunds: tuple[Refund, ...]) -> int:
    """Say how much was taken above what is to be kept and was never asked back.

    Refunds for other reasons do not count against it: who was given something out of kindness
    still gets back what he did not receive. A refund the provider refused is not asked again.
    """
    left = refundable_minor(payment, refunds)
    if payment.wanted is Wanted.VOID:
        return max(0, left)
    above = payment.captured_minor - payment.kept_minor
    asked = sum(one.amount.minor for one in refunds if one.is_for_missing)
    return max(0, min(above - asked, left))
