"""Blocks of points that prepaid partners buy, and the rule of a programme for when they run out."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from psycopg.errors import UniqueViolation

from hansa.kernel.errors import Conflict, Invalid, NotFound
from hansa.kernel.identifiers import new_id
from hansa.modules import accounts, ledger
from hansa.modules.loyalty import points, programmes
from hansa.modules.loyalty.programmes import Terms
from hansa.modules.loyalty.settlement import rows
from hansa.modules.loyalty.settlement.model import BlockState, PointBlock, SettlementRule
from hansa.modules.loyalty.settlement.store import blocks as sql
from hansa.modules.loyalty.settlement.store import closings as closing_sql
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import Actor

POINTS_MAX = 10**12
AMOUNT_MINOR_MAX = 10**15
INVOICE_CHARACTERS_MAX = 100
DUE_DAYS_MAX = 366
VAT_PERCENT_MAX = 99


@dataclass(eq=False)
class BlockInvalid(Invalid):
    """A field of a block or of a rule is no such thing; `field` says which."""

    code: ClassVar[str] = "loyalty.block_invalid"
    message: ClassVar[str] = "This cannot be saved: {field} is not right."

    field: str


@dataclass(eq=False)
class InvoiceTaken(Conflict):
    """Another block of this partner has this invoice."""

    code: ClassVar[str] = "loyalty.invoice_taken"
    message: ClassVar[str] = "Invoice {invoice} is of another block already."

    invoice: str


@dataclass(eq=False)
class BlockNotFound(NotFound):
    """There is no such block."""

    code: ClassVar[str] = "loyalty.block_not_found"
    message: ClassVar[str] = "There is no such block of points."


@dataclass(eq=False)
class BlockEnded(Conflict):
    """A block is paid or cancelled once."""

    code: ClassVar[str] = "loyalty.block_ended"
    message: ClassVar[str] = "This block is {state} already."

    state: str


async def order_block(
    tx: Transaction,
    *,
    terms: Terms,
    quantity: int,
    amount_minor: int,
    invoice: str,
    by: Actor | None,
    now: datetime,
) -> PointBlock:
    """Note that a partner buys so many points for so much; they count once it has paid.

    The first block of a partner begins its prepayment: what it issued before is not drawn from it.

    Raises:
        BlockInvalid: a field is no such thing.
        InvoiceTaken: another block has this invoice.
    """
    _require("points", 0 < quantity <= POINTS_MAX)
    _require("amount_minor", 0 <= amount_minor <= AMOUNT_MINOR_MAX)
    _require("invoice", 0 < len(invoice) <= INVOICE_CHARACTERS_MAX and invoice.isprintable())
    of = {"programme_id": terms.programme.id, "partner_id": terms.partner.id}
    begun = await tx.one(
        sql.BEGIN_PREPAYMENT,
        {**of, "issued_before": await issued_ever(tx, terms=terms), "now": now},
    )
    block = PointBlock(
        id=new_id(now),
        number=begun.blocks,
        points=quantity,
        amount_minor=amount_minor,
        invoice=invoice,
        state=BlockState.ORDERED,
        ordered_at=now,
        paid_at=None,
        programme_id=terms.programme.id,
        partner_id=terms.partner.id,
    )
    columns = {
        **of,
        "id": block.id,
        "number": block.number,
        "points": quantity,
        "amount_minor": amount_minor,
        "invoice": invoice,
        "now": now,
    }
    try:
        await tx.execute(sql.ADD_BLOCK, columns)
    except UniqueViolation as error:
        if error.diag.constraint_name != "uq_loyalty_point_block_invoice":
            raise
        raise InvoiceTaken(invoice) from error
    await _tell(tx, "order_block", block, by=by, now=now)
    return block


async def pay_block(
    tx: Transaction, *, terms: Terms, block_id: UUID, by: Actor | None, now: datetime
) -> PointBlock:
    """Note that a block is paid: from now on its points can be given, and earning begins again.

    Paid again it stays as it is.

    Raises:
        BlockNotFound: there is none of this partner.
        BlockEnded: it was cancelled.
    """
    block = await _lock(tx, terms, block_id)
    if block.state is BlockState.PAID:
        return block
    if block.state is not BlockState.ORDERED:
        raise BlockEnded(block.state)
    block = replace(block, state=BlockState.PAID, paid_at=now)
    await tx.execute(sql.MOVE_BLOCK, {"id": block.id, "state": block.state.value, "paid_at": now})
    await _tell(tx, "pay_block", block, by=by, now=now)
    row = await tx.one(
        sql.PREPAID_OF, {"programme_id": terms.programme.id, "partner_id": terms.partner.id}
    )
    drawn = await issued_ever(tx, terms=terms) - row.issued_before
    if row.stopped_at is not None and row.paid > drawn:
        await resume_earning(tx, terms=terms, by=by, now=now)
    return block


async def cancel_block(
    tx: Transaction, *, terms: Terms, block_id: UUID, by: Actor | None, now: datetime
) -> PointBlock:
    """Call off a block that is not paid.

    Raises:
        BlockNotFound: there is none of this partner.
        BlockEnded: it was paid: its points may be given already.
    """
    block = await _lock(tx, terms, block_id)
    if block.state is BlockState.CANCELLED:
        return block
    if block.state is not BlockState.ORDERED:
        raise BlockEnded(block.state)
    block = replace(block, state=BlockState.CANCELLED)
    await tx.execute(sql.MOVE_BLOCK, {"id": block.id, "state": block.state.value, "paid_at": None})
    await _tell(tx, "cancel_block", block, by=by, now=now)
    return block


async def stop_earning(tx: Transaction, *, terms: Terms, by: Actor | None, now: datetime) -> None:
    """Let a partner that has used its blocks up give no more points."""
    await _set_earning(tx, terms, stopped_at=now, by=by, now=now)


async def resume_earning(tx: Transaction, *, terms: Terms, by: Actor | None, now: datetime) -> None:
    """Let a partner give points again that was stopped because its blocks were used up."""
    await _set_earning(tx, terms, stopped_at=None, by=by, now=now)


async def save_rule(
    tx: Transaction, *, rule: SettlementRule, by: Actor | None, now: datetime
) -> None:
    """Say how a programme settles; it holds for what is closed from now on.

    Raises:
        BlockInvalid: a field is no such thing.
    """
    _require("due_days", 0 <= rule.due_days <= DUE_DAYS_MAX)
    vat = rule.vat_percent
    _require("vat_percent", vat is None or Decimal(0) <= vat <= VAT_PERCENT_MAX)
    columns = {
        "programme_id": rule.programme_id,
        "when_exhausted": rule.when_exhausted.value,
        "due_days": rule.due_days,
        "vat_percent": vat,
    }
    await tx.execute(closing_sql.SAVE_RULE, {**columns, "now": now})
    await accounts.record(
        tx,
        actor=by,
        action="loyalty.save_settlement_rule",
        subject_kind="loyalty_programme",
        subject_id=rule.programme_id,
        after=columns,
        now=now,
    )


async def issued_ever(snap: Snapshot, *, terms: Terms) -> int:
    """Give all points a partner has issued up to now, less those taken back."""
    number = terms.partner.number
    wanted = [points.issued_account(number), points.written_off_account(number)]
    rolled = await ledger.read_rolled(snap, ledger=terms.programme.number, accounts=wanted)
    return -sum(rolled.values())


async def _lock(tx: Transaction, terms: Terms, block_id: UUID) -> PointBlock:
    row = await tx.maybe(sql.LOCK_BLOCK, {"id": block_id})
    if row is None or (row.programme_id, row.partner_id) != (terms.programme.id, terms.partner.id):
        raise BlockNotFound
    return rows.block_of(row)


async def _set_earning(
    tx: Transaction,
    terms: Terms,
    *,
    stopped_at: datetime | None,
    by: Actor | None,
    now: datetime,
) -> None:
    await tx.execute(
        sql.NOTE_STOP,
        {
            "programme_id": terms.programme.id,
            "partner_id": terms.partner.id,
            "stopped_at": stopped_at,
        },
    )
    agreed = replace(terms.participation, earns=stopped_at is None)
    await programmes.save_participation(tx, participation=agreed, by=by, now=now)


def _require(field: str, is_right: bool) -> None:  # noqa: FBT001 - reads as a sentence
    if not is_right:
        raise BlockInvalid(field)


async def _tell(
    tx: Transaction, what: str, block: PointBlock, *, by: Actor | None, now: datetime
) -> None:
    await accounts.record(
        tx,
        actor=by,
        action=f"loyalty.{what}",
        subject_kind="loyalty_partner",
        subject_id=block.partner_id,
        after={
            "block": block.number,
            "points": block.points,
            "amount_minor": block.amount_minor,
            "invoice": block.invoice,
            "state": block.state.value,
        },
        now=now,
    )
