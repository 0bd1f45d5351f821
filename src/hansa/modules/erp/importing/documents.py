"""Documents of 1C: what became of orders there."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.modules import orders
from hansa.modules.erp import model
from hansa.modules.erp.commerceml import ORDER_OPERATION, Document
from hansa.modules.erp.commerceml.values import Unreadable, moment
from hansa.modules.erp.importing import owning
from hansa.modules.erp.importing.desk import Desk
from hansa.modules.erp.model import Action
from hansa.modules.erp.store import orders as sql
from hansa.runtime.database import Transaction

SHIPMENT_OPERATION = "Отпуск товара"
_KNOWN = (ORDER_OPERATION, SHIPMENT_OPERATION)


async def apply_documents(
    tx: Transaction, desk: Desk, documents: Sequence[Document], *, now: datetime
) -> None:
    """Take over statuses, payments and shipments; each document counts by itself."""
    for document in documents:
        operation = document.operation or ORDER_OPERATION
        if operation not in _KNOWN:
            desk.note(
                "document",
                Action.NOTED,
                external_id=document.number or document.external_id or "",
                code="erp.operation_ignored",
                reason=f"Documents of the kind “{operation}” are not used.",
                ordinal=document.ordinal,
            )
            continue
        field = "shipments" if operation == SHIPMENT_OPERATION else "order_statuses"
        if not owning.owned(desk, field):
            continue
        shipments = [child for child in document.children if child.operation == SHIPMENT_OPERATION]
        parts: list[Document | None] = [*shipments]
        for part in parts or [None]:
            status = await _status(tx, desk, document, part, now=now)
            await _take(tx, desk, document, status, now=now)


async def _take(
    tx: Transaction, desk: Desk, document: Document, status: orders.ErpStatus, *, now: datetime
) -> None:
    result = await orders.apply_erp_status(tx, status=status, now=now)
    if result.order_id is not None:
        # What comes back from 1C has arrived there, even if its `success` was lost.
        returned = await tx.all(
            sql.TAKE_RETURNED,
            {"connection_id": desk.connection.id, "order_id": result.order_id, "now": now},
        )
        for row in returned:
            await orders.mark_exported(
                tx, order_id=row.order_id, change_number=row.change_number, now=now
            )
    if result.outcome is orders.ErpOutcome.UNCHANGED:
        desk.counts["unchanged"] += 1
        return
    is_changed = result.outcome is orders.ErpOutcome.CHANGED
    desk.note(
        "document",
        Action.CHANGED if is_changed else Action.REFUSED,
        external_id=document.number or document.external_id or "",
        internal_id=result.order_id,
        title=status.state or "",
        code="" if is_changed else f"erp.order_{result.outcome}",
        reason=result.reason.format(**result.data) if result.reason else "",
        ordinal=document.ordinal,
    )


async def _status(
    tx: Transaction, desk: Desk, document: Document, part: Document | None, *, now: datetime
) -> orders.ErpStatus:
    state = model.state_of(document)
    number = document.number or ""
    if document.operation == SHIPMENT_OPERATION:
        state = None if document.deleted else orders.ErpState.SHIPPED
        number = document.based_on or number
    if part is not None and not part.deleted:
        state = orders.ErpState.SHIPPED if state is not orders.ErpState.DELIVERED else state
    erp_number = document.number_1c or document.requisite("Номер по 1С")
    paid = document.requisite("Дата оплаты по 1С") or document.requisite("Номер оплаты по 1С")
    shipped = part or (document if document.operation == SHIPMENT_OPERATION else None)
    return orders.ErpStatus(
        number=number,
        order_id=_uuid(document.external_id),
        erp_number=erp_number,
        state=state,
        is_paid=bool(paid) or bool(document.flag("Заказ оплачен")),
        shipped_at=_shipped_at(desk, document, part, now=now),
        shipment_number=_shipment_number(document, part),
        shipped_lines=await _lines(tx, desk, shipped) if shipped is not None else (),
        warehouse_id=await _warehouse(tx, desk, part or document),
        text=document.requisite("СтатусЗаказа") or "",
    )


def _shipment_number(document: Document, part: Document | None) -> str | None:
    if part is not None:
        return part.number or part.external_id
    if document.operation == SHIPMENT_OPERATION:
        return document.number
    return document.requisite("Номер отгрузки по 1С")


def _shipped_at(
    desk: Desk, document: Document, part: Document | None, *, now: datetime
) -> datetime:
    told, has_time = None, False
    if part is not None and part.issued_on is not None:
        has_time = part.issued_time is not None
        told = datetime.combine(part.issued_on, part.issued_time or datetime.min.time())
    else:
        text = document.requisite("Дата отгрузки по 1С") or ""
        has_time = ":" in text
        try:
            told = moment(text)
        except Unreadable:
            told = None
    formed_at = desk.header.formed_at if desk.header is not None else None
    local = model.shipped_at(
        told,
        has_time=has_time,
        formed_at=formed_at,
        received_at=desk.connection.local(now),
    )
    return desk.connection.instant(local)


async def _lines(
    tx: Transaction, desk: Desk, document: Document
) -> tuple[tuple[UUID, Decimal], ...]:
    goods = [line for line in document.lines if line.product_id and not line.is_delivery]
    known = await desk.known(tx, "variant", {line.product_id or "" for line in goods})
    return tuple(
        (known[line.product_id].internal_id, line.quantity)
        for line in goods
        if line.product_id in known and line.quantity is not None and line.quantity > 0
    )


async def _warehouse(tx: Transaction, desk: Desk, document: Document) -> UUID | None:
    known = await desk.all_of(tx, "warehouse")
    for external_id, _ in document.warehouses:
        if external_id in known:
            return known[external_id].internal_id
    return None


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
