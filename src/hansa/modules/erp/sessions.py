"""The exchange as 1C drives it: sessions, chunks of files, asking for an import."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules import markets
from hansa.modules.erp import rows
from hansa.modules.erp.jobs_data import FinishExchange, ImportFile
from hansa.modules.erp.model import (
    SESSION_IDLE,
    Connection,
    Exchange,
    FileState,
    ImportedFile,
    Kind,
    NoConnection,
    NoSession,
    NoSuchFile,
    StillImporting,
)
from hansa.modules.erp.store import exchange as sql
from hansa.runtime.database import Snapshot, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session that began: the cookie's value is told once."""

    exchange_id: UUID
    token: str
    session_id: str


async def save_connection(tx: Transaction, *, connection: Connection, now: datetime) -> None:
    """Make or change a connection."""
    values = asdict(connection) | {"owned_fields": list(connection.owned_fields), "now": now}
    await tx.execute(sql.SAVE_CONNECTION, values)


async def find_connection(snap: Snapshot, *, code: str | None = None) -> Connection:
    """Give the connection of a code, or the first active one.

    Raises:
        NoConnection: there is none, or it is switched off.
    """
    for row in await snap.all(sql.CONNECTIONS):
        if row.is_active and code in {None, row.code}:
            return rows.connection_of(row)
    raise NoConnection


async def ensure_connection(
    tx: Transaction, *, market: str, now: datetime, code: str = "1c", **settings: Any
) -> Connection:
    """Give the connection of a code, making it for a market if there is none yet."""
    for row in await tx.all(sql.CONNECTIONS):
        if row.code == code:
            return rows.connection_of(row)
    found = await markets.get_market(tx, code=market)
    values: dict[str, Any] = {
        "name": "1C",
        "market": found.code,
        "channel": found.code,
        "currency": found.currency,
        "language": found.default_language,
        "orders_since": now,
        **settings,
    }
    connection = Connection(id=new_id(now), code=code, **values)
    await save_connection(tx, connection=connection, now=now)
    return connection


async def open_exchange(
    tx: Transaction, *, connection: Connection, kind: Kind, address: str, now: datetime
) -> Opened:
    """Begin a session for whoever has just signed in."""
    token = secrets.token_hex(24)
    exchange_id = new_id(now)
    await tx.execute(
        sql.OPEN_EXCHANGE,
        {
            "id": exchange_id,
            "connection_id": connection.id,
            "kind": kind,
            "token_digest": _digest(token),
            "address": address,
            "now": now,
        },
    )
    return Opened(exchange_id=exchange_id, token=token, session_id=session_id_of(token))


async def find_exchange(snap: Snapshot, *, token: str | None, now: datetime) -> Exchange:
    """Give the session of a cookie.

    Raises:
        NoSession: there is no cookie, or it is not ours, or it was not used for long.
    """
    if not token:
        raise NoSession
    row = await snap.maybe(
        sql.EXCHANGE_BY_TOKEN, {"token_digest": _digest(token), "used_after": now - SESSION_IDLE}
    )
    if row is None:
        raise NoSession
    return rows.exchange_of(row)


async def init_exchange(
    tx: Transaction, *, exchange: Exchange, kind: Kind, version: str, now: datetime
) -> None:
    """Begin anew: files nobody asked to import are dropped, full exchanges before are finished."""
    await tx.execute(
        sql.ABANDON_FILES,
        {
            "connection_id": exchange.connection_id,
            "kind": kind,
            "started_at": exchange.started_at,
            "now": now,
        },
    )
    await touch(tx, exchange=exchange, now=now, version=version)


async def touch(
    tx: Transaction,
    *,
    exchange: Exchange,
    now: datetime,
    version: str = "",
    state: str | None = None,
) -> None:
    """Note that a session is alive, or over."""
    await tx.execute(
        sql.TOUCH_EXCHANGE,
        {
            "id": exchange.id,
            "version": version[:20],
            "state": state or exchange.state,
            "now": now,
        },
    )


async def add_chunk(
    tx: Transaction,
    *,
    exchange: Exchange,
    kind: Kind,
    name: str,
    chunk: Mapping[str, object],
    now: datetime,
) -> UUID:
    """Append a received chunk to the file of that name, beginning it if need be."""
    key = {"exchange_id": exchange.id, "name": name}
    # Chunks of one session arrive one by one, but a lost answer may bring two at once.
    await tx.execute(
        sql.TOUCH_EXCHANGE, {"id": exchange.id, "version": "", "state": exchange.state, "now": now}
    )
    file_id: UUID | None = await tx.scalar(sql.LOCK_RECEIVING, key)
    if file_id is None:
        file_id = new_id(now)
        await tx.execute(
            sql.ADD_FILE,
            key
            | {
                "id": file_id,
                "connection_id": exchange.connection_id,
                "repeats_id": None,
                "archive_id": None,
                "kind": kind,
                "state": FileState.RECEIVING,
                "size_bytes": 0,
                "now": now,
            },
        )
    await tx.execute(sql.ADD_CHUNK, dict(chunk) | {"file_id": file_id, "now": now})
    return file_id


async def request_import(
    tx: Transaction, *, exchange: Exchange, kind: Kind, name: str, now: datetime
) -> ImportedFile:
    """Have a received file imported; a repeated request gives the file as it stands.

    A name that was not sent is looked for in the archives of the session.

    Raises:
        NoSuchFile: neither a file nor an archive was sent.
    """
    await touch(tx, exchange=exchange, now=now)
    row = await tx.maybe(sql.LATEST_FILE, {"exchange_id": exchange.id, "name": name})
    if row is not None:
        file = rows.file_of(row)
        if file.state is FileState.RECEIVING:
            await _enqueue(tx, file.id, exchange.connection_id, now=now)
        return rows.file_of(await tx.one(sql.FILE, {"id": file.id}))
    archives = await tx.all(sql.ARCHIVES, {"exchange_id": exchange.id})
    if not archives:
        raise NoSuchFile(name)
    return await _add_copy(
        tx,
        connection_id=exchange.connection_id,
        exchange_id=exchange.id,
        name=name,
        kind=kind,
        size_bytes=0,
        archive_id=archives[0].id,
        now=now,
    )


async def repeat_file(tx: Transaction, *, file_id: UUID, now: datetime) -> UUID:
    """Import a file once more from its beginning, as a new file with the same content.

    Raises:
        NoSuchFile: there is no such file, or its content is no longer kept.
        StillImporting: it is being imported.
    """
    row = await tx.maybe(sql.LOCK_FILE, {"id": file_id})
    if row is None:
        raise NoSuchFile(str(file_id))
    file = rows.file_of(row)
    if file.state in {FileState.WAITING, FileState.IMPORTING}:
        raise StillImporting
    copy = await _add_copy(
        tx,
        connection_id=file.connection_id,
        exchange_id=file.exchange_id,
        name=file.name,
        kind=file.kind,
        size_bytes=file.size_bytes,
        archive_id=file.archive_id,
        repeats_id=None if file.archive_id else file.id,
        now=now,
    )
    return copy.id


async def _add_copy(
    tx: Transaction, *, connection_id: UUID, now: datetime, **values: object
) -> ImportedFile:
    file_id = new_id(now)
    await tx.execute(
        sql.ADD_FILE,
        {"repeats_id": None, "archive_id": None}
        | values
        | {
            "id": file_id,
            "connection_id": connection_id,
            "state": FileState.RECEIVING,
            "now": now,
        },
    )
    await _enqueue(tx, file_id, connection_id, now=now)
    return rows.file_of(await tx.one(sql.FILE, {"id": file_id}))


async def _enqueue(tx: Transaction, file_id: UUID, connection_id: UUID, *, now: datetime) -> None:
    await tx.execute(sql.START_FILE, {"id": file_id, "state": FileState.WAITING, "now": now})
    await tx.enqueue(ImportFile(connection_id=connection_id, file_id=file_id))


async def complete_exchange(tx: Transaction, *, exchange: Exchange, now: datetime) -> None:
    """End a session; what its portioned full files left out is taken away after their import."""
    await touch(tx, exchange=exchange, now=now, state="complete")
    await tx.enqueue(FinishExchange(connection_id=exchange.connection_id, exchange_id=exchange.id))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def session_id_of(token: str) -> str:
    """Derive what 1C may repeat in the address from the cookie, so that it proves nothing alone."""
    return hashlib.sha256(b"sessid:" + token.encode()).hexdigest()[:32]
