"""Money of statements: what has come, what has gone, what is late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Conflict, Invalid
from hansa.kernel.identifiers import new_id
from hansa.modules import accounts
from hansa.modules.loyalty.programmes import Terms
from hansa.modules.loyalty.settlement import clearing, rows
from hansa.modules.loyalty.settlement.model import Payment, Statement
from hansa.modules.loyalty.settlement.store import closings as sql
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import Actor

REFERENCE_CHARACTERS_MAX = 100


@dataclass(eq=False)
class PaymentInvalid(Invalid):
    """A payment is an amount other than zero, with the number of its document."""

    code: ClassVar[str] = "loyalty.payment_invalid"
    message: ClassVar[str] = "This cannot be saved: {field} is not right."

    field: str


@dataclass(eq=False)
class PaymentReused(Conflict):
    """The statement has a payment with this document already, of another amount."""

    code: ClassVar[str] = "loyalty.payment_reused"
    message: ClassVar[str] = "The document {reference} is of another payment already."

    reference: str


async def record_payment(  # noqa: PLR0913 - what a payment is
    tx: Transaction,
    *,
    statement: Statement,
    terms: Terms,
    amount_minor: int,
    paid_on: date,
    reference: str,
    by: Actor | None,
    now: datetime,
) -> Payment:
    """Note money that came for a statement, or, below zero, went; the same document counts once.

    Raises:
        PaymentInvalid: it is nothing, or has no document.
        PaymentReused: the document was noted with another amount or day.
    """
    if not 0 < abs(amount_minor) <= clearing.AMOUNT_MINOR_MAX:
        raise PaymentInvalid("amount")
    if not 0 < len(reference) <= REFERENCE_CHARACTERS_MAX or not reference.isprintable():
        raise PaymentInvalid("reference")
    assert statement.id is not None
    payment = Payment(
        id=new_id(now),
        statement_id=statement.id,
        amount_minor=amount_minor,
        paid_on=paid_on,
        reference=reference,
        recorded_at=now,
    )
    saved = await tx.execute(
        sql.SAVE_PAYMENT,
        {
            "id": payment.id,
            "statement_id": statement.id,
            "amount_minor": amount_minor,
            "paid_on": paid_on,
            "reference": reference,
            "by": by.id if by else None,
            "now": now,
        },
    )
    if not saved:
        asked = {"statement_id": statement.id, "reference": reference}
        known = rows.payment_of(await tx.one(sql.FIND_PAYMENT, asked))
        if (known.amount_minor, known.paid_on) != (amount_minor, paid_on):
            raise PaymentReused(reference)
        return known
    await clearing.post_payment(
        tx,
        programme=terms.programme,
        partner=terms.partner.number,
        payment_id=payment.id,
        amount_minor=amount_minor,
        reference=reference,
        now=now,
    )
    await accounts.record(
        tx,
        actor=by,
        action="loyalty.record_payment",
        subject_kind="loyalty_statement",
        subject_id=statement.id,
        after={"amount_minor": amount_minor, "paid_on": paid_on, "reference": reference},
        now=now,
    )
    return payment


async def list_payments(snap: Snapshot, *, statement_id: UUID) -> list[Payment]:
    """Give the payments of a statement in the order in which they were noted."""
    return [
        rows.payment_of(row)
        for row in await snap.all(sql.LIST_PAYMENTS, {"statement_id": statement_id})
    ]


async def sum_paid(snap: Snapshot, *, statements: Sequence[UUID]) -> dict[UUID, int]:
    """Give what was paid of statements."""
    paid = dict.fromkeys(statements, 0)
    for row in await snap.all(sql.PAID, {"ids": list(statements)}):
        paid[row.statement_id] = row.paid
    return paid
