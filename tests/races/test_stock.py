"""Stock under concurrency: never sold twice, no deadlock, nothing lost when a process dies."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from hansa.modules import stock
from hansa.runtime.database import Database
from tests.support.processes import Program
from tests.support.races import until_blocked
from tests.support.stock import Chain, a_chain, available, findings, hold, hold_or_raise, put

MINUTE = timedelta(minutes=1)


@asynccontextmanager
async def a_process(dsn: str, clock) -> AsyncIterator[stock.Reserver]:
    """A reserver with a pool of its own, as another web process has."""
    database = Database(dsn, connections_max=4)
    await database.open()
    settings = SimpleNamespace(batch_commands_max=500, batch_queue_max=5000)
    context = SimpleNamespace(clock=clock, database=database, settings=settings)
    reserver = stock.Reserver(context)
    await reserver.start()
    try:
        yield reserver
    finally:
        await reserver.close()
        await database.close()


def wish(now, *lines, key=None):
    return stock.Hold(
        key=key or str(uuid4()),
        channel="ru",
        lines=tuple((variant, Decimal(quantity)) for variant, quantity in lines),
        expires_at=now + 15 * MINUTE,
        owner="test",
    )


async def stocked(database, now, on_hand, *, variants=1):
    """A chain with so many of each variant in the central warehouse."""
    ids = sorted(uuid4() for _ in range(variants))
    async with database.transaction() as tx:
        chain = await a_chain(tx, now=now)
        for variant in ids:
            await put(tx, chain.central, variant, on_hand, as_of=now)
    return chain, ids


async def all_is_well(database):
    async with database.snapshot() as snap:
        assert await findings(snap) == []


async def test_of_500_buyers_of_5_pieces_in_3_processes_exactly_5_get_one(committing, clock, now):
    _, [variant] = await stocked(committing, now, 5)

    async with AsyncExitStack() as stack:
        shops = [
            await stack.enter_async_context(a_process(committing.dsn, clock)) for _ in range(3)
        ]
        answers = await asyncio.gather(
            *(shops[buyer % 3].hold(wish(now, (variant, 1))) for buyer in range(500)),
            return_exceptions=True,
        )

    granted = [answer for answer in answers if isinstance(answer, stock.Reservation)]
    refused = [answer for answer in answers if isinstance(answer, stock.OutOfStock)]
    assert (len(granted), len(refused)) == (5, 495)
    assert all(answer.short == ((variant, 1, 0),) for answer in refused)
    await all_is_well(committing)


async def test_a_hold_waits_for_a_number_on_its_way_and_obeys_it(committing, two_transactions, now):
    chain, [variant] = await stocked(committing, now, 5)
    import_, buyer = two_transactions
    await put(import_, chain.central, variant, 1, as_of=now + MINUTE)
    waiting = asyncio.create_task(hold(buyer, [(variant, 3)], now=now))

    await until_blocked(committing.dsn, waiting)
    await import_.connection.commit()

    answer = await waiting
    assert isinstance(answer, stock.OutOfStock)
    assert answer.short == ((variant, 3, 1),)
    await buyer.connection.commit()
    await all_is_well(committing)


async def test_a_number_waits_for_a_hold_on_its_way_and_keeps_it(committing, two_transactions, now):
    chain, [variant] = await stocked(committing, now, 5)
    buyer, import_ = two_transactions
    await hold_or_raise(buyer, [(variant, 3)], now=now)
    waiting = asyncio.create_task(put(import_, chain.central, variant, 4, as_of=now + MINUTE))

    await until_blocked(committing.dsn, waiting)
    await buyer.connection.commit()
    await waiting
    await import_.connection.commit()

    async with committing.snapshot() as snap:
        assert await available(snap, variant) == 1
    await all_is_well(committing)


async def test_readers_are_not_blocked_by_an_import(committing, two_transactions, now):
    chain, [variant] = await stocked(committing, now, 5)
    import_, _ = two_transactions
    await put(import_, chain.central, variant, 1, as_of=now + MINUTE)

    async with asyncio.timeout(60), committing.snapshot() as snap:
        assert await available(snap, variant) == 5


async def test_an_older_number_that_waited_behind_a_newer_one_is_stale(
    committing, two_transactions, now
):
    chain, [variant] = await stocked(committing, now, 5)
    newer, older = two_transactions
    await put(newer, chain.central, variant, 2, as_of=now + 2 * MINUTE)
    waiting = asyncio.create_task(put(older, chain.central, variant, 9, as_of=now + MINUTE))

    await until_blocked(committing.dsn, waiting)
    await newer.connection.commit()

    assert (await waiting).stale == 1
    await older.connection.commit()
    async with committing.snapshot() as snap:
        assert await available(snap, variant) == 2
    await all_is_well(committing)


async def test_confirming_first_wins_over_expiry(committing, two_transactions, now):
    _, [variant] = await stocked(committing, now, 5)
    async with committing.transaction() as tx:
        held = await hold_or_raise(tx, [(variant, 1)], now=now)
    buyer, sweeper = two_transactions
    await stock.confirm(buyer, reservation_id=held.id, order_id=uuid4(), now=now)

    assert await stock.expire_holds(sweeper, now=now + 20 * MINUTE) == 0
    await buyer.connection.commit()
    assert await stock.expire_holds(sweeper, now=now + 20 * MINUTE) == 0
    await sweeper.connection.commit()

    async with committing.snapshot() as snap:
        assert await available(snap, variant) == 4
    await all_is_well(committing)


async def test_expiry_first_wins_over_confirming(committing, two_transactions, now):
    _, [variant] = await stocked(committing, now, 5)
    async with committing.transaction() as tx:
        held = await hold_or_raise(tx, [(variant, 1)], now=now)
    sweeper, buyer = two_transactions
    assert await stock.expire_holds(sweeper, now=now + 20 * MINUTE) == 1
    waiting = asyncio.create_task(
        stock.confirm(buyer, reservation_id=held.id, order_id=uuid4(), now=now)
    )

    await until_blocked(committing.dsn, waiting)
    await sweeper.connection.commit()

    with pytest.raises(stock.ReservationExpired):
        await waiting
    await all_is_well(committing)


async def test_the_same_key_in_two_processes_is_one_reservation(
    committing, two_transactions, clock, now
):
    _, [variant] = await stocked(committing, now, 5)
    first, _ = two_transactions
    granted = await hold(first, [(variant, 1)], key="attempt", now=now)
    async with a_process(committing.dsn, clock) as other:
        waiting = asyncio.create_task(other.hold(wish(now, (variant, 1), key="attempt")))

        await until_blocked(committing.dsn, waiting)
        await first.connection.commit()

        assert await waiting == granted
    async with committing.snapshot() as snap:
        assert await available(snap, variant) == 4
    await all_is_well(committing)


async def test_a_key_for_other_goods_on_its_way_in_another_process_is_refused(
    committing, two_transactions, clock, now
):
    _, [variant, other_variant] = await stocked(committing, now, 5, variants=2)
    first, _ = two_transactions
    await hold(first, [(variant, 1)], key="attempt", now=now)
    async with a_process(committing.dsn, clock) as other:
        waiting = asyncio.create_task(other.hold(wish(now, (other_variant, 1), key="attempt")))

        await until_blocked(committing.dsn, waiting)
        await first.connection.commit()

        with pytest.raises(stock.HoldKeyReused):
            await waiting
    await all_is_well(committing)


async def test_a_hold_waits_for_a_change_of_warehouses_and_counts_by_the_new_links(
    committing, two_transactions, now
):
    chain, [variant] = await stocked(committing, now, 5)
    office, buyer = two_transactions
    linked = stock.Warehouse(
        id=chain.central, code="central", name={"ru": "Склад"}, channels=("ru", "kz", "by")
    )
    await stock.save_warehouses(office, warehouses=[linked], now=now)
    waiting = asyncio.create_task(hold(buyer, [(variant, 2)], now=now))

    await until_blocked(committing.dsn, waiting)
    await office.connection.commit()
    await waiting
    await buyer.connection.commit()

    async with committing.snapshot() as snap:
        assert await available(snap, variant, channel="by") == 3
    await all_is_well(committing)


async def test_a_release_waits_for_a_change_of_warehouses_too(committing, two_transactions, now):
    chain, [variant] = await stocked(committing, now, 5)
    async with committing.transaction() as tx:
        held = await hold_or_raise(tx, [(variant, 2)], now=now)
    office, buyer = two_transactions
    linked = stock.Warehouse(
        id=chain.central, code="central", name={"ru": "Склад"}, channels=("ru", "by")
    )
    await stock.save_warehouses(office, warehouses=[linked], now=now)
    waiting = asyncio.create_task(
        stock.release(buyer, reservation_id=held.id, reason=stock.ReleaseReason.ABANDONED, now=now)
    )

    await until_blocked(committing.dsn, waiting)
    await office.connection.commit()
    await waiting
    await buyer.connection.commit()

    async with committing.snapshot() as snap:
        assert await available(snap, variant, channel="by") == 5
    await all_is_well(committing)


async def test_goods_that_leave_while_the_order_is_cancelled_are_not_released(
    committing, two_transactions, now
):
    _, [variant] = await stocked(committing, now, 5)
    order_id = uuid4()
    async with committing.transaction() as tx:
        held = await hold_or_raise(tx, [(variant, 2)], now=now)
        await stock.confirm(tx, reservation_id=held.id, order_id=order_id, now=now)
    erp, buyer = two_transactions
    await stock.mark_shipped(
        erp, order_id=order_id, shipped_at=now + MINUTE, reference="1", now=now
    )
    waiting = asyncio.create_task(
        stock.release(buyer, order_id=order_id, reason=stock.ReleaseReason.CANCELLED, now=now)
    )

    await until_blocked(committing.dsn, waiting)
    await erp.connection.commit()

    assert await waiting == ()
    await all_is_well(committing)


async def test_a_mark_and_the_number_that_contains_it_arrive_at_once(
    committing, two_transactions, now
):
    chain, [variant] = await stocked(committing, now, 5)
    order_id = uuid4()
    async with committing.transaction() as tx:
        held = await hold_or_raise(tx, [(variant, 2)], now=now)
        await stock.confirm(tx, reservation_id=held.id, order_id=order_id, now=now)
    numbers, orders = two_transactions
    await put(numbers, chain.central, variant, 3, as_of=now + 2 * MINUTE)
    waiting = asyncio.create_task(
        stock.mark_shipped(
            orders, order_id=order_id, shipped_at=now + MINUTE, reference="1", now=now
        )
    )

    await until_blocked(committing.dsn, waiting)
    await numbers.connection.commit()

    assert (await waiting).contained == 1
    await orders.connection.commit()
    async with committing.snapshot() as snap:
        assert await available(snap, variant) == 3
    await all_is_well(committing)


class Bustle:
    """Buyers, imports, shipments and sweeps that get in each other's way."""

    def __init__(self, database: Database, chain: Chain, variants: list[UUID], now, seed: int):
        self.database = database
        self.chain = chain
        self.variants = variants
        self.now = now
        self.dice = random.Random(seed)
        self.orders: list[UUID] = []
        self.bound = 0
        self.contained = 0
        self.policy = stock.Containment.ON_SHIPMENT

    def basket(self) -> stock.Hold:
        dice = self.dice
        count = dice.randint(1, 4)
        plain = wish(self.now, *((dice.choice(self.variants), 1) for _ in range(count)))
        return replace(plain, warehouse_id=dice.choice((None, None, self.chain.central)))

    async def buy(self, reserver: stock.Reserver) -> None:
        for _ in range(30):
            try:
                granted = await reserver.hold(self.basket())
            except stock.OutOfStock:
                continue
            await self.order_or_cancel(granted)

    async def order_or_cancel(self, granted: stock.Reservation) -> None:
        order_id = uuid4()
        async with self.database.transaction() as tx:
            try:
                await stock.confirm(tx, reservation_id=granted.id, order_id=order_id, now=self.now)
            except stock.ReservationExpired:
                return
            if self.dice.random() < 0.4:
                reason = stock.ReleaseReason.CANCELLED
                await stock.release(tx, order_id=order_id, reason=reason, now=self.now)
            else:
                self.orders.append(order_id)

    async def import_levels(self) -> None:
        for minute in range(1, 16):
            order = self.dice.sample(self.variants, len(self.variants))
            places = (self.chain.shop, self.chain.central, self.chain.abroad)
            levels = [
                stock.Level(
                    warehouse_id=place,
                    variant_id=variant,
                    on_hand=Decimal(self.dice.randint(-2, 60)),
                    as_of=self.now + self.dice.choice((minute, minute - 3)) * MINUTE,
                    watermark=minute,
                    contains=frozenset(self.dice.sample(self.orders, min(2, len(self.orders)))),
                )
                for variant in order
                for place in places
            ]
            async with self.database.transaction() as tx:
                result = await stock.set_levels(
                    tx, source="1c", levels=levels, now=self.now, policy=self.policy
                )
            self.contained += result.contained

    async def an_order(self) -> UUID:
        while not self.orders:
            await asyncio.sleep(0.001)
        return self.dice.choice(self.orders)

    async def source(self) -> None:
        """A shop is asked, answers something, and another is asked: all of it in one go."""
        for number in range(30):
            order_id = await self.an_order()
            async with self.database.transaction() as tx:
                await stock.lock_orders(
                    tx, order_ids=[order_id], variant_ids=self.variants, with_counters=True
                )
                for place in self.dice.sample([self.chain.shop, self.chain.central], 2):
                    variant = self.dice.choice(self.variants)
                    part = stock.Binding(variant, place, Decimal(1))
                    if self.dice.random() < 0.3:
                        await stock.unbind(tx, order_id=order_id, parts=[part], now=self.now)
                        await self.correct(tx, variant, place, f"{id(self)} {number} {place}")
                    await self.bind(tx, order_id, part)
                if self.dice.random() < 0.2:
                    reason = stock.ReleaseReason.CORRECTED
                    lines = [(self.dice.choice(self.variants), Decimal(1))]
                    await stock.release(
                        tx, order_id=order_id, lines=lines, reason=reason, now=self.now
                    )

    async def bind(self, tx, order_id: UUID, part: stock.Binding) -> None:
        with contextlib.suppress(stock.ShelfShort, stock.OrderNeedsLess):
            await stock.bind(tx, order_id=order_id, parts=[part], now=self.now)
            self.bound += 1

    async def correct(self, tx, variant: UUID, place: UUID, reference: str) -> None:
        made = await stock.correct(
            tx,
            warehouse_id=place,
            variant_id=variant,
            kind=stock.CorrectionKind.MISSING,
            quantity=Decimal(1),
            reference=f"{reference} {uuid4()}",
            now=self.now,
        )
        if self.dice.random() < 0.5:
            await stock.end_correction(tx, correction_id=made.id, now=self.now)

    async def bind_alone(self) -> None:
        for _ in range(30):
            order_id = await self.an_order()
            place = self.dice.choice([self.chain.shop, self.chain.central])
            part = stock.Binding(self.dice.choice(self.variants), place, Decimal(1))
            async with self.database.transaction() as tx:
                await self.bind(tx, order_id, part)

    async def acknowledge(self) -> None:
        for position in range(30):
            async with self.database.transaction() as tx:
                await stock.mark_sent(
                    tx,
                    order_ids=[await self.an_order()],
                    source="1c",
                    position=position,
                    received_at=self.now + (position % 15) * MINUTE,
                    is_complete=self.dice.random() < 0.7,
                    now=self.now,
                )

    async def cancel(self) -> None:
        for _ in range(10):
            order_id = await self.an_order()
            reason = stock.ReleaseReason.CANCELLED
            async with self.database.transaction() as tx:
                await stock.release(tx, order_id=order_id, reason=reason, now=self.now)

    async def ship(self) -> None:
        for minute in range(40):
            while not self.orders:
                await asyncio.sleep(0.001)
            async with self.database.transaction() as tx:
                shipment = await stock.mark_shipped(
                    tx,
                    order_id=self.dice.choice(self.orders),
                    shipped_at=self.now + (minute % 15) * MINUTE,
                    reference=str(minute),
                    warehouse_id=self.dice.choice((None, self.chain.central)),
                    now=self.now,
                )
            self.contained += shipment.contained

    async def sweep(self) -> None:
        for _ in range(20):
            async with self.database.transaction() as tx:
                await stock.expire_holds(tx, now=self.now + 20 * MINUTE, limit=3)


@pytest.mark.parametrize("seed", range(3))
async def test_everything_at_once_neither_locks_up_nor_goes_wrong(committing, clock, now, seed):
    chain, variants = await stocked(committing, now, 40, variants=12)
    bustle = Bustle(committing, chain, variants, now, seed)

    async with a_process(committing.dsn, clock) as one, a_process(committing.dsn, clock) as two:
        await asyncio.gather(
            *(bustle.buy(reserver) for reserver in (one, two) * 6),
            bustle.import_levels(),
            bustle.import_levels(),
            bustle.ship(),
            bustle.sweep(),
        )

    assert len(bustle.orders) > 20
    assert bustle.contained > 5
    await all_is_well(committing)


@pytest.mark.parametrize("policy", stock.Containment)
async def test_shops_answers_and_acknowledgements_join_in_without_a_deadlock(
    committing, clock, now, policy
):
    chain, variants = await stocked(committing, now, 40, variants=4)
    async with committing.transaction() as tx:
        for variant in variants:
            await put(tx, chain.shop, variant, 30, as_of=now)
    bustle = Bustle(committing, chain, variants, now, 7)
    bustle.policy = policy
    before = await deadlocks(committing)

    async with a_process(committing.dsn, clock) as one, a_process(committing.dsn, clock) as two:
        await asyncio.gather(
            *(bustle.buy(reserver) for reserver in (one, two) * 3),
            bustle.import_levels(),
            bustle.ship(),
            bustle.sweep(),
            bustle.source(),
            bustle.source(),
            bustle.bind_alone(),
            bustle.acknowledge(),
            bustle.cancel(),
        )

    assert await deadlocks(committing) == before
    assert bustle.bound > 5
    await all_is_well(committing)


async def deadlocks(database: Database) -> int:
    """Say how many there were in this database, which earlier tests have used, too."""
    async with database.transaction() as tx:
        await tx.execute("select pg_stat_force_next_flush()")
        return await tx.scalar(
            "select deadlocks from pg_stat_database where datname = current_database()"
        )


async def test_a_shop_that_misses_two_lines_never_crosses_a_buyer_of_both(
    committing, two_transactions, now
):
    chain, variants = await stocked(committing, now, 5, variants=2)
    order_id = uuid4()
    async with committing.transaction() as tx:
        held = await hold_or_raise(tx, [(variant, 1) for variant in variants], now=now)
        await stock.confirm(tx, reservation_id=held.id, order_id=order_id, now=now)
    answering, buyer = two_transactions
    await stock.lock_orders(answering, order_ids=[order_id], with_counters=True)
    last = await missing(answering, chain, max(variants), now)
    buying = asyncio.create_task(
        hold_or_raise(buyer, [(variant, 1) for variant in variants], now=now)
    )
    await until_blocked(committing.dsn, buying)

    first = await missing(answering, chain, min(variants), now)
    await answering.connection.commit()

    assert (await buying).state is stock.State.HELD
    await buyer.connection.commit()
    assert {last.variant_id, first.variant_id} == set(variants)
    await all_is_well(committing)


async def missing(tx, chain: Chain, variant: UUID, now) -> stock.Correction:
    return await stock.correct(
        tx,
        warehouse_id=chain.central,
        variant_id=variant,
        kind=stock.CorrectionKind.MISSING,
        quantity=Decimal(1),
        reference=f"missing {variant}",
        now=now,
    )


async def test_a_release_waits_for_a_binding_and_takes_it_down(committing, two_transactions, now):
    chain, [variant] = await stocked(committing, now, 5)
    order_id = uuid4()
    async with committing.transaction() as tx:
        held = await hold_or_raise(tx, [(variant, 2)], now=now)
        await stock.confirm(tx, reservation_id=held.id, order_id=order_id, now=now)
    sourcing, buyer = two_transactions
    part = stock.Binding(variant, chain.central, Decimal(2))
    await stock.bind(sourcing, order_id=order_id, parts=[part], now=now)
    reason = stock.ReleaseReason.CANCELLED
    waiting = asyncio.create_task(stock.release(buyer, order_id=order_id, reason=reason, now=now))

    await until_blocked(committing.dsn, waiting)
    await sourcing.connection.commit()
    await waiting
    await buyer.connection.commit()

    async with committing.snapshot() as snap:
        assert await stock.list_bindings(snap, order_ids=[order_id]) == []
        assert await available(snap, variant) == 5
    await all_is_well(committing)


async def test_of_two_orders_for_the_last_piece_of_a_shelf_one_is_bound(
    committing, two_transactions, now
):
    chain, [variant] = await stocked(committing, now, 1)
    orders = [uuid4(), uuid4()]
    async with committing.transaction() as tx:
        await put(tx, chain.shop, variant, 1, as_of=now)
        for order_id in orders:
            held = await hold_or_raise(tx, [(variant, 1)], now=now)
            await stock.confirm(tx, reservation_id=held.id, order_id=order_id, now=now)
    first, second = two_transactions
    part = stock.Binding(variant, chain.shop, Decimal(1))
    await stock.bind(first, order_id=orders[0], parts=[part], now=now)
    waiting = asyncio.create_task(stock.bind(second, order_id=orders[1], parts=[part], now=now))

    await until_blocked(committing.dsn, waiting)
    await first.connection.commit()

    with pytest.raises(stock.ShelfShort):
        await waiting
    await all_is_well(committing)


async def test_a_process_killed_in_the_middle_of_its_batches_leaves_all_it_acknowledged(
    committing, now
):
    _, variants = await stocked(committing, now, 1_000_000, variants=8)
    program = Path(__file__).with_name("stock_buyers.py")

    acknowledged: set[UUID] = set()
    for _ in range(3):
        arguments = (str(program), committing.dsn, "ru", *map(str, variants))
        with Program.started(*arguments) as buyers:
            output = buyers.process.stdout
            for _ in range(400):
                line = await asyncio.to_thread(output.readline)
                acknowledged.add(UUID(line.strip()))
            buyers.process.kill()
            rest = await asyncio.to_thread(output.read)
            acknowledged |= {UUID(line) for line in rest.splitlines() if len(line) == 36}

    async with committing.snapshot() as snap:
        states = await stock.reservation_states(snap, reservation_ids=list(acknowledged))
    assert set(states) == acknowledged
    await all_is_well(committing)
