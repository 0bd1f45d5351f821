"""Bodies of the desk's JSON API: members, corrections, cases."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from hansa.modules import ledger
from hansa.modules.loyalty.desk.model import (
    REASON_CHARACTERS_MAX,
    TEXT_CHARACTERS_MAX,
    Comment,
    Correction,
    CorrectionState,
    Dispute,
    DisputeKind,
    DisputeState,
    Side,
)
from hansa.modules.loyalty.desk.story import Story
from hansa.modules.loyalty.members import Member, MemberState
from hansa.modules.loyalty.points import Balance, EarnedLine

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_CHARACTERS_MAX)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=REASON_CHARACTERS_MAX)]


class SearchBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of a name, or a whole telephone, card, e-mail or our own number."""

    search: Annotated[str, msgspec.Meta(min_length=2, max_length=200)]


class MembershipView(msgspec.Struct, kw_only=True):
    """A member in a programme; points."""

    programme_id: UUID
    state: MemberState
    posted: int
    available: int
    pending: int
    held: int
    owed: int
    expiring: int
    expires_at: datetime | None


class DeskMemberView(msgspec.Struct, kw_only=True):
    """A member as staff sees it: numbers and states, no name."""

    id: UUID
    state: MemberState
    joined_at: datetime
    programmes: list[MembershipView]

    @classmethod
    def of(cls, member: Member, balances: dict[tuple[UUID, UUID], Balance]) -> "DeskMemberView":
        """Make it of a member and the balances read with it."""
        return cls(
            id=member.id,
            state=member.state,
            joined_at=member.joined_at,
            programmes=[
                MembershipView(
                    programme_id=one.programme_id,
                    state=one.state,
                    posted=has.posted,
                    available=has.available,
                    pending=has.pending,
                    held=has.held,
                    owed=has.owed,
                    expiring=has.expiring,
                    expires_at=has.expires_at,
                )
                for one in member.memberships
                if (has := balances.get((one.programme_id, member.id))) is not None
            ],
        )


class MemberList(msgspec.Struct, kw_only=True):
    """Members that were found; a narrower search finds those behind the first fifty."""

    items: list[DeskMemberView]


class EntryView(msgspec.Struct, kw_only=True):
    """A line of a member's history."""

    version: int
    posting_id: UUID
    kind: str
    points: int
    balance: int
    partner_id: UUID
    key: str
    reference: str
    effective_at: datetime
    recorded_at: datetime

    @classmethod
    def of(cls, entry: ledger.HistoryEntry) -> "EntryView":
        """Make it of an entry."""
        return cls(
            version=entry.version,
            posting_id=entry.posting_id,
            kind=entry.kind,
            points=entry.amount,
            balance=entry.balance,
            partner_id=entry.owner,
            key=entry.key,
            reference=entry.reference,
            effective_at=entry.effective_at,
            recorded_at=entry.recorded_at,
        )


class MovedView(msgspec.Struct, kw_only=True):
    """Points from one account to another; `lot` is what they are made of."""

    debit: int
    credit: int
    points: int
    issuer: int
    lot: UUID | None


class StoryView(msgspec.Struct, kw_only=True):
    """A posting with what it moved and why; `batch` and `chain` prove that nothing was changed."""

    posting_id: UUID
    kind: str
    points: int
    partner_id: UUID
    key: str
    reference: str
    refusal: str | None
    reverses: UUID | None
    reversed_by: list[UUID]
    effective_at: datetime
    recorded_at: datetime
    transfers: list[MovedView]
    lines: list[EarnedLine]
    hold_key: str | None
    batch: int | None
    chain: str | None

    @classmethod
    def of(cls, story: Story) -> "StoryView":
        """Make it of a story."""
        posting, batch = story.posting, story.batch
        return cls(
            posting_id=posting.id,
            kind=posting.kind,
            points=story.points,
            partner_id=posting.owner,
            key=posting.key,
            reference=posting.reference,
            refusal=posting.refusal,
            reverses=story.reverses,
            reversed_by=list(story.reversed_by),
            effective_at=posting.effective_at,
            recorded_at=posting.recorded_at,
            transfers=[
                MovedView(
                    debit=one.debit,
                    credit=one.credit,
                    points=one.amount,
                    issuer=one.issuer,
                    lot=one.tag,
                )
                for one in story.transfers
            ],
            lines=list(story.answer.lines) if story.answer else [],
            hold_key=story.hold.key if story.hold else None,
            batch=batch.number if batch else None,
            chain=batch.chain.hex() if batch and batch.chain else None,
        )


class CorrectionBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Points to be added, or taken if below zero."""

    programme_id: UUID
    member_id: UUID
    points: int
    reason: Reason
    attachment: Annotated[str, msgspec.Meta(max_length=TEXT_CHARACTERS_MAX)] = ""


class NoteBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is said with a decision."""

    note: Annotated[str, msgspec.Meta(max_length=TEXT_CHARACTERS_MAX)] = ""


class CorrectionView(msgspec.Struct, kw_only=True):
    """A correction and what became of it."""

    id: UUID
    programme_id: UUID
    member_id: UUID
    points: int
    reason: str
    attachment: str
    dispute_id: UUID | None
    state: CorrectionState
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    note: str
    posting_id: UUID | None
    ended_at: datetime | None
    failure: str

    @classmethod
    def of(cls, correction: Correction) -> "CorrectionView":
        """Make it of a correction."""
        return cls(**{name: getattr(correction, name) for name in cls.__struct_fields__})


class DisputeBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A case that staff opens for somebody who wrote or called."""

    programme_id: UUID
    member_id: UUID
    kind: DisputeKind
    said: Text
    partner_id: UUID | None = None
    posting_id: UUID | None = None
    receipt: Annotated[str, msgspec.Meta(max_length=200)] = ""
    points: int | None = None


class SaidBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Something said in a case; what is internal only staff reads."""

    said: Text
    is_internal: bool = False


class GiveBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The correction that settles a case; somebody else approves it."""

    points: int
    reason: Reason


class DisputeView(msgspec.Struct, kw_only=True):
    """A case; `due_at` is when it should be answered."""

    id: UUID
    programme_id: UUID
    member_id: UUID
    partner_id: UUID | None
    kind: DisputeKind
    posting_id: UUID | None
    receipt: str
    points: int | None
    said: str
    opened_by: Side
    state: DisputeState
    opened_at: datetime
    due_at: datetime
    correction_id: UUID | None
    ended_at: datetime | None
    answer: str

    @classmethod
    def of(cls, dispute: Dispute) -> "DisputeView":
        """Make it of a case."""
        return cls(**{name: getattr(dispute, name) for name in cls.__struct_fields__})


class CommentView(msgspec.Struct, kw_only=True):
    """Something said in a case."""

    author: Side
    is_internal: bool
    said: str
    at: datetime

    @classmethod
    def of(cls, comment: Comment) -> "CommentView":
        """Make it of a comment."""
        return msgspec.convert(comment, cls, from_attributes=True)


class CaseView(msgspec.Struct, kw_only=True):
    """A case with all that was said in it."""

    dispute: DisputeView
    comments: list[CommentView]
