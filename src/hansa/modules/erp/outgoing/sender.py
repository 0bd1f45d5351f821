"""Sends the messages of one connection: in order per subject, several subjects at once.

A message is claimed (its attempt is written) in one short transaction, the ERP is called, and what
it says is written in another. A sender that dies between the two leaves messages that are sent
again as they were, under their ids. The claim takes the first message of each lane only, so a
subject waits for itself alone.

The breaker: when a call fails for no message's fault, or may have, everything waits; after a pause
that doubles one message is sent alone. If that is answered, all go on at full speed. If the ERP
fails over it, it is put off and the next probe is another: one message that brings the ERP down
holds back itself.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import structlog
from prometheus_client import Counter, Gauge, Histogram

from hansa.modules.erp.model import Connection
from hansa.modules.erp.outgoing import answers, model, store
from hansa.modules.erp.outgoing.calling import (
    CallFailed,
    CallRefused,
    ErpDown,
    call,
    destination_of,
)
from hansa.modules.erp.outgoing.model import (
    Answer,
    Breaker,
    Message,
    Outcome,
    Outgoing,
)
from hansa.modules.erp.outgoing.rows import message_of
from hansa.runtime.context import Context

_POLL_SECONDS, _POLL_SECONDS_MIN = 1.0, 0.05
_TOLD_SECONDS = 5.0

_log = structlog.get_logger(__name__)
_ANSWERS = Counter(
    "hansa_erp_answers_total", "What an ERP said of messages", ["connection", "outcome"]
)
_DELAY = Histogram(
    "hansa_erp_delay_seconds",
    "From making a message to its acknowledgement",
    ["connection"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 30, 300, 3600),
)
_OPEN = Gauge(
    "hansa_erp_breaker_open",
    "1 while an ERP is left alone",
    ["connection"],
    multiprocess_mode="max",
)


class Sender:
    """The sender of one connection by HTTP, in the process that holds the loop."""

    def __init__(self, context: Context, connection: Connection, outgoing: Outgoing) -> None:
        self._context = context
        self._connection = connection
        self.outgoing = outgoing
        self._woken = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()
        self._busy: set[str] = set()
        self._on_the_line = 0
        self._is_down = False
        self._failures = 0
        self._again_at = 0.0
        self._told_at = float("-inf")
        self._answered_at: datetime | None = None
        self._slots = asyncio.Semaphore(outgoing.concurrency)

    def ring(self) -> None:
        """Look for messages now."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`, then finish the calls under way; raises what the database raises."""
        key = self._context.settings.secret_key.reveal().encode()
        try:
            destination = destination_of(self._connection, self.outgoing, key=key)
        except ValueError as error:
            await self._tell(Breaker.OPEN, failure=f"secret: {error}")
            raise
        self._context.outbound.configure(destination)
        await self._tell(Breaker.CLOSED)
        try:
            while not stop.is_set():
                self._woken.clear()
                if not await self._begin_calls():
                    await self._wait()
                self._raise_faults()
            await asyncio.gather(*self._calls)
        finally:
            for task in self._calls:
                task.cancel()
            await asyncio.gather(*self._calls, return_exceptions=True)
            _OPEN.labels(self._connection.code).set(0)

    async def _begin_calls(self) -> bool:
        """Claim what may be sent now and begin calls; True if there may be more of it."""
        lanes = self.outgoing.concurrency - self._on_the_line
        size = self.outgoing.batch_size
        if self._is_down:
            lanes = size = 0 if self._calls else 1
        if lanes <= 0 or asyncio.get_running_loop().time() < self._again_at:
            return False
        claimed = await self._claim(lanes * size, with_suspects=not self._is_down)
        if self._is_down and not claimed:
            claimed = await self._claim(1, with_suspects=True)
        if self._is_down and claimed:
            await self._tell(Breaker.PROBING)
        for messages in model.batches(claimed, size=size):
            task = asyncio.create_task(self._send(messages))
            self._busy |= {one.lane for one in messages}
            self._on_the_line += 1
            self._calls.add(task)
            task.add_done_callback(self._done)
        return len(claimed) == lanes * size and not self._is_down

    def _done(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            self._calls.discard(task)
        self._woken.set()

    def _raise_faults(self) -> None:
        for task in self._calls:
            if task.done():
                task.result()

    async def _wait(self) -> None:
        """Wait for a message, the end of a call, the end of a pause or the next poll."""
        pause = self._again_at - asyncio.get_running_loop().time()
        poll = min(_POLL_SECONDS, max(self.outgoing.pause_seconds, _POLL_SECONDS_MIN))
        seconds = min(poll, pause) if pause > 0 else poll
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)

    async def _claim(self, limit: int, *, with_suspects: bool) -> list[Message]:
        now = self._context.clock.now()
        async with self._context.database.transaction() as tx:
            await answers.write_outdated_anew(tx, outgoing=self.outgoing, now=now)
            rows = await tx.all(
                store.CLAIM,
                {
                    "connection_id": self._connection.id,
                    "busy": sorted(self._busy),
                    "versions": list(self.outgoing.versions(now)),
                    "with_suspects": with_suspects,
                    "limit": limit,
                    "now": now,
                },
            )
        return sorted(map(message_of, rows), key=lambda one: one.number)

    async def _send(self, messages: Sequence[Message]) -> None:
        """Make one call and write down what came of it."""
        try:
            try:
                async with self._slots:  # suspects make more calls than there are lanes
                    told = await call(self._context, self._connection, messages)
            finally:
                # The next may be sent while this answer is written down.
                self._on_the_line -= 1
                self._woken.set()
        except ErpDown as failure:
            await self._fell_silent(failure)
        except CallFailed as failure:
            await self._failed(messages, failure)
        except CallRefused as refusal:
            await self._refused(messages, refusal)
        else:
            await self._answered(messages, told)
        finally:
            self._busy -= {one.lane for one in messages}

    async def _answered(self, messages: Sequence[Message], told: Sequence[Answer]) -> None:
        now = self._context.clock.now()
        await answers.apply_answers(
            self._context.database, outgoing=self.outgoing, answers=told, now=now
        )
        await self._is_up()
        made = {one.id: one.created_at for one in messages}
        code = self._connection.code
        for one in told:
            _ANSWERS.labels(code, one.outcome).inc()
            if one.outcome is Outcome.ACCEPTED and one.id in made:
                _DELAY.labels(code).observe(max(0.0, (now - made[one.id]).total_seconds()))

    async def _refused(self, messages: Sequence[Message], refusal: CallRefused) -> None:
        """Blame nobody yet if several were refused together: each is sent alone."""
        now = self._context.clock.now()
        if len(messages) > 1:
            await answers.suspect(self._context.database, messages=messages, now=now)
            await self._is_up()
            return
        told = Answer(
            id=messages[0].id,
            outcome=Outcome.REFUSED,
            code=refusal.code,
            detail=refusal.reason,
        )
        await self._answered(messages, [told])

    async def _failed(self, messages: Sequence[Message], failure: CallFailed) -> None:
        """Open the breaker, unless this one message is known to make calls fail."""
        is_known = len(messages) == 1 and messages[0].failures > 0
        if len(messages) == 1:
            await answers.note_failure(
                self._context.database,
                outgoing=self.outgoing,
                message=messages[0],
                code=failure.code,
                reason=failure.reason,
                answered_at=self._answered_at,
                now=self._context.clock.now(),
            )
        if self._is_down or not is_known:
            await self._fell_silent(failure)

    async def _fell_silent(self, failure: ErpDown | CallFailed) -> None:
        """Leave the ERP alone for a while, longer each time."""
        if self._is_down and asyncio.get_running_loop().time() < self._again_at:
            return  # another call of the same moment has said so
        self._failures = self._failures + 1 if self._is_down else 1
        self._is_down = True
        grown = self.outgoing.pause_seconds * 2.0 ** min(self._failures - 1, 20)
        pause = min(grown, self.outgoing.pause_seconds_max) * random.uniform(0.7, 1.3)  # noqa: S311 - spreads load
        pause = max(pause, min(failure.retry_after_seconds, self.outgoing.pause_seconds_max))
        self._again_at = asyncio.get_running_loop().time() + pause
        _log.warning(
            "the ERP is left alone",
            connection=self._connection.code,
            code=failure.code,
            reason=failure.reason,
            pause_seconds=round(pause, 2),
        )
        _OPEN.labels(self._connection.code).set(1)
        await self._tell(Breaker.OPEN, failure=f"{failure.code}: {failure.reason}")

    async def _is_up(self) -> None:
        self._answered_at = self._context.clock.now()
        self._failures, self._again_at = 0, 0.0
        was_down, self._is_down = self._is_down, False
        clock = asyncio.get_running_loop().time()
        if was_down or clock - self._told_at > _TOLD_SECONDS:
            _OPEN.labels(self._connection.code).set(0)
            await self._tell(Breaker.CLOSED, is_answer=True)
            self._told_at = clock
        if was_down:
            _log.info("the ERP answers again", connection=self._connection.code)

    async def _tell(self, breaker: Breaker, *, failure: str = "", is_answer: bool = False) -> None:
        """Write the state of the breaker where people see it."""
        async with self._context.database.transaction() as tx:
            await tx.execute(
                store.NOTE_HEALTH,
                {
                    "connection_id": self._connection.id,
                    "breaker": breaker,
                    "failure": failure[: answers.ERROR_CHARACTERS_MAX],
                    "is_answer": is_answer,
                    "now": self._context.clock.now(),
                },
            )
