"""What happens here and has to reach the CRM: noted with the event, sent by the exchange."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hansa.contracts.orders import (
    OrderCancelled,
    OrderChanged,
    OrderPlaced,
    OrderReduced,
    OrderShipped,
)
from hansa.contracts.parties import PartiesMerged, PartiesParted, PartyChanged
from hansa.contracts.payments import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentEvent,
    PaymentFailed,
    PaymentRefunded,
    PaymentVoided,
)
from hansa.contracts.stock import StockChanged
from hansa.modules import orders
from hansa.modules.retailcrm.model import Kind
from hansa.modules.retailcrm.store import connections, links, queues, shelves
from hansa.modules.retailcrm.work import Exchange
from hansa.runtime.database import Transaction
from hansa.runtime.module import Subscription

OrderEvent = OrderPlaced | OrderChanged | OrderCancelled | OrderShipped | OrderReduced


async def on_order(tx: Transaction, event: OrderEvent, now: datetime) -> None:
    """Note an order that is new or changed."""
    await _mark_order(tx, event.order_id, event.market, now)


async def on_payment(tx: Transaction, event: PaymentEvent, now: datetime) -> None:
    """Note an order whose money moved."""
    if event.subject_kind == orders.SUBJECT:
        await _mark_order(tx, event.subject_id, event.market, now)


async def _mark_order(tx: Transaction, order_id: UUID, market: str, now: datetime) -> None:
    for row in await tx.all(connections.CONNECTIONS_OF_MARKETS, {"market": market}):
        await queues.mark(tx, row.connection_id, Kind.ORDER, [order_id], now=now)
        await tx.enqueue(Exchange(connection_id=row.connection_id))


async def on_party(tx: Transaction, event: PartyChanged, now: datetime) -> None:
    """Note a customer the CRM knows; one it does not know comes with their first order.

    Where one account of the CRM serves everything, everybody is told of at once.
    """
    served = await tx.all(connections.CONNECTIONS_OF_MARKETS, {"market": None})
    ids = {row.connection_id for row in served}
    if len(ids) > 1:
        asked = {"kind": Kind.CUSTOMER, "internal_id": event.party_id}
        rows = await tx.all(links.CONNECTIONS_OF_LINK, asked)
        ids = {row.connection_id for row in rows}
    for connection_id in sorted(ids):
        await queues.mark(tx, connection_id, Kind.CUSTOMER, [event.party_id], now=now)
        await tx.enqueue(Exchange(connection_id=connection_id))


async def on_merged(tx: Transaction, event: PartiesMerged, now: datetime) -> None:
    """Note that two customers are one, if the CRM knows the one that is no more."""
    asked = {"kind": Kind.CUSTOMER, "internal_id": event.absorb_id}
    for row in await tx.all(links.CONNECTIONS_OF_LINK, asked):
        await queues.mark(
            tx,
            row.connection_id,
            Kind.MERGE,
            [event.absorb_id],
            other_id=event.keep_id,
            now=now,
        )
        await tx.enqueue(Exchange(connection_id=row.connection_id))


async def on_parted(tx: Transaction, event: PartiesParted, now: datetime) -> None:
    """Note that one customer is two again: the CRM cannot part them, so it gets a new one."""
    asked = {"kind": Kind.CUSTOMER, "internal_id": event.keep_id}
    for row in await tx.all(links.CONNECTIONS_OF_LINK, asked):
        ids = [event.keep_id, event.absorb_id]
        await queues.mark(tx, row.connection_id, Kind.CUSTOMER, ids, now=now)
        await tx.enqueue(Exchange(connection_id=row.connection_id))


async def on_stock(tx: Transaction, events: Sequence[StockChanged], _now: datetime) -> None:
    """Note goods whose stock changed; however often it does, they are told once."""
    by_market: dict[str, set[UUID]] = {}
    for event in events:
        by_market.setdefault(event.channel, set()).update(event.variant_ids)
    for row in await tx.all(connections.STOCK_CONNECTIONS):
        ids = by_market.get(row.market)
        if ids:
            asked = {"connection_id": row.connection_id, "ids": sorted(ids)}
            await tx.execute(shelves.MARK_STOCK, asked)
            await tx.enqueue(Exchange(connection_id=row.connection_id))


SUBSCRIPTIONS = (
    Subscription(
        name="retailcrm.orders",
        events=(OrderPlaced, OrderChanged, OrderCancelled, OrderShipped, OrderReduced),
        handle=on_order,
    ),
    Subscription(
        name="retailcrm.payments",
        events=(
            PaymentAuthorised,
            PaymentCaptured,
            PaymentFailed,
            PaymentRefunded,
            PaymentVoided,
        ),
        handle=on_payment,
    ),
    Subscription(name="retailcrm.parties", events=(PartyChanged,), handle=on_party),
    Subscription(name="retailcrm.merges", events=(PartiesMerged,), handle=on_merged),
    Subscription(name="retailcrm.parted", events=(PartiesParted,), handle=on_parted),
    Subscription(name="retailcrm.stock", events=(StockChanged,), handle=on_stock, batch=True),
)
