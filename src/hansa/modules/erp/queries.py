"""Reads for the back office: connections, exchanges, files, the log, what is held."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hansa.modules.erp import rows
from hansa.modules.erp.model import (
    Action,
    Connection,
    FileState,
    ImportedFile,
    NoConnection,
    NoSuchFile,
    Removal,
)
from hansa.modules.erp.store import exchange as sql
from hansa.modules.erp.store import log as log_sql
from hansa.modules.erp.store import references
from hansa.runtime.database import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """A line of the exchange log."""

    number: int
    connection_id: UUID
    exchange_id: UUID | None
    file_id: UUID | None
    ordinal: int
    line: int
    kind: str
    external_id: str
    internal_id: UUID | None
    title: str
    action: Action
    code: str
    reason: str
    details: Mapping[str, str]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRow:
    """A session with how many files it brought and how many of them failed."""

    id: UUID
    connection_id: UUID
    kind: str
    version: str
    address: str
    state: str
    started_at: datetime
    last_at: datetime
    files: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often something was done to things of a kind in a file, and why."""

    action: Action
    kind: str
    code: str
    reason: str
    count: int


async def get_connection(snap: Snapshot, *, connection_id: UUID) -> Connection:
    """Give a connection, also one that is switched off.

    Raises:
        NoConnection: there is none.
    """
    row = await snap.maybe(sql.CONNECTION, {"id": connection_id})
    if row is None:
        raise NoConnection
    return rows.connection_of(row)


async def list_connections(snap: Snapshot) -> tuple[Connection, ...]:
    """Give all connections, the oldest first."""
    return tuple(rows.connection_of(row) for row in await snap.all(sql.CONNECTIONS))


async def list_exchanges(
    snap: Snapshot,
    *,
    connection_id: UUID,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> tuple[ExchangeRow, ...]:
    """Give sessions, the newest first; `before` is (started_at, id) of the last one seen."""
    found = await snap.all(
        log_sql.EXCHANGES, {"connection_id": connection_id, "limit": limit} | _before(before)
    )
    return tuple(ExchangeRow(**row._asdict()) for row in found)


async def list_files(
    snap: Snapshot,
    *,
    connection_id: UUID,
    state: FileState | None = None,
    exchange_id: UUID | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> tuple[ImportedFile, ...]:
    """Give files, the newest first; `before` is (began_at, id) of the last one seen."""
    found = await snap.all(
        log_sql.FILES,
        {
            "connection_id": connection_id,
            "state": state,
            "exchange_id": exchange_id,
            "limit": limit,
        }
        | _before(before),
    )
    return tuple(rows.file_of(row) for row in found)


async def get_file(snap: Snapshot, *, file_id: UUID) -> ImportedFile:
    """Give one file.

    Raises:
        NoSuchFile: there is none.
    """
    row = await snap.maybe(sql.FILE, {"id": file_id})
    if row is None:
        raise NoSuchFile(str(file_id))
    return rows.file_of(row)


async def list_log(  # noqa: PLR0913 - filters of a list
    snap: Snapshot,
    *,
    connection_id: UUID,
    file_id: UUID | None = None,
    action: Action | None = None,
    kind: str | None = None,
    external_id: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> tuple[LogRow, ...]:
    """Give lines of the log, the newest first; `before` is the number of the last one seen."""
    found = await snap.all(
        log_sql.LOG,
        {
            "connection_id": connection_id,
            "file_id": file_id,
            "action": action,
            "kind": kind,
            "external_id": external_id,
            "before": before,
            "limit": limit,
        },
    )
    return tuple(LogRow(**(row._asdict() | {"action": Action(row.action)})) for row in found)


async def tally(snap: Snapshot, *, file_id: UUID) -> tuple[Tally, ...]:
    """Count the log of a file by action, kind and reason; the reason shown is one of them."""
    found = await snap.all(log_sql.COUNT_BY_CODE, {"file_id": file_id})
    return tuple(Tally(**(row._asdict() | {"action": Action(row.action)})) for row in found)


async def list_removals(
    snap: Snapshot, *, connection_id: UUID, only_held: bool = False, limit: int = 50
) -> tuple[Removal, ...]:
    """Give what full exchanges left out, the newest first."""
    found = await snap.all(
        references.REMOVALS,
        {"connection_id": connection_id, "only_held": only_held, "limit": limit},
    )
    return tuple(rows.removal_of(row) for row in found)


async def external_ids(
    snap: Snapshot, *, connection_id: UUID, kind: str, internal_ids: list[UUID]
) -> dict[UUID, str]:
    """Give the outside ids of our things; kind is product, variant, warehouse, price_type..."""
    found = await snap.all(
        references.EXTERNAL_OF,
        {"connection_id": connection_id, "kind": kind, "internal_ids": internal_ids},
    )
    return {row.internal_id: row.external_id for row in found}


def _before(before: tuple[datetime, UUID] | None) -> dict[str, object]:
    if before is None:
        return {"before_at": None, "before_id": None}
    return {"before_at": before[0], "before_id": before[1]}
