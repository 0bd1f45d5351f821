"""Numbers of the ERP: stale, repeated, negative, refused, missing; the journal explains them."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import psycopg
import pytest

from hansa.modules import stock
from hansa.runtime.http import Actor
from tests.support.stock import a_chain, available, findings, hold_or_raise, put

MINUTE = timedelta(minutes=1)


async def test_older_and_repeated_numbers_change_nothing(tx, now):
    chain = await a_chain(tx, now=now)
    variant = uuid4()
    assert (await put(tx, chain.central, variant, 5, as_of=now)).changed == 1

    repeated = await put(tx, chain.central, variant, 5, as_of=now)
    unchanged = await put(tx, chain.central, variant, 5, as_of=now + 2 * MINUTE)
    stale = await put(tx, chain.central, variant, 9, as_of=now + MINUTE)

    assert (repeated.changed, repeated.unchanged, repeated.stale) == (0, 1, 0)
    assert (unchanged.changed, unchanged.unchanged, unchanged.stale) == (0, 1, 0)
    assert (stale.changed, stale.unchanged, stale.stale) == (0, 0, 1)
    assert await available(tx, variant) == 5
    assert len(await stock.ledger(tx, variant_id=variant)) == 1


async def test_within_a_batch_the_newest_number_of_a_place_counts_and_of_equals_the_last(tx, now):
    chain = await a_chain(tx, now=now)
    first, second = uuid4(), uuid4()

    def level(variant, on_hand, as_of):
        return stock.Level(
            warehouse_id=chain.central, variant_id=variant, on_hand=Decimal(on_hand), as_of=as_of
        )

    levels = [
        level(first, 7, now + MINUTE),
        level(first, 3, now),
        level(second, 1, now),
        level(second, 2, now),
    ]
    result = await stock.set_levels(tx, source="1c", levels=levels, now=now)

    assert result.changed == 2
    assert await available(tx, first) == 7
    assert await available(tx, second) == 2
    assert await findings(tx) == []


async def test_a_negative_number_is_kept_counts_as_zero_and_is_reported(tx, now):
    chain = await a_chain(tx, now=now)
    variant = uuid4()
    await put(tx, chain.central, variant, 5, as_of=now)

    result = await put(tx, chain.shop, variant, -2, as_of=now)

    assert [level.on_hand for level in result.negative] == [-2]
    assert await available(tx, variant) == 5
    [row] = await stock.list_levels(tx, warehouse_id=chain.shop, negative=True)
    assert row.on_hand == -2
    assert await findings(tx) == []


async def test_bad_numbers_are_refused_by_themselves(tx, now):
    chain = await a_chain(tx, now=now)
    variant = uuid4()

    def level(**different):
        values = {
            "warehouse_id": chain.central,
            "variant_id": variant,
            "on_hand": Decimal(1),
            "as_of": now,
        }
        return stock.Level(**(values | different))

    result = await stock.set_levels(
        tx,
        source="1c",
        levels=[
            level(),
            level(warehouse_id=uuid4()),
            level(on_hand=Decimal("1e12")),
            level(on_hand=Decimal("NaN")),
            level(as_of=now + timedelta(days=2)),
        ],
        now=now,
    )

    assert [refused.reason for refused in result.refused] == [
        "unknown_warehouse",
        "absurd_quantity",
        "absurd_quantity",
        "from_the_future",
    ]
    assert result.changed == 1
    assert await available(tx, variant) == 1


async def test_what_a_full_export_does_not_name_is_zero(tx, now):
    chain = await a_chain(tx, now=now)
    named, missing, other_source = uuid4(), uuid4(), uuid4()
    for variant in (named, missing):
        await put(tx, chain.central, variant, 5, as_of=now)
        await put(tx, chain.abroad, variant, 5, as_of=now)
    foreign = stock.Level(
        warehouse_id=chain.central, variant_id=other_source, on_hand=Decimal(4), as_of=now
    )
    await stock.set_levels(tx, source="till", levels=[foreign], now=now)
    await put(tx, chain.central, named, 5, as_of=now + MINUTE)

    full = {"source": "1c", "warehouse_ids": [chain.central], "as_of": now + MINUTE, "now": now}
    assert await stock.zero_missing(tx, **full) == 1
    assert await stock.zero_missing(tx, **full) == 0

    assert await available(tx, named) == 5
    assert await available(tx, missing) == 0
    assert await available(tx, missing, channel="kz") == 5
    assert await available(tx, other_source) == 4
    [latest, *_] = await stock.ledger(tx, variant_id=missing)
    assert latest.kind == "missing"
    assert await findings(tx) == []


async def test_a_number_gone_missing_contains_what_had_left(tx, now):
    chain = await a_chain(tx, now=now)
    variant = uuid4()
    await put(tx, chain.central, variant, 1, as_of=now)
    held = await hold_or_raise(tx, [(variant, 1)], now=now)
    order_id = uuid4()
    await stock.confirm(tx, reservation_id=held.id, order_id=order_id, now=now)
    await stock.mark_shipped(tx, order_id=order_id, shipped_at=now + MINUTE, reference="1", now=now)

    await stock.zero_missing(
        tx, source="1c", warehouse_ids=[chain.central], as_of=now + 2 * MINUTE, now=now
    )

    reservation = await stock.get_reservation(tx, order_id=order_id)
    assert reservation is not None
    assert reservation.state is stock.State.CONTAINED
    assert await findings(tx) == []


async def test_safety_stock_is_kept_back_without_taking_from_other_warehouses(tx, now):
    chain = await a_chain(tx, now=now)
    variant = uuid4()
    await put(tx, chain.central, variant, 5, as_of=now)
    await put(tx, chain.shop, variant, 1, as_of=now)

    staff = Actor(id=uuid4(), kind="staff")
    wishes = [(chain.central, variant, Decimal(2)), (chain.shop, variant, Decimal(3))]
    await stock.set_safety(tx, safety=wishes, by=staff, now=now)

    assert await available(tx, variant) == 3
    assert await findings(tx) == []
    told = await stock.ledger(tx, variant_id=variant)
    assert [movement.actor_id for movement in told if movement.kind == "safety"] == [staff.id] * 2
    await stock.set_safety(tx, safety=[(chain.central, variant, Decimal(0))], by=staff, now=now)
    assert await available(tx, variant) == 5


async def test_safety_stock_may_be_set_before_the_erp_says_a_number(tx, now):
    chain = await a_chain(tx, now=now)
    variant = uuid4()
    await stock.set_safety(tx, safety=[(chain.central, variant, Decimal(2))], by=None, now=now)

    await put(tx, chain.central, variant, 5, as_of=now)

    assert await available(tx, variant) == 3
    assert await findings(tx) == []


async def test_the_journal_cannot_be_changed(committing, now):
    variant = uuid4()
    async with committing.transaction() as tx:
        chain = await a_chain(tx, now=now)
        await put(tx, chain.central, variant, 5, as_of=now)

    for statement in (
        "update stock_movement set on_hand_change = 6",
        "delete from stock_movement",
        "truncate stock_movement",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            async with committing.transaction() as tx:
                await tx.execute(statement)

    async with committing.snapshot() as snap:
        assert len(await stock.ledger(snap, variant_id=variant)) == 1


async def test_a_number_is_explained(tx, now):
    chain = await a_chain(tx, now=now)
    variant = uuid4()
    await put(tx, chain.central, variant, 5, as_of=now)
    await put(tx, chain.shop, variant, -1, as_of=now)
    await stock.set_safety(tx, safety=[(chain.central, variant, Decimal(1))], by=None, now=now)
    await hold_or_raise(tx, [(variant, 1)], now=now)
    ordered = await hold_or_raise(tx, [(variant, 1)], now=now)
    shipped = await hold_or_raise(tx, [(variant, 1)], now=now, channel="kz")
    for held in (ordered, shipped):
        await stock.confirm(tx, reservation_id=held.id, order_id=held.id, now=now)
    await stock.mark_shipped(
        tx, order_id=shipped.id, shipped_at=now + MINUTE, reference="1", now=now
    )

    story = await stock.explain(tx, channel="ru", variant_id=variant)

    assert (story.available, story.sellable, story.reserved) == (1, 4, 3)
    assert {
        part.warehouse_id: (part.on_hand, part.safety, part.counted) for part in story.warehouses
    } == {
        chain.central: (5, 1, 4),
        chain.shop: (-1, 0, 0),
    }
    assert {part.waits_for for part in story.reservations} == {"order", "shipment", "number"}
    assert {part.channel for part in story.reservations} == {"ru", "kz"}
    assert story.reservations_left_out == 0
    assert {movement.kind for movement in story.movements} >= {
        "level",
        "safety",
        "held",
        "ordered",
        "shipped",
    }


async def test_lists_for_the_back_office(tx, now):
    chain = await a_chain(tx, now=now)
    few, many, none, broken = (uuid4() for _ in range(4))
    for variant, on_hand in ((few, 2), (many, 90), (none, 0), (broken, 3)):
        await put(tx, chain.abroad, variant, on_hand, as_of=now)
    await hold_or_raise(tx, [(broken, 3)], now=now, channel="kz")
    await put(tx, chain.abroad, broken, 1, as_of=now + MINUTE)

    low = await stock.low_stock(tx, channel="kz", threshold=Decimal(5))
    assert few in {row.variant_id for row in low}
    assert not {many, none, broken} & {row.variant_id for row in low}
    [worst] = [row for row in await stock.discrepancies(tx) if row.variant_id == broken]
    assert (worst.sellable, worst.reserved, worst.available) == (1, 3, 0)
    first = await stock.list_levels(tx, warehouse_id=chain.abroad, limit=3)
    last = (first[-1].variant_id, first[-1].warehouse_id)
    rest = await stock.list_levels(tx, warehouse_id=chain.abroad, after=last, limit=3)
    assert {row.variant_id for row in (*first, *rest)} == {few, many, none, broken}


async def test_channels_linked_in_a_chain_count_each_others_reservations(tx, now):
    """Ru - kz - by share a warehouse pairwise; kz sells a variant only after ru did."""
    west, middle, east = uuid4(), uuid4(), uuid4()
    places = ((west, ("xr", "xk")), (middle, ("xk",)), (east, ("xk", "xb")))
    await stock.save_warehouses(
        tx,
        warehouses=[
            stock.Warehouse(id=place, code=str(place), name={"ru": "Склад"}, channels=channels)
            for place, channels in places
        ],
        now=now,
    )
    variant = uuid4()
    await put(tx, west, variant, 1, as_of=now)
    await put(tx, middle, variant, 5, as_of=now)
    await hold_or_raise(tx, [(variant, 2)], now=now, channel="xk")

    await put(tx, east, variant, 5, as_of=now)

    assert await available(tx, variant, channel="xb") == 3
    assert await available(tx, variant, channel="xk") == 9
    assert await available(tx, variant, channel="xr") == 0
    assert await findings(tx) == []


async def test_the_first_number_may_be_zero(tx, now):
    chain = await a_chain(tx, now=now)
    variant = uuid4()
    await put(tx, chain.central, variant, 0, as_of=now)

    await put(tx, chain.central, variant, 5, as_of=now + MINUTE)

    assert await available(tx, variant) == 5
    assert await findings(tx) == []
