"""Parts given up, captures, notices and lost answers at once: the money always ends exact.

Each round is a story of its own, chosen by a seed that a failure names. Whatever was lost or came
twice meanwhile, when all is quiet the bank holds what the order costs, or nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from decimal import Decimal

import pytest

from hansa.kernel.errors import Unavailable
from hansa.modules import orders, payments
from hansa.modules.orders import By, OrderState
from hansa.modules.orders.subscribers import follow_payment
from hansa.modules.payments import events
from hansa.modules.payments.checks import CHECKS as PAYMENT_CHECKS
from tests.conftest import NOON
from tests.support.buying import buy, findings
from tests.support.selling import bank, context, shop
from tests.support.shop import put_stock

__all__ = ["bank", "context", "shop"]

ROUNDS = 12
HANDS = 6


async def settle(context, placed):
    with contextlib.suppress(Unavailable, payments.ProviderRefused):
        await payments.settle_payment(context, payment_id=placed.payment_id)


async def answered(context, placed):
    """Settle as soon as the bank may be asked: after many faults the breaker opens for a while."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(Unavailable):
                return await payments.settle_payment(context, payment_id=placed.payment_id)
            await asyncio.sleep(0.05)


async def give_up(context, placed, variant, pieces):
    with contextlib.suppress(orders.NotReducible):
        async with context.database.transaction() as tx:
            await orders.give_up(
                tx,
                order_id=placed.order_id,
                lines=[(variant, Decimal(pieces))],
                reason="not found",
                by=By.SYSTEM,
                now=NOON,
            )


async def capture(context, placed):
    async with context.database.transaction() as tx:
        order = await orders.get_order(tx, order_id=placed.order_id)
        await payments.request_capture(
            tx,
            subject_kind=orders.SUBJECT,
            subject_id=order.id,
            amount=order.total,
            now=NOON,
        )


async def ship(context, placed):
    with contextlib.suppress(orders.TransitionRefused):
        async with context.database.transaction() as tx:
            await orders.advance(
                tx, order_id=placed.order_id, to=OrderState.SHIPPED, by=By.STAFF, now=NOON
            )


async def cancel(context, placed):
    with contextlib.suppress(orders.NotCancellable):
        async with context.database.transaction() as tx:
            await orders.cancel_order(
                tx, order_id=placed.order_id, reason="", by=By.STAFF, now=NOON
            )


async def a_story(context, shop, bank, chance: random.Random, *, is_held: bool):
    """Buy three of two items each, pay, and let everything happen at once."""
    bank.misbehave(notices=0)
    dress, coat, _ = shop.variants
    placed = await buy(context, (dress, 3), (coat, 3), payment_method="card")
    started = await answered(context, placed)
    await bank.act(started.redirect_url)
    if chance.random() < 0.7:
        await settle(context, placed)
    bank.misbehave(
        notices=0,
        lose_answers=chance.choice((0, 0, 1, 4)),
        fail=chance.choice((0, 0, 1)),
        answer_after_seconds=chance.choice((0, 0.01, 0.03)),
    )
    deeds = [lambda: settle(context, placed), lambda: capture(context, placed)]
    deeds += [lambda v=v: give_up(context, placed, v, chance.randint(1, 3)) for v in (dress, coat)]
    if is_held:
        deeds += [lambda: ship(context, placed)]
    hands = [chance.choice(deeds)() for _ in range(HANDS)]
    if chance.random() < 0.2:
        hands.append(cancel(context, placed))
    await asyncio.gather(*hands)
    bank.misbehave(notices=0)
    return placed


async def calm(context, placed):
    """Let the periodic looks do their work until nothing is left to do; follow what they found."""
    await ship(context, placed)
    for _ in range(3):
        payment = await answered(context, placed)
    async with context.database.transaction() as tx:
        await follow_payment(tx, events.captured(payment), NOON)


@pytest.mark.parametrize("is_held", [True, False], ids=["held", "at-once"])
async def test_the_money_ends_exact_whatever_happens_at_once(context, shop, bank, is_held):
    async with context.database.transaction() as tx:
        for variant in shop.variants:
            await put_stock(tx, shop.central, variant, 1000, now=NOON)
        await tx.execute(
            "update payments_method set capture_at_once = %(at_once)s where code = 'card'",
            {"at_once": not is_held},
        )
    for seed in range(ROUNDS):
        placed = await a_story(context, shop, bank, random.Random(seed), is_held=is_held)
        await calm(context, placed)
        async with context.database.snapshot() as snap:
            order = await orders.get_order(snap, order_id=placed.order_id)
        there = bank.payments[-1]
        kept = 0 if order.state is OrderState.CANCELLED else order.total.minor
        assert there.captured - there.refunded == kept, f"seed {seed}: {order.state} {there}"
        assert sum(line.amount.minor for line in order.lines) == order.goods.minor
    assert await findings(context) == []
    async with context.database.snapshot() as snap:
        found = [one for check in PAYMENT_CHECKS for one in await check.run(snap)]
    assert [one for one in found if one.check != "payments.stuck"] == []
