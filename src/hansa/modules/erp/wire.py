"""What goes over the wire of the exchange: lines of text one way, bodies of files the other."""

from collections.abc import AsyncIterator

from litestar import Response
from litestar.exceptions import ClientException

from hansa.kernel.errors import HansaError, Unavailable
from hansa.modules.erp.model import (
    ChunkCutOff,
    ChunkTooLarge,
    EmptyChunk,
    FileState,
    ImportedFile,
)
from hansa.runtime.http import (
    BadCredentials,
    PermissionMissing,
    Request,
    SignInNeeded,
    TooManyRequests,
    problems,
)

WHOLE_TAIL_BYTES = 200


def lines(
    *parts: str, status: int = 200, cookies: tuple[str, str] | None = None
) -> Response[bytes]:
    """Answer lines of text."""
    headers = {"Cache-Control": "no-store"}
    if status == 401:  # noqa: PLR2004 - the one status that asks for a password
        headers["WWW-Authenticate"] = 'Basic realm="1C exchange", charset="UTF-8"'
    response: Response[bytes] = Response(
        "\n".join(parts).encode(),
        status_code=status,
        media_type="text/plain; charset=utf-8",
        headers=headers,
    )
    if cookies is not None:
        response.set_cookie(cookies[0], cookies[1], httponly=True, samesite="lax", path="/")
    return response


def failure(request: Request, error: HansaError, *, status: int | None = None) -> Response[bytes]:
    """Answer what was refused and why; 1C asks for no language, so it gets the site's first."""
    if status is None:
        if isinstance(error, BadCredentials | SignInNeeded):
            status = 401
        elif isinstance(error, PermissionMissing):
            status = 403
        elif isinstance(error, TooManyRequests):
            status = 429
        else:
            status = 503 if isinstance(error, Unavailable) else 200
    return lines("failure", problems.detail(request, error), status=status)


def import_answer(file: ImportedFile) -> Response[bytes]:
    """Answer how far an import is."""
    counts = file.counts
    told = ", ".join(
        f"{word} {counts[name]}"
        for name, word in (
            ("records", "записей"),
            ("created", "создано"),
            ("changed", "изменено"),
            ("archived", "убрано"),
            ("refused", "отказано"),
        )
        if counts.get(name)
    )
    match file.state:
        case FileState.DONE:
            return lines("success", told)
        case FileState.FAILED | FileState.ABANDONED:
            return lines("failure", file.error or file.state)
        case _:
            return lines("progress", told or "в очереди")


class Body:
    """The body of a request on its way to the storage: counted, and broken off when it is wrong."""

    def __init__(self, request: Request, *, limit_bytes: int) -> None:
        self._request = request
        self._limit_bytes = limit_bytes
        self._tail = b""
        self.refusal: HansaError | None = None

    @property
    def looks_whole(self) -> bool:
        """Say whether the content ends like a whole XML file."""
        return self._tail.rstrip().endswith("</КоммерческаяИнформация>".encode()) or (
            self._tail.rstrip().endswith("</КоммерческаяИнформация>".encode("cp1251"))
        )

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give the content in pieces.

        Raises:
            EmptyChunk, ChunkTooLarge, ChunkCutOff: as their names say; nothing is kept then.
        """
        told = self._request.headers.get("content-length")
        announced = int(told) if told is not None and told.isdigit() else None
        received = 0
        try:
            async for piece in self._request.stream():
                received += len(piece)
                if received > self._limit_bytes:
                    raise self._refuse(ChunkTooLarge(self._limit_bytes))
                self._tail = (self._tail + piece)[-WHOLE_TAIL_BYTES:]
                if piece:
                    yield piece
        except ClientException as error:
            raise self._refuse(ChunkCutOff(received, announced or 0)) from error
        if announced is not None and received != announced:
            raise self._refuse(ChunkCutOff(received, announced))
        if not received:
            raise self._refuse(EmptyChunk())

    def _refuse(self, error: HansaError) -> HansaError:
        self.refusal = error
        return error
