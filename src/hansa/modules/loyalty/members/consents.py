"""What a member has agreed to, purpose by purpose, with the version of each text."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hansa.modules import parties
from hansa.modules.loyalty.members import reading
from hansa.modules.loyalty.members.enrolment import RULES
from hansa.modules.loyalty.members.faults import ConsentNeeded, MemberNotFound, PurposeUnknown
from hansa.modules.loyalty.members.telling import tell
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import Actor

PUSH = "marketing.push"
"""By this name `notifications` asks for it, whoever it was given to."""
SMS = "loyalty.sms"
EMAIL = "loyalty.email"
PROFILING = "loyalty.profiling"
OPTIONAL = (PUSH, SMS, EMAIL, PROFILING)
_OURS = "loyalty."


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberConsent:
    """A decision that counts now; `document` and `version` name the text."""

    purpose: str
    is_granted: bool
    document: str
    version: str
    source: str
    decided_at: datetime


async def list_consents(snap: Snapshot, *, member_id: UUID) -> tuple[MemberConsent, ...]:
    """Give the decision that counts for each purpose asked here, partners' links included.

    Raises:
        MemberNotFound: there is none.
    """
    party_id = await _party_of(snap, member_id)
    decided = await parties.list_consents(snap, party_id=party_id) if party_id else ()
    return tuple(
        _consent(one) for one in decided if one.purpose.startswith(_OURS) or one.purpose == PUSH
    )


async def set_consent(  # noqa: PLR0913 - one column each
    tx: Transaction,
    *,
    member_id: UUID,
    purpose: str,
    is_granted: bool,
    document: str = "",
    version: str = "",
    source: str = "",
    by: Actor | None = None,
    now: datetime,
) -> None:
    """Keep a decision about an optional purpose, or about a new version of the rules.

    A partner's is given with `link_partner` and taken back with `unlink_partner`.

    Raises:
        MemberNotFound: there is none, or they were erased.
        PurposeUnknown: nobody is asked about this here.
        ConsentNeeded: the text is not named, or the rules are refused: then `leave_programme`.
    """
    if purpose not in {*OPTIONAL, RULES}:
        raise PurposeUnknown(purpose)
    if (is_granted and not (document and version)) or (purpose == RULES and not is_granted):
        raise ConsentNeeded
    member = await reading.lock_standing(tx, member_id)
    if member.party_id is None:
        raise MemberNotFound
    text = f"{document}@{version}" if document else ""
    known = await parties.list_consents(tx, party_id=member.party_id)
    if any(
        (one.purpose, one.is_granted, one.document) == (purpose, is_granted, text) for one in known
    ):
        return
    await parties.set_consent(
        tx,
        party_id=member.party_id,
        purpose=purpose,
        is_granted=is_granted,
        document=text,
        source=source,
        now=now,
    )
    said = {"purpose": purpose, "is_granted": is_granted, "document": text}
    await tell(tx, member, "consent_changed", after=said, by=by, now=now)


async def _party_of(snap: Snapshot, member_id: UUID) -> UUID | None:
    member_id = await reading.standing(snap, member_id)
    return (await reading.load(snap, [member_id]))[member_id].party_id


def _consent(one: parties.Consent) -> MemberConsent:
    document, _, version = one.document.partition("@")
    return MemberConsent(
        purpose=one.purpose,
        is_granted=one.is_granted,
        document=document,
        version=version,
        source=one.source,
        decided_at=one.decided_at,
    )
