"""From what a till names to the account of points: a batch in one statement."""

from collections.abc import Sequence
from uuid import UUID

from hansa.modules.loyalty.members.model import (
    MemberRef,
    Membership,
    MemberState,
    RefKind,
    bucket_of,
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
    asked = list(dict.fromkeys(programme_id_refs))
    ids = [_id(ref) for _, _, ref in asked]
    scopes = [scope_of(ref.kind, partner_id) for _, partner_id, ref in asked]
    rows = await snap.all(
        store.RESOLVE,
        {
            "programmes": [programme_id for programme_id, _, _ in asked],
            "members": ids,
            "buckets": [None if one is None else bucket_of(one) for one in ids],
            "kinds": [ref.kind.value for _, _, ref in asked],
            "scopes": scopes,
            "values": [
                None if ref.kind is RefKind.ID else value_of(ref.kind, scope, ref.value)
                for (_, _, ref), scope in zip(asked, scopes, strict=True)
            ],
        },
    )
    return {
        asked[row.n - 1]: Membership(
            row.member_id, asked[row.n - 1][0], row.account_id, MemberState(row.state)
        )
        for row in rows
    }


def _id(ref: MemberRef) -> UUID | None:
    if ref.kind is not RefKind.ID:
        return None
    try:
        return UUID(ref.value)
    except ValueError:
        return None
