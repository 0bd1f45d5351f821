"""A member may leave, be blocked or be merged while a command waits for the account."""

from __future__ import annotations

import asyncio

import pytest

from hansa.modules import ledger
from hansa.modules.loyalty import members, points, programmes
from tests.support.races import until_blocked


async def waiting_for_the_account(play, tx, committing, command) -> asyncio.Task:
    """Lock the member's account, then let a command wait for it."""
    membership = play.member.membership(play.programme.id)
    await ledger.open_book(tx, places=[(membership.bucket, membership.account_id)], keys=())
    waiting = asyncio.create_task(command)
    await until_blocked(committing.dsn, waiting)
    return waiting


async def test_whoever_leaves_meanwhile_earns_nothing(play, two_transactions, committing) -> None:
    first, _ = two_transactions
    waiting = await waiting_for_the_account(play, first, committing, play.accrue(10))
    await members.leave_programme(
        first, member_id=play.member.id, programme_id=play.programme.id, now=play.clock.now()
    )

    await first.connection.execute("commit")

    with pytest.raises(points.MemberBlocked) as refused:
        await waiting
    assert refused.value.state == "left"
    assert (await play.balance()).posted == 0


async def test_whoever_is_blocked_meanwhile_spends_nothing(
    play, two_transactions, committing
) -> None:
    await play.accrue(10)
    first, _ = two_transactions
    waiting = await waiting_for_the_account(play, first, committing, play.spend(10))
    await members.block_member(
        first, member_id=play.member.id, reason="stolen", now=play.clock.now()
    )

    await first.connection.execute("commit")

    with pytest.raises(points.MemberBlocked):
        await waiting
    assert (await play.balance()).posted == 10


async def test_a_purchase_goes_to_whoever_the_member_is_merged_into_meanwhile(
    play, two_transactions, committing
) -> None:
    other = await play.another_member()
    first, _ = two_transactions
    waiting = await waiting_for_the_account(play, first, committing, play.buy("r1", 100_00))
    await members.merge_members(
        first,
        keep=other.id,
        absorb=play.member.id,
        coalition=play.context.service(programmes.Directory).coalition,
        by=None,
        now=play.clock.now(),
    )

    await first.connection.execute("commit")

    assert (await waiting).member_id == other.id
    assert (await play.balance(other)).posted == 10
    assert await play.findings() == []
