"""The loop `webhooks.delivery`: takes up what is due, calls endpoints, writes down what came of it.

One short transaction writes down the calls that ended and takes up the next messages, so that many
calls cost few transactions. Calls are many at once, yet few of one endpoint and one alone of an
endpoint that fails: a slow or dead one holds up itself. Whoever dies in between leaves messages
under way, which the next holder sends again under their ids.

There is no bell: a `notify` would make every commit that writes a message wait for the others. A
look at one index four times a second is cheaper.
"""

import asyncio
from contextlib import suppress
from datetime import datetime

import structlog
from prometheus_client import Gauge

from hansa.modules.webhooks import calling, outcomes
from hansa.modules.webhooks.calling import Claimed, Told
from hansa.modules.webhooks.store import delivery as sql
from hansa.runtime.context import Context
from hansa.runtime.database import Transaction

CALLS_MAX = 256
POLL_SECONDS = 0.25
TIDY_SECONDS = 15.0

_log = structlog.get_logger(__name__)
_LATE = Gauge(
    "hansa_webhooks_late_seconds",
    "How long the message that waits longest has been due",
    multiprocess_mode="max",
)
_WAITING = Gauge(
    "hansa_webhooks_endpoints_waiting",
    "Endpoints to which messages wait to be sent",
    multiprocess_mode="max",
)
_CALLS = Gauge("hansa_webhooks_calls", "Calls under way", multiprocess_mode="max")


async def run(context: Context, stop: asyncio.Event) -> None:
    """Deliver until `stop`, then finish the calls under way; raises what the database raises."""
    await _Deliverer(context).run(stop)


class _Deliverer:
    """What the process that holds the loop has under way."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._calls: set[asyncio.Task[None]] = set()
        self._told: list[Told] = []
        self._woken = asyncio.Event()
        self._tidied_at = float("-inf")

    async def run(self, stop: asyncio.Event) -> None:
        self._context.outbound.configure(calling.destination(self._context))
        async with self._context.database.transaction() as tx:
            left_over = await tx.execute(sql.RELEASE, {"now": self._context.clock.now()})
        if left_over:
            _log.info("webhooks that were under way are sent again", messages=left_over)
        try:
            while not stop.is_set():
                self._woken.clear()
                await self._tidy()
                if not await self._step(CALLS_MAX - len(self._calls)):
                    await self._wait(POLL_SECONDS)
                self._raise_faults()
            while self._calls or self._told:
                if self._calls:
                    await asyncio.wait(self._calls, return_when=asyncio.FIRST_COMPLETED)
                self._raise_faults()
                await self._step(0)
        finally:
            for task in self._calls:
                task.cancel()
            await asyncio.gather(*self._calls, return_exceptions=True)
            for gauge in (_LATE, _WAITING, _CALLS):
                gauge.set(0)

    async def _step(self, room: int) -> bool:
        """Write down what came of calls, begin others; True if there may be more to begin."""
        told, self._told = self._told, []
        now = self._context.clock.now()
        async with self._context.database.transaction() as tx:
            await outcomes.apply(tx, told, now=now)
            claimed = await _claim(tx, room, now) if room else []
        outcomes.measure(told, now=now)
        for one in claimed:
            task = asyncio.create_task(self._call(one))
            self._calls.add(task)
            task.add_done_callback(self._done)
        _CALLS.set(len(self._calls))
        return bool(claimed)

    async def _call(self, claimed: Claimed) -> None:
        told = await calling.call(self._context, claimed)
        self._told.append(told)  # looked up after the call: `_step` takes the list away meanwhile

    def _done(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            self._calls.discard(task)
        self._woken.set()

    def _raise_faults(self) -> None:
        for task in self._calls:
            if task.done():
                task.result()

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)

    async def _tidy(self) -> None:
        """Now and then: cancel what was stranded, measure how late we are."""
        clock = asyncio.get_running_loop().time()
        if clock - self._tidied_at < TIDY_SECONDS:
            return
        self._tidied_at = clock
        now = self._context.clock.now()
        async with self._context.database.transaction() as tx:
            await tx.execute(sql.CANCEL_STRANDED, {"now": now})
            lag = await tx.one(sql.LAG, {"now": now})
        _LATE.set(max(0.0, lag.late_seconds))
        _WAITING.set(lag.endpoints)


async def _claim(tx: Transaction, room: int, now: datetime) -> list[Claimed]:
    rows = await tx.all(sql.CLAIM, {"limit": room, "now": now})
    if not rows:
        return []
    ids = sorted({row.endpoint_id for row in rows})
    known = {
        row.id: row
        for row in await tx.all(sql.ENDPOINTS_TO_CALL, {"endpoint_ids": ids, "now": now})
    }
    return [
        Claimed(
            id=row.id,
            endpoint_id=row.endpoint_id,
            url=known[row.endpoint_id].url,
            sealed=tuple(bytes(one) for one in known[row.endpoint_id].sealed or ()),
            body=bytes(row.body),
            failures=row.failures,
            created_at=row.created_at,
        )
        for row in sorted(rows, key=lambda row: (row.next_at, row.id))
    ]
