"""Sending requests to cells, each with its time-outs, and answers of the front's own."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import msgspec
from prometheus_client import Counter

from hansa.kernel.errors import HansaError
from hansa.modules.loyalty import members
from hansa.runtime.http.problems import (
    PROBLEM,
    RETRY_AFTER_SECONDS,
    TITLES,
    BodyTooLarge,
    NoSuchAddress,
    Problem,
    status_of,
)
from hansa.surfaces.loyalty_front.cells import Cell
from hansa.surfaces.loyalty_front.faults import CellAway

Headers = Sequence[tuple[bytes, bytes]]
CONNECTIONS_MAX = 400
ENCODING = b"accept-encoding"
# What is between two neighbours, not between the ends; the length is counted anew.
_OF_A_HOP = frozenset(
    {
        b"connection",
        b"content-length",
        b"expect",
        b"host",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_SENT = Counter("hansa_front_requests_total", "Requests sent to cells", ["cell", "outcome"])


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; `error` is set if it is the front's own, in English until it is given."""

    status: int
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    error: HansaError | None = None

    @classmethod
    def refusing(
        cls,
        error: HansaError,
        translate: Callable[[str], str] = lambda text: text,
        *,
        status: int = 0,
    ) -> "Answer":
        """Say why the front refuses, as a cell would; `status` if it is not that of the kind."""
        status = status or status_of(error)
        told = Problem(
            title=translate(TITLES[status]),
            status=status,
            code=error.code,
            detail=translate(error.message),
            instance="",
        )
        headers = [(b"content-type", PROBLEM.encode()), (b"cache-control", b"no-store")]
        if isinstance(error, CellAway):
            headers.append((b"retry-after", str(RETRY_AFTER_SECONDS).encode()))
        return cls(status, headers, msgspec.json.encode(told), error)


class Refused(Exception):
    """The request ends here, with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


AWAY = Answer.refusing(CellAway())
TWO_CELLS = Answer.refusing(members.NamesTwoMembers())
NOT_HERE = Answer.refusing(NoSuchAddress())
TOO_LARGE = Answer.refusing(BodyTooLarge(), status=413)


class Sender:
    """Holds the connections to the cells; one per process."""

    def __init__(self, *, connect_seconds: float, answer_seconds: float) -> None:
        self._timeout = httpx.Timeout(answer_seconds, connect=connect_seconds)
        self._client = httpx.AsyncClient(
            timeout=self._timeout,
            limits=httpx.Limits(
                max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX
            ),
            follow_redirects=False,
            trust_env=False,
            # Cookies are the callers' own: none is kept, or the next caller would send it.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def send(
        self,
        cell: Cell,
        method: str,
        target: str,
        headers: Headers,
        content: bytes,
        *,
        seconds: float | None = None,
    ) -> Answer:
        """Send a request and read the answer whole, not packed.

        Raises:
            httpx.HTTPError: none came.
        """
        plain = [(name, value) for name, value in headers if name.lower() != ENCODING]
        async with self.open(cell, method, target, plain, content, seconds=seconds) as response:
            body = await response.aread()
            return Answer(response.status_code, passed(response.headers.raw), body)

    @asynccontextmanager
    async def open(
        self,
        cell: Cell,
        method: str,
        target: str,
        headers: Headers,
        content: bytes,
        *,
        seconds: float | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """Send a request; give its answer to be read as it comes.

        Raises:
            httpx.HTTPError: none came.
        """
        sent = passed(headers)
        # The client library would ask for packed answers, which the caller may not understand.
        if all(name != ENCODING for name, _ in sent):
            sent.append((ENCODING, b"identity"))
        request = self._client.build_request(
            method, cell.address + target, headers=sent, content=content or None
        )
        if seconds is not None:
            request.extensions["timeout"] = {
                **self._timeout.as_dict(),
                "read": min(seconds, self._timeout.read or seconds),
            }
        try:
            response = await self._client.send(request, stream=True)
        except httpx.HTTPError:
            _SENT.labels(str(cell.number), "away").inc()
            raise
        _SENT.labels(str(cell.number), "answered").inc()
        try:
            yield response
        finally:
            await response.aclose()


def passed(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Give the headers that are handed on."""
    return [(name.lower(), value) for name, value in headers if name.lower() not in _OF_A_HOP]
