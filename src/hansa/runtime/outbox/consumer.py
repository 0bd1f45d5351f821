"""Run one subscription: deliver, put aside what fails, try it again, leave it to a person.

A failing event never stops other keys: it is put aside with everything of its key that comes behind
it, so the order of a key holds. It is tried again with growing pauses; when it succeeds, those
behind it follow. After the last try it is set aside: its key waits until a person replays or
discards it (`repair`).
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import structlog
from prometheus_client import Counter, Histogram

from hansa.kernel.message import Event
from hansa.runtime.clock import Clock
from hansa.runtime.database import Database, DatabaseBusy, Transaction
from hansa.runtime.module import Subscription
from hansa.runtime.outbox import inbox
from hansa.runtime.outbox.envelope import Envelope, Place, Source, decode
from hansa.runtime.telemetry import continue_trace

_WAIT_SECONDS = 1.0
_RETRY_CHECK_SECONDS = 0.5
_DUE_KEYS_AT_ONCE = 50
_PARTITIONS_AT_ONCE = 4
_COLLISIONS_MAX = 3
_FAILURES_TO_SLOW_DOWN = 20

_log = structlog.get_logger(__name__)
_HANDLED = Counter(
    "hansa_events_handled_total", "Events whose effect was committed", ["subscription"]
)
_FAILED = Counter("hansa_events_failed_total", "Attempts that failed", ["subscription"])
_SET_ASIDE = Counter("hansa_events_set_aside_total", "Events left to a person", ["subscription"])
_DELAY = Histogram(
    "hansa_event_delay_seconds",
    "From publishing to the committed effect",
    ["subscription"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3600),
)


@dataclass(frozen=True, kw_only=True)
class Retries:
    """How often and when a failed event is tried; the first attempt counts."""

    tries: int = 10
    first_pause: timedelta = timedelta(seconds=1)
    pause_max: timedelta = timedelta(minutes=5)

    def pause(self, attempts: int) -> timedelta:
        """Give the wait after that many failed attempts: doubled each time, and jittered."""
        grown = min(self.first_pause * 2.0 ** min(attempts - 1, 20), self.pause_max)
        return grown * random.uniform(0.7, 1.3)  # noqa: S311 - spreads load, guards nothing


class Consumer:
    """Delivers a source's events to one subscription, in this process."""

    def __init__(
        self,
        subscription: Subscription,
        *,
        source: Source,
        database: Database,
        clock: Clock,
        retries: Retries,
        limit: int = 200,
    ) -> None:
        self._subscription = subscription
        self._name = subscription.name
        self._types = {event.type: event for event in subscription.events}
        self._source = source
        self._database = database
        self._clock = clock
        self._retries = retries
        self._limit = limit
        self._stuck: set[str] = set()
        self._stuck_of: frozenset[Place] = frozenset()
        self._failures_in_a_row = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop`, then finish what is in hand.

        Raises what the database raises when it is away; running again goes on behind the cursors.
        """
        retry_at = 0.0
        try:
            while not stop.is_set():
                await self._follow_ownership()
                if time.monotonic() >= retry_at:
                    more = await self._retry_due_keys(stop)
                    retry_at = time.monotonic() + (0 if more else _RETRY_CHECK_SECONDS)
                events = await self._source.next(
                    limit=self._limit, wait_seconds=min(_WAIT_SECONDS, _RETRY_CHECK_SECONDS)
                )
                if events:
                    await self._deliver(events)
                    await self._slow_down(stop)
        except BaseException:
            self._source.reset()
            raise
        finally:
            await self._source.close()

    async def _follow_ownership(self) -> None:
        owned = frozenset(self._source.owned())
        if owned == self._stuck_of:
            return
        async with self._database.snapshot(single=True) as snapshot:
            self._stuck = await inbox.stuck_keys(snapshot, subscription=self._name, places=owned)
        self._stuck_of = owned

    async def _slow_down(self, stop: asyncio.Event) -> None:
        """If nothing succeeds any more, do not put the whole stream aside at full speed."""
        if self._failures_in_a_row < _FAILURES_TO_SLOW_DOWN:
            return
        seconds = min(0.1 * 2 ** (self._failures_in_a_row / _FAILURES_TO_SLOW_DOWN), 30.0)
        try:
            await asyncio.wait_for(stop.wait(), seconds)
        except TimeoutError:
            return

    async def _deliver(self, events: Sequence[Envelope]) -> None:
        if self._subscription.batch and len(events) > 1:
            try:
                await self._deliver_together(events)
            except Exception as error:
                if _is_outage(error):
                    raise
                _log.info(
                    "events are delivered one by one after a failure",
                    subscription=self._name,
                    events=len(events),
                    error=repr(error),
                )
            else:
                return
        by_place: dict[Place, list[Envelope]] = {}
        for event in events:
            by_place.setdefault(event.place, []).append(event)
        lanes = asyncio.Semaphore(_PARTITIONS_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for of_place in by_place.values():
                group.create_task(self._deliver_in_order(of_place, lanes))

    async def _deliver_in_order(self, events: Sequence[Envelope], lanes: asyncio.Semaphore) -> None:
        async with lanes:
            for event in events:
                await self._deliver_one(event)

    async def _deliver_together(self, events: Sequence[Envelope]) -> None:
        """Deliver a batch in one transaction; what belongs behind stuck keys is put aside."""
        async with self._database.transaction() as tx:
            fresh = await self._claim(tx, events)
            if fresh:
                with continue_trace(fresh[0].trace, f"deliver {self._name}"):
                    decoded = [decode(event, self._types) for event in fresh]
                    await self._subscription.handle(tx, decoded, self._clock.now())
        self._succeeded(fresh)

    async def _claim(self, tx: Transaction, events: Sequence[Envelope]) -> list[Envelope]:
        claimed = await inbox.claim(tx, subscription=self._name, events=events, stuck=self._stuck)
        for event in events:
            if event.id in claimed.to_park:
                await inbox.park_behind(tx, subscription=self._name, event=event)
        return [event for event in events if event.id in claimed.new]

    async def _deliver_one(self, event: Envelope) -> None:
        async def effect(tx: Transaction) -> bool:
            fresh = await self._claim(tx, [event])
            if fresh:
                await self._handle(tx, event)
            return bool(fresh)

        try:
            if await self._without_collisions(effect):
                self._succeeded([event])
        except Exception as error:
            if _is_outage(error):
                raise
            await self._first_failure(event, error)

    async def _handle(self, tx: Transaction, event: Envelope) -> None:
        with continue_trace(event.trace, f"deliver {self._name}"):
            decoded: Event = decode(event, self._types)
            argument = [decoded] if self._subscription.batch else decoded
            await self._subscription.handle(tx, argument, self._clock.now())

    async def _without_collisions(self, effect: Callable[[Transaction], Awaitable[bool]]) -> bool:
        """Run an effect in a transaction; again if it met another one (deadlock, serialization)."""
        for left in range(_COLLISIONS_MAX, -1, -1):
            try:
                async with self._database.transaction() as tx:
                    return await effect(tx)
            except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
                if not left:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _first_failure(self, event: Envelope, error: Exception) -> None:
        last = self._retries.tries <= 1
        self._note(event, error, attempts=1, last=last)
        # Before the commit: whatever comes for this key meanwhile must queue behind it.
        self._stuck.add(event.key)
        async with self._database.transaction() as tx:
            await inbox.park_failed(
                tx,
                subscription=self._name,
                event=event,
                error=_describe(error),
                pause=self._retries.pause(1),
                set_aside=last,
            )

    async def _retry_due_keys(self, stop: asyncio.Event) -> bool:
        """Try stuck keys whose pause is over; true if there may be more of them."""
        places = self._source.owned()
        if not places:
            return False
        async with self._database.snapshot(single=True) as snapshot:
            due = await inbox.due_keys(
                snapshot, subscription=self._name, places=places, limit=_DUE_KEYS_AT_ONCE
            )
        for key in due:
            while not stop.is_set() and await self._retry(key):
                pass
        return len(due) == _DUE_KEYS_AT_ONCE

    async def _retry(self, key: str) -> bool:
        """Deliver the oldest event put aside for a key; true if the next may follow at once."""
        attempts = 0
        event: Envelope | None = None

        async def effect(tx: Transaction) -> bool:
            nonlocal attempts, event
            locked = await inbox.lock_stuck_key(tx, subscription=self._name, key=key)
            if locked is None:
                return False
            attempts = locked
            event = await inbox.first_waiting(tx, subscription=self._name, key=key)
            if event is None:
                await inbox.release_key(tx, subscription=self._name, key=key)
                return False
            if await inbox.claim_waiting(tx, subscription=self._name, event=event):
                await self._handle(tx, event)
            return True

        try:
            goes_on = await self._without_collisions(effect)
        except Exception as error:
            if _is_outage(error) or event is None:
                raise
            await self._failed_again(event, error, attempts + 1)
            return False
        if event is None:
            self._stuck.discard(key)
        else:
            self._succeeded([event])
        return goes_on

    async def _failed_again(self, event: Envelope, error: Exception, attempts: int) -> None:
        last = attempts >= self._retries.tries
        self._note(event, error, attempts=attempts, last=last)
        async with self._database.transaction() as tx:
            await inbox.note_failure(
                tx,
                subscription=self._name,
                key=event.key,
                error=_describe(error),
                pause=self._retries.pause(attempts),
                set_aside=last,
            )

    def _succeeded(self, events: Sequence[Envelope]) -> None:
        if not events:
            return
        self._failures_in_a_row = 0
        _HANDLED.labels(self._name).inc(len(events))
        now, delay = datetime.now(UTC), _DELAY.labels(self._name)
        for event in events:
            delay.observe((now - event.created_at).total_seconds())

    def _note(self, event: Envelope, error: Exception, *, attempts: int, last: bool) -> None:
        self._failures_in_a_row += 1
        _FAILED.labels(self._name).inc()
        if last:
            _SET_ASIDE.labels(self._name).inc()
        write = _log.error if last else _log.warning
        write(
            "event set aside" if last else "event failed, will be tried again",
            subscription=self._name,
            event_id=str(event.id),
            event_type=event.type,
            key=event.key,
            attempts=attempts,
            error=repr(error),
        )


def _is_outage(error: Exception) -> bool:
    """Tell whether the database is away, which is no fault of the event."""
    if isinstance(error, ExceptionGroup):
        return any(_is_outage(part) for part in error.exceptions)
    if isinstance(error, DatabaseBusy | psycopg.InterfaceError):
        return True
    if not isinstance(error, psycopg.OperationalError):
        return False
    # 08: connection; 57P: shutting down or starting; 53: out of disk, memory or connections.
    return (
        error.sqlstate is None
        or error.sqlstate[:2] in {"08", "53"}
        or (error.sqlstate.startswith("57P"))
    )


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
