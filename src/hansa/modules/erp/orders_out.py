"""Orders on their way to 1C: what `query` answers, and what `success` marks."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules import orders
from hansa.modules.erp.commerceml import (
    BuyerForErp,
    LineForErp,
    OrderForErp,
    PaymentSystem,
    StatusName,
    write_dictionary,
    write_orders,
)
from hansa.modules.erp.commerceml.writer import Encoding
from hansa.modules.erp.model import Connection, Exchange
from hansa.modules.erp.rows import uuids
from hansa.modules.erp.store import orders as sql
from hansa.modules.erp.store import references
from hansa.runtime.database import Snapshot, Transaction

ENCODINGS: dict[str, Encoding] = {
    "windows-1251": "windows-1251",
    "cp1251": "windows-1251",
    "utf-8": "UTF-8",
}
STATUS_NAMES = {
    "placed": "Новый",
    "confirmed": "Подтвержден",
    "packed": "Собран",
    "shipped": "Отгружен",
    "delivered": "Доставлен",
    "completed": "Выполнен",
    "cancelled": "Отменен",
}
PAYMENT_SYSTEMS = (
    PaymentSystem("on_receipt", "Оплата при получении", "Наличная"),
    PaymentSystem("card", "Банковская карта", "Безналичная"),
)
_PAID = {orders.PaymentStanding.PAID, orders.PaymentStanding.AUTHORISED}


async def query_orders(
    tx: Transaction, *, connection: Connection, exchange: Exchange, version: str, now: datetime
) -> bytes:
    """Write the orders 1C has not confirmed, oldest change first, and remember what was sent.

    A repeated query sends the same again, and what changed meanwhile; only `success` ends that.
    """
    chosen = await orders.orders_to_export(
        tx,
        limit=connection.orders_per_answer,
        since=connection.orders_since,
        market=connection.market,
    )
    await tx.execute(
        sql.NOTE_SENT,
        {
            "connection_id": connection.id,
            "exchange_id": exchange.id,
            "order_ids": [order.id for order in chosen],
            "change_numbers": [order.change_number for order in chosen],
            "now": now,
        },
    )
    written = await _for_erp(tx, connection, chosen)
    schema = (
        version
        if version in {"2.03", "2.04", "2.05", "2.07", "2.08", "2.09", "2.10", "3.1"}
        else ""
    )
    return write_orders(
        written,
        schema_version=schema or connection.schema_version,
        formed_at=connection.local(now),
        encoding=ENCODINGS.get(connection.encoding.lower(), "windows-1251"),
    )


async def confirm_sent(tx: Transaction, *, exchange: Exchange, now: datetime) -> int:
    """Mark exactly what the last answers of this session held as known to 1C."""
    rows = await tx.all(sql.TAKE_SENT, {"exchange_id": exchange.id, "now": now})
    marked = 0
    for row in sorted(rows, key=lambda one: one.order_id):
        marked += await orders.mark_exported(
            tx, order_id=row.order_id, change_number=row.change_number, now=now
        )
    return marked


def write_info(connection: Connection) -> bytes:
    """Write the lists of statuses and payment systems."""
    return write_dictionary(
        [StatusName(id_, name) for id_, name in STATUS_NAMES.items()],
        PAYMENT_SYSTEMS,
        encoding=ENCODINGS.get(connection.encoding.lower(), "windows-1251"),
    )


async def _for_erp(
    snap: Snapshot, connection: Connection, found: Sequence[orders.Order]
) -> list[OrderForErp]:
    variants = {line.variant_id for order in found for line in order.lines}
    places = {order.delivery.warehouse_id for order in found} - {None}
    variant_names = await _external(snap, connection, "variant", variants)
    place_names = await _external(snap, connection, "warehouse", places)
    return [_order(connection, order, variant_names, place_names) for order in found]


async def _external(
    snap: Snapshot, connection: Connection, kind: str, ids: object
) -> dict[UUID, str]:
    rows = await snap.all(
        references.EXTERNAL_OF,
        {"connection_id": connection.id, "kind": kind, "internal_ids": uuids(ids)},
    )
    return {row.internal_id: row.external_id for row in rows}


def _order(
    connection: Connection,
    order: orders.Order,
    variant_names: dict[UUID, str],
    place_names: dict[UUID, str],
) -> OrderForErp:
    language = connection.language
    delivery = order.delivery
    place = place_names.get(delivery.warehouse_id) if delivery.warehouse_id else None
    return OrderForErp(
        id=str(order.id),
        number=order.number,
        placed_at=connection.local(order.placed_at),
        currency=order.total.currency,
        total=_major(order.total),
        buyer=_buyer(order),
        lines=tuple(
            _line(line, variant_names.get(line.variant_id), language)
            for line in order.lines
            if line.left
        ),
        delivery_price=_major(delivery.price) if delivery.price.minor else None,
        delivery_method=pick(delivery.name, language),
        delivery_method_id=delivery.method,
        payment_method=order.payment_method,
        payment_method_id=order.payment_method,
        paid=order.payment_state in _PAID,
        cancelled=order.state is orders.OrderState.CANCELLED,
        final=order.state in {orders.OrderState.CANCELLED, orders.OrderState.COMPLETED},
        status=STATUS_NAMES[order.state],
        status_id=order.state,
        status_changed_at=connection.local(order.changed_at),
        site=connection.market,
        warehouse_id=place,
        warehouse=pick(delivery.warehouse_name, language) if delivery.warehouse_name else None,
        comment=order.comment,
        version=str(order.change_number),
    )


def _buyer(order: orders.Order) -> BuyerForErp:
    recipient = order.recipient
    last, _, first = recipient.name.partition(" ")
    address = order.delivery.address
    shown = order.delivery.warehouse_address
    if address is not None:
        parts = (address.postcode, address.region, address.city, address.street, address.house)
        shown = ", ".join(part for part in (*parts, address.flat) if part)
    return BuyerForErp(
        id=str(order.party_id or order.id),
        name=recipient.name,
        last_name=last or None,
        first_name=first or None,
        email=recipient.email or None,
        phone=recipient.phone or None,
        address=shown or None,
        postcode=(address.postcode or None) if address is not None else None,
    )


def _line(line: orders.OrderLine, external_id: str | None, language: str) -> LineForErp:
    options = ", ".join(pick(value, language) for value in line.options.values())
    name = pick(line.name, language)
    return LineForErp(
        external_id=external_id or str(line.variant_id),
        name=f"{name} ({options})" if options else name,
        price=line.unit_price,
        quantity=line.left,
        total=_major(line.amount),
        article=line.sku or None,
        tax_name="НДС" if line.tax_rate else None,
        tax_rate=f"{(line.tax_rate * 100).normalize():f}" if line.tax_rate else None,
        tax_total=_major(line.tax) if line.tax_rate else None,
    )


def _major(money: Money) -> Decimal:
    return money.to_decimal()
