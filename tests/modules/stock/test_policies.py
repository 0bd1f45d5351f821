"""When the ERP's number contains an order: the four policies, each with the two stories.

A receipt: 30 on hand, 29 sold by the shop, then 50 come in. 51 may be sold, not 80: the ERP's
number rose because of the receipt, not because it learned of the orders.

Double subtraction: the ERP's number is net of the orders it has, and the shop subtracts them again.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from hansa.modules import stock
from hansa.runtime.database import Transaction
from tests.support.stock import Chain, a_chain, available, findings, hold_or_raise

MINUTE = timedelta(minutes=1)
NETTING = (stock.Containment.ON_WATERMARK, stock.Containment.ERP_NETS_ORDERS)
SAFE = (stock.Containment.ON_SHIPMENT, *NETTING)


class Erp:
    """An ERP that tells numbers by one policy, and takes orders."""

    def __init__(self, tx: Transaction, chain: Chain, policy: stock.Containment, now: datetime):
        self.tx, self.chain, self.policy, self.now = tx, chain, policy, now
        self.variant = uuid4()
        self.taken = 0

    async def tells(
        self,
        on_hand: int,
        *,
        minute: int,
        watermark: int | None = None,
        warehouse_id: UUID | None = None,
        contains: frozenset[UUID] = frozenset(),
    ) -> stock.LevelResult:
        level = stock.Level(
            warehouse_id=warehouse_id or self.chain.central,
            variant_id=self.variant,
            on_hand=Decimal(on_hand),
            as_of=self.now + minute * MINUTE,
            watermark=watermark,
            contains=contains,
        )
        return await stock.set_levels(
            self.tx, source="1c", levels=[level], now=self.now, policy=self.policy
        )

    async def order(self, quantity: int = 1, *, warehouse_id: UUID | None = None) -> UUID:
        """Somebody buys; the ERP does not know yet."""
        held = await hold_or_raise(
            self.tx, [(self.variant, quantity)], now=self.now, warehouse_id=warehouse_id
        )
        order_id = uuid4()
        await stock.confirm(self.tx, reservation_id=held.id, order_id=order_id, now=self.now)
        return order_id

    async def takes(self, *orders: UUID, minute: int, is_complete: bool = True) -> None:
        for order_id in orders:
            self.taken += 1
            await stock.mark_sent(
                self.tx,
                order_ids=[order_id],
                source="1c",
                position=self.taken,
                received_at=self.now + minute * MINUTE,
                is_complete=is_complete,
                now=self.now,
            )

    async def binds(self, order_id: UUID, warehouse_id: UUID, quantity: int = 1) -> None:
        part = stock.Binding(self.variant, warehouse_id, Decimal(quantity))
        await stock.bind(self.tx, order_id=order_id, parts=[part], now=self.now)

    async def ships(self, order_id: UUID, *, minute: int, **said: UUID) -> stock.Shipment:
        return await stock.mark_shipped(
            self.tx,
            order_id=order_id,
            shipped_at=self.now + minute * MINUTE,
            reference="1",
            now=self.now,
            **said,
        )

    async def left(self) -> Decimal:
        assert await findings(self.tx) == []
        return await available(self.tx, self.variant)


@pytest.fixture
def erp(tx, now):
    async def made(policy: stock.Containment) -> Erp:
        return Erp(tx, await a_chain(tx, now=now), policy, now)

    return made


@pytest.mark.parametrize("policy", SAFE)
async def test_a_receipt_is_no_sign_that_the_erp_knows_the_orders(erp, policy):
    world = await erp(policy)
    await world.tells(30, minute=0, watermark=0)
    for _ in range(29):
        await world.order()

    await world.tells(80, minute=1, watermark=0)

    assert await world.left() == 51


@pytest.mark.parametrize("policy", NETTING)
async def test_a_receipt_before_and_after_the_erp_has_taken_the_orders(erp, policy):
    world = await erp(policy)
    await world.tells(30, minute=0, watermark=0)
    orders = [await world.order() for _ in range(29)]
    await world.takes(*orders, minute=2)

    await world.tells(80, minute=1, watermark=0)
    assert await world.left() == 51, "formed before the ERP took them"

    await world.tells(51, minute=3, watermark=29)
    assert await world.left() == 51, "net of them"


async def test_on_any_fresh_stock_sells_after_a_receipt_what_is_sold_already(erp):
    """The danger of this policy: 80 are offered though 29 of them are sold."""
    world = await erp(stock.Containment.ON_ANY_FRESH_STOCK)
    await world.tells(30, minute=0)
    for _ in range(29):
        await world.order()

    await world.tells(80, minute=1)

    assert await world.left() == 80


@pytest.mark.parametrize("policy", NETTING)
async def test_a_number_net_of_the_orders_is_not_lessened_again(erp, policy):
    world = await erp(policy)
    await world.tells(30, minute=0, watermark=0)
    orders = [await world.order() for _ in range(29)]
    await world.takes(*orders, minute=1)
    assert await world.left() == 1

    result = await world.tells(1, minute=2, watermark=29)

    assert result.contained == 29
    assert await world.left() == 1


@pytest.mark.parametrize("policy", NETTING)
async def test_the_number_may_come_before_we_learn_that_the_erp_has_the_order(erp, policy):
    world = await erp(policy)
    await world.tells(30, minute=0, watermark=0)
    order_id = await world.order(4)
    await world.tells(26, minute=2, watermark=1)
    assert await world.left() == 22, "subtracted twice until the acknowledgement comes"

    await world.takes(order_id, minute=1)

    assert await world.left() == 26


async def test_on_shipment_lessens_a_net_number_again_until_the_goods_leave(erp):
    """An ERP that nets orders needs a policy that says so: this one undersells, never oversells."""
    world = await erp(stock.Containment.ON_SHIPMENT)
    await world.tells(30, minute=0)
    order_id = await world.order(4)
    await world.takes(order_id, minute=1)

    await world.tells(26, minute=2)
    assert await world.left() == 22

    await world.ships(order_id, minute=1)
    assert await world.left() == 26


async def test_on_shipment_a_number_that_lists_the_order_contains_it(erp):
    world = await erp(stock.Containment.ON_SHIPMENT)
    await world.tells(30, minute=0)
    listed, other = await world.order(4), await world.order(3)
    await world.takes(listed, other, minute=1)

    for _ in range(2):
        await world.tells(26, minute=2, contains=frozenset({listed}))
        assert await world.left() == 23


async def test_on_any_fresh_stock_subtracts_a_net_number_once(erp):
    world = await erp(stock.Containment.ON_ANY_FRESH_STOCK)
    await world.tells(30, minute=0)
    order_id = await world.order(29)
    await world.takes(order_id, minute=1)

    await world.tells(1, minute=2)

    assert await world.left() == 1


async def test_a_number_says_nothing_of_orders_after_its_watermark(erp):
    world = await erp(stock.Containment.ON_WATERMARK)
    await world.tells(30, minute=0, watermark=0)
    first, second = await world.order(4), await world.order(3)
    await world.takes(first, second, minute=1)

    await world.tells(26, minute=2, watermark=1)
    assert await world.left() == 23
    await world.tells(23, minute=3, watermark=2)
    assert await world.left() == 23


async def test_a_number_without_watermark_contains_no_order(erp):
    world = await erp(stock.Containment.ON_WATERMARK)
    await world.tells(30, minute=0)
    await world.takes(await world.order(4), minute=1)

    await world.tells(26, minute=2)

    assert await world.left() == 22


async def test_a_newer_number_that_accounts_for_fewer_orders_is_stale(erp):
    world = await erp(stock.Containment.ON_WATERMARK)
    await world.tells(30, minute=0, watermark=0)
    order_id = await world.order(4)
    await world.takes(order_id, minute=1)
    await world.tells(26, minute=2, watermark=1)

    result = await world.tells(30, minute=3, watermark=0)

    assert result.stale == 1
    assert await world.left() == 26


@pytest.mark.parametrize("policy", NETTING)
async def test_each_warehouse_must_have_learned_of_an_order_that_is_bound_to_none(erp, policy):
    world = await erp(policy)
    for place in (world.chain.central, world.chain.shop):
        await world.tells(5, minute=0, watermark=0, warehouse_id=place)
    order_id = await world.order(2)
    await world.takes(order_id, minute=1)

    await world.tells(5, minute=2, watermark=1, warehouse_id=world.chain.shop)
    assert await world.left() == 8, "the goods may be netted in the other warehouse"

    await world.tells(3, minute=2, watermark=1)
    assert await world.left() == 8


@pytest.mark.parametrize("policy", NETTING)
async def test_an_order_bound_to_a_shelf_is_contained_by_its_number_alone(erp, policy):
    world = await erp(policy)
    for place in (world.chain.central, world.chain.shop):
        await world.tells(5, minute=0, watermark=0, warehouse_id=place)
    order_id = await world.order(2)
    await world.binds(order_id, world.chain.shop, 2)
    await world.takes(order_id, minute=1)

    await world.tells(3, minute=2, watermark=1, warehouse_id=world.chain.shop)

    assert await world.left() == 8
    assert await stock.list_bindings(world.tx, order_ids=[order_id]) == []


@pytest.mark.parametrize("policy", NETTING)
async def test_a_binding_the_erp_has_not_heard_of_lets_no_number_contain_the_order(erp, policy):
    world = await erp(policy)
    await world.tells(5, minute=0, watermark=0)
    order_id = await world.order(2)
    await world.takes(order_id, minute=1)
    await world.binds(order_id, world.chain.central, 2)

    await world.tells(3, minute=2, watermark=1)
    assert await world.left() == 1

    await world.takes(order_id, minute=3)
    await world.tells(3, minute=4, watermark=2)
    assert await world.left() == 3


@pytest.mark.parametrize("policy", NETTING)
async def test_parts_of_an_order_on_two_shelves_end_each_for_itself(erp, policy):
    world = await erp(policy)
    for place in (world.chain.central, world.chain.shop):
        await world.tells(5, minute=0, watermark=0, warehouse_id=place)
    order_id = await world.order(3)
    await world.binds(order_id, world.chain.central, 1)
    await world.binds(order_id, world.chain.shop, 2)
    await world.takes(order_id, minute=1)

    await world.tells(3, minute=2, watermark=1, warehouse_id=world.chain.shop)
    assert await world.left() == 7
    [bound] = await stock.list_bindings(world.tx, order_ids=[order_id])
    assert (bound.warehouse_id, bound.quantity) == (world.chain.central, 1)

    await world.tells(4, minute=2, watermark=1)
    assert await world.left() == 7


@pytest.mark.parametrize("policy", NETTING)
async def test_goods_to_be_picked_up_are_contained_by_the_number_of_their_shop(erp, policy):
    world = await erp(policy)
    for place in (world.chain.central, world.chain.shop):
        await world.tells(5, minute=0, watermark=0, warehouse_id=place)
    order_id = await world.order(2, warehouse_id=world.chain.shop)
    await world.takes(order_id, minute=1)

    await world.tells(5, minute=2, watermark=1)
    assert await world.left() == 8
    await world.tells(3, minute=2, watermark=1, warehouse_id=world.chain.shop)

    assert await world.left() == 8


@pytest.mark.parametrize("policy", NETTING)
async def test_an_old_number_of_an_empty_warehouse_cannot_come_back_after_the_order_is_contained(
    erp, policy
):
    world = await erp(policy)
    await world.tells(5, minute=0, watermark=0)
    await world.tells(0, minute=-5, watermark=0, warehouse_id=world.chain.shop)
    await world.takes(await world.order(2), minute=2)
    await world.tells(3, minute=3, watermark=1)
    assert await world.left() == 3

    late = await world.tells(4, minute=1, watermark=0, warehouse_id=world.chain.shop)

    assert late.stale == 1
    assert await world.left() == 3


@pytest.mark.parametrize("policy", NETTING)
async def test_goods_that_left_were_netted_before(erp, policy):
    """The mark comes first; the number that tells so was formed before the goods left."""
    world = await erp(policy)
    await world.tells(5, minute=0, watermark=0)
    order_id = await world.order(2)
    await world.takes(order_id, minute=1)
    await world.ships(order_id, minute=3)

    await world.tells(3, minute=2, watermark=1)

    assert await world.left() == 3


@pytest.mark.parametrize("policy", NETTING)
async def test_a_shipment_of_what_a_number_contained_before_is_no_excess(erp, policy):
    world = await erp(policy)
    await world.tells(5, minute=0, watermark=0)
    order_id = await world.order(2)
    await world.takes(order_id, minute=1)
    await world.tells(3, minute=2, watermark=1)

    shipment = await world.ships(order_id, minute=3, lines=[(world.variant, Decimal(3))])

    assert shipment.recorded == ()
    assert shipment.excess == ((world.variant, 1),)
    assert await world.left() == 3


async def test_each_source_is_read_by_its_own_policy(erp):
    """A head-office ERP nets the orders it has taken; a shop's own till does not know of them."""
    world = await erp(stock.Containment.ERP_NETS_ORDERS)
    await world.tells(5, minute=0)
    till = stock.Level(
        warehouse_id=world.chain.shop,
        variant_id=world.variant,
        on_hand=Decimal(4),
        as_of=world.now,
    )
    await stock.set_levels(world.tx, source="till", levels=[till], now=world.now)
    await world.takes(await world.order(2), minute=1)

    await world.tells(3, minute=2)

    assert await world.left() == 7


async def test_the_same_listing_twice_ends_no_second_part(erp):
    world = await erp(stock.Containment.ON_SHIPMENT)
    await world.tells(5, minute=0)
    await world.tells(5, minute=0, warehouse_id=world.chain.shop)
    order_id = await world.order(3)
    await world.binds(order_id, world.chain.central, 1)

    for minute in (1, 1, 2):
        await world.tells(4, minute=minute, contains=frozenset({order_id}))
        assert await world.left() == 7

    await world.tells(3, minute=3, contains=frozenset({order_id}), warehouse_id=world.chain.shop)
    assert await world.left() == 7


async def test_a_listing_in_a_refused_number_counts_if_the_known_one_is_newer(erp):
    world = await erp(stock.Containment.ON_SHIPMENT)
    await world.tells(5, minute=0)
    order_id = await world.order(2)
    await world.tells(3, minute=3)

    await world.tells(3, minute=2, contains=frozenset({order_id}))

    assert await world.left() == 3
