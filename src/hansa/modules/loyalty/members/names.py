"""Giving names to members and taking them away: telephones, cards, partners' own ids."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules import parties
from hansa.modules.loyalty.members.faults import CardUnknown, NameTaken
from hansa.modules.loyalty.members.model import Member, MemberRef, ProofKind, RefKind
from hansa.modules.loyalty.members.naming import (
    identifier_of,
    lock_keys,
    ref_of,
    scope_of,
    value_of,
)
from hansa.modules.loyalty.members.store import cards, references
from hansa.runtime.database import Snapshot, Transaction


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a member: its hash, and how the parties keep it."""

    kind: RefKind
    scope: str
    value: bytes
    identifier: parties.Identifier = field(repr=False)

    @property
    def columns(self) -> dict[str, object]:
        """The key of its row."""
        return {"kind": self.kind.value, "scope": self.scope, "value": self.value}


def name_of(ref: MemberRef, partner_id: UUID | None) -> Name:
    """Give a reference in any spelling as a name.

    Raises:
        parties.IdentifierInvalid: it is none of its kind.
    """
    identifier = identifier_of(ref, partner_id)
    scope = scope_of(ref.kind, partner_id)
    return Name(ref.kind, scope, value_of(ref.kind, scope, identifier.value), identifier)


async def lock(tx: Transaction, wanted: Sequence[Name]) -> None:
    """Let one transaction at a time decide whose these names are."""
    keys = lock_keys(name.value for name in wanted)
    await tx.all(references.LOCK_VALUES, {"keys": keys})


async def owners(snap: Snapshot, wanted: Sequence[Name]) -> dict[Name, UUID]:
    """Give the members that have these names now; free names are left out."""
    columns = {
        "kinds": [name.kind.value for name in wanted],
        "scopes": [name.scope for name in wanted],
        "values": [name.value for name in wanted],
    }
    rows = await snap.all(references.FIND_OWNERS, columns)
    found = {(row.kind, row.scope, bytes(row.value)): row.member_id for row in rows}
    keys = {name: (name.kind.value, name.scope, name.value) for name in wanted}
    return {name: found[key] for name, key in keys.items() if key in found}


async def give(
    tx: Transaction,
    *,
    member: Member,
    name: Name,
    partner_id: UUID | None,
    proven_by: ProofKind | None,
    programme_id: UUID | None,
    now: datetime,
) -> None:
    """Make a name a member's; the caller holds its lock. The parties keep the readable one.

    Raises:
        NameTaken: another member has it.
        CardUnknown: a card that was not printed for this programme, or is no longer good.
    """
    row = {
        **name.columns,
        "bucket": member.bucket,
        "member_id": member.id,
        "partner_id": partner_id,
        "proven_by": proven_by,
        "programme_id": programme_id,
        "now": now,
    }
    if name.kind is RefKind.CARD and not await tx.execute(cards.TAKE_PRINTED, row):
        raise CardUnknown
    if await tx.maybe(references.ADD_REFERENCE, row) is None:
        raise NameTaken(name.kind.value)
    if proven_by is None or member.party_id is None:
        return
    try:
        await parties.add_identifier(
            tx, party_id=member.party_id, identifier=name.identifier, now=now
        )
    except parties.IdentifierTaken:
        # Somebody who is no member has it too, such as a customer of a shop: staff see the pair.
        return


async def end(
    tx: Transaction, *, member: Member, values: Sequence[bytes], reason: str, now: datetime
) -> tuple[tuple[RefKind, str], ...]:
    """Take names from a member, here and in the parties; give their kinds and scopes.

    Whoever gets the telephone number next must not be taken for this person.
    """
    if not values:
        return ()
    rows = await tx.all(
        references.END_REFERENCES,
        {
            "values": list(values),
            "ids": [new_id(now) for _ in values],
            "bucket": member.bucket,
            "member_id": member.id,
            "reason": reason,
            "now": now,
        },
    )
    await hide(tx, member, [bytes(row.value) for row in rows])
    return tuple((RefKind(row.kind), row.scope) for row in rows)


async def hide(tx: Transaction, member: Member, values: Sequence[bytes]) -> None:
    """Take names from the member's party; the parties know them no longer."""
    if not values or member.party_id is None:
        return
    for value, identifier in (await readable(tx, member)).items():
        if value in values:
            await parties.remove_identifier(tx, party_id=member.party_id, identifier=identifier)


async def readable(snap: Snapshot, member: Member) -> dict[bytes, parties.Identifier]:
    """Give what the parties know of a member's names, by their hashes."""
    if member.party_id is None:
        return {}
    party = await parties.get_party(snap, party_id=member.party_id)
    found: dict[bytes, parties.Identifier] = {}
    for one in party.identifiers:
        ref = ref_of(one)
        if ref is not None:
            kind, scope = ref
            found[value_of(kind, scope, one.value)] = one
    return found
