"""Publishing: rows of the caller's transaction."""

from datetime import UTC, datetime

import msgspec
import pytest

from hansa.runtime.database import Database, Transaction
from hansa.runtime.outbox.append import PARTITIONS, KeyTooLong, partition_of
from tests.runtime.outbox.world import Counted

ROWS = "select * from outbox_event order by serial"


async def test_events_are_rows_in_the_order_they_were_published(tx: Transaction) -> None:
    await tx.publish(*[Counted(account=name, number=1) for name in ("b", "a", "b")])
    await tx.publish(Counted(account="c", number=2))

    rows = await tx.all(ROWS)

    assert [row.key for row in rows] == ["b", "a", "b", "c"]
    assert [row.position for row in rows] == [None] * 4
    assert rows[0].payload == {"account": "b", "number": 1}
    assert {row.type for row in rows} == {"ledger.Counted"}
    assert [row.partition for row in rows] == [partition_of(row.key) for row in rows]
    assert len({row.id for row in rows}) == 4
    assert abs((rows[0].created_at - datetime.now(UTC)).total_seconds()) < 60


async def test_publishing_nothing_writes_nothing(tx: Transaction) -> None:
    await tx.publish()

    assert await tx.all(ROWS) == []


async def test_a_rolled_back_transaction_publishes_nothing(database: Database) -> None:
    class Undone(Exception):
        pass

    async def publish_and_undo() -> None:
        async with database.transaction() as tx:
            await tx.publish(Counted(account="a", number=1))
            raise Undone

    with pytest.raises(Undone):
        await publish_and_undo()

    async with database.snapshot(single=True) as snapshot:
        assert await snapshot.all(ROWS) == []


def test_partitions_are_the_same_on_every_machine_and_in_every_release() -> None:
    assert [partition_of(key) for key in ("", "a", "Россия", "order-17")] == [0, 3, 63, 20]
    assert {partition_of(str(number)) for number in range(5000)} == set(range(PARTITIONS))


async def test_a_key_no_index_could_hold_is_refused(tx: Transaction) -> None:
    with pytest.raises(KeyTooLong):
        await tx.publish(Counted(account="я" * 251, number=1))


def test_readers_ignore_fields_they_do_not_know() -> None:
    event = msgspec.json.decode(b'{"account":"a","number":1,"added_later":true}', type=Counted)

    assert event == Counted(account="a", number=1)
