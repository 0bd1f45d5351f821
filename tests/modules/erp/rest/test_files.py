"""Files of CommerceML beside rows: what waits for their goods, and whose word counts."""

from dataclasses import replace

from hansa.modules import catalog, erp
from tests.modules.erp.rest.test_goods import own, prices_of
from tests.modules.erp.rest.test_stock import row
from tests.modules.erp.test_import import goods, offer, offers, price, rest
from tests.support.erp import load


async def loaded(sender, tmp_path, **files):
    async with sender.context.database.snapshot() as snap:
        connections = await erp.list_connections(snap)
    connection = next(one for one in connections if one.id == sender.connection.id)
    return await load(sender.context, connection, tmp_path, **files)


async def test_rows_that_came_before_the_file_of_their_goods_are_taken(sender, tmp_path):
    await sender.send("stock", row("coat", 1, 60, stock={"central": 5}))
    await sender.send(
        "prices", {"key": "coat", "sequence": 1, "prices": [{"type": "retail", "amount": 1990}]}
    )
    await sender.send("items", {"key": "coat#2", "sequence": 1, "sku": "C-2"})

    await loaded(sender, tmp_path, goods=goods("coat"), offers=offers(offer("coat")))

    assert await sender.levels() == {("coat", "central"): 5}
    assert await prices_of(sender, "coat") == {1: 1990}
    assert "coat#2" in await sender.ids()


async def test_a_file_changes_what_its_connection_owns(sender, tmp_path):
    await sender.items("coat", brand="Север")
    await sender.send("stock", row("coat", 1, -300, stock={"central": 5, "corner": 5}))
    await own(sender, "stock", warehouses=["corner"])
    async with sender.context.database.transaction() as tx:
        connections = await erp.list_connections(tx)
        await erp.save_connection(
            tx,
            connection=replace(
                next(one for one in connections if one.id == sender.connection.id), name="Новое"
            ),
            now=sender.context.clock.now(),
        )

    done = await loaded(
        sender,
        tmp_path,
        goods=goods("coat", "hat"),
        offers=offers(
            offer("coat", price("100", kind="retail") + rest("7", "central") + rest("8", "corner"))
        ),
    )

    codes = done.codes()
    assert codes["erp.not_owned"] >= 2
    assert await prices_of(sender, "coat") == {}
    assert await sender.levels() == {("coat", "central"): 7, ("coat", "corner"): 8}
    ids = await sender.ids("product")
    assert ids.keys() == {"coat"}
    async with sender.context.database.snapshot() as snap:
        product = await catalog.get_product(snap, product_id=ids["coat"])
    assert product.name == {"ru": "coat"}


async def test_a_file_does_not_tell_the_stock_of_anothers_warehouse(sender, another, tmp_path):
    await sender.items("coat")
    await own(another, warehouses=["corner"])

    done = await loaded(
        sender,
        tmp_path,
        offers=offers(offer("coat", rest("7", "central") + rest("8", "corner"))),
    )

    assert done.codes()["erp.warehouse_not_owned"] == 1
    assert await sender.levels() == {("coat", "central"): 7}
