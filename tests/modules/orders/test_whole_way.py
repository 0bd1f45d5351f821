"""A card order with everything running: page, notice, worker, relay, and the order is paid."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest
import pytest_asyncio

from hansa.modules import fulfilment, orders, payments
from hansa.modules.orders.manifest import MODULE as ORDERS
from hansa.modules.payments.manifest import MODULE as PAYMENTS
from hansa.runtime.jobs.worker import run_worker
from hansa.runtime.outbox.relay import run_relay
from hansa.runtime.settings import Secret
from sandbox.acquirer.wire import Answer, serve_connection
from tests.support.acquirer import SECRET
from tests.support.buying import buy, findings
from tests.support.http import Site, application
from tests.support.shop import put_stock

HEADERS = ("content-type", "x-acquirer-signature")


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings, committing, shop, bank) -> AsyncIterator[Site]:
    """The application behind a real address, a worker and a relay."""
    running: list[Site] = []

    async def forward(call):
        headers = {name: value for name, value in call.headers.items() if name in HEADERS}
        async with running[0].client(keyed=False) as client:
            answer = await client.request(
                call.method, call.path, content=call.body, headers=headers
            )
        return Answer(status=answer.status_code, body=answer.content)

    server = await asyncio.start_server(partial(serve_connection, forward), "127.0.0.1", 0)
    own = replace(
        settings,
        acquirer_url=bank.url,
        acquirer_secret=Secret(SECRET),
        public_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}",
    )
    stop = asyncio.Event()
    async with application(own, committing) as site:
        running.append(site)
        tasks = [
            asyncio.create_task(run_worker(site.context, [PAYMENTS, ORDERS], stop=stop)),
            asyncio.create_task(run_relay(site.context, [PAYMENTS, ORDERS], stop=stop)),
        ]
        try:
            yield site
        finally:
            stop.set()
            await asyncio.gather(*tasks)
    server.close()


async def payment_state(site, token):
    async with site.client() as client:
        return (await client.get(f"/api/v1/order-pages/{token}")).json()["payment_state"]


async def until_payment_is(site, token, expected):
    async with asyncio.timeout(60):
        while await payment_state(site, token) != expected:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("action", "expected"), [("pay", "paid"), ("twice", "paid"), ("decline", "failed")]
)
async def test_the_order_hears_of_its_payment(site, shop, bank, action, expected):
    bank.misbehave(notices=1)
    now = site.context.clock.now()
    placed = await buy(site.context, (shop.variant, 1), payment_method="card", now=now)
    assert await payment_state(site, placed.token) == "awaiting"

    await bank.act(placed.redirect_url, action)
    await until_payment_is(site, placed.token, expected)

    assert await findings(site.context) == []


async def test_a_cancelled_order_is_refunded_by_itself(site, shop, bank):
    bank.misbehave(notices=1)
    now = site.context.clock.now()
    placed = await buy(site.context, (shop.variant, 1), payment_method="card", now=now)
    await bank.act(placed.redirect_url)
    await until_payment_is(site, placed.token, "paid")

    async with site.context.database.transaction() as tx:
        await orders.cancel_order(
            tx, order_id=placed.order_id, reason="", by=orders.By.SHOPPER, now=now
        )
    await until_payment_is(site, placed.token, "refunded")

    assert bank.payments[-1].refunded == bank.payments[-1].amount
    assert await findings(site.context) == []


async def test_a_deferred_order_is_paid_after_the_answer_for_what_is_left(site, shop, bank):
    rare = shop.variants[2]
    now = site.context.clock.now()
    async with site.context.database.transaction() as tx:
        await put_stock(tx, shop.central, rare, 0, now=now)
        await put_stock(tx, shop.corner, rare, 2, now=now)
        await fulfilment.save_policy(tx, policy=fulfilment.Policy(market="ru"), now=now)
    bank.misbehave(notices=2)
    placed = await buy(site.context, (rare, 2), payment_method="card", now=now)
    assert await payment_state(site, placed.token) == "deferred"

    async with site.context.database.transaction() as tx:
        await orders.give_up(
            tx,
            order_id=placed.order_id,
            lines=[(rare, Decimal(1))],
            reason="not found",
            by=orders.By.SYSTEM,
            now=now,
        )
        order = await orders.get_order(tx, order_id=placed.order_id)
        await payments.allow_payment(
            tx, subject_kind=orders.SUBJECT, subject_id=order.id, amount=order.total, now=now
        )
    await until_payment_is(site, placed.token, "awaiting")
    started = await payments.start_payment(site.context, payment_id=placed.payment_id)
    await bank.act(started.redirect_url)
    await until_payment_is(site, placed.token, "paid")

    (there,) = bank.payments
    assert (there.captured, there.refunded) == (order.total.minor, 0)
    assert await findings(site.context) == []


async def test_a_part_given_up_after_paying_comes_back_by_itself(site, shop, bank):
    bank.misbehave(notices=2)
    now = site.context.clock.now()
    placed = await buy(site.context, (shop.variant, 2), payment_method="card", now=now)
    await bank.act(placed.redirect_url)
    await until_payment_is(site, placed.token, "paid")

    async with site.context.database.transaction() as tx:
        given = await orders.give_up(
            tx,
            order_id=placed.order_id,
            lines=[(shop.variant, Decimal(1))],
            reason="not found",
            by=orders.By.SYSTEM,
            now=now,
        )
    async with asyncio.timeout(60):
        while bank.payments[-1].refunded != given.money.minor:
            await asyncio.sleep(0.05)

    assert await payment_state(site, placed.token) == "paid", "the rest is"
    assert await findings(site.context) == []
