"""A receiver of webhooks inside a test, and a world of endpoints that lead to it.

world = World(context, receiver)
endpoint, secret = await world.endpoint("anna")         # its box at the receiver knows the secret
await world.send(endpoint.owner_id, "points.changed")
async with world.delivering():                          # the loop runs in the test's process
    await world.until("delivered")
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import msgspec
import pytest

from hansa.modules import webhooks
from hansa.modules.webhooks import loop
from hansa.modules.webhooks.checks import CHECKS
from hansa.runtime.context import Context
from sandbox.acquirer.wire import HEAD_BYTES_MAX, serve_connection
from sandbox.webhooks.boxes import Box
from sandbox.webhooks.service import Service

__all__ = ["KEY", "Receiver", "World", "a_receiver"]

KEY = b"a key that only tests use, long enough"
WAIT_SECONDS_MAX = 60


@dataclass(frozen=True)
class Receiver:
    """A running receiver and what a test may do with it."""

    url: str
    service: Service

    def box(self, name: str) -> Box:
        return self.service.boxes[name]

    def wake(self) -> None:
        """End the slowness of whatever is under way."""
        for one in list(self.service.asleep):
            one.set()

    def misbehave(self, name: str, **moods: float | str) -> None:
        """Set the moods of a box; those not named are off."""
        self.box(name).mood = msgspec.convert(moods, type(self.box(name).mood))


@contextlib.asynccontextmanager
async def a_receiver() -> AsyncIterator[Receiver]:
    """Run a receiver. Tests move their clock, so it takes any timestamp."""
    service = Service(tolerance_seconds=0)
    server = await asyncio.start_server(
        partial(serve_connection, service.answer), "127.0.0.1", 0, limit=HEAD_BYTES_MAX
    )
    try:
        yield Receiver(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", service)
    finally:
        server.close()


@dataclass(frozen=True)
class World:
    """Endpoints, their receiver, and a clock to move."""

    context: Context
    receiver: Receiver
    owner: UUID = field(default_factory=uuid4)

    async def endpoint(
        self, box: str, *event_types: str, url: str | None = None, **more: object
    ) -> tuple[webhooks.Endpoint, webhooks.NewSecret]:
        """Add an endpoint that leads to a box, which learns its secret."""
        async with self.context.database.transaction() as tx:
            made, secret = await webhooks.add_endpoint(
                tx,
                url=url or f"{self.receiver.url}/in/{box}",
                event_types=event_types or ("*",),
                is_production=False,
                key=KEY,
                by=None,
                now=self.context.clock.now(),
                **{"owner": self.owner, **more},  # type: ignore[arg-type]
            )
        self.receiver.box(box).secrets.append(secret.shown)
        return made, secret

    async def send(
        self,
        event_type: str = "points.changed",
        *,
        key: str | None = None,
        owner: UUID | None = None,
    ) -> int:
        """Tell the endpoints of an owner something."""
        now = self.context.clock.now()
        async with self.context.database.transaction() as tx:
            return await webhooks.send(
                tx,
                owner=owner or self.owner,
                type=event_type,
                subject="member-1",
                data={"points": 12},
                occurred_at=now,
                source="/loyalty",
                key=key,
                now=now,
            )

    @contextlib.asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        """Run the loop."""
        stop = asyncio.Event()
        running = asyncio.create_task(loop.run(self.context, stop))
        try:
            yield
        finally:
            stop.set()
            await running

    async def messages(self, **wanted: object) -> list[webhooks.Message]:
        """Give messages, the oldest first."""
        async with self.context.database.snapshot(single=True) as snap:
            found = await webhooks.list_messages(snap, limit=10_000, **wanted)  # type: ignore[arg-type]
        return found[::-1]

    async def attempts(self, message_id: UUID) -> list[webhooks.Attempt]:
        """Give the attempts of a message, the first one first."""
        async with self.context.database.snapshot() as snap:
            _, found = await webhooks.get_message(snap, message_id=message_id)
        return found[::-1]

    async def find(self, endpoint: webhooks.Endpoint) -> webhooks.Endpoint:
        """Give an endpoint as it is now."""
        async with self.context.database.snapshot(single=True) as snap:
            return await webhooks.get_endpoint(snap, endpoint_id=endpoint.id)

    async def until(self, *states: str, **wanted: object) -> list[webhooks.Message]:
        """Wait until the messages are in these states, in any order, with nothing under way."""
        seen: list[str] = []
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                while True:
                    found = await self.messages(**wanted)
                    seen = [str(one.state) for one in found]
                    if sorted(seen) == sorted(states) and not any(
                        one.is_under_way for one in found
                    ):
                        return found
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(f"messages are {seen}, not {list(states)}")

    async def until_failures(self, number: int) -> webhooks.Message:
        """Wait until the only message has failed so often."""
        found: list[webhooks.Message] = []
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                while True:
                    found = await self.messages()
                    if found[0].failures == number and not found[0].is_under_way:
                        return found[0]
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(f"{found} has not failed {number} times")

    async def until_true(self, condition: Callable[[], object], what: str) -> None:
        """Wait until something is so."""
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                while not condition():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(what)

    def move(self, step: timedelta) -> None:
        """Move the clock on."""
        self.context.clock.advance(step)  # type: ignore[attr-defined]

    async def prove(self) -> None:
        """Prove the module's invariants."""
        async with self.context.database.snapshot() as snap:
            for check in CHECKS:
                assert await check.run(snap) == [], check.name
