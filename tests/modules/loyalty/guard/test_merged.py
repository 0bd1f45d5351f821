"""Members who are made one: a block is not lost on the way, nor left behind."""

from __future__ import annotations

from uuid import UUID

from hansa.contracts.loyalty import LoyaltyMembersMerged, LoyaltyMembersParted
from hansa.modules.loyalty import guard
from hansa.modules.loyalty.guard import Limit, Rules
from hansa.modules.loyalty.guard.subscribers import on_merged, on_parted
from hansa.runtime.http import Actor
from tests.conftest import NOON
from tests.modules.loyalty.guard.conftest import ANNA, BORIS, run, spend

VERA = Actor(id=UUID(int=9), kind="staff", name="Vera", permissions=frozenset({"*"}))
NOTHING = Rules(limits=(Limit(window_seconds=3600, number_max=0),))
PAIR = {"merge_id": UUID(int=3), "keep_id": BORIS, "absorb_id": ANNA, "accounts": ()}
MERGED = LoyaltyMembersMerged(**PAIR, merged_at=NOON)
PARTED = LoyaltyMembersParted(**PAIR, parted_at=NOON)


async def block(tx, member_id: UUID) -> guard.Alert:
    await run(tx, NOTHING, [spend(member_id=member_id)])
    [alert] = await guard.list_alerts(tx, chosen=guard.AlertFilter(member_id=member_id))
    return await guard.block_member(tx, alert_id=alert.id, reason="Stolen", by=VERA, now=NOON)


async def may_spend(tx, member_id: UUID) -> bool:
    [verdict] = await run(tx, guard.QUIET, [spend(member_id=member_id)])
    return verdict.is_allowed


async def findings(tx) -> list[str]:
    return [found.check for check in guard.CHECKS for found in await check.run(tx)]


async def test_whoever_is_merged_stays_blocked_until_the_alert_is_dismissed(tx):
    alert = await block(tx, ANNA)
    await on_merged(tx, MERGED, NOON)
    await on_merged(tx, MERGED, NOON)
    blocked = await may_spend(tx, BORIS)
    await guard.dismiss_alert(tx, alert_id=alert.id, reason="Fine", by=VERA, now=NOON)

    assert not blocked
    assert await may_spend(tx, BORIS)
    assert await may_spend(tx, ANNA)
    assert await findings(tx) == []


async def test_a_block_that_came_by_a_merge_goes_with_it(tx):
    await block(tx, ANNA)
    await on_merged(tx, MERGED, NOON)
    await on_parted(tx, PARTED, NOON)

    assert await may_spend(tx, BORIS)
    assert not await may_spend(tx, ANNA)
    assert await findings(tx) == []


async def test_a_block_of_ones_own_stays_when_the_merge_is_undone(tx):
    await block(tx, BORIS)
    await block(tx, ANNA)
    await on_merged(tx, MERGED, NOON)
    await on_parted(tx, PARTED, NOON)

    assert not await may_spend(tx, BORIS)
    assert not await may_spend(tx, ANNA)
    assert await findings(tx) == []
