"""A marketplace tells of its orders twice, late and wrongly; members have what they kept."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

import pytest
import pytest_asyncio

from hansa.kernel.errors import Unavailable
from hansa.modules.loyalty import intake, members, points
from hansa.modules.loyalty.intake.due import do_due_orders, look_at_feeds
from hansa.modules.loyalty.intake.examples import example
from hansa.modules.loyalty.intake.fetching import run_feed
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from sandbox.acquirer.wire import serve_connection
from sandbox.fashion_marketplace.market import Impossible
from sandbox.fashion_marketplace.service import Mood, Service
from tests.support.feeds import Coalition, a_feed, findings, refused, reread, run
from tests.support.loyalty import a_member

TOKEN = "token-of-the-tests"
PHONES = ("+79161230001", "+79161230002")
WINDOW = timedelta(days=14)


class Story:
    """The marketplace, its two feeds, and two members who buy there."""

    def __init__(self, context: Context, coalition: Coalition, clock: FixedClock) -> None:
        self.context, self.coalition, self.clock = context, coalition, clock
        self.service = Service(token=TOKEN)
        self.market = self.service.market
        self.market.now = clock.now()
        self.members: dict[str, members.Member] = {}
        self.api: intake.Feed
        self.nightly: intake.Feed

    def pass_time(self, step: timedelta) -> None:
        self.clock.advance(step)
        self.market.now = self.clock.now()

    async def points_of(self, phone: str) -> int:
        place = (self.coalition.programme.id, self.members[phone].id)
        async with self.context.database.snapshot() as snap:
            found = await points.read_balances(snap, members=[place], now=self.clock.now())
        return found[place].posted if place in found else 0

    def kept_by(self, phone: str) -> int:
        """Points for what a customer kept: one per hundred roubles."""
        numbers = [one.number for one in self.market.orders.values() if one.phone == phone]
        return sum(self.market.kept(number) for number in numbers) // 10_000

    async def take_in(self) -> None:
        for feed in (self.api, self.nightly):
            for _ in range(12):  # as its job is tried again
                try:
                    await run_feed(self.context, feed.id)
                except Unavailable:
                    continue
                else:
                    break


@pytest_asyncio.fixture(loop_scope="session")
async def story(context: Context, coalition: Coalition, clock: FixedClock) -> AsyncIterator[Story]:
    made = Story(context, coalition, clock)
    server = await asyncio.start_server(
        partial(serve_connection, made.service.answer), "127.0.0.1", 0
    )
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with context.database.transaction() as tx:
        for phone in PHONES:
            made.members[phone] = await a_member(
                tx, coalition.programme, now=clock.now(), phone=phone
            )
    credentials = intake.Credentials(token=TOKEN)
    made.api = await a_feed(
        context, coalition, example("fashion-api"), kind="poll", code="fashion-api",
        credentials=credentials, url=address, path="/api/orders", authorization="bearer",
        query={"limit": "5"}, cursor_path="next_cursor", more_path="has_more",
    )  # fmt: skip
    made.nightly = await a_feed(
        context, coalition, example("fashion-csv"), code="fashion-csv", folder="", url=address,
        path="/exports/orders.csv", authorization="bearer", credentials=credentials,
    )  # fmt: skip
    yield made
    server.close()


async def test_an_order_earns_after_the_return_window_for_what_was_kept(story: Story) -> None:
    number = story.market.place(PHONES[0], 500_000, 300_000)
    story.pass_time(timedelta(days=2))
    story.market.deliver(number)
    await story.take_in()
    story.pass_time(timedelta(days=5))
    story.market.bring_back(number, 2, 300_000)
    await story.take_in()
    async with story.context.database.snapshot() as snap:
        scheduled, due_at = await intake.count_scheduled(snap, feed_id=story.api.id)
    assert await story.points_of(PHONES[0]) == 0
    assert scheduled == 1
    assert due_at == story.clock.now() + timedelta(days=9)

    story.pass_time(timedelta(days=9))
    await look_at_feeds(story.context)

    assert await story.points_of(PHONES[0]) == 50
    assert await findings(story.context) == []


async def test_a_late_return_takes_points_back_and_a_correction_gives_the_difference(
    story: Story,
) -> None:
    number = story.market.place(PHONES[0], 500_000, 300_000)
    story.market.deliver(number)
    await story.take_in()
    story.pass_time(WINDOW)
    await do_due_orders(story.context)
    assert await story.points_of(PHONES[0]) == 80

    story.market.bring_back(number, 1, 200_000)
    await story.take_in()
    assert await story.points_of(PHONES[0]) == 60

    story.market.correct(number, 2, 400_000)
    await story.take_in()
    assert await story.points_of(PHONES[0]) == 70

    story.market.bring_back(number, 1, 300_000)
    story.market.bring_back(number, 2, 400_000)
    await story.take_in()
    assert await story.points_of(PHONES[0]) == 0


async def test_the_file_of_the_night_says_nothing_new(story: Story) -> None:
    for _ in range(7):
        story.market.deliver(story.market.place(PHONES[0], 100_000))
    await run_feed(story.context, story.api.id)

    done = await run(story.context, story.nightly)

    assert (done.read, done.repeated) == (7, 7)
    story.pass_time(WINDOW)
    assert await do_due_orders(story.context) == 7
    assert await story.points_of(PHONES[0]) == 70


async def test_two_feeds_at_the_same_moment_post_each_order_once(story: Story) -> None:
    numbers = [story.market.place(PHONES[one % 2], 100_000, 50_000) for one in range(12)]
    for number in numbers:
        story.market.deliver(number)
    story.pass_time(WINDOW)  # due at once
    for number in numbers[:4]:
        story.market.bring_back(number, 2, 50_000)

    for _ in range(3):
        await asyncio.gather(
            run_feed(story.context, story.api.id),
            run_feed(story.context, story.nightly.id),
            do_due_orders(story.context),
            do_due_orders(story.context),
        )

    for phone in PHONES:
        assert await story.points_of(phone) == story.kept_by(phone) > 0
    assert await refused(story.context, story.api) == []
    assert await refused(story.context, story.nightly) == []


async def test_an_order_of_nobody_we_know_is_refused_when_due_and_taken_once_they_enrol(
    story: Story,
) -> None:
    stranger = "+79161230009"
    story.market.deliver(story.market.place(stranger, 100_000))
    await story.take_in()
    story.pass_time(WINDOW)
    await do_due_orders(story.context)
    (reason,) = await refused(story.context, story.api)
    assert "Nobody in this programme" in reason

    async with story.context.database.transaction() as tx:
        story.members[stranger] = await a_member(
            tx, story.coalition.programme, now=story.clock.now(), phone=stranger
        )
    async with story.context.database.snapshot() as snap:
        (item,) = await intake.list_refused(snap, feed_id=story.api.id)
    await intake.try_item(
        story.context, feed=await reread(story.context, story.api), item_id=item.id
    )

    assert await story.points_of(stranger) == 10
    assert await refused(story.context, story.api) == []


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_the_marketplace_does_members_have_what_they_kept(
    story: Story, seed: int
) -> None:
    chance = random.Random(seed)
    market = story.market
    for _ in range(25):
        story.pass_time(timedelta(hours=chance.randrange(1, 60)))
        for _ in range(chance.randrange(1, 5)):
            _happen(story, chance)
        story.service.mood = Mood(
            fail=chance.choice([0, 0, 1]),
            too_many=chance.choice([0, 0, 1]),
            lose_answers=chance.choice([0, 0, 1]),
            repeat=chance.choice([0, 3]),
            shuffle=chance.random() < 0.5,
        )
        if chance.random() < 0.5:
            await story.take_in()
        if chance.random() < 0.3:
            await do_due_orders(story.context)
    story.service.mood = Mood()
    await story.take_in()
    story.pass_time(timedelta(days=20))
    await do_due_orders(story.context)

    assert len(market.orders) > 5
    for phone in PHONES:
        assert await story.points_of(phone) == story.kept_by(phone)
    assert await refused(story.context, story.api) == []
    assert await refused(story.context, story.nightly) == []
    assert await findings(story.context) == []


def _happen(story: Story, chance: random.Random) -> None:
    market = story.market
    numbers = list(market.orders)
    acts = [lambda: market.place(chance.choice(PHONES), *(
        chance.randrange(1, 50) * 10_000 for _ in range(chance.randrange(1, 4))))]  # fmt: skip
    if numbers:
        number = chance.choice(numbers)
        line = chance.choice(market.orders[number].lines)
        left = (line.sum - line.returned_sum) // 10_000
        acts += [
            lambda: market.deliver(number),
            lambda: market.deliver(number),
            lambda: market.cancel(number),
            lambda: market.bring_back(number, line.line, 10_000 * chance.randrange(1, left + 1)),
            lambda: market.correct(number, line.line, 10_000 * chance.randrange(1, 60)),
        ]
    try:
        chance.choice(acts)()
    except (Impossible, ValueError):
        return
