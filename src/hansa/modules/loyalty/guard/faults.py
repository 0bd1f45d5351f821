"""What the guard and its people are refused."""

from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Rejected


@dataclass(eq=False)
class RulesInvalid(Invalid):
    """A field of the rules is no such thing."""

    code: ClassVar[str] = "loyalty.guard_rules_invalid"
    message: ClassVar[str] = "This cannot be saved: {field} is not right."

    field: str


@dataclass(eq=False)
class NoSuchAlert(NotFound):
    """There is no such alert."""

    code: ClassVar[str] = "loyalty.no_such_alert"
    message: ClassVar[str] = "There is no such alert."


@dataclass(eq=False)
class ReasonNeeded(Invalid):
    """Whoever decides says why."""

    code: ClassVar[str] = "loyalty.reason_needed"
    message: ClassVar[str] = "Say why, in a few words."


@dataclass(eq=False)
class AlertOver(Conflict):
    """Somebody has decided about this alert already."""

    code: ClassVar[str] = "loyalty.alert_over"
    message: ClassVar[str] = "Somebody has decided about this alert already."


@dataclass(eq=False)
class TooManyCodes(Rejected):
    """A member asks for codes too often."""

    code: ClassVar[str] = "loyalty.too_many_codes"
    message: ClassVar[str] = "Too many codes were sent. Try again in {minutes} minutes."

    minutes: int


@dataclass(eq=False)
class NoSuchChallenge(NotFound):
    """There is no such code, or no longer."""

    code: ClassVar[str] = "loyalty.no_such_challenge"
    message: ClassVar[str] = "This code is no longer valid. Ask for a new one."


@dataclass(eq=False)
class StepUpCodeWrong(Forbidden):
    """It is not the code that was sent; after the last try it is good for nothing."""

    code: ClassVar[str] = "loyalty.step_up_code_wrong"
    message: ClassVar[str] = "This is not the code that was sent. Tries left: {tries_left}."

    tries_left: int


@dataclass(eq=False)
class CannotSend(Rejected):
    """The member has no telephone a code could go to."""

    code: ClassVar[str] = "loyalty.cannot_send"
    message: ClassVar[str] = "There is no telephone a code could be sent to."
