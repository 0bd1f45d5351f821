"""Events, effects and relays for the tests of the outbox."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from hansa.kernel.message import Event
from hansa.runtime.clock import SystemClock
from hansa.runtime.context import Context
from hansa.runtime.database import Database, Transaction
from hansa.runtime.module import Module, Subscription
from hansa.runtime.outbound import Outbound
from hansa.runtime.outbox.consumer import Retries
from hansa.runtime.outbox.relay import run_relay
from hansa.runtime.settings import Secret, Settings
from hansa.runtime.storage import LocalStorage

EFFECTS = """
create table if not exists effect (
    ordinal bigint generated always as identity,
    subscription text not null,
    account text not null,
    number integer not null
)
"""
SOON = Retries(
    tries=3, first_pause=timedelta(milliseconds=10), pause_max=timedelta(milliseconds=50)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Event):
    """A number of an account; numbers of one account are published in order."""

    type: ClassVar[str] = "ledger.Counted"
    account: str
    number: int

    def key(self) -> str:
        return self.account


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed(Event):
    """Something of another module."""

    type: ClassVar[str] = "names.Renamed"
    account: str

    def key(self) -> str:
        return self.account


async def write_effect(tx: Transaction, subscription: str, event: Counted) -> None:
    """Leave a row, in the order of delivery."""
    await tx.execute(
        "insert into effect (subscription, account, number)"
        " values (%(subscription)s, %(account)s, %(number)s)",
        {"subscription": subscription, "account": event.account, "number": event.number},
    )


def recording(name: str = "recorder", *, batch: bool = False) -> Subscription:
    """A subscription that leaves a row per event."""

    async def one(tx: Transaction, event: Counted, now: datetime) -> None:
        await write_effect(tx, name, event)

    async def many(tx: Transaction, events: Sequence[Counted], now: datetime) -> None:
        for event in events:
            await write_effect(tx, name, event)

    return Subscription(name=name, events=(Counted,), handle=many if batch else one, batch=batch)


def subscribing(*subscriptions: Subscription) -> list[Module]:
    """A module with these subscriptions."""
    return [Module(name="tests", subscriptions=subscriptions)]


def context_of(database: Database, directory: Path, *, kafka: Sequence[str] = ()) -> Context:
    """A context on this database; events go through Kafka if brokers are given."""
    settings = Settings(
        environment="development",
        data_dir=directory,
        secret_key=Secret("a key that only tests use, long enough"),
        database_url=database.dsn,
        kafka_servers=tuple(kafka),
    )
    return Context(
        settings=settings,
        database=database,
        storage=LocalStorage(directory / "files"),
        outbound=Outbound(),
        clock=SystemClock(),
    )


@contextlib.asynccontextmanager
async def relaying(
    context: Context, *subscriptions: Subscription, retries: Retries = SOON
) -> AsyncIterator[None]:
    """Run a relay beside the test and stop it at the end."""
    stop = asyncio.Event()
    running = asyncio.create_task(
        run_relay(context, subscribing(*subscriptions), stop=stop, retries=retries)
    )
    try:
        yield
    finally:
        stop.set()
        await running


async def effects(database: Database, subscription: str = "recorder") -> list[tuple[str, int]]:
    """All effects in the order they were committed in."""
    async with database.snapshot(single=True) as snapshot:
        rows = await snapshot.all(
            "select account, number from effect where subscription = %(name)s order by ordinal",
            {"name": subscription},
        )
    return [(row.account, row.number) for row in rows]


async def publish(database: Database, *events: Event) -> None:
    """Publish events in a transaction of their own."""
    async with database.transaction() as tx:
        await tx.publish(*events)


async def until(
    condition: Callable[[], Awaitable[Any]], *, what: str, within_seconds: float = 60
) -> Any:
    """Wait until a condition gives something true."""
    give_up_at = asyncio.get_running_loop().time() + within_seconds
    while not (found := await condition()):
        assert asyncio.get_running_loop().time() < give_up_at, what
        await asyncio.sleep(0.01)
    return found


async def until_effects(
    database: Database, number: int, subscription: str = "recorder", within_seconds: float = 60
) -> list[tuple[str, int]]:
    """Wait for a number of effects, and give them."""
    found: list[tuple[str, int]] = []

    async def enough() -> bool:
        found[:] = await effects(database, subscription)
        return len(found) >= number

    await until(enough, what=f"{number} effects did not come", within_seconds=within_seconds)
    return found


def by_account(found: Sequence[tuple[str, int]]) -> dict[str, list[int]]:
    """Split effects by account, order kept."""
    split: dict[str, list[int]] = {}
    for account, number in found:
        split.setdefault(account, []).append(number)
    return split


def with_partitions(context: Context, number: int) -> Context:
    """The same context with another number of partitions per Kafka topic."""
    context.settings = dataclasses.replace(context.settings, relay_partitions=number)
    return context
