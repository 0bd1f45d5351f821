"""Corrections and disputes, as values and what is decided about them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

REASON_CHARACTERS_MAX = 100
TEXT_CHARACTERS_MAX = 4_000
ANSWER_WITHIN = timedelta(days=10)
"""How long a dispute may take, from the day it was opened."""
PARTNER_ANSWERS_WITHIN = timedelta(days=5)


class CorrectionState(StrEnum):
    """Proposed, decided by somebody else, then posted; `failed` if the points refused it."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    POSTED = "posted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Points to be added to a member or taken from them by hand.

    `reason` is kept with the posting, `attachment` is for those who decide. `failure` is the code
    of what the points refused it for.
    """

    id: UUID
    programme_id: UUID
    member_id: UUID
    points: int
    reason: str
    attachment: str = field(repr=False)
    dispute_id: UUID | None
    state: CorrectionState
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    note: str = field(repr=False)
    posting_id: UUID | None
    ended_at: datetime | None
    failure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCorrection:
    """What is proposed."""

    programme_id: UUID
    member_id: UUID
    points: int
    reason: str
    attachment: str = field(default="", repr=False)


class DisputeKind(StrEnum):
    """What somebody does not agree with."""

    MISSING = "missing"
    NOT_MINE = "not_mine"
    WRONG_PERCENT = "wrong_percent"
    OTHER = "other"


class DisputeState(StrEnum):
    """Open, waiting for its partner, or over: given by a correction, or refused."""

    OPEN = "open"
    ASKED_PARTNER = "asked_partner"
    GIVEN = "given"
    REFUSED = "refused"


OPEN_STATES = frozenset({DisputeState.OPEN, DisputeState.ASKED_PARTNER})


class Side(StrEnum):
    """Who speaks in a dispute."""

    MEMBER = "member"
    PARTNER = "partner"
    STAFF = "staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Who opens a case or says something in it: a member by its number, others by the actor's."""

    side: Side
    id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDispute:
    """What is disputed: a posting, a partner's receipt, or that there is none.

    `points` is how many are missing, if whoever opens it knows.
    """

    programme_id: UUID
    member_id: UUID
    kind: DisputeKind
    said: str = field(repr=False)
    partner_id: UUID | None = None
    posting_id: UUID | None = None
    receipt: str = ""
    points: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A case about points. `correction_id` is what was proposed to settle it."""

    id: UUID
    programme_id: UUID
    member_id: UUID
    partner_id: UUID | None
    kind: DisputeKind
    posting_id: UUID | None
    receipt: str
    points: int | None
    said: str = field(repr=False)
    opened_by: Side
    opener_id: UUID | None
    state: DisputeState
    opened_at: datetime
    due_at: datetime
    correction_id: UUID | None
    ended_at: datetime | None
    ended_by: UUID | None
    answer: str = field(repr=False)

    @property
    def is_open(self) -> bool:
        """Tell whether something is still to be done."""
        return self.state in OPEN_STATES

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether it should have been done."""
        return self.is_open and self.due_at < now


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """Something said in a dispute; what is internal only staff reads."""

    id: UUID
    author: Side
    author_id: UUID | None
    is_internal: bool
    said: str = field(repr=False)
    at: datetime
