"""Connections, their markets, their rate."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from hansa.modules.retailcrm.model import Connection, Load, NoConnection, Options
from hansa.runtime.database import Row, Snapshot, Transaction

LIST_CONNECTIONS = """
    select id, name, address, sealed_key, is_active, options, lists, lists_at, load,
           order_history_id, customer_history_id, pulled_at, sent_at, failures, paused_until,
           error, error_at, created_at,
           coalesce((select jsonb_object_agg(market, site)
                       from retailcrm_market
                      where connection_id = connection.id), '{}') as sites
      from retailcrm_connection as connection
     where %(id)s::uuid is null
        or connection.id = %(id)s
     order by connection.name, connection.id
"""

SAVE_CONNECTION = """
    insert into retailcrm_connection
           (id, name, address, sealed_key, is_active, options, created_at)
    values (%(id)s, %(name)s, %(address)s, %(sealed_key)s, %(is_active)s, %(options)s, %(now)s)
        on conflict (id) do update
       set name = excluded.name, address = excluded.address, sealed_key = excluded.sealed_key,
           is_active = excluded.is_active, options = excluded.options
"""

REMOVE_MARKETS = """
    delete from retailcrm_market
     where connection_id = %(id)s
       and market <> all(%(markets)s::text[])
"""

SAVE_MARKETS = """
    insert into retailcrm_market (market, connection_id, site)
    select market, %(id)s, site
      from unnest(%(markets)s::text[], %(sites)s::text[]) as served (market, site)
        on conflict (market) do update
       set site = excluded.site
     where retailcrm_market.connection_id = excluded.connection_id
"""

MARKETS_OF_OTHERS = """
    select market
      from retailcrm_market
     where market = any(%(markets)s::text[])
       and connection_id <> %(id)s
     order by market
     limit 1
"""

SAVE_LISTS = """
    update retailcrm_connection set lists = %(lists)s, lists_at = %(now)s where id = %(id)s
"""

SAVE_LOAD = "update retailcrm_connection set load = %(load)s where id = %(id)s"

# Read numbers only ever grow: an answer that was overtaken changes nothing.
SAVE_HISTORY = """
    update retailcrm_connection
       set order_history_id = greatest(order_history_id, %(orders)s),
           customer_history_id = greatest(customer_history_id, %(customers)s),
           pulled_at = %(now)s
     where id = %(id)s
"""

NOTE_FAILURE = """
    update retailcrm_connection
       set failures = failures + 1, paused_until = %(paused_until)s, error = %(error)s,
           error_at = %(now)s
     where id = %(id)s
"""

NOTE_SUCCESS = """
    update retailcrm_connection
       set failures = 0, paused_until = null, error = null, sent_at = %(now)s::timestamptz
     where id = %(id)s
       and (failures > 0 or paused_until is not null or sent_at is null
            or sent_at < %(now)s::timestamptz - interval '1 second')
"""

# The bucket belongs to the key, whichever process calls: so it is kept here, by the database's own
# clock.
TAKE_TURN = """
    update retailcrm_connection
       set tokens = least(%(burst)s::float8, tokens
               + extract(epoch from clock_timestamp() - tokens_at) * %(rate)s::float8) - 1,
           tokens_at = clock_timestamp()
     where id = %(id)s
       and tokens + extract(epoch from clock_timestamp() - tokens_at) * %(rate)s::float8 >= 1
"""

CONNECTIONS_OF_MARKETS = """
    select market, connection_id
      from retailcrm_market
      join retailcrm_connection as connection on connection.id = connection_id
     where connection.is_active
       and (%(market)s::text is null or market = %(market)s)
     order by connection_id, market
"""

STOCK_CONNECTIONS = """
    select served.market, served.connection_id
      from retailcrm_market as served
      join retailcrm_connection as connection on connection.id = served.connection_id
     where connection.is_active
       and (connection.options ->> 'sends_stock')::boolean
       and connection.options -> 'stores' <> '{}'
     order by served.connection_id, served.market
"""

LOOK_NOW = """
    update retailcrm_connection set pulled_at = null, paused_until = null where id = %(id)s
"""


async def list_connections(snap: Snapshot) -> tuple[Connection, ...]:
    """Give every connection by name."""
    return tuple(_connection(row) for row in await snap.all(LIST_CONNECTIONS, {"id": None}))


async def get_connection(snap: Snapshot, connection_id: UUID) -> Connection:
    """Give a connection.

    Raises:
        NoConnection: there is none.
    """
    row = await snap.maybe(LIST_CONNECTIONS, {"id": connection_id})
    if row is None:
        raise NoConnection
    return _connection(row)


async def save(tx: Transaction, connection: Connection, *, now: datetime) -> None:
    """Write what a person decides of a connection."""
    await tx.execute(
        SAVE_CONNECTION,
        {
            "id": connection.id,
            "name": connection.name,
            "address": connection.address,
            "sealed_key": connection.sealed_key,
            "is_active": connection.is_active,
            "options": Jsonb(msgspec.to_builtins(asdict(connection.options))),
            "now": now,
        },
    )
    served: dict[str, Any] = {
        "id": connection.id,
        "markets": list(connection.sites),
        "sites": list(connection.sites.values()),
    }
    await tx.execute(REMOVE_MARKETS, served)
    await tx.execute(SAVE_MARKETS, served)


async def save_lists(
    tx: Transaction, connection_id: UUID, lists: Mapping[str, Mapping[str, str]], *, now: datetime
) -> None:
    """Keep the CRM's reference lists."""
    plain = {name: dict(entries) for name, entries in lists.items()}
    await tx.execute(SAVE_LISTS, {"id": connection_id, "lists": Jsonb(plain), "now": now})


async def save_load(tx: Transaction, connection_id: UUID, load: Load) -> None:
    """Keep how far the first load is."""
    document = msgspec.to_builtins(asdict(load))
    await tx.execute(SAVE_LOAD, {"id": connection_id, "load": Jsonb(document)})


def _connection(row: Row) -> Connection:
    return Connection(
        **{
            **row._asdict(),
            "sealed_key": bytes(row.sealed_key),
            "options": msgspec.convert(row.options, Options),
            "load": msgspec.convert(row.load, Load),
        }
    )
