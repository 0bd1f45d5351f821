"""JSON API for staff: keys of connections, batches that came."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter

from hansa.modules.erp.rest import batches, calling
from hansa.modules.erp.rest.model import Batch
from hansa.runtime.database import Transaction
from hansa.runtime.http import Cursor, Limit, ListPage, Request, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT

TAGS = ["Exchange with 1C"]
_CURSOR = "erp.batches"


class NewConnectionKeyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the key is called."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class NewConnectionKeyView(msgspec.Struct, frozen=True):
    """A key of a connection; the secret is shown this once."""

    id: UUID
    name: str
    secret: str


class BatchView(msgspec.Struct, frozen=True):
    """A batch that came, and what became of its rows."""

    id: UUID
    kind: str
    key_id: UUID | None
    is_dry_run: bool
    state: str
    size_bytes: int
    counts: dict[str, int]
    received_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, batch: Batch) -> "BatchView":
        """Show a batch."""
        values: dict[str, Any] = {name: getattr(batch, name) for name in cls.__struct_fields__}
        return cls(**(values | {"counts": dict(batch.counts)}))


@post(
    "/api/v1/erp/connections/{connection_id:uuid}/keys",
    tags=TAGS,
    summary="Make a key of a connection",
)
async def add_key(
    request: Request, connection_id: FromPath[UUID], data: JSONBody[NewConnectionKeyBody]
) -> Response[NewConnectionKeyView]:
    """Make a key for /erp/v1; its secret is in this answer and nowhere else."""
    actor = authorise(request, "erp.edit")

    async def add(tx: Transaction) -> NewConnectionKeyView:
        key, secret = await calling.make_key(
            tx,
            connection_id=connection_id,
            name=data.name,
            by=actor,
            now=request.received_at,
        )
        return NewConnectionKeyView(key.id, key.name, secret)

    return await request.once_unkept(add)


@get(
    "/api/v1/erp/connections/{connection_id:uuid}/batches",
    tags=TAGS,
    summary="List batches of rows",
)
async def list_batches(  # noqa: PLR0917 - filters of a list
    request: Request,
    connection_id: FromPath[UUID],
    kind: Annotated[str | None, QueryParameter(max_length=40)] = None,
    only_refused: Annotated[bool, QueryParameter()] = False,  # noqa: FBT002 - of the address
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[BatchView]:
    """Give batches, the newest first; why rows were refused is in the log under their id."""
    authorise(request, "erp.view")
    cursor = request.read_cursor(after, of=_CURSOR, types=(datetime, UUID))
    async with request.snapshot(single=True) as snap:
        found = await batches.list_batches(
            snap,
            connection_id=connection_id,
            kind=kind,
            only_refused=only_refused,
            before=cursor,
            limit=limit + 1,
        )
    shown, following = request.page_of(
        found, limit=limit, of=_CURSOR, key=lambda batch: (batch.received_at, batch.id)
    )
    return ListPage([BatchView.of(batch) for batch in shown], following)


ROUTES: tuple[HTTPRouteHandler, ...] = (add_key, list_batches)
