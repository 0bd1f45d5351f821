"""Making two parties one, and two of one again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from hansa.contracts.parties import PartiesMerged, PartiesParted
from hansa.kernel.errors import Conflict, NotFound, Rejected
from hansa.kernel.identifiers import new_id
from hansa.modules import accounts
from hansa.modules.parties import store
from hansa.modules.parties.operations import lock_parties
from hansa.runtime.database import Row, Transaction
from hansa.runtime.http import Actor

_FILLED = ("given_name", "family_name", "middle_name", "legal_name", "language")


@dataclass(eq=False)
class MergeImpossible(Rejected):
    """A party cannot be merged with itself, nor a person with an organisation."""

    code: ClassVar[str] = "parties.merge_impossible"
    message: ClassVar[str] = (
        "Only two different persons or two different organisations can be merged."
    )


@dataclass(eq=False)
class AlreadyMerged(Conflict):
    """One of them was already absorbed by another."""

    code: ClassVar[str] = "parties.already_merged"
    message: ClassVar[str] = "One of them was merged with another meanwhile. Look again."

    party_id: UUID


@dataclass(eq=False)
class MergeNotFound(NotFound):
    """There was no such merge."""

    code: ClassVar[str] = "parties.merge_not_found"
    message: ClassVar[str] = "There was no such merge."

    merge_id: UUID


@dataclass(eq=False)
class MergeNotLast(Conflict):
    """The kept party was itself absorbed later; that merge is undone first."""

    code: ClassVar[str] = "parties.merge_not_last"
    message: ClassVar[str] = "Undo the later merge first."

    merge_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What undoing a merge did; `left_behind` are kinds of identifiers somebody else has by now."""

    keep_id: UUID
    absorb_id: UUID
    left_behind: tuple[str, ...]


async def merge_parties(
    tx: Transaction, *, keep: UUID, absorb: UUID, by: Actor | None, now: datetime
) -> UUID:
    """Let one party stand for both; give the number of the merge, which can be undone.

    The kept party gets the other's identifiers, addresses, roles and decisions (of each purpose the
    latest counts), and of its profile what its own lacks. The absorbed one stays as an empty name:
    whoever asks for it gets the kept one, and what is written to it is written there.

    Raises:
        MergeImpossible: they are one, or of unlike kinds.
        AlreadyMerged: one of them was absorbed before.
        PartyNotFound: one does not exist.
    """
    if keep == absorb:
        raise MergeImpossible
    kept, absorbed = await lock_parties(tx, [keep, absorb])
    for row in (kept, absorbed):
        if row.merged_into is not None:
            raise AlreadyMerged(row.id)
    if kept.kind != absorbed.kind:
        raise MergeImpossible
    filled = _lacking(kept, absorbed)
    merge_id = new_id(now)
    both = {"keep": keep, "absorb": absorb}
    await tx.execute(
        store.ADD_MERGE,
        {**both, "id": merge_id, "filled": json.dumps(filled), "now": now, "by": by and by.id},
    )
    for statement in (
        store.MOVE_IDENTIFIERS,
        store.MOVE_ADDRESSES,
        store.MOVE_CONSENTS,
        store.MOVE_ROLES,
        store.MARK_ABSORBED,
    ):
        await tx.execute(statement, both)
    if filled:
        await tx.execute(store.SAVE_PROFILE, {**_profile(kept, filled), "id": keep, "now": now})
    await tx.execute(store.CLOSE_CONFLICTS, {"a": keep, "b": absorb, "now": now})
    await _record(tx, "parties.merge", both, merge_id=merge_id, by=by, now=now)
    await tx.publish(PartiesMerged(keep_id=keep, absorb_id=absorb))
    return merge_id


async def undo_merge(tx: Transaction, *, merge_id: UUID, by: Actor | None, now: datetime) -> Undone:
    """Part two merged parties. Again changes nothing.

    The absorbed party gets back exactly what it had at the merge: every identifier, address, role
    and decision, whatever was done to them since. The kept party keeps what was its own before and
    everything that was added or changed after: an address changed since stays with it as a copy,
    a name filled from the other stays if it was changed since. Only an identifier that a third
    party has by now cannot go back; its kind is told.

    Raises:
        MergeNotFound: there was none.
        MergeNotLast: the kept party was itself absorbed; undo that first.
    """
    merge = await tx.maybe(store.GET_MERGE, {"id": merge_id})
    if merge is None:
        raise MergeNotFound(merge_id)
    kept, _ = await lock_parties(tx, [merge.keep_id, merge.absorb_id])
    merge = await tx.one(store.GET_MERGE, {"id": merge_id})
    if merge.undone_at is not None:
        return Undone(keep_id=merge.keep_id, absorb_id=merge.absorb_id, left_behind=())
    if kept.merged_into is not None:
        raise MergeNotLast(merge_id)
    both = {"id": merge_id, "keep": merge.keep_id, "absorb": merge.absorb_id}
    taken = await tx.all(store.RETURN_IDENTIFIERS, both)
    changed = [row.id for row in await tx.all(store.CHANGED_ADDRESSES, both)]
    copies = {"ids": changed, "new_ids": [new_id(now) for _ in changed]}
    await tx.execute(store.RENAME_ADDRESSES, copies)
    for statement in (
        store.RETURN_ADDRESSES,
        store.RETURN_CONSENTS,
        store.TAKE_ROLES_BACK,
        store.RETURN_ROLES,
        store.MARK_PARTED,
    ):
        await tx.execute(statement, both)
    untouched = {name: "" for name, text in merge.filled.items() if getattr(kept, name) == text}
    if untouched:
        profile = {**_profile(kept, untouched), "id": kept.id, "now": now}
        await tx.execute(store.SAVE_PROFILE, profile)
    await tx.execute(store.CLOSE_MERGE, {"id": merge_id, "now": now, "by": by and by.id})
    await _record(tx, "parties.undo_merge", both, merge_id=merge_id, by=by, now=now)
    await tx.publish(PartiesParted(keep_id=merge.keep_id, absorb_id=merge.absorb_id))
    return Undone(
        keep_id=merge.keep_id,
        absorb_id=merge.absorb_id,
        left_behind=tuple(row.kind for row in taken),
    )


def _lacking(kept: Row, absorbed: Row) -> dict[str, str]:
    return {
        name: getattr(absorbed, name)
        for name in _FILLED
        if not getattr(kept, name) and getattr(absorbed, name)
    }


def _profile(row: Row, changed: dict[str, str]) -> dict[str, object]:
    birth_on: date | None = row.birth_on
    profile = {name: getattr(row, name) for name in ("display_name", *_FILLED)}
    return {**profile, "birth_on": birth_on, **changed}


async def _record(
    tx: Transaction,
    action: str,
    both: Mapping[str, UUID],
    *,
    merge_id: UUID,
    by: Actor | None,
    now: datetime,
) -> None:
    await accounts.record(
        tx,
        actor=by,
        action=action,
        subject_kind="party",
        subject_id=both["keep"],
        after={"absorbed": str(both["absorb"]), "merge": str(merge_id)},
        now=now,
    )
