"""Closed statements are what the entries say, recomputed to the point and the minor unit."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

from hansa.modules.loyalty import programmes
from hansa.modules.loyalty.programmes import Coalition, Programme
from hansa.modules.loyalty.settlement import building, clearing, closing, rows
from hansa.modules.loyalty.settlement.model import Closing, SettlementRule, Statement
from hansa.modules.loyalty.settlement.store import closings as sql
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding

PAGE = 50
FINDINGS_MAX = 100
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


async def statements_are_the_entries(snap: Snapshot) -> list[Finding]:
    """Every closed statement follows from what the ledger has of its period."""
    findings: list[Finding] = []
    for row in await snap.all(sql.PROGRAMMES_CLOSED):
        coalition = await programmes.read_coalition(snap, now=row.closed_at)
        programme = coalition.programmes[row.programme_id]
        async for held in _closings(snap, programme):
            async for subject, message in _faults(snap, coalition, programme, held):
                findings.append(
                    Finding(check="loyalty.statements", subject=subject, message=message)
                )
            if len(findings) >= FINDINGS_MAX:
                return findings[:FINDINGS_MAX]
    return findings


async def _closings(snap: Snapshot, programme: Programme) -> AsyncIterator[Closing]:
    after = None
    while found := await snap.all(
        sql.CLOSINGS_AFTER, {"programme_id": programme.id, "after": after, "limit": PAGE}
    ):
        for row in found:
            yield rows.closing_of(row)
        after = found[-1].begins_at


async def _faults(
    snap: Snapshot, coalition: Coalition, programme: Programme, held: Closing
) -> AsyncIterator[tuple[str, str]]:
    month = f"{programme.code} from {held.begins_at:%Y-%m-%d}"
    found = await snap.all(
        sql.STATEMENTS_OF_CLOSING,
        {"programme_id": programme.id, "begins_at": held.begins_at},
    )
    kept = [rows.statement_of(row) for row in found]
    rule = SettlementRule(
        programme_id=programme.id,
        vat_percent=kept[0].content.vat_percent if kept else None,
    )
    again = await closing.draft(
        snap,
        coalition=coalition,
        programme=replace(programme, time_zone=held.time_zone),
        begins_at=held.begins_at,
        ends_at=held.ends_at,
        rule=rule,
    )
    if (again.digest, again.postings) != (held.ledger_digest, held.postings):
        yield month, "the books of the period are not what was closed"
    if again.issuers != held.issuers:
        yield month, "what became of issuers' points is not what the entries say"
    if building.digest_of(held, kept) != held.digest:
        yield month, "its issuers or statements are not those that were closed"
    made = {one.partner_id: one for one in again.statements}
    for one in kept:
        subject = f"statement {one.id} of {month}"
        for message in _differences(one, made.get(one.partner_id), held):
            yield subject, message


def _differences(held: Statement, made: Statement | None, closed: Closing) -> list[str]:
    if made is None:
        return ["its partner takes no part any more"]
    told = []
    if made.content != held.content:
        told.append(
            f"closes with {held.content.points.closing} points and {held.content.due_minor} due, "
            f"the entries say {made.content.points.closing} and {made.content.due_minor}"
        )
    if held.due_minor != held.content.due_minor:
        told.append(f"says {held.due_minor} due, its lines sum to {held.content.due_minor}")
    if building.sealed(held, chain=closed.chain).digest != held.digest:
        told.append("its digest is of something else")
    return told


async def money_is_the_statements(snap: Snapshot) -> list[Finding]:
    """What a partner owes by the books is what its statements say, less what was paid."""
    findings = []
    for row in await snap.all(sql.PROGRAMMES_CLOSED):
        coalition = await programmes.read_coalition(snap, now=row.closed_at)
        programme = coalition.programmes[row.programme_id]
        due = await snap.all(sql.DUE_OF_PARTNERS, {"programme_id": programme.id})
        numbers = {one.partner_id: coalition.partners[one.partner_id].number for one in due}
        money = await clearing.read_money(
            snap, programme=programme, partners=list(numbers.values())
        )
        beside = await clearing.sum_beside(
            snap, programme=programme, begins_at=None, ends_at=_END_OF_TIME
        )
        converted = beside.converted
        for one in due:
            number = numbers[one.partner_id]
            expected = one.due - one.paid - (converted.get(number, 0) - one.converted)
            if money[number].balance_minor != expected:
                findings.append(
                    Finding(
                        check="loyalty.clearing",
                        subject=f"partner {number} in {programme.code}",
                        message=f"owes {money[number].balance_minor} by the books, "
                        f"{expected} by its statements",
                    )
                )
    return findings


CHECKS = (
    Check(
        area="loyalty",
        name="Closed statements follow from the entries",
        run=statements_are_the_entries,
    ),
    Check(area="loyalty", name="Clearing is what statements say", run=money_is_the_statements),
)
