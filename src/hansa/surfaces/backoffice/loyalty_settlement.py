"""Settlement of loyalty as staff see it: where partners stand, months to close, what is owed."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import NotFound
from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules.loyalty import programmes, settlement
from hansa.modules.loyalty.settlement import AlertKind, Statement
from hansa.runtime.html import Page
from hansa.runtime.html.formats import (
    format_day,
    format_moment,
    format_money,
    format_month,
    format_number,
)
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.presenting import asked, done, show, words
from hansa.surfaces.backoffice.shell import staff

HOME = "/office/loyalty/settlement"
VIEW, SETTLE = "loyalty.view", "loyalty.settle"
ALERTS_SHOWN = 20
MONTHS_SHOWN = 12
ALERTS = {
    AlertKind.BLOCK_LOW: ("Points run low", "warn"),
    AlertKind.BLOCK_EMPTY: ("No points left", "bad"),
    AlertKind.EXPOSURE_HIGH: ("Much is not settled", "warn"),
}
PAYMENTS = {
    settlement.PaymentState.SETTLED: ("Settled", "good"),
    settlement.PaymentState.OPEN: ("To be paid", "accent"),
    settlement.PaymentState.PART_PAID: ("Part paid", "warn"),
    settlement.PaymentState.OVERDUE: ("Overdue", "bad"),
}


@get(HOME)
async def show_programmes(request: Request) -> Page:
    """Show the first programme, and the others to choose."""
    staff(request, VIEW)
    known = sorted(coalition_of(request).programmes.values(), key=lambda one: one.number)
    chosen = next((one for one in known if one.code == asked(request, "programme")), None)
    if not known:
        return show(request, "settlement.html", programme=None, programmes=[])
    return await _overview(request, chosen or known[0], known)


async def _overview(
    request: Request, programme: programmes.Programme, known: list[programmes.Programme]
) -> Page:
    coalition, language = coalition_of(request), request.language
    async with request.snapshot() as snap:
        standings = await settlement.read_standings(
            snap, coalition=coalition, programme=programme, now=request.received_at
        )
        alerts = await settlement.list_alerts(snap, limit=ALERTS_SHOWN)
        closings = await settlement.list_closings(
            snap, programme_id=programme.id, limit=MONTHS_SHOWN
        )
        due = _next_month(programme, closings, request.received_at)
    owed = sum([max(0, one.balance_minor) for one in standings])
    owing = sum([max(0, -one.balance_minor) for one in standings])
    return show(
        request,
        "settlement.html",
        programme=programme,
        programmes=[(one.code, pick(one.name, language)) for one in known],
        owed=format_money(Money(owed, programme.currency), language),
        owing=format_money(Money(owing, programme.currency), language),
        alerts=[
            {
                "label": words(request)(ALERTS[one.kind][0]),
                "tone": ALERTS[one.kind][1],
                "partner": partner_of(request, one.partner_id),
                "url": f"{HOME}/programmes/{coalition.programmes[one.programme_id].code}"
                f"/partners/{coalition.partners[one.partner_id].code}",
                "points": format_number(one.points, language),
                "since": format_moment(one.opened_at, language, programme.time_zone),
            }
            for one in alerts
        ],
        standings=[standing_row(request, programme, one) for one in standings],
        closings=[
            {
                "month": month_text(one.begins_at, programme),
                "shown": format_day(one.begins_at, language, one.time_zone),
                "postings": format_number(one.postings, language),
                "closed": format_moment(one.closed_at, language, programme.time_zone),
                "digest": one.digest.hex()[:16],
            }
            for one in closings
        ],
        due=due,
        due_shown=_shown_month(request, programme, _first(due)),
    )


@get(HOME + "/programmes/{code:str}/close/{month:str}")
async def show_draft(request: Request, code: FromPath[str], month: FromPath[str]) -> Page:
    """Show a month as it would be closed: a dry run; nothing is changed."""
    staff(request, VIEW)
    programme, first = programme_of(request, code), _first(month)
    coalition = coalition_of(request)
    async with request.snapshot() as snap:
        drafted = await settlement.draft_month(
            snap, coalition=coalition, programme=programme, first=first
        )
        last = await settlement.last_closing(snap, programme_id=programme.id, by=drafted.ends_at)
    is_over = drafted.ends_at <= request.received_at
    is_closed = last is not None and last.ends_at == drafted.ends_at
    return show(
        request,
        "settlement_close.html",
        programme=programme,
        name=pick(programme.name, request.language),
        month=month,
        month_shown=_shown_month(request, programme, first),
        period=format_day(drafted.begins_at, request.language, programme.time_zone),
        until=format_day(
            drafted.ends_at - timedelta(microseconds=1), request.language, programme.time_zone
        ),
        postings=format_number(drafted.postings, request.language),
        rows=[statement_row(request, one) for one in drafted.statements],
        is_over=is_over,
        is_closed=is_closed,
    )


@post(HOME + "/programmes/{code:str}/close/{month:str}")
async def close(request: Request, code: FromPath[str], month: FromPath[str]) -> Response[None]:
    """Close a month in the background."""
    by = staff(request, SETTLE)
    programme, first = programme_of(request, code), _first(month)
    job = settlement.CloseMonth(programme_id=programme.id, first=first, by=by.id, by_name=by.name)
    async with request.transaction() as tx:
        await tx.enqueue(job)
    return done(request, f"{HOME}?programme={code}", "month_closing")


@get(HOME + "/programmes/{code:str}/liability")
async def show_liability(request: Request, code: FromPath[str]) -> Page:
    """Show what issuers owe in points now, month by month, and what is never spent."""
    staff(request, VIEW)
    programme, coalition, language = (
        programme_of(request, code),
        coalition_of(request),
        request.language,
    )
    async with request.snapshot() as snap:
        now = await settlement.read_liability(
            snap, coalition=coalition, programme=programme, as_of=request.received_at
        )
        past = await settlement.list_liabilities(snap, programme=programme, limit=MONTHS_SHOWN)
        breakage = await settlement.estimate_breakage(snap, programme=programme)
    translate = words(request)
    return show(
        request,
        "settlement_liability.html",
        programme=programme,
        name=pick(programme.name, language),
        as_of=format_moment(now.as_of, language, programme.time_zone),
        rows=[_liability_row(request, programme, one) for one in now.rows],
        chart_shown={
            "labels": [month_text(begins_at, programme) for begins_at, _ in past],
            "series": [
                {"name": translate("Given"), "values": [one.points.issued for _, one in past]},
                {"name": translate("Spent"), "values": [one.points.spent for _, one in past]},
                {"name": translate("Expired"), "values": [one.points.expired for _, one in past]},
                {"name": translate("Out"), "values": [one.points.closing for _, one in past]},
            ],
        },
        cohorts=[
            {
                "cells": [
                    one.month,
                    format_number(one.issued, language),
                    *_shares(one.unspent, len(breakage.unspent), language),
                ]
            }
            for one in breakage.cohorts
        ],
        mean=_shares(breakage.unspent, len(breakage.unspent), language),
    )


def _liability_row(
    request: Request, programme: programmes.Programme, one: settlement.LiabilityRow
) -> dict[str, Any]:
    language, moved = request.language, one.points
    gone = [moved.spent, moved.expired, moved.given_up, moved.taken_back]
    number = [moved.opening, moved.issued, *gone]
    own = words(request)("the programme")
    return {
        "cells": [
            settlement.partner_name(coalition_of(request), one.issuer, language, own),
            *[format_number(each, language) for each in number],
            format_number(moved.corrected + moved.moved, language),
            format_number(moved.closing, language),
            format_money(Money(one.closing_minor, programme.currency), language),
        ]
    }


def _shares(shares: Sequence[Decimal], ages: int, language: str) -> list[str]:
    """Write shares as percents, one per age; those not known yet are dashes."""
    known = [f"{format_number(one * 100, language, places=1)} %" for one in shares]
    return [*known, *["—"] * (ages - len(known))][:MONTHS_SHOWN]


def standing_row(
    request: Request, programme: programmes.Programme, one: settlement.Standing
) -> dict[str, Any]:
    """Show where a partner stands as a row."""
    language = request.language
    partner = coalition_of(request).partners[one.partner_id]
    alerts = one.alerts()
    return {
        "url": f"{HOME}/programmes/{programme.code}/partners/{partner.code}",
        "cells": [
            pick(partner.name, language),
            words(request)("prepaid") if one.left is not None else words(request)("postpaid"),
            format_number(one.left, language) if one.left is not None else "—",
            format_number(one.exposure, language) if one.exposure is not None else "—",
            format_money(Money(one.balance_minor, programme.currency), language),
            ", ".join(words(request)(ALERTS[kind][0]) for kind in alerts) or "—",
        ],
    }


def statement_row(request: Request, one: Statement) -> dict[str, Any]:
    """Show a statement as a row, drafts too."""
    language, moved = request.language, one.content.points
    return {
        "url": f"{HOME}/statements/{one.id}" if one.id else None,
        "cells": [
            partner_of(request, one.partner_id),
            format_number(moved.opening, language),
            format_number(moved.issued - moved.taken_back, language),
            format_number(one.content.redeemed_points, language),
            format_number(moved.closing, language),
            format_money(Money(one.due_minor, one.currency), language),
        ],
    }


def coalition_of(request: Request) -> programmes.Coalition:
    """Give all programmes and partners."""
    return request.context.service(programmes.Directory).coalition


def programme_of(request: Request, code: str) -> programmes.Programme:
    """Give a programme by its code.

    Raises:
        NotFound: there is none.
    """
    found = coalition_of(request).programme(code)
    if found is None:
        raise NotFound
    return found


def partner_of(request: Request, partner_id: UUID) -> str:
    """Give a partner's name."""
    return pick(coalition_of(request).partners[partner_id].name, request.language)


def month_text(begins_at: datetime, programme: programmes.Programme) -> str:
    """Write a month as addresses do: `2026-10`."""
    return f"{settlement.month_of(begins_at, programme.time_zone):%Y-%m}"


def _shown_month(request: Request, programme: programmes.Programme, first: date) -> str:
    begins_at, _ = settlement.bounds_of(first, programme.time_zone)
    return format_month(begins_at, request.language, programme.time_zone)


def _next_month(
    programme: programmes.Programme, closings: list[settlement.Closing], now: datetime
) -> str:
    """Give the month that is closed next: after the last one, or, at first, the one before this."""
    if closings:
        return month_text(closings[0].ends_at, programme)
    this = settlement.month_of(now, programme.time_zone)
    return f"{this - timedelta(days=1):%Y-%m}"


def _first(month: str) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise NotFound from error


ROUTES = (show_programmes, show_draft, close, show_liability)
