"""Reads of statements, their lines, closings and blocks."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import NotFound
from hansa.kernel.identifiers import instant_of
from hansa.modules import ledger
from hansa.modules.loyalty import points
from hansa.modules.loyalty.programmes import Coalition, Terms
from hansa.modules.loyalty.settlement import closing, rows
from hansa.modules.loyalty.settlement.blocks import issued_ever
from hansa.modules.loyalty.settlement.folding import Prices, What, meaning_of
from hansa.modules.loyalty.settlement.model import Closing, PointBlock, Statement, draw_blocks
from hansa.modules.loyalty.settlement.store import blocks as block_sql
from hansa.modules.loyalty.settlement.store import closings as sql
from hansa.runtime.database import Snapshot

DIGITS_SHOWN = 4

Place = tuple[int, UUID, int]
FIRST: Place = ledger.LOWEST
"""Before every transfer."""


@dataclass(eq=False)
class StatementNotFound(NotFound):
    """There is no such statement, or it is another partner's."""

    code: ClassVar[str] = "loyalty.statement_not_found"
    message: ClassVar[str] = "There is no such statement."


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """A transfer on a statement. `value` is in minor units, exact: sums are rounded, not lines.

    `member` is the end of the account's number. `issuer` gave the points, `partner` took them (or
    gave them); both are numbers. Points that were restored or taken back are below zero.
    """

    place: Place
    recorded_at: datetime
    effective_at: datetime
    key: str
    reference: str
    member: str
    what: What
    issuer: int
    partner: int
    points: int
    price: Decimal
    value: Decimal
    is_late: bool


async def get_statement(
    snap: Snapshot, *, statement_id: UUID, partner_id: UUID | None = None
) -> Statement:
    """Give a closed statement, to a partner only its own.

    Raises:
        StatementNotFound: there is none.
    """
    row = await snap.maybe(sql.GET_STATEMENT, {"id": statement_id})
    if row is None or partner_id not in {None, row.partner_id}:
        raise StatementNotFound
    return rows.statement_of(row)


async def list_statements(
    snap: Snapshot,
    *,
    partner_id: UUID,
    programme_id: UUID | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Statement]:
    """Give closed statements of a partner, the latest first."""
    found = await snap.all(
        sql.LIST_STATEMENTS,
        {
            "partner_id": partner_id,
            "programme_id": programme_id,
            "before_at": before[0] if before else None,
            "before_id": before[1] if before else None,
            "limit": limit,
        },
    )
    return [rows.statement_of(row) for row in found]


async def statements_of_closing(snap: Snapshot, *, closed: Closing) -> list[Statement]:
    """Give all statements of a closed period."""
    asked = {"programme_id": closed.programme_id, "begins_at": closed.begins_at}
    return [rows.statement_of(row) for row in await snap.all(sql.STATEMENTS_OF_CLOSING, asked)]


async def list_closings(
    snap: Snapshot, *, programme_id: UUID, before: datetime | None = None, limit: int
) -> list[Closing]:
    """Give closed periods of a programme, the latest first."""
    asked = {"programme_id": programme_id, "before": before, "limit": limit}
    return [rows.closing_of(row) for row in await snap.all(sql.LIST_CLOSINGS, asked)]


async def closing_of(snap: Snapshot, *, statement: Statement) -> Closing:
    """Give the closing a statement is of."""
    found = await closing.last_closing(
        snap, programme_id=statement.programme_id, by=statement.ends_at
    )
    assert found is not None
    return found


async def list_blocks(snap: Snapshot, *, terms: Terms) -> tuple[PointBlock, ...]:
    """Give a partner's blocks by number, with what is used of each now."""
    of = {"programme_id": terms.programme.id, "partner_id": terms.partner.id}
    blocks = tuple([rows.block_of(row) for row in await snap.all(block_sql.LIST_BLOCKS, of)])
    if not blocks:
        return ()
    begun = await snap.one(block_sql.PREPAID_OF, of)
    drawn = await issued_ever(snap, terms=terms) - begun.issued_before
    return draw_blocks(blocks, drawn)


async def list_lines(
    snap: Snapshot,
    *,
    coalition: Coalition,
    statement: Statement,
    after: Place = ledger.LOWEST,
    limit: int,
) -> list[StatementLine]:
    """Give a page of a statement's transfers, after a place."""
    prices, span, partner = await _asked(snap, coalition, statement)
    moves = await ledger.list_moves(snap, span=span, after=after, limit=limit)
    return [_line(one, prices, partner, statement) for one in moves]


async def stream_lines(
    snap: Snapshot, *, coalition: Coalition, statement: Statement
) -> AsyncIterator[Sequence[StatementLine]]:
    """Give all of a statement's transfers, some thousands at a time."""
    prices, span, partner = await _asked(snap, coalition, statement)
    async for moves in ledger.stream_moves(snap, span=span):
        yield [_line(one, prices, partner, statement) for one in moves]


async def _asked(
    snap: Snapshot, coalition: Coalition, statement: Statement
) -> tuple[Prices, ledger.Span, int]:
    programme = coalition.programmes[statement.programme_id]
    partner = coalition.partners[statement.partner_id].number
    span = ledger.Span(
        ledger=programme.number,
        begins_at=statement.begins_at,
        ends_at=statement.ends_at,
        issuer=partner,
        accounts=(points.spent_account(partner),),
    )
    return await closing.prices_of(snap, coalition, programme), span, partner


def _line(move: ledger.Move, prices: Prices, partner: int, statement: Statement) -> StatementLine:
    meaning = meaning_of(move)
    is_taken_here = meaning.what is What.SPENT and meaning.partner == partner
    if is_taken_here:
        price = prices.redeem_price(partner, move.recorded_at)
    else:
        price = prices.issue_price(
            move.issuer, instant_of(move.tag) if move.tag else move.recorded_at
        )
    account = move.credit if move.credit > 0 else move.debit
    return StatementLine(
        place=move.place,
        recorded_at=move.recorded_at,
        effective_at=move.effective_at,
        key=move.key,
        reference=move.reference,
        member=f"…{str(account)[-DIGITS_SHOWN:]}" if account > 0 else "",
        what=meaning.what,
        issuer=move.issuer,
        partner=meaning.partner,
        points=meaning.points,
        price=price,
        value=meaning.points * price,
        is_late=move.effective_at < statement.begins_at,
    )
