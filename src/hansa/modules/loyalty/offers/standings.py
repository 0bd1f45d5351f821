"""Loading what members have, for many at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from hansa.modules.loyalty.members import Kin, bucket_of, list_kin
from hansa.modules.loyalty.offers.kinship import joined
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
    """Give what members have, each named by programme and number, in two statements.

    Of members that were merged each has what the other had, from then on until they are parted.
    `audiences` tells of a member in which audiences it is, from memory.
    """
    if not members:
        return {}
    kin = await list_kin(snap, members=members)
    found = await load_together(snap, members=members, kin=kin)
    if audiences is not None:
        for key, standing in found.items():
            if named := audiences(key[1]):
                found[key] = replace(standing, audiences=named)
    return found


async def load_together(
    snap: Snapshot, *, members: Sequence[MemberKey], kin: Mapping[MemberKey, Sequence[Kin]]
) -> dict[MemberKey, Standing]:
    """Give what members have, if they were merged with these and no others."""
    others = [(key[0], one.member_id) for key, listed in kin.items() for one in listed]
    found = await _load(snap, list(dict.fromkeys([*members, *others])))
    return {
        key: joined(found[key], [(one, found[key[0], one.member_id]) for one in kin[key]])
        if key in kin
        else found[key]
        for key in members
    }


async def _load(snap: Snapshot, members: Sequence[MemberKey]) -> dict[MemberKey, Standing]:
    found: dict[MemberKey, Standing] = dict.fromkeys(members, NOTHING)
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
        )
    return found


def _arrays(members: "dict[MemberKey, Standing]") -> dict[str, object]:
    return {
        "buckets": [bucket_of(member_id) for _, member_id in members],
        "programme_ids": [programme_id for programme_id, _ in members],
        "member_ids": [member_id for _, member_id in members],
    }
