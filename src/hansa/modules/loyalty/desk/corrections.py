"""Corrections of points: proposed by one person, approved by another, posted once."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules import accounts
from hansa.modules.loyalty import members
from hansa.modules.loyalty.desk.faults import (
    CorrectionDecided,
    CorrectionInvalid,
    NoSuchCorrection,
    OwnCorrection,
)
from hansa.modules.loyalty.desk.model import (
    REASON_CHARACTERS_MAX,
    TEXT_CHARACTERS_MAX,
    Correction,
    CorrectionState,
    NewCorrection,
)
from hansa.modules.loyalty.desk.store import corrections as store
from hansa.modules.loyalty.desk.store import disputes as dispute_rows
from hansa.modules.loyalty.desk.work import PostCorrection
from hansa.modules.loyalty.points import POINTS_MAX
from hansa.runtime.database import Row, Snapshot, Transaction
from hansa.runtime.http import Actor

SUBJECT = "loyalty_correction"


async def propose_correction(
    tx: Transaction,
    *,
    new: NewCorrection,
    dispute_id: UUID | None = None,
    by: Actor,
    now: datetime,
) -> Correction:
    """Propose points to be added (or taken, below zero); nothing moves until somebody approves.

    Raises:
        CorrectionInvalid: a field is no such thing.
        MemberNotFound: there is none, or not in this programme.
    """
    _require("points", new.points != 0 and abs(new.points) <= POINTS_MAX)
    reason = new.reason.strip()
    _require("reason", 0 < len(reason) <= REASON_CHARACTERS_MAX and reason.isprintable())
    _require("attachment", len(new.attachment) <= TEXT_CHARACTERS_MAX)
    member = await members.get_member(tx, member_id=new.member_id)
    if member.membership(new.programme_id) is None:
        raise members.MemberNotFound
    correction_id = new_id(now)
    columns = {
        "id": correction_id,
        "programme_id": new.programme_id,
        "member_id": member.id,
        "points": new.points,
        "reason": reason,
        "attachment": new.attachment.strip(),
        "dispute_id": dispute_id,
        "by": by.id,
        "now": now,
    }
    await tx.execute(store.ADD, columns)
    after = {name: columns[name] for name in ("programme_id", "member_id", "points", "dispute_id")}
    await _record(tx, "propose_correction", correction_id, after=after, by=by, now=now)
    return await get_correction(tx, correction_id=correction_id)


async def approve_correction(
    tx: Transaction, *, correction_id: UUID, note: str = "", by: Actor, now: datetime
) -> Correction:
    """Let a correction be posted, which a job does at once. Again changes nothing.

    Raises:
        NoSuchCorrection: there is none.
        OwnCorrection: whoever proposed it asks.
        CorrectionDecided: it was refused.
        CorrectionInvalid: the note is too long.
    """
    correction = await _lock_for(tx, correction_id, note, by)
    if correction.state in {
        CorrectionState.APPROVED,
        CorrectionState.POSTED,
        CorrectionState.FAILED,
    }:
        return correction
    if correction.state is not CorrectionState.PROPOSED:
        raise CorrectionDecided(correction.state)
    await _decide(tx, correction, CorrectionState.APPROVED, note=note, by=by, now=now)
    await tx.enqueue(PostCorrection(correction_id=correction.id))
    return await get_correction(tx, correction_id=correction_id)


async def refuse_correction(
    tx: Transaction, *, correction_id: UUID, note: str, by: Actor, now: datetime
) -> Correction:
    """Let nothing be posted. Again changes nothing.

    Raises:
        NoSuchCorrection: there is none.
        OwnCorrection: whoever proposed it asks.
        CorrectionDecided: it was approved.
        CorrectionInvalid: why is not said.
    """
    _require("note", bool(note.strip()))
    correction = await _lock_for(tx, correction_id, note, by)
    if correction.state is CorrectionState.REFUSED:
        return correction
    if correction.state is not CorrectionState.PROPOSED:
        raise CorrectionDecided(correction.state)
    await _decide(tx, correction, CorrectionState.REFUSED, note=note, by=by, now=now)
    if correction.dispute_id is not None:
        await tx.execute(
            dispute_rows.SET_CORRECTION, {"id": correction.dispute_id, "correction_id": None}
        )
    return await get_correction(tx, correction_id=correction_id)


async def get_correction(snap: Snapshot, *, correction_id: UUID) -> Correction:
    """Give a correction.

    Raises:
        NoSuchCorrection: there is none.
    """
    row = await snap.maybe(store.GET, {"id": correction_id})
    if row is None:
        raise NoSuchCorrection
    return _correction(row)


async def list_corrections(
    snap: Snapshot,
    *,
    state: CorrectionState | None = None,
    member_id: UUID | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> tuple[Correction, ...]:
    """Give corrections, newest first; `before` is the instant and id of the last one seen."""
    rows = await snap.all(
        store.LIST,
        {
            "state": state,
            "member_id": member_id,
            "before": before[0] if before else None,
            "before_id": before[1] if before else None,
            "limit": limit,
        },
    )
    return tuple(_correction(row) for row in rows)


async def count_proposed(snap: Snapshot) -> int:
    """Count the corrections nobody has decided about."""
    count: int = await snap.scalar(store.COUNT_PROPOSED)
    return count


async def list_left(snap: Snapshot, *, before: datetime, limit: int) -> list[UUID]:
    """Give corrections approved before an instant that are not posted."""
    rows = await snap.all(store.LIST_LEFT, {"before": before, "limit": limit})
    return [row.id for row in rows]


async def end_correction(
    tx: Transaction,
    *,
    correction: Correction,
    posting_id: UUID | None,
    failure: str = "",
    now: datetime,
) -> bool:
    """Note that an approved correction is posted, or that the points refused it; once."""
    state = CorrectionState.FAILED if posting_id is None else CorrectionState.POSTED
    changed = await tx.all(
        store.END,
        {
            "id": correction.id,
            "state": state,
            "posting_id": posting_id,
            "failure": failure,
            "now": now,
        },
    )
    if changed:
        after = {"state": state, "posting_id": posting_id, "failure": failure}
        await _record(tx, f"correction_{state}", correction.id, after=after, by=None, now=now)
    return bool(changed)


async def _lock_for(tx: Transaction, correction_id: UUID, note: str, by: Actor) -> Correction:
    _require("note", len(note) <= TEXT_CHARACTERS_MAX)
    row = await tx.maybe(store.LOCK, {"id": correction_id})
    if row is None:
        raise NoSuchCorrection
    if row.proposed_by == by.id:
        raise OwnCorrection
    return _correction(row)


async def _decide(
    tx: Transaction,
    correction: Correction,
    state: CorrectionState,
    *,
    note: str,
    by: Actor,
    now: datetime,
) -> None:
    await tx.execute(
        store.DECIDE,
        {"id": correction.id, "state": state, "note": note.strip(), "by": by.id, "now": now},
    )
    after = {"state": state, "points": correction.points}
    await _record(tx, f"correction_{state}", correction.id, after=after, by=by, now=now)


async def _record(
    tx: Transaction,
    action: str,
    correction_id: UUID,
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
        subject_id=correction_id,
        after=after,
        now=now,
    )


def _correction(row: Row) -> Correction:
    return Correction(**{**row._asdict(), "state": CorrectionState(row.state)})


def _require(field: str, is_right: bool) -> None:  # noqa: FBT001 - reads as a sentence
    if not is_right:
        raise CorrectionInvalid(field)
