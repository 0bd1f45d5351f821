"""Orders travel to 1C, statuses back; stock of 1C never puts a sold piece on sale again."""

import asyncio
import io
from decimal import Decimal

import pytest

from hansa.modules import catalog, checkout, erp, orders, pricing, stock
from hansa.modules.erp import commerceml
from sandbox.onec.client import Refused
from sandbox.onec.mischief import Mischief
from sandbox.onec.world import World
from tests.modules.erp.test_import import (
    available,
    goods,
    ids_of,
    offer,
    offers,
    price,
    prove,
    rest,
)
from tests.support.buying import buy
from tests.support.erp import load


@pytest.fixture
async def world(site, tmp_path) -> World:
    """A 1C with one dress, which the shop knows of."""
    made = World(tmp_path / "state")
    made.set_stock("dress", "w", 1)
    made.changed.clear()
    await load(
        site.context,
        site.connection,
        tmp_path / "first",
        **{"import": goods("dress"), "offers": offers(offer("dress", price("100") + rest("1")))},
    )
    # The price list is new, and the service believes what it read for some seconds.
    site.context.service(pricing.Profiles)._read_at = float("-inf")
    return made


async def order_a_dress(site) -> checkout.PlacedOrder:
    variant_id = (await ids_of(site.context, site.connection, "variant"))["dress"]
    return await buy(site.context, (variant_id, 1), now=site.context.clock.now())


async def order_of(site, placed) -> orders.Order:
    async with site.context.database.snapshot() as snap:
        return await orders.get_order(snap, order_id=placed.order_id)


async def test_a_sold_piece_is_never_on_sale_again_until_it_is_really_there(site, world):
    assert await available(site.context, site.connection, "dress") == 1
    placed = await order_a_dress(site)
    assert await available(site.context, site.connection, "dress") == 0

    with site.onec() as onec:
        # A full stock file that does not contain the order's movement.
        await asyncio.to_thread(world.send_stock, onec, full=True)
        assert await available(site.context, site.connection, "dress") == 0

        (order,) = await asyncio.to_thread(world.pull, onec)
        assert order.lines[0].id == "dress"
        await asyncio.to_thread(world.send_stock, onec, full=True)
        assert await available(site.context, site.connection, "dress") == 0

        world.ship(order.number)
        await asyncio.to_thread(world.report, onec, [order])
        assert (await order_of(site, placed)).state is orders.OrderState.SHIPPED
        assert await available(site.context, site.connection, "dress") == 0

        await asyncio.to_thread(world.send_stock, onec, full=False)
        assert await available(site.context, site.connection, "dress") == 0

        world.receive("dress", "w", 3)
        await asyncio.to_thread(world.send_stock, onec, full=False)
        assert await available(site.context, site.connection, "dress") == 3

        # The number from before the shipment comes late.
        onec.mischief = Mischief(stale_rests=True)
        await asyncio.to_thread(world.send_stock, onec, full=True)
        assert await available(site.context, site.connection, "dress") == 3
    await prove(site.context)


async def test_a_receipt_adds_exactly_what_was_received(site, world):
    await order_a_dress(site)
    world.receive("dress", "w", 5)

    with site.onec() as onec:
        await asyncio.to_thread(world.send_stock, onec, full=False)

    assert await available(site.context, site.connection, "dress") == 5
    await prove(site.context)


async def test_orders_come_again_until_1c_says_success(site, world):
    placed = await order_a_dress(site)

    with site.onec(repeat_query=True) as onec:
        await asyncio.to_thread(world.pull, onec)
        await asyncio.to_thread(world.pull, onec)
        assert world.orders[placed.number].times_received == 2
        onec.mischief = Mischief()
        await asyncio.to_thread(world.pull, onec)
        assert world.orders[placed.number].times_received == 3
        await asyncio.to_thread(world.pull, onec)

    assert world.orders[placed.number].times_received == 3
    async with site.context.database.snapshot() as snap:
        variant_id = (await ids_of(site.context, site.connection, "variant"))["dress"]
        ledger = await stock.ledger(snap, variant_id=variant_id, limit=100)
    assert [row.kind for row in ledger].count("sent") == 1


async def test_a_change_after_the_answer_is_sent_again(site, world):
    placed = await order_a_dress(site)

    with site.onec() as onec:
        await asyncio.to_thread(onec.check_auth, "sale")
        await asyncio.to_thread(onec.init, "sale")
        await asyncio.to_thread(onec.query_orders)
        async with site.context.database.transaction() as tx:
            await orders.cancel_order(
                tx,
                order_id=placed.order_id,
                reason="changed my mind",
                by=orders.By.SHOPPER,
                now=site.context.clock.now(),
            )
        await asyncio.to_thread(onec.success)
        await asyncio.to_thread(world.pull, onec)

    assert world.orders[placed.number].cancelled
    assert await available(site.context, site.connection, "dress") == 1
    await prove(site.context)


async def test_what_was_given_up_is_not_ordered_from_1c(site, world):
    world.receive("dress", "w", 2)
    with site.onec() as onec:
        await asyncio.to_thread(world.send_stock, onec, full=False)
        variant_id = (await ids_of(site.context, site.connection, "variant"))["dress"]
        now = site.context.clock.now()
        placed = await buy(site.context, (variant_id, 3), now=now)
        async with site.context.database.transaction() as tx:
            await orders.give_up(
                tx,
                order_id=placed.order_id,
                lines=[(variant_id, Decimal(2))],
                reason="not found in the shop",
                by=orders.By.SYSTEM,
                now=now,
            )
        (order,) = await asyncio.to_thread(world.pull, onec)

    (line,) = order.lines
    assert (line.quantity, line.total) == (1, "100.00")
    assert await available(site.context, site.connection, "dress") == 2
    await prove(site.context)


@pytest.mark.parametrize("windows_1251", [False, True])
async def test_statuses_come_back(site, world, windows_1251):
    placed = await order_a_dress(site)

    with site.onec(windows_1251=windows_1251) as onec:
        await asyncio.to_thread(world.pull, onec)
        await asyncio.to_thread(world.report, onec, [world.confirm(placed.number)])
        assert (await order_of(site, placed)).state is orders.OrderState.CONFIRMED
        await asyncio.to_thread(world.report, onec, [world.cancel(placed.number)])

    order = await order_of(site, placed)
    assert order.state is orders.OrderState.CANCELLED
    assert order.erp_number == "ЦБ-000001"
    assert await available(site.context, site.connection, "dress") == 1


async def test_a_document_of_an_unknown_order_is_told(site, world):
    await order_a_dress(site)
    with site.onec() as onec:
        (order,) = await asyncio.to_thread(world.pull, onec)
        order.number, order.id = "no-such", ""
        await asyncio.to_thread(world.report, onec, [order])

    async with site.context.database.snapshot() as snap:
        log = await erp.list_log(snap, connection_id=site.connection.id, kind="document")
    assert [(row.action, row.code, row.external_id) for row in log] == [
        ("refused", "erp.order_unknown", "no-such")
    ]


@pytest.mark.parametrize("version", ["2.03", "2.08", "3.1"])
async def test_an_order_is_written_in_the_schema_1c_asked_for(site, world, version):
    placed = await order_a_dress(site)
    with site.onec() as onec:
        onec.version = version
        await asyncio.to_thread(onec.check_auth, "sale")
        await asyncio.to_thread(onec.init, "sale")

        content = await asyncio.to_thread(onec.query_orders)

    header, *documents = commerceml.read(io.BytesIO(content))
    (document,) = [one for one in documents if one.number == placed.number]
    assert b"windows-1251" in content[:60]
    assert header.schema_version == version
    assert document.lines[0].product_id == "dress"
    assert document.container == (1 if version == "3.1" else None)


async def test_statuses_are_listed_for_1c(site):
    with site.onec() as onec:
        await asyncio.to_thread(onec.check_auth, "sale")
        content = await asyncio.to_thread(onec.info)

    assert "Отгружен".encode("cp1251") in content


async def test_goods_of_1c_can_be_found_by_price(site, world):
    variant_id = (await ids_of(site.context, site.connection, "variant"))["dress"]
    async with site.context.database.snapshot() as snap:
        profile = await pricing.profile_of(snap, market="ru", party_id=None)
        quoted = await pricing.quote(
            snap, profile=profile, lines=[(variant_id, 1)], now=site.context.clock.now()
        )
        variants = await catalog.get_variants(snap, variant_ids=[variant_id])
    assert quoted[variant_id].unit.amount == 100
    assert variants[variant_id].is_active


async def test_a_broken_document_file_is_refused(site):
    with site.onec() as onec:
        await asyncio.to_thread(onec.check_auth, "sale")
        with pytest.raises(Refused, match="breaks off"):
            await asyncio.to_thread(onec.send_documents, b"<doc", "orders-1.xml")
