"""Just enough HTTP/1.1 to serve, and to cut a connection in the middle of an answer."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http.client import responses
from urllib.parse import urlsplit

import msgspec

HEAD_BYTES_MAX = 32 * 1024
BODY_BYTES_MAX = 1024 * 1024


@dataclass
class Call:
    """A request."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """A response; `cut` closes the connection after half of it."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False

    @classmethod
    def of(cls, value: object, status: int = 200) -> "Answer":
        """Answer with JSON."""
        return cls(status=status, body=msgspec.json.encode(value))


Handler = Callable[[Call], Awaitable[Answer]]


async def serve_connection(
    handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer the requests of one connection until it ends."""
    # Cancelled only when the program ends; asyncio would log the open connections as faults then.
    ended = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError)
    with contextlib.suppress(*ended):
        while (call := await _read(reader)) is not None:
            answer = await handler(call)
            head = _head(answer)
            if answer.cut:
                writer.write(head[: len(head) // 2])
                await writer.drain()
                writer.transport.abort()
                return
            writer.write(head + answer.body)
            await writer.drain()
            if call.headers.get("connection", "").lower() == "close":
                break
    writer.close()


async def _read(reader: asyncio.StreamReader) -> Call | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    target = rest.rpartition(" ")[0]
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > BODY_BYTES_MAX:
        return None
    body = await reader.readexactly(int(length)) if int(length) else b""
    parts = urlsplit(target)
    return Call(method=method, path=parts.path, query=parts.query, headers=headers, body=body)


def _head(answer: Answer) -> bytes:
    headers = {
        "content-type": answer.content_type,
        "content-length": str(len(answer.body)),
        **answer.headers,
    }
    lines = [f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Other')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
