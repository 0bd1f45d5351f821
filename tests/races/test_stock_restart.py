"""PostgreSQL is killed under reservations and numbers: nothing acknowledged is lost or doubled."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID, uuid4

import psycopg
import pytest

from hansa.modules import stock
from hansa.runtime.clock import SystemClock
from hansa.runtime.database import Away, Database, DatabaseBusy
from tests.support.installation import Installation, installed
from tests.support.stock import Chain, a_chain, findings

BUYERS = 20
KILLS = 2
GRANTS_BEFORE_A_KILL = 150
LOST = (psycopg.OperationalError, psycopg.InterfaceError, DatabaseBusy)


class Shop:
    """Buyers who ask again with the same key, and an ERP that goes on telling numbers."""

    def __init__(self, dsn: str, chain: Chain, variants: list[UUID]) -> None:
        self.database = Database(dsn, connections_max=6)
        settings = SimpleNamespace(batch_commands_max=50, batch_queue_max=5000)
        context = SimpleNamespace(clock=SystemClock(), database=self.database, settings=settings)
        self.reserver = stock.Reserver(context)
        self.chain, self.variants = chain, variants
        self.granted: dict[str, UUID] = {}
        self.wishes: dict[str, stock.Hold] = {}
        self.numbers = itertools.count()
        self.told = 0
        self.interrupted = 0
        self.stopping = False

    def wish(self) -> stock.Hold:
        number = next(self.numbers)
        return stock.Hold(
            key=f"buyer {number}",
            channel="ru",
            lines=((self.variants[number % len(self.variants)], Decimal(1)),),
            expires_at=datetime.now(UTC) + timedelta(minutes=15),
            owner="test",
            warehouse_id=self.chain.shop if number % 5 == 0 else None,
        )

    async def buy(self) -> None:
        while not self.stopping:
            wish = self.wish()
            self.wishes[wish.key] = wish
            await self.hold(wish)

    async def hold(self, wish: stock.Hold) -> None:
        while True:
            try:
                answer = await self.reserver.hold(wish)
            except Away:
                self.interrupted += 1
                await asyncio.sleep(0.05)  # as the answer asks: come back in a moment
            else:
                assert self.granted.setdefault(wish.key, answer.id) == answer.id
                return

    async def tell(self) -> None:
        """Numbers that always are plenty, each formed later than the one before."""
        while not self.stopping:
            now = datetime.now(UTC)
            levels = [
                stock.Level(
                    warehouse_id=place,
                    variant_id=variant,
                    on_hand=Decimal(1_000_000 + self.told % 7),
                    as_of=now,
                )
                for variant in self.variants
                for place in (self.chain.central, self.chain.shop)
            ]
            try:
                async with self.database.transaction() as tx:
                    await stock.set_levels(tx, source="1c", levels=levels, now=now)
            except LOST:
                self.interrupted += 1
                await asyncio.sleep(0.05)
            else:
                self.told += 1

    async def until_granted(self, more: int) -> None:
        goal = len(self.granted) + more
        async with asyncio.timeout(300):
            while len(self.granted) < goal:
                await asyncio.sleep(0.01)

    async def live_through(self, installation: Installation) -> None:
        await self.database.open()
        await self.reserver.start()
        working = [asyncio.create_task(self.buy()) for _ in range(BUYERS)]
        working.append(asyncio.create_task(self.tell()))
        for _ in range(KILLS):
            await self.until_granted(GRANTS_BEFORE_A_KILL)
            await asyncio.to_thread(installation.kill, "postgresql")
        await self.until_granted(GRANTS_BEFORE_A_KILL)
        self.stopping = True
        await asyncio.gather(*working)
        for key, wish in list(self.wishes.items())[-50:]:
            assert (await self.reserver.hold(wish)).id == self.granted[key]
        await self.reserver.close()
        async with self.database.snapshot() as snap:
            states = await stock.reservation_states(
                snap, reservation_ids=list(self.granted.values())
            )
            assert set(states) == set(self.granted.values())
            kept = await snap.scalar("select count(*) from stock_reservation")
            assert kept == len(self.granted), "a key was answered twice"
            assert await findings(snap) == []
        await self.database.close()


@pytest.mark.timeout(1200)
def test_a_database_killed_under_load_loses_no_reservation_and_keeps_every_number_right() -> None:
    variants = sorted(uuid4() for _ in range(3))

    async def fill(database: Database) -> Chain:
        now = datetime.now(UTC)
        async with database.transaction() as tx:
            chain = await a_chain(tx, now=now)
            levels = [
                stock.Level(
                    warehouse_id=place,
                    variant_id=variant,
                    on_hand=Decimal(1_000_000),
                    as_of=now,
                )
                for variant in variants
                for place in (chain.central, chain.shop)
            ]
            await stock.set_levels(tx, source="1c", levels=levels, now=now)
            return chain

    with installed() as installation:
        chain = installation.prepare(fill)
        with installation.serving():
            shop = Shop(installation.dsn, chain, variants)
            asyncio.run(shop.live_through(installation))

            assert shop.interrupted, "nobody noticed that the database was gone"
            assert shop.told > KILLS
            assert installation.check("stock")["ok"]
