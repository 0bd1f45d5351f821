"""Disputes: somebody does not agree with points; staff asks, gives by a correction, or refuses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules import accounts
from hansa.modules.loyalty import members
from hansa.modules.loyalty.desk import corrections
from hansa.modules.loyalty.desk.faults import (
    CorrectionWaits,
    DisputeInvalid,
    DisputeOver,
    NoPartnerToAsk,
    NoSuchDispute,
)
from hansa.modules.loyalty.desk.model import (
    ANSWER_WITHIN,
    PARTNER_ANSWERS_WITHIN,
    TEXT_CHARACTERS_MAX,
    Comment,
    Correction,
    Dispute,
    DisputeKind,
    DisputeState,
    NewCorrection,
    NewDispute,
    Opener,
    Side,
)
from hansa.modules.loyalty.desk.store import disputes as store
from hansa.modules.loyalty.points import POINTS_MAX
from hansa.runtime.database import Row, Snapshot, Transaction
from hansa.runtime.http import Actor

SUBJECT = "loyalty_dispute"
RECEIPT_CHARACTERS_MAX = 200
COMMENTS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeFilter:
    """Which cases to list; None takes all."""

    state: DisputeState | None = None
    open_only: bool = False
    kind: DisputeKind | None = None
    member_id: UUID | None = None
    partner_id: UUID | None = None
    due_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many cases are open, and how many of them should have been answered."""

    waiting: int
    overdue: int


async def open_dispute(
    tx: Transaction, *, new: NewDispute, opener: Opener, by: Actor | None = None, now: datetime
) -> Dispute:
    """Open a case; about the same thing while one is open, give that one.

    It is due in ten days. Whoever calls has seen to it that a member opens cases of their own only,
    a partner cases of its own receipts.

    Raises:
        DisputeInvalid: a field is no such thing.
        MemberNotFound: there is none, or not in this programme.
    """
    said = _text("said", new.said)
    _require("receipt", len(new.receipt) <= RECEIPT_CHARACTERS_MAX)
    _require("points", new.points is None or 0 < new.points <= POINTS_MAX)
    member = await members.get_member(tx, member_id=new.member_id)
    if member.membership(new.programme_id) is None:
        raise members.MemberNotFound
    columns = {
        "id": new_id(now),
        "programme_id": new.programme_id,
        "member_id": member.id,
        "partner_id": new.partner_id,
        "kind": new.kind,
        "posting_id": new.posting_id,
        "receipt": new.receipt.strip(),
        "points": new.points,
        "said": said,
        "opened_by": opener.side,
        "opener_id": opener.id,
        "now": now,
        "due_at": now + ANSWER_WITHIN,
    }
    dispute_id = await tx.scalar(store.ADD, columns)
    if dispute_id is None:
        return await get_dispute(tx, dispute_id=await tx.scalar(store.FIND_OPEN, columns))
    after = {name: columns[name] for name in ("programme_id", "member_id", "kind", "opened_by")}
    await _record(tx, "open_dispute", dispute_id, after=after, by=by, now=now)
    return await get_dispute(tx, dispute_id=dispute_id)


async def comment_dispute(
    tx: Transaction,
    *,
    dispute_id: UUID,
    author: Opener,
    said: str,
    is_internal: bool = False,
    now: datetime,
) -> Comment:
    """Say something in a case; what a partner says to a case it was asked about opens it again.

    Raises:
        NoSuchDispute: there is none.
        DisputeInvalid: nothing is said, or too much.
        DisputeOver: it has its answer.
    """
    text = _text("said", said)
    dispute = await _lock_open(tx, dispute_id)
    comment = Comment(
        id=new_id(now),
        author=author.side,
        author_id=author.id,
        is_internal=is_internal and author.side is Side.STAFF,
        said=text,
        at=now,
    )
    await tx.execute(
        store.ADD_COMMENT,
        {
            "id": comment.id,
            "dispute_id": dispute_id,
            "author": comment.author,
            "author_id": comment.author_id,
            "is_internal": comment.is_internal,
            "said": text,
            "now": now,
        },
    )
    if author.side is Side.PARTNER and dispute.state is DisputeState.ASKED_PARTNER:
        await _move(tx, dispute, DisputeState.OPEN, dispute.due_at)
    return comment


async def ask_partner(
    tx: Transaction, *, dispute_id: UUID, question: str, by: Actor, now: datetime
) -> Dispute:
    """Wait for the partner concerned, five days and at least until the case is due.

    Raises:
        NoSuchDispute: there is none.
        DisputeOver: it has its answer.
        NoPartnerToAsk: none is concerned.
        DisputeInvalid: nothing is asked, or too much.
    """
    dispute = await _lock_open(tx, dispute_id)
    if dispute.partner_id is None:
        raise NoPartnerToAsk
    staff = Opener(side=Side.STAFF, id=by.id)
    await comment_dispute(tx, dispute_id=dispute_id, author=staff, said=question, now=now)
    due_at = max(dispute.due_at, now + PARTNER_ANSWERS_WITHIN)
    await _move(tx, dispute, DisputeState.ASKED_PARTNER, due_at)
    await _record(tx, "ask_partner", dispute_id, after={"due_at": due_at}, by=by, now=now)
    return await get_dispute(tx, dispute_id=dispute_id)


async def give_points(
    tx: Transaction, *, dispute_id: UUID, points: int, reason: str, by: Actor, now: datetime
) -> Correction:
    """Propose the correction that settles a case; once it is posted the case is over.

    Raises:
        NoSuchDispute: there is none.
        DisputeOver: it has its answer.
        CorrectionWaits: one is proposed already.
        CorrectionInvalid: as `propose_correction`.
    """
    dispute = await _lock_open(tx, dispute_id)
    if dispute.correction_id is not None:
        raise CorrectionWaits
    correction = await corrections.propose_correction(
        tx,
        new=NewCorrection(
            programme_id=dispute.programme_id,
            member_id=dispute.member_id,
            points=points,
            reason=reason,
            attachment=dispute.said,
        ),
        dispute_id=dispute.id,
        by=by,
        now=now,
    )
    await tx.execute(store.SET_CORRECTION, {"id": dispute.id, "correction_id": correction.id})
    return correction


async def refuse_dispute(
    tx: Transaction, *, dispute_id: UUID, answer: str, by: Actor, now: datetime
) -> Dispute:
    """Say why nothing is given; whoever opened the case reads it.

    Raises:
        NoSuchDispute: there is none.
        DisputeOver: it has its answer.
        CorrectionWaits: a correction for it waits to be decided.
        DisputeInvalid: why is not said.
    """
    text = _text("answer", answer)
    dispute = await _lock_open(tx, dispute_id)
    if dispute.correction_id is not None:
        raise CorrectionWaits
    await _end(tx, dispute, DisputeState.REFUSED, answer=text, by=by, now=now)
    return await get_dispute(tx, dispute_id=dispute_id)


async def settle_dispute(
    tx: Transaction, *, correction: Correction, is_posted: bool, now: datetime
) -> None:
    """End a case whose correction was posted; one whose correction failed goes on."""
    assert correction.dispute_id is not None, "the caller looks"
    row = await tx.maybe(store.LOCK, {"id": correction.dispute_id})
    if row is None or row.correction_id != correction.id or row.ended_at is not None:
        return
    dispute = _dispute(row)
    if is_posted:
        await _end(tx, dispute, DisputeState.GIVEN, answer=correction.reason, by=None, now=now)
    else:
        await tx.execute(store.SET_CORRECTION, {"id": dispute.id, "correction_id": None})


async def get_dispute(snap: Snapshot, *, dispute_id: UUID) -> Dispute:
    """Give a case.

    Raises:
        NoSuchDispute: there is none.
    """
    row = await snap.maybe(store.GET, {"id": dispute_id})
    if row is None:
        raise NoSuchDispute
    return _dispute(row)


async def list_disputes(
    snap: Snapshot,
    *,
    chosen: DisputeFilter,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> tuple[Dispute, ...]:
    """Give cases, what is due first; `after` is when the last one seen was due, and its id."""
    rows = await snap.all(
        store.LIST,
        {
            "state": chosen.state,
            "open_only": chosen.open_only,
            "kind": chosen.kind,
            "member_id": chosen.member_id,
            "partner_id": chosen.partner_id,
            "due_before": chosen.due_before,
            "after": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit,
        },
    )
    return tuple(_dispute(row) for row in rows)


async def list_comments(
    snap: Snapshot, *, dispute_id: UUID, with_internal: bool
) -> tuple[Comment, ...]:
    """Give what was said in a case, in order; what is internal only for staff."""
    rows = await snap.all(
        store.LIST_COMMENTS,
        {"dispute_id": dispute_id, "with_internal": with_internal, "limit": COMMENTS_MAX},
    )
    return tuple(Comment(**{**row._asdict(), "author": Side(row.author)}) for row in rows)


async def count_open(snap: Snapshot, *, now: datetime) -> Waiting:
    """Count the cases that wait."""
    row = await snap.one(store.COUNT_OPEN, {"now": now})
    return Waiting(waiting=row.waiting, overdue=row.overdue)


async def _lock_open(tx: Transaction, dispute_id: UUID) -> Dispute:
    row = await tx.maybe(store.LOCK, {"id": dispute_id})
    if row is None:
        raise NoSuchDispute
    dispute = _dispute(row)
    if not dispute.is_open:
        raise DisputeOver
    return dispute


async def _move(tx: Transaction, dispute: Dispute, state: DisputeState, due_at: datetime) -> None:
    await tx.execute(store.SET_STATE, {"id": dispute.id, "state": state, "due_at": due_at})


async def _end(
    tx: Transaction,
    dispute: Dispute,
    state: DisputeState,
    *,
    answer: str,
    by: Actor | None,
    now: datetime,
) -> None:
    await tx.execute(
        store.END,
        {
            "id": dispute.id,
            "state": state,
            "answer": answer,
            "by": by.id if by else None,
            "now": now,
        },
    )
    await _record(tx, f"dispute_{state}", dispute.id, after={"state": state}, by=by, now=now)


async def _record(
    tx: Transaction,
    action: str,
    dispute_id: UUID,
    *,
    after: Mapping[str, object],
    by: Actor | None,
    now: datetime,
) -> None:
    await accounts.record(
        tx,
        actor=by,
        action=f"loyalty.{action}",
        subject_kind=SUBJECT,
        subject_id=dispute_id,
        after=after,
        now=now,
    )


def _dispute(row: Row) -> Dispute:
    return Dispute(
        **{
            **row._asdict(),
            "kind": DisputeKind(row.kind),
            "opened_by": Side(row.opened_by),
            "state": DisputeState(row.state),
        }
    )


def _text(field: str, text: str) -> str:
    stripped = text.strip()
    _require(field, 0 < len(stripped) <= TEXT_CHARACTERS_MAX)
    return stripped


def _require(field: str, is_right: bool) -> None:  # noqa: FBT001 - reads as a sentence
    if not is_right:
        raise DisputeInvalid(field)
