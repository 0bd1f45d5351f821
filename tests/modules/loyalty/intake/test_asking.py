"""Feeds that ask the partner: pages, files at an address, and what an event speaks of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from hansa.kernel.errors import Unavailable
from hansa.modules.loyalty import intake
from hansa.modules.loyalty.intake.due import look_at_feeds
from hansa.modules.loyalty.intake.fetching import run_feed
from hansa.modules.loyalty.intake.running import open_desk
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from sandbox.acquirer.wire import Answer, Call
from tests.support.feeds import Coalition, WatchedDoor, a_feed, findings, listening, reread, run

MAPPING: dict[str, Any] = {
    "source": {"format": "json", "records": "items"},
    "rules": [
        {
            "name": "bonus",
            "commands": [
                {
                    "command": "accrue",
                    "key": ["id"],
                    "at": {"do": "constant", "value": "2026-11-20"},
                    "member": {
                        "kind": "phone",
                        "value": {"do": "constant", "value": "+79161234501"},
                    },
                    "points": "points",
                }
            ],
        }
    ],
}


class Partner:
    """A partner's side that says what a test tells it to."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.calls: list[str] = []
        self.address = ""

    async def answer(self, call: Call) -> Answer:
        target = call.path + (f"?{call.query}" if call.query else "")
        self.calls.append(target)
        return self.answers.get(target, Answer.of({"error": "not found"}, 404))

    def page(self, target: str, *ids: int, following: object = None) -> None:
        items = [{"id": one, "points": 1} for one in ids]
        self.answers[target] = Answer.of({"items": items, "next": following})


@pytest_asyncio.fixture(loop_scope="session")
async def partner() -> AsyncIterator[Partner]:
    made = Partner()
    async with listening(made.answer) as address:
        made.address = address
        yield made


async def polled(context: Context, coalition: Coalition, partner: Partner) -> intake.Feed:
    return await a_feed(context, coalition, MAPPING, kind="poll", url=partner.address, path="/list")


async def test_pages_are_followed_and_the_place_is_kept(
    context: Context, coalition: Coalition, door: WatchedDoor, partner: Partner
) -> None:
    feed = await polled(context, coalition, partner)
    partner.page("/list", 1, 2, following="b")
    partner.page("/list?cursor=b", 3, following="c")
    partner.page("/list?cursor=c")
    await run_feed(context, feed.id)
    partner.page("/list?cursor=c", 4)

    await run_feed(context, feed.id)

    assert partner.calls == ["/list", "/list?cursor=b", "/list?cursor=c", "/list?cursor=c"]
    assert len(door.commands) == 4
    assert (await reread(context, feed)).cursor == "c"
    assert await findings(context) == []


async def test_a_partner_that_says_no_is_shown_and_asked_again_later(
    context: Context, coalition: Coalition, door: WatchedDoor, partner: Partner
) -> None:
    feed = await polled(context, coalition, partner)

    await run_feed(context, feed.id)
    refused = await reread(context, feed)
    partner.page("/list", 1)
    await run_feed(context, feed.id)

    assert refused.failure_facts == {"status": "404"}
    assert (await reread(context, feed)).failure == ""
    assert len(door.commands) == 1


async def test_a_partner_that_is_away_is_asked_again_by_the_job(
    context: Context, coalition: Coalition, door: WatchedDoor, partner: Partner
) -> None:
    feed = await polled(context, coalition, partner)
    partner.answers["/list"] = Answer.of({}, 500)

    with pytest.raises(Unavailable):
        await run_feed(context, feed.id)

    assert (await reread(context, feed)).failure_facts["status"] == "500"


@pytest.mark.parametrize("body", [b"<html>", b'{"items": 1}', b"", b'{"items": [1, {"id": 7}'])
async def test_an_answer_that_cannot_be_read_breaks_its_run_alone(
    context: Context, coalition: Coalition, door: WatchedDoor, partner: Partner, body: bytes
) -> None:
    feed = await polled(context, coalition, partner)
    partner.answers["/list"] = Answer(body=body)

    done = await run(context, feed)

    assert done.state == "broken"
    assert door.commands == []


async def test_a_cursor_that_does_not_move_ends_the_run(
    context: Context, coalition: Coalition, door: WatchedDoor, partner: Partner
) -> None:
    feed = await a_feed(
        context, coalition, MAPPING, kind="poll", url=partner.address, path="/list",
        more_path="more",
    )  # fmt: skip
    partner.answers["/list"] = Answer.of({"items": [], "more": True})

    await run_feed(context, feed.id)

    assert (await reread(context, feed)).failure_facts == {"path": "next"}


async def test_an_event_makes_us_ask_and_the_answer_counts(
    context: Context, coalition: Coalition, door: WatchedDoor, partner: Partner
) -> None:
    feed = await a_feed(
        context, coalition, MAPPING, kind="call_out", url=partner.address, path="/orders/{order}",
    )  # fmt: skip
    partner.page("/orders/A%2F1", 1, 2)
    desk = await open_desk(context, feed)
    async with context.database.transaction() as tx:
        await desk.begin(tx, source="e1", body=msgspec.json.encode({"order": "A/1"}))
        await desk.begin(tx, source="e2", body=msgspec.json.encode({"order": "gone"}))
        await desk.begin(tx, source="e3", body=b"no json")

    await run_feed(context, feed.id)

    async with context.database.snapshot() as snap:
        runs = {one.source: one for one in await intake.list_runs(snap, feed_id=feed.id)}
    assert {name: one.state for name, one in runs.items()} == {
        "e1": "done",
        "e2": "broken",
        "e3": "broken",
    }
    assert runs["e1"].taken == 2
    assert sorted(partner.calls) == ["/orders/A%2F1", "/orders/gone"]


async def test_a_file_at_an_address_is_taken_in_once(
    context: Context, coalition: Coalition, door: WatchedDoor, partner: Partner
) -> None:
    feed = await a_feed(
        context, coalition, MAPPING, folder="", url=partner.address, path="/file.json"
    )
    partner.page("/file.json", 1, 2)

    await run_feed(context, feed.id)
    await run_feed(context, feed.id)

    async with context.database.snapshot() as snap:
        (done,) = await intake.list_runs(snap, feed_id=feed.id)
    assert done.taken == 2
    assert [one async for one in context.storage.names("loyalty")] == []


async def test_a_feed_runs_when_its_minute_comes(
    context: Context, coalition: Coalition, door: WatchedDoor, partner: Partner, clock: FixedClock
) -> None:
    feed = await polled(context, coalition, partner)
    async with context.database.transaction() as tx:
        await intake.save_feed(
            tx,
            context,
            feed=replace(feed, cron="*/15 * * * *"),
            credentials=None,
            by=None,
            now=clock.now(),
        )
    await look_at_feeds(context)
    assert await _jobs(context) == 0
    clock.advance(timedelta(minutes=15))

    await look_at_feeds(context)

    assert await _jobs(context) == 1


async def _jobs(context: Context) -> int:
    async with context.database.snapshot() as snap:
        count: int = await snap.scalar(
            "select count(*) from jobs.procrastinate_jobs where task_name = 'loyalty.run_feed'"
        )
    return count
