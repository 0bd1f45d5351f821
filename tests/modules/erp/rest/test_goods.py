"""Items and prices by REST."""

from decimal import Decimal

from hansa.modules import catalog, erp, pricing
from tests.modules.erp.rest.test_stock import row


async def product_of(sender, key: str) -> catalog.Product:
    id_ = (await sender.ids("product"))[key]
    async with sender.context.database.snapshot() as snap:
        return await catalog.get_product(snap, product_id=id_)


async def variant_of(sender, key: str) -> catalog.Variant:
    id_ = (await sender.ids())[key]
    async with sender.context.database.snapshot() as snap:
        return (await catalog.get_variants(snap, variant_ids=[id_]))[id_]


async def prices_of(sender, key: str) -> dict[Decimal, Decimal]:
    id_ = (await sender.ids())[key]
    async with sender.context.database.snapshot() as snap:
        found = await snap.all(
            "select min_quantity, amount from pricing_price where variant_id = %(id)s", {"id": id_}
        )
    return {line.min_quantity: line.amount for line in found}


async def test_a_card_brings_a_variant_of_its_own(sender):
    told = await sender.send(
        "items",
        {"key": "coat", "sequence": 1, "name": "Пальто", "brand": "Север", "sku": "C-1"},
    )

    assert told[0]["outcome"] == "applied"
    product = await product_of(sender, "coat")
    assert (product.name, product.brand) == ({"ru": "Пальто"}, "Север")
    assert product.status is catalog.Status.ACTIVE
    variant = await variant_of(sender, "coat")
    assert (variant.sku, variant.product_id) == ("C-1", product.id)


async def test_variants_of_a_card_come_in_any_order(sender):
    told = await sender.send(
        "items",
        {"key": "dress#42", "sequence": 1, "sku": "D-42", "options": {"Размер": "42"}},
        {"key": "dress", "sequence": 1, "name": "Платье", "has_variants": True},
        {"key": "suit#50", "sequence": 1, "sku": "S-50"},
    )
    assert [one["outcome"] for one in told] == ["applied", "applied", "deferred"]

    await sender.send(
        "items", {"key": "suit", "sequence": 1, "name": "Костюм", "has_variants": True}
    )

    assert (await sender.ids()).keys() == {"dress#42", "suit#50"}
    dress = await variant_of(sender, "dress#42")
    assert dress.options == {"size": {"ru": "42"}}
    assert (await variant_of(sender, "suit#50")).sku == "S-50"


async def test_only_the_fields_of_a_row_change(sender):
    await sender.items("coat", brand="Север", sku="C-1")

    told = await sender.send("items", {"key": "coat", "sequence": 2, "name": "Пальто"})
    same = await sender.send("items", {"key": "coat", "sequence": 3, "brand": "Север"})

    assert [one["outcome"] for one in (*told, *same)] == ["applied", "unchanged"]
    product = await product_of(sender, "coat")
    assert (product.name, product.brand) == ({"ru": "Пальто"}, "Север")
    assert (await variant_of(sender, "coat")).sku == "C-1"


async def test_a_deleted_card_leaves_the_shop_and_comes_back(sender):
    await sender.items("coat")

    await sender.send("items", {"key": "coat", "sequence": 2, "is_deleted": True})
    gone = await product_of(sender, "coat")
    await sender.send("items", {"key": "coat", "sequence": 3, "is_deleted": False})
    back = await product_of(sender, "coat")

    assert [gone.status, back.status] == [catalog.Status.ARCHIVED, catalog.Status.ACTIVE]


async def test_a_new_item_without_a_name_is_refused(sender):
    told = await sender.send("items", {"key": "coat", "sequence": 1, "brand": "Север"})

    assert (told[0]["outcome"], told[0]["code"]) == ("refused", "erp.name_missing")
    assert await sender.ids() == {}


async def test_what_has_no_place_in_a_row_is_left_out_and_told(sender):
    await sender.send("items", {"key": "dress", "sequence": 1, "name": "Платье",
                                "has_variants": True, "sku": "D"})  # fmt: skip
    told = await sender.send(
        "items",
        {"key": "dress#1", "sequence": 1, "name": "другое", "sku": "D-1"},
        {"key": "hat", "sequence": 1, "name": "Шляпа", "groups": ["nowhere"]},
    )

    assert [one["outcome"] for one in told] == ["applied", "applied"]
    assert [one["notes"][0]["code"] for one in told] == ["erp.field_of_card", "erp.unknown_group"]
    assert (await product_of(sender, "dress")).name == {"ru": "Платье"}


async def test_prices_are_set_changed_and_taken_away(sender):
    await sender.items("coat")
    told = await sender.send(
        "prices",
        {"key": "coat", "sequence": 1, "prices": [
            {"type": "retail", "amount": "1990.00", "currency": "RUB"},
            {"type": "retail", "amount": 1500, "min_quantity": 10},
        ]},
        {"key": "coat", "sequence": 2, "prices": [{"type": "retail", "amount": 1890}]},
        {"key": "coat", "sequence": 3, "prices": [{"type": "retail", "amount": 1890}]},
        {"key": "coat", "sequence": 4,
         "prices": [{"type": "retail", "amount": 0, "min_quantity": "10.0"}]},
    )  # fmt: skip

    assert [one["outcome"] for one in told] == ["applied", "applied", "unchanged", "applied"]
    assert await prices_of(sender, "coat") == {1: 1890}


async def test_bad_prices_are_left_out_and_the_rest_is_taken(sender):
    await sender.items("coat", "hat")

    told = await sender.send(
        "prices",
        {"key": "coat", "sequence": 1, "prices": [
            {"type": "retail", "amount": 1990},
            {"type": "moon", "amount": 5},
            {"type": "retail", "amount": 5, "currency": "EUR", "min_quantity": 2},
            {"type": "retail", "amount": -5, "min_quantity": 3},
            {"type": "retail", "amount": "NaN", "min_quantity": 4},
            {"type": "retail", "amount": "1e900", "min_quantity": 5},
            {"type": "retail", "amount": 7, "min_quantity": "1e-400"},
        ]},
        {"key": "hat", "sequence": 1, "prices": [{"type": "moon", "amount": 5}]},
        {"key": "scarf", "sequence": 1, "prices": [{"type": "retail", "amount": 5}]},
    )  # fmt: skip

    assert [one["outcome"] for one in told] == ["applied", "refused", "deferred"]
    assert [note["code"] for note in told[0]["notes"]] == [
        "erp.unknown_price_type",
        "erp.other_currency",
        *["erp.quantity_absurd"] * 4,
    ]
    assert [note["field"] for note in told[0]["notes"]][:2] == ["prices[1]", "prices[2]"]
    assert await prices_of(sender, "coat") == {1: 1990}
    await sender.items("scarf")
    assert await prices_of(sender, "scarf") == {1: 5}


async def test_a_price_that_a_person_has_set_stays(sender, now):
    await sender.items("coat")
    id_ = (await sender.ids())["coat"]
    async with sender.context.database.transaction() as tx:
        (price_list,) = await pricing.list_price_lists(tx)
        await tx.execute(
            "insert into pricing_price"
            " (price_list_id, variant_id, min_quantity, amount, is_overridden, changed_at)"
            " values (%(list)s, %(id)s, 1, 100, true, %(now)s)",
            {"list": price_list.id, "id": id_, "now": now},
        )

    told = await sender.send(
        "prices", {"key": "coat", "sequence": 1, "prices": [{"type": "retail", "amount": 90}]}
    )

    assert told[0]["outcome"] == "unchanged"
    assert [note["code"] for note in told[0]["notes"]] == ["erp.price_kept"]


# Who owns what.


async def own(sender, *fields: str, warehouses=()) -> None:
    async with sender.context.database.transaction() as tx:
        await erp.set_owned_fields(
            tx, connection_id=sender.connection.id, fields=fields, by=None,
            now=sender.context.clock.now(),
        )  # fmt: skip
        await erp.set_owned_warehouses(
            tx, connection_id=sender.connection.id,
            warehouse_ids=[sender.places[one] for one in warehouses], by=None,
            now=sender.context.clock.now(),
        )  # fmt: skip


async def test_each_connection_changes_what_it_owns(site, sender, another):
    await sender.items("coat", brand="Север")
    async with sender.context.database.transaction() as tx:
        ids = await erp.external_ids(
            tx, connection_id=sender.connection.id, kind="variant",
            internal_ids=list((await sender.ids()).values()),
        )  # fmt: skip
        assert set(ids.values()) == {"coat"}
        for kind in ("product", "variant"):
            copied = await erp.map_identifiers(
                tx,
                from_connection_id=sender.connection.id,
                to_connection_id=another.connection.id,
                kind=kind,
                names={"coat": "К-77", "nothing": "К-78"},
            )
            assert copied == 1
    await own(sender, "name", "prices")
    await own(another, "brand", "stock", warehouses=["corner"])

    head = await sender.send("items", {"key": "coat", "sequence": 2, "name": "А", "brand": "Б"})
    local = await another.send("items", {"key": "К-77", "sequence": 1, "name": "В", "brand": "Г"})
    head_stock = await sender.send("stock", row("coat", 1, stock={"central": 5}))
    local_stock = await another.send("stock", row("К-77", 1, stock={"corner": 5, "central": 6}))
    local_prices = await another.send(
        "prices", {"key": "К-77", "sequence": 1, "prices": [{"type": "retail", "amount": 1}]}
    )
    local_new = await another.send("items", {"key": "К-99", "sequence": 1, "name": "Новое"})

    assert head[0]["notes"] == [
        {
            "code": "erp.not_owned",
            "detail": "“brand” is not owned by this connection and was left as it is.",
            "field": "brand",
        }
    ]
    assert [note["field"] for note in local[0]["notes"]] == ["name"]
    product = await product_of(sender, "coat")
    assert (product.name, product.brand) == ({"ru": "А"}, "Г")
    assert (head_stock[0]["outcome"], head_stock[0]["code"]) == ("refused", "erp.not_owned")
    assert local_stock[0]["outcome"] == "applied"
    assert local_prices[0]["code"] == "erp.not_owned"
    assert (local_new[0]["outcome"], local_new[0]["code"]) == ("refused", "erp.not_owned")
    assert await another.levels() == {("К-77", "corner"): 5, ("К-77", "central"): 6}


async def test_the_warehouse_of_another_connection_is_refused(sender, another):
    await sender.items("coat")
    await own(another, warehouses=["corner"])

    told = await sender.send("stock", row("coat", 1, stock={"corner": 5, "central": 6}))
    alone = await sender.send("stock", row("coat", 2, stock={"corner": 5}))

    assert told[0]["notes"][0]["code"] == "erp.warehouse_not_owned"
    assert (alone[0]["outcome"], alone[0]["code"]) == ("refused", "erp.warehouse_not_owned")
    assert await sender.levels() == {("coat", "central"): 6}
    await own(another)
    again = await sender.send("stock", row("coat", 3, 1, stock={"corner": 5}))
    assert again[0]["outcome"] == "applied"


async def test_sequences_of_two_connections_are_their_own(sender, another):
    await sender.items("coat")
    async with sender.context.database.transaction() as tx:
        await erp.link_references(
            tx, connection=another.connection, kind="variant", links=await sender.ids()
        )
    await sender.send("stock", row("coat", 900, stock={"central": 5}))

    told = await another.send("stock", row("coat", 1, 1, stock={"central": 4}))

    assert told[0]["outcome"] == "applied"
