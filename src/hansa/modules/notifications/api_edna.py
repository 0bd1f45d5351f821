"""Where EDNA tells what became of messages. The last part of the address is the secret."""

import hmac
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
import structlog
from litestar import Response, get, post
from litestar.params import FromPath, PathParameter

from hansa.kernel.errors import Invalid, NotFound
from hansa.modules.notifications import statuses
from hansa.runtime.http import NO_CSRF, NO_KEY, PUBLIC, Request

PATH = "/api/v1/notifications/edna"
KEY_CHARACTERS_MIN = 20
_OPTIONS = {
    PUBLIC: "has the secret that only EDNA was told",
    NO_CSRF: "comes from a program",
    NO_KEY: "a status that comes again is known as such",
}

_log = structlog.get_logger(__name__)

Key = Annotated[str, PathParameter(max_length=200, description="What only EDNA was told.")]


class StatusInvalid(Invalid):
    """A body that is no status."""

    code = "notifications.status_invalid"
    message = "This is not a status of a message."


class _Status(msgspec.Struct):
    requestId: str = ""  # noqa: N815 - EDNA's name
    status: str = ""
    statusAt: datetime | None = None  # noqa: N815 - EDNA's name
    error: str | dict[str, msgspec.Raw] | None = None


@get(PATH + "/{key:str}", tags=["Notifications"], summary="See that statuses are taken",
      opt=_OPTIONS)  # fmt: skip
async def check(request: Request, key: FromPath[Key]) -> None:
    """Answer that the address is right: EDNA asks for the head before it uses it."""
    _check(request, key)


@post(
    PATH + "/{key:str}",
    tags=["Notifications"],
    summary="Statuses of EDNA",
    status_code=204,
    opt=_OPTIONS,
)
async def take(request: Request, key: FromPath[Key]) -> Response[None]:
    """Keep a status; one that came before, or is of nobody's message, is taken as well."""
    _check(request, key)
    try:
        told = msgspec.json.decode(await request.body(), type=_Status)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StatusInvalid from error
    try:
        request_id = UUID(told.requestId)
    except ValueError:
        _log.info("a status of somebody else's message", status=told.status[:60])
        return Response(None)
    async with request.transaction() as tx:
        await statuses.take_status(
            tx,
            request_id=request_id,
            status=told.status,
            status_at=told.statusAt,
            error=told.error if isinstance(told.error, str) else "",
            now=request.received_at,
        )
    return Response(None)


def _check(request: Request, key: str) -> None:
    """Let nobody in who does not know the address; a short key is none.

    Raises:
        NotFound: there is nothing here.
    """
    known = request.context.settings.edna_callback_key.reveal()
    is_right = hmac.compare_digest(known.encode(), key.encode())
    if len(known) < KEY_CHARACTERS_MIN or not is_right:
        raise NotFound


ROUTES = (check, take)
