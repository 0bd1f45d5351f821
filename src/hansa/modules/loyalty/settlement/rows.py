"""Rows of settlement as values."""

import msgspec

from hansa.modules.loyalty.settlement.model import (
    Alert,
    AlertKind,
    BlockState,
    Closing,
    IssuerMoved,
    Payment,
    PointBlock,
    SettlementRule,
    Statement,
    StatementContent,
    WhenExhausted,
)
from hansa.runtime.database import Row


def rule_of(row: Row) -> SettlementRule:
    """Read how a programme settles."""
    return SettlementRule(
        programme_id=row.programme_id,
        when_exhausted=WhenExhausted(row.when_exhausted),
        due_days=row.due_days,
        vat_percent=row.vat_percent,
    )


def closing_of(row: Row) -> Closing:
    """Read a closing."""
    return Closing(
        programme_id=row.programme_id,
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        ledger_digest=bytes(row.ledger_digest),
        chain=bytes(row.chain),
        postings=row.postings,
        time_zone=row.time_zone,
        issuers=tuple(msgspec.convert(row.issuers, list[IssuerMoved])),
        digest=bytes(row.digest),
        closed_at=row.closed_at,
    )


def statement_of(row: Row) -> Statement:
    """Read a statement."""
    return Statement(
        id=row.id,
        programme_id=row.programme_id,
        partner_id=row.partner_id,
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        content=msgspec.convert(row.content, StatementContent),
        due_minor=row.due_minor,
        currency=row.currency,
        due_on=row.due_on,
        digest=bytes(row.digest),
    )


def payment_of(row: Row) -> Payment:
    """Read a payment."""
    return Payment(**row._asdict())


def block_of(row: Row) -> PointBlock:
    """Read a block of points."""
    return PointBlock(**{**row._asdict(), "state": BlockState(row.state)})


def alert_of(row: Row) -> Alert:
    """Read an alert."""
    return Alert(**{**row._asdict(), "kind": AlertKind(row.kind)})
