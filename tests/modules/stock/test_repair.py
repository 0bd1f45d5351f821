"""Derived numbers that went wrong are shown, put right, and told of."""

from decimal import Decimal
from uuid import uuid4

import pytest

from hansa.modules import stock
from hansa.runtime.http import Actor
from tests.support.stock import a_chain, available, findings, hold_or_raise, put

WRONG = {
    "more reserved in a channel": "update stock_counter set reserved = reserved + 3",
    "less sellable in a channel": "update stock_counter set sellable = 1",
    "no counter": "delete from stock_counter where channel = 'ru'",
    "nothing reserved in a shop": "update stock_level set reserved = 0",
    "more withheld in a shop": "update stock_level set withheld = withheld + 1",
    "no links": "delete from stock_channel_link where channel = 'kz'",
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_is_wrong_is_shown_and_put_right(tx, now, wrong):
    chain = await a_chain(tx, now=now)
    variant = uuid4()
    await put(tx, chain.central, variant, 5, as_of=now)
    await put(tx, chain.shop, variant, 4, as_of=now)
    held = await hold_or_raise(tx, [(variant, 2)], now=now)
    await stock.confirm(tx, reservation_id=held.id, order_id=(order_id := uuid4()), now=now)
    part = stock.Binding(variant, chain.shop, Decimal(1))
    await stock.bind(tx, order_id=order_id, parts=[part], now=now)
    await stock.correct(
        tx,
        warehouse_id=chain.shop,
        variant_id=variant,
        kind=stock.CorrectionKind.MISSING,
        quantity=Decimal(1),
        reference="question",
        now=now,
    )
    assert await stock.find_differences(tx) == []

    await tx.execute(WRONG[wrong])
    shown = await stock.find_differences(tx)
    assert shown
    assert await findings(tx) != []

    by = Actor(id=uuid4(), kind="staff", name="Ann")
    put_right = await stock.repair_shelves(tx, now=now, by=by)
    put_right += await stock.repair_counters(tx, now=now, by=by)

    assert await findings(tx) == []
    assert await available(tx, variant) == 6
    assert {one.number for one in shown} <= {one.number for one in put_right}
    assert await tx.scalar("select count(*) from account_audit where action = 'stock.repair'") > 0
    if "links" not in {one.number for one in shown}:
        told = await stock.ledger(tx, variant_id=variant)
        assert [row.actor_id for row in told if row.kind == "repaired"]


async def test_where_nothing_is_wrong_nothing_is_written(tx, now):
    chain = await a_chain(tx, now=now)
    variant = uuid4()
    await put(tx, chain.central, variant, 5, as_of=now)

    assert await stock.repair_shelves(tx, now=now, by=None) == []
    assert await stock.repair_counters(tx, now=now, by=None) == []

    assert [row.kind for row in await stock.ledger(tx, variant_id=variant)] == ["level"]
