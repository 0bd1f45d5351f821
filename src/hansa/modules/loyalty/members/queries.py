"""Reads of members, for staff, for the app and for partners."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hansa.modules import accounts, parties
from hansa.modules.loyalty.members import names, reading
from hansa.modules.loyalty.members.cards import card_of
from hansa.modules.loyalty.members.enrolment import parties_of
from hansa.modules.loyalty.members.faults import MemberNotFound
from hansa.modules.loyalty.members.model import (
    Card,
    Member,
    MemberRef,
    ProofKind,
    RefKind,
    bucket_of,
)
from hansa.modules.loyalty.members.store import cards as card_rows
from hansa.modules.loyalty.members.store import membership as store
from hansa.modules.loyalty.members.store import merges, references
from hansa.modules.loyalty.members.telling import SUBJECT
from hansa.runtime.database import Snapshot

_PAGES_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMember:
    """A member with what the parties know of the person; None after the person was erased."""

    member: Member
    party: parties.Party | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A partner's own id of a member; readable unless the parties do not keep it."""

    partner_id: UUID
    partner_ref: str = field(repr=False)
    linked_at: datetime
    proven_by: ProofKind | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastName:
    """Something that named a member once; what it was is not told."""

    kind: RefKind
    partner_id: UUID | None
    added_at: datetime
    ended_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberMerge:
    """A merge a member took part in."""

    id: UUID
    keep_id: UUID
    absorb_id: UUID
    made_at: datetime
    made_by: UUID | None
    undone_at: datetime | None


async def get_member(snap: Snapshot, *, member_id: UUID) -> Member:
    """Give a member; of a merged one, the member that stands for it (its id differs then).

    Raises:
        MemberNotFound: there is none.
    """
    member_id = await reading.standing(snap, member_id)
    return (await reading.load(snap, [member_id]))[member_id]


async def get_members(snap: Snapshot, *, member_ids: Sequence[UUID]) -> dict[UUID, Member]:
    """Give members by id, merged ones as they are; unknown left out."""
    return await reading.load(snap, member_ids)


async def find_member(snap: Snapshot, *, ref: MemberRef, partner_id: UUID | None) -> Member:
    """Give the member a name in any spelling means to a partner, or to us.

    Raises:
        MemberNotFound: nobody is named so.
        parties.IdentifierInvalid: it is no telephone, or no card.
    """
    if ref.kind is RefKind.ID:
        return await get_member(snap, member_id=_uuid(ref.value))
    name = names.name_of(ref, partner_id)
    owner = (await names.owners(snap, [name])).get(name)
    if owner is None:
        raise MemberNotFound
    return await get_member(snap, member_id=owner)


async def find_member_of_party(snap: Snapshot, *, party_id: UUID) -> Member | None:
    """Give the member a party is, if it is one."""
    ids = await parties_of(snap, party_id)
    row = await snap.maybe(store.FIND_BY_PARTY, {"party_ids": ids})
    return None if row is None else (await reading.load(snap, [row.id]))[row.id]


async def list_members(
    snap: Snapshot, *, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> tuple[tuple[FoundMember, ...], tuple[datetime, UUID] | None]:
    """Give members by the time they joined, the latest first, and where to go on."""
    asked = {
        "after_at": after[0] if after else None,
        "after_id": after[1] if after else None,
        "limit": limit + 1,
    }
    rows = await snap.all(store.LIST_MEMBERS, asked)
    page = rows[:limit]
    following = (page[-1].joined_at, page[-1].id) if len(rows) > limit else None
    return await _found(snap, [row.id for row in page]), following


async def find_members(
    snap: Snapshot, *, search: str, after: tuple[str, UUID] | None = None, limit: int = 50
) -> tuple[tuple[FoundMember, ...], tuple[str, UUID] | None]:
    """Give members by a part of a name, or a whole telephone, card, e-mail or our own number.

    A page may hold fewer than `limit` though more follow: people who are no members are left out.
    """
    exact = [] if after else await _named(snap, search)
    if exact:
        return await _found(snap, exact), None
    found: list[UUID] = []
    for _ in range(_PAGES_MAX):
        page, after = await parties.find_parties(
            snap,
            search=search,
            kind=parties.PartyKind.PERSON,
            after=after,
            limit=limit - len(found),
        )
        found += await _members_of(snap, page)
        if after is None or len(found) >= limit:
            break
    return await _found(snap, found), after


async def list_cards(snap: Snapshot, *, member_id: UUID) -> tuple[Card, ...]:
    """Give a member's cards, the latest first, with their numbers where those are readable.

    Raises:
        MemberNotFound: there is none.
    """
    member = await get_member(snap, member_id=member_id)
    known = await names.readable(snap, member)
    rows = await snap.all(card_rows.LIST_CARDS, {"bucket": member.bucket, "member_id": member.id})
    numbers = {value: one.value for value, one in known.items()}
    return tuple(card_of(row, numbers.get(bytes(row.value)) if row.value else None) for row in rows)


async def list_links(snap: Snapshot, *, member_id: UUID) -> tuple[Link, ...]:
    """Give the partners that name a member by ids of their own.

    Raises:
        MemberNotFound: there is none.
    """
    member = await get_member(snap, member_id=member_id)
    known = await names.readable(snap, member)
    rows = await snap.all(
        references.REFERENCES_OF, {"bucket": member.bucket, "member_id": member.id}
    )
    return tuple(
        Link(
            partner_id=UUID(row.scope),
            partner_ref=known[value].value if (value := bytes(row.value)) in known else "",
            linked_at=row.added_at,
            proven_by=ProofKind(row.proven_by) if row.proven_by else None,
        )
        for row in rows
        if row.kind == RefKind.PARTNER
    )


async def linked_partners(
    snap: Snapshot, *, member_ids: Sequence[UUID]
) -> dict[UUID, frozenset[UUID]]:
    """Give, by member, the partners that name them by ids of their own; none: left out."""
    rows = await snap.all(
        references.LINKED_PARTNERS,
        {"buckets": [bucket_of(one) for one in member_ids], "member_ids": list(member_ids)},
    )
    found: dict[UUID, set[UUID]] = {}
    for row in rows:
        found.setdefault(row.member_id, set()).add(UUID(row.scope))
    return {member_id: frozenset(partners) for member_id, partners in found.items()}


async def list_past_names(
    snap: Snapshot, *, member_id: UUID, limit: int = 100
) -> tuple[PastName, ...]:
    """Give what named a member once, the latest first."""
    rows = await snap.all(
        references.PAST_OF,
        {"bucket": bucket_of(member_id), "member_id": member_id, "limit": limit},
    )
    return tuple(
        PastName(
            kind=RefKind(row.kind),
            partner_id=UUID(row.scope) if row.scope else None,
            added_at=row.added_at,
            ended_at=row.ended_at,
            reason=row.reason,
        )
        for row in rows
    )


async def list_member_merges(snap: Snapshot, *, member_id: UUID) -> tuple[MemberMerge, ...]:
    """Give the merges a member took part in, the latest first."""
    rows = await snap.all(merges.LIST_MERGES, {"id": member_id})
    return tuple(MemberMerge(**row._asdict()) for row in rows)


async def list_history(
    snap: Snapshot,
    *,
    member_id: UUID,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[accounts.AuditEntry]:
    """Give what was done to a member and by whom, the latest first."""
    return await accounts.list_audit(
        snap, subject_kind=SUBJECT, subject_id=member_id, after=after, limit=limit
    )


async def _found(snap: Snapshot, member_ids: Sequence[UUID]) -> tuple[FoundMember, ...]:
    members = await reading.load(snap, member_ids)
    ids = [one.party_id for one in members.values() if one.party_id is not None]
    people = await parties.get_parties(snap, party_ids=ids)
    return tuple(
        FoundMember(
            member=members[one],
            party=people.get(party_id) if (party_id := members[one].party_id) else None,
        )
        for one in dict.fromkeys(member_ids)
    )


async def _named(snap: Snapshot, search: str) -> list[UUID]:
    """Give the member that a search names exactly."""
    refs = [MemberRef(kind, search) for kind in (RefKind.ID, RefKind.PHONE, RefKind.CARD)]
    for ref in refs:
        try:
            return [(await find_member(snap, ref=ref, partner_id=None)).id]
        except (MemberNotFound, parties.IdentifierInvalid):
            continue
    return []


async def _members_of(snap: Snapshot, people: Iterable[parties.Party]) -> list[UUID]:
    ids = [one.id for one in people]
    rows = await snap.all(store.MEMBERS_OF_PARTIES, {"party_ids": ids})
    known = {row.party_id: row.id for row in rows}
    for one in ids:
        if one not in known:
            member = await find_member_of_party(snap, party_id=one)
            known |= {one: member.id} if member else {}
    return [known[one] for one in ids if one in known]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise MemberNotFound from None
