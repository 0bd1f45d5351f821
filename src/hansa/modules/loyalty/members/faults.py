"""What members refuse. None of it says who somebody else is."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Rejected, Unavailable


@dataclass(eq=False)
class MemberNotFound(NotFound):
    """Nobody is known by this; in which way it is unknown is not told."""

    code: ClassVar[str] = "loyalty.member_not_found"
    message: ClassVar[str] = "There is no such member."


@dataclass(eq=False)
class NothingNamed(Invalid):
    """Somebody is enrolled by a telephone, a card or the partner's own id: none was given."""

    code: ClassVar[str] = "loyalty.nothing_named"
    message: ClassVar[str] = "Give a telephone, a card or your own number of the person."


@dataclass(eq=False)
class ConsentNeeded(Rejected):
    """Nobody takes part without having agreed to a text, of a version."""

    code: ClassVar[str] = "loyalty.consent_needed"
    message: ClassVar[str] = "The person has to agree first: say to which document and version."


@dataclass(eq=False)
class NamesTwoMembers(Conflict):
    """What was given belongs to two members. Who they are is not told."""

    code: ClassVar[str] = "loyalty.names_two_members"
    message: ClassVar[str] = "This telephone, card or number belong to two different members."


@dataclass(eq=False)
class NameTaken(Conflict):
    """Another member has this telephone, card or number."""

    code: ClassVar[str] = "loyalty.name_taken"
    message: ClassVar[str] = "Another member has this already: {kind}."

    kind: str


@dataclass(eq=False)
class ProofNeeded(Rejected):
    """This needs a one-time code sent to the person, or the token their app shows."""

    code: ClassVar[str] = "loyalty.proof_needed"
    message: ClassVar[str] = "The person has to confirm this by a code or by the app."


@dataclass(eq=False)
class ProofInvalid(Invalid):
    """A token is not ours, is too old, or is that of somebody else."""

    code: ClassVar[str] = "loyalty.proof_invalid"
    message: ClassVar[str] = "This confirmation is not right or too old. Ask for a new one."


@dataclass(eq=False)
class CardUnknown(Invalid):
    """No such card was printed, or it is no longer good."""

    code: ClassVar[str] = "loyalty.card_unknown"
    message: ClassVar[str] = "There is no such card, or it can no longer be used."


@dataclass(eq=False)
class MemberBlocked(Rejected):
    """The member was blocked; staff can tell why."""

    code: ClassVar[str] = "loyalty.member_blocked"
    message: ClassVar[str] = "This member is blocked. Ask the support."


@dataclass(eq=False)
class ProgrammeClosed(Rejected):
    """Nobody new is taken in."""

    code: ClassVar[str] = "loyalty.programme_closed"
    message: ClassVar[str] = "This programme takes nobody in."

    programme_id: UUID


@dataclass(eq=False)
class TooManyCards(Rejected):
    """A member has only so many cards in use."""

    code: ClassVar[str] = "loyalty.too_many_cards"
    message: ClassVar[str] = "A member has at most {limit} cards in use. End one first."

    limit: int


@dataclass(eq=False)
class TooManyLinks(Rejected):
    """A partner names a person by only so many ids."""

    code: ClassVar[str] = "loyalty.too_many_links"
    message: ClassVar[str] = "A partner names a member by at most {limit} numbers. End one first."

    limit: int


@dataclass(eq=False)
class PointsLeft(Rejected):
    """There are points on the account, or some are set aside: say that they shall be forfeited."""

    code: ClassVar[str] = "loyalty.points_left"
    message: ClassVar[str] = "There are {points} points left. Confirm that they are given up."

    points: int


@dataclass(eq=False)
class PointsHeld(Rejected):
    """Points are set aside for a purchase that is not over."""

    code: ClassVar[str] = "loyalty.points_held"
    message: ClassVar[str] = "Points are set aside for a purchase. Wait until it is over."


@dataclass(eq=False)
class MergeImpossible(Rejected):
    """A member cannot be merged with itself, nor one that is blocked or has left."""

    code: ClassVar[str] = "loyalty.merge_impossible"
    message: ClassVar[str] = "Only two different members in good standing can be merged."


@dataclass(eq=False)
class MergeNotFound(NotFound):
    """There was no such merge, or one of the two was erased since."""

    code: ClassVar[str] = "loyalty.merge_not_found"
    message: ClassVar[str] = "There was no such merge of members."

    merge_id: UUID


@dataclass(eq=False)
class MergeNotLast(Conflict):
    """The kept member was itself absorbed later; that merge is undone first."""

    code: ClassVar[str] = "loyalty.merge_not_last"
    message: ClassVar[str] = "Undo the later merge of members first."

    merge_id: UUID


@dataclass(eq=False)
class CodeWrong(Forbidden):
    """The code is wrong, too old, was used, or was tried too often: which of these is not told."""

    code: ClassVar[str] = "loyalty.code_wrong"
    message: ClassVar[str] = "The code is wrong or too old. Ask for a new one."


@dataclass(eq=False)
class CodesNotSent(Unavailable):
    """No way to send codes is set up."""

    code: ClassVar[str] = "loyalty.codes_not_sent"
    message: ClassVar[str] = "Codes cannot be sent at the moment."


@dataclass(eq=False)
class PurposeUnknown(Invalid):
    """Nobody is asked about such a purpose."""

    code: ClassVar[str] = "loyalty.purpose_unknown"
    message: ClassVar[str] = "There is no such purpose: {purpose}."

    purpose: str


@dataclass(eq=False)
class SandboxSendsNothing(Rejected):
    """A sandbox key reaches nobody's telephone."""

    code: ClassVar[str] = "loyalty.sandbox_sends_nothing"
    message: ClassVar[str] = "A sandbox key sends no codes."
