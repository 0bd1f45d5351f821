"""Statements for the exchange of orders with the ERP."""

from datetime import datetime

from psycopg.types.json import Jsonb

from hansa.modules.orders.model import Order, OrderId, Shipment
from hansa.modules.orders.store.reading import with_lines
from hansa.runtime.database import Snapshot, Transaction

# Oldest change first, so that no order starves; ix_orders_order_to_export holds only what waits.
ORDERS_TO_EXPORT = """
    select id, number, market, channel, party_id, user_id, state, payment_state, currency,
           goods_minor, delivery_minor, tax_minor, total_minor, tax_included, delivery,
           warehouse_id, recipient_name, recipient_phone, recipient_email, comment, language,
           payment_method, payment_id, reservation_id, erp_number, placed_at, changed_at,
           pay_until, shipped_at, delivered_at, cancelled_at, cancel_reason, change_number,
           exported_number
      from orders_order
     where change_number > exported_number
       and (%(since)s::timestamptz is null or placed_at >= %(since)s)
       and (%(market)s::text is null or market = %(market)s)
     order by changed_at, id
     limit %(limit)s
"""

# `greatest` keeps a late confirmation from taking back a newer one; `least` keeps an order honest
# about changes the ERP cannot have seen.
MARK_EXPORTED = """
    update orders_order
       set exported_number = least(change_number,
                                   greatest(exported_number, %(change_number)s)),
           exported_at = %(now)s
     where id = %(id)s
       and exported_number < least(change_number, %(change_number)s)
    returning exported_number = change_number as is_complete
"""

RECORD_SHIPMENT = """
    insert into orders_shipment (order_id, number, shipped_at, lines, recorded_at)
    values (%(order_id)s, %(number)s, %(shipped_at)s, %(lines)s, %(now)s)
        on conflict on constraint pk_orders_shipment do nothing
"""


async def orders_to_export(
    snap: Snapshot, *, limit: int, since: datetime | None, market: str | None
) -> list[Order]:
    """Give orders with changes the ERP has not confirmed, oldest change first."""
    rows = await snap.all(ORDERS_TO_EXPORT, {"limit": limit, "since": since, "market": market})
    return await with_lines(snap, rows) if rows else []


async def mark_exported(
    tx: Transaction, *, order_id: OrderId, change_number: int, now: datetime
) -> bool | None:
    """Note that the ERP has an order up to a change; say whether that is its last one.

    None if it had it before.
    """
    is_complete: bool | None = await tx.scalar(
        MARK_EXPORTED, {"id": order_id, "change_number": change_number, "now": now}
    )
    return is_complete


async def record_shipment(
    tx: Transaction, *, order_id: OrderId, shipment: Shipment, now: datetime
) -> bool:
    """Keep a shipment; False if its number is known."""
    lines = [
        {"variant_id": str(variant_id), "quantity": str(quantity)}
        for variant_id, quantity in shipment.lines
    ]
    return (
        await tx.execute(
            RECORD_SHIPMENT,
            {
                "order_id": order_id,
                "number": shipment.number,
                "shipped_at": shipment.shipped_at,
                "lines": Jsonb(lines),
                "now": now,
            },
        )
        == 1
    )
