"""Statements that read orders."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hansa.kernel.money import Money
from hansa.modules.orders.model import (
    Address,
    By,
    Delivery,
    HistoryEntry,
    Order,
    OrderFilter,
    OrderId,
    OrderLine,
    OrderNotFound,
    OrderState,
    OrderSummary,
    PaymentStanding,
    Recipient,
    Shipment,
)
from hansa.runtime.database import Row, Snapshot, Transaction

GET_ORDER = """
    select id, number, market, channel, party_id, user_id, state, payment_state, currency,
           goods_minor, delivery_minor, tax_minor, total_minor, tax_included, delivery,
           warehouse_id, recipient_name, recipient_phone, recipient_email, comment, language,
           payment_method, payment_id, reservation_id, erp_number, placed_at, changed_at,
           pay_until, shipped_at, delivered_at, cancelled_at, cancel_reason, change_number,
           exported_number
      from orders_order
     where id = %(id)s
"""

GET_ORDERS = """
    select id, number, market, channel, party_id, user_id, state, payment_state, currency,
           goods_minor, delivery_minor, tax_minor, total_minor, tax_included, delivery,
           warehouse_id, recipient_name, recipient_phone, recipient_email, comment, language,
           payment_method, payment_id, reservation_id, erp_number, placed_at, changed_at,
           pay_until, shipped_at, delivered_at, cancelled_at, cancel_reason, change_number,
           exported_number
      from orders_order
     where id = any(%(ids)s::uuid[])
     order by id
"""

LOCK_ORDER = """
    select id, number, market, channel, party_id, user_id, state, payment_state, currency,
           goods_minor, delivery_minor, tax_minor, total_minor, tax_included, delivery,
           warehouse_id, recipient_name, recipient_phone, recipient_email, comment, language,
           payment_method, payment_id, reservation_id, erp_number, placed_at, changed_at,
           pay_until, shipped_at, delivered_at, cancelled_at, cancel_reason, change_number,
           exported_number
      from orders_order
     where id = %(id)s
       for update
"""

LIST_LINES = """
    select order_id, variant_id, product_id, sku, name, options, image, quantity, unit,
           unit_price, base_price, price_reason, amount_minor, tax_rate, tax_minor, given_up,
           given_up_minor, given_up_tax_minor, is_gift
      from orders_line
     where order_id = any(%(order_ids)s::uuid[])
     order by order_id, position
"""

LIST_HISTORY = """
    select happened_at, kind, from_state, to_state, by_kind, by_id, comment
      from orders_history
     where order_id = %(order_id)s
     order by position
"""

LIST_SHIPMENTS = """
    select number, shipped_at, lines
      from orders_shipment
     where order_id = %(order_id)s
     order by shipped_at, number
"""

FIND_BY_NUMBER = """
    select id
      from orders_order
     where number = %(number)s
"""

FIND_BY_PLACING_KEY = """
    select id, number
      from orders_order
     where placing_key = %(placing_key)s
"""

# Newest first, keyset by (placed_at, id). The search goes through the trigram index, the other
# filters through ix_orders_order_state, ix_orders_order_party or ix_orders_order_placed.
LIST_ORDERS = """
    select head.id, head.number, head.market, head.state, head.payment_state, head.currency,
           head.total_minor, head.party_id, head.recipient_name, head.recipient_phone,
           head.recipient_email, head.delivery ->> 'method' as delivery_method,
           head.payment_method, head.placed_at, head.changed_at, head.erp_number,
           head.change_number <= head.exported_number as is_exported,
           (select sum(line.quantity - line.given_up)
              from orders_line as line
             where line.order_id = head.id) as item_count,
           (select sum(line.given_up) from orders_line as line where line.order_id = head.id)
               as given_up_count
      from orders_order as head
     where (%(market)s::text is null or head.market = %(market)s)
       and (%(states)s::text[] is null or head.state = any(%(states)s::text[]))
       and (%(payment_states)s::text[] is null
            or head.payment_state = any(%(payment_states)s::text[]))
       and (%(party_id)s::uuid is null or head.party_id = %(party_id)s)
       and (%(placed_from)s::timestamptz is null or head.placed_at >= %(placed_from)s)
       and (%(placed_until)s::timestamptz is null or head.placed_at < %(placed_until)s)
       and (not %(only_unexported)s or head.change_number > head.exported_number)
       and (%(search)s::text is null
            or lower(head.number || ' ' || coalesce(head.erp_number, '') || ' '
                     || head.recipient_name || ' ' || head.recipient_phone || ' '
                     || head.recipient_email) like %(search)s)
       and (%(after_at)s::timestamptz is null
            or (head.placed_at, head.id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
     order by head.placed_at desc, head.id desc
     limit %(limit)s
"""

LIST_UNPAID = """
    select id
      from orders_order
     where pay_until <= %(now)s
       and state in ('placed', 'confirmed')
     order by pay_until, id
     limit %(limit)s
"""


async def get_order(snap: Snapshot, order_id: UUID) -> Order:
    """Give an order with its lines, or raise `OrderNotFound`."""
    row = await snap.maybe(GET_ORDER, {"id": order_id})
    if row is None:
        raise OrderNotFound
    return (await with_lines(snap, [row]))[0]


async def get_orders(snap: Snapshot, order_ids: Iterable[UUID]) -> list[Order]:
    """Give orders with their lines; unknown ones are left out."""
    rows = await snap.all(GET_ORDERS, {"ids": list(order_ids)})
    return await with_lines(snap, rows) if rows else []


async def lock_order(tx: Transaction, order_id: UUID) -> Order:
    """Lock and give an order with its lines, or raise `OrderNotFound`."""
    row = await tx.maybe(LOCK_ORDER, {"id": order_id})
    if row is None:
        raise OrderNotFound
    return (await with_lines(tx, [row]))[0]


async def with_lines(snap: Snapshot, rows: list[Row]) -> list[Order]:
    """Make orders of their rows, reading the lines of all of them at once."""
    lines: dict[UUID, list[Row]] = defaultdict(list)
    for line in await snap.all(LIST_LINES, {"order_ids": [row.id for row in rows]}):
        lines[line.order_id].append(line)
    return [_order(row, lines[row.id]) for row in rows]


async def list_history(snap: Snapshot, *, order_id: OrderId) -> tuple[HistoryEntry, ...]:
    """Give what happened to an order, oldest first."""
    rows = await snap.all(LIST_HISTORY, {"order_id": order_id})
    return tuple(HistoryEntry(**{**row._asdict(), "by_kind": By(row.by_kind)}) for row in rows)


async def list_shipments(snap: Snapshot, *, order_id: OrderId) -> tuple[Shipment, ...]:
    """Give the shipments of an order, oldest first."""
    rows = await snap.all(LIST_SHIPMENTS, {"order_id": order_id})
    return tuple(shipment(row) for row in rows)


def shipment(row: Row) -> Shipment:
    """Make a shipment of its row."""
    lines = tuple((UUID(line["variant_id"]), Decimal(line["quantity"])) for line in row.lines)
    return Shipment(number=row.number, shipped_at=row.shipped_at, lines=lines)


async def find_by_number(snap: Snapshot, *, number: str) -> OrderId | None:
    """Give the order of a number."""
    found = await snap.scalar(FIND_BY_NUMBER, {"number": number})
    return None if found is None else OrderId(found)


async def find_by_placing_key(snap: Snapshot, *, placing_key: str) -> tuple[OrderId, str] | None:
    """Give id and number of the order that was placed under a key."""
    row = await snap.maybe(FIND_BY_PLACING_KEY, {"placing_key": placing_key})
    return None if row is None else (OrderId(row.id), row.number)


async def list_orders(
    snap: Snapshot,
    *,
    wanted: OrderFilter,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[OrderSummary]:
    """Give orders, newest first."""
    escaped = wanted.search.lower().replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    rows = await snap.all(
        LIST_ORDERS,
        {
            "market": wanted.market,
            "states": _texts(wanted.states),
            "payment_states": _texts(wanted.payment_states),
            "party_id": wanted.party_id,
            "placed_from": wanted.placed_from,
            "placed_until": wanted.placed_until,
            "only_unexported": wanted.only_unexported,
            "search": f"%{escaped.strip()}%" if escaped.strip() else None,
            "after_at": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": limit,
        },
    )
    return [_summary(row) for row in rows]


async def list_unpaid(snap: Snapshot, *, now: datetime, limit: int) -> list[OrderId]:
    """Give open orders whose time to pay is over."""
    rows = await snap.all(LIST_UNPAID, {"now": now, "limit": limit})
    return [OrderId(row.id) for row in rows]


def _texts(states: Iterable[str]) -> list[str] | None:
    return [str(state) for state in states] or None


def _summary(row: Row) -> OrderSummary:
    return OrderSummary(
        id=OrderId(row.id),
        number=row.number,
        market=row.market,
        state=OrderState(row.state),
        payment_state=PaymentStanding(row.payment_state),
        total=Money(row.total_minor, row.currency),
        party_id=row.party_id,
        recipient=Recipient(
            name=row.recipient_name,
            phone=row.recipient_phone,
            email=row.recipient_email,
        ),
        delivery_method=row.delivery_method,
        payment_method=row.payment_method,
        placed_at=row.placed_at,
        changed_at=row.changed_at,
        erp_number=row.erp_number,
        is_exported=row.is_exported,
        item_count=row.item_count,
        given_up_count=row.given_up_count,
    )


def _order(row: Row, lines: list[Row]) -> Order:
    currency = row.currency
    return Order(
        id=OrderId(row.id),
        number=row.number,
        market=row.market,
        channel=row.channel,
        party_id=row.party_id,
        user_id=row.user_id,
        state=OrderState(row.state),
        payment_state=PaymentStanding(row.payment_state),
        lines=tuple(_line(line, currency) for line in lines),
        goods=Money(row.goods_minor, currency),
        tax=Money(row.tax_minor, currency),
        tax_included=row.tax_included,
        total=Money(row.total_minor, currency),
        delivery=_delivery(row),
        recipient=Recipient(
            name=row.recipient_name,
            phone=row.recipient_phone,
            email=row.recipient_email,
        ),
        comment=row.comment,
        language=row.language,
        payment_method=row.payment_method,
        payment_id=row.payment_id,
        reservation_id=row.reservation_id,
        erp_number=row.erp_number,
        placed_at=row.placed_at,
        changed_at=row.changed_at,
        pay_until=row.pay_until,
        shipped_at=row.shipped_at,
        delivered_at=row.delivered_at,
        cancelled_at=row.cancelled_at,
        cancel_reason=row.cancel_reason,
        change_number=row.change_number,
        exported_number=row.exported_number,
    )


def _delivery(row: Row) -> Delivery:
    document: dict[str, Any] = row.delivery
    address = document.get("address")
    return Delivery(
        method=document["method"],
        kind=document["kind"],
        name=document["name"],
        price=Money(row.delivery_minor, row.currency),
        address=None if address is None else Address(**address),
        warehouse_id=row.warehouse_id,
        warehouse_name=document.get("warehouse_name"),
        warehouse_address=document.get("warehouse_address", ""),
        days_min=document.get("days_min", 0),
        days_max=document.get("days_max", 0),
    )


def _line(row: Row, currency: str) -> OrderLine:
    return OrderLine(
        variant_id=row.variant_id,
        product_id=row.product_id,
        sku=row.sku,
        name=row.name,
        options=row.options,
        quantity=row.quantity,
        unit=row.unit,
        unit_price=row.unit_price,
        base_price=row.base_price,
        amount=Money(row.amount_minor, currency),
        tax_rate=row.tax_rate,
        tax=Money(row.tax_minor, currency),
        price_reason=row.price_reason,
        image=row.image,
        given_up=row.given_up,
        given_up_minor=row.given_up_minor,
        given_up_tax_minor=row.given_up_tax_minor,
        is_gift=row.is_gift,
    )
