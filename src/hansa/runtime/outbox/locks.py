"""Advisory locks that share the work of relays out, and the connections that hold them.

A lock is gone the moment its holder's connection is, so a killed relay is replaced at once. They
need a connection of their own to the server itself: not through a pooler in transaction mode.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

# Classes of PostgreSQL's two-number advisory locks; they only have to differ from other users'.
PARTITION, SEQUENCER, PRESENCE, MEMBER = 0x48A10001, 0x48A10002, 0x48A10003, 0x48A10004
LOOP = 0x48A10005


@asynccontextmanager
async def dedicated_connection(dsn: str, name: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """Open a connection beside the pool, in autocommit; a dead server is noticed in a minute."""
    connection = await psycopg.AsyncConnection.connect(
        dsn,
        autocommit=True,
        application_name=name,
        connect_timeout=10,
        keepalives=1,
        keepalives_idle=20,
        keepalives_interval=10,
        keepalives_count=3,
        options="-c timezone=UTC -c jit=off -c statement_timeout=60000",
    )
    try:
        yield connection
    finally:
        await connection.close()
