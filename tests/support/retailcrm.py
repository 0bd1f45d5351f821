"""A simulated RetailCRM in the test's process, and a shop connected to it.

async with a_crm() as crm:
    connection = await connect(context, shop, crm)
    await exchange(context, connection)        # as the job does, history included
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

import msgspec

from hansa.modules import retailcrm
from hansa.modules.orders.manifest import MODULE as ORDERS
from hansa.modules.retailcrm.checks import CHECKS
from hansa.modules.retailcrm.exchange import run_exchange
from hansa.modules.retailcrm.manifest import MODULE
from hansa.modules.retailcrm.work import Exchange
from hansa.runtime.context import Context
from hansa.runtime.database import Database
from sandbox.acquirer.wire import serve_connection
from sandbox.retailcrm.books import MANAGER, Books
from sandbox.retailcrm.service import Mood, Service
from tests.support.shop import Shop

__all__ = ["KEY", "CrmAccount", "a_crm", "connect", "deliver", "exchange", "findings", "settle"]

KEY = "key-of-the-shop"
_DELIVERED: WeakKeyDictionary[Database, int] = WeakKeyDictionary()
SECRET = b"a key that only tests use, long enough"


@dataclass(frozen=True)
class CrmAccount:
    """The CRM: `books` to look at, `mood` to misbehave, `manager` works at its page."""

    url: str
    service: Service

    manager = MANAGER

    @property
    def books(self) -> Books:
        return self.service.books

    @property
    def mood(self) -> Mood:
        return self.service.mood

    def calls(self, path: str = "") -> list[str]:
        return [f"{how} {what}" for how, what in self.service.calls if path in what]

    def order_of(self, order_id: object) -> dict[str, Any]:
        return self.books.view_order(self.books.order(str(order_id), "externalId"))

    def customer_of(self, party_id: object) -> dict[str, Any]:
        return self.books.customer(str(party_id), "externalId")

    def edit(self, order: dict[str, Any], **changes: Any) -> None:
        """Let a manager change an order."""
        self.books.edit_order(self.books.orders[order["id"]], changes, MANAGER)

    def call_in(self, shop: Shop, number: int = 0, quantity: int = 1, **changes: Any) -> Any:
        """Let a manager write down an order of somebody on the telephone."""
        order = {
            "firstName": "Ольга",
            "lastName": "Петрова",
            "phone": "+7 916 765-43-21",
            "items": [
                {
                    "offer": {"externalId": str(shop.variants[number])},
                    "quantity": quantity,
                    "initialPrice": 1990,
                }
            ],
            "delivery": {
                "code": "courier",
                "cost": 300,
                "address": {"city": "Москва", "street": "Арбат", "building": "7"},
            },
            **changes,
        }
        return self.books.create_order(order, "shop-ru", MANAGER)


@contextlib.asynccontextmanager
async def a_crm(*, per_second: int = 0) -> AsyncIterator[CrmAccount]:
    """Run a CRM; without a limit of its rate unless told."""
    service = Service(keys=(KEY, "key-of-another"))
    service.mood.per_second = per_second
    server = await asyncio.start_server(partial(serve_connection, service.answer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield CrmAccount(f"http://127.0.0.1:{port}", service)
    finally:
        server.close()


async def connect(
    context: Context, shop: Shop, crm: CrmAccount, **options: Any
) -> retailcrm.Connection:
    """Make a connection in use, with the codes an account begins with."""
    now = context.clock.now()
    settings: dict[str, Any] = {
        "requests_per_second": 10_000,
        "since": datetime(2026, 1, 1, tzinfo=UTC),
        "payment_types": {"cash": "cash", "card": "bank-card"},
        "delivery_types": {"courier": "courier", "pickup": "self-delivery"},
        "stores": {str(shop.central): "msk-1", str(shop.corner): "msk-2"},
        **options,
    }
    made = retailcrm.Connection(
        id=uuid4(),
        name="RetailCRM",
        address=crm.url,
        sealed_key=b"",
        sites={"ru": "shop-ru"},
        options=retailcrm.Options(**settings),
    )
    async with context.database.transaction() as tx:
        await retailcrm.save_connection(tx, connection=made, key=KEY, secret=SECRET, now=now)
    found = await retailcrm.refresh_lists(context, connection_id=made.id)
    async with context.database.transaction() as tx:
        return await retailcrm.save_connection(
            tx, connection=replace(found, is_active=True), key=None, secret=SECRET, now=now
        )


async def deliver(context: Context) -> int:
    """Deliver waiting events to the subscriptions of RetailCRM and orders, in order."""
    start = _DELIVERED.get(context.database, 0)
    async with context.database.snapshot(single=True) as snap:
        rows = await snap.all(
            "select serial, type, payload from outbox_event where serial > %(start)s"
            " order by serial",
            {"start": start},
        )
    moved = 0
    for row in rows:
        _DELIVERED[context.database] = row.serial
        for subscription in (*MODULE.subscriptions, *ORDERS.subscriptions):
            kind = next((one for one in subscription.events if one.type == row.type), None)
            if kind is None:
                continue
            event = msgspec.convert(row.payload, kind, strict=False)
            async with context.database.transaction() as tx:
                told = [event] if subscription.batch else event
                await subscription.handle(tx, told, context.clock.now())
            moved += 1
    return moved


async def exchange(context: Context, connection: retailcrm.Connection) -> None:
    """Run the job of the exchange, looking at the history first."""
    async with context.database.transaction() as tx:
        await retailcrm.look_now(tx, connection_id=connection.id)
    await run_exchange(context, Exchange(connection_id=connection.id))


async def settle(context: Context, connection: retailcrm.Connection, *, rounds: int = 6) -> None:
    """Deliver and exchange until nothing moves any more."""
    for _ in range(rounds):
        moved = await deliver(context)
        await exchange(context, connection)
        moved += await deliver(context)
        async with context.database.snapshot() as snap:
            standing = await retailcrm.standing_of(snap, connection_id=connection.id)
        if not moved and not standing.waiting and not standing.arrivals:
            return
    raise AssertionError(f"it never comes to rest: {standing}")


async def findings(context: Context) -> list[str]:
    """Run every check of RetailCRM."""
    async with context.database.snapshot() as snap:
        return [
            f"{finding.check} {finding.subject}: {finding.message}"
            for check in CHECKS
            for finding in await check.run(snap)
        ]
