"""A discount for points on a policy: held at the quote, spent at issue, given back as agreed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from hansa.modules import ledger
from hansa.modules.loyalty import intake, members, points, programmes, settlement
from hansa.modules.loyalty.intake.due import look_at_feeds
from hansa.modules.loyalty.intake.examples import example
from hansa.modules.loyalty.intake.fetching import run_feed
from hansa.modules.loyalty.intake.telling import tell_partner
from hansa.modules.loyalty.settlement.checks import CHECKS as SETTLEMENT_CHECKS
from hansa.runtime.clock import FixedClock
from sandbox.insurer.desk import Desk
from sandbox.insurer.service import Service
from tests.support.feeds import (
    Coalition,
    a_coalition,
    a_feed,
    findings,
    listening,
    refused,
    served,
)
from tests.support.http import Site
from tests.support.loyalty import a_member


class Story:
    """An insurer, its feed, and a member with 1,000 points."""

    def __init__(
        self,
        site: Site,
        coalition: Coalition,
        desk: Desk,
        feed: intake.Feed,
        member: members.Member,
        card: str,
    ) -> None:
        self.site, self.coalition, self.desk = site, coalition, desk
        self.feed, self.member, self.card = feed, member, card

    async def settle(self) -> None:
        """Run the jobs that wait, until nothing moves."""
        for _ in range(4):
            await run_feed(self.site.context, self.feed.id)
            await tell_partner(self.site.context, self.feed.id)

    async def balance(self) -> tuple[int, int]:
        """Give posted and held points."""
        place = (self.coalition.programme.id, self.member.id)
        async with self.site.context.database.snapshot() as snap:
            found = await points.read_balances(
                snap, members=[place], now=self.site.context.clock.now()
            )
        return found[place].posted, found[place].held

    async def clearing(self) -> list[tuple[str, int]]:
        now = self.site.context.clock.now()
        async with self.site.context.database.snapshot() as snap:
            entries = await intake.list_clearing(
                snap,
                partner_id=self.coalition.partner.id,
                begin=now - timedelta(days=400),
                end=now + timedelta(days=1),
            )
        return [(one.matter, one.amount_minor) for one in entries]

    async def statement(self) -> settlement.Statement:
        """Close the month of now; give the insurer's statement, its clock some days later."""
        context, clock = self.site.context, self.site.context.clock
        assert isinstance(clock, FixedClock)
        programme = self.coalition.programme
        first = settlement.month_of(clock.now(), programme.time_zone)
        _, ends_at = settlement.bounds_of(first, programme.time_zone)
        clock.advance(ends_at - clock.now() + timedelta(days=2))
        async with context.database.transaction() as tx:
            while await ledger.roll(tx):
                continue
        closed = await settlement.close_month(
            context.database,
            coalition=context.service(programmes.Directory).coalition,
            programme=programme,
            first=first,
            by=None,
            now=clock.now(),
        )
        async with context.database.snapshot() as snap:
            [found] = await settlement.statements_of_closing(snap, closed=closed)
            wrong = [one for check in SETTLEMENT_CHECKS for one in await check.run(snap)]
        assert wrong == []
        return found

    async def owes(self) -> int:
        """Give what the insurer owes by the books, in kopecks; below zero it is owed."""
        number = self.coalition.partner.number
        async with self.site.context.database.transaction() as tx:
            while await ledger.roll(tx):
                continue
            found = await settlement.read_money(
                tx, programme=self.coalition.programme, partners=[number]
            )
        return found[number].balance_minor


@pytest_asyncio.fixture(loop_scope="session")
async def story(site: Site, clock: FixedClock) -> AsyncIterator[Story]:
    now = clock.now()
    coalition = await a_coalition(site.context, now=now, code="insurer")
    async with site.context.database.transaction() as tx:
        member = await a_member(tx, coalition.programme, now=now, phone="+79161230001")
        card = await members.issue_card(
            tx, member_id=member.id, programme=coalition.programme, now=now
        )
    await site.context.service(points.Poster).submit(
        points.Accrue(
            owner=coalition.partner.id,
            key=uuid4().hex,
            programme_id=coalition.programme.id,
            happened_at=now,
            member=members.MemberRef(members.RefKind.ID, str(member.id)),
            points=1000,
        )
    )
    async with served(site) as ours:
        desk = Desk(f"{ours}/loyalty/v1/feeds/insurer/events", "their secret", "our secret")
        desk.clock = clock.now
        async with listening(Service(desk).answer) as theirs:
            feed = await a_feed(
                site.context, coalition, example("insurer"), kind="webhook", code="insurer",
                credentials=intake.Credentials(secret="their secret", tell_secret="our secret"),
                tell_url=theirs,
            )  # fmt: skip
            yield Story(site, coalition, desk, feed, member, card.number)


async def test_points_are_held_at_the_quote_and_become_roubles_at_issue(story: Story) -> None:
    quote = await story.desk.quote(story.card, 900_000, 300)
    await story.settle()
    assert await story.balance() == (1000, 300)
    assert (quote.state, quote.discount) == ("held", 30_000)
    assert await story.clearing() == []

    await story.desk.issue(quote.number)
    await story.settle()

    assert await story.balance() == (700, 0)
    assert await story.clearing() == [("discount of policy P-0001", 30_000)]
    assert await findings(story.site.context) == []


async def test_a_refused_quote_gives_its_points_back(story: Story) -> None:
    quote = await story.desk.quote(story.card, 900_000, 300)
    await story.settle()

    await story.desk.refuse(quote.number)
    await story.settle()

    assert await story.balance() == (1000, 0)
    assert await story.clearing() == []


async def test_a_cancelled_policy_gives_back_the_share_of_days_left(story: Story) -> None:
    quote = await story.desk.quote(story.card, 900_000, 300)
    await story.settle()
    await story.desk.issue(quote.number)
    await story.settle()

    await story.desk.cancel(quote.number, 100)
    await story.settle()

    assert await story.balance() == (700 + 82, 0)  # 300 * 100 / 365, rounded down
    assert set(await story.clearing()) == {
        ("discount of policy P-0001", 30_000),
        ("cancelled policy P-0001", -8_200),
    }


async def test_the_statement_counts_what_was_converted_and_what_was_taken_back(
    story: Story,
) -> None:
    """Both policies are issued in a month; one is cancelled in it, one after it was closed."""
    early = await story.desk.quote(story.card, 900_000, 300)
    late = await story.desk.quote(story.card, 900_000, 200)
    await story.settle()
    for quote in (early, late):
        await story.desk.issue(quote.number)
        await story.settle()
    assert await story.owes() == -50_000  # credited at once
    await story.desk.cancel(early.number, 100)
    await story.settle()
    await story.settle()

    first = await story.statement()

    # 1,000 points given at a rouble are owed, 500 less 82 taken are due to the insurer.
    assert first.content.converted_minor == 50_000 - 8_200
    assert first.content.redeemed_points == 500 - 82
    assert first.due_minor == 100_000 - 41_800
    assert await story.owes() == first.due_minor

    await story.desk.cancel(late.number, 365)
    await story.settle()
    second = await story.statement()

    assert second.content.converted_minor == -20_000
    assert second.due_minor == 20_000
    assert await story.owes() == first.due_minor + second.due_minor
    assert await findings(story.site.context) == []


async def test_too_few_points_are_told_to_the_insurer(story: Story) -> None:
    quote = await story.desk.quote(story.card, 900_000, 1_001)
    await story.settle()

    assert (quote.state, quote.reason) == ("no points", "loyalty.not_enough_points")
    (reason,) = await refused(story.site.context, story.feed)
    assert reason.endswith("1000 points can be spent, 1001 were asked for.")


@pytest.mark.parametrize(
    "mood",
    [
        {"double": True},
        {"issue_before_answer": True},
        {"lose_answers": 1},
        {"fail": 2},
        {"sign_wrongly": 1},
        {"double": True, "issue_before_answer": True, "lose_answers": 1, "sign_wrongly": 2},
    ],
)
async def test_however_the_insurer_misbehaves_the_end_is_the_same(
    story: Story, clock: FixedClock, mood: dict[str, int]
) -> None:
    for name, value in mood.items():
        setattr(story.desk.mood, name, value)
    quote = await story.desk.quote(story.card, 900_000, 300)
    for _ in range(4):
        await story.settle()
        clock.advance(timedelta(minutes=2))
    if not quote.policy:
        await story.desk.issue(quote.number)
    for _ in range(4):
        await story.settle()
        clock.advance(timedelta(minutes=2))
    await story.desk.cancel(quote.number, 365)
    await story.settle()

    assert (quote.state, quote.discount) == ("held", 30_000)
    assert await story.balance() == (1000, 0)
    assert sum(amount for _, amount in await story.clearing()) == 0
    assert len(await story.clearing()) == 2
    assert await story.owes() == 0
    assert await refused(story.site.context, story.feed) == []


async def test_events_told_backwards_wait_for_what_they_speak_of(
    story: Story, clock: FixedClock
) -> None:
    story.desk.mood.silent = True
    quote = await story.desk.quote(story.card, 900_000, 300)
    await story.desk.issue(quote.number)
    await story.desk.cancel(quote.number, 73)
    await story.desk.speak(backwards=True)
    await story.settle()
    for _ in range(5):
        clock.advance(timedelta(minutes=5))
        await look_at_feeds(story.site.context)

    assert await story.balance() == (760, 0)
    assert sum(amount for _, amount in await story.clearing()) == 24_000
    assert await refused(story.site.context, story.feed) == []


async def test_a_stranger_is_not_heard(story: Story) -> None:
    story.desk.secret = "another"

    await story.desk.quote(story.card, 900_000, 300)

    assert set(story.desk.told) == {403}
    assert await story.balance() == (1000, 0)
