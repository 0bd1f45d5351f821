"""The front as an ASGI application. It holds nothing but connections and what it remembers."""

import asyncio
import hmac
import ipaddress
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

import httpx
import structlog

import hansa
from hansa.modules.loyalty import members
from hansa.runtime.clock import Clock, SystemClock
from hansa.runtime.html import read_catalogue
from hansa.runtime.http.visit import best_language
from hansa.runtime.settings import Settings
from hansa.runtime.telemetry import Receive, Scope, Send, render_metrics
from hansa.surfaces.loyalty_front import visitors
from hansa.surfaces.loyalty_front.asking import HOME, Name, Wanted, wanted_of
from hansa.surfaces.loyalty_front.cells import Cell, Cells
from hansa.surfaces.loyalty_front.places import Found, Places, choose
from hansa.surfaces.loyalty_front.sending import (
    AWAY,
    NOT_HERE,
    TOO_LARGE,
    Answer,
    Headers,
    Refused,
    Sender,
    passed,
)
from hansa.surfaces.loyalty_front.splitting import LISTS, Split

PACKAGE = Path(hansa.__file__).parent
PROGRAMS = ("/oauth/token", "/.well-known/")
"""What the home cell answers besides: where programs get their tokens."""
_NOT_FOUND = 404
BODY_SECONDS = 60
"""How long whoever calls may take to send a body."""
_log = structlog.get_logger(__name__)


class Call:
    """A request on its way."""

    def __init__(self, scope: Scope, content: bytes) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        query: bytes = scope["query_string"]
        raw: bytes = scope.get("raw_path") or quote(self.path).encode()
        self.target = raw.partition(b"?")[0].decode("latin-1") + (
            f"?{query.decode('latin-1')}" if query else ""
        )
        self.headers: Headers = _forwarded(scope)
        self.content = content
        self.scope = scope
        self._by_name = dict(self.headers)

    def header(self, name: bytes) -> bytes:
        """Give what a header says."""
        return self._by_name.get(name, b"")

    @property
    def visit(self) -> visitors.Sent:
        """What tells where a page is to come from."""
        return visitors.Sent(
            self.method,
            self.path,
            self.target.partition("?")[2],
            self.header(b"content-type"),
            self.header(b"cookie"),
            self.content,
        )

    @property
    def authorization(self) -> bytes:
        """What the caller showed."""
        return self.header(b"authorization")

    @property
    def key(self) -> str:
        """The key of the call."""
        return self._by_name.get(b"idempotency-key", b"").decode("latin-1")


class Front:
    """Sends each request to the cell it belongs to; `settings.loyalty_cells` is the table."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._cells = Cells(settings.cells)
        self._catalogue = read_catalogue(PACKAGE, settings.languages)
        self._sender: Sender
        self._places: Places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path = scope["path"]
        if path in OWN:
            await _give(OWN[path](self._settings, scope), send)
            return
        if path in visitors.ENTRANCES:
            await _give(visitors.entrance(_accepted(scope)), send)
            return
        is_visit = _is_visit(scope["method"], path)
        if not (is_visit or path.startswith((HOME, *PROGRAMS))) or _climbs(path):
            await self._give(NOT_HERE, scope, send)
            return
        limit = self._settings.http_body_limit_bytes
        if is_visit or path.startswith(visitors.SHELL):
            limit = min(limit, visitors.BODY_BYTES_MAX)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                content = await _content(receive, bytes_max=limit)
        except TimeoutError:
            content = None
        if content is None:
            await self._give(TOO_LARGE, scope, send)
            return
        call = Call(scope, content)
        try:
            if is_visit or path.startswith(visitors.SHELL):
                await self._pass_on_visit(call, send)
            else:
                await self._pass_on(call, send)
        except Refused as refused:
            await self._give(refused.answer, scope, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        members.use_secret(self._settings.secret_key.reveal().encode())
        self._sender = Sender(
            connect_seconds=self._settings.outbound_connect_timeout_seconds,
            answer_seconds=self._settings.outbound_timeout_seconds,
        )
        self._places = Places(
            self._cells,
            self._sender,
            secret=self._settings.secret_key.reveal().encode(),
            clock=self._clock,
            remembered_max=self._settings.loyalty_places_max,
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._sender.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _pass_on(self, call: Call, send: Send) -> None:
        """Find the cell of a request and hand its answer on as it comes."""
        path = call.path.removeprefix(HOME)
        if call.path == path:
            await self._stream(call, self._cells.home, send)
            return
        if path in LISTS and call.method == "POST":
            split = Split.read(path, call.content, self._clock.now())
            await self._pass_on_split(call, split, send)
            return
        wanted = wanted_of(call.method, path, call.key, call.content, self._clock.now())
        names = wanted.names if wanted else ()
        found = await self._places.find([wanted] if wanted else [], call.authorization)
        to, counts = choose(wanted, found, self._cells)
        if len(to) > 1:
            await self._give(await self._to_all(call, counts), call.scope, send)
        elif wanted and found.remembered:
            await self._try(call, wanted, counts, send)
        else:
            status = await self._stream(call, counts, send)
            self._learn(call, path, names, counts, status)

    async def _pass_on_visit(self, call: Call, send: Send) -> None:
        """Send what belongs to the app to the cell of whoever looks; what is alike, to any."""
        if call.path.startswith(visitors.SHELL):
            path = call.path.removeprefix(visitors.SHELL)
            if path == "places":
                raise Refused(NOT_HERE)  # that is the front's own question
            wanted = visitors.shell_wanted(path, call.authorization, call.content)
        else:
            wanted = visitors.page_wanted(call.visit)
            if call.method != "POST" and visitors.is_alike(call.visit):
                _, first = choose(wanted, Found(), self._cells)
                others = [cell for cell in self._cells.all if cell != first]
                await self._stream(call, first, send, others=others)
                return
        found = Found()
        if wanted and wanted.names:
            found = await self._places.find([wanted], b"", for_visitor=call.headers)
        _, cell = choose(wanted, found, self._cells)
        await self._stream(call, cell, send)

    async def _try(self, call: Call, wanted: Wanted, cell: Cell, send: Send) -> None:
        """Send to a remembered cell; if that knows nothing of it any more, ask who does."""
        answer = await self._whole(call, cell, call.content)
        if answer.status == _NOT_FOUND:
            self._places.forget(wanted.names, call.authorization)
            found = await self._places.find([wanted], call.authorization, is_fresh=True)
            _, other = choose(wanted, found, self._cells)
            if other != cell:
                cell, answer = other, await self._whole(call, other, call.content)
        self._learn(call, call.path.removeprefix(HOME), (), cell, answer.status)
        await self._give(answer, call.scope, send)

    async def _to_all(self, call: Call, counts: Cell) -> Answer:
        """Send to every cell; all must answer, so that whichever it concerns has it."""
        answers = await asyncio.gather(
            *(self._whole(call, cell, call.content) for cell in self._cells.all)
        )
        away = [one for one in answers if one.status == AWAY.status]
        return away[0] if away else answers[counts.number]

    async def _pass_on_split(self, call: Call, split: Split | None, send: Send) -> None:
        if split is None:
            await self._stream(call, self._cells.home, send)
            return
        wanted = [one for one in split.wanted if one is not None]
        # One question for all items: what is remembered would save little.
        found = await self._places.find(wanted, call.authorization, is_fresh=True)
        split.place(found, self._cells)
        contents = split.contents()
        if len(contents) == 1 and not split.refused:
            await self._stream(call, next(iter(contents)), send)
            return
        answers = await asyncio.gather(
            *(self._whole(call, cell, content) for cell, content in contents.items())
        )
        together = split.together(dict(zip(contents, answers, strict=True)))
        await self._give(together, call.scope, send)

    def _learn(
        self, call: Call, path: str, names: tuple[Name, ...], cell: Cell, status: int
    ) -> None:
        """Remember what a cell has just taken in: a hold under its key, whoever was enrolled."""
        if not 200 <= status < 300:  # noqa: PLR2004 - the range of success
            return
        if path == "holds":
            self._places.remember(Name("hold", call.key), cell, call.authorization)
        if path == "members":
            for name in names:
                self._places.remember(name, cell, call.authorization)

    async def _whole(self, call: Call, cell: Cell, content: bytes) -> Answer:
        try:
            return await self._sender.send(cell, call.method, call.target, call.headers, content)
        except httpx.HTTPError as error:
            _log.warning("a cell does not answer", cell=cell.number, error=type(error).__name__)
            return AWAY

    async def _stream(
        self, call: Call, cell: Cell, send: Send, *, others: Sequence[Cell] = ()
    ) -> int:
        """Hand an answer on piece by piece, packed or not; give its status.

        While a cell is away or knows no such thing, as during an update, the `others` are tried.
        """
        is_begun = False
        try:
            async with self._sender.open(
                cell, call.method, call.target, call.headers, call.content
            ) as response:
                if others and response.status_code == _NOT_FOUND:
                    return await self._stream(call, others[0], send, others=others[1:])
                headers = passed(response.headers.raw)
                if length := response.headers.get("content-length"):
                    headers.append((b"content-length", length.encode()))
                await send(
                    {
                        "type": "http.response.start",
                        "status": response.status_code,
                        "headers": headers,
                    }
                )
                is_begun = True
                async for piece in response.aiter_raw():
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return response.status_code
        except httpx.HTTPError as error:
            _log.warning("a cell does not answer", cell=cell.number, error=type(error).__name__)
            if is_begun:
                raise  # the connection breaks off, so that nobody takes a half for the whole
            if others:
                return await self._stream(call, others[0], send, others=others[1:])
            await self._give(AWAY, call.scope, send)
            return AWAY.status

    async def _give(self, answer: Answer, scope: Scope, send: Send) -> None:
        """Give a whole answer; what the front says itself in the language of the caller."""
        if answer.error is not None:
            language = best_language(_accepted(scope), self._settings.languages)
            if is_page := visitors.is_page(scope["path"]):
                language = scope["path"][1:3]
            answer = Answer.refusing(
                answer.error,
                lambda text: self._catalogue.sentence(language, text),
                status=answer.status,
            )
            answer = visitors.refusal_page(answer, language) if is_page else answer
        await _give(answer, send)


def _accepted(scope: Scope) -> str:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    return headers.get(b"accept-language", b"").decode("latin-1")


def _is_visit(method: str, path: str) -> bool:
    """Tell whether something is a page or a file of the members' app."""
    is_reading = method in {"GET", "HEAD"}
    if visitors.is_page(path):
        return is_reading or method == "POST"
    return is_reading and path.startswith(visitors.FILES)


def _climbs(path: str) -> bool:
    """Tell whether a path would be another one once its dots are taken away."""
    return "\\" in path or any(part in {".", ".."} for part in path.split("/"))


def _forwarded(scope: Scope) -> Headers:
    """Give the headers as they came, and from where."""
    client = scope.get("client")
    came: list[tuple[bytes, bytes]] = passed(scope["headers"])
    hops = [value for name, value in came if name == b"x-forwarded-for"]
    if client:
        hops.append(client[0].encode())
    kept = [(name, value) for name, value in came if name != b"x-forwarded-for"]
    kept.append((b"x-forwarded-for", b", ".join(hops)))
    if not any(name == b"x-forwarded-proto" for name, _ in kept):
        kept.append((b"x-forwarded-proto", str(scope.get("scheme", "http")).encode()))
    return kept


async def _content(receive: Receive, *, bytes_max: int) -> bytes | None:
    """Read the body; None if it is too large, or nobody is there any more."""
    content = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        content += message.get("body", b"")
        if len(content) > bytes_max:
            return None
        if not message.get("more_body", False):
            return bytes(content)


async def _give(answer: Answer, send: Send) -> None:
    length = (b"content-length", str(len(answer.body)).encode())
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [*answer.headers, length],
        }
    )
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


def _healthy(_: Settings, __: Scope) -> Answer:
    return Answer(200, [(b"content-type", b"application/json")], b'{"status":"ok","parts":{}}')


def _metrics(settings: Settings, scope: Scope) -> Answer:
    token = settings.metrics_token.reveal()
    sent = dict(scope["headers"]).get(b"authorization", b"")
    is_allowed = (
        hmac.compare_digest(sent, b"Bearer " + token.encode()) if token else _is_near(scope)
    )
    if not is_allowed:
        return NOT_HERE
    text, kind = render_metrics()
    return Answer(200, [(b"content-type", kind.encode())], text)


def _is_near(scope: Scope) -> bool:
    client = scope.get("client")
    try:
        return not client or ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


OWN: dict[str, Callable[[Settings, Scope], Answer]] = {
    "/health/live": _healthy,
    "/health/ready": _healthy,
    "/metrics": _metrics,
}
"""What the front answers itself; it is ready whatever cells do, since each is away by itself."""
