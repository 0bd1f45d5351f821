"""Signing in and joining by a proven telephone, for browsers and shells alike."""

from datetime import datetime
from uuid import UUID

from hansa.modules.loyalty import members, programmes
from hansa.modules.loyalty.sessions.model import NoProgramme, NotJoined
from hansa.runtime.database import Transaction

RULES_DOCUMENT = "loyalty-rules"
RULES_VERSION = "2026-11"


def home_programme(coalition: programmes.Coalition) -> programmes.Programme:
    """Give the programme the app is about: the open one with the lowest number.

    Raises:
        NoProgramme: none is open.
    """
    is_open = [one for one in coalition.programmes.values() if one.is_open]
    if not is_open:
        raise NoProgramme
    return min(is_open, key=lambda one: one.number)


async def join_or_find(  # noqa: PLR0913 - who, by what, into what, on what grounds
    tx: Transaction,
    *,
    signed_in: members.SignedIn,
    phone: str,
    programme: programmes.Programme,
    agrees: bool,
    language: str,
    source: str,
    now: datetime,
) -> UUID:
    """Give the member who has proven a telephone; with consent, join whoever is in no programme.

    Raises:
        NotJoined: nobody has joined by this telephone, and the rules were not agreed to.
        MemberBlocked, ProofInvalid: of `members`.
    """
    if signed_in.member_id is not None:
        known = await members.get_member(tx, member_id=signed_in.member_id)
        membership = known.membership(programme.id)
        if membership is not None and membership.state is not members.MemberState.LEFT:
            return known.id
    if not agrees:
        raise NotJoined
    joined = await members.enrol(
        tx,
        programme=programme,
        new=members.NewMember(phone=phone, language=language, proof=signed_in.proof),
        consent=members.ConsentGiven(document=RULES_DOCUMENT, version=RULES_VERSION, source=source),
        now=now,
    )
    return joined.id
