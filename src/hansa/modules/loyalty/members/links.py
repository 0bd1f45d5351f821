"""Partners' own ids of people: linked with the person's consent, and unlinked."""

from datetime import datetime
from uuid import UUID

from hansa.modules import parties
from hansa.modules.loyalty import programmes
from hansa.modules.loyalty.members import names, reading
from hansa.modules.loyalty.members.faults import ConsentNeeded, MemberBlocked, TooManyLinks
from hansa.modules.loyalty.members.model import (
    ConsentGiven,
    Member,
    MemberRef,
    MemberState,
    Proof,
    RefKind,
)
from hansa.modules.loyalty.members.proving import prove
from hansa.modules.loyalty.members.store import references as store
from hansa.modules.loyalty.members.telling import tell
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

LINKS_MAX = 5
"""A person may have several accounts at a partner, such as a private one and one of their work."""


def purpose_of(partner: programmes.Partner) -> str:
    """Name the consent to exchange data with a partner."""
    return f"loyalty.partner:{partner.code}"


async def link_partner(  # noqa: PLR0913 - who, to whom, on what grounds
    tx: Transaction,
    *,
    member_id: UUID,
    partner: programmes.Partner,
    partner_ref: str,
    proof: Proof,
    consent: ConsentGiven,
    by: Actor | None = None,
    now: datetime,
) -> Member:
    """Let a partner name a member by its own id; keeps the consent. Again changes nothing.

    Publishes MemberChanged `linked`: purchases that came before can be claimed now.

    Raises:
        MemberNotFound, MemberBlocked: as their names say.
        ConsentNeeded: the document or its version is missing.
        parties.IdentifierInvalid: the id is empty or unprintable.
        ProofInvalid: the proof is none, too old, or of somebody else.
        NameTaken: it is another member's.
        TooManyLinks: this partner has enough ids of this person.
    """
    if not (consent.document and consent.version):
        raise ConsentNeeded
    name = names.name_of(MemberRef(RefKind.PARTNER, partner_ref), partner.id)
    await names.lock(tx, [name])
    member = await reading.lock_standing(tx, member_id)
    if member.state is not MemberState.ACTIVE or member.party_id is None:
        raise MemberBlocked
    shown = await prove(tx, member, proof, now=now)
    if (await names.owners(tx, [name])).get(name) == member.id:
        return member
    if len(await _links(tx, member, partner.id)) >= LINKS_MAX:
        raise TooManyLinks(LINKS_MAX)
    await names.give(
        tx,
        member=member,
        name=name,
        partner_id=partner.id,
        proven_by=shown.kind,
        programme_id=None,
        now=now,
    )
    await parties.set_consent(
        tx,
        party_id=member.party_id,
        purpose=purpose_of(partner),
        is_granted=True,
        document=consent.text,
        source=consent.source,
        now=now,
    )
    await tell(
        tx,
        member,
        "linked",
        partner_id=partner.id,
        after={"consent": consent.text, "proof": shown.kind.value},
        by=by,
        now=now,
    )
    return member


async def unlink_partner(
    tx: Transaction,
    *,
    member_id: UUID,
    partner: programmes.Partner,
    partner_ref: str | None = None,
    source: str = "",
    by: Actor | None = None,
    now: datetime,
) -> None:
    """End a partner's id of a member, or all of that partner; the books stay. Again: nothing.

    With the last one the consent is taken back.

    Raises:
        MemberNotFound: there is none.
    """
    member = await reading.lock_standing(tx, member_id)
    links = await _links(tx, member, partner.id)
    ended = links
    if partner_ref is not None:
        name = names.name_of(MemberRef(RefKind.PARTNER, partner_ref), partner.id)
        ended = [one for one in links if one == name.value]
    if not ended:
        return
    await names.end(tx, member=member, values=ended, reason="unlinked", now=now)
    if member.party_id is not None and len(ended) == len(links):
        await parties.set_consent(
            tx,
            party_id=member.party_id,
            purpose=purpose_of(partner),
            is_granted=False,
            source=source,
            now=now,
        )
    await tell(tx, member, "unlinked", partner_id=partner.id, by=by, now=now)


async def _links(tx: Transaction, member: Member, partner_id: UUID) -> list[bytes]:
    rows = await tx.all(store.REFERENCES_OF, {"bucket": member.bucket, "member_id": member.id})
    return [
        bytes(row.value)
        for row in rows
        if row.kind == RefKind.PARTNER and row.scope == str(partner_id)
    ]
