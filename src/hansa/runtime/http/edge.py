"""The outermost layer: numbers a request, adds headers, compresses, counts, logs.

Plain ASGI around Litestar. Litestar's middlewares run only for routes that exist and cost more.
"""

import re
import time
import zlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog
from litestar import Litestar
from litestar.status_codes import HTTP_400_BAD_REQUEST, HTTP_500_INTERNAL_SERVER_ERROR
from litestar.types import Message, Receive, Send
from prometheus_client import Counter, Histogram

from hansa.kernel.identifiers import new_mark
from hansa.runtime.http import problems
from hansa.runtime.http.limits import Buckets, TooManyRequests
from hansa.runtime.http.request import Request
from hansa.runtime.http.static import StaticFiles
from hansa.runtime.http.visit import PARTNER_PATH, SCOPE_KEY, SESSION_COOKIE, Visit, Wiring

_log = structlog.get_logger("hansa.access")
_SANE_ID = re.compile(rb"^[A-Za-z0-9._-]{8,64}$")

COMPRESS_BYTES_MIN = 1024
# Level 1 halves the time of level 6 for a tenth more bytes; pages are made anew each time.
COMPRESS_LEVEL = 1
SLOW_SECONDS = 1.0
LINES_PER_SECOND = 20
SESSION_COOKIE_SECONDS = 400 * 24 * 3600

_SECONDS = Histogram(
    "hansa_http_request_seconds",
    "Time from the first byte of a request to the last of its answer",
    ["route", "method"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_ANSWERS = Counter("hansa_http_answers_total", "Answers by status", ["route", "method", "status"])

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_COMMON = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
_FOR_PAGES = (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=()")
_POLICY = (b"content-security-policy", POLICY.encode())
_PAGE_CACHING = (b"cache-control", b"no-cache, private")
_NO_CACHING = (b"cache-control", b"no-store")
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_TEXTUAL = (b"text/", b"application/json", b"application/problem+json", b"image/svg+xml")
_ROUTES: dict[tuple[str, str, int], tuple[Any, Any]] = {}


class Edge:
    """The whole application as Granian sees it."""

    def __init__(
        self,
        app: Litestar,
        wiring: Wiring,
        *,
        lifespan: Callable[[], AbstractAsyncContextManager[None]],
        files: StaticFiles,
        buckets: Buckets,
        trusted_proxies: tuple[str, ...] = (),
    ) -> None:
        self.litestar = app
        self.wiring = wiring
        self.lifespan = lifespan
        self._files = files
        self._buckets = buckets
        self._proxies = frozenset(trusted_proxies)
        self._lines = 0
        self._lines_since = 0.0
        self._clock = wiring.context.clock
        self._headers = [*_COMMON]
        if wiring.is_production:
            self._headers.append(_STRICT_TRANSPORT)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve a connection."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path = scope["path"]
        if path.startswith("/static/"):
            await self._files(scope, receive, send)
            return
        visit = self._visit(scope)
        scope[SCOPE_KEY] = visit
        answer = _Answer(self, visit, scope, send)
        if scope["method"] == "HEAD":
            scope["method"] = "GET"
            answer.without_body = True
        if self._buckets.is_on and not self._is_counted_by_client(visit):
            try:
                self._buckets.take(visit.client, answer.began)
            except TooManyRequests as error:
                await self._refuse(error, scope, receive, answer.send)
                return
        await self.litestar(scope, receive, answer.send)

    async def _live(self, receive: Receive, send: Any) -> None:
        """Open what requests need, and close it when the server stops."""
        await receive()
        try:
            async with self.lifespan():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.shutdown.complete"})

    def _is_counted_by_client(self, visit: Visit) -> bool:
        """Tell whether the gate counts it: all programs of a partner may share one address."""
        if not visit.path.startswith(PARTNER_PATH):
            return False
        header = visit.headers.get(b"authorization")
        return header is not None and self.wiring.authenticator.knows(header)

    def is_worth_a_line(self, status: int, seconds: float, at: float) -> bool:
        """Tell whether a request is logged: faults and slow ones always, of others some."""
        if status >= HTTP_500_INTERNAL_SERVER_ERROR or seconds > SLOW_SECONDS:
            return True
        if status < HTTP_400_BAD_REQUEST:
            return False
        if at - self._lines_since >= 1:
            self._lines_since, self._lines = at, 0
        self._lines += 1
        return self._lines <= LINES_PER_SECOND

    def _visit(self, scope: Any) -> Visit:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        sent = headers.get(b"x-request-id")
        if sent is not None and _SANE_ID.match(sent):
            request_id = sent.decode("ascii")
        else:
            request_id = new_mark()
        client = scope.get("client")
        address = client[0] if client else ""
        is_https = scope.get("scheme") == "https"
        if address in self._proxies:
            is_https = headers.get(b"x-forwarded-proto") == b"https"
            forwarded = headers.get(b"x-forwarded-for", b"").decode("latin-1")
            hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
            while hops and address in self._proxies:
                address = hops.pop()
        return Visit(
            self.wiring,
            request_id,
            self._clock.now(),
            scope["path"],
            headers,
            address[:64],
            is_https,
        )

    async def _refuse(
        self, error: TooManyRequests, scope: Any, receive: Receive, send: Send
    ) -> None:
        app = self.litestar
        scope["litestar_app"] = app
        scope.setdefault("path_params", {})
        request = Request(scope, receive, send)
        response = problems.handle_expected(request, error)
        await response.to_asgi_response(app=None, request=request)(scope, receive, send)


class _Answer:
    """Follows an answer on its way out."""

    __slots__ = ("_edge", "_scope", "_send", "_start", "_status", "_visit", "began", "without_body")

    def __init__(self, edge: Edge, visit: Visit, scope: Any, send: Send) -> None:
        self._edge = edge
        self._visit = visit
        self._scope = scope
        self._send = send
        self._start: Any = None
        self._status = 0
        self.without_body = False
        self.began = time.perf_counter()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            self._status = message["status"]
            self._decorate(message)
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        more = message.get("more_body", False)
        if self._start is not None:
            start, self._start = self._start, None
            if not more:
                self._compress(start, message)
            await self._send(start)
        if self.without_body:
            message["body"] = b""
        await self._send(message)
        if not more:
            self._done()

    def _decorate(self, start: Any) -> None:
        visit = self._visit
        is_page = has_policy = has_caching = False
        for name, value in start["headers"]:
            if name == b"content-type":
                is_page = value.startswith(b"text/html")
            elif name == b"content-security-policy":
                has_policy = True
            elif name == b"cache-control":
                has_caching = True
        headers: list[tuple[bytes, bytes]] = [
            *start["headers"],
            *self._edge._headers,  # noqa: SLF001 - the answer is a part of the edge
            (b"x-request-id", visit.request_id.encode("ascii")),
        ]
        start["headers"] = headers
        if not has_policy:
            headers.append(_POLICY)
        if is_page:
            headers.append(_FOR_PAGES)
            headers.append((b"vary", b"Cookie, Accept-Language, HX-Request"))
        if not has_caching:
            headers.append(_PAGE_CACHING if is_page else _NO_CACHING)
        if visit.session_token_is_new and visit.session_token is not None:
            headers.append((b"set-cookie", session_cookie(visit)))
        headers.extend((b"set-cookie", cookie) for cookie in visit.cookies)
        headers.extend(visit.answer_headers)

    def _compress(self, start: Any, message: Any) -> None:
        body = message.get("body", b"")
        if len(body) < COMPRESS_BYTES_MIN:
            return
        if b"gzip" not in self._visit.headers.get(b"accept-encoding", b""):
            return
        headers = start["headers"]
        kind = b""
        for name, value in headers:
            if name == b"content-encoding":
                return
            if name == b"content-type":
                kind = value
        if not kind.startswith(_TEXTUAL):
            return
        packer = zlib.compressobj(COMPRESS_LEVEL, zlib.DEFLATED, 31)
        packed = packer.compress(body) + packer.flush()
        message["body"] = packed
        start["headers"] = [
            (name, str(len(packed)).encode() if name == b"content-length" else value)
            for name, value in headers
        ]
        start["headers"].append((b"content-encoding", b"gzip"))
        start["headers"].append((b"vary", b"Accept-Encoding"))

    def _done(self) -> None:
        seconds = time.perf_counter() - self.began
        route = self._scope.get("path_template") or "none"
        method = self._scope["method"]
        key = (route, method, self._status)
        metrics = _ROUTES.get(key)
        if metrics is None:
            metrics = _ROUTES[key] = (
                _SECONDS.labels(route, method),
                _ANSWERS.labels(route, method, str(self._status)),
            )
        metrics[0].observe(seconds)
        metrics[1].inc()
        if self._edge.is_worth_a_line(self._status, seconds, self.began):
            self._log(seconds, method)

    def _log(self, seconds: float, method: str) -> None:
        visit = self._visit
        tell = _log.warning if self._status >= HTTP_500_INTERNAL_SERVER_ERROR else _log.info
        tell(
            "request",
            request_id=visit.request_id,
            method=method,
            path=visit.path[:200],
            status=self._status,
            code=visit.error_code,
            milliseconds=round(seconds * 1000, 1),
            actor=str(visit.actor.id) if visit.actor else None,
        )


def session_cookie(visit: Visit) -> bytes:
    """Write the session cookie."""
    secure = "; Secure" if visit.is_https or visit.wiring.is_production else ""
    return (
        f"{SESSION_COOKIE}={visit.session_token}; Path=/; Max-Age={SESSION_COOKIE_SECONDS}; "
        f"HttpOnly; SameSite=Lax{secure}"
    ).encode()
