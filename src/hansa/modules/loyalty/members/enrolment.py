"""Taking people in: by telephone, by card, by the partner's own id of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hansa.contracts.loyalty import MemberChanged
from hansa.modules import accounts, parties
from hansa.modules.loyalty import programmes
from hansa.modules.loyalty.members import names, reading
from hansa.modules.loyalty.members.buckets import new_id_here
from hansa.modules.loyalty.members.faults import (
    ConsentNeeded,
    MemberBlocked,
    NamesTwoMembers,
    NothingNamed,
    ProgrammeClosed,
    ProofInvalid,
)
from hansa.modules.loyalty.members.model import (
    ConsentGiven,
    Member,
    MemberRef,
    MemberState,
    NewMember,
    RefKind,
    bucket_of,
)
from hansa.modules.loyalty.members.names import Name
from hansa.modules.loyalty.members.opening import open_membership
from hansa.modules.loyalty.members.proofs import Shown, check
from hansa.modules.loyalty.members.store import membership as store
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import Actor

RULES = "loyalty.rules"
"""Purpose of the consent without which nobody takes part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Enrolment:
    """Everything that is known of one enrolment; handed from step to step."""

    programme: programmes.Programme
    partner_id: UUID | None
    new: NewMember
    wanted: tuple[Name, ...]
    shown: Shown | None
    by: Actor | None = field(repr=False)
    now: datetime


async def enrol(
    tx: Transaction,
    *,
    programme: programmes.Programme,
    new: NewMember,
    consent: ConsentGiven,
    partner: programmes.Partner | None = None,
    by: Actor | None = None,
    now: datetime,
) -> Member:
    """Take a person into a programme; give the member, which is the one there was, if there was.

    A person is found by any of the names given, else by the party that has one of them, else met
    for the first time. Names nobody has yet become the new member's. To somebody who is a member
    already they are added with `new.proof` alone: what is typed beside a known telephone must not
    become a key to that person's points. Again changes nothing.

    Raises:
        NothingNamed: neither a telephone nor a card nor the partner's own id was given.
        parties.IdentifierInvalid: one of them is none of its kind.
        ConsentNeeded: the document or its version is missing.
        NamesTwoMembers: the names belong to two members.
        ProofInvalid: the proof is none, too old, or of somebody else.
        CardUnknown: no such card was printed for this programme.
        MemberBlocked: the person is a member and blocked.
        ProgrammeClosed: it takes nobody in.
    """
    if not (consent.document and consent.version):
        raise ConsentNeeded
    if not programme.is_open:
        raise ProgrammeClosed(programme.id)
    partner_id = partner.id if partner else None
    enrolment = _Enrolment(
        programme=programme,
        partner_id=partner_id,
        new=new,
        wanted=_wanted(new, partner_id),
        shown=check(new.proof, now=now) if new.proof else None,
        by=by,
        now=now,
    )
    await names.lock(tx, enrolment.wanted)
    while True:
        member_id, missing = await _find(tx, enrolment)
        member = await reading.lock_standing(tx, member_id)
        if member.erased_at is None:
            return await _take_in(tx, enrolment, member, missing, consent)
        # Erased while we waited for the row: these are names of somebody new now.


async def _find(tx: Transaction, enrolment: _Enrolment) -> tuple[UUID, list[Name]]:
    """Find the member, or make one; give the names they are to get."""
    owners = await names.owners(tx, enrolment.wanted)
    member_id = _one_of(enrolment, set(owners.values()) | await _shown_member(tx, enrolment))
    missing = [name for name in enrolment.wanted if name not in owners]
    if member_id is None:
        party_id, own = await _meet(tx, enrolment)
        member_id, is_new = await _member_of(tx, enrolment, party_id)
        known = is_new or enrolment.shown is not None
        return member_id, missing if known else [one for one in missing if one in own]
    return member_id, missing if enrolment.shown is not None else []


async def _shown_member(tx: Transaction, enrolment: _Enrolment) -> set[UUID]:
    """Give the member whose app was shown.

    Raises:
        ProofInvalid: they were erased since.
    """
    if enrolment.shown is None or enrolment.shown.member_id is None:
        return set()
    member_id = await reading.standing(tx, enrolment.shown.member_id)
    if (await reading.load(tx, [member_id]))[member_id].erased_at is not None:
        raise ProofInvalid
    return {member_id}


def _wanted(new: NewMember, partner_id: UUID | None) -> tuple[Name, ...]:
    given = (
        MemberRef(RefKind.PHONE, new.phone),
        MemberRef(RefKind.CARD, new.card),
        MemberRef(RefKind.PARTNER, new.partner_ref if partner_id else ""),
    )
    wanted = tuple(names.name_of(ref, partner_id) for ref in given if ref.value)
    if not wanted:
        raise NothingNamed
    return wanted


def _one_of(enrolment: _Enrolment, found: set[UUID]) -> UUID | None:
    """Give the member the names belong to, and see that the proof is theirs."""
    shown = enrolment.shown
    if shown is not None and shown.phone_value is not None:
        phones = {one.value for one in enrolment.wanted if one.kind is RefKind.PHONE}
        if phones != {shown.phone_value}:
            raise ProofInvalid
    if len(found) > 1:
        raise NamesTwoMembers
    return next(iter(found), None)


async def _meet(tx: Transaction, enrolment: _Enrolment) -> tuple[UUID, frozenset[Name]]:
    """Find or make the party; tell which of the names are known to be its own."""
    party_id = await parties.match_or_create(
        tx,
        party=parties.NewParty(display_name=enrolment.new.name, language=enrolment.new.language),
        identifiers=[name.identifier for name in enrolment.wanted],
        now=enrolment.now,
        trusted=enrolment.shown is not None,
    )
    party = await parties.get_party(tx, party_id=party_id)
    own = frozenset(one for one in enrolment.wanted if one.identifier in party.identifiers)
    return party_id, own


async def _member_of(tx: Transaction, enrolment: _Enrolment, party_id: UUID) -> tuple[UUID, bool]:
    """Give the member a party is; make it, if it is none (True)."""
    known = await tx.all(store.FIND_BY_PARTY, {"party_ids": await parties_of(tx, party_id)})
    if known:
        return known[0].id, False
    member_id = new_id_here(enrolment.now)
    columns = {
        "id": member_id,
        "bucket": bucket_of(member_id),
        "party_id": party_id,
        "language": enrolment.new.language,
        "time_zone": enrolment.new.time_zone or enrolment.programme.time_zone,
        "now": enrolment.now,
    }
    if await tx.maybe(store.ADD_MEMBER, columns) is not None:
        return member_id, True
    # Another name of the same party was enrolled while we waited for its row.
    row = await tx.one(store.FIND_BY_PARTY, {"party_ids": [party_id]})
    return row.id, False


async def parties_of(snap: Snapshot, party_id: UUID) -> list[UUID]:
    """Give a party and all that were merged into it: a member keeps the party it joined with."""
    found = [party_id]
    for one in found:
        merges = await parties.list_merges(snap, party_id=one)
        found += [
            merge.absorb_id
            for merge in merges
            if merge.keep_id == one and merge.undone_at is None and merge.absorb_id not in found
        ]
    return found


async def _take_in(
    tx: Transaction,
    enrolment: _Enrolment,
    member: Member,
    missing: Sequence[Name],
    consent: ConsentGiven,
) -> Member:
    membership = member.membership(enrolment.programme.id)
    is_in = membership is not None and membership.state is not MemberState.LEFT
    if member.state is not MemberState.ACTIVE and (missing or not is_in):
        raise MemberBlocked
    for name in missing:
        await names.give(
            tx,
            member=member,
            name=name,
            partner_id=enrolment.partner_id,
            proven_by=enrolment.shown.kind if enrolment.shown else None,
            programme_id=enrolment.programme.id,
            now=enrolment.now,
        )
    if not is_in:
        await open_membership(
            tx,
            member_id=member.id,
            programme=enrolment.programme,
            partner_id=enrolment.partner_id,
            now=enrolment.now,
        )
    if missing or not is_in:
        await _tell(tx, enrolment, member, missing, consent, is_in=is_in)
    return (await reading.load(tx, [member.id]))[member.id]


async def _tell(
    tx: Transaction,
    enrolment: _Enrolment,
    member: Member,
    added: Sequence[Name],
    consent: ConsentGiven,
    *,
    is_in: bool,
) -> None:
    assert member.party_id is not None, "an erased member has no names"
    await parties.set_consent(
        tx,
        party_id=member.party_id,
        purpose=RULES,
        is_granted=True,
        document=consent.text,
        source=consent.source,
        now=enrolment.now,
    )
    await accounts.record(
        tx,
        actor=enrolment.by,
        action="loyalty.enrol",
        subject_kind="loyalty_member",
        subject_id=member.id,
        after={
            "programme": enrolment.programme.code,
            "partner_id": enrolment.partner_id,
            "added": [name.kind.value for name in added],
            "consent": consent.text,
            "proof": enrolment.shown.kind.value if enrolment.shown else None,
        },
        now=enrolment.now,
    )
    said = [] if is_in else ["enrolled"]
    if any(name.kind is RefKind.PARTNER for name in added):
        said.append("linked")
    await tx.publish(
        *(
            MemberChanged(
                member_id=member.id,
                programme_id=enrolment.programme.id,
                what=what,
                partner_id=enrolment.partner_id,
                changed_at=enrolment.now,
            )
            for what in said
        )
    )
