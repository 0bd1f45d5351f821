"""Load on an HTTP server of this machine: closed loops of many connections, and an open loop.

Bounded in time and count; ends by itself.
"""

from __future__ import annotations

import asyncio
import functools
import secrets
import statistics
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

Make = Callable[[int], tuple[bytes, bytes]]
"""Gives the head (without key and length) and the body of the next request."""


class Client(asyncio.Protocol):
    """One kept-alive connection that asks again as soon as it is answered."""

    def __init__(self, make: Make, name: str, stop_at: float) -> None:
        self.make, self.name, self.stop_at = make, name, stop_at
        self.number = 0
        self.seconds: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.wrong: list[bytes] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.number += 1
        self.asked_at = time.perf_counter()
        self.transport.write(request_of(self.make, f"{self.name}-{self.number}", self.number))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].lower()
        at = head.index(b"content-length: ") + 16
        if len(self.buffer) < end + 4 + int(head[at:].split(b"\r\n", 1)[0]):
            return
        status = int(head[9:12])
        self.statuses[status] += 1
        if status != 200 and len(self.wrong) < 3:
            self.wrong.append(self.buffer[end + 4 :])
        self.buffer = b""
        now = time.perf_counter()
        self.seconds.append(now - self.asked_at)
        if now < self.stop_at:
            self.ask()
        else:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("closed by the server"))


def request_of(make: Make, key: str, number: int) -> bytes:
    head, body = make(number)
    if not body:
        return head + b"\r\n"
    more = f"Idempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head + more.encode() + body


def _itself(client: Client) -> Client:
    return client


async def rush(address: str, make: Make, *, clients: int, seconds: float) -> dict[str, Any]:
    """Ask from many connections for some seconds, each as soon as it is answered."""
    host, port = address.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    run = secrets.token_hex(5)
    began = time.perf_counter()
    asking: list[Client] = []
    for number in range(clients):
        client = Client(make, f"{run}-{number}", began + seconds)
        await loop.create_connection(functools.partial(_itself, client), host, int(port))
        asking.append(client)
    await asyncio.gather(*(client.done for client in asking))
    took = time.perf_counter() - began
    times = sorted(one for client in asking for one in client.seconds)
    statuses: Counter[int] = sum((client.statuses for client in asking), Counter())
    wrong = [one for client in asking for one in client.wrong][:3]
    assert set(statuses) <= {200}, f"not every request was answered well: {statuses} {wrong}"
    return {
        "per_second": round(len(times) / took),
        "p50_ms": round(statistics.median(times) * 1000, 1),
        "p99_ms": _p99(times),
        "answers": len(times),
        "seconds": round(took, 2),
    }


async def open_loop(
    address: str, make_read: Make, make_posting: Make, *, per_second: int, seconds: float
) -> dict[str, Any]:
    """Ask at fixed instants whatever the answers do: 70 % reads, 30 % postings."""
    host, port = address.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    idle: list[_Waiting] = []
    reads: list[float] = []
    postings: list[float] = []
    statuses: Counter[int] = Counter()
    began = time.perf_counter() + 0.2
    pending: set[asyncio.Future[None]] = set()
    run = secrets.token_hex(5)
    for number in range(round(per_second * seconds)):
        due = began + number / per_second
        pause = due - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        # The server ends connections that were idle for long.
        while idle and idle[-1].transport.is_closing():
            idle.pop()
        if idle:
            caller = idle.pop()
        else:
            made = await loop.create_connection(_Waiting, host, int(port))
            caller = made[1]
        is_read = number % 10 < 7
        make, times = (make_read, reads) if is_read else (make_posting, postings)
        answered = caller.ask(
            request_of(make, f"{run}-{number}", number), due, times, statuses, idle
        )
        pending.add(answered)
        answered.add_done_callback(pending.discard)
    await asyncio.gather(*pending)
    times = sorted([*reads, *postings])
    assert set(statuses) == {200}, statuses
    return {
        "per_second": round(len(times) / (time.perf_counter() - began)),
        "p50_ms": round(statistics.median(times) * 1000, 1),
        "p99_ms": _p99(times),
        "reads_p99_ms": _p99(sorted(reads)),
        "postings_p99_ms": _p99(sorted(postings)),
        "connections": len(idle),
    }


def _p99(times: list[float]) -> float:
    """Give the 99th percentile of sorted seconds, in milliseconds."""
    return round(times[int(len(times) * 0.99)] * 1000, 1)


class _Waiting(asyncio.Protocol):
    """A connection of the open loop: its time counts from when the request was due."""

    def __init__(self) -> None:
        self.buffer = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def ask(
        self,
        request: bytes,
        due: float,
        times: list[float],
        statuses: Counter[int],
        idle: list[_Waiting],
    ) -> asyncio.Future[None]:
        self.due, self.times, self.statuses, self.idle = due, times, statuses, idle
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.answered

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].lower()
        at = head.index(b"content-length: ") + 16
        if len(self.buffer) < end + 4 + int(head[at:].split(b"\r\n", 1)[0]):
            return
        self.statuses[int(head[9:12])] += 1
        self.buffer = b""
        self.times.append(time.perf_counter() - self.due)
        self.idle.append(self)
        self.answered.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.answered.done():
            self.answered.set_exception(error or ConnectionError("closed by the server"))
