"""A till that loses its connection sells on, within limits; later everything is settled once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from hansa.modules.loyalty import intake, members, points, programmes, settlement
from hansa.modules.loyalty.intake.examples import example
from hansa.runtime.clock import FixedClock
from sandbox.offline_till.till import NotSold, Till
from tests.support.feeds import Coalition, a_coalition, a_feed, findings, refused, served
from tests.support.http import Site
from tests.support.loyalty import a_member

SECRET = "secret of the till"


class Story:
    """A till, its feed, and a member with 150 points."""

    def __init__(self, site: Site, coalition: Coalition, till: Till, feed: intake.Feed) -> None:
        self.site, self.coalition, self.till, self.feed = site, coalition, till, feed
        self.member: members.Member
        self.card = ""

    async def accrue(self, amount: int) -> None:
        await self.site.context.service(points.Poster).submit(
            points.Accrue(
                owner=self.coalition.partner.id,
                key=uuid4().hex,
                programme_id=self.coalition.programme.id,
                happened_at=self.site.context.clock.now(),
                member=members.MemberRef(members.RefKind.ID, str(self.member.id)),
                points=amount,
            )
        )

    async def balance(self) -> int:
        place = (self.coalition.programme.id, self.member.id)
        async with self.site.context.database.snapshot() as snap:
            found = await points.read_balances(
                snap, members=[place], now=self.site.context.clock.now()
            )
        return found[place].posted

    async def clearing(self) -> list[int]:
        now = self.site.context.clock.now()
        async with self.site.context.database.snapshot() as snap:
            entries = await intake.list_clearing(
                snap,
                partner_id=self.coalition.partner.id,
                begin=now - timedelta(days=40),
                end=now + timedelta(days=1),
            )
        return [one.amount_minor for one in entries]

    async def uncovered(self) -> object:
        """What the partner's statement of this month would say was not covered."""
        programme = self.coalition.programme
        today = settlement.day_of(self.site.context.clock.now(), programme.time_zone)
        async with self.site.context.database.snapshot() as snap:
            drafted = await settlement.draft_month(
                snap,
                coalition=self.site.context.service(programmes.Directory).coalition,
                programme=programme,
                first=today.replace(day=1),
            )
        (statement,) = drafted.statements
        return statement.content.uncovered


@pytest_asyncio.fixture(loop_scope="session")
async def story(site: Site, clock: FixedClock) -> AsyncIterator[Story]:
    now = clock.now()
    coalition = await a_coalition(site.context, now=now, code="shop")
    async with served(site) as ours:
        till = Till(f"{ours}/loyalty/v1/feeds/till/events", SECRET, clock=clock.now)
        feed = await a_feed(
            site.context, coalition, example("till"), kind="webhook", code="till",
            credentials=intake.Credentials(secret=SECRET), signature="hmac",
            signature_header="X-Till-Signature", signature_prefix="sha256=",
            timestamp_header="X-Till-Time", answers="now",
        )  # fmt: skip
        made = Story(site, coalition, till, feed)
        async with site.context.database.transaction() as tx:
            made.member = await a_member(tx, coalition.programme, now=now)
            issued = await members.issue_card(
                tx, member_id=made.member.id, programme=coalition.programme, now=now
            )
        made.card = issued.number
        await made.accrue(150)
        yield made


async def test_a_till_with_a_connection_asks_holds_and_posts(story: Story) -> None:
    till = story.till
    asked = await till.balance(story.card)
    assert (asked["balance"], asked["available"]) == (150, 150)

    await till.sell(story.card, 500_000, points=100)

    assert await story.balance() == 150 - 100 + 49  # one percent of what was paid in money
    await till.break_off(story.card, 50)
    asked = await till.balance(story.card)
    assert (asked["balance"], asked["available"]) == (99, 99)
    assert await refused(story.site.context, story.feed) == []


async def test_more_points_than_there_are_are_not_sold(story: Story) -> None:
    with pytest.raises(NotSold, match="not_enough_points"):
        await story.till.sell(story.card, 500_000, points=151)

    assert await story.balance() == 150


async def test_a_question_leaves_no_trace(story: Story) -> None:
    for _ in range(3):
        await story.till.balance(story.card)

    async with story.site.context.database.snapshot() as snap:
        assert await intake.list_runs(snap, feed_id=story.feed.id) == []


async def test_offline_the_till_keeps_to_its_limits(story: Story) -> None:
    till = story.till
    till.is_online = False
    await till.sell(story.card, 100_000, points=60)

    with pytest.raises(NotSold, match="limit"):
        await till.sell(story.card, 100_000, points=41)
    await till.sell(story.card, 100_000, points=40)
    till.floor_day = 120
    with pytest.raises(NotSold, match="limit"):
        await till.sell("another", 100_000, points=21)


@pytest.mark.parametrize("batch", [1, 2, 50])
async def test_a_queue_sent_in_any_order_and_twice_counts_once(story: Story, batch: int) -> None:
    till = story.till
    till.is_online = False
    for number in range(5):
        await till.sell(story.card, 100_000, points=20 if number % 2 else 0)
    till.is_online = True

    await till.send_queue(batch=batch, shuffle=True, twice=True)
    till.queue = []

    assert {one["state"] for one in till.answers.values()} <= {"taken", "repeated"}
    assert await story.balance() == 150 - 40 + 3 * 10 + 2 * 9
    assert await story.clearing() == []
    assert await findings(story.site.context) == []


async def test_what_the_balance_does_not_cover_is_borne_by_the_partner(story: Story) -> None:
    till = story.till
    till.is_online = False
    await till.sell(story.card, 100_000, points=100)
    await story.site.context.service(points.Poster).submit(
        points.Spend(
            owner=story.coalition.partner.id,
            key="meanwhile, elsewhere",
            programme_id=story.coalition.programme.id,
            happened_at=story.site.context.clock.now(),
            member=members.MemberRef(members.RefKind.ID, str(story.member.id)),
            points=90,
        )
    )
    till.is_online = True

    for _ in range(2):
        till.queue = list(till.queue)
        await till.send_queue(twice=True)
    (answer,) = till.answers.values()

    assert answer["uncovered"] == 40
    assert await story.balance() == 0 + 9
    assert await story.clearing() == [-4_000]
    assert await story.uncovered() == settlement.UncoveredMoney(partner_minor=4_000)
    assert await refused(story.site.context, story.feed) == []


async def test_a_wrong_row_of_a_batch_is_refused_alone(story: Story) -> None:
    at = story.till.now().isoformat()
    sale = {"op": "offline_sale", "card": story.card, "points": 0, "at": at, "till": "T1"}
    answers = await story.till.send(
        [
            {**sale, "receipt": "a", "lines": [{"line": 1, "amount": 100_000}]},
            {**sale, "receipt": "b", "lines": [{"line": 1, "amount": -1}]},
            {**sale, "receipt": "c", "lines": [{"line": 1, "amount": 1}], "mood": "bad"},
            {"op": "dance"},
            {**sale, "receipt": "d", "lines": [{"line": 1, "amount": 100_000}]},
        ]
    )

    assert [one["state"] for one in answers] == ["taken", "refused", "refused", "refused", "taken"]
    assert [one.get("code", "") for one in answers[1:4]] == [
        "intake.value_wrong",
        "intake.column_unknown",
        "intake.column_unknown" if "dance" in answers[3]["reason"] else "intake.no_rule",
    ]
    assert await story.balance() == 170


async def test_what_is_unsigned_late_or_too_large_is_not_taken(
    story: Story, clock: FixedClock
) -> None:
    address = story.till.partner_url
    async with httpx.AsyncClient(trust_env=False) as client:
        unsigned = await client.post(address, content=b"{}")
        unknown = await client.post(address.replace("/till/", "/none/"), content=b"{}")
        large = await client.post(address, content=b"x" * 300_000)
    assert (unsigned.status_code, unknown.status_code) == (403, 404)
    assert large.json()["code"] == "intake.body_too_large"

    late = Till(address, SECRET, clock=lambda: clock.now() - timedelta(seconds=301))
    with pytest.raises(ConnectionError, match="403"):
        await late.balance(story.card)
    with pytest.raises(ConnectionError, match="400"):
        await story.till.send([])
