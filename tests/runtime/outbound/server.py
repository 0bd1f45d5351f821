"""A misbehaving HTTP server on this machine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass
class Received:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """Answers each request with the next of `script`; the last one goes on for ever.

    A step is the whole answer in bytes, or a word: `cut` (half an answer), `lost` (closed without
    one), `slow` (nothing for long), `drip` (an endless one).
    """

    script: list[bytes | str]
    port: int = 0
    received: list[Received] = field(default_factory=list)
    together: int = 0
    most_together: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
        ):
            while await self._answer(reader, writer):
                pass
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.received.append(Received(method, target, headers, body))
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        try:
            return await self._play(step, writer)
        finally:
            self.together -= 1

    async def _play(self, step: bytes | str, writer: asyncio.StreamWriter) -> bool:
        if step == "lost":
            return False
        if step == "slow":
            await asyncio.sleep(3600)
        if step == "cut":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
            await writer.drain()
            return False
        if step == "drip":
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
                await writer.drain()
        assert isinstance(step, bytes)
        writer.write(step)
        await writer.drain()
        return True


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
    """Write a whole answer; underscores in header names stand for hyphens."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return (
        f"HTTP/1.1 {status} Because\r\ncontent-length: {len(body)}\r\n{lines}\r\n".encode() + body
    )


@contextlib.asynccontextmanager
async def serving(*script: bytes | str) -> AsyncIterator[Server]:
    """Run a server with this script."""
    server = Server(list(script))
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(server.handle(reader, writer)))

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listening.wait_closed()
