"""What an ERP asks about the exchange itself: what is here, what to send again, where to begin."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter

from hansa.kernel.errors import Invalid
from hansa.modules import accounts
from hansa.modules.erp import outgoing
from hansa.modules.erp.model import Connection
from hansa.modules.erp.rest import calling
from hansa.modules.erp.rest.kinds import KINDS
from hansa.modules.erp.rest.model import KEY_CHARACTERS_MAX
from hansa.modules.erp.store import incoming as sql
from hansa.runtime.database import Transaction
from hansa.runtime.http import Request

TAGS = ["Exchange with an ERP"]
LIMIT_MAX = 5_000
KEYS_MAX = 10_000
_CURSOR = "erp.received"


class NoSuchKind(Invalid):
    """There are no rows of this kind."""

    code = "erp.no_such_kind"
    message = "There are no rows of this kind. See the addresses under /erp/v1."


class PeriodBackwards(Invalid):
    """A period ends before it begins."""

    code = "erp.period_backwards"
    message = "The period must end after it begins."


class ReceivedRow(msgspec.Struct, frozen=True):
    """The last word about a key; `is_whole` False: a part was left out, send it again."""

    key: str
    sequence: int
    is_whole: bool
    as_of: datetime
    received_at: datetime


class ReceivedPage(msgspec.Struct, frozen=True):
    """Some last words by key, and the cursor of those that follow."""

    items: list[ReceivedRow]
    next: str | None = None


class ResendBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """Which outgoing messages are wanted again."""

    since: Annotated[datetime, msgspec.Meta(tz=True)]
    until: Annotated[datetime, msgspec.Meta(tz=True)]
    kind: Annotated[str, msgspec.Meta(max_length=40)] | None = None


class ResentAnswer(msgspec.Struct, frozen=True):
    """How many things are being sent again."""

    queued: int


class ResetBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose sequences begin anew, and why; without keys those of all rows of the kind."""

    kind: Annotated[str, msgspec.Meta(max_length=40)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    keys: (
        Annotated[
            list[Annotated[str, msgspec.Meta(max_length=KEY_CHARACTERS_MAX)]],
            msgspec.Meta(min_length=1, max_length=KEYS_MAX),
        ]
        | None
    ) = None


class ResetAnswer(msgspec.Struct, frozen=True):
    """How many keys begin anew."""

    forgotten: int


@get("/erp/v1/received", tags=TAGS, summary="Tell what has been received")
async def list_received(  # noqa: PLR0917 - filters of a list
    request: Request,
    kind: Annotated[str, QueryParameter(max_length=40)],
    since: Annotated[
        datetime | None, QueryParameter(name="from", description="Received at or after")
    ] = None,
    until: Annotated[datetime | None, QueryParameter(description="Received before")] = None,
    after: Annotated[str | None, QueryParameter(max_length=500)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=LIMIT_MAX)] = 1_000,
) -> ReceivedPage:
    """Give the last sequence of each key, to compare with and send what lacks."""
    connection = await calling.connection_of(request)
    if kind not in KINDS:
        raise NoSuchKind
    cursor = request.read_cursor(after, of=_CURSOR, types=(str,))
    async with request.snapshot(single=True) as snap:
        rows = await snap.all(
            sql.RECEIVED,
            {
                "connection_id": connection.id,
                "kind": kind,
                "after": None if cursor is None else cursor[0],
                "since": _instant(connection, since),
                "until": _instant(connection, until),
                "limit": limit + 1,
            },
        )
    shown, following = request.page_of(rows, limit=limit, of=_CURSOR, key=lambda row: (row.key,))
    return ReceivedPage([ReceivedRow(**row._asdict()) for row in shown], following)


def _instant(connection: Connection, moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return connection.instant(moment)


@post(
    "/erp/v1/resend",
    tags=TAGS,
    summary="Ask for outgoing messages again",
    status_code=200,
    opt=calling.OPTIONS,
)
async def resend(request: Request, data: JSONBody[ResendBody]) -> Response[ResentAnswer]:
    """Send what happened in a period to this ERP again."""
    connection = await calling.connection_of(request)
    if data.until <= data.since:
        raise PeriodBackwards

    async def queue(tx: Transaction) -> ResentAnswer:
        queued = await outgoing.resend(
            tx,
            connection_id=connection.id,
            kind=data.kind,
            since=data.since,
            until=data.until,
            now=request.received_at,
        )
        return ResentAnswer(queued)

    return await request.once(queue)


@post(
    "/erp/v1/sequence-resets",
    tags=TAGS,
    summary="Begin sequences anew",
    status_code=200,
    opt=calling.OPTIONS,
)
async def reset_sequences(request: Request, data: JSONBody[ResetBody]) -> Response[ResetAnswer]:
    """Forget the sequences of rows, after a restore of the ERP: the next ones may begin anywhere.

    Numbers of stock stay ordered by `as_of`.
    """
    connection = await calling.connection_of(request)
    if data.kind not in KINDS:
        raise NoSuchKind

    async def reset(tx: Transaction) -> ResetAnswer:
        return ResetAnswer(await _forget(tx, request, connection.id, data))

    return await request.once(reset)


async def _forget(tx: Transaction, request: Request, connection_id: UUID, body: ResetBody) -> int:
    named = {"connection_id": connection_id, "kind": body.kind}
    await tx.execute(sql.LOCK_CONNECTION, named)
    keys = None if body.keys is None else list(body.keys)
    forgotten = await tx.execute(sql.FORGET_SEQUENCES, named | {"keys": keys})
    await accounts.record(
        tx,
        actor=request.actor,
        action="erp.sequences_reset",
        subject_kind="erp_connection",
        subject_id=connection_id,
        after={"kind": body.kind, "reason": body.reason, "forgotten": forgotten},
        now=request.received_at,
    )
    return forgotten


ROUTES: tuple[HTTPRouteHandler, ...] = (list_received, resend, reset_sequences)
