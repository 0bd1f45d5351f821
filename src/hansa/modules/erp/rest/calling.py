"""Who calls /erp/v1: a key of a connection."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hansa.modules import accounts
from hansa.modules.erp.model import Connection, NoConnection
from hansa.modules.erp.rest.errors import KeyWithoutConnection
from hansa.modules.erp.rows import connection_of as read_connection
from hansa.modules.erp.store import incoming as sql
from hansa.modules.erp.store.exchange import CONNECTION
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import NO_CSRF, NO_KEY, Actor, Request, authorise

PERMISSION: Final = "erp.rest"
OPTIONS: Final[dict[str, Any]] = {
    NO_CSRF: "called by programs with a key in a header, never by browsers",
    NO_KEY: "rows carry keys and sequences of their own; an Idempotency-Key is welcome",
}


async def connection_of(request: Request) -> Connection:
    """Give the connection whose key the caller shows.

    Raises:
        SignInNeeded, PermissionMissing: there is no key, or it may not do this.
        KeyWithoutConnection: the key belongs to no connection.
        NoConnection: the connection is switched off.
    """
    actor = authorise(request, PERMISSION)
    if actor.kind != "key":
        raise KeyWithoutConnection
    async with request.snapshot(single=True) as snap:
        row = await snap.maybe(sql.CONNECTION_OF_KEY, {"key_id": actor.id})
    if row is None:
        raise KeyWithoutConnection
    connection = read_connection(row)
    if not connection.is_active:
        raise NoConnection
    return connection


async def make_key(
    tx: Transaction, *, connection_id: UUID, name: str, by: Actor | None, now: datetime
) -> tuple[accounts.ApiKey, str]:
    """Make an API key of a connection; the second part of the answer is shown once.

    Raises:
        NoConnection: there is no such connection.
        PermissionMissing: `by` may not send rows themselves.
    """
    if await tx.maybe(CONNECTION, {"id": connection_id}) is None:
        raise NoConnection
    key, secret = await accounts.create_api_key(tx, name=name, scopes=(PERMISSION,), by=by, now=now)
    await tx.execute(sql.BIND_KEY, {"key_id": key.id, "connection_id": connection_id, "now": now})
    return key, secret


async def list_keys(snap: Snapshot, *, connection_id: UUID) -> list[accounts.ApiKey]:
    """Give the keys of a connection, also ended ones."""
    rows = await snap.all(sql.KEYS_OF_CONNECTION, {"connection_id": connection_id})
    ids = {row.key_id for row in rows}
    return [key for key in await accounts.list_api_keys(snap) if key.id in ids]
