"""Sums over orders, for dashboards."""

from datetime import date, datetime

from hansa.kernel.money import Money
from hansa.modules.orders.model import OrderState
from hansa.runtime.database import Snapshot

# A month of orders is a short stretch of ix_orders_order_placed; days are of the market's zone.
SALES_BY_DAY = """
    select (placed_at at time zone %(zone)s)::date as placed_on, currency,
           count(*) as orders, sum(total_minor)::bigint as total_minor
      from orders_order
     where market = %(market)s
       and placed_at >= %(since)s
       and state <> 'cancelled'
     group by 1, 2
     order by 1, 2
"""
COUNT_BY_STATE = """
    select state, count(*) as orders
      from orders_order
     where market = %(market)s
       and placed_at >= %(since)s
     group by state
     order by state
"""


async def sales_by_day(
    snap: Snapshot, *, market: str, since: datetime, zone: str
) -> list[tuple[date, int, Money]]:
    """Give (day, orders, total) of the days on which something was sold, cancelled orders apart."""
    rows = await snap.all(SALES_BY_DAY, {"market": market, "since": since, "zone": zone})
    return [(row.placed_on, row.orders, Money(row.total_minor, row.currency)) for row in rows]


async def count_by_state(snap: Snapshot, *, market: str, since: datetime) -> dict[OrderState, int]:
    """Give how many orders stand in each state."""
    rows = await snap.all(COUNT_BY_STATE, {"market": market, "since": since})
    return {OrderState(row.state): row.orders for row in rows}
