"""The queue to the ERP as staff see it: set up, refused, repeated, discarded, by permission."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest_asyncio

from hansa.modules import erp, orders
from hansa.modules.erp.outgoing import loop
from hansa.modules.erp.outgoing.queue import Cause, put_messages
from hansa.modules.erp.outgoing.subjects import Subject
from tests.support import buying
from tests.support.onec_service import PASSWORD, USER, OnecService, onec_service

HOME = "/office/erp-queue"
outgoing = erp.outgoing


@dataclass
class Queue:
    """A queue to a 1C with one order in it."""

    site: object
    onec: OnecService
    connection: erp.Connection
    order: orders.Order

    async def send(self, *until: str) -> None:
        """Run the sender until the messages are in these states."""
        stop = asyncio.Event()
        running = asyncio.create_task(loop.run(self.site.context, stop))
        try:
            async with asyncio.timeout(60):
                while [str(one.state) for one in await self.messages()] != list(until):
                    self.site.context.clock.advance(timedelta(seconds=1))
                    await asyncio.sleep(0.05)
        finally:
            stop.set()
            await running

    async def messages(self) -> list[erp.outgoing.Message]:
        async with self.site.context.database.snapshot(single=True) as snap:
            found = await outgoing.list_messages(snap, connection_id=self.connection.id)
        return sorted(found, key=lambda one: one.number)


@pytest_asyncio.fixture(loop_scope="session")
async def queue(site, shop) -> AsyncIterator[Queue]:
    """A shop with an order that waits for 1C."""
    context = site.context
    now = context.clock.now()
    with onec_service() as onec:
        placed = await buying.buy(context, (shop.variant, 1), now=now)
        async with context.database.transaction() as tx:
            connection = await erp.ensure_connection(tx, market="ru", now=now, name="1С Ольха")
            await outgoing.save_outgoing(
                tx,
                outgoing=outgoing.Outgoing(
                    connection_id=connection.id,
                    address=onec.address,
                    sign_in=outgoing.SignIn.BASIC,
                    user_name=USER,
                    starts_at=now,
                    refusals_max=2,
                    pause_seconds=0.01,
                    pause_seconds_max=0.1,
                ),
                key=context.settings.secret_key.reveal().encode(),
                secret=PASSWORD,
            )
            subject = Subject(kind=outgoing.MessageKind.ORDER, id=placed.order_id)
            await put_messages(tx, subjects={subject: Cause.WANTED}, now=now)
            order = await orders.get_order(tx, order_id=placed.order_id)
        yield Queue(site, onec, connection, order)


async def test_without_a_connection_the_page_says_what_to_do(root) -> None:
    page = await root.open(HOME)

    assert "No 1C is connected" in page
    assert "/office/exchange/connections/new" in page


async def test_a_queue_is_set_up_by_its_form(site, root) -> None:
    async with site.context.database.transaction() as tx:
        connection = await erp.ensure_connection(tx, market="ru", now=site.context.clock.now())
    assert "Nothing leaves by itself yet" in await root.open(HOME)

    form = {
        "transport": "http",
        "address": "https://1c.example/base/hs/hansa/",
        "sign_in": "basic",
        "user_name": "site",
        "secret": "a secret of 1C",
        "kinds": ["order", "customer"],
        "refusals_max": "5",
        "is_active": "1",
    }
    await root.send(f"{HOME}/{connection.id}/settings", form)

    async with site.context.database.snapshot() as snap:
        held = await outgoing.find_outgoing(snap, connection_id=connection.id)
    assert held is not None
    assert held.address == "https://1c.example/base/hs/hansa"
    assert held.secret is not None
    assert b"a secret of 1C" not in held.secret
    assert [str(kind) for kind in held.kinds] == ["order", "customer"]
    assert "a secret of 1C" not in await root.open(f"{HOME}/{connection.id}/settings")
    assert "a secret of 1C" not in await root.open("/office/audit")


async def test_what_is_no_address_is_told_at_its_field(site, root) -> None:
    async with site.context.database.transaction() as tx:
        connection = await erp.ensure_connection(tx, market="ru", now=site.context.clock.now())

    answer = await root.send(
        f"{HOME}/{connection.id}/settings",
        {"transport": "http", "address": "1c.example", "sign_in": "none"},
        status=422,
    )

    assert "it must begin with http:// or https://" in answer.text


async def test_a_waiting_order_is_found_by_its_number(queue, root) -> None:
    page = await root.open(f"{HOME}?q={queue.order.number}")

    assert queue.order.number in page
    assert "waits" in page
    assert "No messages here" in await root.open(f"{HOME}?q=RU-0")


async def test_a_dead_letter_shows_its_reason_and_is_replayed(queue, root) -> None:
    queue.onec.misbehave(refuse=["*"], refuse_code="no_such_item")
    await queue.send("dead")

    page = await root.open(HOME)
    assert "no_such_item" in page
    assert "Try all again" in page
    queue.onec.misbehave(refuse=[])
    await root.send(
        f"{HOME}/replay", {"connection": str(queue.connection.id), "code": "no_such_item"}
    )
    await queue.send("acknowledged")

    assert "The ERP has everything" in await root.open(f"{HOME}?view=dead")
    assert "erp.messages_replayed" in await root.open("/office/audit")


async def test_a_message_is_discarded_only_with_a_reason(queue, root) -> None:
    [message] = await queue.messages()
    here = f"{HOME}/messages/{message.id}"

    refused = await root.send(f"{here}/discard", {"reason": ""}, status=422)
    await root.send(f"{here}/discard", {"reason": "entered by hand"})

    assert "Reason" in refused.text
    page = await root.open(here)
    assert "entered by hand" in page
    assert "Discard the message" not in page
    assert "erp.message_discarded" in await root.open("/office/audit")


async def test_personal_data_are_hidden_from_whoever_may_not_see_them(queue, sign_in) -> None:
    [message] = await queue.messages()
    here = f"{HOME}/messages/{message.id}"

    async with sign_in("erp.view", email="onec@example.com") as programmer:
        hidden = await programmer.open(here)
        await programmer.send(f"{here}/discard", {"reason": "because"}, status=403)
        await programmer.send(f"{here}/replay", status=403)
    async with sign_in("erp.view", "parties.view", email="manager@example.com") as manager:
        shown = await manager.open(here)

    assert "Анна Иванова" not in hidden
    assert "+79161234567" not in hidden
    assert "Personal data are hidden" in hidden
    assert queue.order.number in hidden
    assert "Анна Иванова" in shown


async def test_an_outage_is_said_plainly_in_russian(queue, sign_in) -> None:
    queue.onec.misbehave(down=True)
    stop = asyncio.Event()
    running = asyncio.create_task(loop.run(queue.site.context, stop))
    async with asyncio.timeout(60):
        while True:
            async with queue.site.context.database.snapshot(single=True) as snap:
                health = await outgoing.health_of(snap, connection_id=queue.connection.id)
            if health.breaker is not outgoing.Breaker.CLOSED:
                break
            await asyncio.sleep(0.02)
    stop.set()
    await running

    async with sign_in("erp.view", email="ru@example.com", language="ru") as reader:
        page = await reader.open(HOME)

    assert "Учётная система не отвечает" in page
    assert "HTTP 503" in page


async def test_contracts_are_switched_at_an_instant(queue, root) -> None:
    settings = f"{HOME}/{queue.connection.id}"
    await root.send(f"{settings}/contract", {"version": "2", "at": "2026-12-01T03:00"})

    async with queue.site.context.database.snapshot() as snap:
        held = await outgoing.find_outgoing(snap, connection_id=queue.connection.id)
    assert held is not None
    now = queue.site.context.clock.now()
    assert held.versions(now) == (1,)
    assert held.versions(now + timedelta(days=30)) == (2,)
    page = await root.open(f"{settings}/settings")
    assert "1 Dec 2026" in page


async def test_the_contract_is_there_for_programmers(site) -> None:
    async with site.client(keyed=False) as client:
        known = await client.get("/erp/v1/contracts/2")
        unknown = await client.get("/erp/v1/contracts/9")

    assert known.json()["$defs"]["OrderV2"]
    assert unknown.status_code == 404
