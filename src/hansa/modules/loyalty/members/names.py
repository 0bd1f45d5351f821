"""Giving names to members and taking them away: telephones, cards, partners' own ids."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hansa.modules import parties
from hansa.modules.loyalty.members.faults import CardUnknown, NameTaken
from hansa.modules.loyalty.members.model import Member, MemberRef, ProofKind, RefKind
from hansa.modules.loyalty.members.naming import identifier_of, lock_keys, scope_of, value_of
from hansa.modules.loyalty.members.store import cards, references
from hansa.runtime.database import Transaction


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


async def owners(tx: Transaction, wanted: Sequence[Name]) -> dict[Name, UUID]:
    """Give the members that have these names now; free names are left out."""
    columns = {
        "kinds": [name.kind.value for name in wanted],
        "scopes": [name.scope for name in wanted],
        "values": [name.value for name in wanted],
    }
    rows = await tx.all(references.FIND_OWNERS, columns)
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
    programme_id: UUID,
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
