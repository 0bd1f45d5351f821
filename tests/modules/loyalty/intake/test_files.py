"""Files are taken in once, row by row; what is bad is refused alone; a broken-off run goes on."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from hansa.kernel.errors import Unavailable
from hansa.modules.loyalty import intake, points
from hansa.modules.loyalty.intake.due import forget_records, try_refused
from hansa.modules.loyalty.intake.fetching import run_feed
from hansa.modules.loyalty.intake.model import InTheFuture
from hansa.modules.loyalty.points.commands import Accrue
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from tests.support.feeds import (
    Coalition,
    WatchedDoor,
    a_feed,
    findings,
    refused,
    reread,
    run,
    write_mapping,
)

BONUS: dict[str, Any] = {
    "source": {"format": "csv", "encoding": "windows-1251", "decimal": ",", "dates": ["%d.%m.%Y"]},
    "rules": [
        {
            "name": "bonus",
            "commands": [
                {
                    "command": "accrue",
                    "key": ["номер"],
                    "at": {"do": "date", "of": "дата"},
                    "member": {"kind": "phone", "value": {"do": "phone", "of": "телефон"}},
                    "points": "баллы",
                }
            ],
        }
    ],
}
HEADER = "номер;дата;телефон;баллы"


def csv_of(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode("cp1251")


def a_row(number: int, points: object = 10) -> str:
    return f"A{number};20.11.2026;8 916 123-45-{number % 10:02};{points}"


async def put(context: Context, content: bytes, name: str = "a.csv") -> None:
    await context.storage.put(f"feeds/orders/{name}", content)


async def test_good_rows_go_on_and_bad_ones_say_why(
    context: Context, coalition: Coalition, door: WatchedDoor
) -> None:
    feed = await a_feed(context, coalition, BONUS)
    await put(
        context,
        csv_of(
            a_row(1),
            a_row(2, "много"),
            a_row(3, 0),
            "A4;20.11.2026",
            "A5;31.02.2026;89161234505;1",
            "A6;20.11.2026;12;1",
            "A7;20.12.2027;89161234507;1",
            a_row(8),
        ),
    )

    done = await run(context, feed)

    assert (done.read, done.taken, done.refused) == (8, 2, 6)
    assert [one.points for one in door.commands if isinstance(one, Accrue)] == [10, 10]
    assert await refused(context, feed) == [
        "3: “баллы” is wrong: a number such as 1234,50 was expected.",
        "4: “баллы” is wrong: a whole number of points from 1 to 1000000000000 was expected.",
        "5: The row cannot be read: it has 2 cells where 4 were expected.",
        "6: “дата” is wrong: a date as %d.%m.%Y was expected.",
        "7: “телефон” is wrong: a telephone was expected.",
        f"8: {InTheFuture('2027-12-19T21:00:00+00:00')}",
    ]
    assert await findings(context) == []


async def test_a_file_that_comes_again_changes_nothing(
    context: Context, coalition: Coalition, door: WatchedDoor
) -> None:
    feed = await a_feed(context, coalition, BONUS)
    await put(context, csv_of(a_row(1), a_row(2)))
    await run(context, feed)
    calls = door.calls

    await run_feed(context, feed.id)  # the very same file
    await put(context, csv_of(a_row(1), a_row(2), a_row(2), a_row(3)), "b.csv")
    again = await run(context, feed)

    assert (again.taken, again.repeated) == (1, 3)
    assert door.calls == calls + 1
    assert len(door.commands) == 3
    assert await findings(context) == []


async def test_an_amount_changed_under_the_same_key_is_refused(
    context: Context, coalition: Coalition, door: WatchedDoor
) -> None:
    feed = await a_feed(context, coalition, BONUS)
    await put(context, csv_of(a_row(1, 10)))
    await run(context, feed)
    await put(context, csv_of(a_row(1, 20)), "b.csv")

    done = await run(context, feed)

    assert done.refused == 1
    assert await refused(context, feed) == [f"2: {points.KeyReused.message}"]
    assert len(door.commands) == 1


async def test_personal_data_is_hidden_in_what_is_kept(
    context: Context, coalition: Coalition, door: WatchedDoor
) -> None:
    feed = await a_feed(context, coalition, BONUS)
    await put(context, csv_of(a_row(1), a_row(2, "x")))
    done = await run(context, feed)

    async with context.database.snapshot(single=True) as snap:
        items = await intake.list_items(snap, run_id=done.id)
        rows = await snap.all(
            "select row_to_json(item)::text as row from loyalty_feed_item as item"
        )

    assert [one.shown and one.shown["телефон"] for one in items] == ["***", "***"]
    kept = "".join(row.row for row in rows)
    assert not re.search(r"916\W*123|123\W+45", kept)


@pytest.mark.parametrize(
    ("policy", "taken", "refusals"), [("ignore", 1, 0), ("warn", 1, 0), ("stop", 0, 1)]
)
async def test_an_unknown_column(
    context: Context,
    coalition: Coalition,
    door: WatchedDoor,
    policy: str,
    taken: int,
    refusals: int,
) -> None:
    feed = await a_feed(context, coalition, {**BONUS, "unknown_columns": policy})
    await put(context, csv_of(a_row(1) + ";x", header=HEADER + ";цвет"))

    done = await run(context, feed)

    assert (done.taken, done.refused) == (taken, refusals)
    assert done.warnings == (("цвет",) if policy == "warn" else ())
    if policy == "stop":
        assert await refused(context, feed) == ["2: The column “цвет” is not known to the mapping."]


async def test_a_missing_column_is_told_of_each_row(
    context: Context, coalition: Coalition, door: WatchedDoor
) -> None:
    feed = await a_feed(context, coalition, BONUS)
    await put(context, csv_of("A1;20.11.2026;1", header="номер;дата;баллы"))

    assert (await run(context, feed)).refused == 1
    assert await refused(context, feed) == ["2: The column “телефон” is missing."]


async def test_refused_records_are_taken_once_the_mapping_is_mended(
    context: Context, coalition: Coalition, door: WatchedDoor
) -> None:
    feed = await a_feed(context, coalition, BONUS)
    await put(context, csv_of(a_row(1), "A2;2026-11-20;89161234502;7", "A3;x;89161234503;7"))
    first = await run(context, feed)
    assert (first.taken, first.refused) == (1, 2)

    mended = {**BONUS, "source": {**BONUS["source"], "dates": ["%d.%m.%Y", "iso"]}}
    async with context.database.transaction() as tx:
        await write_mapping(tx, context, feed, mended)
    await try_refused(context, feed.id)

    async with context.database.snapshot(single=True) as snap:
        (after, *_) = await intake.list_runs(snap, feed_id=feed.id)
    assert (after.taken, after.refused) == (2, 1)
    assert len(door.commands) == 2
    assert await refused(context, feed) == [
        "4: “дата” is wrong: a date as %d.%m.%Y or iso was expected."
    ]
    assert await findings(context) == []


async def test_a_run_broken_off_goes_on_and_does_nothing_twice(
    context: Context, coalition: Coalition, door: WatchedDoor
) -> None:
    feed = await a_feed(context, coalition, BONUS)
    await put(context, csv_of(*(a_row(number) for number in range(1000))))
    door.away_after = 450

    with pytest.raises(Unavailable):
        await run_feed(context, feed.id)
    async with context.database.snapshot(single=True) as snap:
        (broken, *_) = await intake.list_runs(snap, feed_id=feed.id)
    assert (broken.state, broken.position) == ("running", 400)
    door.away_after = None
    done = await run(context, feed)

    assert done.id == broken.id
    assert (done.state, done.read, done.taken) == ("done", 1000, 1000)
    assert len(door.commands) == 1000
    assert door.calls <= 1050
    assert await findings(context) == []


async def test_a_file_that_cannot_be_used_breaks_the_run_and_says_why(
    context: Context, coalition: Coalition, door: WatchedDoor
) -> None:
    feed = await a_feed(context, coalition, {**BONUS, "source": {"format": "json"}})
    await put(context, b'[{"a": 1}, {"a"')

    done = await run(context, feed)

    assert (done.state, done.read, done.refused) == ("broken", 1, 1)
    assert done.failure.format(**done.failure_facts).startswith("Nothing can be read after row 1")
    assert await findings(context) == []


async def test_records_are_kept_for_the_feeds_days(
    context: Context, coalition: Coalition, door: WatchedDoor, clock: FixedClock
) -> None:
    feed = await a_feed(context, coalition, BONUS, keep_days=5)
    await put(context, csv_of(a_row(1), a_row(2, "x")))
    done = await run(context, feed)
    clock.advance(timedelta(days=6))

    await forget_records(context)

    async with context.database.snapshot(single=True) as snap:
        (item,) = await intake.list_items(snap, run_id=done.id)
    assert item.state == "refused"
    assert item.shown is None
    with pytest.raises(intake.NoItem):
        await intake.try_item(context, feed=await reread(context, feed), item_id=item.id)


async def test_a_mapping_is_tried_on_a_sample_and_nothing_is_done(
    context: Context, coalition: Coalition, door: WatchedDoor
) -> None:
    feed = await a_feed(context, coalition, BONUS)
    async with context.database.snapshot(single=True) as snap:
        mapping = await intake.get_mapping(snap, feed=feed)
    assert mapping is not None

    trial = await intake.try_mapping(
        context, feed=feed, written=mapping.written, sample=csv_of(a_row(1), a_row(2, 0))
    )

    good, bad = trial.records
    ((name, fields),) = good.commands
    assert (good.row, name, fields["points"]) == (2, "Accrue", "10")
    assert bad.refusal is not None
    assert door.calls == 0


async def test_a_feed_without_a_mapping_says_so(
    context: Context, coalition: Coalition, door: WatchedDoor
) -> None:
    feed = await a_feed(context, coalition, BONUS)
    async with context.database.transaction() as tx:
        await tx.execute("update loyalty_feed set mapping_version = 0")

    await run_feed(context, feed.id)

    assert (await reread(context, feed)).failure_facts == {"field": "mapping"}
