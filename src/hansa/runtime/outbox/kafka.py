"""Events carried by Apache Kafka, as CloudEvents 1.0 (binary mode), one topic per module.

The outbox stays the source of truth: a forwarder reads it like any subscription and moves its
cursor when the brokers have acknowledged. Subscriptions consume as groups of their own; how far
they are is kept in our database, in the transaction of the effect. Offsets committed to Kafka are
for its own monitoring tools only.
"""

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import structlog
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from prometheus_client import Counter

from hansa.runtime.database import Database
from hansa.runtime.outbox.brokers import (
    ADMIN_SECONDS,
    Brokers,
    Membership,
    from_message,
    to_headers,
)
from hansa.runtime.outbox.envelope import Envelope, Place, Source
from hansa.runtime.outbox.inbox import move_cursors

_FLUSH_SECONDS = 30.0
_FORWARD_ROWS = 2000
_SAVE_SECONDS = 20.0

_log = structlog.get_logger(__name__)
_FORWARDED = Counter("hansa_kafka_forwarded_total", "Events acknowledged by the brokers")
_FOREIGN = Counter("hansa_kafka_foreign_total", "Messages that are no events of ours", ["topic"])

OPEN_CURSOR = """
    insert into outbox_cursor (subscription, stream, partition, position)
    values (%(subscription)s, %(stream)s, %(partition)s, -1)
        on conflict do nothing
"""

READ_CURSOR = """
    select position
      from outbox_cursor
     where subscription = %(subscription)s
       and stream = %(stream)s
       and partition = %(partition)s
"""

# The topic was made anew and counts from zero: what was handled before is known by the inbox.
REWIND_CURSOR = """
    update outbox_cursor
       set position = -1
     where subscription = %(subscription)s
       and stream = %(stream)s
       and partition = %(partition)s
"""


# Behind the commits of all events that were read before: whoever has followed until there has seen
# what they tell of. Of the inserted log, since a commit may be seen before it is on disk.
WRITTEN_UNTIL = "select pg_current_wal_insert_lsn()::text"


class Forwarder:
    """Carries numbered events to Kafka, in order per key, at least once.

    If this database `is_followed`, each event says how far one must have followed to know of it.
    """

    def __init__(
        self,
        database: Database,
        *,
        source: Source,
        brokers: Brokers,
        name: str,
        is_followed: bool,
    ) -> None:
        self._database = database
        self._source = source
        self._brokers = brokers
        self._name = name
        self._is_followed = is_followed
        self._topics: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Forward until `stop`; raises what Kafka or the database raise."""
        producer = Producer(
            self._brokers.configuration()
            | {
                "acks": "all",
                "enable.idempotence": True,
                # Without it, a message given up could be overtaken by the next one of its key.
                "enable.gapless.guarantee": True,
                "linger.ms": 2,
                "compression.type": "lz4",
                "delivery.timeout.ms": int(_FLUSH_SECONDS * 1000) - 1000,
            }
        )
        try:
            while not stop.is_set():
                events = await self._source.next(limit=_FORWARD_ROWS, wait_seconds=1.0)
                if events:
                    await self._forward(producer, events)
        except BaseException:
            self._source.reset()
            producer.purge()
            raise
        finally:
            await self._source.close()

    async def _forward(self, producer: Producer, events: Sequence[Envelope]) -> None:
        topics = {self._brokers.topic(event.type) for event in events}
        if not topics <= self._topics:
            await asyncio.to_thread(self._brokers.ensure_topics, topics)
            self._topics |= topics
        written_until = await self._written_until() if self._is_followed else ""
        failures: list[KafkaError] = []

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failures.append(error)

        for event in events:
            producer.produce(
                self._brokers.topic(event.type),
                value=event.payload.encode(),
                key=event.key.encode(),
                headers=to_headers(event, written_until=written_until),
                timestamp=int(event.created_at.timestamp() * 1000),
                on_delivery=delivered,
            )
        left = await asyncio.to_thread(producer.flush, _FLUSH_SECONDS)
        if failures:
            raise KafkaException(failures[0])
        if left:
            raise TimeoutError(f"{left} events were not acknowledged by Kafka")
        positions: dict[Place, int] = {event.place: event.position for event in events}
        async with self._database.transaction() as tx:
            await move_cursors(tx, subscription=self._name, positions=positions)
        _FORWARDED.inc(len(events))

    async def _written_until(self) -> str:
        async with self._database.snapshot(single=True) as snapshot:
            return str(await snapshot.scalar(WRITTEN_UNTIL))


class KafkaSource:
    """Gives one subscription its events from Kafka; see `envelope.Source`."""

    def __init__(
        self,
        database: Database,
        *,
        subscription: str,
        types: frozenset[str],
        brokers: Brokers,
        membership: Membership,
    ) -> None:
        self._database = database
        self._subscription = subscription
        self._types = types
        self._brokers = brokers
        self._membership = membership
        self._topics = sorted({brokers.topic(name) for name in types})
        self._owned: frozenset[Place] = frozenset()
        self._given: dict[Place, int] = {}
        self._saved_at = asyncio.get_running_loop().time()
        # librdkafka calls back within consume(), so everything happens on this one thread.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"kafka-{subscription}")
        self._consumer: Consumer | None = None

    def owned(self) -> Collection[Place]:
        """Give the places that the group has assigned to this process."""
        return self._owned

    def reset(self) -> None:
        """Forget what was given: nothing is saved, and the next source begins at the cursors."""
        self._given.clear()

    async def close(self) -> None:
        """Leave the group."""
        try:
            await self._save()
        finally:
            if self._consumer is not None:
                await self._in_thread(self._consumer.close)
            self._thread.shutdown(wait=False)

    async def next(self, *, limit: int, wait_seconds: float) -> Sequence[Envelope]:
        """Give coming events; see `envelope.Source`."""
        if self._consumer is None:
            try:
                await asyncio.wait_for(self._membership.ready.wait(), wait_seconds)
            except TimeoutError:
                return []
            self._consumer = await self._in_thread(self._subscribe)
        if asyncio.get_running_loop().time() - self._saved_at > _SAVE_SECONDS:
            await self._save()
        messages = await self._in_thread(self._consume, limit, wait_seconds)
        events = []
        for message in messages:
            error = message.error()
            if error is not None:
                if error.fatal() or not error.retriable():
                    raise KafkaException(error)
                continue
            envelope = from_message(message)
            self._given[envelope.place] = envelope.position
            if envelope.type in self._types:
                events.append(envelope)
            elif not envelope.type:
                _FOREIGN.labels(envelope.stream).inc()
        return [event for event in events if event.place in self._owned]

    def _subscribe(self) -> Consumer:
        self._brokers.ensure_topics(self._topics)
        consumer = Consumer(
            self._brokers.configuration()
            | {
                "group.id": f"{self._brokers.topic_prefix}{self._subscription}",
                "group.instance.id": self._membership.name,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "session.timeout.ms": 6_000,
                # Also how long a rebalance waits for a member that is busy or, with some brokers,
                # dead. One that was given up on can do no harm: its cursors have moved on.
                "max.poll.interval.ms": 60_000,
                "queued.max.messages.kbytes": 16 * 1024,
            }
        )
        consumer.subscribe(
            self._topics, on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked
        )
        return consumer

    def _consume(self, limit: int, wait_seconds: float) -> list[Message]:
        assert self._consumer is not None, "next() subscribes first"
        first = self._consumer.poll(wait_seconds)
        if first is None:
            return []
        # Whatever is there already, without waiting for the limit to fill.
        return [first, *self._consumer.consume(limit - 1, timeout=0.001)] if limit > 1 else [first]

    def _assigned(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        with psycopg.connect(self._database.dsn, autocommit=True) as connection:
            for place in assigned:
                place.offset = self._offset(connection, consumer, place)
        consumer.assign(assigned)
        self._owned = frozenset((place.topic, place.partition) for place in assigned)

    def _offset(
        self, connection: psycopg.Connection, consumer: Consumer, place: TopicPartition
    ) -> int:
        of_place = {
            "subscription": self._subscription,
            "stream": place.topic,
            "partition": place.partition,
        }
        connection.execute(OPEN_CURSOR, of_place)
        row = connection.execute(READ_CURSOR, of_place).fetchone()
        assert row is not None, "the cursor was opened just now"
        if row[0] < 0:
            return OFFSET_BEGINNING
        _, high = consumer.get_watermark_offsets(place, timeout=ADMIN_SECONDS)
        if high < row[0] + 1:
            _log.warning(
                "a topic was made anew and is read from its beginning",
                topic=place.topic,
                partition=place.partition,
                had=row[0] + 1,
                has=high,
            )
            connection.execute(REWIND_CURSOR, of_place)
            return OFFSET_BEGINNING
        return int(row[0]) + 1

    def _revoked(self, _: Consumer, revoked: list[TopicPartition]) -> None:
        self._owned -= {(place.topic, place.partition) for place in revoked}

    async def _save(self) -> None:
        self._saved_at = asyncio.get_running_loop().time()
        positions = {place: at for place, at in self._given.items() if place in self._owned}
        if not positions:
            return
        async with self._database.transaction() as tx:
            await move_cursors(tx, subscription=self._subscription, positions=positions)
        if self._consumer is not None:
            await self._in_thread(self._store_offsets, positions)

    def _store_offsets(self, positions: dict[Place, int]) -> None:
        assert self._consumer is not None, "offsets were read through it"
        # A partition may have been taken away meanwhile; its new owner reports for it.
        with contextlib.suppress(KafkaException):
            self._consumer.store_offsets(
                offsets=[
                    TopicPartition(topic, number, at + 1)
                    for (topic, number), at in positions.items()
                ]
            )

    async def _in_thread(self, call: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *arguments)
