"""Budgets: never exceeded by whoever gives at once, and nothing is lost of them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.modules.loyalty import offers
from hansa.modules.loyalty.members.buckets import use_buckets
from hansa.modules.loyalty.offers import BudgetClaim, BudgetTooSmall
from hansa.modules.loyalty.offers.budgets import list_idle, return_idle, slice_of
from hansa.modules.loyalty.offers.checks import CHECKS
from hansa.modules.loyalty.offers.store import budgets as store
from hansa.runtime.database import Database, Transaction
from hansa.runtime.settings.cells import Span
from tests.modules.loyalty.offers.cases import NOON, PROGRAMME
from tests.modules.loyalty.offers.conftest import lay_programme

CAMPAIGN = UUID(int=501)
OTHER = UUID(int=502)
LATER = NOON + timedelta(minutes=2)


async def lay_budget(
    tx: Transaction, total: int, campaign_id: UUID = CAMPAIGN, now: datetime = NOON
) -> None:
    await offers.save_budget(
        tx, campaign_id=campaign_id, programme_id=PROGRAMME.id, total=total, now=now
    )


async def claim(
    tx: Transaction, *points: int, slot: int = 0, campaign_id: UUID = CAMPAIGN, now: datetime = NOON
) -> list[int]:
    claims = [BudgetClaim(campaign_id, one) for one in points]
    return await offers.claim_budgets(tx, slot=slot, claims=claims, now=now)


async def state(tx: Transaction, campaign_id: UUID = CAMPAIGN) -> offers.BudgetState:
    return (await offers.get_budgets(tx, campaign_ids=[campaign_id]))[campaign_id]


async def test_claims_get_what_is_left_and_no_more(tx: Transaction, a_programme: object) -> None:
    await lay_budget(tx, 100)

    granted = await claim(tx, 60, 30, 30, 5)

    assert granted == [60, 30, 10, 0]
    assert (await state(tx)).spent == 100


async def test_a_cell_grants_what_its_buckets_are_of_the_whole(
    tx: Transaction, a_programme: object
) -> None:
    await lay_budget(tx, 100)
    use_buckets(Span(192, 255))
    try:
        granted = await claim(tx, 20, 20)
    finally:
        use_buckets(Span(0, 255))

    assert granted == [20, 5]


async def test_a_campaign_without_a_budget_grants_everything(
    tx: Transaction, a_programme: object
) -> None:
    assert await claim(tx, 10**9) == [10**9]


async def test_points_given_back_can_be_given_again_by_another_process(
    tx: Transaction, a_programme: object
) -> None:
    await lay_budget(tx, 100)
    await claim(tx, 100, slot=1)

    await offers.return_budget(tx, slot=2, returns=[BudgetClaim(CAMPAIGN, 40)], now=NOON)

    assert await claim(tx, 50, slot=1) == [0]
    assert await claim(tx, 50, slot=2) == [40]
    assert (await state(tx)).spent == 100


async def test_what_lies_idle_in_another_slot_comes_back_after_a_while(
    tx: Transaction, a_programme: object
) -> None:
    await lay_budget(tx, 12_800)
    await claim(tx, 0, 1, slot=1)
    lent = (await state(tx)).leased

    early = await list_idle(tx, now=NOON)
    idle = await list_idle(tx, now=LATER)
    for slot, campaign_id in idle:
        await return_idle(tx, slot=slot, campaign_id=campaign_id, now=LATER)

    assert lent > 1
    assert early == []
    assert idle == [(1, CAMPAIGN)]
    assert await state(tx) == (12_800, 1, 1)
    assert await claim(tx, 12_799, slot=2, now=LATER) == [12_799]


async def test_a_budget_cannot_become_less_than_what_was_given(
    tx: Transaction, a_programme: object
) -> None:
    await lay_budget(tx, 100)
    await claim(tx, 80)

    with pytest.raises(BudgetTooSmall):
        await lay_budget(tx, 79)


@given(missing=st.integers(1, 10**9), left=st.integers(0, 10**12))
def test_a_slice_is_enough_if_there_is_enough_and_leaves_others_most(
    missing: int, left: int
) -> None:
    lent = slice_of(missing=missing, left=left)

    assert min(missing, left) <= lent <= left
    assert lent - missing <= max(left - missing, 0) // 128


class BatchFailed(Exception):
    """A batch fails after its claims."""


def fail_now_and_then(rng: random.Random) -> None:
    if rng.random() < 0.1:
        raise BatchFailed


async def give_until_nothing_is_left(
    database: Database, *, slot: int, campaigns: Sequence[UUID]
) -> dict[UUID, int]:
    """Claim and sometimes give back, in batches, until three batches in turn got nothing."""
    rng = random.Random(slot)
    given = dict.fromkeys(campaigns, 0)
    empty = 0
    while empty < 3:
        claims = [
            BudgetClaim(rng.choice(campaigns), rng.randint(1, 40)) for _ in range(rng.randint(1, 9))
        ]
        try:
            async with database.transaction() as tx:
                granted = await offers.claim_budgets(tx, slot=slot, claims=claims, now=NOON)
                fail_now_and_then(rng)
        except BatchFailed:
            continue
        for one, points in zip(claims, granted, strict=True):
            assert 0 <= points <= one.points
            given[one.campaign_id] += points
        empty = 0 if any(granted) else empty + 1
        back = rng.choice(campaigns)
        if given[back] > 20 and rng.random() < 0.1:
            async with database.transaction() as tx:
                await offers.return_budget(tx, slot=slot, returns=[BudgetClaim(back, 5)], now=NOON)
            given[back] -= 5
    return given


async def test_sixteen_processes_at_once_never_give_more_than_there_is(
    committing: Database,
) -> None:
    totals = {CAMPAIGN: 20_000, OTHER: 7_001}
    async with committing.transaction() as tx:
        await lay_programme(tx, NOON)
        for campaign_id, total in totals.items():
            await lay_budget(tx, total, campaign_id)

    # Two tasks in each slot: a slot may be shared, too, while one process takes over from another.
    given = await asyncio.gather(
        *(
            give_until_nothing_is_left(committing, slot=number // 2, campaigns=list(totals))
            for number in range(16)
        )
    )

    async with committing.transaction() as tx:
        for campaign_id, total in totals.items():
            spent = sum(one[campaign_id] for one in given)
            found = await state(tx, campaign_id)
            assert found.spent == spent
            assert total * 0.9 < spent <= found.leased <= total
        findings = [one for check in CHECKS for one in await check.run(tx)]
        assert findings == []
        for slot, campaign_id in await list_idle(tx, now=LATER):
            await return_idle(tx, slot=slot, campaign_id=campaign_id, now=LATER)
        for campaign_id, total in totals.items():
            left = total - sum(one[campaign_id] for one in given)
            assert await claim(tx, total, slot=63, campaign_id=campaign_id) == [left]


async def test_the_check_finds_a_budget_that_does_not_add_up(
    tx: Transaction, a_programme: object
) -> None:
    await lay_budget(tx, 100)
    await claim(tx, 10)
    await tx.execute(store.LEASE, {"campaign_ids": [CAMPAIGN], "points": [1]})

    findings = [one.check for check in CHECKS for one in await check.run(tx)]

    assert findings == ["loyalty.budgets"]
