"""Statuses of orders and shipments by REST."""

from uuid import uuid4

import pytest_asyncio

from hansa.modules import erp, orders
from tests.modules.erp.rest.conftest import at
from tests.modules.erp.rest.test_stock import row
from tests.support.buying import buy, findings, left


@pytest_asyncio.fixture
async def placed(site, sender):
    """An order of one dress that the ERP calls `dress`, five of which lie in `central`."""
    _, _, shop, _ = site
    async with sender.context.database.transaction() as tx:
        links = {"dress": shop.variant, "hat": shop.variants[1]}
        await erp.link_references(tx, connection=sender.connection, kind="variant", links=links)
    return await buy(sender.context, (shop.variant, 1))


async def order_of(sender, placed) -> orders.Order:
    async with sender.context.database.snapshot() as snap:
        return await orders.get_order(snap, order_id=placed.order_id)


def status(key: str, sequence: int, state: str, **values):
    return {"key": key, "sequence": sequence, "as_of": at(1), "state": state, **values}


async def test_a_status_is_taken_once(sender, placed):
    first = await sender.send(
        "order-statuses", status(placed.number, 1, "confirmed", erp_number="0000-1")
    )
    again = await sender.send(
        "order-statuses", status(placed.number, 1, "confirmed", erp_number="0000-1")
    )
    anew = await sender.send(
        "order-statuses", status(str(placed.order_id), 2, "confirmed", erp_number="0000-1")
    )
    back = await sender.send("order-statuses", status(placed.number, 2, "packed"))
    backwards = await sender.send("order-statuses", status(placed.number, 3, "confirmed"))

    assert [one[0]["outcome"] for one in (first, again, anew, back)] == [
        "applied", "duplicate", "unchanged", "applied",
    ]  # fmt: skip
    assert (backwards[0]["outcome"], backwards[0]["code"]) == ("refused", "erp.order_refused")
    order = await order_of(sender, placed)
    assert order.state is orders.OrderState.PACKED


async def test_an_order_the_erp_invented_is_refused(sender, placed):
    told = await sender.send(
        "order-statuses",
        status("HB-0000-0000", 1, "shipped"),
        status(str(uuid4()), 1, "cancelled"),
        status(placed.number, 1, "confirmed"),
        status("x", 1, "exploded"),
    )
    shipped = await sender.send(
        "shipments",
        {"key": "S-1", "sequence": 1, "as_of": at(1), "order": "HB-0000-0000"},
    )

    assert [one["outcome"] for one in told] == ["refused", "refused", "applied", "refused"]
    assert [one.get("code") for one in (*told, *shipped)] == [
        "erp.unknown_order", "erp.unknown_order", None, "request.choice", "erp.unknown_order",
    ]  # fmt: skip
    assert told[3]["field"] == "state"


async def test_goods_shipped_stay_reserved_until_a_later_number_comes(site, sender, placed):
    _, _, shop, _ = site
    assert await left(sender.context, shop.variant) == 4

    told = await sender.send(
        "shipments",
        {"key": "S-1", "sequence": 1, "as_of": at(10), "order": placed.number,
         "warehouse": "central", "lines": [{"item": "dress", "quantity": 1}]},
    )  # fmt: skip
    again = await sender.send(
        "shipments",
        {"key": "S-1", "sequence": 2, "as_of": at(10), "order": placed.number,
         "warehouse": "central", "lines": [{"item": "dress", "quantity": 1}]},
    )  # fmt: skip

    assert [told[0]["outcome"], again[0]["outcome"]] == ["applied", "unchanged"]
    assert (await order_of(sender, placed)).state is orders.OrderState.SHIPPED
    await sender.send("stock", row("dress", 1, 5, stock={"central": 5}))
    assert await left(sender.context, shop.variant) == 4
    await sender.send("stock", row("dress", 2, 15, stock={"central": 4}))
    assert await left(sender.context, shop.variant) == 4
    assert await findings(sender.context) == []


async def test_a_bad_shipment_spoils_no_other(sender, placed):
    def shipment(key: str, **values):
        return {"key": key, "sequence": 1, "as_of": at(1), "order": placed.number, **values}

    told = await sender.send(
        "shipments",
        shipment("S-1", lines=[{"item": "moon", "quantity": 1}]),
        shipment("S-2", lines=[{"item": "dress", "quantity": "NaN"}]),
        shipment("S-3", lines=[{"item": "dress", "quantity": -1}]),
        shipment("S-4", lines=[{"item": "dress", "quantity": 0}]),
        shipment("S-5", warehouse="moon"),
        shipment("S-6", lines=[{"item": "dress", "quantity": 1}, {"item": "dress", "quantity": 1}]),
        shipment("S-7", lines=[{"item": "hat", "quantity": 1}]),
        shipment("S-8", warehouse="central"),
    )

    assert [one.get("code") for one in told] == [
        "erp.unknown_item",
        *["erp.quantity_absurd"] * 3,
        "erp.unknown_warehouse",
        "erp.not_in_order",
        "erp.not_in_order",
        None,
    ]
    assert told[7]["outcome"] == "applied"
    assert await findings(sender.context) == []


async def test_a_number_that_lists_its_orders_ends_their_reservations(site, sender, placed):
    _, _, shop, _ = site

    told = await sender.send(
        "stock",
        row("dress", 1, 5, stock={"central": 4}, contains=[placed.number, "HB-0000-0000"]),
    )

    assert told[0]["outcome"] == "applied"
    assert [note["code"] for note in told[0]["notes"]] == ["erp.unknown_order"]
    assert await left(sender.context, shop.variant) == 4
    wrong = await findings(sender.context)
    assert [one for one in wrong if one.startswith("stock.")] == []
