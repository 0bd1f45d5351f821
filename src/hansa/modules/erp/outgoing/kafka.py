"""Sends the messages of one connection by Apache Kafka, as CloudEvents 1.0 (binary mode).

A topic per connection and kind, the subject as key, so the brokers keep a subject's order. What the
brokers have acknowledged is `sent`; the ERP says itself what it has taken, by
`POST /erp/v1/acknowledgements`.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage

from hansa.modules.erp.model import Connection
from hansa.modules.erp.outgoing import answers, store
from hansa.modules.erp.outgoing.model import Breaker, Message, Outgoing
from hansa.modules.erp.outgoing.rows import message_of
from hansa.modules.erp.outgoing.writing import instant
from hansa.runtime.context import Context
from hansa.runtime.outbox.brokers import Brokers

_FLUSH_SECONDS = 15.0
_POLL_SECONDS = 1.0
_ROWS = 500

_log = structlog.get_logger(__name__)


class KafkaSender:
    """The sender of one connection by Kafka, in the process that holds the loop."""

    def __init__(self, context: Context, connection: Connection, outgoing: Outgoing) -> None:
        self._context = context
        self._connection = connection
        self.outgoing = outgoing
        self._woken = asyncio.Event()
        self._topics: set[str] = set()
        settings = context.settings
        servers = tuple(part.strip() for part in outgoing.address.split(",") if part.strip())
        self._brokers = Brokers(
            servers=servers or settings.kafka_servers,
            topic_prefix=settings.kafka_topic_prefix,
            topic_partitions=settings.relay_partitions,
        )

    def ring(self) -> None:
        """Look for messages now."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`; raises what Kafka and the database raise."""
        producer = Producer(
            self._brokers.configuration()
            | {
                "acks": "all",
                "enable.idempotence": True,
                "enable.gapless.guarantee": True,
                "linger.ms": 2,
                "delivery.timeout.ms": int(_FLUSH_SECONDS * 1000) - 1000,
            }
        )
        try:
            while not stop.is_set():
                self._woken.clear()
                messages = await self._claim()
                if messages:
                    await self._send(producer, messages)
                    await self._tell(Breaker.CLOSED)
                else:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._woken.wait(), _POLL_SECONDS)
        except (KafkaException, TimeoutError) as error:
            producer.purge()
            await self._tell(Breaker.OPEN, failure=str(error))
            raise

    async def _claim(self) -> list[Message]:
        now = self._context.clock.now()
        async with self._context.database.transaction() as tx:
            await answers.write_outdated_anew(tx, outgoing=self.outgoing, now=now)
            rows = await tx.all(
                store.CLAIM,
                {
                    "connection_id": self._connection.id,
                    "busy": [],
                    "with_suspects": True,
                    "versions": list(self.outgoing.versions(now)),
                    "limit": _ROWS,
                    "now": now,
                },
            )
        return sorted(map(message_of, rows), key=lambda one: one.number)

    async def _send(self, producer: Producer, messages: Sequence[Message]) -> None:
        topics = {self.topic(one) for one in messages}
        if not topics <= self._topics:
            await asyncio.to_thread(self._brokers.ensure_topics, topics)
            self._topics |= topics
        failures: list[KafkaError] = []

        def delivered(error: KafkaError | None, _: KafkaMessage) -> None:
            if error is not None:
                failures.append(error)

        for one in messages:
            producer.produce(
                self.topic(one),
                value=one.payload,
                key=str(one.subject_id).encode(),
                headers=self.headers(one),
                on_delivery=delivered,
            )
        left = await asyncio.to_thread(producer.flush, _FLUSH_SECONDS)
        if failures:
            raise KafkaException(failures[0])
        if left:
            raise TimeoutError(f"{left} messages were not acknowledged by Kafka")
        await answers.note_sent(self._context.database, messages=messages)

    def topic(self, message: Message) -> str:
        """Name the topic of a message: one a connection and kind."""
        return f"{self._brokers.topic_prefix}erp.{self._connection.code}.{message.kind}"

    def headers(self, message: Message) -> list[tuple[str, str | bytes | None]]:
        """Give the CloudEvents attributes; `sequence` is the number of the message."""
        attributes = {
            "ce_specversion": "1.0",
            "ce_id": str(message.id),
            "ce_source": f"hansa/erp/{self._connection.code}",
            "ce_type": f"hansa.erp.{message.kind}.v{message.version}",
            "ce_subject": str(message.subject_id),
            "ce_time": instant(message.created_at),
            "ce_sequence": str(message.number),
            "ce_partitionkey": str(message.subject_id),
            "content-type": "application/json",
        }
        return [(name, value.encode()) for name, value in attributes.items()]

    async def _tell(self, breaker: Breaker, *, failure: str = "") -> None:
        async with self._context.database.transaction() as tx:
            await tx.execute(
                store.NOTE_HEALTH,
                {
                    "connection_id": self._connection.id,
                    "breaker": breaker,
                    "failure": failure[: answers.ERROR_CHARACTERS_MAX],
                    "is_answer": breaker is Breaker.CLOSED,
                    "now": self._context.clock.now(),
                },
            )
