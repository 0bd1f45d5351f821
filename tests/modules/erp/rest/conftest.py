"""An ERP that sends rows to /erp/v1 of an application in this process."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest_asyncio

from hansa.modules import accounts, erp, stock
from hansa.modules.erp.rest import calling
from hansa.runtime.context import Context
from hansa.runtime.database import Database
from tests.support.http import application
from tests.support.shop import a_shop


@dataclass
class Sender:
    """An ERP with a key of its connection."""

    client: httpx.AsyncClient
    context: Context
    connection: erp.Connection
    secret: str
    places: dict[str, UUID]

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return await self.client.post(
            f"/erp/v1/{path}",
            content=content,
            headers={
                "Authorization": f"Bearer {self.secret}",
                "Content-Type": "application/json",
                "Accept-Language": "en",
                **headers,
            },
        )

    async def send(self, kind: str, *rows: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
        """Send rows; give their answers."""
        answer = await self.post(kind, {"rows": list(rows)}, **headers)
        assert answer.status_code == 200, answer.text
        told = answer.json()["rows"]
        assert [one["row"] for one in told] == list(range(len(rows)))
        return told

    async def items(self, *keys: str, **fields: Any) -> None:
        """Make items that do not exist yet."""
        told = await self.send(
            "items", *({"key": key, "sequence": 1, "name": key, **fields} for key in keys)
        )
        assert {one["outcome"] for one in told} == {"applied"}, told

    async def ids(self, kind: str = "variant") -> dict[str, UUID]:
        async with self.context.database.snapshot() as snap:
            rows = await snap.all(
                "select external_id, internal_id from erp_reference"
                " where connection_id = %(id)s and kind = %(kind)s",
                {"id": self.connection.id, "kind": kind},
            )
        return {row.external_id: row.internal_id for row in rows}

    async def levels(self, *keys: str) -> dict[tuple[str, str], Decimal]:
        """Give what is known to lie in the warehouses."""
        ids = {id_: key for key, id_ in (await self.ids()).items()}
        names = {id_: name for name, id_ in self.places.items()}
        async with self.context.database.snapshot() as snap:
            rows = await snap.all("select variant_id, warehouse_id, on_hand from stock_level")
        return {
            (ids[row.variant_id], names[row.warehouse_id]): row.on_hand
            for row in rows
            if row.variant_id in ids and (not keys or ids[row.variant_id] in keys)
        }


def at(minutes: float = 0) -> str:
    """Give an instant around the test's now, as 1C writes it."""
    moment = datetime.fromisoformat("2026-11-21T15:00:00+03:00") + timedelta(minutes=minutes)
    return moment.isoformat()


@contextlib.asynccontextmanager
async def a_sender(
    context: Context,
    client: httpx.AsyncClient,
    *,
    code: str,
    places: dict[str, UUID],
    now: datetime,
    price_list: UUID,
    **settings: Any,
) -> AsyncIterator[Sender]:
    """Make a connection with a key, its warehouses and the price type `retail`."""
    async with context.database.transaction() as tx:
        connection = await erp.ensure_connection(tx, market="ru", now=now, code=code, **settings)
        await erp.link_references(tx, connection=connection, kind="warehouse", links=places)
        await erp.link_references(
            tx, connection=connection, kind="price_type", links={"retail": price_list}
        )
        _, secret = await calling.make_key(
            tx, connection_id=connection.id, name=code, by=None, now=now
        )
    yield Sender(client, context, connection, secret, dict(places))


@pytest_asyncio.fixture
async def site(committing: Database, settings, clock, now):
    async with committing.transaction() as tx:
        shop = await a_shop(tx, now=now - timedelta(days=1))
        places = {"central": shop.central, "corner": shop.corner}
        spare = replace(
            (await stock.list_warehouses(tx))[0], id=UUID(int=77), code="spare", position=9
        )
        await stock.save_warehouses(tx, warehouses=[spare], now=now)
        places["spare"] = spare.id
    async with (
        application(settings, committing, clock=clock) as site,
        site.client(keyed=False) as client,
    ):
        yield site, client, shop, places


@pytest_asyncio.fixture
async def sender(site, now) -> AsyncIterator[Sender]:
    """An ERP whose connection owns everything."""
    app, client, shop, places = site
    async with a_sender(
        app.context, client, code="head", places=places, now=now, price_list=shop.price_list
    ) as made:
        yield made


@pytest_asyncio.fixture
async def stranger_key(site, now) -> str:
    """A key with the right scope that belongs to no connection."""
    app, *_ = site
    async with app.context.database.transaction() as tx:
        _, secret = await accounts.create_api_key(
            tx, name="stray", scopes=("erp.rest",), by=None, now=now
        )
    return secret


@pytest_asyncio.fixture
async def another(site, now) -> AsyncIterator[Sender]:
    """An ERP with a connection of its own to the same market."""
    app, client, shop, places = site
    async with a_sender(
        app.context, client, code="local", places=places, now=now, price_list=shop.price_list
    ) as made:
        yield made
