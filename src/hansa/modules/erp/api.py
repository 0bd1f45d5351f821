"""JSON API of the exchange, for staff: connections, files, the log, decisions."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from hansa.modules.erp import decisions, queries, sessions
from hansa.modules.erp.model import Action, Connection, FileState, ImportedFile, Removal
from hansa.modules.erp.queries import LogRow, Tally
from hansa.runtime.database import Transaction
from hansa.runtime.http import Cursor, Limit, ListPage, Request, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT

TAGS = ["Exchange with 1C"]
Word = Annotated[str | None, QueryParameter(max_length=300)]


class ConnectionView(msgspec.Struct, frozen=True):
    """A connection with 1C."""

    id: UUID
    code: str
    name: str
    market: str
    channel: str
    currency: str
    language: str
    time_zone: str
    stock_policy: str
    schema_version: str
    encoding: str
    use_zip: bool
    file_limit_bytes: int
    default_warehouse_id: UUID | None
    base_price_type: str | None
    publishes_products: bool
    activates_warehouses: bool
    products_from_offers: bool
    removal_limit_percent: int
    orders_per_answer: int
    is_active: bool

    @classmethod
    def of(cls, connection: Connection) -> "ConnectionView":
        """Show a connection."""
        return cls(**{name: getattr(connection, name) for name in cls.__struct_fields__})


class FileView(msgspec.Struct, frozen=True):
    """A file that came, and how far its import is."""

    id: UUID
    exchange_id: UUID
    name: str
    kind: str
    state: str
    size_bytes: int
    began_at: datetime
    finished_at: datetime | None
    position: int
    formed_at: datetime | None
    is_full: bool | None
    counts: dict[str, int]
    error_code: str | None
    error: str | None

    @classmethod
    def of(cls, file: ImportedFile) -> "FileView":
        """Show a file."""
        values: dict[str, Any] = {name: getattr(file, name) for name in cls.__struct_fields__}
        return cls(**(values | {"counts": dict(file.counts)}))


class LogView(msgspec.Struct, frozen=True):
    """A line of the log."""

    number: int
    file_id: UUID | None
    ordinal: int
    line: int
    kind: str
    external_id: str
    internal_id: UUID | None
    title: str
    action: str
    code: str
    reason: str
    details: dict[str, str]
    at: datetime

    @classmethod
    def of(cls, row: LogRow) -> "LogView":
        """Show a line."""
        values: dict[str, Any] = {name: getattr(row, name) for name in cls.__struct_fields__}
        return cls(**(values | {"details": dict(row.details)}))


class TallyView(msgspec.Struct, frozen=True):
    """How often something was done in a file, and why."""

    action: str
    kind: str
    code: str
    reason: str
    count: int

    @classmethod
    def of(cls, row: Tally) -> "TallyView":
        """Show a count."""
        return cls(row.action, row.kind, row.code, row.reason, row.count)


class RemovalView(msgspec.Struct, frozen=True):
    """What a full export left out."""

    id: UUID
    exchange_id: UUID
    kind: str
    scope: str
    total: int
    absent: int
    state: str
    made_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, removal: Removal) -> "RemovalView":
        """Show a removal."""
        return cls(**{name: getattr(removal, name) for name in cls.__struct_fields__})


class DecisionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether to carry out what is held."""

    apply: bool


class RepeatedView(msgspec.Struct, frozen=True):
    """The new import of a file."""

    file_id: UUID


@get("/api/v1/erp/connections", tags=TAGS, summary="List connections with 1C")
async def list_connections(request: Request) -> list[ConnectionView]:
    """Give all connections."""
    authorise(request, "erp.view")
    async with request.snapshot(single=True) as snap:
        return [ConnectionView.of(one) for one in await queries.list_connections(snap)]


@get("/api/v1/erp/connections/{connection_id:uuid}/files", tags=TAGS, summary="List received files")
async def list_files(
    request: Request,
    connection_id: FromPath[UUID],
    file_state: Annotated[FileState | None, QueryParameter(name="state")] = None,
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[FileView]:
    """Give files, the newest first."""
    authorise(request, "erp.view")
    cursor = request.read_cursor(after, of="erp.files", types=(datetime, UUID))
    async with request.snapshot(single=True) as snap:
        found = await queries.list_files(
            snap, connection_id=connection_id, state=file_state, before=cursor, limit=limit + 1
        )
    shown, following = request.page_of(
        found, limit=limit, of="erp.files", key=lambda file: (file.began_at, file.id)
    )
    return ListPage([FileView.of(file) for file in shown], following)


@get("/api/v1/erp/files/{file_id:uuid}", tags=TAGS, summary="Show a received file")
async def show_file(request: Request, file_id: FromPath[UUID]) -> FileView:
    """Give a file."""
    authorise(request, "erp.view")
    async with request.snapshot(single=True) as snap:
        return FileView.of(await queries.get_file(snap, file_id=file_id))


@get("/api/v1/erp/files/{file_id:uuid}/tally", tags=TAGS, summary="Count what a file did")
async def show_tally(request: Request, file_id: FromPath[UUID]) -> list[TallyView]:
    """Count the log of a file by action, kind and reason."""
    authorise(request, "erp.view")
    async with request.snapshot(single=True) as snap:
        return [TallyView.of(row) for row in await queries.tally(snap, file_id=file_id)]


@get("/api/v1/erp/connections/{connection_id:uuid}/log", tags=TAGS, summary="Read the log")
async def list_log(  # noqa: PLR0913, PLR0917 - filters of a list
    request: Request,
    connection_id: FromPath[UUID],
    file_id: Annotated[UUID | None, QueryParameter()] = None,
    action: Annotated[Action | None, QueryParameter()] = None,
    kind: Word = None,
    external_id: Word = None,
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[LogView]:
    """Give lines of the log, the newest first."""
    authorise(request, "erp.view")
    cursor = request.read_cursor(after, of="erp.log", types=(int,))
    async with request.snapshot(single=True) as snap:
        found = await queries.list_log(
            snap,
            connection_id=connection_id,
            file_id=file_id,
            action=action,
            kind=kind,
            external_id=external_id,
            before=None if cursor is None else cursor[0],
            limit=limit + 1,
        )
    shown, following = request.page_of(
        found, limit=limit, of="erp.log", key=lambda row: (row.number,)
    )
    return ListPage([LogView.of(row) for row in shown], following)


@post("/api/v1/erp/files/{file_id:uuid}/repeats", tags=TAGS, summary="Import a file again")
async def repeat_file(request: Request, file_id: FromPath[UUID]) -> Response[RepeatedView]:
    """Import a file once more from its beginning; what is as it was stays untouched."""
    authorise(request, "erp.edit")

    async def repeat(tx: Transaction) -> RepeatedView:
        now = request.received_at
        return RepeatedView(await sessions.repeat_file(tx, file_id=file_id, now=now))

    return await request.once(repeat)


@get(
    "/api/v1/erp/connections/{connection_id:uuid}/removals",
    tags=TAGS,
    summary="List what full exports left out",
)
async def list_removals(
    request: Request,
    connection_id: FromPath[UUID],
    only_held: Annotated[bool, QueryParameter()] = False,  # noqa: FBT002 - of the address
) -> list[RemovalView]:
    """Give removals, the newest first; held ones wait for a decision."""
    authorise(request, "erp.view")
    async with request.snapshot(single=True) as snap:
        found = await queries.list_removals(snap, connection_id=connection_id, only_held=only_held)
    return [RemovalView.of(removal) for removal in found]


@post("/api/v1/erp/removals/{removal_id:uuid}/decision", tags=TAGS, summary="Decide a removal")
async def decide_removal(
    request: Request, removal_id: FromPath[UUID], data: JSONBody[DecisionBody]
) -> Response[RemovalView]:
    """Carry out what a full export left out, or dismiss it."""
    actor = authorise(request, "erp.edit")

    async def decide(tx: Transaction) -> RemovalView:
        removal = await decisions.decide_removal(
            tx, removal_id=removal_id, apply=data.apply, by=actor, now=request.received_at
        )
        return RemovalView.of(removal)

    return await request.once(decide)


ROUTES = (
    list_connections,
    list_files,
    show_file,
    show_tally,
    list_log,
    repeat_file,
    list_removals,
    decide_removal,
)
