"""The simulated acquirer inside a test: the same service the program runs, on a free port."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import httpx

from sandbox.acquirer.clock import Setting
from sandbox.acquirer.ledger import Ledger, Payment
from sandbox.acquirer.notices import Notices
from sandbox.acquirer.service import Mood, Service
from sandbox.acquirer.wire import serve_connection

__all__ = ["SECRET", "Bank", "a_bank"]

SECRET = "a secret shared in tests"


@dataclass(frozen=True)
class Bank:
    """A running acquirer and what a test may do with it."""

    url: str
    service: Service

    @property
    def payments(self) -> list[Payment]:
        return list(self.service.ledger.payments.values())

    def misbehave(self, **moods: float) -> None:
        self.service.mood = Mood(**moods)  # type: ignore[arg-type]

    def move_clock(self, stands_at: datetime) -> None:
        self.service.move_clock(Setting(stands_at=stands_at))

    async def act(self, page: str, action: str = "pay") -> httpx.Response | None:
        """Do on the payment page what a shopper does; None if the connection was cut."""
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                return await client.post(page, data={"action": action})
            except httpx.RemoteProtocolError:
                return None
            except httpx.ReadError:
                return None


@contextlib.asynccontextmanager
async def a_bank() -> AsyncIterator[Bank]:
    """Run an acquirer. It sends no notices by itself: tests say when."""
    service = Service(
        ledger=Ledger(), notices=Notices(SECRET.encode()), secret=SECRET, public_url=""
    )
    service.mood = Mood(notices=0)
    server = await asyncio.start_server(partial(serve_connection, service.answer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    service.public_url = f"http://127.0.0.1:{port}"
    try:
        yield Bank(url=service.public_url, service=service)
    finally:
        server.close()
        await service.notices.close()
