"""What readers and writers of Kafka have in common: brokers, names in groups, CloudEvents."""

import asyncio
import contextlib
import itertools
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg
import structlog
from confluent_kafka import KafkaError, KafkaException, Message
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from hansa.runtime.outbox.envelope import Envelope
from hansa.runtime.outbox.locks import MEMBER, dedicated_connection

ADMIN_SECONDS = 10.0
_HOLD_SECONDS = 5.0
_SOURCE = "hansa"
_WRITTEN_UNTIL = "ce_hansawrittenuntil"
_PLACE_IN_LOG = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Brokers:
    """Where Kafka is and how topics are made there."""

    servers: tuple[str, ...]
    topic_prefix: str
    topic_partitions: int

    def topic(self, event_type: str) -> str:
        """Name the topic of an event type: one per module."""
        return self.topic_prefix + event_type.partition(".")[0]

    def configuration(self) -> dict[str, Any]:
        """Give what every client is told."""
        return {
            "bootstrap.servers": ",".join(self.servers),
            "client.id": "hansa",
            "socket.keepalive.enable": True,
            "reconnect.backoff.max.ms": 2000,
            "log_level": 3,  # its own log goes to stderr; errors come to `error_cb`
            "error_cb": _log_error,
        }

    def ensure_topics(self, names: Collection[str]) -> None:
        """Make topics that are missing; waits for the brokers (call it in a thread).

        Raises:
            KafkaException: the brokers refused, or did not answer.
        """
        admin = AdminClient(self.configuration())
        known = admin.list_topics(timeout=ADMIN_SECONDS).topics
        new = [
            NewTopic(name, num_partitions=self.topic_partitions)
            for name in sorted(set(names) - known.keys())
        ]
        if not new:
            return
        for future in admin.create_topics(new, operation_timeout=ADMIN_SECONDS).values():
            try:
                future.result(ADMIN_SECONDS)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise


class Membership:
    """A lasting name of this process in its consumer groups, from the lowest free lock.

    Whoever takes the place of a killed relay takes its name too, and with it its partitions at
    once; an unknown newcomer would wait until the dead one's session has run out, or, with some
    brokers, until a rebalance gives up on it.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.name = ""
        self.ready = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Hold a name until `stop`; raises what the database raises."""
        try:
            async with dedicated_connection(self._dsn, "hansa relay member") as connection:
                self.name = f"relay-{await _lowest_free(connection)}"
                self.ready.set()
                while not stop.is_set():
                    await connection.execute("select 1")  # notices a lost connection
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), _HOLD_SECONDS)
        finally:
            self.ready.clear()


async def _lowest_free(connection: psycopg.AsyncConnection) -> int:
    for number in itertools.count():
        cursor = await connection.execute("select pg_try_advisory_lock(%s, %s)", [MEMBER, number])
        row = await cursor.fetchone()
        if row and row[0]:
            return number
    raise AssertionError("numbers do not end")


def to_headers(event: Envelope, *, written_until: str) -> list[tuple[str, str | bytes | None]]:
    """Give the CloudEvents attributes of an event as Kafka headers (binary mode)."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(event.id),
        "ce_source": _SOURCE,
        "ce_type": event.type,
        "ce_time": event.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce_partitionkey": event.key,
        "content-type": "application/json",
    }
    if event.trace is not None:
        headers["ce_traceparent"] = event.trace
    if written_until:
        headers[_WRITTEN_UNTIL] = written_until
    return [(name, value.encode()) for name, value in headers.items()]


def from_message(message: Message) -> Envelope:
    """Read an event; what is missing in a foreign message is made up, its type is empty then."""
    headers = {
        name: value.decode("utf-8", "replace")
        for name, value in list(message.headers() or [])
        if isinstance(value, bytes)
    }
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None and partition is not None and offset is not None  # noqa: PT018 - one fact: it came from a broker
    try:
        event_id = UUID(headers["ce_id"])
    except (KeyError, ValueError):
        event_id = uuid5(NAMESPACE_URL, f"kafka:{topic}/{partition}/{offset}")
    written_until = headers.get(_WRITTEN_UNTIL, "")
    _, milliseconds = message.timestamp()
    value, key = message.value(), message.key()
    return Envelope(
        stream=topic,
        partition=partition,
        position=offset,
        id=event_id,
        type=headers.get("ce_type", ""),
        key=_text(key),
        payload=_text(value),
        trace=headers.get("ce_traceparent"),
        created_at=datetime.fromtimestamp(max(0, milliseconds) / 1000, UTC),
        written_until=written_until if _PLACE_IN_LOG.fullmatch(written_until) else "",
    )


def _text(value: bytes | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else value.decode("utf-8", "backslashreplace")


def _log_error(error: KafkaError) -> None:
    _log.warning("kafka", error=str(error))
