"""Edits on both sides, in any order, with everything that can go wrong on the way."""

from __future__ import annotations

import contextlib
import random
from dataclasses import replace

import pytest

from hansa.modules import orders, parties, retailcrm, stock
from hansa.modules.retailcrm import wording
from sandbox.retailcrm.books import MANAGER
from tests.conftest import NOON
from tests.support.buying import all_orders, buy
from tests.support.buying import findings as other_findings
from tests.support.retailcrm import deliver, exchange, findings, settle

STATUSES = (
    "client-confirmed",
    "assembling-complete",
    "delivering",
    "call-again",
    "cancel-other",
    "new",
)
CITIES = ("Тверь", "Клин", "Псков")


class Play:
    """People of the shop and of the CRM, and a connection between them that is no good."""

    def __init__(self, chance, context, shop, crm, connection) -> None:
        self.chance, self.context, self.shop = chance, context, shop
        self.crm, self.connection = crm, connection
        self.number = 0

    async def buy(self) -> None:
        self.number += 1
        with contextlib.suppress(stock.OutOfStock):  # the play may sell all there is
            await buy(
                self.context,
                (self.chance.choice(self.shop.variants), 1),
                phone=f"8 916 700-00-{self.number:02}",
                email=f"{self.number}@example.org",
            )

    async def call(self) -> None:
        self.number += 1
        number = self.chance.randrange(3)
        self.crm.call_in(self.shop, number, phone=f"+7916700{self.number:04}")

    async def lead_on(self) -> None:
        order = await self.an_order()
        if order is None:
            return
        targets = orders.targets(order.state, orders.By.STAFF)
        if targets:
            async with self.context.database.transaction() as tx:
                await orders.advance(
                    tx,
                    order_id=order.id,
                    to=self.chance.choice(targets),
                    by=orders.By.STAFF,
                    now=NOON,
                )

    async def correct(self) -> None:
        order = await self.an_order()
        if order is None or order.state not in {
            orders.OrderState.PLACED,
            orders.OrderState.CONFIRMED,
        }:
            return
        async with self.context.database.transaction() as tx:
            whole = await orders.get_order(tx, order_id=order.id)
            city = self.chance.choice(CITIES)
            await orders.edit_delivery(
                tx,
                order_id=order.id,
                recipient=whole.recipient,
                address=replace(whole.delivery.address, city=city),
                by=orders.By.STAFF,
                comment="",
                now=NOON,
            )

    async def manage(self) -> None:
        if not self.crm.books.orders:
            return
        order = self.chance.choice(list(self.crm.books.orders.values()))
        change = self.chance.choice(
            [
                {"status": self.chance.choice(STATUSES)},
                {"delivery": {"address": {"city": self.chance.choice(CITIES)}}},
                {"firstName": self.chance.choice(["Анна", "Инна"])},
                {"managerComment": f"Позвонить {self.chance.randrange(9)}"},
                {"items": [{**one, "quantity": 2} for one in order["items"]]},
            ]
        )
        self.crm.edit(order, **change)

    async def take_money(self) -> None:
        if self.crm.books.payments:
            payment = self.chance.choice(list(self.crm.books.payments.values()))
            self.crm.books.edit_payment(payment, {"status": "paid"}, MANAGER)

    async def know_customer(self) -> None:
        if self.crm.books.customers:
            customer = self.chance.choice(list(self.crm.books.customers.values()))
            names = {"lastName": self.chance.choice(["Иванова", "Смирнова"])}
            self.crm.books.edit_customer(customer, names, MANAGER)

    async def merge(self) -> None:
        linked = [one for one in self.crm.books.customers.values() if one.get("externalId")]
        if len(linked) > 1:
            first, second = self.chance.sample(linked, 2)
            self.crm.books.combine_customers([second], first, MANAGER)

    async def fail(self) -> None:
        mood = self.crm.mood
        mood.fail = self.chance.randrange(3)
        mood.lose_answers, mood.lose_path = (
            self.chance.randrange(2),
            self.chance.choice(["create", "edit", "upload", "fix", "payments", ""]),
        )
        mood.history_shuffled = self.chance.random() < 0.5
        mood.history_repeated = self.chance.random() < 0.5

    async def meet(self) -> None:
        if self.chance.random() < 0.7:
            await deliver(self.context)
        await exchange(self.context, self.connection)

    async def an_order(self) -> orders.OrderSummary | None:
        listed = await all_orders(self.context)
        return self.chance.choice(listed) if listed else None


@pytest.mark.parametrize("seed", range(6))
async def test_both_sides_end_alike_and_at_rest(context, shop, crm, connection, seed):
    play = Play(random.Random(seed), context, shop, crm, connection)
    steps = [
        play.buy, play.call, play.lead_on, play.correct, play.manage, play.manage,
        play.take_money, play.know_customer, play.merge, play.fail, play.meet, play.meet,
    ]  # fmt: skip
    for _ in range(60):
        await play.chance.choice(steps)()
    crm.mood.fail = crm.mood.lose_answers = 0
    await settle(context, connection, rounds=12)

    listed = await all_orders(context)
    linked = [one for one in crm.books.orders.values() if one.get("externalId")]
    assert {one["externalId"] for one in linked} == {str(one.id) for one in listed}
    assert len(linked) == len(listed), "no order stands twice on either side"
    async with context.database.snapshot() as snap:
        held = await retailcrm.get_connection(snap, connection_id=connection.id)
        for summary in listed:
            order = await orders.get_order(snap, order_id=summary.id)
            told = crm.order_of(order.id)
            theirs = wording.crm_order_fields(
                told, options=held.options, currency="RUB", region="RU", lines=order.lines
            )
            ours = wording.order_fields(order)
            theirs.setdefault("status", ours["status"])
            assert theirs == ours
            if order.party_id is not None:
                party = await parties.get_party(snap, party_id=order.party_id)
                customer = crm.customer_of(party.id)
                assert wording.crm_customer_fields(
                    customer, region="RU"
                ) == wording.customer_fields(party)
    writes = [call for call in crm.calls() if call.startswith("POST")]
    await settle(context, connection)
    assert [call for call in crm.calls() if call.startswith("POST")] == writes, "to and fro"
    assert await findings(context) == []
    assert await other_findings(context) == []
