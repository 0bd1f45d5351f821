"""What the ERP says of orders: their state there, and what was shipped."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from hansa.kernel.errors import HansaError
from hansa.modules import orders
from hansa.modules.erp.rest.errors import (
    NotInOrder,
    QuantityAbsurd,
    UnknownItem,
    UnknownOrder,
)
from hansa.modules.erp.rest.intake import Intake, Message
from hansa.modules.erp.rest.kind import Kind
from hansa.modules.erp.rest.model import KEY_CHARACTERS_MAX, Fate, Outcome, Told
from hansa.modules.erp.rest.rows import Row
from hansa.runtime.database import Transaction

QUANTITY_MAX = Decimal(1_000_000)
LINES_MAX = 1_000
_Short = Annotated[str, msgspec.Meta(max_length=KEY_CHARACTERS_MAX)]


class OrderStatusRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state of an order in the ERP; the key is the number or id of the order."""

    state: orders.ErpState | None = None
    erp_number: _Short | None = None
    is_paid: bool = False
    text: Annotated[
        str, msgspec.Meta(max_length=500, description="The ERP's own word, kept in the history")
    ] = ""


class ShippedLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many of an item."""

    item: Annotated[str, msgspec.Meta(min_length=1, max_length=KEY_CHARACTERS_MAX)]
    quantity: Decimal


class ShipmentRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Goods that left for an order; the key is the number of the ERP's document."""

    order: Annotated[
        str, msgspec.Meta(min_length=1, max_length=100, description="Number or id of the order")
    ]
    warehouse: _Short | None = None
    lines: Annotated[
        list[ShippedLine],
        msgspec.Meta(max_length=LINES_MAX, description="What left; none means the whole order"),
    ] = msgspec.field(default_factory=list)


async def apply_statuses(
    tx: Transaction, intake: Intake, messages: Sequence[Message[OrderStatusRow]]
) -> None:
    """Take over what the ERP says of orders, one by one."""
    for message in messages:
        row = message.row
        status = orders.ErpStatus(
            number=row.key,
            order_id=_uuid(row.key),
            erp_number=row.erp_number,
            state=row.state,
            is_paid=row.is_paid,
            shipped_at=message.as_of,
            text=row.text,
        )
        await _take(tx, intake, message.fate, status, name=row.key, at="key")


async def apply_shipments(
    tx: Transaction, intake: Intake, messages: Sequence[Message[ShipmentRow]]
) -> None:
    """Take over shipments, one by one."""
    named = {line.item for message in messages for line in message.row.lines}
    items = await intake.variants(tx, named)
    for message in messages:
        row, fate = message.row, message.fate
        try:
            warehouse_id = None if row.warehouse is None else await intake.place(tx, row.warehouse)
            lines = [
                _line(line, {one: items[one].internal_id for one in items}) for line in row.lines
            ]
            if lines:
                _check_held(await find_order(tx, row.order), row.lines, lines)
        except HansaError as error:
            fate.refuse(error, "warehouse" if error.code.endswith("warehouse") else "lines")
            continue
        status = orders.ErpStatus(
            number=row.order,
            order_id=_uuid(row.order),
            state=orders.ErpState.SHIPPED,
            shipped_at=message.as_of,
            shipment_number=row.key,
            shipped_lines=tuple(lines),
            warehouse_id=warehouse_id,
        )
        await _take(tx, intake, fate, status, name=row.order, at="order")


def _line(line: ShippedLine, items: Mapping[str, UUID]) -> tuple[UUID, Decimal]:
    if line.item not in items:
        raise UnknownItem(line.item)
    if not line.quantity.is_finite() or not 0 < line.quantity <= QUANTITY_MAX:
        raise QuantityAbsurd(str(line.quantity)[:40])
    return items[line.item], line.quantity


def _check_held(
    order: orders.Order | None,
    named: Sequence[ShippedLine],
    lines: Sequence[tuple[UUID, Decimal]],
) -> None:
    """Refuse goods the order does not hold, or more than it does; an unknown order is told later.

    Raises:
        NotInOrder: carries the item as the ERP calls it.
    """
    if order is None:
        return
    left: dict[UUID, Decimal] = {}
    for held in order.lines:
        left[held.variant_id] = left.get(held.variant_id, Decimal(0)) + held.quantity
    for line, (variant_id, quantity) in zip(named, lines, strict=True):
        left[variant_id] = left.get(variant_id, Decimal(0)) - quantity
        if left[variant_id] < 0:
            raise NotInOrder(line.item)


async def find_order(tx: Transaction, name: str) -> orders.Order | None:
    """Give an order by its number or id."""
    try:
        return await orders.find_order(tx, number=name)
    except orders.OrderNotFound:
        id_ = _uuid(name)
    if id_ is None:
        return None
    try:
        return await orders.get_order(tx, order_id=id_)
    except orders.OrderNotFound:
        return None


async def _take(
    tx: Transaction, intake: Intake, fate: Fate, status: orders.ErpStatus, *, name: str, at: str
) -> None:
    """Apply one status under a savepoint: what it is refused for leaves nothing behind."""
    try:
        async with tx.connection.transaction():
            result = await orders.apply_erp_status(tx, status=status, now=intake.now)
    except HansaError as error:
        fate.refuse(error, at)
        return
    match result.outcome:
        case orders.ErpOutcome.CHANGED:
            fate.settle(Outcome.APPLIED)
        case orders.ErpOutcome.UNCHANGED:
            fate.settle(Outcome.UNCHANGED)
        case orders.ErpOutcome.UNKNOWN:
            fate.refuse(UnknownOrder(name), at)
        case orders.ErpOutcome.REFUSED:
            fate.outcome = Outcome.REFUSED
            fate.told = Told("erp.order_refused", result.reason, result.data, "state")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


ORDER_STATUSES = Kind(
    name="order-statuses",
    title="Tell the state of orders",
    owned="order_statuses",
    row=OrderStatusRow,
    apply=apply_statuses,
    rows_per_transaction=50,
    example={
        "key": "A-100017",
        "sequence": 3,
        "as_of": "2026-11-22T10:00:00+03:00",
        "state": "confirmed",
        "erp_number": "0000-000123",
    },
)
SHIPMENTS = Kind(
    name="shipments",
    title="Tell what was shipped",
    owned="shipments",
    row=ShipmentRow,
    apply=apply_shipments,
    rows_per_transaction=50,
    example={
        "key": "SH-000123",
        "sequence": 1,
        "as_of": "2026-11-22T12:30:00+03:00",
        "order": "A-100017",
        "warehouse": "central",
        "lines": [{"item": "e7f1b1d2-7a01-11ee-9c3e-00155d0a0b01#2", "quantity": 1}],
    },
)
