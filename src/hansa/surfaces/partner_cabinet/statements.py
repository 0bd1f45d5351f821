"""Closed statements of the partner, month by month."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import get
from litestar.params import FromPath
from litestar.response import Stream

from hansa.kernel.errors import NotFound
from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules import loyalty
from hansa.modules.loyalty.settlement import FileFormat, Statement
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_day, format_money, format_number
from hansa.runtime.http import Request
from hansa.surfaces.partner_cabinet.shell import (
    PAGE_ROWS,
    at,
    coalition_of,
    home,
    person,
    show,
    words,
)

_CURSOR = "partner.statements"


@get(at("/statements"))
async def list_statements(request: Request) -> Page:
    """Show closed statements, the latest first."""
    who = person(request)
    after = request.read_cursor(
        request.query_params.get("after"), of=_CURSOR, types=(datetime, UUID)
    )
    async with request.snapshot(single=True) as snap:
        found = await loyalty.settlement.list_statements(
            snap,
            partner_id=who.partner.id,
            before=(after[0], after[1]) if after else None,
            limit=PAGE_ROWS + 1,
        )
    shown, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.begins_at, one.id)
    )
    return show(
        request,
        who,
        "statements.html",
        rows=[_row(request, one) for one in shown],
        first_url=request.visit.path if after else None,
        next_url=f"{request.visit.path}?after={cursor}" if cursor else None,
    )


@get(at("/statements/{statement_id:uuid}"))
async def show_statement(request: Request, statement_id: FromPath[UUID]) -> Page:
    """Show a statement: points moved, lines of money, what is due."""
    who = person(request)
    async with request.snapshot() as snap:
        found = await loyalty.settlement.get_statement(
            snap, statement_id=statement_id, partner_id=who.partner.id
        )
    translate, language = words(request), request.language
    lines = [
        (
            _named(request, translate(_LINES.get(one.kind.value, one.kind.value)), one.partner),
            format_number(one.points, language),
            format_money(Money(one.amount_minor, found.currency), language),
        )
        for one in found.content.lines
    ]
    return show(
        request,
        who,
        "statement.html",
        statement=_row(request, found),
        lines=lines,
        digest=found.digest.hex(),
    )


@get(at("/statements/{statement_id:uuid}/file/{file_format:str}"))
async def download(
    request: Request, statement_id: FromPath[UUID], file_format: FromPath[str]
) -> Stream:
    """Give a statement as Excel or PDF, or its lines as CSV."""
    who = person(request)
    if file_format not in set(FileFormat):
        raise NotFound
    return await loyalty.settlement.statement_file(
        request,
        statement_id=statement_id,
        file_format=FileFormat(file_format),
        partner_id=who.partner.id,
    )


def _row(request: Request, one: Statement) -> dict[str, Any]:
    translate, language = words(request), request.language
    programme = coalition_of(request).programmes[one.programme_id]
    label = translate("to you") if one.due_minor < 0 else translate("from you")
    return {
        "url": home(request, f"/statements/{one.id}"),
        "programme": pick(programme.name, language),
        "begins": format_day(one.begins_at, language, programme.time_zone),
        "ends": format_day(one.ends_at - _MOMENT, language, programme.time_zone),
        "due": f"{format_money(Money(abs(one.due_minor), one.currency), language)} {label}",
        "due_on": format_day(one.due_on, language),
    }


def _named(request: Request, what: str, number: int | None) -> str:
    """Name the other partner of a line: whose points were taken, or who took them."""
    others = coalition_of(request).partners.values()
    other = next((one for one in others if one.number == number), None)
    return what if other is None else f"{what}: {pick(other.name, request.language)}"


_MOMENT = timedelta(microseconds=1)
_LINES = {
    "issued": "Points given",
    "covered": "Paid by blocks",
    "spent_of_own": "Your points spent",
    "redeemed": "Points taken",
}

ROUTES = (list_statements, show_statement, download)
