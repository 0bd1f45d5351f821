"""The CommerceML exchange protocol over HTTP: 1C calls, the site answers in lines of text.

The first line is the verdict: `success`, `progress` or `failure`, then the reason. What the
protocol itself refuses is answered with status 200, since 1C reads the body; a wrong password with
401.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from litestar import HttpMethod, Response, route
from litestar.handlers import HTTPRouteHandler

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.modules import markets
from hansa.modules.erp import orders_out, rows, sessions
from hansa.modules.erp.commerceml import safe_name
from hansa.modules.erp.model import (
    COOKIE,
    Connection,
    Exchange,
    FileState,
    ImportedFile,
    Kind,
    NoConnection,
    NotSupported,
)
from hansa.modules.erp.store import exchange as sql
from hansa.modules.erp.wire import Body, failure, import_answer, lines
from hansa.runtime.http import (
    NO_CSRF,
    NO_KEY,
    PUBLIC,
    Request,
    authorise,
)

PERMISSION = "erp.exchange"
WAIT_SECONDS = 2.5
LOOK_EVERY_SECONDS = 0.1
VERSION_WITH_SESSION = (2, 8)
WHOLE_TAIL_BYTES = 200
_DONE = {FileState.DONE, FileState.FAILED, FileState.ABANDONED}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of 1C."""

    request: Request
    kind: str
    mode: str
    name: str
    version: str

    @property
    def file_kind(self) -> Kind:
        return Kind.SALE if self.kind == "sale" else Kind.CATALOG


def _refused(request: Request, error: HansaError) -> Response[bytes]:
    return failure(request, error)


async def answer(request: Request, code: str | None = None) -> Response[bytes]:
    """Answer a call of 1C."""
    query = request.query_params
    call = _Call(
        request,
        query.get("type", "catalog"),
        query.get("mode", ""),
        query.get("filename", ""),
        query.get("version", ""),
    )
    try:
        if call.kind not in {"catalog", "sale"}:
            raise NotSupported(call.kind[:40], call.mode[:40])
        if call.mode == "checkauth":
            return await _check_auth(call, code)
        exchange, connection = await _session(call)
        return await _step(call, exchange, connection)
    except HansaError as error:
        _log.info("erp.refused", kind=call.kind, mode=call.mode, code=error.code, reason=str(error))
        return failure(request, error)


async def _step(  # noqa: PLR0911 - one line a step
    call: _Call, exchange: Exchange, connection: Connection
) -> Response[bytes]:
    match call.kind, call.mode:
        case _, "init":
            return await _init(call, exchange, connection)
        case _, "file":
            return await _file(call, exchange, connection)
        case _, "import":
            return await _import(call, exchange)
        case _, "complete":
            return await _complete(call, exchange)
        case "catalog", "deactivate":
            return await _complete(call, exchange)
        case "sale", "query":
            return await _query(call, exchange, connection)
        case "sale", "success":
            return await _success(call, exchange)
        case "sale", "info":
            return _xml(orders_out.write_info(connection), connection)
        case _:
            raise NotSupported(call.kind[:40], call.mode[:40])


async def _check_auth(call: _Call, code: str | None) -> Response[bytes]:
    request = call.request
    authorise(request, PERMISSION)
    now = request.received_at
    async with request.transaction() as tx:
        try:
            connection = await sessions.find_connection(tx, code=code)
        except NoConnection:
            if code is not None or await tx.all(sql.CONNECTIONS):
                raise
            # The first call ever: a connection with ordinary settings for the market of the shop.
            market = request.context.service(markets.MarketDirectory).default()
            connection = await sessions.ensure_connection(tx, market=market.code, now=now)
        opened = await sessions.open_exchange(
            tx,
            connection=connection,
            kind=call.file_kind,
            address=request.client_address,
            now=now,
        )
    return lines(
        "success",
        COOKIE,
        opened.token,
        f"sessid={opened.session_id}",
        f"timestamp={int(now.timestamp())}",
        cookies=(COOKIE, opened.token),
    )


async def _session(call: _Call) -> tuple[Exchange, Connection]:
    token = call.request.cookies.get(COOKIE)
    async with call.request.snapshot() as snap:
        exchange = await sessions.find_exchange(snap, token=token, now=call.request.received_at)
        row = await snap.one(sql.CONNECTION, {"id": exchange.connection_id})
    if not row.is_active:
        raise NoConnection
    return exchange, rows.connection_of(row)


async def _init(call: _Call, exchange: Exchange, connection: Connection) -> Response[bytes]:
    async with call.request.transaction() as tx:
        await sessions.init_exchange(
            tx,
            exchange=exchange,
            kind=call.file_kind,
            version=call.version,
            now=call.request.received_at,
        )
    told = [
        f"zip={'yes' if connection.use_zip else 'no'}",
        f"file_limit={connection.file_limit_bytes}",
    ]
    if _is_newer(call.version):
        token = call.request.cookies.get(COOKIE, "")
        told += [f"sessid={sessions.session_id_of(token)}", f"version={call.version}"]
    return lines(*told)


def _is_newer(version: str) -> bool:
    major, _, minor = version.partition(".")
    if not (major.isdigit() and minor.isdigit()):
        return False
    return (int(major), int(minor)) >= VERSION_WITH_SESSION


async def _file(call: _Call, exchange: Exchange, connection: Connection) -> Response[bytes]:
    name = safe_name(call.name)
    request = call.request
    storage = request.context.storage
    now = request.received_at
    key = f"erp/{now:%Y-%m-%d}/{exchange.id.hex}/{new_id(now).hex}"
    body = Body(request, limit_bytes=connection.file_limit_bytes)
    try:
        written = await storage.put(key, body.pieces())
    except Exception:
        # What broke off the body is the reason to tell, whatever the storage made of it.
        if body.refusal is not None:
            raise body.refusal from None
        raise
    chunk = {
        "size_bytes": written.size,
        "sha256": written.sha256,
        "storage_key": key,
    }
    async with request.transaction() as tx:
        file_id = await sessions.add_chunk(
            tx, exchange=exchange, kind=call.file_kind, name=name, chunk=chunk, now=now
        )
        if call.kind == "sale" and body.looks_whole:
            # The older protocol never asks for an import of documents.
            await sessions.request_import(tx, exchange=exchange, kind=Kind.SALE, name=name, now=now)
    if call.kind == "sale" and body.looks_whole:
        file = await _awaited(call, file_id)
        if file.state is FileState.FAILED:
            return lines("failure", file.error or "")
    return lines("success")


async def _import(call: _Call, exchange: Exchange) -> Response[bytes]:
    name = safe_name(call.name)
    async with call.request.transaction() as tx:
        file = await sessions.request_import(
            tx,
            exchange=exchange,
            kind=call.file_kind,
            name=name,
            now=call.request.received_at,
        )
    if file.state not in _DONE:
        file = await _awaited(call, file)
    return import_answer(file)


async def _awaited(call: _Call, file: ImportedFile | object) -> ImportedFile:
    """Wait a little for an import, so that small files are answered at once."""
    file_id = file.id if isinstance(file, ImportedFile) else file
    clock = asyncio.get_running_loop().time
    until = clock() + WAIT_SECONDS
    pause = timedelta(seconds=LOOK_EVERY_SECONDS).total_seconds()
    while True:
        async with call.request.snapshot(single=True) as snap:
            found = rows.file_of(await snap.one(sql.FILE, {"id": file_id}))
        if found.state in _DONE or clock() >= until:
            return found
        await asyncio.sleep(pause)


async def _complete(call: _Call, exchange: Exchange) -> Response[bytes]:
    async with call.request.transaction() as tx:
        await sessions.complete_exchange(tx, exchange=exchange, now=call.request.received_at)
    return lines("success")


async def _query(call: _Call, exchange: Exchange, connection: Connection) -> Response[bytes]:
    now = call.request.received_at
    async with call.request.transaction() as tx:
        await sessions.touch(tx, exchange=exchange, now=now)
        content = await orders_out.query_orders(
            tx,
            connection=connection,
            exchange=exchange,
            version=call.version or exchange.version,
            now=now,
        )
    return _xml(content, connection)


def _xml(content: bytes, connection: Connection) -> Response[bytes]:
    return Response(
        content,
        media_type=f"application/xml; charset={connection.encoding}",
        headers={"Cache-Control": "no-store"},
    )


async def _success(call: _Call, exchange: Exchange) -> Response[bytes]:
    async with call.request.transaction() as tx:
        await orders_out.confirm_sent(tx, exchange=exchange, now=call.request.received_at)
    return lines("success")


_HANDLERS: dict[Any, Any] = {HansaError: _refused}
_OPTIONS = {
    PUBLIC: "1C signs in by mode=checkauth and shows a cookie afterwards",
    NO_CSRF: "called by 1C, not by browsers",
    NO_KEY: "the protocol repeats calls in its own way",
}


@route(
    ["/1c_exchange", "/bitrix/admin/1c_exchange.php"],
    http_method=[HttpMethod.GET, HttpMethod.POST],
    opt=_OPTIONS,
    request_max_body_size=None,
    exception_handlers=_HANDLERS,
    include_in_schema=False,
    status_code=200,
)
async def exchange_here(request: Request) -> Response[bytes]:
    """Answer 1C at the usual addresses."""
    return await answer(request)


@route(
    "/1c_exchange/{connection:str}",
    http_method=[HttpMethod.GET, HttpMethod.POST],
    opt=_OPTIONS,
    request_max_body_size=None,
    exception_handlers=_HANDLERS,
    include_in_schema=False,
    status_code=200,
)
async def exchange_with(request: Request) -> Response[bytes]:
    """Answer a 1C that has a connection of its own."""
    return await answer(request, str(request.path_params["connection"]))


ROUTES: tuple[HTTPRouteHandler, ...] = (exchange_here, exchange_with)
