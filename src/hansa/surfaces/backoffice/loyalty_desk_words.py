"""Words of the pages about loyalty, and how members, partners and points are written there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from hansa.kernel.text import pick
from hansa.modules import parties
from hansa.modules.loyalty import desk, members, points, programmes
from hansa.runtime.html.formats import format_moment, format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import words, zone_of

HOME = "/office/loyalty"

KINDS: Mapping[str, str] = {
    points.Kind.ACCRUAL: "Accrual",
    points.Kind.PURCHASE: "Purchase",
    points.Kind.RETURN: "Return",
    points.Kind.RECOUNT: "Counted again",
    points.Kind.HOLD: "Points set aside",
    points.Kind.SPEND: "Spent",
    points.Kind.VOID: "Given back",
    points.Kind.REVERSAL: "Taken back",
    points.Kind.EXPIRY: "Expired",
    points.Kind.CORRECTION: "Correction",
    points.Kind.MERGE: "Members merged",
    points.Kind.FORFEIT: "Given up",
}
MEMBER_STATES: Mapping[str, tuple[str, str]] = {
    members.MemberState.ACTIVE: ("takes part", "good"),
    members.MemberState.BLOCKED: ("blocked", "bad"),
    members.MemberState.MERGED: ("merged", ""),
    members.MemberState.LEFT: ("left", ""),
}
CORRECTION_STATES: Mapping[str, tuple[str, str]] = {
    desk.CorrectionState.PROPOSED: ("waits for a decision", "warn"),
    desk.CorrectionState.APPROVED: ("approved, being posted", "accent"),
    desk.CorrectionState.REFUSED: ("not approved", ""),
    desk.CorrectionState.POSTED: ("posted", "good"),
    desk.CorrectionState.FAILED: ("could not be posted", "bad"),
}
FAILURES: Mapping[str, str] = {
    "loyalty.not_enough_points": "The member has not so many points any more.",
    "loyalty.member_blocked": "The member is blocked or has left.",
    "loyalty.member_unknown": "The member does not take part in this programme any more.",
}
DISPUTE_KINDS: Mapping[str, str] = {
    desk.DisputeKind.MISSING: "Points missing",
    desk.DisputeKind.NOT_MINE: "Not my purchase",
    desk.DisputeKind.WRONG_PERCENT: "Wrong percent",
    desk.DisputeKind.OTHER: "Something else",
}
DISPUTE_STATES: Mapping[str, tuple[str, str]] = {
    desk.DisputeState.OPEN: ("open", "warn"),
    desk.DisputeState.ASKED_PARTNER: ("the partner is asked", "accent"),
    desk.DisputeState.GIVEN: ("points given", "good"),
    desk.DisputeState.REFUSED: ("answered with no", ""),
}
SIDES: Mapping[str, str] = {
    desk.Side.MEMBER: "Member",
    desk.Side.PARTNER: "Partner",
    desk.Side.STAFF: "Staff",
}
_SHOWN_DIGITS = 2
_CODE_DIGITS = 5


def coalition_of(request: Request) -> programmes.Coalition:
    """Give the programmes and partners there are."""
    return request.context.service(programmes.Directory).coalition


def programme_name(request: Request, programme_id: UUID) -> str:
    """Give a programme's name."""
    found = coalition_of(request).programmes.get(programme_id)
    return pick(found.name, request.language) if found else ""


def partner_name(request: Request, partner_id: UUID | None) -> str:
    """Give a partner's name; of what the programme itself did, say so."""
    if partner_id is None or partner_id == points.HOUSE:
        return words(request)("the programme")
    found = coalition_of(request).partners.get(partner_id)
    return pick(found.name, request.language) if found else str(partner_id)[:8]


def issuer_name(request: Request, number: int) -> str:
    """Give the name of who gave points, by the number kept with them."""
    for one in coalition_of(request).partners.values():
        if one.number == number:
            return pick(one.name, request.language)
    return words(request)("the programme")


def number(request: Request, value: int) -> str:
    """Write a number."""
    return format_number(value, request.language)


def signed(request: Request, value: int) -> str:
    """Write points that were added or taken."""
    text = format_number(value, request.language)
    return f"+{text}" if value > 0 else text


def percent(request: Request, hundredths: int) -> str:
    """Write a percent that is kept in hundredths."""
    return f"{format_number(hundredths / 100, request.language)} %"


def moment(request: Request, instant: datetime | None) -> str:
    """Write an instant."""
    return "" if instant is None else format_moment(instant, request.language, zone_of(request))


def short(member_id: UUID) -> str:
    """Write a member's number so that it fits into a line."""
    return f"··{str(member_id)[-8:]}"


def person_of(
    request: Request, party: parties.Party | None, *, erased: bool = False
) -> dict[str, str]:
    """Give a member's name and telephone; all of it only to whoever may see customers."""
    if party is None:
        name = "Erased" if erased else "Nobody is known"
        return {"name": words(request)(name), "phone": "", "url": ""}
    phone = party.value_of(parties.IdentifierKind.PHONE) or ""
    if request.actor is not None and request.actor.may("parties.view"):
        return {
            "name": party.display_name,
            "phone": phone,
            "url": f"/office/customers/{party.id}",
        }
    return {"name": masked_name(party.display_name), "phone": masked_phone(phone), "url": ""}


def masked_phone(phone: str) -> str:
    """Leave of a telephone what tells two people apart and calls nobody."""
    if len(phone) <= _CODE_DIGITS + _SHOWN_DIGITS:
        return "···" if phone else ""
    return f"{phone[:_CODE_DIGITS]} ··· {phone[-_SHOWN_DIGITS:]}"


def masked_name(name: str) -> str:
    """Leave the first letters of a name."""
    return " ".join(f"{word[0]}." for word in name.split())


def choices(request: Request, first: str, table: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Make the options of a filter: all, then each of a table of words."""
    translate = words(request)
    labels = {str(key): one[0] if isinstance(one, tuple) else one for key, one in table.items()}
    return [("", first), *((key, translate(label)) for key, label in labels.items())]


def state_of(request: Request, table: Mapping[str, tuple[str, str]], key: str) -> dict[str, str]:
    """Give the words and the tone of a state."""
    label, tone = table[key]
    return {"label": words(request)(label), "tone": tone}


def as_uuid(text: str) -> UUID | None:
    """Read a number out of an address; what is none filters nothing."""
    try:
        return UUID(text)
    except ValueError:
        return None
