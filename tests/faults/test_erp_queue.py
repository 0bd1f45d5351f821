"""Orders on their way to a 1C that is down, or while anything of ours is killed.

None is lost, none is told twice with another meaning, what is told of one order stays in order.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest

from hansa.modules import erp
from hansa.runtime.database import Database
from tests.faults.guests import Receipt, Street
from tests.faults.test_kills import GUESTS, Shelves, prove_events
from tests.support.acquirer import SECRET
from tests.support.http import free_port
from tests.support.installation import Installation, installed
from tests.support.onec_service import PASSWORD, USER, OnecService, onec_service
from tests.support.processes import Program, eventually

pytestmark = pytest.mark.usefixtures("whole_machine")

KEY = "a key that only tests of faults use, long enough"
VICTIMS = ("worker", "relay", "postgresql", "worker", "web", "supervisor", "postgresql backend")
OPEN = """
    select count(*)
      from erp_message
     where state in ('waiting', 'sent', 'refused')
"""
CHANGES = "select number, change_number, exported_number from orders_order"
outgoing = erp.outgoing


@pytest.fixture
def onec() -> Iterator[OnecService]:
    with onec_service() as running:
        yield running


@pytest.fixture
def installation() -> Iterator[Installation]:
    port = free_port()
    with (
        installed(
            secret_key=KEY,
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


def connect(installation: Installation, onec: OnecService) -> None:
    """Have orders leave for 1C; what would be minutes between tries is a moment."""

    async def save(database: Database) -> None:
        now = datetime.now(UTC)
        async with database.transaction() as tx:
            connection = await erp.ensure_connection(tx, market="ru", now=now)
            await outgoing.save_outgoing(
                tx,
                outgoing=outgoing.Outgoing(
                    connection_id=connection.id,
                    address=onec.address,
                    sign_in=outgoing.SignIn.BASIC,
                    user_name=USER,
                    starts_at=now,
                    answer_seconds=3,
                    pause_seconds=0.05,
                    pause_seconds_max=1.0,
                ),
                key=KEY.encode(),
                secret=PASSWORD,
            )

    installation.prepare(save)


def prove_queue(installation: Installation, onec: OnecService, receipts: Sequence[Receipt]) -> None:
    """1C has every order the shop said yes to, as it is now, and was never misled."""
    prove_events(installation)

    async def changes(database: Database) -> dict[str, tuple[int, int]]:
        async with database.snapshot(single=True) as snap:
            rows = await snap.all(CHANGES)
        return {row.number: (row.change_number, row.exported_number) for row in rows}

    def is_told() -> bool:
        """Whether 1C knows each order as it is; orders may still be changed by jobs meanwhile."""
        kept = installation.in_database(changes)
        told = {number: one["change_number"] for number, one in onec.intake.orders.items()}
        return installation.scalar(OPEN) == 0 and kept == {
            number: (change, change) for number, change in told.items()
        }

    eventually(is_told, within_seconds=90, what="1C does not know every order as it is")
    assert onec.intake.faults() == []
    assert set(onec.intake.orders) == {one.number for one in receipts}
    report = installation.check("erp", "outbox", "stock")
    assert [finding for check in report["checks"] for finding in check["findings"]] == []


@pytest.mark.timeout(1200)
def test_1c_down_for_long_gets_everything_in_order_when_it_is_back(
    installation: Installation, onec: OnecService
) -> None:
    shelves = Shelves(installation)
    connect(installation, onec)
    with installation.serving():
        with Street(installation.address, shelves.shop.variants, guests=GUESTS) as street:
            shelves.fill()
            street.wait_for_orders(3)
            onec.misbehave(down=True)
            shelves.fill()
            street.wait_for_orders(5)
            onec.misbehave(down=False, cut=True)
            shelves.fill()
            street.wait_for_orders(5)
            before = len(onec.accepted())
            onec.misbehave(cut=False)
            eventually(lambda: len(onec.accepted()) > before, within_seconds=60)
            onec.misbehave(slow_seconds=0.3, shuffle=True, twice=True, invent=True)
            shelves.fill()
            street.wait_for_orders(5)
            street.wait_for_refusals(GUESTS)  # all is sold
        assert not street.book.faults, street.book.faults[:5]

        prove_queue(installation, onec, street.book.receipts)


@pytest.mark.timeout(1200)
def test_a_kill_of_anything_loses_and_doubles_no_message(
    installation: Installation, onec: OnecService
) -> None:
    shelves = Shelves(installation)
    connect(installation, onec)
    onec.misbehave(slow_seconds=0.1)
    chance = random.Random(1)
    with installation.serving():
        with Street(installation.address, shelves.shop.variants, guests=GUESTS) as street:
            for victim in VICTIMS:
                shelves.fill()
                street.wait_for_requests(chance.randint(1, 40))
                onec.misbehave(lose_answers=chance.randint(0, 2), shuffle=True)
                installation.kill(victim)
                shelves.fill()
                street.wait_for_orders(2)
            street.wait_for_refusals(GUESTS)
        assert not street.book.faults, street.book.faults[:5]

        prove_queue(installation, onec, street.book.receipts)
