"""What handlers of settlement share: who is meant, pages of statements and lines."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Invalid
from hansa.modules.loyalty.programmes import Coalition, Directory, NoSuchProgramme, Programme, Terms
from hansa.modules.loyalty.settlement import months, payments, queries
from hansa.modules.loyalty.settlement.bodies import LineView, StatementView
from hansa.modules.loyalty.settlement.model import Statement
from hansa.runtime.database import Snapshot
from hansa.runtime.http import ListPage, Request

_STATEMENTS, _LINES = "loyalty.statements", "loyalty.statement_lines"


@dataclass(eq=False)
class MonthInvalid(Invalid):
    """A month is written as year and month."""

    code: ClassVar[str] = "loyalty.month_invalid"
    message: ClassVar[str] = "Write the month as 2026-10."


def coalition_of(request: Request) -> Coalition:
    """Give all programmes and partners."""
    return request.context.service(Directory).coalition


def programme_of(request: Request, code: str) -> Programme:
    """Give a programme by its code.

    Raises:
        NoSuchProgramme: there is none.
    """
    found = coalition_of(request).programme(code)
    if found is None:
        raise NoSuchProgramme
    return found


def terms_of(request: Request, code: str, partner: str) -> Terms:
    """Give the terms of a partner in a programme, by their codes.

    Raises:
        NoSuchProgramme: there are none.
    """
    coalition = coalition_of(request)
    of = coalition.partner(partner)
    terms = coalition.of(programme_of(request, code).id, of.id) if of else None
    if terms is None:
        raise NoSuchProgramme
    return terms


def first_of(month: str) -> date:
    """Give the first day of a month written as `2026-10`.

    Raises:
        MonthInvalid: it is no month.
    """
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise MonthInvalid from error


def today_of(request: Request, statement: Statement) -> date:
    """Give the day it is where a statement's programme is."""
    zone = coalition_of(request).programmes[statement.programme_id].time_zone
    return months.day_of(request.received_at, zone)


async def statement_view(request: Request, snap: Snapshot, statement: Statement) -> StatementView:
    """Show a statement with what was paid of it."""
    paid = 0
    if statement.id is not None:
        paid = (await payments.sum_paid(snap, statements=[statement.id]))[statement.id]
    return StatementView.of(
        statement,
        coalition_of(request),
        paid_minor=paid,
        today=today_of(request, statement),
    )


async def page_of_statements(
    request: Request,
    *,
    partner_id: UUID,
    programme_id: UUID | None,
    after: str | None,
    limit: int,
) -> ListPage[StatementView]:
    """Give a page of a partner's statements, the latest first."""
    cursor = request.read_cursor(after, of=_STATEMENTS, types=(datetime, UUID))
    async with request.snapshot() as snap:
        found = await queries.list_statements(
            snap,
            partner_id=partner_id,
            programme_id=programme_id,
            before=cursor,
            limit=limit + 1,
        )
        shown, following = request.page_of(
            found, limit=limit, of=_STATEMENTS, key=lambda one: (one.begins_at, one.id)
        )
        views = [await statement_view(request, snap, one) for one in shown]
    return ListPage(views, following)


async def page_of_lines(
    request: Request,
    *,
    statement_id: UUID,
    partner_id: UUID | None,
    after: str | None,
    limit: int,
) -> ListPage[LineView]:
    """Give a page of a statement's transfers."""
    cursor = request.read_cursor(after, of=_LINES, types=(int, UUID, int))
    async with request.snapshot() as snap:
        statement = await queries.get_statement(
            snap, statement_id=statement_id, partner_id=partner_id
        )
        found = await queries.list_lines(
            snap,
            coalition=coalition_of(request),
            statement=statement,
            after=tuple(cursor) if cursor else queries.FIRST,
            limit=limit + 1,
        )
    shown, following = request.page_of(found, limit=limit, of=_LINES, key=lambda one: one.place)
    return ListPage([LineView.of(one) for one in shown], following)
