"""The relay role: numbers events and delivers them to the subscriptions of this installation."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta

import structlog
from prometheus_client import Gauge

from hansa.runtime.context import Context
from hansa.runtime.database import Database
from hansa.runtime.module import Module, Subscription
from hansa.runtime.outbox import inspection, kafka
from hansa.runtime.outbox.brokers import Brokers, Membership
from hansa.runtime.outbox.consumer import Consumer, Retries
from hansa.runtime.outbox.envelope import Source
from hansa.runtime.outbox.following import FollowingSource
from hansa.runtime.outbox.postgres import Bell, Partitions, PostgresSource
from hansa.runtime.outbox.sequencer import Sequencer

_PAUSE_SECONDS, _PAUSE_SECONDS_MAX = 0.2, 10.0
_MEASURE_SECONDS = 15.0

_log = structlog.get_logger(__name__)
_BEHIND = Gauge(
    "hansa_outbox_behind_events",
    "Events not handled yet",
    ["subscription"],
    multiprocess_mode="max",
)
_STUCK = Gauge(
    "hansa_outbox_stuck_keys",
    "Keys that wait for another try or for a person",
    ["subscription", "state"],
    multiprocess_mode="max",
)

FORWARDER = "kafka.forward"
"""The reader that carries events from the outbox to Kafka; it has a cursor like a subscription."""

Role = Callable[[asyncio.Event], Awaitable[None]]


class DuplicateSubscription(ValueError):
    """Two subscriptions have one name, and would share cursors and inbox."""


async def run_relay(
    context: Context,
    modules: Sequence[Module],
    *,
    stop: asyncio.Event,
    retries: Retries | None = None,
    beside: Sequence[str] = (),
) -> None:
    """Deliver events until `stop` is set, then finish what is in hand and return.

    Several processes may do this at once: they share the partitions out. Faults of the database
    are waited out with growing pauses. `beside` are subscriptions that other processes run: events
    are kept for them too.

    Raises:
        DuplicateSubscription: two subscriptions have one name.
    """
    subscriptions = [known for module in modules for known in module.subscriptions]
    names = [subscription.name for subscription in subscriptions]
    if len(names) != len(set(names)):
        raise DuplicateSubscription(", ".join(sorted(n for n in names if names.count(n) > 1)))
    database, settings = context.database, context.settings
    keep = timedelta(days=settings.event_retention_days)
    partitions, bell = Partitions(database.dsn), Bell()
    roles: dict[str, Role] = {
        "bell": lambda end: bell.run(database.dsn, end),
        "measure": lambda end: _measure(database, names, end),
        "partitions": lambda end: partitions.run(end, bell),
        "sequencer": lambda end: Sequencer(
            database.dsn,
            # Cursors of the transport that is not in use hold nothing back.
            subscriptions=[FORWARDER] if settings.kafka_servers else [*names, *beside],
            keep=keep,
        ).run(end),
    }

    def from_postgres(name: str, types: frozenset[str] | None) -> Source:
        return PostgresSource(
            database, subscription=name, types=types, partitions=partitions, bell=bell
        )

    def from_kafka(name: str, types: frozenset[str]) -> Source:
        source = kafka.KafkaSource(
            database, subscription=name, types=types, brokers=brokers, membership=membership
        )
        return FollowingSource(database, source) if settings.is_apart else source

    brokers = Brokers(
        servers=settings.kafka_servers,
        topic_prefix=settings.kafka_topic_prefix,
        topic_partitions=settings.relay_partitions,
    )
    membership = Membership(database.dsn)
    if settings.kafka_servers:
        roles["member"] = membership.run
        roles[FORWARDER] = lambda end: kafka.Forwarder(
            database,
            source=from_postgres(FORWARDER, None),
            brokers=brokers,
            name=FORWARDER,
            is_followed=not settings.is_apart,
        ).run(end)
    for subscription in subscriptions:
        roles[subscription.name] = _consumer_role(
            subscription,
            make_source=from_kafka if settings.kafka_servers else from_postgres,
            context=context,
            retries=retries or Retries(),
        )
    async with asyncio.TaskGroup() as group:
        for name, role in roles.items():
            group.create_task(_keep_running(name, role, stop), name=f"relay-{name}")
        await stop.wait()
        bell.ring()


def _consumer_role(
    subscription: Subscription,
    *,
    make_source: Callable[[str, frozenset[str]], Source],
    context: Context,
    retries: Retries,
) -> Role:
    async def run(stop: asyncio.Event) -> None:
        types = frozenset(event.type for event in subscription.events)
        consumer = Consumer(
            subscription,
            source=make_source(subscription.name, types),
            database=context.database,
            clock=context.clock,
            retries=retries,
            limit=context.settings.relay_batch_size,
        )
        await consumer.run(stop)

    return run


async def _keep_running(name: str, role: Role, stop: asyncio.Event) -> None:
    """Run a part of the relay until the end; after a fault again, with growing pauses."""
    loop = asyncio.get_running_loop()
    pause = _PAUSE_SECONDS
    while not stop.is_set():
        started = loop.time()
        try:
            await role(stop)
        except Exception as error:  # noqa: BLE001 - supervised: any fault is logged and waited out
            _log.warning(
                "a part of the relay failed and starts again", part=name, error=repr(error)
            )
            if loop.time() - started > _PAUSE_SECONDS_MAX:
                pause = _PAUSE_SECONDS
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            pause = min(pause * 2, _PAUSE_SECONDS_MAX)


async def _measure(database: Database, subscriptions: Sequence[str], stop: asyncio.Event) -> None:
    """Keep the gauges of lag and stuck keys."""
    while not stop.is_set():
        async with database.snapshot() as snapshot:
            behind = await inspection.events_behind(snapshot)
            stuck = await inspection.stuck_counts(snapshot)
        for name in subscriptions:
            _BEHIND.labels(name).set(behind.get(name, 0))
            trying, set_aside = stuck.get(name, (0, 0))
            _STUCK.labels(name, "retrying").set(trying)
            _STUCK.labels(name, "set_aside").set(set_aside)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _MEASURE_SECONDS)
