"""What the desk refuses."""

from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Rejected


@dataclass(eq=False)
class CorrectionInvalid(Invalid):
    """A field of a correction is no such thing."""

    code: ClassVar[str] = "loyalty.correction_invalid"
    message: ClassVar[str] = "This correction cannot be proposed: {field} is not right."

    field: str


@dataclass(eq=False)
class NoSuchCorrection(NotFound):
    """There is no such correction."""

    code: ClassVar[str] = "loyalty.no_such_correction"
    message: ClassVar[str] = "There is no such correction."


@dataclass(eq=False)
class OwnCorrection(Forbidden):
    """Nobody decides about what they have proposed."""

    code: ClassVar[str] = "loyalty.own_correction"
    message: ClassVar[str] = "You have proposed this correction: somebody else has to decide."


@dataclass(eq=False)
class CorrectionDecided(Conflict):
    """It was decided otherwise before; `state` says how."""

    code: ClassVar[str] = "loyalty.correction_decided"
    message: ClassVar[str] = "This correction has been decided already: {state}."

    state: str


@dataclass(eq=False)
class DisputeInvalid(Invalid):
    """A field of a dispute is no such thing."""

    code: ClassVar[str] = "loyalty.dispute_invalid"
    message: ClassVar[str] = "This cannot be saved: {field} is not right."

    field: str


@dataclass(eq=False)
class NoSuchDispute(NotFound):
    """There is no such case."""

    code: ClassVar[str] = "loyalty.no_such_dispute"
    message: ClassVar[str] = "There is no such case."


@dataclass(eq=False)
class DisputeOver(Conflict):
    """It has its answer."""

    code: ClassVar[str] = "loyalty.dispute_over"
    message: ClassVar[str] = "This case has its answer already."


@dataclass(eq=False)
class NoPartnerToAsk(Rejected):
    """No partner is concerned."""

    code: ClassVar[str] = "loyalty.no_partner_to_ask"
    message: ClassVar[str] = "This case concerns no partner; there is nobody to ask."


@dataclass(eq=False)
class CorrectionWaits(Conflict):
    """A correction for the case waits to be decided."""

    code: ClassVar[str] = "loyalty.correction_waits"
    message: ClassVar[str] = "A correction for this case waits to be decided."


@dataclass(eq=False)
class NoSuchPosting(NotFound):
    """There is no such posting of this member."""

    code: ClassVar[str] = "loyalty.no_such_posting"
    message: ClassVar[str] = "There is no such posting."
