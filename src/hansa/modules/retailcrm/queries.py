"""Reads of what stands between us and RetailCRM."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hansa.modules.retailcrm.model import Connection, Kind, Link, Outgoing, Refusal
from hansa.modules.retailcrm.store import connections, links, queues, shelves
from hansa.runtime.database import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an exchange stands: what waits in each direction, and since when."""

    waiting: int
    refused: int
    arrivals: int
    stock_waiting: int
    stock_unknown: int
    oldest_at: datetime | None


async def list_connections(snap: Snapshot) -> tuple[Connection, ...]:
    """Give every connection by name."""
    return await connections.list_connections(snap)


async def get_connection(snap: Snapshot, *, connection_id: UUID) -> Connection:
    """Give a connection.

    Raises:
        NoConnection: there is none.
    """
    return await connections.get_connection(snap, connection_id)


async def standing_of(snap: Snapshot, *, connection_id: UUID) -> Standing:
    """Say how an exchange stands."""
    asked = {"connection_id": connection_id}
    rows = await snap.all(queues.COUNT_WAITING, asked)
    shelf = await snap.one(shelves.COUNT_STOCK, asked)
    oldest = [row.oldest for row in rows if row.oldest is not None]
    return Standing(
        waiting=sum(row.waiting for row in rows),
        refused=sum(row.refused for row in rows),
        arrivals=int(await snap.scalar(queues.COUNT_ARRIVALS, asked)),
        stock_waiting=shelf.waiting,
        stock_unknown=shelf.unknown,
        oldest_at=min(oldest) if oldest else None,
    )


async def list_refusals(snap: Snapshot, *, connection_id: UUID, limit: int = 50) -> list[Refusal]:
    """Give what of the CRM was not taken over, the latest first."""
    return await queues.list_refusals(snap, connection_id, limit=limit)


async def list_refused(snap: Snapshot, *, connection_id: UUID, limit: int = 50) -> list[Outgoing]:
    """Give what of ours the CRM refused, the latest first."""
    return await queues.list_refused(snap, connection_id, limit=limit)


async def find_link(
    snap: Snapshot, *, connection_id: UUID, kind: Kind, internal_id: UUID
) -> Link | None:
    """Give what stands for one of ours in the CRM."""
    return (await links.links_of(snap, connection_id, kind, [internal_id])).get(internal_id)
