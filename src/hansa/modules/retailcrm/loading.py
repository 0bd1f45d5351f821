"""The first load: match what the CRM has already, then put everything of ours in the queue."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hansa.modules import orders, parties, stock
from hansa.modules.retailcrm import wording
from hansa.modules.retailcrm.model import Kind, Link, Load
from hansa.modules.retailcrm.side import Side
from hansa.modules.retailcrm.store import connections, links, queues, shelves
from hansa.runtime.database import Transaction

MATCHING_CUSTOMERS, MATCHING_ORDERS = "matching_customers", "matching_orders"
MARKING, SENDING, DONE = "marking", "sending", "done"
_CHUNK = 500


async def begin_load(tx: Transaction, *, connection_id: UUID, now: datetime) -> None:
    """Begin the first load, or begin it again; the next exchange carries it out."""
    load = Load(state=MATCHING_CUSTOMERS, began_at=now)
    await connections.save_load(tx, connection_id, load)


async def go_on(side: Side) -> bool:
    """Do the next step of a load; False if none is under way."""
    async with side.context.database.snapshot(single=True) as snap:
        load = (await connections.get_connection(snap, side.connection.id)).load
    if load.state in {MATCHING_CUSTOMERS, MATCHING_ORDERS}:
        await _match(side, load)
        return True
    if load.state == MARKING:
        await _mark(side, load)
        return True
    if load.state == SENDING:
        await _look_if_done(side, load)
    return False


async def _match(side: Side, load: Load) -> None:
    """Read a page of what the CRM has: customers become known here, orders of ours are linked."""
    is_customers = load.state == MATCHING_CUSTOMERS
    rows, more = await side.crm.page("customers" if is_customers else "orders", load.page)
    async with side.context.database.transaction() as tx:
        if is_customers:
            ids = [int(one["id"]) for one in rows]
            await queues.arrive(tx, side.connection.id, Kind.CUSTOMER, ids, now=side.now)
        else:
            await _link_orders(tx, side, rows)
        step = replace(load, page=load.page + 1, matched=load.matched + len(rows))
        if not more:
            following = MATCHING_ORDERS if is_customers else MARKING
            step = replace(step, state=following, page=1)
        await connections.save_load(tx, side.connection.id, step)


async def _link_orders(tx: Transaction, side: Side, rows: list[dict[str, object]]) -> None:
    for told in rows:
        ours = wording.external_id(told.get("externalId"))
        if ours is None:
            continue
        try:
            await orders.get_order(tx, order_id=ours)
        except orders.OrderNotFound:
            continue
        if ours not in await links.links_of(tx, side.connection.id, Kind.ORDER, [ours]):
            link = Link(kind=Kind.ORDER, internal_id=ours, crm_id=int(str(told["id"])))
            await links.save_link(tx, side.connection.id, link, now=side.now)


async def _mark(side: Side, load: Load) -> None:
    """Put every customer, and every order since the day told, in the queue."""
    total = await _mark_customers(side) + await _mark_orders(side)
    await _mark_stock(side)
    async with side.context.database.transaction() as tx:
        step = replace(load, state=SENDING, total=total)
        await connections.save_load(tx, side.connection.id, step)


async def _mark_customers(side: Side) -> int:
    count, after = 0, None
    while True:
        async with side.context.database.transaction() as tx:
            found, after = await parties.find_parties(
                tx, kind=parties.PartyKind.PERSON, after=after, limit=_CHUNK
            )
            ids = [one.id for one in found]
            await queues.mark(tx, side.connection.id, Kind.CUSTOMER, ids, now=side.now)
        count += len(ids)
        if after is None:
            return count


async def _mark_orders(side: Side) -> int:
    count = 0
    for market in side.connection.sites:
        wanted = orders.OrderFilter(market=market, placed_from=side.connection.options.since)
        after: tuple[datetime, UUID] | None = None
        while True:
            async with side.context.database.transaction() as tx:
                page = await orders.list_orders(tx, wanted=wanted, after=after, limit=_CHUNK)
                ids = [one.id for one in page]
                await queues.mark(tx, side.connection.id, Kind.ORDER, ids, now=side.now)
            count += len(ids)
            if len(page) < _CHUNK:
                break
            after = (page[-1].placed_at, page[-1].id)
    return count


async def _mark_stock(side: Side) -> None:
    """Have the stock of everything told that a market may sell or ever sold."""
    for market in side.connection.sites:
        after: UUID | None = None
        while True:
            async with side.context.database.transaction() as tx:
                rows = await stock.list_counters(tx, channel=market, after=after, limit=_CHUNK)
                ids = [row.variant_id for row in rows]
                asked = {"connection_id": side.connection.id, "ids": ids}
                await tx.execute(shelves.MARK_STOCK, asked)
            if len(ids) < _CHUNK:
                break
            after = ids[-1]


async def _look_if_done(side: Side, load: Load) -> None:
    async with side.context.database.transaction() as tx:
        asked = {"connection_id": side.connection.id}
        waiting = sum(row.waiting for row in await tx.all(queues.COUNT_WAITING, asked))
        if not waiting:
            step = replace(load, state=DONE, ended_at=side.now)
            await connections.save_load(tx, side.connection.id, step)
