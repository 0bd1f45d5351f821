"""Whether what was shown is this member's."""

from datetime import datetime

from hansa.modules.loyalty.members import reading
from hansa.modules.loyalty.members.faults import ProofInvalid
from hansa.modules.loyalty.members.model import Member, Proof, ProofKind, RefKind
from hansa.modules.loyalty.members.proofs import Shown, check
from hansa.modules.loyalty.members.store import references
from hansa.runtime.database import Snapshot


async def prove(snap: Snapshot, member: Member, proof: Proof, *, now: datetime) -> Shown:
    """Read a proof and see that it is this member's own telephone or app.

    Raises:
        ProofInvalid: it is none, too old, or of somebody else.
    """
    shown = check(proof, now=now)
    if shown.member_id is not None and await reading.standing(snap, shown.member_id) != member.id:
        raise ProofInvalid
    if shown.kind is ProofKind.CODE:
        rows = await snap.all(
            references.REFERENCES_OF, {"bucket": member.bucket, "member_id": member.id}
        )
        phones = {bytes(row.value) for row in rows if row.kind == RefKind.PHONE}
        if shown.phone_value not in phones:
            raise ProofInvalid
    return shown
