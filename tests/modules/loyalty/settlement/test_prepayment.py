"""Prepaid partners draw their blocks in order; what runs out is noticed; exposure is watched."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hansa.modules.loyalty import points, settlement
from hansa.modules.loyalty.programmes import Billing
from hansa.modules.loyalty.settlement import AlertKind, BlockState, LineKind, WhenExhausted
from tests.modules.loyalty.settlement.conftest import OCTOBER, SEPTEMBER


async def blocks_of(play) -> list[tuple[int, int, str]]:
    async with play.context.database.snapshot() as snap:
        found = await settlement.list_blocks(snap, terms=play.terms(0))
    return [(one.points, one.used, one.state.value) for one in found]


async def stop_when_exhausted(play) -> None:
    rule = settlement.SettlementRule(
        programme_id=play.programme.id, when_exhausted=WhenExhausted.STOP
    )
    async with play.context.database.transaction() as tx:
        await settlement.save_rule(tx, rule=rule, by=None, now=play.clock.now())


async def test_blocks_are_drawn_in_order_and_refilled_by_what_is_taken_back(play) -> None:
    await play.accrue(0, 70)  # before the first block: not drawn from it
    await play.agree(0, billing=Billing.PREPAID)
    await play.buy_block(0, 100, 9_000)
    await play.buy_block(0, 50, 4_000)
    given = await play.accrue(0, 120)

    assert await blocks_of(play) == [(100, 100, "paid"), (50, 20, "paid")]
    await play.reverse(0, given, 40)

    assert await blocks_of(play) == [(100, 80, "paid"), (50, 0, "paid")]
    standing = await play.standing(0)
    assert (standing.left, standing.exposure) == (70, None)


async def test_a_block_counts_once_it_is_paid_and_is_cancelled_only_before(play) -> None:
    await play.agree(0, billing=Billing.PREPAID)
    block = await play.buy_block(0, 100, 9_000, paid=False)
    assert (await play.standing(0)).left == 0

    async with play.context.database.transaction() as tx:
        said = {"terms": play.terms(0), "block_id": block.id, "by": None, "now": play.clock.now()}
        paid = await settlement.pay_block(tx, **said)
        assert await settlement.pay_block(tx, **said) == paid
        with pytest.raises(settlement.BlockEnded):
            await settlement.cancel_block(tx, **said)

    assert paid.state is BlockState.PAID
    assert (await play.standing(0)).left == 100


async def test_one_invoice_is_one_block(play) -> None:
    said = {"quantity": 1, "amount_minor": 1, "invoice": "A-1", "by": None}
    async with play.context.database.transaction() as tx:
        await settlement.order_block(tx, terms=play.terms(0), now=play.clock.now(), **said)

    with pytest.raises(settlement.InvoiceTaken):
        async with play.context.database.transaction() as tx:
            await settlement.order_block(tx, terms=play.terms(0), now=play.clock.now(), **said)


async def test_what_blocks_cover_is_not_charged_again_and_the_rest_is(play) -> None:
    await play.agree(0, billing=Billing.PREPAID, issue_price=Decimal(80))
    await play.buy_block(0, 100, 9_000)
    await play.accrue(0, 60)
    september, _, _ = await play.close(SEPTEMBER)
    await play.accrue(0, 90)
    october, _, _ = await play.close(OCTOBER)

    assert september.due_minor == 0
    assert [(one.kind, one.points, one.amount_minor) for one in october.content.lines] == [
        (LineKind.ISSUED, 90, 7200),
        (LineKind.COVERED, -40, -3200),
    ]
    assert october.due_minor == 50 * 80
    assert await play.findings() == []


async def test_a_low_block_is_noticed_once_and_forgotten_after_a_top_up(play) -> None:
    await play.agree(0, billing=Billing.PREPAID, alert_points=30)
    await play.buy_block(0, 100, 9_000)
    await play.accrue(0, 60)
    assert await play.watch() == []
    await play.accrue(0, 15)

    assert await play.watch() == [AlertKind.BLOCK_LOW]
    assert await play.watch() == [AlertKind.BLOCK_LOW]
    await play.buy_block(0, 100, 9_000)

    assert await play.watch() == []


async def test_a_partner_whose_blocks_are_used_up_stops_until_it_pays(play) -> None:
    await stop_when_exhausted(play)
    await play.agree(0, billing=Billing.PREPAID)
    await play.buy_block(0, 100, 9_000)
    await play.accrue(0, 120)

    assert await play.watch() == [AlertKind.BLOCK_EMPTY]
    with pytest.raises(points.NotAgreed):
        await play.accrue(0, 1)
    assert (await play.standing(0)).is_stopped

    await play.buy_block(0, 10, 900)  # not enough for what ran on
    with pytest.raises(points.NotAgreed):
        await play.accrue(0, 1)
    await play.buy_block(0, 100, 9_000)
    await play.accrue(0, 1)

    assert (await play.standing(0)).left == 89
    assert await play.watch() == []


async def test_let_run_on_a_partner_goes_below_zero_and_is_noticed(play) -> None:
    await play.agree(0, billing=Billing.PREPAID)
    await play.buy_block(0, 10, 900)
    await play.accrue(0, 25)

    assert await play.watch() == [AlertKind.BLOCK_EMPTY]
    await play.accrue(0, 1)

    assert (await play.standing(0)).left == -16


async def test_exposure_is_what_was_issued_since_the_last_closing(play) -> None:
    await play.agree(0, alert_points=150)
    await play.accrue(0, 100)
    assert (await play.standing(0)).exposure == 100
    await play.accrue(0, 60)

    assert await play.watch() == [AlertKind.EXPOSURE_HIGH]
    await play.close(SEPTEMBER)

    assert (await play.standing(0)).exposure == 0
    assert await play.watch() == []
