"""Settings of work in the background."""

from __future__ import annotations

from dataclasses import dataclass

from hansa.runtime.settings.source import setting
from hansa.runtime.sizing import this_machine


@dataclass(frozen=True, kw_only=True)
class Work:
    """Jobs, and the events that are handed on."""

    worker_concurrency: int = setting(
        lambda: this_machine().worker_concurrency,
        "Jobs a worker process runs at once.",
        section="Background work",
        at_least=1,
        at_most=500,
    )
    relay_partitions: int = setting(
        4,
        "Partitions of each Kafka topic; order holds inside one.",
        section="Background work",
        at_least=1,
        at_most=256,
    )
    relay_batch_size: int = setting(
        500,
        "Events a relay hands on at once.",
        section="Background work",
        at_least=1,
        at_most=10_000,
    )
    event_retention_days: int = setting(
        7,
        "How long delivered events are kept in the outbox.",
        section="Background work",
        at_least=1,
        at_most=400,
    )
    kafka_servers: tuple[str, ...] = setting(
        (),
        "Kafka brokers (`host:9092`) that carry events. Without any, PostgreSQL carries them.",
        section="Background work",
    )
    kafka_topic_prefix: str = setting(
        "hansa.",
        "Begin of the names of Kafka topics.",
        section="Background work",
        pattern=r"[A-Za-z0-9._-]*",
        expected="letters, digits, dots, hyphens and underscores",
    )
