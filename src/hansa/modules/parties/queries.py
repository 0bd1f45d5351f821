"""Reads of parties."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from hansa.modules.parties import store
from hansa.modules.parties.model import (
    Address,
    Conflict,
    Consent,
    Identifier,
    IdentifierInvalid,
    IdentifierKind,
    Merge,
    Party,
    PartyKind,
    Role,
    keys_of,
    normalise,
)
from hansa.modules.parties.operations import owners_of, resolve, standing
from hansa.runtime.database import Snapshot


async def get_party(snap: Snapshot, *, party_id: UUID) -> Party:
    """Give a party; of an absorbed one, the party that stands for it (its id differs then).

    Raises:
        PartyNotFound: there is none.
    """
    party_id = await standing(snap, party_id)
    return (await _load(snap, [party_id]))[party_id]


async def get_parties(snap: Snapshot, *, party_ids: Sequence[UUID]) -> dict[UUID, Party]:
    """Give parties by the ids asked for, of absorbed ones who stands for them; unknown left out."""
    ways = await resolve(snap, party_ids=party_ids)
    found = await _load(snap, list(set(ways.values())))
    return {asked: found[party_id] for asked, party_id in ways.items()}


async def find_parties(
    snap: Snapshot,
    *,
    search: str = "",
    kind: PartyKind | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int = 50,
    region: str = "RU",
) -> tuple[tuple[Party, ...], tuple[str, UUID] | None]:
    """Give parties by name, and where to go on (None at the end).

    `search` is a part of a name, or a whole telephone, e-mail, INN, OGRN or card in any spelling.
    """
    text = search.strip().lower().replace("ё", "е")
    rows = await snap.all(
        store.FIND_PARTIES,
        {
            "name": f"%{_escape(text)}%" if text else None,
            "values": _spellings(search, region),
            "kind": kind,
            "after_name": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit + 1,
        },
    )
    page = rows[:limit]
    parties = await _load(snap, [row.id for row in page])
    following = (page[-1].sort_name, page[-1].id) if len(rows) > limit else None
    return tuple(parties[row.id] for row in page), following


async def find_owners(
    snap: Snapshot, *, identifiers: Sequence[Identifier]
) -> dict[Identifier, UUID]:
    """Give who has each of some normalised identifiers; those nobody has are left out."""
    keys = keys_of(identifiers)
    owners = await owners_of(snap, keys)
    standing_for = await resolve(snap, party_ids=list(set(owners.values())))
    return {keys[key]: standing_for[owner] for key, owner in owners.items()}


async def count_parties(snap: Snapshot) -> int:
    """Count the parties, absorbed ones aside."""
    count: int = await snap.scalar(store.COUNT_PARTIES)
    return count


async def list_addresses(snap: Snapshot, *, party_id: UUID) -> tuple[Address, ...]:
    """Give a party's addresses, the one last used or changed first."""
    rows = await snap.all(store.LIST_ADDRESSES, {"party_id": await standing(snap, party_id)})
    return tuple(Address(**row._asdict()) for row in rows)


async def list_roles(snap: Snapshot, *, party_id: UUID) -> tuple[Role, ...]:
    """Give the roles a person has, or those people have in an organisation."""
    rows = await snap.all(store.LIST_ROLES, {"party_id": await standing(snap, party_id)})
    return tuple(Role(**row._asdict()) for row in rows)


async def list_consents(snap: Snapshot, *, party_id: UUID) -> tuple[Consent, ...]:
    """Give the decision that counts for each purpose."""
    rows = await snap.all(store.LIST_CONSENTS, {"party_id": await standing(snap, party_id)})
    return tuple(Consent(**row._asdict()) for row in rows)


async def granted(snap: Snapshot, *, party_ids: Sequence[UUID], purpose: str) -> frozenset[UUID]:
    """Give those of the ids asked for whose party has agreed to a purpose and not taken it back."""
    ways = await resolve(snap, party_ids=party_ids)
    asked = {"party_ids": sorted(set(ways.values())), "purpose": purpose}
    agreed = {row.party_id for row in await snap.all(store.GRANTED, asked)}
    return frozenset(one for one, party_id in ways.items() if party_id in agreed)


async def consent_history(snap: Snapshot, *, party_id: UUID) -> tuple[Consent, ...]:
    """Give every decision ever made, the latest first."""
    rows = await snap.all(store.CONSENT_HISTORY, {"party_id": await standing(snap, party_id)})
    return tuple(Consent(**row._asdict()) for row in rows)


async def list_conflicts(snap: Snapshot, *, limit: int = 100) -> tuple[Conflict, ...]:
    """Give pairs of parties that share identifiers, the latest found first."""
    rows = await snap.all(store.LIST_CONFLICTS, {"limit": limit})
    return tuple(Conflict(**{**row._asdict(), "kinds": tuple(row.kinds)}) for row in rows)


async def list_merges(snap: Snapshot, *, party_id: UUID) -> tuple[Merge, ...]:
    """Give the merges a party took part in, the latest first."""
    rows = await snap.all(store.LIST_MERGES, {"party_id": party_id})
    return tuple(Merge(**row._asdict()) for row in rows)


async def _load(snap: Snapshot, ids: Sequence[UUID]) -> dict[UUID, Party]:
    if not ids:
        return {}
    asked = {"ids": list(ids)}
    identifiers: dict[UUID, list[Identifier]] = defaultdict(list)
    for row in await snap.all(store.IDENTIFIERS_OF, asked):
        kind = IdentifierKind(row.kind)
        one = Identifier(kind=kind, system=row.system, value=row.value)
        identifiers[row.party_id].append(one)
    return {
        row.id: Party(
            **{**row._asdict(), "kind": PartyKind(row.kind)},
            identifiers=tuple(identifiers[row.id]),
        )
        for row in await snap.all(store.GET_PARTIES, asked)
    }


def _spellings(search: str, region: str) -> list[str]:
    values = []
    for kind in IdentifierKind:
        try:
            one = normalise(Identifier(kind=kind, value=search), region=region)
        except IdentifierInvalid:
            continue
        values.append(one.value)
    return values


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
