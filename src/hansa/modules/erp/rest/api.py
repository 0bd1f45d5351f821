"""/erp/v1: batches of rows from the ERP, each row answered by itself."""

from typing import Any

from litestar import Response, post
from litestar.exceptions import ClientException
from litestar.handlers import HTTPRouteHandler

from hansa.kernel.identifiers import new_id
from hansa.modules.erp.rest import batches, calling, comparing, staff
from hansa.modules.erp.rest.answers import BatchAnswer, answer_of
from hansa.modules.erp.rest.description import describing
from hansa.modules.erp.rest.errors import BatchCutOff, BatchTooLarge
from hansa.modules.erp.rest.kind import Kind
from hansa.modules.erp.rest.kinds import KINDS
from hansa.modules.erp.rest.model import BATCH_BYTES_MAX, BATCH_ROWS_MAX, DRY_ROWS_MAX
from hansa.modules.erp.rest.rows import read_rows
from hansa.modules.erp.rest.run import Call, Taken, take_batch
from hansa.runtime.http import Request
from hansa.runtime.http.bodies import JSON, check_content_type, encode

TAGS = ["Exchange with an ERP"]
_YES = {"1", "true", "yes"}


async def _body(request: Request) -> bytes:
    """Read the body, at most so much of it.

    Raises:
        WrongContentType, BatchTooLarge, BatchCutOff: as their names say.
    """
    check_content_type(request)
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > BATCH_BYTES_MAX:
        raise BatchTooLarge(BATCH_BYTES_MAX, BATCH_ROWS_MAX)
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > BATCH_BYTES_MAX:
                raise BatchTooLarge(BATCH_BYTES_MAX, BATCH_ROWS_MAX)
            pieces.append(piece)
    except ClientException as error:
        raise BatchCutOff from error
    return b"".join(pieces)


async def take(request: Request, kind: Kind[Any], *, is_dry_run: bool) -> Response[Any]:
    """Take a batch of a kind and answer its rows."""
    connection = await calling.connection_of(request)
    actor = request.actor
    assert actor is not None, "the connection is that of the actor's key"
    body = await _body(request)
    limit = DRY_ROWS_MAX if is_dry_run else BATCH_ROWS_MAX
    rows, fates = await read_rows(body, limit=limit)
    opening = batches.Opening(
        id=new_id(request.received_at),
        connection_id=connection.id,
        kind=kind.name,
        key_id=actor.id,
        address=request.client_address,
        is_dry_run=is_dry_run,
        body=body,
        idempotency_key=request.idempotency_key,
        now=request.received_at,
    )

    def render(call: Call, taken: Taken) -> bytes:
        return encode(answer_of(request, call, taken))

    call = Call(opening=opening, connection=connection, kind=kind, render=render)
    answer, is_repeat = await take_batch(request.context, call, rows, fates)
    headers = {"Idempotency-Replayed": "true"} if is_repeat else {}
    return Response(answer, status_code=200, media_type=JSON, headers=headers)


def _wants_dry_run(request: Request) -> bool:
    return request.query_params.get("dry_run", "").lower() in _YES


def _routes_of(kind: Kind[Any]) -> tuple[HTTPRouteHandler, HTTPRouteHandler]:
    """Make the two addresses of a kind."""

    @post(
        f"/erp/v1/{kind.name}",
        tags=TAGS,
        summary=kind.title,
        status_code=200,
        opt=calling.OPTIONS,
        request_max_body_size=None,
        operation_class=describing(kind),
        name=f"erp.rest.{kind.name}",
    )
    async def send(request: Request) -> Response[BatchAnswer]:
        return await take(request, kind, is_dry_run=_wants_dry_run(request))

    @post(
        f"/erp/v1/dry-run/{kind.name}",
        tags=TAGS,
        summary=f"{kind.title}: tell what would happen",
        status_code=200,
        opt=calling.OPTIONS,
        request_max_body_size=None,
        operation_class=describing(kind, is_dry_run=True),
        name=f"erp.rest.dry-run.{kind.name}",
    )
    async def rehearse(request: Request) -> Response[BatchAnswer]:
        return await take(request, kind, is_dry_run=True)

    return send, rehearse


ROUTES: tuple[HTTPRouteHandler, ...] = (
    *(route for kind in KINDS.values() for route in _routes_of(kind)),
    *comparing.ROUTES,
    *staff.ROUTES,
)
