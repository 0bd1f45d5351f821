"""Sending requests: see the package's docstring for what every call goes through."""

import asyncio
import random
import ssl
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import structlog
from opentelemetry import propagate, trace
from prometheus_client import Counter, Histogram

from hansa.runtime.database.transaction import OPEN_TRANSACTION
from hansa.runtime.masking import mask_text
from hansa.runtime.outbound import guard
from hansa.runtime.outbound.destination import Answer, Destination, Patience
from hansa.runtime.outbound.failures import (
    AnswerTooLarge,
    DestinationFailed,
    NoAnswer,
    TooManyRequests,
    TransactionOpen,
)
from hansa.runtime.outbound.limits import Circuit, Rate

WEB = Destination(name="web", attempts=2, answer_bytes_max=20 * 1024 * 1024)
"""Any address of the open internet."""

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_LOGGED_HEADERS = frozenset(
    {"content-type", "content-length", "date", "retry-after", "user-agent", "x-request-id"}
)
_LOGGED_BODY_CHARACTERS = 2000
_TOO_MANY, _SERVER_ERROR, _REDIRECTS_MAX, _CIRCUITS_MAX = 429, 500, 5, 1000

_log = structlog.get_logger(__name__)
_tracer = trace.get_tracer(__name__)
_REQUESTS = Counter(
    "hansa_outbound_requests_total", "Requests sent to the outside", ["destination", "outcome"]
)
_SECONDS = Histogram(
    "hansa_outbound_seconds", "Time to a whole answer, each attempt", ["destination"]
)


@dataclass(frozen=True, kw_only=True)
class _Call:
    """One request as asked for; sent as often as it takes."""

    method: str
    target: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes | None
    repeatable: bool


@dataclass
class _Line:
    """A destination with its state in this process."""

    destination: Destination
    patience: Patience
    rate: Rate
    tls: ssl.SSLContext | None = None
    client: httpx.AsyncClient | None = None
    circuits: OrderedDict[str, Circuit] = field(default_factory=OrderedDict)

    def circuit(self, target: str) -> Circuit:
        """Give the circuit breaker of the destination, or of the host if any host may be called."""
        destination = self.destination
        host = ""
        if destination.base_url is None:
            with suppress(ValueError):  # no address at all; `guard.check` will say so
                host = urlsplit(target).netloc
        if host not in self.circuits:
            if len(self.circuits) >= _CIRCUITS_MAX:
                self.circuits.popitem(last=False)
            self.circuits[host] = Circuit(
                destination.name,
                measured=not host,
                failures_to_open=destination.failures_to_open,
                open_seconds=destination.open_seconds,
                open_seconds_max=destination.open_seconds_max,
            )
        self.circuits.move_to_end(host)
        return self.circuits[host]


class Outbound:
    """Sends requests to configured destinations, and to addresses that users gave."""

    def __init__(
        self,
        destinations: Iterable[Destination] = (),
        *,
        patience: Patience | None = None,
        resolver: guard.Resolve = guard.resolve,
    ) -> None:
        self._lines: dict[str, _Line] = {}
        self._retired: list[httpx.AsyncClient] = []
        self._patience = patience or Patience()
        self._resolver = resolver
        for destination in (WEB, *destinations):
            self.configure(destination)

    def configure(self, destination: Destination) -> None:
        """Add a destination, or change what is known of it; its limits start afresh then."""
        known = self._lines.get(destination.name)
        if known is not None and known.destination == destination:
            return
        if known is not None and known.client is not None:
            self._retired.append(known.client)  # a call may be under way; closed at the end
        self._lines[destination.name] = _Line(
            destination=destination,
            patience=destination.patience(self._patience),
            rate=Rate(destination.rate_per_second, destination.burst),
        )

    def circuit_state(self, destination: str, target: str = "") -> str:
        """Tell `closed`, `open` or `half-open`."""
        return self._lines[destination].circuit(target).state

    async def close(self) -> None:
        """Close every connection."""
        while self._retired:
            await self._retired.pop().aclose()
        for line in self._lines.values():
            if line.client is not None:
                await line.client.aclose()
                line.client = None

    async def send(  # noqa: PLR0913 - the parts of an HTTP request
        self,
        destination: str,
        method: str,
        target: str = "",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Send a request and read the answer whole.

        `target` is a path below the destination's base address, or a whole address if it has none.
        A POST is repeated only with an `idempotency_key`, or when it surely was not received.

        Raises:
            TransactionOpen: the caller holds a transaction (a fault in our code).
            NoAnswer: nothing came back; see `maybe_done`.
            DestinationFailed: 5xx, also when repeated.
            TooManyRequests: 429, with a longer wait than a call may take.
            CircuitOpen: left alone for a while; nothing was sent.
            AnswerTooLarge: the answer breaks the size limit.
            AddressRefused: a user's address leads to a private network.
        """
        if OPEN_TRANSACTION.get():
            raise TransactionOpen(f"a request to {destination} inside a transaction")
        line = self._lines[destination]
        sent = {name.lower(): value for name, value in line.destination.headers.items()}
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        if json is not None:
            content = msgspec.json.encode(json)
            sent.setdefault("content-type", "application/json")
        if idempotency_key is not None:
            sent[line.destination.idempotency_header.lower()] = idempotency_key
        call = _Call(
            method=method.upper(),
            target=target,
            query=query or {},
            headers=sent,
            content=content,
            repeatable=idempotency_key is not None or method.upper() in _IDEMPOTENT,
        )
        with _tracer.start_as_current_span(
            f"{call.method} {destination}", kind=trace.SpanKind.CLIENT
        ) as span:
            if line.destination.propagate_trace:
                propagate.inject(sent)
            answer = await self._send_until_answered(line, call)
            span.set_attribute("http.response.status_code", answer.status)
            return answer

    async def fetch(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Get what is at an address that a user gave, following its redirections.

        Raises: as `send`.
        """
        for _ in range(_REDIRECTS_MAX):
            answer = await self.send(WEB.name, "GET", url, headers=headers)
            location = answer.headers.get("location")
            if location is None or answer.status not in {301, 302, 303, 307, 308}:
                return answer
            url = str(httpx.URL(url).join(location))
        raise NoAnswer(WEB.name, "too many redirections", maybe_done=False)

    async def _send_until_answered(self, line: _Line, call: _Call) -> Answer:
        destination = line.destination
        deadline = time.monotonic() + destination.total_seconds
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = await self._attempt(line, call, attempt, deadline)
            except (NoAnswer, DestinationFailed, TooManyRequests) as failure:
                pause = _pause(destination, failure, attempt)
                late = time.monotonic() + pause >= deadline
                if attempt >= line.patience.attempts or late or not _may_repeat(call, failure):
                    raise
                await asyncio.sleep(pause)
            else:
                return answer

    async def _attempt(self, line: _Line, call: _Call, attempt: int, deadline: float) -> Answer:
        name = line.destination.name
        circuit = line.circuit(call.target)
        circuit.enter()
        outcome, status, body = "cancelled", None, b""
        started = time.perf_counter()
        try:
            await _wait_for_turn(line, deadline)
            started = time.perf_counter()
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                answer = await self._exchange(line, call)
            status, body = answer.status, answer.body
            outcome = _outcome(answer)
            if outcome == "failed":
                raise DestinationFailed(
                    name, answer.status, answer.body, answer.retry_after_seconds(0)
                )
            if outcome == "too_many":
                wait = answer.retry_after_seconds(1)
                line.rate.hold_back(wait)
                raise TooManyRequests(name, wait)
        except (httpx.HTTPError, TimeoutError, ssl.SSLError) as error:
            outcome = "no_answer"
            raise NoAnswer(
                name, type(error).__name__, maybe_done=not isinstance(error, _NEVER_SENT)
            ) from error
        else:
            return answer
        finally:
            _settle(circuit, outcome)
            seconds = time.perf_counter() - started
            _REQUESTS.labels(name, outcome).inc()
            _SECONDS.labels(name).observe(seconds)
            _write_log(line.destination, call, attempt, outcome, status, seconds, body)

    async def _exchange(self, line: _Line, call: _Call) -> Answer:
        destination = line.destination
        if destination.base_url is not None:
            if line.client is None:
                line.client = self._client(line, base_url=destination.base_url)
            request = line.client.build_request(
                call.method,
                call.target,
                params=call.query or None,
                headers=dict(call.headers),
                content=call.content,
            )
            return await _read(line.client, request, destination)
        checked = await guard.check(call.target, resolver=self._resolver)
        # A client of its own: pooled connections are known by address alone, and two hosts behind
        # one address must not share a connection that was verified for one of them.
        async with self._client(line, base_url="") as client:
            request = client.build_request(
                call.method,
                checked.url,
                params=call.query or None,
                headers={**call.headers, "host": checked.host_header},
                content=call.content,
                extensions={"sni_hostname": checked.host},
            )
            return await _read(client, request, destination)

    def _client(self, line: _Line, *, base_url: str) -> httpx.AsyncClient:
        destination = line.destination
        if line.tls is None:
            line.tls = httpx.create_ssl_context(verify=destination.verify)
        return httpx.AsyncClient(
            base_url=base_url,
            verify=line.tls,
            proxy=destination.proxy,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(
                line.patience.read_seconds, connect=line.patience.connect_seconds
            ),
            limits=httpx.Limits(max_connections=destination.connections_max),
            headers={"user-agent": "hansa"},
        )


_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


async def _wait_for_turn(line: _Line, deadline: float) -> None:
    wait = line.rate.take()
    if wait <= 0:
        return
    if time.monotonic() + wait >= deadline:
        line.rate.give_back()
        raise TooManyRequests(line.destination.name, wait)
    await asyncio.sleep(wait)


async def _read(
    client: httpx.AsyncClient, request: httpx.Request, destination: Destination
) -> Answer:
    response = await client.send(request, stream=True)
    try:
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > destination.answer_bytes_max:
                if destination.cuts_answers:
                    break
                raise AnswerTooLarge(destination.name, destination.answer_bytes_max)
    finally:
        await response.aclose()
    return Answer(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=bytes(body[: destination.answer_bytes_max]),
    )


def _outcome(answer: Answer) -> str:
    if answer.status == _TOO_MANY:
        return "too_many"
    return "failed" if answer.status >= _SERVER_ERROR else "answered"


def _settle(circuit: Circuit, outcome: str) -> None:
    """Tell the circuit breaker; an answer that says "slower" or "wrong" proves it is up."""
    if outcome in {"answered", "too_many"}:
        circuit.succeeded()
    elif outcome in {"failed", "no_answer"}:
        circuit.failed()
    else:
        circuit.abandoned()


def _may_repeat(call: _Call, failure: NoAnswer | DestinationFailed | TooManyRequests) -> bool:
    if isinstance(failure, TooManyRequests):
        return True
    return call.repeatable or (isinstance(failure, NoAnswer) and not failure.maybe_done)


def _pause(
    destination: Destination, failure: NoAnswer | DestinationFailed | TooManyRequests, attempt: int
) -> float:
    grown = min(destination.pause_seconds * 2.0 ** (attempt - 1), destination.pause_seconds_max)
    pause = grown * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load, guards nothing
    if isinstance(failure, NoAnswer):
        return pause
    return max(pause, failure.retry_after_seconds)


def _write_log(  # noqa: PLR0917 - the fields of one line
    destination: Destination,
    call: _Call,
    attempt: int,
    outcome: str,
    status: int | None,
    seconds: float,
    body: bytes,
) -> None:
    fields: dict[str, Any] = {
        "destination": destination.name,
        "method": call.method,
        "target": destination.shown(call.target),
        "attempt": attempt,
        "outcome": outcome,
        "status": status,
        "milliseconds": round(seconds * 1000, 1),
        "bytes": len(body),
        "headers": {k: v for k, v in call.headers.items() if k in _LOGGED_HEADERS},
    }
    if destination.log_bodies:
        fields["sent"] = _excerpt(call.content or b"")
        fields["received"] = _excerpt(body)
    write = _log.info if outcome == "answered" else _log.warning
    write("outbound request", **fields)


def _excerpt(body: bytes) -> str:
    # Masked before it is cut: half a secret is not recognised as one.
    text = mask_text(body[: _LOGGED_BODY_CHARACTERS * 4].decode("utf-8", "replace"))
    return text[:_LOGGED_BODY_CHARACTERS]
