"""From what a till names to the account of points: a batch in one statement."""

from collections.abc import Sequence
from uuid import UUID

from hansa.modules.loyalty.members.model import (
    MemberRef,
    Membership,
    MemberState,
    RefKind,
)
from hansa.modules.loyalty.members.naming import scope_of, value_of
from hansa.modules.loyalty.members.store import membership as store
from hansa.runtime.database import Snapshot

Asked = tuple[UUID, UUID | None, MemberRef]


async def resolve(snap: Snapshot, *, programme_id_refs: Sequence[Asked]) -> dict[Asked, Membership]:
    """Give the memberships that are meant: (programme, partner that asks, name) each.

    Unknown ones and those of a spelling that can name nobody are left out. Of a merged member the
    one that stands for it is given; of a blocked one or one that left, the membership with that
    state. Names are normalised already (`MemberRef`); the one statement costs a look-up by
    primary key or two for each.
    """
    asked: list[tuple[Asked, UUID | None]] = []
    for one in dict.fromkeys(programme_id_refs):
        member_id = _id(one[2])
        if member_id is not None or one[2].kind is not RefKind.ID:
            asked.append((one, member_id))
    places: dict[UUID, str] = {}
    for (programme_id, _, _), _ in asked:
        places.setdefault(programme_id, str(len(places) + 1))
    rows = await snap.all(
        store.RESOLVE,
        {
            "programme_ids": list(places),
            "programmes": ",".join([places[one[0]] for one, _ in asked]),
            "members": ",".join(["" if known is None else str(known) for _, known in asked]),
            "values": b"".join([_value(one) for one, _ in asked]),
        },
    )
    found: dict[Asked, Membership] = {}
    for row in rows:
        one, known = asked[row.n - 1]
        member_id = UUID(row.member_id) if row.member_id else known
        assert member_id is not None, "the statement gives the member that was not known"
        found[one] = Membership(member_id, one[0], row.account_id, _STATES[row.state])
    return found


async def find_memberships(snap: Snapshot, *, account_ids: Sequence[int]) -> dict[int, Membership]:
    """Give whose accounts of points these are; a merged membership as it is, unknown left out."""
    if not account_ids:
        return {}
    rows = await snap.all(store.OF_ACCOUNTS, {"account_ids": list(account_ids)})
    return {
        row.account_id: Membership(
            row.member_id, row.programme_id, row.account_id, _STATES[row.state]
        )
        for row in rows
    }


_STATES = {one.value: one for one in MemberState}
_NO_VALUE = bytes(32)


def _value(one: Asked) -> bytes:
    _, partner_id, ref = one
    if ref.kind is RefKind.ID:
        return _NO_VALUE
    return value_of(ref.kind, scope_of(ref.kind, partner_id), ref.value)


def _id(ref: MemberRef) -> UUID | None:
    if ref.kind is not RefKind.ID:
        return None
    try:
        return UUID(ref.value)
    except ValueError:
        return None
