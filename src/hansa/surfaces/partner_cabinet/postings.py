"""A receipt or a posting by its number, with its story."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import get

from hansa.kernel.money import Money
from hansa.modules import ledger, loyalty
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_moment, format_money, format_number
from hansa.runtime.http import Request, problems
from hansa.surfaces.partner_cabinet.shell import (
    at,
    coalition_of,
    person,
    show,
    words,
    zone_of,
)

_SOUGHT_CHARACTERS_MAX = 200


@get(at("/postings"))
async def search(request: Request) -> Page:
    """Find a receipt by its number and a posting by its key, among the partner's own."""
    who = person(request)
    sought = str(request.query_params.get("q", "")).strip()[:_SOUGHT_CHARACTERS_MAX]
    receipt, posting = None, None
    if sought:
        async with request.snapshot() as snap:
            receipt = await loyalty.points.find_receipt(
                snap, partner_id=who.partner.id, receipt=sought
            )
            posting = await ledger.find_posting_by_key(snap, owner=who.partner.id, key=sought)
    return show(
        request,
        who,
        "postings.html",
        sought=sought,
        receipt=None if receipt is None else _receipt(request, receipt),
        posting=None if posting is None else _posting(request, posting),
    )


def _receipt(request: Request, kept: loyalty.points.KeptReceipt) -> dict[str, Any]:
    translate, language = words(request), request.language
    programme = coalition_of(request).programmes[kept.programme_id]
    content = kept.content
    earnings = {one.line: one for one in content.earnings}

    def money(minor: int) -> str:
        return format_money(Money(minor, programme.currency), language)

    rows = []
    for one in content.lines:
        earned = earnings.get(one.line)
        rows.append(
            (
                str(one.line),
                one.item or one.category or "—",
                money(one.amount_minor),
                money(one.returned_minor) if one.returned_minor else "—",
                format_number(earned.points, language) if earned else "0",
                earned.reason if earned else "",
            )
        )
    return {
        "number": kept.receipt,
        "is_waiting": kept.member_id is None,
        "refused_returns": [
            problems.detail(request, refusal)
            for one in content.waiting
            if (refusal := loyalty.points.refusal_of(one)) is not None
        ],
        "facts": [
            (translate("Happened"), _moment(request, kept.happened_at)),
            (translate("Member"), str(kept.member_id or "—")),
            (translate("Paid in money"), money(content.total_minor)),
            (translate("Returned"), money(content.returned_minor)),
            (translate("Earned"), format_number(sum(a.points for a in content.awards), language)),
            (
                translate("Paid by points"),
                format_number(sum(one.points - one.restored for one in content.spends), language),
            ),
        ],
        "rows": rows,
    }


def _posting(request: Request, kept: ledger.KeptPosting) -> dict[str, Any]:
    translate = words(request)
    told = [
        (translate("Identifier"), str(kept.id)),
        (translate("Kind"), translate(_KINDS.get(kept.kind, kept.kind))),
        (translate("Happened"), _moment(request, kept.effective_at)),
        (translate("Recorded"), _moment(request, kept.recorded_at)),
        (translate("Reference"), kept.reference),
        (translate("Refused"), kept.refusal or ""),
    ]
    return {
        "key": kept.key,
        "is_refused": kept.refusal is not None,
        "facts": [(name, value) for name, value in told if value],
        "answer": msgspec.json.format(kept.answer, indent=2).decode(),
    }


def _moment(request: Request, at_: datetime | None) -> str:
    return format_moment(at_, request.language, zone_of(request)) if at_ else "—"


_KINDS = {
    "accrual": "accrual",
    "purchase": "receipt",
    "return": "return",
    "recount": "counted again",
    "hold": "points held",
    "spend": "points spent",
    "void": "hold given back",
    "reversal": "cancellation",
    "expiry": "expiry",
    "correction": "correction",
    "merge": "moved with a merged member",
    "forfeit": "given up",
}

ROUTES = (search,)
