"""What can be wrong with a command. Those that are a key's outcome are kept and given again."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from hansa.kernel.errors import Conflict, HansaError, Invalid, NotFound, Rejected
from hansa.modules.loyalty.points.model import WaitingReturn


@dataclass(eq=False)
class CommandInvalid(Invalid):
    """A value of the command is no such thing; `field` says which, `expected` what it may be."""

    code: ClassVar[str] = "loyalty.command_invalid"
    message: ClassVar[str] = "The field “{field}” is wrong: expected {expected}."

    field: str
    expected: str


@dataclass(eq=False)
class MemberUnknown(NotFound):
    """Nobody of this programme is known by this number, card or telephone."""

    code: ClassVar[str] = "loyalty.member_unknown"
    message: ClassVar[str] = (
        "Nobody in this programme is known by this. Enrol the person first, or check the number."
    )


@dataclass(eq=False)
class HoldUnknown(NotFound):
    """There is no hold of this key."""

    code: ClassVar[str] = "loyalty.hold_unknown"
    message: ClassVar[str] = "You have no hold with the key “{key}”."

    key: str


@dataclass(eq=False)
class PostingUnknown(NotFound):
    """There is no posting of this key."""

    code: ClassVar[str] = "loyalty.posting_unknown"
    message: ClassVar[str] = "You have no posting with the key “{key}”."

    key: str


@dataclass(eq=False)
class KeyReused(Rejected):
    """The key came before with other content."""

    code: ClassVar[str] = "loyalty.key_reused"
    message: ClassVar[str] = (
        "This key was used before for something else. Use a new key for a new operation, and the "
        "same content when you repeat one."
    )


@dataclass(eq=False)
class NotAgreed(Rejected):
    """The partner does not take part, or may not do this (`what`: earn or spend)."""

    code: ClassVar[str] = "loyalty.not_agreed"
    message: ClassVar[str] = "Your agreement does not cover this at present: {what}."

    what: str


@dataclass(eq=False)
class MemberBlocked(Rejected):
    """The member's account is blocked or was left."""

    code: ClassVar[str] = "loyalty.member_blocked"
    message: ClassVar[str] = "This account is {state}. The member can ask the programme's support."

    state: str


@dataclass(eq=False)
class NotEnoughPoints(Rejected):
    """More is asked for than can be spent now."""

    code: ClassVar[str] = "loyalty.not_enough_points"
    message: ClassVar[str] = "{available} points can be spent, {asked} were asked for."

    asked: int
    available: int


@dataclass(eq=False)
class DebtFirst(Rejected):
    """Points that were taken back after they were spent have to be earned again first."""

    code: ClassVar[str] = "loyalty.debt_first"
    message: ClassVar[str] = "{owed} points are owed; nothing can be spent until they are earned."

    owed: int


@dataclass(eq=False)
class HoldEnded(Conflict):
    """The hold was posted or voided before, or its time is over."""

    code: ClassVar[str] = "loyalty.hold_ended"
    message: ClassVar[str] = "This hold has ended: {state}. Hold the points anew."

    state: str


@dataclass(eq=False)
class AboveHeld(Rejected):
    """More is to be posted than was held."""

    code: ClassVar[str] = "loyalty.above_hold"
    message: ClassVar[str] = "The hold is for {held} points, fewer than the {asked} to be posted."

    asked: int
    held: int


@dataclass(eq=False)
class OtherMember(Rejected):
    """The hold that is to pay for a receipt is another member's."""

    code: ClassVar[str] = "loyalty.other_member"
    message: ClassVar[str] = "The hold belongs to another member than the receipt."


@dataclass(eq=False)
class ReceiptExists(Conflict):
    """A receipt of this number is here already, under another key."""

    code: ClassVar[str] = "loyalty.receipt_exists"
    message: ClassVar[str] = "The receipt “{receipt}” is here already, under another key."

    receipt: str


@dataclass(eq=False)
class AbovePurchase(Rejected):
    """More is to come back of a line than was bought and is still there; `left` in minor units."""

    code: ClassVar[str] = "loyalty.above_purchase"
    message: ClassVar[str] = (
        "Line {line}: {asked} cannot be returned, {left} of the purchase are left."
    )

    line: int
    asked: int
    left: int


@dataclass(eq=False)
class LineUnknown(Rejected):
    """The receipt has no such line."""

    code: ClassVar[str] = "loyalty.line_unknown"
    message: ClassVar[str] = "The receipt has no line {line}."

    line: int


@dataclass(eq=False)
class BeforePurchase(Rejected):
    """A return is dated before its purchase."""

    code: ClassVar[str] = "loyalty.before_purchase"
    message: ClassVar[str] = "The return is dated before the purchase of {bought_at}."

    bought_at: str


@dataclass(eq=False)
class AboveOriginal(Rejected):
    """More is to be taken back than the posting was and is still there."""

    code: ClassVar[str] = "loyalty.above_original"
    message: ClassVar[str] = "{asked} points cannot be taken back, {left} of the posting are left."

    asked: int
    left: int


@dataclass(eq=False)
class NotReversible(Rejected):
    """A posting of this kind is taken back in another way."""

    code: ClassVar[str] = "loyalty.not_reversible"
    message: ClassVar[str] = "A posting of the kind “{kind}” cannot be reversed."

    kind: str


@dataclass(eq=False)
class StepUpNeeded(Rejected):
    """The member has to prove first that it is them; `reasons` are kinds of the guard."""

    code: ClassVar[str] = "loyalty.step_up_needed"
    message: ClassVar[str] = (
        "The member has to confirm this with a code first. Start a step-up and send its token."
    )

    reasons: tuple[str, ...]


@dataclass(eq=False)
class FraudSuspected(Rejected):
    """The rules of the programme refuse this; a person looks at it."""

    code: ClassVar[str] = "loyalty.fraud_suspected"
    message: ClassVar[str] = (
        "This was stopped to protect the member. The programme's support can help."
    )


@dataclass(eq=False)
class OutsideTime(Invalid):
    """The instant lies too far from now: a clock is wrong."""

    code: ClassVar[str] = "loyalty.outside_time"
    message: ClassVar[str] = (
        "“{field}” is {at}, which is too far from now. Check the clock and the time zone."
    )

    field: str
    at: datetime


_KEPT: dict[str, type[HansaError]] = {
    kind.code: kind
    for kind in (
        NotEnoughPoints,
        DebtFirst,
        HoldEnded,
        AboveHeld,
        OtherMember,
        ReceiptExists,
        AbovePurchase,
        LineUnknown,
        BeforePurchase,
        AboveOriginal,
        NotReversible,
    )
}


def is_kept(error: HansaError) -> bool:
    """Tell whether a refusal is the outcome of its key, whatever changes later."""
    return error.code in _KEPT


def written(error: HansaError) -> bytes:
    """Write a kept refusal."""
    return json.dumps(error.data()).encode()


def read(code: str, answer: bytes) -> HansaError:
    """Read a kept refusal back."""
    return _KEPT[code](**json.loads(answer))


def refusal_of(returned: WaitingReturn) -> HansaError | None:
    """Give why a return that came before its purchase does not count; None if it does, or waits."""
    return read(returned.refusal, returned.told) if returned.refusal else None
