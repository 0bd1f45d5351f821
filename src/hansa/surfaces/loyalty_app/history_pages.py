"""The history of points, month by month, and each line of it opened."""

from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import get
from litestar.params import FromPath

from hansa.kernel.errors import NotFound
from hansa.kernel.money import Money
from hansa.modules import ledger, loyalty
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_money
from hansa.runtime.http import Request
from hansa.surfaces.loyalty_app.access import Visitor, enter
from hansa.surfaces.loyalty_app.addresses import in_each_language
from hansa.surfaces.loyalty_app.frame import app_page
from hansa.surfaces.loyalty_app.lines import partner_name, show_line
from hansa.surfaces.loyalty_app.percents import titles_of
from hansa.surfaces.loyalty_app.words import (
    ICONS,
    KINDS,
    clock_text,
    month_text,
    percent_text,
    points_text,
    translator,
)

PAGE = 30
READ = 60
READS_MAX = 5
HOLDS_SHOWN = 20
DIGITS_MAX = 15


class NoSuchPosting(NotFound):
    """The member has no such posting."""

    code = "loyalty.no_such_posting"
    message = "There is no such line in your history."


@get(in_each_language("/history"))
async def history(request: Request) -> Page:
    """Show what happened to the points, the latest first; `kind` keeps what was earned or spent."""
    visitor = await enter(request)
    kind = request.query_params.get("kind", "")
    kind = kind if kind in {"earned", "spent"} else ""
    before = request.query_params.get("before", "")
    start = (
        int(before) if before.isascii() and before.isdigit() and len(before) <= DIGITS_MAX else None
    )
    async with request.snapshot() as snap:
        entries, following = await _read(snap, visitor, kind=kind, before=start)
        holds = []
        if start is None and kind != "earned":
            holds = await ledger.list_holds(
                snap,
                bucket=visitor.membership.bucket,
                account_id=visitor.membership.account_id,
                limit=HOLDS_SHOWN,
                open_only=True,
            )
    return app_page(
        request,
        "history.html",
        visitor=visitor,
        tab="home",
        kind=kind,
        months=_months(request, visitor, entries),
        holds=[
            {
                "who": partner_name(request, visitor, one.owner),
                "points": one.amount,
                "until": clock_text(one.expires_at, request.language, visitor.zone),
            }
            for one in holds
        ],
        following=following,
        is_first=start is None,
    )


@get(in_each_language("/history/{posting_id:uuid}"))
async def posting(request: Request, posting_id: FromPath[UUID]) -> Page:
    """Open a line: the receipt with what each line of it earned and why, and what came back."""
    visitor = await enter(request)
    bucket = visitor.membership.bucket
    async with request.snapshot() as snap:
        kept = await ledger.find_posting(snap, bucket=bucket, posting_id=posting_id)
        if kept is None or kept.refusal is not None:
            raise NoSuchPosting
        answer = msgspec.json.decode(kept.answer, type=loyalty.points.Receipt)
        if answer.member_id != visitor.member.id:
            raise NoSuchPosting
        receipt = None
        if kept.kind in {"purchase", "return", "recount"}:
            receipt = await loyalty.points.find_receipt(
                snap, partner_id=kept.owner, receipt=kept.reference
            )
    language, translate = request.language, translator(request)
    is_own = receipt is not None and receipt.member_id == visitor.member.id
    return app_page(
        request,
        "posting.html",
        visitor=visitor,
        tab="home",
        who=partner_name(request, visitor, kept.owner),
        what=translate(KINDS.get(kept.kind, "Points")),
        icon_name=ICONS.get(kept.kind, "gift"),
        points=points_text(answer.points, language),
        is_plus=answer.points > 0,
        balance=answer.balance,
        happened=clock_text(kept.effective_at, language, visitor.zone),
        recorded=clock_text(kept.recorded_at, language, visitor.zone),
        is_late=(kept.recorded_at - kept.effective_at).total_seconds() > 3600,  # noqa: PLR2004 - an hour
        receipt=_receipt(request, visitor, receipt) if receipt and is_own else None,
        order_id=kept.reference.removeprefix("reward:")
        if kept.reference.startswith("reward:")
        else "",
    )


async def _read(
    snap: Snapshot, visitor: Visitor, *, kind: str, before: int | None
) -> tuple[list[ledger.HistoryEntry], int | None]:
    """Give a page of entries that fit and where to go on; reads on past those that do not."""
    found: list[ledger.HistoryEntry] = []
    for _ in range(READS_MAX):
        entries = await loyalty.points.read_history(
            snap, membership=visitor.membership, before=before, limit=READ
        )
        for one in entries:
            before = one.version
            if not kind or (one.amount > 0) == (kind == "earned"):
                found.append(one)
            if len(found) == PAGE:
                return found, before
        if len(entries) < READ:
            return found, None
    return found, before


def _months(
    request: Request, visitor: Visitor, entries: list[ledger.HistoryEntry]
) -> list[dict[str, Any]]:
    """Put lines under the months in which they were recorded."""
    zone, titles = ZoneInfo(visitor.zone), titles_of(request, visitor)

    def month(entry: ledger.HistoryEntry) -> tuple[int, int]:
        there = entry.recorded_at.astimezone(zone)
        return there.year, there.month

    shown = []
    for _, listed in groupby(entries, key=month):
        lines = list(listed)
        shown.append(
            {
                "name": month_text(lines[0].recorded_at, request.language, visitor.zone),
                "lines": [show_line(request, visitor, one, titles) for one in lines],
            }
        )
    return shown


def _receipt(
    request: Request, visitor: Visitor, receipt: loyalty.points.KeptReceipt
) -> dict[str, Any]:
    language, currency = request.language, visitor.programme.currency
    codes = _titles_by_code(request, visitor)
    earned = {one.line: one for one in receipt.content.earnings}
    lines = []
    for one in receipt.content.lines:
        earning = earned.get(one.line)
        lines.append(
            {
                "name": one.item or one.category or str(one.line),
                "amount": format_money(Money(one.amount_minor, currency), language),
                "points": points_text(earning.points, language) if earning else "0",
                "percent": percent_text(earning.percent, language) if earning else "",
                "why": _why(request, earning.reason, codes) if earning else [],
                "returned": format_money(Money(one.returned_minor, currency), language)
                if one.returned_minor
                else "",
            }
        )
    spent = sum(one.points - one.restored for one in receipt.content.spends)
    return {
        "number": receipt.receipt,
        "lines": lines,
        "total": format_money(Money(receipt.content.total_minor, currency), language),
        "returned": format_money(Money(receipt.content.returned_minor, currency), language)
        if receipt.content.returned_minor
        else "",
        "earned": sum(one.points for one in receipt.content.earnings),
        "spent": spent,
    }


def _titles_by_code(request: Request, visitor: Visitor) -> dict[str, str]:
    rules = request.context.service(loyalty.offers.Rulebook).rules
    titles = titles_of(request, visitor)
    return {
        offer.code: titles[offer.id]
        for offer in rules.offers_at(visitor.programme.id, request.received_at)
    }


def _why(request: Request, reason: str, titles: dict[str, str]) -> list[str]:
    """Write the reasons of a line with the names of the offers in place of their codes."""
    translate = translator(request)
    words = []
    for part in filter(None, reason.split(", ")):
        code, _, amount = part.partition(" ")
        name = translate("always") if code == "base" else titles.get(code, code)
        amount = amount.replace("x", "×").replace(".", "," if request.language == "ru" else ".")
        words.append(f"{name} {amount}".strip())
    return words
