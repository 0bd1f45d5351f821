"""A partner's settlement as staff see it: blocks, statements, one statement with its lines."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from hansa.kernel.errors import HansaError, NotFound
from hansa.kernel.money import Money, UnitPrice, exponent, money_from_decimal
from hansa.kernel.text import pick
from hansa.modules.loyalty import programmes, settlement
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.html.formats import format_day, format_moment, format_money, format_number
from hansa.runtime.html.forms import WHOLE
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.loyalty_settlement import (
    HOME,
    PAYMENTS,
    SETTLE,
    VIEW,
    coalition_of,
    programme_of,
    standing_row,
    statement_row,
)
from hansa.surfaces.backoffice.presenting import PAGE_ROWS, address, done, show, words
from hansa.surfaces.backoffice.shell import staff

STATEMENTS_SHOWN = 24
BLOCKS = {
    settlement.BlockState.ORDERED: ("Ordered", "accent"),
    settlement.BlockState.PAID: ("Paid", "good"),
    settlement.BlockState.CANCELLED: ("Cancelled", ""),
}
_LINES = "office.settlement.lines"


class BlockFields(msgspec.Struct):
    """What is typed of a block of points."""

    points: Annotated[int, msgspec.Meta(gt=0, le=10**12)]
    amount: Decimal
    invoice: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class PaymentFields(msgspec.Struct):
    """What is typed of a payment; below zero it went to the partner."""

    amount: Decimal
    paid_on: Annotated[str, msgspec.Meta(min_length=10, max_length=10)]
    reference: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


@get(HOME + "/programmes/{code:str}/partners/{partner:str}")
async def show_partner(request: Request, code: FromPath[str], partner: FromPath[str]) -> Page:
    """Show where a partner stands, its blocks and its statements."""
    staff(request, VIEW)
    return await _partner_page(request, _terms(request, code, partner), first_shown(request))


@post(HOME + "/programmes/{code:str}/partners/{partner:str}/blocks")
async def order_block(
    request: Request, code: FromPath[str], partner: FromPath[str]
) -> Response[None] | Page:
    """Note that a partner buys points."""
    by = staff(request, SETTLE)
    terms = _terms(request, code, partner)
    form = await read_form(request, BlockFields)
    if form.value is None:
        return await _partner_page(request, terms, form, status_code=422)
    try:
        async with request.transaction() as tx:
            await settlement.order_block(
                tx,
                terms=terms,
                quantity=form.value.points,
                amount_minor=money_from_decimal(form.value.amount, terms.programme.currency).minor,
                invoice=form.value.invoice,
                by=by,
                now=request.received_at,
            )
    except (settlement.InvoiceTaken, settlement.BlockInvalid) as refusal:
        form.add(WHOLE, refusal)
        return await _partner_page(request, terms, form, status_code=409)
    return done(request, f"{HOME}/programmes/{code}/partners/{partner}")


@post(HOME + "/programmes/{code:str}/partners/{partner:str}/blocks/{block_id:uuid}/pay")
async def pay_block(
    request: Request, code: FromPath[str], partner: FromPath[str], block_id: FromPath[UUID]
) -> Response[None]:
    """Note that a block is paid."""
    by = staff(request, SETTLE)
    async with request.transaction() as tx:
        await settlement.pay_block(
            tx,
            terms=_terms(request, code, partner),
            block_id=block_id,
            by=by,
            now=request.received_at,
        )
    return done(request, f"{HOME}/programmes/{code}/partners/{partner}")


@post(HOME + "/programmes/{code:str}/partners/{partner:str}/blocks/{block_id:uuid}/cancel")
async def cancel_block(
    request: Request, code: FromPath[str], partner: FromPath[str], block_id: FromPath[UUID]
) -> Response[None]:
    """Call off a block that is not paid."""
    by = staff(request, SETTLE)
    async with request.transaction() as tx:
        await settlement.cancel_block(
            tx,
            terms=_terms(request, code, partner),
            block_id=block_id,
            by=by,
            now=request.received_at,
        )
    return done(request, f"{HOME}/programmes/{code}/partners/{partner}")


@get(HOME + "/statements/{statement_id:uuid}")
async def show_statement(request: Request, statement_id: FromPath[UUID]) -> Page:
    """Show a statement with its lines and payments."""
    staff(request, VIEW)
    return await _statement_page(request, statement_id, first_shown(request))


@get(HOME + "/statements/{statement_id:uuid}/file/{file_format:str}")
async def download(
    request: Request, statement_id: FromPath[UUID], file_format: FromPath[str]
) -> Stream:
    """Give a statement as Excel or PDF, or its lines as CSV."""
    staff(request, VIEW)
    if file_format not in set(settlement.FileFormat):
        raise NotFound
    return await settlement.statement_file(
        request,
        statement_id=statement_id,
        file_format=settlement.FileFormat(file_format),
    )


@post(HOME + "/statements/{statement_id:uuid}/payments")
async def record_payment(request: Request, statement_id: FromPath[UUID]) -> Response[None] | Page:
    """Note a payment of a statement."""
    by = staff(request, SETTLE)
    form = await read_form(request, PaymentFields)
    day = _day(form)
    if form.value is None or day is None:
        return await _statement_page(request, statement_id, form, status_code=422)
    try:
        async with request.transaction() as tx:
            found = await settlement.get_statement(tx, statement_id=statement_id)
            await settlement.record_payment(
                tx,
                statement=found,
                terms=coalition_of(request).terms[found.programme_id, found.partner_id],
                amount_minor=money_from_decimal(form.value.amount, found.currency).minor,
                paid_on=day.date(),
                reference=form.value.reference,
                by=by,
                now=request.received_at,
            )
    except (settlement.PaymentReused, settlement.PaymentInvalid) as refusal:
        return await _refused(request, statement_id, form, refusal)
    return done(request, f"{HOME}/statements/{statement_id}")


async def _refused(
    request: Request, statement_id: UUID, form: Form[Any], refusal: HansaError
) -> Page:
    form.add(WHOLE, refusal)
    return await _statement_page(request, statement_id, form, status_code=409)


async def _partner_page(
    request: Request, terms: programmes.Terms, form: Form[Any], *, status_code: int = 200
) -> Page:
    language, programme = request.language, terms.programme
    async with request.snapshot() as snap:
        standings = await settlement.read_standings(
            snap,
            coalition=coalition_of(request),
            programme=programme,
            now=request.received_at,
        )
        blocks = await settlement.list_blocks(snap, terms=terms)
        statements = await settlement.list_statements(
            snap,
            partner_id=terms.partner.id,
            programme_id=programme.id,
            limit=STATEMENTS_SHOWN,
        )
        paid = await settlement.sum_paid(snap, statements=[one.id for one in statements if one.id])
    standing = next(one for one in standings if one.partner_id == terms.partner.id)
    return show(
        request,
        "settlement_partner.html",
        status_code=status_code,
        programme=programme,
        programme_name=pick(programme.name, language),
        partner=terms.partner,
        name=pick(terms.partner.name, language),
        standing=standing_row(request, programme, standing)["cells"],
        is_stopped=standing.is_stopped,
        limit=format_number(standing.limit_points, language),
        issue_price=_price(terms.participation.issue_price, programme.currency, language),
        redeem_price=_price(terms.participation.redeem_price, programme.currency, language),
        blocks=[
            {
                "id": one.id,
                "number": one.number,
                "points": format_number(one.points, language),
                "used": format_number(one.used, language),
                "amount": format_money(Money(one.amount_minor, programme.currency), language),
                "invoice": one.invoice,
                "state": words(request)(BLOCKS[one.state][0]),
                "tone": BLOCKS[one.state][1],
                "is_open": one.state is settlement.BlockState.ORDERED,
            }
            for one in blocks
        ],
        statements=[
            {
                "url": f"{HOME}/statements/{one.id}",
                "cells": [
                    format_day(one.begins_at, language, programme.time_zone),
                    *statement_row(request, one)["cells"][2:],
                    _state(request, one, paid)[0],
                ],
            }
            for one in statements
        ],
        form=form,
    )


async def _statement_page(
    request: Request, statement_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    coalition, language, translate = coalition_of(request), request.language, words(request)
    after = request.read_cursor(
        request.query_params.get("after"), of=_LINES, types=(int, UUID, int)
    )
    async with request.snapshot() as snap:
        found = await settlement.get_statement(snap, statement_id=statement_id)
        closed = await settlement.closing_of(snap, statement=found)
        lines = await settlement.list_lines(
            snap,
            coalition=coalition,
            statement=found,
            **({"after": tuple(after)} if after else {}),
            limit=PAGE_ROWS + 1,
        )
        payments = await settlement.list_payments(snap, statement_id=statement_id)
    paper = settlement.paper_of(
        statement=found,
        closing=closed,
        coalition=coalition,
        language=language,
        translate=translate,
    )
    shown, cursor = request.page_of(lines, limit=PAGE_ROWS, of=_LINES, key=lambda one: one.place)
    paid = sum([one.amount_minor for one in payments])
    partner = coalition.partners[found.partner_id]
    state, tone = _state(request, found, {statement_id: paid})
    return show(
        request,
        "settlement_statement.html",
        status_code=status_code,
        paper=paper,
        statement=found,
        code=coalition.programmes[found.programme_id].code,
        partner=partner,
        points=[(name, format_number(count, language)) for name, count in paper.points],
        state=state,
        tone=tone,
        left=format_money(Money(found.due_minor - paid, found.currency), language),
        payments=[
            (
                f"{format_day(one.paid_on, language)} · {one.reference}",
                format_money(Money(one.amount_minor, found.currency), language),
            )
            for one in payments
        ],
        lines=[_line(request, one, found, closed.time_zone) for one in shown],
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
        form=form,
        today=form.text("paid_on") or f"{request.received_at:%Y-%m-%d}",
    )


def _line(
    request: Request, one: settlement.StatementLine, statement: settlement.Statement, zone: str
) -> dict[str, Any]:
    language, translate = request.language, words(request)
    own = translate("the programme")
    other = settlement.partner_name(coalition_of(request), one.partner, language, own)
    what = translate(settlement.WHAT_WORDS[one.what])
    return {
        "cells": [
            format_moment(one.recorded_at, language, zone),
            f"{what}, {translate('late')}" if one.is_late else what,
            other,
            one.reference or one.key,
            one.member,
            format_number(one.points, language),
            format_number(one.value.scaleb(-exponent(statement.currency)), language),
        ]
    }


def _state(request: Request, one: settlement.Statement, paid: dict[UUID, int]) -> tuple[str, str]:
    assert one.id is not None
    zone = coalition_of(request).programmes[one.programme_id].time_zone
    state = settlement.payment_state(
        due_minor=one.due_minor,
        paid_minor=paid[one.id],
        due_on=one.due_on,
        today=settlement.day_of(request.received_at, zone),
    )
    label, tone = PAYMENTS[state]
    return words(request)(label), tone


def _price(minor: Decimal, currency: str, language: str) -> str:
    return format_money(UnitPrice(minor.scaleb(-exponent(currency)), currency), language)


def _terms(request: Request, code: str, partner: str) -> programmes.Terms:
    coalition = coalition_of(request)
    of = coalition.partner(partner)
    terms = coalition.of(programme_of(request, code).id, of.id) if of else None
    if terms is None:
        raise NotFound
    return terms


def _day(form: Form[Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(form.text("paid_on"))
    except ValueError:
        form.add("paid_on", "This is not a date and time.")
        return None


ROUTES = (
    show_statement,
    download,
    record_payment,
    show_partner,
    order_block,
    pay_block,
    cancel_block,
)
