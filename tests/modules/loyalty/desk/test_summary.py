"""Sums of days: they are the ledger's, however often and in whatever portions events come."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import LiteralString

from hansa.modules import ledger
from hansa.modules.loyalty import desk
from hansa.runtime.module import Module
from hansa.runtime.outbox.relay import run_relay
from tests.modules.loyalty.points.conftest import Play

DESK = Module(name="loyalty", subscriptions=desk.SUBSCRIPTIONS)


async def deliver(play: Play) -> None:
    """Run the relay until all that was published has been added up."""
    await _relay_until(play, DELIVERED, {})


async def deliver_again(play: Play) -> None:
    """Let every event come once more, as after a crash that lost the cursor."""
    async with play.context.database.transaction() as tx:
        reached = await tx.scalar(CURSORS)
        await tx.execute(
            "update outbox_cursor set position = 0 where subscription = 'loyalty.daily'"
        )
    assert reached > 0
    await _relay_until(play, CURSORS + " having sum(position) >= %(reached)s", {"reached": reached})


CURSORS = "select sum(position) from outbox_cursor where subscription = 'loyalty.daily'"
DELIVERED = """
    select (select count(*) from outbox_event where type = 'loyalty.PointsPosted')
         = (select count(*) from outbox_inbox where subscription = 'loyalty.daily')
"""


async def _relay_until(play: Play, condition: LiteralString, values: dict[str, object]) -> None:
    async def is_met() -> bool:
        async with play.context.database.snapshot() as snap:
            return bool(await snap.scalar(condition, values))

    stop = asyncio.Event()
    running = asyncio.create_task(run_relay(play.context, [DESK], stop=stop))
    try:
        async with asyncio.timeout(60):
            while not await is_met():
                await asyncio.sleep(0.02)
    finally:
        stop.set()
        await running


async def sums(play: Play) -> dict[tuple[object, str], tuple[int, int, int]]:
    async with play.context.database.snapshot() as snap:
        rows = await snap.all(
            "select partner_id, kind, sum(given)::bigint as given, sum(taken)::bigint as taken,"
            " sum(postings)::bigint as postings from loyalty_daily group by 1, 2"
        )
    return {(row.partner_id, row.kind): (row.given, row.taken, row.postings) for row in rows}


async def booked(play: Play) -> dict[tuple[object, str], tuple[int, int, int]]:
    async with play.context.database.snapshot() as snap:
        totals = await ledger.read_totals(
            snap, ledger=play.programme.number, before=play.clock.now() + timedelta(days=1)
        )
    return {(one.owner, one.kind): (one.given, one.taken, one.postings) for one in totals}


async def differences(play: Play) -> list[str]:
    found = []
    async with play.context.database.snapshot() as snap:
        for check in desk.CHECKS:
            found += [f"{one.subject}: {one.message}" for one in await check.run(snap)]
    return found


async def some_days(play: Play) -> None:
    other = await play.another_member()
    await play.buy("r1", 100_000)
    await play.accrue(500, partner=play.bank)
    await play.accrue(70, member=play.ref(other))
    play.later(days=1)
    await play.spend(120)
    await play.bring_back("r1", (1, 50_000))
    await play.hold(30, "h1")
    play.later(days=40)
    await play.accrue(5)


async def test_sums_are_the_ledgers_after_doubled_events(play):
    await some_days(play)
    await deliver(play)
    once = await sums(play)
    await deliver_again(play)

    assert once == await booked(play)
    assert await sums(play) == once
    assert await differences(play) == []


async def test_the_check_finds_what_was_added_twice_and_what_was_left_out(play):
    await some_days(play)
    await deliver(play)
    async with play.context.database.transaction() as tx:
        await tx.execute("update loyalty_daily set given = given + 1 where kind = 'purchase'")
        await tx.execute("delete from loyalty_daily where kind = 'spend'")
        await tx.execute("update loyalty_cohort set members = members + 1")

    found = await differences(play)

    assert sum("purchase" in one for one in found) == 1
    assert sum("spend" in one for one in found) == 1
    assert any("were active" in one for one in found)


async def test_reports_tell_what_happened_day_by_day(play):
    begun = desk.today_of(play.programme, play.clock.now())
    await some_days(play)
    await deliver(play)
    today = desk.today_of(play.programme, play.clock.now())
    balance = await play.balance()
    async with play.context.database.snapshot() as snap:
        days = await desk.read_days(
            snap, programme_id=play.programme.id, since=begun, until=today + timedelta(days=1)
        )
        later = await desk.read_days(
            snap, programme_id=play.programme.id, since=today, until=today + timedelta(days=1)
        )
        partners = await desk.list_partner_sums(
            snap, programme_id=play.programme.id, since=begun, until=today + timedelta(days=1)
        )
        breakage = await desk.estimate_breakage(snap, programme_id=play.programme.id, today=today)
        cohorts = await desk.list_cohorts(
            snap, programme_id=play.programme.id, months=12, today=today
        )
        active = await desk.list_active_months(
            snap, programme_id=play.programme.id, months=12, today=today
        )

    assert len(days) == 42
    assert days[0].earned == 100_000 // 100 // 10 + 500 + 70
    assert days[1].spent == 120
    assert days[-1].liability == balance.posted + 70 == later[0].liability
    assert {one.partner_id for one in partners} == {play.shop.id, play.bank.id}
    assert sum(one.earned for one in partners) == sum(one.earned for one in days)
    assert (breakage.share, breakage.points) == (0, 0)
    assert [one.members[0] for one in cohorts] == [2]
    assert sum(one.members for one in active) == sum(sum(one.members) for one in cohorts)
    assert active[-1].month == date(today.year, today.month, 1)
    assert active[-1].members == 1


async def test_no_postings_is_no_fault(play):
    today = desk.today_of(play.programme, play.clock.now())
    async with play.context.database.snapshot() as snap:
        days = await desk.read_days(
            snap, programme_id=play.programme.id, since=today - timedelta(days=5), until=today
        )
        breakage = await desk.estimate_breakage(snap, programme_id=play.programme.id, today=today)

    assert [one.liability for one in days] == [0] * 5
    assert breakage.share is None
    assert await differences(play) == []
