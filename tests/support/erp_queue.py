"""A shop whose messages go to a 1C: relay and sender run in the test's process."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from hansa.modules import checkout, erp, orders
from hansa.modules.erp import outgoing
from hansa.modules.erp.outgoing import loop
from hansa.modules.erp.outgoing.checks import CHECKS
from hansa.modules.erp.outgoing.jobs import run_queue_again
from hansa.modules.erp.outgoing.jobs_data import QueueAgain
from hansa.modules.erp.outgoing.subscribers import SUBSCRIPTION
from hansa.runtime.context import Context
from hansa.runtime.module import Module
from hansa.runtime.outbox.relay import run_relay
from tests.support import buying
from tests.support.onec_service import OnecService
from tests.support.shop import Shop

MODULE = Module(name="erp", subscriptions=[SUBSCRIPTION])
QUEUED_AGAIN = """
    select args
      from jobs.procrastinate_jobs
     where task_name = 'erp.queue_again'
"""
KEY = b"a key that only tests use, long enough"


@dataclass(frozen=True)
class World:
    """The shop and its 1C."""

    context: Context
    shop: Shop
    onec: OnecService
    connection: erp.Connection

    async def buy(self, *, pieces: int = 1) -> checkout.PlacedOrder:
        """Place an order as a new guest, paid on receipt."""
        now = self.context.clock.now()
        return await buying.buy(self.context, (self.shop.variant, pieces), now=now)

    async def advance(self, order_id: UUID, to: orders.OrderState) -> None:
        """Lead an order on, as staff does."""
        async with self.context.database.transaction() as tx:
            await orders.advance(
                tx, order_id=order_id, to=to, by=orders.By.STAFF, now=self.context.clock.now()
            )

    async def cancel(self, order_id: UUID) -> None:
        """Cancel an order, as staff does."""
        async with self.context.database.transaction() as tx:
            await orders.cancel_order(
                tx,
                order_id=order_id,
                reason="test",
                by=orders.By.STAFF,
                now=self.context.clock.now(),
            )

    async def order(self, order_id: UUID) -> orders.Order:
        async with self.context.database.snapshot() as snap:
            return await orders.get_order(snap, order_id=order_id)

    async def messages(self, **wanted: object) -> list[outgoing.Message]:
        """Give messages, the oldest first."""
        async with self.context.database.snapshot(single=True) as snap:
            found = await outgoing.list_messages(snap, limit=10_000, **wanted)  # type: ignore[arg-type]
        return sorted(found, key=lambda one: (str(one.connection_id), one.number))

    async def states(self, kind: str = "order") -> list[str]:
        """Give the states of messages of a kind, the oldest first."""
        return [str(one.state) for one in await self.messages(kind=outgoing.MessageKind(kind))]

    async def until_states(self, *states: str, kind: str = "order") -> None:
        """Wait until the messages of a kind are in these states."""
        seen: list[str] = []
        try:
            async with asyncio.timeout(60):
                while (seen := await self.states(kind)) != list(states):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(f"messages are {seen}, not {list(states)}")

    async def until_counted(self, **wanted: int) -> None:
        """Wait until so many messages are in each state, whatever their order."""
        seen: Counter[str] = Counter()
        for _ in range(400):
            seen = Counter(await self.states())
            if seen == Counter(wanted):
                return
            await asyncio.sleep(0.05)
        pytest.fail(f"messages are {dict(seen)}, not {wanted}")

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.02)

    async def configure(self, **changes: object) -> outgoing.Outgoing:
        """Change the settings of the queue."""
        async with self.context.database.transaction() as tx:
            found = await outgoing.find_outgoing(tx, connection_id=self.connection.id)
            assert found is not None
            changed = replace(found, **changes)  # type: ignore[arg-type]
            await outgoing.save_outgoing(tx, outgoing=changed, key=KEY)
            return changed

    async def until_covered(self, order_id: UUID) -> None:
        """Wait until the queue knows the order as it is now."""
        order = await self.order(order_id)
        async with asyncio.timeout(60):
            while not any(
                one.change_number == order.change_number for one in await self.messages()
            ):
                await asyncio.sleep(0.02)

    async def until_all_ended(self) -> None:
        """Wait until no message needs anything more."""
        ended = {"acknowledged", "replaced", "discarded"}
        for _ in range(400):
            left = [one for one in await self.messages() if str(one.state) not in ended]
            if not left:
                return
            await asyncio.sleep(0.05)
        pytest.fail(f"messages that do not end: {left}")

    async def health(self) -> outgoing.Health:
        async with self.context.database.snapshot(single=True) as snap:
            return await outgoing.health_of(snap, connection_id=self.connection.id)

    async def until_breaker(self, state: str) -> None:
        """Wait until the breaker is seen in a state."""
        async with asyncio.timeout(60):
            while (await self.health()).breaker != state:
                await asyncio.sleep(0.01)

    async def send_until_cancelled(self) -> None:
        """Run the sender until this task dies."""
        await loop.run(self.context, asyncio.Event())

    async def resend(self) -> int:
        """Queue everything once more, as the jobs do."""
        now = self.context.clock.now()
        async with self.context.database.transaction() as tx:
            number = await outgoing.resend(
                tx,
                connection_id=self.connection.id,
                kind=None,
                since=now - timedelta(hours=1),
                until=now + timedelta(hours=1),
                now=now,
            )
        async with self.context.database.snapshot(single=True) as snap:
            rows = await snap.all(QUEUED_AGAIN)
        for row in rows:
            job = msgspec.convert(row.args["job"], QueueAgain)
            await run_queue_again(self.context, job)
        return number

    async def findings(self) -> list[str]:
        """Run the checks of the queue."""
        async with self.context.database.snapshot() as snap:
            return [
                f"{one.subject}: {one.message}" for check in CHECKS for one in await check.run(snap)
            ]


@contextlib.asynccontextmanager
async def running(
    world: World, *, relay: bool = True, sender: bool = True
) -> AsyncIterator[asyncio.Event]:
    """Run the relay and the sender."""
    stop = asyncio.Event()
    roles: Sequence[asyncio.Task[None]] = [
        *([asyncio.create_task(run_relay(world.context, [MODULE], stop=stop))] if relay else []),
        *([asyncio.create_task(loop.run(world.context, stop))] if sender else []),
    ]
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*roles), 60)
