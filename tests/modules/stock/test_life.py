"""The life of a reservation against the numbers of the ERP."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from hansa.modules import stock
from hansa.runtime.database import Transaction
from tests.support.stock import a_chain, available, findings, hold, hold_or_raise, put

MINUTE = timedelta(minutes=1)


@pytest.fixture
def variant() -> UUID:
    return uuid4()


async def sold(
    tx: Transaction,
    variant_id: UUID,
    quantity: int,
    *,
    now: datetime,
    channel: str = "ru",
    warehouse_id: UUID | None = None,
) -> UUID:
    """An order that the ERP has; gives its id."""
    held = await hold_or_raise(
        tx, [(variant_id, quantity)], now=now, channel=channel, warehouse_id=warehouse_id
    )
    order_id = uuid4()
    await stock.confirm(tx, reservation_id=held.id, order_id=order_id, now=now)
    await stock.mark_sent(tx, order_ids=[order_id], now=now)
    return order_id


async def state_of(tx: Transaction, order_id: UUID) -> stock.State:
    reservation = await stock.get_reservation(tx, order_id=order_id)
    assert reservation is not None
    return reservation.state


async def test_a_full_file_without_the_movement_does_not_put_the_sold_piece_back_on_sale(
    tx, now, variant
):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 1, as_of=now)
    await sold(tx, variant, 1, now=now)

    await put(tx, chain.central, variant, 1, as_of=now + MINUTE)

    assert await available(tx, variant) == 0
    assert await findings(tx) == []


async def test_a_receipt_adds_what_was_received_and_nothing_that_was_sold(tx, now, variant):
    """30 on hand, 29 sold, a receipt of 50: 51 may be sold, not 80 (libracore#41)."""
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 30, as_of=now)
    for _ in range(29):
        await sold(tx, variant, 1, now=now)

    await put(tx, chain.central, variant, 80, as_of=now + MINUTE)

    assert await available(tx, variant) == 51


async def test_shipped_then_counted(tx, now, variant):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 5, as_of=now)
    order_id = await sold(tx, variant, 2, now=now)

    await stock.mark_shipped(tx, order_id=order_id, shipped_at=now + MINUTE, reference="1", now=now)
    assert await available(tx, variant) == 3, "the number still counts what left: it stays reserved"
    result = await put(tx, chain.central, variant, 3, as_of=now + 2 * MINUTE)

    assert result.contained == 1
    assert await available(tx, variant) == 3
    assert await state_of(tx, order_id) is stock.State.CONTAINED
    assert await findings(tx) == []


async def test_counted_then_shipped(tx, now, variant):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 5, as_of=now)
    order_id = await sold(tx, variant, 2, now=now)

    await put(tx, chain.central, variant, 3, as_of=now + 2 * MINUTE)
    assert await available(tx, variant) == 1, (
        "subtracted twice until the mark tells why the number fell"
    )
    shipment = await stock.mark_shipped(
        tx, order_id=order_id, shipped_at=now + MINUTE, reference="1", now=now
    )

    assert shipment.contained == 1
    assert await available(tx, variant) == 3
    assert await state_of(tx, order_id) is stock.State.CONTAINED


async def test_a_file_formed_before_the_shipment_ends_nothing_however_late_it_comes(
    tx, now, variant
):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 5, as_of=now)
    order_id = await sold(tx, variant, 2, now=now)
    await stock.mark_shipped(
        tx, order_id=order_id, shipped_at=now + 5 * MINUTE, reference="1", now=now
    )

    result = await put(tx, chain.central, variant, 5, as_of=now + 4 * MINUTE)
    assert result.contained == 0
    assert await available(tx, variant) == 3

    await put(tx, chain.central, variant, 3, as_of=now + 6 * MINUTE)
    stale = await put(tx, chain.central, variant, 5, as_of=now + 4 * MINUTE)
    assert stale.stale == 1
    assert await available(tx, variant) == 3


async def test_a_number_of_another_warehouse_ends_nothing_while_an_old_one_may_count_the_goods(
    tx, now, variant
):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 5, as_of=now)
    await put(tx, chain.shop, variant, 5, as_of=now)
    order_id = await sold(tx, variant, 1, now=now)
    await stock.mark_shipped(tx, order_id=order_id, shipped_at=now + MINUTE, reference="1", now=now)

    await put(tx, chain.central, variant, 5, as_of=now + 2 * MINUTE)
    assert await available(tx, variant) == 9
    assert await state_of(tx, order_id) is stock.State.SENT

    await put(tx, chain.shop, variant, 4, as_of=now + 3 * MINUTE)
    assert await available(tx, variant) == 9
    assert await state_of(tx, order_id) is stock.State.CONTAINED


async def test_when_the_erp_names_the_warehouse_its_number_alone_decides(tx, now, variant):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 5, as_of=now)
    await put(tx, chain.shop, variant, 5, as_of=now)
    order_id = await sold(tx, variant, 1, now=now)
    await stock.mark_shipped(
        tx,
        order_id=order_id,
        shipped_at=now + MINUTE,
        reference="1",
        warehouse_id=chain.shop,
        now=now,
    )

    await put(tx, chain.central, variant, 5, as_of=now + 2 * MINUTE)
    assert await state_of(tx, order_id) is stock.State.SENT

    await put(tx, chain.shop, variant, 4, as_of=now + 2 * MINUTE)
    assert await state_of(tx, order_id) is stock.State.CONTAINED
    assert await available(tx, variant) == 9


async def test_a_late_file_cannot_bring_back_goods_that_left_an_empty_warehouse(tx, now, variant):
    """They came and left the shop between two of its numbers; the one in between arrives last."""
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 5, as_of=now)
    await put(tx, chain.shop, variant, 0, as_of=now)
    order_id = await sold(tx, variant, 1, now=now)
    await stock.mark_shipped(
        tx, order_id=order_id, shipped_at=now + 5 * MINUTE, reference="1", now=now
    )
    await put(tx, chain.central, variant, 5, as_of=now + 6 * MINUTE)
    assert await state_of(tx, order_id) is stock.State.CONTAINED
    assert await available(tx, variant) == 5

    late = await put(tx, chain.shop, variant, 1, as_of=now + 3 * MINUTE)

    assert late.stale == 1
    assert await available(tx, variant) == 5
    assert await findings(tx) == []


async def test_a_late_file_cannot_bring_back_goods_that_left_a_warehouse_never_named(
    tx, now, variant
):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 5, as_of=now)
    order_id = await sold(tx, variant, 1, now=now)
    await stock.mark_shipped(
        tx,
        order_id=order_id,
        shipped_at=now + 5 * MINUTE,
        reference="1",
        warehouse_id=chain.shop,
        now=now,
    )
    assert await available(tx, variant) == 5

    late = await put(tx, chain.shop, variant, 1, as_of=now + 3 * MINUTE)

    assert late.stale == 1
    assert await available(tx, variant) == 5


async def test_a_shipment_in_two_parts_ends_in_two_parts(tx, now, variant):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 10, as_of=now)
    order_id = await sold(tx, variant, 5, now=now)

    await stock.mark_shipped(
        tx,
        order_id=order_id,
        shipped_at=now + MINUTE,
        reference="a",
        lines=[(variant, Decimal(2))],
        now=now,
    )
    await put(tx, chain.central, variant, 8, as_of=now + 2 * MINUTE)
    assert await available(tx, variant) == 5
    assert await state_of(tx, order_id) is stock.State.SENT

    await stock.mark_shipped(
        tx, order_id=order_id, shipped_at=now + 3 * MINUTE, reference="b", now=now
    )
    await put(tx, chain.central, variant, 5, as_of=now + 4 * MINUTE)
    assert await available(tx, variant) == 5
    assert await state_of(tx, order_id) is stock.State.CONTAINED
    assert await findings(tx) == []


async def test_the_same_shipment_document_again_changes_nothing(tx, now, variant):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 10, as_of=now)
    order_id = await sold(tx, variant, 5, now=now)
    document = {
        "order_id": order_id,
        "shipped_at": now + MINUTE,
        "reference": "a",
        "lines": [(variant, Decimal(2))],
        "now": now,
    }
    await stock.mark_shipped(tx, **document)

    again = await stock.mark_shipped(tx, **document)

    assert again == stock.Shipment(recorded=(), excess=(), contained=0)
    await put(tx, chain.central, variant, 8, as_of=now + 2 * MINUTE)
    assert await available(tx, variant) == 5


async def test_what_left_beyond_the_order_is_told_and_reserves_nothing(tx, now, variant):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 10, as_of=now)
    order_id = await sold(tx, variant, 2, now=now)
    stranger = uuid4()

    shipment = await stock.mark_shipped(
        tx,
        order_id=order_id,
        shipped_at=now + MINUTE,
        reference="a",
        lines=[(variant, Decimal(3)), (stranger, Decimal(1))],
        now=now,
    )

    assert shipment.recorded == ((variant, 2),)
    assert dict(shipment.excess) == {variant: 1, stranger: 1}


async def test_cancelling_releases_what_has_not_left(tx, now, variant):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 10, as_of=now)
    order_id = await sold(tx, variant, 5, now=now)
    await stock.mark_shipped(
        tx,
        order_id=order_id,
        shipped_at=now + MINUTE,
        reference="a",
        lines=[(variant, Decimal(2))],
        now=now,
    )

    released = await stock.release(
        tx, order_id=order_id, reason=stock.ReleaseReason.CANCELLED, now=now
    )
    again = await stock.release(
        tx, order_id=order_id, reason=stock.ReleaseReason.CANCELLED, now=now
    )

    assert released == ((variant, 3),)
    assert again == ()
    assert await available(tx, variant) == 8, "the two that left are still in the ERP's old number"
    await put(tx, chain.central, variant, 8, as_of=now + 2 * MINUTE)
    assert await available(tx, variant) == 8
    assert await state_of(tx, order_id) is stock.State.CONTAINED
    assert await findings(tx) == []


async def test_one_line_of_an_order_can_be_released(tx, now, variant):
    chain = await a_chain(tx, now=now)
    other = uuid4()
    await put(tx, chain.central, variant, 10, as_of=now)
    await put(tx, chain.central, other, 10, as_of=now)
    held = await hold_or_raise(tx, [(variant, 3), (other, 4)], now=now)
    order_id = uuid4()
    await stock.confirm(tx, reservation_id=held.id, order_id=order_id, now=now)

    await stock.release(
        tx,
        order_id=order_id,
        lines=[(variant, Decimal(2))],
        reason=stock.ReleaseReason.CORRECTED,
        now=now,
    )

    assert await available(tx, variant) == 9
    assert await available(tx, other) == 6
    assert await state_of(tx, order_id) is stock.State.ORDERED


async def test_an_order_named_in_a_number_is_contained_with_whatever_of_it_waited(tx, now, variant):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 10, as_of=now)
    order_id = await sold(tx, variant, 5, now=now)
    await stock.mark_shipped(
        tx,
        order_id=order_id,
        shipped_at=now + MINUTE,
        reference="a",
        lines=[(variant, Decimal(4))],
        now=now,
    )

    ended = await stock.contain(tx, order_id=order_id, lines=[(variant, Decimal(3))], now=now)
    assert ended == ((variant, 3),)
    assert await findings(tx) == []
    await put(tx, chain.central, variant, 6, as_of=now + 2 * MINUTE)

    assert await available(tx, variant) == 5, "one of five has not left"
    assert await stock.contain(tx, order_id=order_id, now=now) == ((variant, 1),)
    assert await available(tx, variant) == 6
    assert await state_of(tx, order_id) is stock.State.CONTAINED
    assert await findings(tx) == []


async def test_a_lease_that_ran_out_is_released_and_cannot_be_confirmed(tx, now, variant):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 1, as_of=now)
    held = await hold_or_raise(tx, [(variant, 1)], now=now)

    assert await stock.expire_holds(tx, now=now + 14 * MINUTE) == 0
    assert await stock.expire_holds(tx, now=now + 15 * MINUTE) == 1

    assert await available(tx, variant) == 1
    with pytest.raises(stock.ReservationExpired):
        await stock.confirm(tx, reservation_id=held.id, order_id=uuid4(), now=now)
    assert await findings(tx) == []


async def test_a_confirmed_lease_does_not_run_out(tx, now, variant):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 1, as_of=now)
    order_id = await sold(tx, variant, 1, now=now)

    assert await stock.expire_holds(tx, now=now + timedelta(days=1)) == 0

    assert await state_of(tx, order_id) is stock.State.SENT


async def test_confirming_again_is_the_same_and_for_another_order_refused(tx, now, variant):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 1, as_of=now)
    held = await hold_or_raise(tx, [(variant, 1)], now=now)
    order_id = uuid4()
    first = await stock.confirm(tx, reservation_id=held.id, order_id=order_id, now=now)

    assert await stock.confirm(tx, reservation_id=held.id, order_id=order_id, now=now) == first
    with pytest.raises(stock.ReservationTaken):
        await stock.confirm(tx, reservation_id=held.id, order_id=uuid4(), now=now)
    with pytest.raises(stock.ReservationNotFound):
        await stock.confirm(tx, reservation_id=uuid4(), order_id=order_id, now=now)


async def test_goods_bound_to_a_shop_count_there_and_in_every_channel_that_shares_a_warehouse(
    tx, now, variant
):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 3, as_of=now)
    await put(tx, chain.shop, variant, 2, as_of=now)

    order_id = await sold(tx, variant, 2, now=now, warehouse_id=chain.shop)
    refused = await hold(tx, [(variant, 1)], now=now, warehouse_id=chain.shop)

    assert isinstance(refused, stock.OutOfStock)
    assert refused.short == ((variant, 1, 0),)
    assert await available(tx, variant) == 3
    assert await available(tx, variant, channel="kz") == 1, "kz shares the central warehouse"
    by_warehouse = await stock.availability_by_warehouse(tx, variant_ids=[variant], channel="ru")
    assert by_warehouse[variant] == {chain.central: 3, chain.shop: 0}
    together = await stock.pieces_by_warehouse(tx, variant_ids=[variant, uuid4()], channel="ru")
    assert together == {chain.central: 3, chain.shop: 0}
    await stock.release(tx, order_id=order_id, reason=stock.ReleaseReason.CANCELLED, now=now)
    assert await available(tx, variant) == 5
    assert await findings(tx) == []


async def test_a_shop_cannot_hand_out_what_the_channel_has_sold_already(tx, now, variant):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.shop, variant, 1, as_of=now)
    await sold(tx, variant, 1, now=now)

    refused = await hold(tx, [(variant, 1)], now=now, warehouse_id=chain.shop)

    assert isinstance(refused, stock.OutOfStock)


async def test_an_inactive_warehouse_sells_nothing_but_what_is_reserved_stays(tx, now, variant):
    chain = await a_chain(tx, now=now)
    await put(tx, chain.central, variant, 5, as_of=now)
    await put(tx, chain.shop, variant, 5, as_of=now)
    order_id = await sold(tx, variant, 4, now=now)

    closed = [
        stock.Warehouse(
            id=chain.shop, code="closed", name={"ru": "Магазин"}, channels=("ru",), is_active=False
        )
    ]
    await stock.save_warehouses(tx, warehouses=closed, now=now)

    assert await available(tx, variant) == 1
    assert await findings(tx) == []
    await stock.release(tx, order_id=order_id, reason=stock.ReleaseReason.CANCELLED, now=now)
    assert await available(tx, variant) == 5
    assert await findings(tx) == []
