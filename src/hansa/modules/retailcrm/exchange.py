"""One exchange: read what happened there, take it over, send what happened here."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from hansa.kernel.errors import HansaError, Unavailable
from hansa.modules import orders, parties, payments
from hansa.modules.retailcrm import (
    arriving,
    customer_sync,
    history,
    loading,
    merging,
    operations,
    order_sync,
    stock_out,
    wording,
)
from hansa.modules.retailcrm.client import Crm, CrmRefused, KeyRefused, is_taken, reason_of
from hansa.modules.retailcrm.model import (
    PAGE_MAX,
    UPLOAD_MAX,
    Connection,
    Kind,
    NoConnection,
    Outgoing,
)
from hansa.modules.retailcrm.side import Side
from hansa.modules.retailcrm.store import connections, links, queues
from hansa.modules.retailcrm.work import Exchange, LookAtAll
from hansa.runtime.context import Context

_log = structlog.get_logger(__name__)

TURNS_MAX = 200
BULK_FROM = 10
"""So many new ones at once are uploaded together instead of one by one."""
_LOOK_AGAIN = timedelta(seconds=50)
_PAUSES_SECONDS = (5, 10, 20, 40, 80, 160, 300)
_KEY_PAUSE = timedelta(minutes=10)


async def run_exchange(context: Context, job: Exchange) -> None:
    """Run `Exchange` for a connection in use; what fails for now is tried again, later and later.

    A part of the work that is too much for one job is left to the next.
    """
    now = context.clock.now()
    async with context.database.snapshot(single=True) as snap:
        try:
            connection = await connections.get_connection(snap, job.connection_id)
        except NoConnection:
            return
    is_paused = connection.paused_until is not None and connection.paused_until > now
    if not connection.is_active or is_paused:
        return
    try:
        is_finished = await exchange(Side(context, connection, Crm(context, connection)))
    except (Unavailable, CrmRefused) as failure:
        await _note_failure(context, connection, failure)
        return
    async with context.database.transaction() as tx:
        await tx.execute(
            connections.NOTE_SUCCESS, {"id": connection.id, "now": context.clock.now()}
        )
        if not is_finished:
            await tx.enqueue(Exchange(connection_id=connection.id))


async def exchange(side: Side) -> bool:
    """Exchange until nothing is left, or for `TURNS_MAX` turns; False if something is left.

    Raises:
        Unavailable: the CRM is away or does not accept the key; nothing is lost.
        CrmRefused: it does not let the history or the lists be read.
    """
    if side.connection.lists_at is None:
        await operations.refresh_lists(side.context, connection_id=side.connection.id)
    pulled = side.connection.pulled_at
    if pulled is None or side.now - pulled >= _LOOK_AGAIN:
        await history.read_history(side)
    for _ in range(TURNS_MAX):
        steps = [
            await _take_arrivals(side),
            await loading.go_on(side),
            await _send_merges(side),
            await _send(side, Kind.CUSTOMER),
            await _send(side, Kind.ORDER),
            await stock_out.send_stock(side),
        ]
        if not any(steps):
            return True
    return False


async def _note_failure(
    context: Context, connection: Connection, failure: Unavailable | CrmRefused
) -> None:
    _log.warning("retailcrm is away", connection=str(connection.id), error=str(failure))
    now = context.clock.now()
    step = min(connection.failures, len(_PAUSES_SECONDS) - 1)
    pause = timedelta(seconds=_PAUSES_SECONDS[step])
    if isinstance(failure, KeyRefused):
        pause = _KEY_PAUSE
    async with context.database.transaction() as tx:
        await tx.execute(
            connections.NOTE_FAILURE,
            {
                "id": connection.id,
                "paused_until": now + pause,
                "error": failure.reason if isinstance(failure, KeyRefused | CrmRefused) else "",
                "now": now,
            },
        )
        await tx.enqueue(Exchange(connection_id=connection.id), run_at=now + pause)


async def look_at_all(context: Context, _job: LookAtAll) -> None:
    """Run `LookAtAll`."""
    async with context.database.transaction() as tx:
        for connection in await connections.list_connections(tx):
            if connection.is_active:
                await tx.enqueue(Exchange(connection_id=connection.id))


# -- what came -----------------------------------------------------------------------------------


async def _take_arrivals(side: Side) -> bool:
    connection_id, found = side.connection.id, False
    for kind in (Kind.MERGE, Kind.CUSTOMER, Kind.ORDER):
        async with side.context.database.snapshot(single=True) as snap:
            arrivals = await queues.next_arrivals(
                snap, connection_id, kind, limit=PAGE_MAX, now=side.now
            )
        found |= bool(arrivals)
        if kind is Kind.MERGE:
            for arrival in arrivals:
                await merging.replay_merge(side, arrival)
            continue
        told = await side.crm.by_ids(f"{kind}s", [one.crm_id for one in arrivals])
        for arrival in arrivals:
            if kind is Kind.ORDER:
                await arriving.take_order(side, arrival, told.get(arrival.crm_id))
                continue
            async with side.context.database.transaction() as tx:
                if arrival.crm_id in told:
                    await customer_sync.meet(tx, side, told[arrival.crm_id], now=side.now)
                await queues.remove_arrival(tx, connection_id, kind, arrival.crm_id)
    return found


# -- what goes -----------------------------------------------------------------------------------


async def _waiting(side: Side, kind: Kind) -> list[Outgoing]:
    async with side.context.database.snapshot(single=True) as snap:
        return await queues.next_outgoing(
            snap, side.connection.id, kind, limit=PAGE_MAX, now=side.now
        )


async def _send_merges(side: Side) -> bool:
    rows = await _waiting(side, Kind.MERGE)
    for row in rows:
        await _or_leave(side, row, merging.send_merge(side, row))
    return bool(rows)


async def _send(side: Side, kind: Kind) -> bool:
    """Send a batch: what the CRM has is compared and edited, what it has not is made."""
    rows = await _waiting(side, kind)
    if not rows:
        return False
    async with side.context.database.snapshot(single=True) as snap:
        known = await links.links_of(
            snap, side.connection.id, kind, [row.subject_id for row in rows]
        )
    linked = [row for row in rows if row.subject_id in known]
    new = [row for row in rows if row.subject_id not in known]
    if kind is Kind.CUSTOMER:
        await customer_sync.sync_customers(side, linked, known)
        await _make(side, new, _make_customer, _upload_customers)
    else:
        await order_sync.sync_orders(side, linked, known)
        await _make(side, new, _make_order, _upload_orders)
    return True


Single = Callable[[Side, Outgoing], Coroutine[Any, Any, None]]
Many = Callable[[Side, Sequence[Outgoing]], Coroutine[Any, Any, None]]


async def _make(side: Side, rows: Sequence[Outgoing], single: Single, many: Many) -> None:
    if len(rows) < BULK_FROM:
        for row in rows:
            await _or_leave(side, row, single(side, row))
        return
    for start in range(0, len(rows), UPLOAD_MAX):
        await many(side, rows[start : start + UPLOAD_MAX])


async def _or_leave(side: Side, row: Outgoing, work: Coroutine[Any, Any, None]) -> None:
    """Do the work of a row; what is refused is left to a person and stops nobody else."""
    try:
        await work
    except Unavailable:
        raise
    except HansaError as refusal:
        await _leave(side, row, reason_of(refusal))


async def _leave(side: Side, row: Outgoing, error: str) -> None:
    async with side.context.database.transaction() as tx:
        await queues.refuse(tx, side.connection.id, row, error=error, now=side.now)


async def _make_customer(side: Side, row: Outgoing) -> None:
    async with side.context.database.transaction() as tx:
        standing = await parties.resolve(tx, party_ids=[row.subject_id])
        if standing.get(row.subject_id) != row.subject_id:
            await queues.finish(tx, side.connection.id, row)  # merged away meanwhile, or unknown
            return
        await queues.intend(
            tx, side.connection.id, Kind.CUSTOMER, [row.subject_id], {"create": True}
        )
    await customer_sync.ensure_customer(side, row.subject_id, tried=row.attempts > 0)
    async with side.context.database.transaction() as tx:
        # One that was found has been marked anew, and is compared next.
        await queues.finish(tx, side.connection.id, row)


async def _make_order(side: Side, row: Outgoing) -> None:
    async with side.context.database.snapshot() as snap:
        order = await orders.get_order(snap, order_id=row.subject_id)
    if order.market not in side.connection.sites:
        async with side.context.database.transaction() as tx:
            await queues.finish(tx, side.connection.id, row)
        return
    customer = None
    if order.party_id is not None:
        customer = await customer_sync.ensure_customer(side, order.party_id, tried=row.attempts > 0)
    await order_sync.create_order(side, row, customer=customer)


async def _upload_customers(side: Side, rows: Sequence[Outgoing]) -> None:
    ids = [row.subject_id for row in rows]
    by_id = {row.subject_id: row for row in rows}
    async with side.context.database.transaction() as tx:
        known = await parties.get_parties(tx, party_ids=ids)
        alive = {one: party for one, party in known.items() if party.id == one}
        for gone in set(ids) - alive.keys():
            await queues.finish(tx, side.connection.id, by_id[gone])
        await queues.intend(tx, side.connection.id, Kind.CUSTOMER, list(alive), {"upload": True})
    options = side.connection.options
    bodies = [wording.new_customer(party, options) for party in alive.values()]
    told = await side.crm.upload("customer", side.site, bodies) if bodies else None
    if told is None:
        return
    made = {UUID(one): (alive[UUID(one)], crm_id) for one, crm_id in told.done.items()}
    await customer_sync.keep_made(side, made)
    async with side.context.database.transaction() as tx:
        for party_id in made:
            await queues.finish(tx, side.connection.id, by_id[party_id])
    for one, reason in told.refused.items():
        row = by_id[UUID(one)]
        if is_taken(reason):
            work = customer_sync.ensure_customer(side, row.subject_id, tried=True)
            await _or_leave(side, row, _and_nothing(work))
        else:
            await _leave(side, row, reason)


async def _and_nothing(work: Coroutine[Any, Any, int]) -> None:
    await work


async def _upload_orders(side: Side, rows: Sequence[Outgoing]) -> None:
    by_id = {row.subject_id: row for row in rows}
    found: dict[str, dict[UUID, tuple[orders.Order, list[payments.Payment]]]] = {}
    bodies: dict[str, list[dict[str, Any]]] = {}
    async with side.context.database.transaction() as tx:
        for row in rows:
            order = await orders.get_order(tx, order_id=row.subject_id)
            if order.market not in side.connection.sites:
                await queues.finish(tx, side.connection.id, row)
                continue
            attempts = await payments.list_of_subject(
                tx, subject_kind=orders.SUBJECT, subject_id=order.id
            )
            customer = None
            if order.party_id is not None:
                known = await links.links_of(
                    tx, side.connection.id, Kind.CUSTOMER, [order.party_id]
                )
                customer = known[order.party_id].crm_id if order.party_id in known else None
            body = wording.new_order(
                order, connection=side.connection, customer=customer, attempts=attempts
            )
            found.setdefault(order.market, {})[order.id] = (order, attempts)
            bodies.setdefault(order.market, []).append(body)
        ids = [order_id for of_market in found.values() for order_id in of_market]
        await queues.intend(tx, side.connection.id, Kind.ORDER, ids, {"upload": True})
    for market, of_market in found.items():
        told = await side.crm.upload("order", side.site_of(market), bodies[market])
        made = {UUID(one): (by_id[UUID(one)], crm_id) for one, crm_id in told.done.items()}
        await order_sync.link_made(side, made, of_market)
        taken = [by_id[UUID(one)] for one, reason in told.refused.items() if is_taken(reason)]
        linked = await order_sync.find_made(side, taken) if taken else set()
        for one, reason in told.refused.items():
            if UUID(one) not in linked:
                await _leave(side, by_id[UUID(one)], reason)
