"""JSON API of settlement for staff: where partners stand, blocks, months, statements, liability."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream

from hansa.modules import ledger
from hansa.modules.loyalty.settlement import (
    blocks,
    calling,
    closing,
    liability,
    months,
    payments,
    queries,
    standing,
)
from hansa.modules.loyalty.settlement.bodies import (
    AlertView,
    AskedView,
    BlockView,
    BreakageView,
    CloseBody,
    ClosingView,
    LiabilityView,
    LineView,
    NewBlockBody,
    PaymentBody,
    PaymentView,
    RuleBody,
    StandingView,
    StatementView,
)
from hansa.modules.loyalty.settlement.files import FileFormat, statement_file
from hansa.modules.loyalty.settlement.work import CloseMonth
from hansa.runtime.database import Transaction
from hansa.runtime.http import Cursor, Limit, ListPage, Request, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT

TAGS = ["Loyalty: settlement"]
HOME = "/api/v1/loyalty/settlement"
PROGRAMME = HOME + "/programmes/{code:str}"
PARTNER = PROGRAMME + "/partners/{partner:str}"
STATEMENT = HOME + "/statements/{statement_id:uuid}"
VIEW, SETTLE = "loyalty.view", "loyalty.settle"
_CLOSINGS, _STANDINGS = "loyalty.closings", "loyalty.standings"

Format = Annotated[FileFormat, QueryParameter(name="format")]


@get(HOME + "/alerts", tags=TAGS, summary="List alerts")
async def list_alerts(request: Request, limit: Limit = LIMIT_DEFAULT) -> list[AlertView]:
    """Give the limits that are passed now, the latest first."""
    authorise(request, VIEW)
    coalition = calling.coalition_of(request)
    async with request.snapshot(single=True) as snap:
        found = await standing.list_alerts(snap, limit=limit)
    return [AlertView.of(one, coalition) for one in found]


@get(PROGRAMME + "/standings", tags=TAGS, summary="See where partners stand")
async def list_standings(
    request: Request, code: FromPath[str], after: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> ListPage[StandingView]:
    """Give what is left of blocks, what is not settled and what is owed, by the partners' codes."""
    authorise(request, VIEW)
    programme, coalition = calling.programme_of(request, code), calling.coalition_of(request)
    cursor = request.read_cursor(after, of=_STANDINGS, types=(str,))
    async with request.snapshot() as snap:
        found = await standing.read_standings(
            snap, coalition=coalition, programme=programme, now=request.received_at
        )
    views = sorted([StandingView.of(one, coalition) for one in found], key=lambda one: one.partner)
    rest = [one for one in views if cursor is None or one.partner > cursor[0]]
    shown, following = request.page_of(
        rest[: limit + 1], limit=limit, of=_STANDINGS, key=lambda one: (one.partner,)
    )
    return ListPage(shown, following)


@get(PROGRAMME + "/rule", tags=TAGS, summary="See how a programme settles")
async def show_rule(request: Request, code: FromPath[str]) -> RuleBody:
    """Give the rule of a programme."""
    authorise(request, VIEW)
    async with request.snapshot(single=True) as snap:
        rule = await closing.read_rule(snap, programme_id=calling.programme_of(request, code).id)
    return RuleBody.of(rule)


@put(PROGRAMME + "/rule", tags=TAGS, summary="Say how a programme settles")
async def save_rule(
    request: Request, code: FromPath[str], data: JSONBody[RuleBody]
) -> Response[RuleBody]:
    """Change the rule; it holds for months closed from now on."""
    actor = authorise(request, SETTLE)
    programme = calling.programme_of(request, code)

    async def save(tx: Transaction) -> RuleBody:
        await blocks.save_rule(tx, rule=data.rule(programme.id), by=actor, now=request.received_at)
        return data

    return await request.once(save)


@get(PARTNER + "/blocks", tags=TAGS, summary="List blocks of points")
async def list_blocks(
    request: Request, code: FromPath[str], partner: FromPath[str]
) -> list[BlockView]:
    """Give a partner's blocks in the order in which they are drawn, with what is used of each."""
    authorise(request, VIEW)
    terms = calling.terms_of(request, code, partner)
    async with request.snapshot() as snap:
        return [BlockView.of(one) for one in await queries.list_blocks(snap, terms=terms)]


@post(PARTNER + "/blocks", tags=TAGS, summary="Order a block of points")
async def order_block(
    request: Request, code: FromPath[str], partner: FromPath[str], data: JSONBody[NewBlockBody]
) -> Response[BlockView]:
    """Note that a partner buys points; they count once they are paid."""
    actor = authorise(request, SETTLE)
    terms = calling.terms_of(request, code, partner)

    async def order(tx: Transaction) -> BlockView:
        return BlockView.of(
            await blocks.order_block(
                tx,
                terms=terms,
                quantity=data.points,
                amount_minor=data.amount_minor,
                invoice=data.invoice,
                by=actor,
                now=request.received_at,
            )
        )

    return await request.once(order)


@post(PARTNER + "/blocks/{block_id:uuid}/paid", tags=TAGS, summary="Pay a block", status_code=200)
async def pay_block(
    request: Request, code: FromPath[str], partner: FromPath[str], block_id: FromPath[UUID]
) -> Response[BlockView]:
    """Note that a block is paid; a partner that was stopped gives points again."""
    actor = authorise(request, SETTLE)
    terms = calling.terms_of(request, code, partner)

    async def pay(tx: Transaction) -> BlockView:
        return BlockView.of(
            await blocks.pay_block(
                tx, terms=terms, block_id=block_id, by=actor, now=request.received_at
            )
        )

    return await request.once(pay)


@post(
    PARTNER + "/blocks/{block_id:uuid}/cancelled",
    tags=TAGS,
    summary="Cancel a block",
    status_code=200,
)
async def cancel_block(
    request: Request, code: FromPath[str], partner: FromPath[str], block_id: FromPath[UUID]
) -> Response[BlockView]:
    """Call off a block that is not paid."""
    actor = authorise(request, SETTLE)
    terms = calling.terms_of(request, code, partner)

    async def cancel(tx: Transaction) -> BlockView:
        return BlockView.of(
            await blocks.cancel_block(
                tx, terms=terms, block_id=block_id, by=actor, now=request.received_at
            )
        )

    return await request.once(cancel)


@get(PROGRAMME + "/closings", tags=TAGS, summary="List closed months")
async def list_closings(
    request: Request, code: FromPath[str], after: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> ListPage[ClosingView]:
    """Give closed months, the latest first, with what proves them."""
    authorise(request, VIEW)
    programme = calling.programme_of(request, code)
    cursor = request.read_cursor(after, of=_CLOSINGS, types=(datetime,))
    async with request.snapshot(single=True) as snap:
        found = await queries.list_closings(
            snap,
            programme_id=programme.id,
            before=cursor[0] if cursor else None,
            limit=limit + 1,
        )
    shown, following = request.page_of(
        found, limit=limit, of=_CLOSINGS, key=lambda one: (one.begins_at,)
    )
    return ListPage([ClosingView.of(one) for one in shown], following)


@post(PROGRAMME + "/closings", tags=TAGS, summary="Close a month", status_code=202)
async def close_month(
    request: Request, code: FromPath[str], data: JSONBody[CloseBody]
) -> Response[AskedView]:
    """Close a month in the background; see the list of closed months for the outcome."""
    actor = authorise(request, SETTLE)
    programme, first = calling.programme_of(request, code), calling.first_of(data.month)
    _, ends_at = months.bounds_of(first, programme.time_zone)
    if ends_at > request.received_at:
        raise ledger.PeriodNotOver(ends_at)

    async def ask(tx: Transaction) -> AskedView:
        job = CloseMonth(programme_id=programme.id, first=first, by=actor.id, by_name=actor.name)
        await tx.enqueue(job)
        return AskedView(data.month)

    return await request.once(ask)


@get(
    PROGRAMME + "/drafts/{month:str}",
    tags=TAGS,
    summary="See a month as it would be closed",
)
async def show_draft(
    request: Request, code: FromPath[str], month: FromPath[str]
) -> list[StatementView]:
    """Add a month up without closing it: one statement per partner."""
    authorise(request, VIEW)
    programme, coalition = calling.programme_of(request, code), calling.coalition_of(request)
    async with request.snapshot() as snap:
        drafted = await closing.draft_month(
            snap, coalition=coalition, programme=programme, first=calling.first_of(month)
        )
        return [await calling.statement_view(request, snap, one) for one in drafted.statements]


@get(PROGRAMME + "/liability", tags=TAGS, summary="See what issuers owe")
async def show_liability(
    request: Request,
    code: FromPath[str],
    as_of: Annotated[datetime | None, QueryParameter()] = None,
) -> LiabilityView:
    """Give every issuer's points from the begin of the month of an instant up to it."""
    authorise(request, VIEW)
    programme, coalition = calling.programme_of(request, code), calling.coalition_of(request)
    async with request.snapshot() as snap:
        found = await liability.read_liability(
            snap, coalition=coalition, programme=programme, as_of=as_of or request.received_at
        )
    return LiabilityView.of(found, coalition)


@get(PROGRAMME + "/breakage", tags=TAGS, summary="Estimate what is never spent")
async def show_breakage(
    request: Request,
    code: FromPath[str],
    partner: Annotated[str | None, QueryParameter(max_length=40)] = None,
) -> BreakageView:
    """Give by months of issuing what was not spent after so many months."""
    authorise(request, VIEW)
    programme = calling.programme_of(request, code)
    issuer = None
    if partner is not None:
        issuer = calling.terms_of(request, code, partner).partner.number
    async with request.snapshot(single=True) as snap:
        found = await liability.estimate_breakage(snap, programme=programme, issuer=issuer)
    return BreakageView.of(found)


@get(PARTNER + "/statements", tags=TAGS, summary="List a partner's statements")
async def list_statements(
    request: Request,
    code: FromPath[str],
    partner: FromPath[str],
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[StatementView]:
    """Give closed statements, the latest first."""
    authorise(request, VIEW)
    terms = calling.terms_of(request, code, partner)
    return await calling.page_of_statements(
        request,
        partner_id=terms.partner.id,
        programme_id=terms.programme.id,
        after=after,
        limit=limit,
    )


@get(STATEMENT, tags=TAGS, summary="Show a statement")
async def show_statement(request: Request, statement_id: FromPath[UUID]) -> StatementView:
    """Give a closed statement."""
    authorise(request, VIEW)
    async with request.snapshot() as snap:
        found = await queries.get_statement(snap, statement_id=statement_id)
        return await calling.statement_view(request, snap, found)


@get(STATEMENT + "/lines", tags=TAGS, summary="List a statement's lines")
async def list_lines(
    request: Request,
    statement_id: FromPath[UUID],
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[LineView]:
    """Give the transfers a statement is made of."""
    authorise(request, VIEW)
    return await calling.page_of_lines(
        request, statement_id=statement_id, partner_id=None, after=after, limit=limit
    )


@get(STATEMENT + "/file", tags=TAGS, summary="Download a statement")
async def download(
    request: Request, statement_id: FromPath[UUID], file_format: Format = FileFormat.XLSX
) -> Stream:
    """Give a statement as Excel with all its lines, or as PDF, in the language asked for."""
    authorise(request, VIEW)
    return await statement_file(request, statement_id=statement_id, file_format=file_format)


@get(STATEMENT + "/payments", tags=TAGS, summary="List a statement's payments")
async def list_payments(request: Request, statement_id: FromPath[UUID]) -> list[PaymentView]:
    """Give payments in the order in which they were noted."""
    authorise(request, VIEW)
    async with request.snapshot() as snap:
        found = await payments.list_payments(snap, statement_id=statement_id)
    return [PaymentView.of(one) for one in found]


@post(STATEMENT + "/payments", tags=TAGS, summary="Note a payment")
async def record_payment(
    request: Request, statement_id: FromPath[UUID], data: JSONBody[PaymentBody]
) -> Response[PaymentView]:
    """Note money that came, or, below zero, went; the same document counts once."""
    actor = authorise(request, SETTLE)
    coalition = calling.coalition_of(request)

    async def note(tx: Transaction) -> PaymentView:
        found = await queries.get_statement(tx, statement_id=statement_id)
        return PaymentView.of(
            await payments.record_payment(
                tx,
                statement=found,
                terms=coalition.terms[found.programme_id, found.partner_id],
                amount_minor=data.amount_minor,
                paid_on=data.paid_on,
                reference=data.reference,
                by=actor,
                now=request.received_at,
            )
        )

    return await request.once(note)


ROUTES = (
    list_alerts,
    list_standings,
    show_rule,
    save_rule,
    list_blocks,
    order_block,
    pay_block,
    cancel_block,
    list_closings,
    close_month,
    show_draft,
    show_liability,
    show_breakage,
    list_statements,
    show_statement,
    list_lines,
    download,
    list_payments,
    record_payment,
)
