"""Reading members as values; used by what changes them and by what shows them."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from hansa.modules.loyalty.members.faults import MemberNotFound
from hansa.modules.loyalty.members.model import Member, Membership, MemberState, bucket_of
from hansa.modules.loyalty.members.store import membership as store
from hansa.runtime.database import Snapshot, Transaction


async def load(snap: Snapshot, member_ids: Sequence[UUID]) -> dict[UUID, Member]:
    """Give members with their memberships by id, merged ones as they are; unknown left out."""
    if not member_ids:
        return {}
    asked = columns_of(member_ids)
    memberships: dict[UUID, list[Membership]] = defaultdict(list)
    for row in await snap.all(store.MEMBERSHIPS_OF, asked):
        fields = row._asdict() | {"state": MemberState(row.state)}
        memberships[row.member_id].append(Membership(**fields))
    return {
        row.id: Member(
            **{**row._asdict(), "state": MemberState(row.state)},
            memberships=tuple(memberships[row.id]),
        )
        for row in await snap.all(store.GET_MEMBERS, asked)
    }


async def standing(snap: Snapshot, member_id: UUID) -> UUID:
    """Give the member that stands for this one: itself, unless it was merged.

    Raises:
        MemberNotFound: there is none.
    """
    found = await snap.maybe(store.STANDING, {"bucket": bucket_of(member_id), "id": member_id})
    if found is None:
        raise MemberNotFound
    member: UUID = found.id
    return member


async def lock_standing(tx: Transaction, member_id: UUID) -> Member:
    """Lock the member that stands for this one, also if it was merged while we waited for it.

    Raises:
        MemberNotFound: there is none.
    """
    while True:
        member_id = await standing(tx, member_id)
        member = (await lock(tx, [member_id]))[member_id]
        if member.state is not MemberState.MERGED:
            return member


async def lock(tx: Transaction, member_ids: Sequence[UUID]) -> dict[UUID, Member]:
    """Lock members in the order of their ids; give them with their memberships.

    Raises:
        MemberNotFound: one does not exist.
    """
    await tx.all(store.LOCK_MEMBERS, columns_of(member_ids))
    members = await load(tx, member_ids)
    if len(members) < len(set(member_ids)):
        raise MemberNotFound
    return members


def columns_of(member_ids: Sequence[UUID]) -> dict[str, list[UUID] | list[int]]:
    """Give ids with their buckets, as statements take them."""
    return {"ids": list(member_ids), "buckets": [bucket_of(one) for one in member_ids]}
