"""Two processes want the same account at once: both wait for it, then one comes after the other."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import psycopg

from hansa.modules import ledger
from hansa.modules.loyalty import offers, points
from hansa.modules.loyalty.points.jobs import run_expire_points
from hansa.modules.loyalty.points.work import ExpirePoints
from tests.modules.loyalty.points.offering import an_offer, switch

WAITING = """
    select count(*)
      from pg_stat_activity
     where datname = current_database()
       and cardinality(pg_blocking_pids(pid)) > 0
"""


@asynccontextmanager
async def another_process(play):
    """A door to points of another process."""
    poster = points.Poster(play.context)
    await poster.start()
    try:
        yield poster
    finally:
        await poster.close()


async def until_waiting(dsn: str, number: int) -> None:
    async with (
        asyncio.timeout(60),
        await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection,
    ):
        while True:
            row = await (await connection.execute(WAITING)).fetchone()
            if row is not None and row[0] >= number:
                return
            await asyncio.sleep(0.005)


async def race(play, two_transactions, committing, first, second) -> list:
    """Let both wait for the member's account, the first before the second; give their answers."""
    keeper, _ = two_transactions
    membership = play.member.membership(play.programme.id)
    await ledger.open_book(keeper, places=[(membership.bucket, membership.account_id)], keys=())
    tasks = []
    for number, work in enumerate((first, second), start=1):
        tasks.append(asyncio.create_task(work))
        await until_waiting(committing.dsn, number)
    await keeper.connection.execute("commit")
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_the_last_points_are_spent_once(play, two_transactions, committing) -> None:
    await play.accrue(10)
    other = points.Spend(**play.said(play.bank, member=play.ref(), points=10))
    async with another_process(play) as poster:
        answers = await race(
            play, two_transactions, committing, play.spend(10), poster.submit(other)
        )

    assert sorted(type(one).__name__ for one in answers) == ["NotEnoughPoints", "Receipt"]
    assert (await play.balance()).posted == 0
    assert await play.findings() == []


async def test_points_expire_or_are_spent_never_both(play, two_transactions, committing) -> None:
    await play.accrue(10, expires_at=play.later(hours=1))
    spend = points.Spend(**play.said(member=play.ref(), points=10))
    play.later(hours=1)
    async with another_process(play) as poster:
        answers = await race(
            play,
            two_transactions,
            committing,
            poster.submit(spend),
            run_expire_points(play.context, ExpirePoints()),
        )

    assert isinstance(answers[0], points.NotEnoughPoints)
    assert answers[1] is None
    assert (await play.balance()).posted == 0
    assert await play.findings() == []


async def test_a_hold_is_posted_or_voided_never_both(play, two_transactions, committing) -> None:
    await play.accrue(10)
    await play.hold(10, "h")
    void = points.VoidHold(**play.said(hold_key="h"))
    post = points.PostHold(**play.said(hold_key="h"))
    async with another_process(play) as poster:
        answers = await race(
            play, two_transactions, committing, play.poster.submit(post), poster.submit(void)
        )

    assert sorted(type(one).__name__ for one in answers) == ["HoldEnded", "Receipt"]
    spent = isinstance(answers[0], points.Receipt)
    assert (await play.balance()).posted == (0 if spent else 10)
    assert await play.findings() == []


async def test_a_return_and_a_spend_come_to_the_same_sum(
    play, two_transactions, committing
) -> None:
    await play.buy("r1", 100_00)
    back = points.Return(**play.said(receipt="r1"))
    async with another_process(play) as poster:
        answers = await race(
            play, two_transactions, committing, play.spend(10), poster.submit(back)
        )

    spent = isinstance(answers[0], points.Receipt)
    assert answers[1].points == -10
    balance = await play.balance()
    assert (balance.posted, balance.owed) == ((-10, 10) if spent else (0, 0))
    assert await play.findings() == []


async def test_only_commands_about_an_account_that_somebody_has_wait_for_it(
    play, two_transactions
) -> None:
    other = await play.another_member()
    await play.accrue(10)
    keeper, _ = two_transactions
    membership = play.member.membership(play.programme.id)
    await ledger.open_book(keeper, places=[(membership.bucket, membership.account_id)], keys=())
    held_up = asyncio.create_task(play.spend(10))
    others = [asyncio.create_task(play.accrue(5, member=play.ref(other))) for _ in range(3)]

    async with asyncio.timeout(60):
        await asyncio.gather(*others)

    assert not held_up.done()
    await keeper.connection.execute("commit")
    assert (await held_up).points == -10
    assert ((await play.balance()).posted, (await play.balance(other)).posted) == (0, 15)
    assert await play.findings() == []


async def test_what_waits_for_an_account_keeps_its_order(
    play, two_transactions, committing
) -> None:
    other = await play.another_member()
    keeper, _ = two_transactions
    membership = play.member.membership(play.programme.id)
    await ledger.open_book(keeper, places=[(membership.bucket, membership.account_id)], keys=())
    commands = [
        points.Accrue(**play.said(member=play.ref(), points=10)),
        points.Accrue(**play.said(member=play.ref(other), points=10)),
        points.Spend(**play.said(member=play.ref(), points=10)),
        points.Accrue(**play.said(member=play.ref(), points=7)),
        points.Spend(**play.said(member=play.ref(), points=7)),
    ]
    posting = asyncio.create_task(play.poster.post_all([(one, b"") for one in commands]))
    await until_waiting(committing.dsn, 1)  # it was put off, and waits now

    await keeper.connection.execute("commit")

    answers = await posting
    assert [answer.receipt.points for answer in answers] == [10, 10, -10, 7, -7]
    assert await play.findings() == []


async def test_a_switch_waits_for_the_receipt_that_is_being_counted_without_it(
    play, two_transactions, committing
) -> None:
    """Otherwise the receipt would be missed by those counted again after the switch."""
    triple = offers.Reward(kind=offers.RewardKind.MULTIPLIER, multiplier=300)
    offer_id = await an_offer(play, "triple", reward=triple, ask=True)
    counting, _ = two_transactions
    membership = play.member.membership(play.programme.id)
    await ledger.open_book(counting, places=[(membership.bucket, membership.account_id)], keys=())

    switching = asyncio.create_task(switch(play, play.member, offer_id, is_on=True))
    await until_waiting(committing.dsn, 1)
    assert not switching.done()
    await counting.connection.execute("commit")
    await switching

    assert (await play.buy("r1", 600_00)).points == 180
