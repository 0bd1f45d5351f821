"""A member's telephone, changed: the new one is proven, the old one names them no longer."""

from datetime import datetime
from uuid import UUID

from hansa.modules.loyalty.members import names, reading
from hansa.modules.loyalty.members.faults import MemberBlocked, ProofInvalid
from hansa.modules.loyalty.members.model import Member, MemberRef, MemberState, Proof, RefKind
from hansa.modules.loyalty.members.proofs import check
from hansa.modules.loyalty.members.store import references as store
from hansa.modules.loyalty.members.telling import tell
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor


async def change_phone(
    tx: Transaction,
    *,
    member_id: UUID,
    phone: str,
    proof: Proof,
    by: Actor | None = None,
    now: datetime,
) -> Member:
    """Give a member another telephone; all earlier ones end. The caller knows who the member is.

    The proof is a code sent to the new telephone, or staff vouch for it. Again changes nothing.

    Raises:
        MemberNotFound, MemberBlocked: as their names say.
        parties.IdentifierInvalid: it is no telephone.
        ProofInvalid: the code was sent to another telephone, or long ago.
        NameTaken: another member has it: perhaps both are one, see `merge_members`.
    """
    name = names.name_of(MemberRef(RefKind.PHONE, phone), None)
    shown = check(proof, now=now)
    if shown.member_id is not None or shown.phone_value not in {None, name.value}:
        raise ProofInvalid
    await names.lock(tx, [name])
    member = await reading.lock_standing(tx, member_id)
    if member.state is not MemberState.ACTIVE:
        raise MemberBlocked
    rows = await tx.all(store.REFERENCES_OF, {"bucket": member.bucket, "member_id": member.id})
    phones = {bytes(row.value) for row in rows if row.kind == RefKind.PHONE}
    if phones == {name.value}:
        return member
    if name.value not in phones:
        await names.give(
            tx,
            member=member,
            name=name,
            partner_id=None,
            proven_by=shown.kind,
            programme_id=None,
            now=now,
        )
    old = sorted(phones - {name.value})
    await names.end(tx, member=member, values=old, reason="changed", now=now)
    await tell(tx, member, "phone_changed", after={"proof": shown.kind.value}, by=by, now=now)
    return member
