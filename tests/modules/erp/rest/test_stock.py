"""Stock by REST: what each row is answered, and what is known afterwards."""

from decimal import Decimal

import pytest

from tests.modules.erp.rest.conftest import at


def row(key: str, sequence: int, minutes: float = 0, **values):
    return {"key": key, "sequence": sequence, "as_of": at(minutes), **values}


async def test_numbers_are_set_by_warehouse(sender):
    await sender.items("coat", "hat")

    told = await sender.send(
        "stock",
        row("coat", 1, stock={"central": 5, "corner": "2"}),
        row("hat", 1, stock={"central": 0}),
    )

    assert [one["outcome"] for one in told] == ["applied", "unchanged"]
    assert await sender.levels("coat") == {("coat", "central"): 5, ("coat", "corner"): 2}


async def test_the_same_again_is_a_duplicate_and_an_older_one_is_stale(sender):
    await sender.items("coat")
    await sender.send("stock", row("coat", 5, stock={"central": 5}))

    again = await sender.send("stock", row("coat", 5, stock={"central": 5}))
    older = await sender.send("stock", row("coat", 4, -1, stock={"central": 9}))
    reused = await sender.send("stock", row("coat", 5, stock={"central": 6}))
    same = await sender.send("stock", row("coat", 9, 1, stock={"central": 5}))

    assert again == [{"row": 0, "key": "coat", "outcome": "duplicate", "sequence": 5}]
    assert (older[0]["outcome"], older[0]["code"]) == ("stale", "erp.stale")
    assert (reused[0]["outcome"], reused[0]["code"]) == ("refused", "erp.sequence_reused")
    assert reused[0]["field"] == "sequence"
    assert same[0]["outcome"] == "unchanged"
    assert await sender.levels("coat") == {("coat", "central"): 5}


async def test_a_late_row_counts_for_the_warehouses_no_later_one_named(sender):
    await sender.items("coat")
    await sender.send("stock", row("coat", 2, 1, stock={"central": 5}))

    told = await sender.send("stock", row("coat", 1, 0, stock={"central": 9, "corner": 3}))

    assert told[0]["outcome"] == "applied"
    assert await sender.levels("coat") == {("coat", "central"): 5, ("coat", "corner"): 3}


async def test_rows_of_one_item_apply_in_the_order_of_their_sequences(sender):
    await sender.items("coat")

    told = await sender.send(
        "stock",
        row("coat", 3, 2, stock={"central": 3}),
        row("coat", 1, 0, stock={"central": 1}),
        row("coat", 2, 1, stock={"central": 2}),
        row("coat", 3, 2, stock={"central": 3}),
    )

    assert [one["outcome"] for one in told] == ["applied", "applied", "applied", "duplicate"]
    assert await sender.levels("coat") == {("coat", "central"): 3}


async def test_a_bad_row_spoils_no_other(sender):
    await sender.items("coat", "hat")

    told = await sender.send(
        "stock",
        row("coat", 1, stock={"central": 5}),
        row("hat", 1, stock={"central": "many"}),
        {"key": 7, "sequence": 1, "stock": {}},
        {"key": "hat", "sequence": "two", "as_of": at(), "stock": {}},
        row("hat", 2, stock={"central": 4}, colour="red"),
        {"sequence": 1, "stock": {"central": 1}},
        row("hat", 3, stock={"central": 7}),
        row("hat", -1, stock={"central": 1}),
    )

    assert [one["outcome"] for one in told] == [
        "applied", "refused", "refused", "refused", "refused", "refused", "applied", "refused",
    ]  # fmt: skip
    assert [(one.get("code"), one.get("field")) for one in told[1:6]] == [
        ("request.type", "stock[...]"),
        ("request.type", "key"),
        ("request.type", "sequence"),
        ("request.unknown", "colour"),
        ("request.missing", "key"),
    ]
    assert await sender.levels() == {("coat", "central"): 5, ("hat", "central"): 7}


async def test_an_unknown_warehouse_is_left_out_and_the_rest_is_taken(sender):
    await sender.items("coat")
    sent = row("coat", 1, stock={"central": 5, "moon": 3})

    told = await sender.send("stock", sent)

    assert told[0]["outcome"] == "applied"
    assert told[0]["notes"] == [
        {
            "code": "erp.unknown_warehouse",
            "detail": "The warehouse moon is not known. Link it in the back office.",
            "field": "stock.moon",
        }
    ]
    assert await sender.levels() == {("coat", "central"): 5}
    alone = await sender.send("stock", row("coat", 2, stock={"moon": 3}))
    assert (alone[0]["outcome"], alone[0]["code"]) == ("refused", "erp.unknown_warehouse")


async def test_a_row_of_an_unknown_item_is_kept_until_the_item_comes(sender):
    told = await sender.send(
        "stock",
        row("scarf", 1, stock={"central": 5, "corner": 1}),
        row("scarf", 2, 1, stock={"central": 6}),
    )
    assert [(one["outcome"], one["code"]) for one in told] == [
        ("deferred", "erp.item_awaited"),
        ("deferred", "erp.item_awaited"),
    ]

    await sender.items("scarf")

    assert await sender.levels() == {("scarf", "central"): 6, ("scarf", "corner"): 1}
    again = await sender.send("stock", row("scarf", 2, 1, stock={"central": 6}))
    assert again[0]["outcome"] == "duplicate"


@pytest.mark.parametrize(
    ("quantity", "code"),
    [
        ("NaN", "erp.quantity_absurd"),
        ("Infinity", "erp.quantity_absurd"),
        ("1e400", "erp.quantity_absurd"),
        (1e300, "erp.quantity_absurd"),
        ("99999999999999", "erp.quantity_absurd"),
        ("1.5", "erp.quantity_fractional"),
        ("0.0001", "erp.quantity_too_fine"),
    ],
)
async def test_a_number_that_is_no_quantity_is_refused(sender, quantity, code):
    await sender.items("coat", "hat")

    told = await sender.send(
        "stock", row("coat", 1, stock={"central": quantity}), row("hat", 1, stock={"central": 3})
    )

    assert (told[0]["outcome"], told[0]["code"]) == ("refused", code)
    assert told[0]["field"] == "stock.central"
    assert told[1]["outcome"] == "applied"
    assert await sender.levels() == {("hat", "central"): 3}


async def test_a_negative_number_is_kept_and_told(sender):
    await sender.items("coat")

    told = await sender.send("stock", row("coat", 1, stock={"central": -3, "corner": 2}))

    assert told[0]["outcome"] == "applied"
    assert [note["code"] for note in told[0]["notes"]] == ["erp.negative_quantity"]
    assert await sender.levels() == {("coat", "central"): -3, ("coat", "corner"): 2}


async def test_metres_may_be_fractions(sender):
    await sender.items("ribbon", unit="006")

    told = await sender.send("stock", row("ribbon", 1, stock={"central": "12.125"}))

    assert told[0]["outcome"] == "applied"
    assert await sender.levels() == {("ribbon", "central"): Decimal("12.125")}


async def test_a_clock_ahead_is_refused_and_blocks_nothing(sender):
    await sender.items("coat")

    ahead = await sender.send("stock", row("coat", 9, 60 * 25, stock={"central": 5}))
    right = await sender.send("stock", row("coat", 1, stock={"central": 4}))
    without = await sender.send("stock", {"key": "coat", "sequence": 2, "stock": {"central": 1}})

    assert (ahead[0]["outcome"], ahead[0]["code"]) == ("refused", "erp.clock_ahead")
    assert right[0]["outcome"] == "applied"
    assert (without[0]["outcome"], without[0]["code"]) == ("refused", "erp.as_of_missing")
    assert await sender.levels() == {("coat", "central"): 4}


async def test_a_number_formed_before_what_is_known_is_stale(sender):
    await sender.items("coat")
    await sender.send("stock", row("coat", 1, 10, stock={"central": 5}))

    told = await sender.send("stock", row("coat", 2, 0, stock={"central": 4}))

    assert (told[0]["outcome"], told[0]["code"]) == ("stale", "erp.older_than_known")
    assert await sender.levels() == {("coat", "central"): 5}
