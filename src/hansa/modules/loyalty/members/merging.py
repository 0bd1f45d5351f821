"""Making two members one, and two of one again. The points follow by the events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from hansa.contracts.loyalty import (
    LoyaltyMembersMerged,
    LoyaltyMembersParted,
    MergedAccounts,
)
from hansa.kernel.identifiers import new_id
from hansa.modules import accounts, parties
from hansa.modules.loyalty import programmes
from hansa.modules.loyalty.members import names, reading
from hansa.modules.loyalty.members.faults import MergeImpossible, MergeNotFound, MergeNotLast
from hansa.modules.loyalty.members.model import Member, MemberState, bucket_of
from hansa.modules.loyalty.members.opening import open_membership
from hansa.modules.loyalty.members.store import cards as card_rows
from hansa.modules.loyalty.members.store import membership as rows
from hansa.modules.loyalty.members.store import merges as store
from hansa.modules.loyalty.members.store import references
from hansa.modules.loyalty.members.telling import SUBJECT
from hansa.runtime.database import Row, Transaction
from hansa.runtime.http import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersMerged:
    """A merge. `accounts` says from which account to which the points go, by programme."""

    id: UUID
    keep_id: UUID
    absorb_id: UUID
    accounts: tuple[MergedAccounts, ...]


async def merge_members(
    tx: Transaction,
    *,
    keep: UUID,
    absorb: UUID,
    coalition: programmes.Coalition,
    by: Actor | None,
    now: datetime,
) -> MembersMerged:
    """Let one member stand for both; can be undone by the number of the merge.

    The kept member gets the other's telephones, cards, partners' ids, its parties are merged too,
    and it takes part in every programme the other does. The absorbed one stays as an empty name:
    whoever asks for it gets the kept one. The points are moved afterwards, by LoyaltyMembersMerged.

    Raises:
        MemberNotFound: one does not exist.
        MergeImpossible: they are one, or one is blocked, merged, or was erased.
    """
    both = await reading.lock(tx, [keep, absorb])
    if keep == absorb or not all(_may_merge(one) for one in both.values()):
        raise MergeImpossible
    kept, absorbed = both[keep], both[absorb]
    had = await _belongings(tx, absorbed)
    party_merge_id = await _merge_parties(tx, kept, absorbed, by=by, now=now)
    await _move(tx, had, away_from=absorbed.id, to=keep)
    merge_id = new_id(now)
    columns = {"keep_id": keep, "absorb_id": absorb, "bucket": absorbed.bucket, "now": now}
    await tx.execute(store.MARK_ABSORBED, columns)
    taken = _active(_states(absorbed))
    await tx.execute(store.MERGE_MEMBERSHIPS, {**columns, "programmes": taken})
    for programme_id in taken:
        membership = kept.membership(programme_id)
        if membership is None or membership.state is MemberState.LEFT:
            programme = coalition.programmes[programme_id]
            await open_membership(tx, member_id=keep, programme=programme, partner_id=None, now=now)
    await tx.execute(
        store.ADD_MERGE,
        {
            **columns,
            "id": merge_id,
            "party_merge_id": party_merge_id,
            "absorbed": Jsonb(had | {"memberships": _states(absorbed)}),
            "kept": Jsonb({"memberships": _states(kept)}),
            "by": by.id if by else None,
        },
    )
    moves = _moves((await reading.load(tx, [keep]))[keep], absorbed, taken)
    await _record(tx, "loyalty.merge_members", keep, absorb, merge_id, by=by, now=now)
    await tx.publish(
        LoyaltyMembersMerged(
            merge_id=merge_id, keep_id=keep, absorb_id=absorb, accounts=moves, merged_at=now
        )
    )
    return MembersMerged(id=merge_id, keep_id=keep, absorb_id=absorb, accounts=moves)


async def undo_merge(
    tx: Transaction, *, merge_id: UUID, by: Actor | None, now: datetime
) -> MembersMerged:
    """Part two merged members. Again changes nothing.

    The absorbed one gets back every telephone, card, partner's id and membership it had, in the
    state they had. What ended since stays ended, what was added since stays with the kept one, and
    so does its part in programmes it came into by the merge: points may have been earned there. The
    points themselves go back by LoyaltyMembersParted.

    Raises:
        MergeNotFound: there was none, or one of the two was erased since.
        MergeNotLast: the kept member was itself absorbed; undo that first.
    """
    merge = await tx.maybe(store.GET_MERGE, {"id": merge_id})
    if merge is None:
        raise MergeNotFound(merge_id)
    both = await reading.lock(tx, [merge.keep_id, merge.absorb_id])
    merge = await tx.one(store.GET_MERGE, {"id": merge_id})
    kept, absorbed = both[merge.keep_id], both[merge.absorb_id]
    moves = _moves(kept, absorbed, _active(merge.absorbed.get("memberships", {})))
    parted = MembersMerged(id=merge_id, keep_id=kept.id, absorb_id=absorbed.id, accounts=moves)
    if merge.undone_at is not None:
        return parted
    if not merge.absorbed or kept.erased_at is not None:
        raise MergeNotFound(merge_id)
    if kept.state is MemberState.MERGED:
        raise MergeNotLast(merge_id)
    if merge.party_merge_id is not None:
        await parties.undo_merge(tx, merge_id=merge.party_merge_id, by=by, now=now)
    await _move(tx, merge.absorbed, away_from=kept.id, to=absorbed.id)
    await _leave_out_ended(tx, absorbed, merge.absorbed["names"])
    await _restore(tx, merge, now=now)
    await tx.execute(store.CLOSE_MERGE, {"id": merge_id, "now": now, "by": by.id if by else None})
    await _record(tx, "loyalty.undo_merge", kept.id, absorbed.id, merge_id, by=by, now=now)
    await tx.publish(
        LoyaltyMembersParted(
            merge_id=merge_id,
            keep_id=kept.id,
            absorb_id=absorbed.id,
            accounts=moves,
            parted_at=now,
        )
    )
    return parted


def _may_merge(member: Member) -> bool:
    return (
        member.state is MemberState.ACTIVE
        and member.party_id is not None
        and all(one.state is not MemberState.BLOCKED for one in member.memberships)
    )


async def _belongings(tx: Transaction, member: Member) -> dict[str, list[str]]:
    """Give what goes with a member: hashes of names, ids of cards."""
    columns = {"bucket": member.bucket, "member_id": member.id}
    named = await tx.all(references.REFERENCES_OF, columns)
    owned = await tx.all(card_rows.LIST_CARDS, columns)
    return {
        "names": [bytes(row.value).hex() for row in named],
        "cards": [str(row.id) for row in owned],
    }


async def _move(
    tx: Transaction, had: Mapping[str, Sequence[str]], *, away_from: UUID, to: UUID
) -> None:
    columns = {
        "from_id": away_from,
        "from_bucket": bucket_of(away_from),
        "to_id": to,
        "to_bucket": bucket_of(to),
    }
    values = [bytes.fromhex(value) for value in had["names"]]
    await tx.execute(references.MOVE_REFERENCES, {**columns, "values": values})
    ids = [UUID(one) for one in had["cards"]]
    await tx.execute(card_rows.MOVE_CARDS, {**columns, "ids": ids})


async def _leave_out_ended(tx: Transaction, member: Member, had: Sequence[str]) -> None:
    """Take from the party what it got back but names the member no longer: it ended meanwhile."""
    rows = await tx.all(references.REFERENCES_OF, {"bucket": member.bucket, "member_id": member.id})
    living = {bytes(row.value) for row in rows}
    await names.hide(tx, member, [one for one in map(bytes.fromhex, had) if one not in living])


async def _merge_parties(
    tx: Transaction, kept: Member, absorbed: Member, *, by: Actor | None, now: datetime
) -> UUID | None:
    """Merge the parties, unless staff have done so already."""
    assert kept.party_id is not None, "checked by _may_merge"
    assert absorbed.party_id is not None, "checked by _may_merge"
    pair = [kept.party_id, absorbed.party_id]
    standing = await parties.resolve(tx, party_ids=pair)
    first, second = (standing[one] for one in pair)
    if first == second:
        return None
    return await parties.merge_parties(tx, keep=first, absorb=second, by=by, now=now)


async def _restore(tx: Transaction, merge: Row, *, now: datetime) -> None:
    """Give every membership the state it had, where the merge is what changed it."""
    bucket = bucket_of(merge.absorb_id)
    columns = {"absorb_id": merge.absorb_id, "bucket": bucket, "now": now}
    await tx.execute(store.MARK_PARTED, columns)
    states: dict[str, str] = merge.absorbed["memberships"]
    await tx.execute(store.PART_MEMBERSHIPS, {**columns, "programmes": _active(states)})
    for programme, state in merge.kept["memberships"].items():
        if state == MemberState.LEFT and states.get(programme) == MemberState.ACTIVE:
            await tx.all(
                rows.SET_STATES,
                {
                    "bucket": bucket_of(merge.keep_id),
                    "member_id": merge.keep_id,
                    "programme_id": UUID(programme),
                    "state": MemberState.LEFT.value,
                    "from_states": [MemberState.ACTIVE.value],
                    "now": now,
                },
            )


def _states(member: Member) -> dict[str, str]:
    return {str(one.programme_id): one.state.value for one in member.memberships}


def _active(states: Mapping[str, str]) -> list[UUID]:
    return [UUID(one) for one, state in states.items() if state == MemberState.ACTIVE]


def _moves(kept: Member, absorbed: Member, taken: Sequence[UUID]) -> tuple[MergedAccounts, ...]:
    """Say from which account to which points go, by programme."""
    pairs = [
        (one, kept.membership(one.programme_id))
        for one in absorbed.memberships
        if one.programme_id in taken
    ]
    return tuple(
        MergedAccounts(
            programme_id=mine.programme_id,
            keep_account_id=theirs.account_id,
            absorb_account_id=mine.account_id,
        )
        for mine, theirs in pairs
        if theirs is not None
    )


async def _record(
    tx: Transaction,
    action: str,
    keep: UUID,
    absorb: UUID,
    merge_id: UUID,
    *,
    by: Actor | None,
    now: datetime,
) -> None:
    for subject in (keep, absorb):
        await accounts.record(
            tx,
            actor=by,
            action=action,
            subject_kind=SUBJECT,
            subject_id=subject,
            after={"keep": keep, "absorbed": absorb, "merge": merge_id},
            now=now,
        )
