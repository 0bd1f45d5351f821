"""Shelves: orders bound to them, and what shops say is not there."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from hansa.modules import stock
from hansa.runtime.database import Transaction
from tests.support.stock import Chain, a_chain, available, findings, hold, hold_or_raise, put

MINUTE = timedelta(minutes=1)


@pytest.fixture
def variant() -> UUID:
    return uuid4()


@pytest.fixture
async def chain(tx, now) -> Chain:
    return await a_chain(tx, now=now)


async def ordered(
    tx: Transaction, variant_id: UUID, quantity: int, *, now: datetime, place: UUID | None = None
) -> UUID:
    held = await hold_or_raise(tx, [(variant_id, quantity)], now=now, warehouse_id=place)
    order_id = uuid4()
    await stock.confirm(tx, reservation_id=held.id, order_id=order_id, now=now)
    return order_id


def part(variant_id: UUID, warehouse_id: UUID, quantity: int) -> stock.Binding:
    return stock.Binding(variant_id, warehouse_id, Decimal(quantity))


async def shelf(tx: Transaction, variant_id: UUID, warehouse_id: UUID) -> stock.Shelf:
    found = await stock.shelves(tx, channel="ru", variant_ids=[variant_id])
    return next(one for one in found if one.warehouse_id == warehouse_id)


async def bound(tx: Transaction, order_id: UUID) -> dict[UUID, int]:
    found = await stock.list_bindings(tx, order_ids=[order_id])
    return {one.warehouse_id: int(one.quantity) for one in found}


async def test_binding_claims_the_shelf_and_leaves_what_the_channel_may_sell(
    tx, now, chain, variant
):
    await put(tx, chain.shop, variant, 3, as_of=now)
    order_id = await ordered(tx, variant, 2, now=now)

    await stock.bind(tx, order_id=order_id, parts=[part(variant, chain.shop, 2)], now=now)

    row = await shelf(tx, variant, chain.shop)
    assert (row.reserved, row.available) == (2, 1)
    assert await available(tx, variant) == 1
    assert await bound(tx, order_id) == {chain.shop: 2}
    assert await findings(tx) == []
    [latest, *_] = await stock.ledger(tx, variant_id=variant)
    assert (latest.kind, latest.warehouse_id, latest.quantity) == ("bound", chain.shop, 2)


async def test_binding_is_all_or_nothing_and_may_be_tried_again_elsewhere(tx, now, chain, variant):
    await put(tx, chain.shop, variant, 1, as_of=now)
    await put(tx, chain.central, variant, 2, as_of=now)
    order_id = await ordered(tx, variant, 2, now=now)
    both = [part(variant, chain.central, 1), part(variant, chain.shop, 2)]

    with pytest.raises(stock.ShelfShort) as refusal:
        await stock.bind(tx, order_id=order_id, parts=both, now=now)
    assert refusal.value.short == ((variant, chain.shop, 2, 1),)
    assert await bound(tx, order_id) == {}

    await stock.bind(tx, order_id=order_id, parts=[part(variant, chain.central, 2)], now=now)
    assert await bound(tx, order_id) == {chain.central: 2}
    assert await findings(tx) == []


async def test_a_pickup_cannot_have_what_is_bound_to_another_order(tx, now, chain, variant):
    await put(tx, chain.shop, variant, 2, as_of=now)
    await put(tx, chain.central, variant, 5, as_of=now)
    order_id = await ordered(tx, variant, 2, now=now)
    await stock.bind(tx, order_id=order_id, parts=[part(variant, chain.shop, 2)], now=now)

    answer = await hold(tx, [(variant, 1)], now=now, warehouse_id=chain.shop)

    assert isinstance(answer, stock.OutOfStock)
    places = await stock.availability_by_warehouse(tx, channel="ru", variant_ids=[variant])
    assert places[variant] == {chain.shop: 0, chain.central: 5}


async def test_shops_asked_side_by_side_may_together_claim_more_than_is_open(
    tx, now, chain, variant
):
    await put(tx, chain.shop, variant, 1, as_of=now)
    await put(tx, chain.central, variant, 1, as_of=now)
    order_id = await ordered(tx, variant, 1, now=now)

    both = [part(variant, chain.shop, 1), part(variant, chain.central, 1)]
    await stock.bind(tx, order_id=order_id, parts=both, now=now)
    assert await findings(tx) == []
    with pytest.raises(stock.OrderNeedsLess):
        await stock.bind(tx, order_id=order_id, parts=[part(variant, chain.shop, 1)], now=now)

    await stock.unbind(tx, order_id=order_id, parts=[part(variant, chain.central, 9)], now=now)
    await stock.unbind(tx, order_id=order_id, parts=[part(variant, chain.central, 9)], now=now)
    assert await bound(tx, order_id) == {chain.shop: 1}
    assert await findings(tx) == []


async def test_a_release_takes_the_newest_bindings_down_with_it(tx, now, chain, variant):
    await put(tx, chain.shop, variant, 3, as_of=now)
    await put(tx, chain.central, variant, 3, as_of=now)
    order_id = await ordered(tx, variant, 3, now=now)
    await stock.bind(tx, order_id=order_id, parts=[part(variant, chain.shop, 2)], now=now)
    later = now + MINUTE
    await stock.bind(tx, order_id=order_id, parts=[part(variant, chain.central, 1)], now=later)

    reason = stock.ReleaseReason.CORRECTED
    one = [(variant, Decimal(1))]
    await stock.release(tx, order_id=order_id, lines=one, reason=reason, now=later)
    assert await bound(tx, order_id) == {chain.shop: 2}
    assert await findings(tx) == []

    await stock.release(tx, order_id=order_id, reason=reason, now=later)
    assert await bound(tx, order_id) == {}
    assert await available(tx, variant) == 6
    assert await findings(tx) == []


async def test_goods_that_left_stay_bound_until_the_number_contains_them(tx, now, chain, variant):
    await put(tx, chain.shop, variant, 2, as_of=now)
    await put(tx, chain.central, variant, 2, as_of=now)
    order_id = await ordered(tx, variant, 2, now=now)
    both = [part(variant, chain.shop, 1), part(variant, chain.central, 1)]
    await stock.bind(tx, order_id=order_id, parts=both, now=now)

    await stock.mark_shipped(
        tx,
        order_id=order_id,
        shipped_at=now + MINUTE,
        reference="1",
        lines=[(variant, Decimal(1))],
        warehouse_id=chain.central,
        now=now,
    )
    assert await bound(tx, order_id) == {chain.shop: 1, chain.central: 1}

    await put(tx, chain.central, variant, 1, as_of=now + 2 * MINUTE)
    assert await bound(tx, order_id) == {chain.shop: 1}
    assert await available(tx, variant) == 2
    assert await findings(tx) == []


async def test_what_is_to_be_picked_up_is_bound_already(tx, now, chain, variant):
    await put(tx, chain.shop, variant, 1, as_of=now)
    order_id = await ordered(tx, variant, 1, now=now, place=chain.shop)

    await stock.bind(tx, order_id=order_id, parts=[part(variant, chain.shop, 1)], now=now)

    assert await bound(tx, order_id) == {chain.shop: 1}
    assert (await shelf(tx, variant, chain.shop)).reserved == 1
    assert await findings(tx) == []


async def test_nothing_can_be_bound_for_an_unknown_order_or_in_an_inactive_warehouse(
    tx, now, chain, variant
):
    with pytest.raises(stock.NoReservation):
        await stock.bind(tx, order_id=uuid4(), parts=[part(variant, chain.shop, 1)], now=now)
    with pytest.raises(stock.BindingInvalid):
        await stock.bind(tx, order_id=uuid4(), parts=[part(variant, chain.shop, 0)], now=now)
    await stock.unbind(tx, order_id=uuid4(), parts=[part(variant, chain.shop, 1)], now=now)

    await put(tx, chain.shop, variant, 1, as_of=now)
    await put(tx, chain.central, variant, 1, as_of=now)
    order_id = await ordered(tx, variant, 1, now=now)
    shut = stock.Warehouse(
        id=chain.shop,
        code=f"shop-{chain.shop}",
        name={"ru": "Магазин"},
        channels=("ru",),
        is_active=False,
    )
    await stock.save_warehouses(tx, warehouses=[shut], now=now)
    with pytest.raises(stock.ShelfShort):
        await stock.bind(tx, order_id=order_id, parts=[part(variant, chain.shop, 1)], now=now)


# -- corrections -------------------------------------------------------------------------------


async def corrected(
    tx: Transaction,
    warehouse_id: UUID,
    variant_id: UUID,
    quantity: int,
    *,
    now: datetime,
    reference: str = "question 1",
    kind: stock.CorrectionKind = stock.CorrectionKind.MISSING,
) -> stock.Correction:
    return await stock.correct(
        tx,
        warehouse_id=warehouse_id,
        variant_id=variant_id,
        kind=kind,
        quantity=Decimal(quantity),
        reference=reference,
        now=now,
    )


async def test_what_a_shop_does_not_find_is_not_sold(tx, now, chain, variant):
    await put(tx, chain.shop, variant, 3, as_of=now)
    await put(tx, chain.central, variant, 1, as_of=now)

    made = await corrected(tx, chain.shop, variant, 2, now=now)
    again = await corrected(tx, chain.shop, variant, 2, now=now + MINUTE)

    assert again == made
    assert await available(tx, variant) == 2
    assert (await shelf(tx, variant, chain.shop)).withheld == 2
    assert await findings(tx) == []
    with pytest.raises(stock.CorrectionReferenceTaken):
        await corrected(tx, chain.shop, variant, 1, now=now)


async def test_a_correction_never_takes_from_other_warehouses(tx, now, chain, variant):
    await put(tx, chain.shop, variant, 1, as_of=now)
    await put(tx, chain.central, variant, 4, as_of=now)

    await corrected(tx, chain.shop, variant, 3, now=now)

    assert await available(tx, variant) == 4
    assert await findings(tx) == []


async def test_a_correction_ends_when_the_number_has_fallen_by_it(tx, now, chain, variant):
    await put(tx, chain.shop, variant, 5, as_of=now)
    await corrected(tx, chain.shop, variant, 2, now=now)

    before = await put(tx, chain.shop, variant, 3, as_of=now)
    assert (before.found, await available(tx, variant)) == (0, 1), "formed before it"
    too_little = await put(tx, chain.shop, variant, 4, as_of=now + MINUTE)
    assert (too_little.found, await available(tx, variant)) == (0, 2)

    enough = await put(tx, chain.shop, variant, 3, as_of=now + 2 * MINUTE)

    assert (enough.found, await available(tx, variant)) == (1, 3)
    [known] = await stock.list_corrections(tx, is_open=False)
    assert known.ended_why is stock.CorrectionEnd.NUMBER
    assert await findings(tx) == []


async def test_a_fall_of_the_number_ends_only_as_many_corrections_as_it_covers(
    tx, now, chain, variant
):
    await put(tx, chain.shop, variant, 5, as_of=now)
    defective = stock.CorrectionKind.DEFECTIVE
    await corrected(tx, chain.shop, variant, 1, now=now)
    await corrected(tx, chain.shop, variant, 1, now=now, reference="two", kind=defective)

    first = await put(tx, chain.shop, variant, 4, as_of=now + MINUTE)
    assert (first.found, await available(tx, variant)) == (1, 3)

    same = await put(tx, chain.shop, variant, 4, as_of=now + 2 * MINUTE)
    assert (same.found, await available(tx, variant)) == (0, 3)

    second = await put(tx, chain.shop, variant, 3, as_of=now + 3 * MINUTE)
    assert (second.found, await available(tx, variant)) == (1, 3)
    assert await findings(tx) == []


async def test_a_correction_ends_when_the_message_names_it(tx, now, chain, variant):
    await put(tx, chain.shop, variant, 5, as_of=now)
    made = await corrected(tx, chain.shop, variant, 2, now=now)

    level = stock.Level(
        warehouse_id=chain.shop,
        variant_id=variant,
        on_hand=Decimal(13),
        as_of=now + MINUTE,
        contains=frozenset({made.id}),
    )
    result = await stock.set_levels(tx, source="1c", levels=[level], now=now)

    assert (result.found, await available(tx, variant)) == (1, 13)
    [known] = await stock.list_corrections(tx, variant_id=variant, is_open=False)
    assert known.ended_why is stock.CorrectionEnd.NAMED
    assert await findings(tx) == []


async def test_a_person_may_say_that_it_is_found_again(tx, now, chain, variant):
    await put(tx, chain.shop, variant, 5, as_of=now)
    made = await corrected(tx, chain.shop, variant, 2, now=now)
    who = uuid4()

    ended = await stock.end_correction(tx, correction_id=made.id, now=now + MINUTE, by=who)
    again = await stock.end_correction(tx, correction_id=made.id, now=now + 2 * MINUTE)

    assert (ended.ended_why, ended.ended_by) == (stock.CorrectionEnd.PERSON, who)
    assert again == ended
    assert await available(tx, variant) == 5
    assert await stock.list_corrections(tx) == []
    assert [row.kind for row in await stock.ledger(tx, variant_id=variant)] == [
        "correction_ended",
        "corrected",
        "level",
    ]
    assert await findings(tx) == []
    with pytest.raises(stock.CorrectionNotFound):
        await stock.end_correction(tx, correction_id=uuid4(), now=now)


async def test_a_correction_may_come_before_the_erp_says_a_number(tx, now, chain, variant):
    await corrected(tx, chain.shop, variant, 2, now=now)

    await put(tx, chain.shop, variant, 5, as_of=now + MINUTE)

    assert await available(tx, variant) == 3
    assert await findings(tx) == []


@pytest.mark.parametrize(
    "wrong",
    [{"quantity": 0}, {"reference": ""}, {"reference": "x" * 201}, {"warehouse_id": uuid4()}],
)
async def test_a_correction_must_make_sense(tx, now, chain, variant, wrong):
    said = {"warehouse_id": chain.shop, "variant_id": variant, "quantity": 1, **wrong}

    with pytest.raises(stock.CorrectionInvalid):
        await corrected(tx, now=now, **said)


async def test_safety_stock_and_corrections_add_up(tx, now, chain, variant):
    await put(tx, chain.shop, variant, 5, as_of=now)
    await corrected(tx, chain.shop, variant, 2, now=now)

    wish = [(chain.shop, variant, Decimal(2))]
    await stock.set_safety(tx, safety=wish, by=None, now=now)

    assert await available(tx, variant) == 1
    assert await findings(tx) == []
