"""Statements that prove what must hold."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from hansa.modules.orders.model import OrderState
from hansa.runtime.database import Row, Snapshot

WRONG_TOTALS = """
    select head.number, head.goods_minor, coalesce(sum(line.amount_minor), 0) as lines_minor
      from orders_order as head
      left join orders_line as line on line.order_id = head.id
     group by head.id
    having coalesce(sum(line.amount_minor), 0) <> head.goods_minor
     order by head.number
     limit %(limit)s
"""

WRONG_LINES = """
    select head.number, line.sku, line.quantity, line.given_up, line.amount_minor,
           line.given_up_minor
      from orders_line as line
      join orders_order as head on head.id = line.order_id
     where line.given_up > 0
       and (line.given_up > line.quantity
            or line.given_up = line.quantity and (line.amount_minor <> 0 or line.tax_minor <> 0))
        or line.given_up = 0
       and (line.given_up_minor <> 0 or line.given_up_tax_minor <> 0)
     order by head.number
     limit %(limit)s
"""

WALK_TOTALS = """
    select id, number, state, total_minor
      from orders_order
     where payment_id is not null
       and state <> 'cancelled'
       and (%(after)s::uuid is null or id > %(after)s::uuid)
     order by id
     limit 1000
"""

WALK_RESERVED = """
    select id, number, state, reservation_id
      from orders_order
     where reservation_id is not null
       and (%(after)s::uuid is null or id > %(after)s::uuid)
     order by id
     limit 1000
"""

STATES_OF = """
    select id, state
      from orders_order
     where id = any(%(order_ids)s::uuid[])
"""


async def list_wrong_totals(snap: Snapshot, *, limit: int) -> list[Row]:
    """Give orders whose lines do not sum to the goods."""
    return await snap.all(WRONG_TOTALS, {"limit": limit})


async def list_wrong_lines(snap: Snapshot, *, limit: int) -> list[Row]:
    """Give lines whose money does not fit what was given up of them."""
    return await snap.all(WRONG_LINES, {"limit": limit})


async def walk_totals(snap: Snapshot) -> AsyncIterator[list[Row]]:
    """Give all orders that were not cancelled and have a payment, in pages."""
    after: UUID | None = None
    while page := await snap.all(WALK_TOTALS, {"after": after}):
        yield page
        after = page[-1].id


async def walk_reserved(snap: Snapshot) -> AsyncIterator[list[Row]]:
    """Give all orders with a reservation in pages."""
    after: UUID | None = None
    while page := await snap.all(WALK_RESERVED, {"after": after}):
        yield page
        after = page[-1].id


async def states_of(snap: Snapshot, *, order_ids: Sequence[UUID]) -> dict[UUID, OrderState]:
    """Give the states of orders; those that do not exist are absent."""
    rows = await snap.all(STATES_OF, {"order_ids": list(order_ids)})
    return {row.id: OrderState(row.state) for row in rows}
