"""Loading what members have, for many at once."""

from collections.abc import Callable, Sequence
from uuid import UUID

from hansa.modules.loyalty.members import bucket_of
from hansa.modules.loyalty.offers.standing import NOTHING, Raise, Standing, Switch, Used
from hansa.modules.loyalty.offers.store import standing as store
from hansa.runtime.database import Snapshot

RAISE, SWITCH, USE = 0, 1, 2

MemberKey = tuple[UUID, UUID]
"""A programme and a member of it."""


async def load_standings(
    snap: Snapshot,
    *,
    members: Sequence[MemberKey],
    audiences: Callable[[UUID], frozenset[str]] | None = None,
) -> dict[MemberKey, Standing]:
    """Give what members have, each named by programme and number, in one statement.

    `audiences` tells of a member in which audiences it is, from memory.
    """
    found: dict[MemberKey, Standing] = dict.fromkeys(members, NOTHING)
    if audiences is not None:
        for key in found:
            if named := audiences(key[1]):
                found[key] = Standing(audiences=named)
    raises: dict[MemberKey, list[Raise]] = {}
    switches: dict[MemberKey, dict[UUID, tuple[Switch, ...]]] = {}
    uses: dict[MemberKey, dict[UUID, tuple[Used, ...]]] = {}
    for row in await snap.all(store.LOAD, _arrays(found)):
        key = row.programme_id, row.member_id
        if row.kind == RAISE:
            raises.setdefault(key, []).append(
                Raise(
                    offer_id=row.offer_id,
                    code=row.code,
                    category=row.category,
                    percent=row.percent,
                    starts_at=row.at,
                    ends_at=row.ends_at,
                    issuer_id=row.issuer_id,
                    group=row.stack,
                )
            )
        elif row.kind == SWITCH:
            of_offer = switches.setdefault(key, {})
            switch = Switch(row.offer_id, row.at, row.is_on)
            of_offer[row.offer_id] = (*of_offer.get(row.offer_id, ()), switch)
        else:
            used = uses.setdefault(key, {})
            one = Used(row.offer_id, row.at, row.key)
            used[row.offer_id] = (*used.get(row.offer_id, ()), one)
    for key in raises.keys() | switches.keys() | uses.keys():
        found[key] = Standing(
            raises=tuple(raises.get(key, ())),
            switches=switches.get(key, {}),
            uses=uses.get(key, {}),
            audiences=found[key].audiences,
        )
    return found


def _arrays(members: "dict[MemberKey, Standing]") -> dict[str, object]:
    return {
        "buckets": [bucket_of(member_id) for _, member_id in members],
        "programme_ids": [programme_id for programme_id, _ in members],
        "member_ids": [member_id for _, member_id in members],
    }
