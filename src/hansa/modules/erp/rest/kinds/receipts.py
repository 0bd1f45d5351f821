"""Receipts and returns of the shops' tills, with the card that was shown.

A receipt never changes: the same key with another content is refused, whatever its sequence. It
moves no stock, since the ERP's numbers already contain it.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from hansa.kernel.errors import HansaError
from hansa.kernel.money import money_from_decimal
from hansa.modules import parties, receipts
from hansa.modules.erp.importing.desk import Reference
from hansa.modules.erp.rest.errors import InstantMissing, QuantityAbsurd, UnknownWarehouse
from hansa.modules.erp.rest.intake import Intake, Message
from hansa.modules.erp.rest.kind import Kind
from hansa.modules.erp.rest.model import KEY_CHARACTERS_MAX, Outcome, Told
from hansa.modules.erp.rest.rows import Row
from hansa.modules.parties import Identifier, IdentifierKind
from hansa.modules.receipts import NewReceipt, ReceiptKind, ReceiptLine
from hansa.runtime.database import Transaction

AMOUNT_MAX = Decimal(10) ** 12
LINES_MAX = 1_000
_Short = Annotated[str, msgspec.Meta(max_length=KEY_CHARACTERS_MAX)]


class LineOfReceipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line; of a return `original_line` names the line of the sale, else it is the same one."""

    line: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    item: _Short
    quantity: Decimal
    amount: Decimal
    name: Annotated[str, msgspec.Meta(max_length=500)] = ""
    original_line: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None


class ReceiptRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sale or a return; `as_of` is its moment, `original` the key of the sale of a return."""

    kind: ReceiptKind
    lines: Annotated[list[LineOfReceipt], msgspec.Meta(min_length=1, max_length=LINES_MAX)]
    number: Annotated[str, msgspec.Meta(max_length=100)] = ""
    warehouse: _Short | None = None
    card: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    customer: (
        Annotated[str, msgspec.Meta(max_length=KEY_CHARACTERS_MAX, description="Their key")] | None
    ) = None
    original: _Short | None = None
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] | None = None


async def apply(tx: Transaction, intake: Intake, messages: Sequence[Message[ReceiptRow]]) -> None:
    """Record receipts; an item that is not known stays on its line under the till's name."""
    items = await intake.variants(tx, {line.item for one in messages for line in one.row.lines})
    places = await intake.desk.all_of(tx, "warehouse")
    ready: list[Message[ReceiptRow]] = []
    wanted: list[NewReceipt] = []
    for message in messages:
        try:
            wanted.append(await _receipt(tx, intake, message, items, places))
        except HansaError as error:
            message.fate.refuse(error, _FIELDS.get(error.code, ""))
        else:
            ready.append(message)
    recorded = await receipts.record_receipts(tx, receipts=wanted, now=intake.now)
    for message, answer in zip(ready, recorded, strict=True):
        match answer.outcome:
            case receipts.Outcome.RECORDED:
                message.fate.settle(Outcome.APPLIED)
            case receipts.Outcome.UNCHANGED:
                message.fate.settle(Outcome.UNCHANGED)
            case receipts.Outcome.REFUSED:
                message.fate.outcome = Outcome.REFUSED
                message.fate.told = Told(answer.code, answer.reason, answer.data)


_FIELDS = {
    "erp.as_of_missing": "as_of",
    "erp.unknown_warehouse": "warehouse",
    "erp.quantity_absurd": "lines",
    "parties.identifier_invalid": "customer",
}


async def _receipt(
    tx: Transaction,
    intake: Intake,
    message: Message[ReceiptRow],
    items: Mapping[str, Reference],
    places: Mapping[str, Reference],
) -> NewReceipt:
    row = message.row
    if row.as_of is None:
        raise InstantMissing
    if row.warehouse is not None and row.warehouse not in places:
        raise UnknownWarehouse(row.warehouse)
    currency = row.currency or intake.connection.currency
    return NewReceipt(
        source=intake.connection.source,
        key=row.key,
        kind=row.kind,
        currency=currency,
        happened_at=message.as_of,
        number=row.number,
        warehouse_id=None if row.warehouse is None else places[row.warehouse].internal_id,
        party_id=await _customer(tx, intake, row),
        card=row.card,
        original_key=row.original,
        lines=tuple(
            ReceiptLine(
                line=line.line,
                quantity=line.quantity,
                amount_minor=_minor(line.amount, currency),
                variant_id=items[line.item].internal_id if line.item in items else None,
                item=line.item,
                name=line.name,
                original_line=line.original_line,
            )
            for line in row.lines
        ),
    )


def _minor(amount: Decimal, currency: str) -> int:
    if not amount.is_finite() or abs(amount) > AMOUNT_MAX:
        raise QuantityAbsurd(str(amount)[:40])
    return money_from_decimal(amount, currency).minor


async def _customer(tx: Transaction, intake: Intake, row: ReceiptRow) -> UUID | None:
    if not row.customer:
        return None
    named = Identifier(
        kind=IdentifierKind.OUTSIDE, value=row.customer, system=intake.connection.source
    )
    return await parties.find_match(tx, identifiers=[named])


RECEIPTS = Kind(
    name="receipts",
    title="Tell receipts and returns of the tills",
    owned="receipts",
    row=ReceiptRow,
    apply=apply,
    rows_per_transaction=200,
    example={
        "key": "TILL-3-000123",
        "sequence": 1,
        "as_of": "2026-11-22T14:05:00+03:00",
        "kind": "sale",
        "number": "123",
        "warehouse": "shop-1",
        "card": "22000001",
        "lines": [
            {
                "line": 1,
                "item": "e7f1b1d2-7a01-11ee-9c3e-00155d0a0b01#2",
                "quantity": 1,
                "amount": "1990.00",
            }
        ],
    },
)
