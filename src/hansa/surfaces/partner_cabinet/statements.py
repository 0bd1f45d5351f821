"""Closed statements of the partner, month by month."""

from typing import Any
from uuid import UUID

from litestar import get
from litestar.params import FromPath

from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules import loyalty
from hansa.modules.loyalty.settlement import Statement
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


@get(at("/statements"))
async def list_statements(request: Request) -> Page:
    """Show closed statements, the latest first."""
    who = person(request)
    async with request.snapshot() as snap:
        found = await loyalty.settlement.list_statements(
            snap, partner_id=who.partner.id, limit=PAGE_ROWS
        )
    return show(request, who, "statements.html", rows=[_row(request, one) for one in found])


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
            translate(_LINES.get(one.kind.value, one.kind.value)),
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


def _row(request: Request, one: Statement) -> dict[str, Any]:
    translate, language = words(request), request.language
    programme = coalition_of(request).programmes[one.programme_id]
    label = translate("to you") if one.due_minor < 0 else translate("from you")
    return {
        "url": home(request, f"/statements/{one.id}"),
        "programme": pick(programme.name, language),
        "begins": format_day(one.begins_at, language, programme.time_zone),
        "ends": format_day(one.ends_at, language, programme.time_zone),
        "due": f"{format_money(Money(abs(one.due_minor), one.currency), language)} {label}",
        "due_on": format_day(one.due_on, language),
    }


_LINES = {
    "issued": "Points given",
    "covered": "Paid by blocks",
    "spent_of_own": "Your points spent",
    "redeemed": "Points taken",
}

ROUTES = (list_statements, show_statement)
