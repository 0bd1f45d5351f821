"""Meeting parties and keeping what they tell: matching, profile, addresses, roles, consents."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from hansa.contracts.parties import PartyChanged
from hansa.kernel.errors import Conflict, NotFound, Rejected
from hansa.kernel.identifiers import new_id
from hansa.modules.parties import store
from hansa.modules.parties.model import (
    MATCHING,
    Address,
    Identifier,
    IdentifierKind,
    NewParty,
    PartyKind,
    Profile,
    keys_of,
    name_of,
    normalise,
)
from hansa.runtime.database import Row, Snapshot, Transaction

ADDRESSES_MAX = 50


@dataclass(eq=False)
class PartyNotFound(NotFound):
    """There is no such party."""

    code: ClassVar[str] = "parties.party_not_found"
    message: ClassVar[str] = "There is no such person or organisation."

    party_id: UUID


@dataclass(eq=False)
class IdentifierTaken(Conflict):
    """Another party has this telephone, address or number; which one is not told."""

    code: ClassVar[str] = "parties.identifier_taken"
    message: ClassVar[str] = "This is already known of somebody else: {kind}."

    kind: str


@dataclass(eq=False)
class AddressNotFound(NotFound):
    """The party has no such address."""

    code: ClassVar[str] = "parties.address_not_found"
    message: ClassVar[str] = "There is no such address."

    address_id: UUID


@dataclass(eq=False)
class TooManyAddresses(Rejected):
    """A party keeps only so many addresses."""

    code: ClassVar[str] = "parties.too_many_addresses"
    message: ClassVar[str] = "You have {limit} addresses. Remove one you no longer need."

    limit: int


@dataclass(eq=False)
class RoleImpossible(Rejected):
    """Roles are those of persons in organisations."""

    code: ClassVar[str] = "parties.role_impossible"
    message: ClassVar[str] = "Only a person can have a role, and only in an organisation."


async def match_or_create(
    tx: Transaction,
    *,
    party: NewParty,
    identifiers: Sequence[Identifier],
    now: datetime,
    region: str = "RU",
    trusted: bool = False,
) -> UUID:
    """Give the party that has one of these identifiers, or make it.

    Exact keys only. If they point to several parties, the most telling kind decides (outside
    number, card, INN, OGRN, telephone, e-mail), the parties stay apart and the conflict is listed
    for a person to look at. A found party is not changed, except that with `trusted` (staff, the
    ERP) identifiers nobody has yet are added to it: what a stranger typed beside a known telephone
    must not become a key to that person's data.

    Raises:
        IdentifierInvalid: one of them is none of its kind.
    """
    normal = [normalise(identifier, region=region) for identifier in identifiers]
    keys = keys_of(normal)
    await tx.all(store.LOCK_KEYS, {"keys": ["|".join(key) for key in keys]})
    owners = await owners_of(tx, keys)
    if not owners:
        party_id = new_id(now)
        await tx.execute(
            store.ADD_PARTY,
            {**_columns(party), "kind": PartyKind(party.kind).value, "id": party_id, "now": now},
        )
        await _add_identifiers(tx, party_id, normal, now)
        await tx.publish(PartyChanged(party_id=party_id))
        return party_id
    first = min(owners, key=lambda key: (MATCHING.index(IdentifierKind(key[0])), key))
    party_id = owners[first]
    for other in {owner for owner in owners.values() if owner != party_id}:
        kinds = sorted({key[0] for key, owner in owners.items() if owner == other} | {first[0]})
        conflict = {"a": party_id, "b": other, "kinds": kinds, "now": now}
        await tx.execute(store.ADD_CONFLICT, conflict)
    if trusted and await _add_identifiers(tx, party_id, normal, now):
        await tx.publish(PartyChanged(party_id=party_id))
    return party_id


async def find_match(
    snap: Snapshot, *, identifiers: Sequence[Identifier], region: str = "RU"
) -> UUID | None:
    """Give the party `match_or_create` would choose now, if there is one.

    Raises:
        IdentifierInvalid: one of them is none of its kind.
    """
    keys = keys_of([normalise(identifier, region=region) for identifier in identifiers])
    owners = await owners_of(snap, keys)
    if not owners:
        return None
    return owners[min(owners, key=lambda key: (MATCHING.index(IdentifierKind(key[0])), key))]


async def resolve(snap: Snapshot, *, party_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Give for each party the one that stands for it after all merges; unknown are left out."""
    rows = await snap.all(store.RESOLVE, {"ids": list(party_ids)})
    return {row.asked: row.id for row in rows}


async def standing(snap: Snapshot, party_id: UUID) -> UUID:
    """Give the party that stands for this one.

    Raises:
        PartyNotFound: there is none.
    """
    found = await resolve(snap, party_ids=[party_id])
    if party_id not in found:
        raise PartyNotFound(party_id)
    return found[party_id]


async def save_profile(tx: Transaction, *, party_id: UUID, profile: Profile, now: datetime) -> None:
    """Replace what a party says of itself (its kind stays).

    Raises:
        PartyNotFound: there is none.
    """
    [row] = await lock_parties(tx, [await standing(tx, party_id)])
    before = {name: getattr(row, name) for name in _columns(profile)}
    after = _columns(profile)
    if before == after:
        return
    await tx.execute(store.SAVE_PROFILE, {**after, "id": row.id, "now": now})
    await tx.publish(PartyChanged(party_id=row.id))


async def add_identifier(
    tx: Transaction, *, party_id: UUID, identifier: Identifier, now: datetime, region: str = "RU"
) -> None:
    """Add an identifier the party has proven or staff vouch for. Again changes nothing.

    Raises:
        IdentifierInvalid: it is none of its kind.
        IdentifierTaken: another party has it; the conflict is listed.
        PartyNotFound: there is none.
    """
    party_id = await standing(tx, party_id)
    normal = normalise(identifier, region=region)
    keys = keys_of([normal])
    await tx.all(store.LOCK_KEYS, {"keys": ["|".join(key) for key in keys]})
    owners = await owners_of(tx, keys)
    if any(owner != party_id for owner in owners.values()):
        raise IdentifierTaken(str(normal.kind))
    if await _add_identifiers(tx, party_id, [normal], now):
        await tx.publish(PartyChanged(party_id=party_id))


async def remove_identifier(
    tx: Transaction, *, party_id: UUID, identifier: Identifier, region: str = "RU"
) -> None:
    """Take an identifier from a party; if it has none such, nothing changes."""
    party_id = await standing(tx, party_id)
    normal = normalise(identifier, region=region)
    if await tx.execute(store.REMOVE_IDENTIFIER, {**asdict(normal), "party_id": party_id}):
        await tx.publish(PartyChanged(party_id=party_id))


async def save_address(tx: Transaction, *, party_id: UUID, address: Address, now: datetime) -> None:
    """Keep an address, new or changed; it is then the first one offered.

    Raises:
        PartyNotFound: there is no such party.
        AddressNotFound: the id is that of another party's address.
        TooManyAddresses: the party has enough.
    """
    party_id = await standing(tx, party_id)
    await lock_parties(tx, [party_id])
    known = await tx.all(store.LIST_ADDRESSES, {"party_id": party_id})
    if len(known) >= ADDRESSES_MAX and address.id not in {row.id for row in known}:
        raise TooManyAddresses(ADDRESSES_MAX)
    row = {**asdict(address), "party_id": party_id, "now": now}
    if not await tx.execute(store.SAVE_ADDRESS, row):
        raise AddressNotFound(address.id)


async def remove_address(tx: Transaction, *, party_id: UUID, address_id: UUID) -> None:
    """Forget an address; if the party has none such, nothing changes."""
    party_id = await standing(tx, party_id)
    await tx.execute(store.REMOVE_ADDRESS, {"party_id": party_id, "id": address_id})


async def give_role(
    tx: Transaction, *, person_id: UUID, organisation_id: UUID, role: str, now: datetime
) -> None:
    """Note what a person is in an organisation. Again changes nothing.

    Raises:
        PartyNotFound: one of them does not exist.
        RoleImpossible: they are not a person and an organisation.
    """
    person_id = await standing(tx, person_id)
    organisation_id = await standing(tx, organisation_id)
    rows = await tx.all(store.GET_PARTIES, {"ids": [person_id, organisation_id]})
    kinds = {row.id: row.kind for row in rows}
    if (kinds[person_id], kinds[organisation_id]) != (PartyKind.PERSON, PartyKind.ORGANISATION):
        raise RoleImpossible
    who = {"person_id": person_id, "organisation_id": organisation_id}
    await tx.execute(store.ADD_ROLE, {**who, "role": role, "now": now})


async def take_role(tx: Transaction, *, person_id: UUID, organisation_id: UUID, role: str) -> None:
    """Note that a person is no longer that in an organisation."""
    who = {
        "person_id": await standing(tx, person_id),
        "organisation_id": await standing(tx, organisation_id),
    }
    await tx.execute(store.REMOVE_ROLE, {**who, "role": role})


async def set_consent(
    tx: Transaction,
    *,
    party_id: UUID,
    purpose: str,
    is_granted: bool,
    now: datetime,
    document: str = "",
    source: str = "",
) -> None:
    """Keep a decision about a purpose (`marketing.email`, `personal_data`); the last one counts.

    `document` names the text agreed to, `source` where it was decided. All earlier ones are kept.

    Raises:
        PartyNotFound: there is no such party.
    """
    party_id = await standing(tx, party_id)
    decision = {
        "purpose": purpose,
        "is_granted": is_granted,
        "document": document,
        "source": source,
    }
    await tx.execute(
        store.ADD_CONSENT, {**decision, "id": new_id(now), "party_id": party_id, "now": now}
    )
    await tx.publish(PartyChanged(party_id=party_id))


async def lock_parties(tx: Transaction, ids: Sequence[UUID]) -> list[Row]:
    """Lock parties in order; give their rows in the order asked.

    Raises:
        PartyNotFound: one does not exist.
    """
    rows = {row.id: row for row in await tx.all(store.LOCK_PARTIES, {"ids": list(ids)})}
    for party_id in ids:
        if party_id not in rows:
            raise PartyNotFound(party_id)
    return [rows[party_id] for party_id in ids]


async def owners_of(
    tx: Snapshot, keys: dict[tuple[str, str, str], Identifier]
) -> dict[tuple[str, str, str], UUID]:
    """Give the party that has each matching key; those nobody has are left out."""
    columns = {
        "kinds": [kind for kind, _, _ in keys],
        "systems": [system for _, system, _ in keys],
        "keys": [text for _, _, text in keys],
    }
    rows = await tx.all(store.FIND_BY_KEYS, columns)
    return {(row.kind, row.system, row.key): row.party_id for row in rows}


async def _add_identifiers(
    tx: Transaction, party_id: UUID, identifiers: Sequence[Identifier], now: datetime
) -> int:
    keys = keys_of(identifiers)
    rows = [(*key, identifier.value) for key, identifier in keys.items()]
    # A KPP names nobody by itself; it is kept under a key that belongs to the party alone.
    rows += [
        (str(one.kind), "", f"{party_id}/{one.value}", one.value)
        for one in identifiers
        if one.kind == IdentifierKind.KPP
    ]
    added = await tx.all(
        store.ADD_IDENTIFIERS,
        {
            "kinds": [row[0] for row in rows],
            "systems": [row[1] for row in rows],
            "keys": [row[2] for row in rows],
            "values": [row[3] for row in rows],
            "party_id": party_id,
            "now": now,
        },
    )
    return len(added)


def _columns(party: NewParty) -> dict[str, object]:
    return {
        "display_name": name_of(party),
        "given_name": party.given_name,
        "family_name": party.family_name,
        "middle_name": party.middle_name,
        "legal_name": party.legal_name,
        "language": party.language,
        "birth_on": party.birth_on,
    }
