"""Drafts of statements, and closing a month: what is closed is frozen and proven for ever."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import ClassVar
from uuid import UUID

import msgspec

from hansa.contracts.loyalty import StatementClosed
from hansa.kernel.errors import Conflict
from hansa.kernel.identifiers import new_id
from hansa.modules import accounts, ledger
from hansa.modules.loyalty import points, programmes
from hansa.modules.loyalty.programmes import Coalition, Programme
from hansa.modules.loyalty.settlement import building, clearing, months, rows
from hansa.modules.loyalty.settlement.building import Frame, Prepaid
from hansa.modules.loyalty.settlement.folding import Prices, Tally
from hansa.modules.loyalty.settlement.model import (
    Closing,
    IssuerMoved,
    PointsMoved,
    SettlementRule,
    Statement,
)
from hansa.modules.loyalty.settlement.store import blocks as block_sql
from hansa.modules.loyalty.settlement.store import closings as sql
from hansa.runtime.database import Database, Snapshot, Transaction
from hansa.runtime.http import Actor

UNSEALED = bytes(32)
_encode = msgspec.json.encode


@dataclass(eq=False)
class BooksMoved(Conflict):
    """Something was recorded in the month while it was being added up; it can be closed again."""

    code: ClassVar[str] = "loyalty.books_moved"
    message: ClassVar[str] = "Something was recorded in this month meanwhile. Close it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A month as it would be closed: `digest` and `postings` are of what it was added up from."""

    programme: Programme
    begins_at: datetime
    ends_at: datetime
    issuers: tuple[IssuerMoved, ...]
    statements: tuple[Statement, ...]
    postings: int
    digest: bytes


async def read_rule(snap: Snapshot, *, programme_id: UUID) -> SettlementRule:
    """Give how a programme settles; what nobody said is as it is by default."""
    row = await snap.maybe(sql.GET_RULE, {"programme_id": programme_id})
    return SettlementRule(programme_id=programme_id) if row is None else rows.rule_of(row)


async def last_closing(snap: Snapshot, *, programme_id: UUID, by: datetime) -> Closing | None:
    """Give the latest period closed that had ended by an instant."""
    row = await snap.maybe(sql.LAST_CLOSING, {"programme_id": programme_id, "by": by})
    return None if row is None else rows.closing_of(row)


async def draft_month(
    snap: Snapshot, *, coalition: Coalition, programme: Programme, first: date
) -> Draft:
    """Add a month up as far as it has gone, without changing anything. Reads all of it."""
    begins_at, ends_at = months.bounds_of(first, programme.time_zone)
    return await draft(
        snap,
        coalition=coalition,
        programme=programme,
        begins_at=begins_at,
        ends_at=ends_at,
        rule=await read_rule(snap, programme_id=programme.id),
    )


async def draft(
    snap: Snapshot,
    *,
    coalition: Coalition,
    programme: Programme,
    begins_at: datetime,
    ends_at: datetime,
    rule: SettlementRule,
) -> Draft:
    """Add a period up; opening is what the last one closed with and what came between."""
    prices = await prices_of(snap, coalition, programme)
    before = await issuers_before(snap, programme, prices, begins_at)
    tally, proof = await tally_of(
        snap,
        span=ledger.Span(ledger=programme.number, begins_at=begins_at, ends_at=ends_at),
        prices=prices,
        zone=programme.time_zone,
    )
    issuers = building.issuers_of(tally, before, prices=prices, ends_at=ends_at)
    frame = await frame_of(snap, coalition, programme, prices, begins_at, ends_at, rule=rule)
    due_on = months.day_of(ends_at, programme.time_zone) + timedelta(days=rule.due_days)
    statements = statements_of(
        tally,
        issuers,
        coalition=coalition,
        programme=programme,
        frame=frame,
        begins_at=begins_at,
        due_on=due_on,
    )
    return Draft(
        programme=programme,
        begins_at=begins_at,
        ends_at=ends_at,
        issuers=issuers,
        statements=statements,
        postings=proof.postings,
        digest=proof.digest,
    )


async def prices_of(snap: Snapshot, coalition: Coalition, programme: Programme) -> Prices:
    """Give what every partner of a programme had agreed to when."""
    versions = await programmes.list_terms_versions(snap, programme_id=programme.id)
    return Prices.of(versions, {one.id: one.number for one in coalition.partners.values()})


async def tally_of(
    snap: Snapshot, *, span: ledger.Span, prices: Prices, zone: str
) -> tuple[Tally, ledger.PeriodProof]:
    """Count what moved in a span, some thousands of moves at a time."""
    tally = Tally(prices=prices, zone=zone, begins_at=span.begins_at)
    proof = ledger.PeriodProof()
    async for moves in ledger.stream_moves(snap, span=span):
        lots = {(one.bucket, one.tag) for one in moves if one.tag is not None}
        campaigns = await points.campaigns_of(snap, lots=list(lots))
        tally.add(moves, campaigns)
        proof.add(moves)
    return tally, proof


async def issuers_before(
    snap: Snapshot, programme: Programme, prices: Prices, begins_at: datetime
) -> Mapping[int, IssuerMoved]:
    """Give what issuers had when a period began."""
    closing = await last_closing(snap, programme_id=programme.id, by=begins_at)
    closed = {one.issuer: one for one in closing.issuers} if closing else {}
    since = closing.ends_at if closing else None
    if since == begins_at:
        return closed
    tally, _ = await tally_of(
        snap,
        span=ledger.Span(ledger=programme.number, begins_at=since, ends_at=begins_at),
        prices=prices,
        zone=programme.time_zone,
    )
    carried = building.issuers_of(tally, closed, prices=prices, ends_at=begins_at)
    return {one.issuer: one for one in carried}


async def frame_of(  # noqa: PLR0917 - what a period hangs on
    snap: Snapshot,
    coalition: Coalition,
    programme: Programme,
    prices: Prices,
    begins_at: datetime,
    ends_at: datetime,
    *,
    rule: SettlementRule,
) -> Frame:
    """Gather what statements of a period hang on besides the points that moved."""
    found = await snap.all(
        block_sql.PREPAID,
        {"programme_id": programme.id, "begins_at": begins_at, "ends_at": ends_at},
    )
    beside = await clearing.sum_beside(
        snap, programme=programme, begins_at=begins_at, ends_at=ends_at
    )
    return Frame(
        settle_at=programme.settle_at,
        prices=prices,
        ends_at=ends_at,
        prepaid={
            coalition.partners[row.partner_id].number: Prepaid(
                row.issued_before, row.at_begin, row.at_end
            )
            for row in found
        },
        converted=beside.converted,
        uncovered=beside.uncovered,
        vat_percent=rule.vat_percent,
    )


def statements_of(
    tally: Tally,
    issuers: tuple[IssuerMoved, ...],
    *,
    coalition: Coalition,
    programme: Programme,
    frame: Frame,
    begins_at: datetime,
    due_on: date,
) -> tuple[Statement, ...]:
    """Make the statement of every partner of a programme."""
    moved = {one.issuer: one for one in issuers}
    made = []
    for terms in coalition.terms.values():
        if terms.programme.id != programme.id:
            continue
        number = terms.partner.number
        issuer = moved.get(number) or IssuerMoved(issuer=number, points=PointsMoved())
        content = building.content_of(tally, issuer, frame=frame)
        made.append(
            Statement(
                id=None,
                programme_id=programme.id,
                partner_id=terms.partner.id,
                begins_at=begins_at,
                ends_at=frame.ends_at,
                content=content,
                due_minor=content.due_minor,
                currency=programme.currency,
                due_on=due_on,
                digest=b"",
            )
        )
    return tuple(building.by_partner(made))


async def close_month(
    database: Database,
    *,
    coalition: Coalition,
    programme: Programme,
    first: date,
    by: Actor | None,
    now: datetime,
) -> Closing:
    """Close a month of a programme: seal the ledger's period, freeze statements, post their money.

    It is added up first, while others go on; then the books are locked, and if they are what was
    added up, all is written at once.

    Raises:
        ledger.PeriodNotOver: the month has not ended.
        ledger.PeriodOutOfOrder: another month comes first, or this one is closed.
        BooksMoved: something was recorded in it meanwhile.
    """
    async with database.snapshot() as snap:
        drafted = await draft_month(snap, coalition=coalition, programme=programme, first=first)
    async with database.transaction() as tx:
        return await freeze(tx, drafted=drafted, coalition=coalition, by=by, now=now)


async def freeze(
    tx: Transaction, *, drafted: Draft, coalition: Coalition, by: Actor | None, now: datetime
) -> Closing:
    """Close the period of a draft, if the books still are what it was added up from.

    Raises:
        ledger.PeriodNotOver, ledger.PeriodOutOfOrder, BooksMoved: as `close_month`.
    """
    programme = drafted.programme
    period = await ledger.seal_period(
        tx,
        ledger=programme.number,
        begins_at=drafted.begins_at,
        ends_at=drafted.ends_at,
        now=now,
    )
    if (period.digest, period.postings) != (drafted.digest, drafted.postings):
        raise BooksMoved
    statements = [
        building.sealed(replace(one, id=new_id(now)), chain=period.chain)
        for one in drafted.statements
    ]
    closing = Closing(
        programme_id=programme.id,
        begins_at=drafted.begins_at,
        ends_at=drafted.ends_at,
        ledger_digest=period.digest,
        chain=period.chain,
        postings=period.postings,
        time_zone=programme.time_zone,
        issuers=drafted.issuers,
        digest=b"",
        closed_at=now,
    )
    closing = replace(closing, digest=building.digest_of(closing, statements))
    await _save(tx, closing, statements, currency=programme.currency, by=by)
    for one in statements:
        partner = coalition.partners[one.partner_id]
        await clearing.post_statement(
            tx, programme=programme, partner=partner.number, statement=one, now=now
        )
        assert one.id is not None
        await tx.publish(
            StatementClosed(
                statement_id=one.id,
                programme_id=programme.id,
                partner_id=one.partner_id,
                begins_at=one.begins_at,
                ends_at=one.ends_at,
                due_minor=one.due_minor,
                currency=one.currency,
                closed_at=now,
            )
        )
    await accounts.record(
        tx,
        actor=by,
        action="loyalty.close_period",
        subject_kind="loyalty_programme",
        subject_id=programme.id,
        after={"begins_at": drafted.begins_at, "digest": closing.digest.hex()},
        now=now,
    )
    return closing


async def _save(
    tx: Transaction,
    closing: Closing,
    statements: list[Statement],
    *,
    currency: str,
    by: Actor | None,
) -> None:
    await tx.execute(
        sql.SAVE_CLOSING,
        {
            "programme_id": closing.programme_id,
            "begins_at": closing.begins_at,
            "ends_at": closing.ends_at,
            "ledger_digest": closing.ledger_digest,
            "chain": closing.chain,
            "postings": closing.postings,
            "time_zone": closing.time_zone,
            "issuers": _encode(closing.issuers).decode(),
            "digest": closing.digest,
            "by": by.id if by else None,
            "now": closing.closed_at,
        },
    )
    await tx.execute(
        sql.SAVE_STATEMENTS,
        {
            "programme_id": closing.programme_id,
            "begins_at": closing.begins_at,
            "ends_at": closing.ends_at,
            "currency": currency,
            "ids": [one.id for one in statements],
            "partners": [one.partner_id for one in statements],
            "contents": [_encode(one.content).decode() for one in statements],
            "dues": [one.due_minor for one in statements],
            "due_ons": [one.due_on for one in statements],
            "digests": [one.digest for one in statements],
        },
    )
