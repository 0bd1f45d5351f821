"""The contract that both transports keep: order per key, once, nothing lost."""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from datetime import datetime

import pytest

from hansa.runtime.context import Context
from hansa.runtime.database import Database, Transaction
from hansa.runtime.module import Subscription
from hansa.runtime.outbox import inspection, repair
from tests.runtime.outbox.world import (
    Counted,
    Renamed,
    by_account,
    effects,
    publish,
    recording,
    relaying,
    until,
    until_effects,
    write_effect,
)


async def test_each_event_has_its_effect_once_per_subscription(context: Context) -> None:
    database = context.database
    await publish(database, *[Counted(account="a", number=n) for n in range(5)])

    async with relaying(context, recording("first"), recording("second", batch=True)):
        await until_effects(database, 5, "first")
        await publish(database, Counted(account="b", number=5))
        await until_effects(database, 6, "first")
        await until_effects(database, 6, "second")

    assert by_account(await effects(database, "first")) == {"a": [0, 1, 2, 3, 4], "b": [5]}
    assert by_account(await effects(database, "second")) == {"a": [0, 1, 2, 3, 4], "b": [5]}


async def test_a_restart_goes_on_where_it_was(context: Context) -> None:
    database = context.database
    for number in range(3):
        await publish(database, Counted(account="a", number=number))

        async with relaying(context, recording()):
            await until_effects(database, number + 1)

    assert await effects(database) == [("a", 0), ("a", 1), ("a", 2)]


async def test_types_nobody_asked_for_pass_by(context: Context) -> None:
    database = context.database
    await publish(database, Renamed(account="a"), Counted(account="a", number=1))

    async with relaying(context, recording()):
        await until_effects(database, 1)

    assert await effects(database) == [("a", 1)]


@pytest.mark.parametrize("batch", [False, True])
async def test_order_holds_per_key_under_concurrent_commits_rollbacks_and_a_long_transaction(
    context: Context, *, batch: bool
) -> None:
    database, chance = context.database, random.Random(7)
    committed: dict[str, list[int]] = {}

    class Undone(Exception):
        pass

    async def write(account: str) -> None:
        committed[account] = []
        for number in range(25):
            with contextlib.suppress(Undone):
                async with database.transaction() as tx:
                    await tx.publish(Counted(account=account, number=number))
                    await asyncio.sleep(chance.random() * 0.004)
                    if chance.random() < 0.25:
                        raise Undone
                committed[account].append(number)

    async with relaying(context, recording(batch=batch)):
        async with database.transaction() as long:
            await long.publish(Counted(account="long", number=0))
            await asyncio.gather(*(write(f"account {n}") for n in range(8)))
            total = sum(len(numbers) for numbers in committed.values())
            await until_effects(database, total)
            seen_while_open = by_account(await effects(database))
        await until_effects(database, total + 1)

    assert seen_while_open == committed
    assert by_account(await effects(database)) == committed | {"long": [0]}


async def test_a_failing_event_holds_its_key_only_and_is_tried_again(context: Context) -> None:
    database, attempts = context.database, 0

    async def fails_twice(tx: Transaction, event: Counted, now: datetime) -> None:
        nonlocal attempts
        await write_effect(tx, "recorder", event)
        if event.account == "bad" and event.number == 0:
            attempts += 1
            if attempts < 3:
                raise ValueError("not yet")

    await publish(
        database,
        *[Counted(account=name, number=n) for n in range(3) for name in ("bad", "good")],
    )

    async with relaying(
        context, Subscription(name="recorder", events=(Counted,), handle=fails_twice)
    ):
        found = await until_effects(database, 6)

    assert by_account(found) == {"good": [0, 1, 2], "bad": [0, 1, 2]}
    assert attempts == 3
    async with database.snapshot(single=True) as snapshot:
        assert await inspection.list_stuck_keys(snapshot, set_aside=False) == []


@pytest.mark.parametrize("batch", [False, True])
async def test_a_poison_event_is_set_aside_and_replayed_in_order(
    context: Context, *, batch: bool
) -> None:
    database, repaired = context.database, False

    async def handle(tx: Transaction, event: Counted, now: datetime) -> None:
        if event.account == "bad" and event.number == 1 and not repaired:
            raise ValueError("cannot digest it\0")
        await write_effect(tx, "recorder", event)

    async def handle_all(tx: Transaction, events: Sequence[Counted], now: datetime) -> None:
        for event in events:
            await handle(tx, event, now)

    async def set_aside() -> Sequence[inspection.StuckKey]:
        async with database.snapshot(single=True) as snapshot:
            return await inspection.list_stuck_keys(snapshot)

    subscription = Subscription(
        name="recorder", events=(Counted,), handle=handle_all if batch else handle, batch=batch
    )
    await publish(
        database, *[Counted(account=name, number=n) for n in range(4) for name in ("bad", "good")]
    )

    async with relaying(context, subscription):
        (stuck,) = await until(set_aside, what="nothing was set aside")
        await until_effects(database, 5)
        await publish(database, Counted(account="bad", number=4), Counted(account="good", number=4))
        await until_effects(database, 6)

        async def five_wait() -> bool:
            return [known.waiting for known in await set_aside()] == [4]

        await until(five_wait, what="the fifth event did not queue up")
        findings = await _findings(database)
        repaired = True
        async with database.transaction() as tx:
            assert await repair.replay(tx, subscription="recorder", key="bad") == 1
        found = await until_effects(database, 10)

    assert (stuck.key, stuck.attempts, stuck.type) == ("bad", 3, "ledger.Counted")
    assert stuck.error == "ValueError: cannot digest it"
    assert ["recorder bad" in finding for finding in findings] == [True]
    assert by_account(found) == {"good": [0, 1, 2, 3, 4], "bad": [0, 1, 2, 3, 4]}
    assert await _findings(database) == []


async def test_a_poison_event_can_be_discarded_and_those_behind_it_follow(
    context: Context,
) -> None:
    database = context.database

    async def handle(tx: Transaction, event: Counted, now: datetime) -> None:
        if event.number == 1:
            raise ValueError("never")
        await write_effect(tx, "recorder", event)

    async def set_aside() -> bool:
        return bool(await _findings(database))

    await publish(database, *[Counted(account="a", number=n) for n in range(4)])

    async with relaying(context, Subscription(name="recorder", events=(Counted,), handle=handle)):
        await until(set_aside, what="nothing was set aside")
        async with database.transaction() as tx:
            await repair.discard(tx, subscription="recorder", key="a")
        found = await until_effects(database, 3)
        await publish(database, Counted(account="a", number=4))
        found = await until_effects(database, 4)

    assert found == [("a", 0), ("a", 2), ("a", 3), ("a", 4)]
    with pytest.raises(repair.NotSetAside):
        async with database.transaction() as tx:
            await repair.discard(tx, subscription="recorder", key="a")


async def test_two_relays_share_the_work_without_doing_it_twice(
    context: Context, outbox: Database
) -> None:
    expected = {f"account {n}": list(range(20)) for n in range(16)}

    async with relaying(context, recording()):
        for number in range(10):
            await publish(outbox, *[Counted(account=name, number=number) for name in expected])
        async with relaying(context, recording()):
            for number in range(10, 20):
                await publish(outbox, *[Counted(account=name, number=number) for name in expected])
            found = await until_effects(outbox, 320)

    assert by_account(found) == expected


async def test_effects_follow_the_commit_within_tens_of_milliseconds(
    on_postgres: Context,
) -> None:
    database = on_postgres.database
    loop, delays = asyncio.get_running_loop(), []

    async with relaying(on_postgres, recording()):
        for number in range(30):
            await publish(database, Counted(account=f"a{number}", number=number))
            started = loop.time()
            await until_effects(database, number + 1)
            delays.append(loop.time() - started)

    # The first includes the start of the relay; a busy machine gets room.
    assert sorted(delays)[len(delays) // 2] < 0.15


async def _findings(database: Database) -> list[str]:
    async with database.snapshot(single=True) as snapshot:
        return [finding.subject for finding in await inspection.find_set_aside(snapshot)]
