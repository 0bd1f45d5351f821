"""The dry run: what would this receipt earn, and why?"""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from hansa.modules.loyalty import members, offers, programmes
from hansa.runtime.database import Snapshot
from hansa.runtime.html.formats import format_number
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.loyalty_words import coalition_of, partner_name, speech_of
from hansa.surfaces.backoffice.presenting import asked, words

LINES_MAX = 20
HUNDREDTHS = Decimal(100)


async def try_receipt(request: Request, snap: Snapshot) -> dict[str, Any]:
    """Answer what the address asks: `programme`, `partner`, `lines` and, if known, `member`."""
    typed = {name: asked(request, name) for name in ("programme", "partner", "lines", "member")}
    shown: dict[str, Any] = {**typed, "problem": "", "found": None}
    if not typed["lines"]:
        return shown
    translate = words(request)
    coalition = coalition_of(request)
    programme = coalition.programme(typed["programme"])
    partner = coalition.partner(typed["partner"])
    terms = coalition.of(programme.id, partner.id) if programme and partner else None
    lines = read_lines(typed["lines"])
    if terms is None:
        return shown | {"problem": translate("This partner takes no part in the programme.")}
    if not lines:
        return shown | {
            "problem": translate("Write amounts, and categories after them: 1200 food, 300.")
        }
    membership = None
    if typed["member"]:
        keys = [
            (terms.programme.id, terms.partner.id, members.MemberRef(kind, typed["member"]))
            for kind in (members.RefKind.ID, members.RefKind.PHONE, members.RefKind.CARD)
        ]
        resolved = await members.resolve(snap, programme_id_refs=keys)
        membership = next(iter(resolved.values()), None)
        if membership is None:
            return shown | {"problem": translate("Nobody of this programme is named so.")}
    found = await offers.preview(
        snap,
        rules=request.context.service(offers.Rulebook).rules,
        terms=terms,
        lines=lines,
        member_id=membership.member_id if membership else None,
        audiences=offers.audiences_of(request.context),
        at=request.received_at,
    )
    return shown | {"found": _told(request, terms, lines, found.evaluation)}


def _told(
    request: Request,
    terms: programmes.Terms,
    lines: Sequence[offers.NetLine],
    evaluation: offers.Evaluation,
) -> dict[str, Any]:
    language, speech = request.language, speech_of(request, terms.programme.id)
    rules = request.context.service(offers.Rulebook).rules
    named = (rules.offer(one.offer_id) for one in evaluation.completions)
    return {
        "points": format_number(evaluation.points, language),
        "lines": [
            {
                "amount": speech.amount(line.amount_minor),
                "category": speech.category(line.category or terms.partner.category) or "—",
                "percent": speech.percent(earned.percent),
                "points": format_number(earned.points, language),
                "reason": speech.reason(earned.reason),
            }
            for line, earned in zip(lines, evaluation.lines, strict=True)
        ],
        "awards": [
            {
                "payer": partner_name(request, award.issuer_partner_id)
                if award.issuer_partner_id
                else words(request)("the programme"),
                "points": format_number(award.points, language),
                "reason": speech.reason(award.reason),
            }
            for award in evaluation.awards
        ],
        "completes": [offer.code for offer in named if offer is not None],
    }


def read_lines(text: str) -> list[offers.NetLine]:
    """Read `1200 food, 300`: amounts with categories; nothing at all if one cannot be read."""
    lines = []
    for number, part in enumerate(text.split(",")[:LINES_MAX], start=1):
        written, _, category = part.strip().partition(" ")
        try:
            minor = Decimal(written) * HUNDREDTHS
        except InvalidOperation:
            return []
        if not minor.is_finite() or not 0 <= minor <= Decimal(10) ** 13:
            return []
        lines.append(offers.NetLine(number, int(minor), category.strip()))
    return lines
