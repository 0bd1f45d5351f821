"""`kill -9` of any process at any moment loses no acknowledged order and oversells nothing."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from hansa.modules import stock
from hansa.modules.stock.operations.reservations import expire_holds
from hansa.runtime.database import Database
from hansa.runtime.outbox.inspection import events_behind
from tests.faults.guests import Receipt, Street
from tests.support.acquirer import SECRET
from tests.support.http import free_port
from tests.support.installation import Installation, installed
from tests.support.processes import Program, eventually
from tests.support.shop import Shop, a_shop

pytestmark = pytest.mark.usefixtures("whole_machine")

_log = logging.getLogger(__name__)

VICTIMS = (
    "worker",
    "supervisor",
    "postgresql",
    "postgresql backend",
    "watcher",
    "web",
    "web worker",
    "relay",
)
GUESTS = 5
VARIANTS = 4
PIECES = 4  # of each variant, brought twice for each kill


@pytest.fixture
def installation() -> Iterator[Installation]:
    port = free_port()
    with (
        installed(
            hold_minutes="1",
            shutdown_grace_seconds="10",
            acquirer_url=f"http://127.0.0.1:{port}",
            acquirer_secret=SECRET,
        ) as made,
        (made.data_dir / "acquirer.log").open("w") as log,
        Program.started(
            *("-m", "sandbox.acquirer", "--port", str(port)),
            environment={"ACQUIRER_SECRET": SECRET},
            output=log,
        ),
    ):
        yield made


class Shelves:
    """The stock of the shop, and how much of it there ever was."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self.on_hand = 0
        self.shop: Shop = installation.prepare(self._open)

    async def _open(self, database: Database) -> Shop:
        async with database.transaction() as tx:
            return await a_shop(tx, now=datetime.now(UTC), on_hand=0, variants=VARIANTS)

    def fill(self) -> None:
        """Let the ERP say that more has come."""
        self.on_hand += PIECES
        self._installation.in_database(self._write)

    async def _write(self, database: Database) -> None:
        now = datetime.now(UTC)
        levels = [
            stock.Level(
                warehouse_id=self.shop.central,
                variant_id=variant_id,
                on_hand=Decimal(self.on_hand),
                as_of=now,
            )
            for variant_id in self.shop.variants
        ]
        async with database.transaction() as tx:
            await stock.set_levels(tx, source="1c", levels=levels, now=now)


def kill_again_and_again(
    installation: Installation, shelves: Shelves, victims: Sequence[str], *, seed: int
) -> list[Receipt]:
    """Kill while guests buy; give the orders the shop said yes to."""
    chance = random.Random(seed)
    with Street(installation.address, shelves.shop.variants, guests=GUESTS) as street:
        for victim in victims:
            shelves.fill()
            street.wait_for_requests(chance.randint(1, 60))
            installation.kill(victim)
            shelves.fill()
            street.wait_for_orders(3)
            _log.info("killed %s; the shop sells again", victim)
        street.wait_for_refusals(GUESTS)  # all is sold: the last pieces were fought for
    assert not street.book.faults, street.book.faults[:5]
    _log.info("%d orders; answers: %s", len(street.book.receipts), dict(street.book.statuses))
    return street.book.receipts


async def _orders(database: Database) -> dict[str, tuple[UUID, str]]:
    async with database.snapshot() as snap:
        rows = await snap.all("select id, number, placing_key from orders_order")
    return {row.placing_key.partition(":")[2]: (row.id, row.number) for row in rows}


async def _sold(database: Database) -> dict[UUID, int]:
    async with database.snapshot() as snap:
        rows = await snap.all(
            "select variant_id, sum(quantity)::int as pieces from orders_line group by variant_id"
        )
    return {row.variant_id: row.pieces for row in rows}


def prove_orders(installation: Installation, receipts: Sequence[Receipt]) -> None:
    """Each acknowledged order is there once, with its lines; there are no others."""
    kept = installation.in_database(_orders)
    assert kept == {one.key: (one.order_id, one.number) for one in receipts}
    assert installation.scalar("select count(*) from orders_order") == len(receipts)
    bought: Counter[UUID] = Counter()
    for one in receipts:
        bought[one.variant_id] += one.quantity
    assert installation.in_database(_sold) == bought


def prove_stock(installation: Installation, shelves: Shelves) -> None:
    """Leases nobody used run out; then what was not sold is for sale, and nothing else is."""

    async def expire(database: Database) -> None:
        async with database.transaction() as tx:
            await expire_holds(tx, now=datetime.now(UTC) + timedelta(minutes=2), limit=10_000)

    async def left(database: Database) -> dict[UUID, int]:
        async with database.snapshot() as snap:
            found = await stock.availability(snap, channel="ru", variant_ids=shelves.shop.variants)
        return {variant_id: int(one.available) for variant_id, one in found.items()}

    sold = installation.in_database(_sold)
    assert max(sold.values()) <= shelves.on_hand, "more was sold than there was"
    installation.in_database(expire)
    assert installation.in_database(left) == {
        variant_id: shelves.on_hand - sold.get(variant_id, 0)
        for variant_id in shelves.shop.variants
    }


def prove_events(installation: Installation) -> None:
    """Every event reaches everybody, every job ends."""

    async def behind(database: Database) -> int:
        async with database.snapshot() as snap:
            return sum((await events_behind(snap)).values())

    unnumbered = "select count(*) from outbox_event where position is null"
    unfinished = """
        select count(*)
          from jobs.procrastinate_jobs
         where status = 'doing'
            or status = 'todo' and coalesce(scheduled_at, now()) <= now()
    """
    eventually(lambda: installation.scalar(unnumbered) == 0, what="events without a number")
    eventually(
        lambda: installation.in_database(behind) == 0,
        within_seconds=60,
        what="events are not delivered",
    )
    eventually(
        lambda: installation.scalar(unfinished) == 0, within_seconds=90, what="jobs never end"
    )


def prove_payments(installation: Installation, receipts: Sequence[Receipt]) -> None:
    """What was paid on the acquirer's page is known as paid, once, and nothing else is."""
    paid = [one.order_id for one in receipts if one.is_paid]
    assert paid, "nobody paid by card"
    known = "select count(*) from orders_order where payment_state = 'paid'"
    # A job of a worker that was killed is begun anew half a minute later.
    eventually(
        lambda: installation.scalar(known) == len(paid),
        within_seconds=150,
        what="the shop does not know of a payment",
    )
    fit = "select count(*) from orders_order where payment_state = 'paid' and id = any(%(ids)s)"
    captured = "select count(*) from payments_payment where state = 'captured'"
    assert installation.scalar(fit, ids=paid) == len(paid)
    assert installation.scalar(captured) == len(paid)


def prove(installation: Installation, shelves: Shelves, receipts: Sequence[Receipt]) -> None:
    prove_orders(installation, receipts)
    prove_stock(installation, shelves)
    prove_payments(installation, receipts)
    prove_events(installation)
    report = installation.check()
    findings = [finding for check in report["checks"] for finding in check["findings"]]
    assert findings == []
    assert report["ok"]
    assert {"stock", "orders", "outbox", "jobs", "search"} <= {
        check["area"] for check in report["checks"]
    }


@pytest.mark.timeout(1200)
def test_a_kill_of_each_process_loses_nothing(installation: Installation) -> None:
    shelves = Shelves(installation)
    with installation.serving():
        receipts = kill_again_and_again(installation, shelves, VICTIMS, seed=1)

        prove(installation, shelves, receipts)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(2, 5))
def test_many_kills_lose_nothing(installation: Installation, seed: int) -> None:
    shelves = Shelves(installation)
    victims = list(VICTIMS) * 8
    random.Random(seed).shuffle(victims)
    with installation.serving():
        receipts = kill_again_and_again(installation, shelves, victims, seed=seed)

        prove(installation, shelves, receipts)
