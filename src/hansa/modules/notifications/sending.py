"""The loop `notifications.sending`: claims what is due, sends it, writes down what came of it.

A message is claimed in one short transaction, the push services are called, and the outcome is
written in another. A sender that dies between the two leaves messages that are claimed again after
the lease, under the same numbers and collapse keys: a device shows them once.
"""

import asyncio
from contextlib import suppress
from uuid import UUID

import structlog
from prometheus_client import Counter

from hansa.modules.notifications import claiming, settling
from hansa.modules.notifications.channels import Later, Outcome, Push, Urgency
from hansa.modules.notifications.channels.protocol import TTL_SECONDS_MAX
from hansa.modules.notifications.channels.registry import Channels
from hansa.modules.notifications.claiming import Ready
from hansa.modules.notifications.messages import Message
from hansa.modules.notifications.model import Device
from hansa.modules.notifications.settling import Told
from hansa.modules.notifications.texts import choose, fill, write_values
from hansa.runtime.context import Context
from hansa.runtime.html.formats import format_number

CONCURRENCY = 40
_CLAIM_LEAST = 10
_POLL_SECONDS = 1.0
_LOST_SECONDS = 30.0
_TTL_SECONDS_MIN = 60

_log = structlog.get_logger(__name__)
_OUTCOMES = Counter(
    "hansa_notifications_outcomes_total", "What came of deliveries", ["channel", "outcome"]
)


async def run(context: Context, stop: asyncio.Event) -> None:
    """Send until `stop`; raises what the database raises."""
    await Sender(context).run(stop)


class Sender:
    """Sends messages, so many at once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._channels = context.service(Channels)
        self._calls: set[asyncio.Task[None]] = set()
        self._told: list[Told] = []
        self._woken = asyncio.Event()
        self._looked_at = float("-inf")
        self._fault: BaseException | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`, then finish what is under way."""
        try:
            while not stop.is_set():
                self._woken.clear()
                is_more = await self.step()
                if not is_more and not self._told:
                    await self._wait(stop)
        finally:
            if not stop.is_set():
                for task in self._calls:
                    task.cancel()
            await asyncio.gather(*self._calls, return_exceptions=True)
            await self._settle()

    async def step(self) -> bool:
        """Write down what has ended and claim more; tell whether there may be still more."""
        await self._settle()
        await self._release_lost()
        if self._fault is not None:
            raise self._fault
        free = CONCURRENCY - len(self._calls)
        if free < _CLAIM_LEAST:
            return False
        context = self._context
        async with context.database.transaction() as tx:
            ready, is_more = await claiming.claim(
                tx,
                channels=frozenset(self._channels.names()),
                limit=free,
                now=context.clock.now(),
            )
        for one in ready:
            task = asyncio.create_task(self._send(one))
            self._calls.add(task)
            task.add_done_callback(self._ended)
        return is_more

    async def drain(self) -> None:
        """Send whatever is due now and write it down; for programs that send once."""
        while await self.step() or self._calls or self._told:
            await asyncio.gather(*self._calls)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._fault = task.exception()
        self._woken.set()

    async def _wait(self, stop: asyncio.Event) -> None:
        """Wait for the end of a call, for `stop` or for the next look."""
        waiting = [asyncio.create_task(one.wait()) for one in (self._woken, stop)]
        try:
            await asyncio.wait(waiting, timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _settle(self) -> None:
        told, self._told = self._told, []
        if told:
            async with self._context.database.transaction() as tx:
                await settling.settle(tx, told=told, now=self._context.clock.now())

    async def _release_lost(self) -> None:
        clock = asyncio.get_running_loop().time()
        if clock - self._looked_at < _LOST_SECONDS:
            return
        self._looked_at = clock
        async with self._context.database.transaction() as tx:
            lost = await claiming.release_lost(tx, now=self._context.clock.now())
        if lost:
            _log.warning("messages of a sender that is gone are sent again", messages=lost)

    async def _send(self, ready: Ready) -> None:
        """Send a message to all its devices at once."""
        sent_at = self._context.clock.now()
        outcomes = await asyncio.gather(
            *(self._deliver(ready, delivery_id, device) for delivery_id, device in ready.deliveries)
        )
        self._told.append(Told(ready=ready, outcomes=tuple(outcomes), sent_at=sent_at))

    async def _deliver(self, ready: Ready, delivery_id: UUID, device: Device) -> Outcome:
        channel = self._channels.get(device.channel)
        if channel is None:
            return Later(reason="this channel is not connected")
        outcome = await channel.send(self._render(ready, delivery_id, device), device)
        _OUTCOMES.labels(device.channel, type(outcome).__name__.lower()).inc()
        return outcome

    def _render(self, ready: Ready, delivery_id: UUID, device: Device) -> Push:
        """Fill the text for a device, in its language."""
        message = ready.message
        spoken = (device.language, ready.language, *self._context.settings.languages)
        language, text = choose(message.texts, spoken)
        written = {
            place: format_number(value, language)
            for place, value in write_values(message.values).items()
        }
        filled = fill(text, name=ready.name, written=written)
        return Push(
            id=delivery_id,
            message_id=message.id,
            collapse_key=f"{message.member_id}:{message.collapse_key}",
            title=filled.title,
            body=filled.body,
            link=message.link,
            values={"kind": message.kind},
            urgency=Urgency.NORMAL if message.kind.is_marketing else Urgency.HIGH,
            ttl_seconds=self._life_of(message),
        )

    def _life_of(self, message: Message) -> int:
        if message.expires_at is None:
            return TTL_SECONDS_MAX
        left = int((message.expires_at - self._context.clock.now()).total_seconds())
        return min(max(left, _TTL_SECONDS_MIN), TTL_SECONDS_MAX)
