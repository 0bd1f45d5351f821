"""The coalition of the demo: half a year that the checks prove, and what it leaves to be seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from typing_extensions import override

from hansa.assembly.application import build_context
from hansa.assembly.demo import coalition, feeds, neighbours, prizes, telephones
from hansa.assembly.modules import all_modules, services_of
from hansa.modules import notifications
from hansa.modules.loyalty import (
    intake,
    members,
    offers,
    points,
    programmes,
    rewards,
    settlement,
)
from hansa.modules.loyalty.offers import OfferState
from hansa.modules.loyalty.settlement import PaymentState
from hansa.runtime.context import Context
from hansa.runtime.database import Database, Transaction
from hansa.runtime.settings import Secret, Settings
from tests.support.database import TestServer
from tests.support.shop import a_shop

pytestmark = pytest.mark.timeout(600)
AREAS = {"ledger", "loyalty"}
NOW = datetime.now(UTC)
SHORT_NOW, SHORT_DAYS = datetime(2026, 11, 21, 6, tzinfo=UTC), 24


class BrokenOff(Exception):
    """What a killed program would have done next."""


class Mortal(Database):
    """A database whose program is killed when it begins a transaction too many."""

    transactions_left: int | None = None

    @override
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        if self.transactions_left == 0:
            raise BrokenOff
        if self.transactions_left is not None:
            self.transactions_left -= 1
        async with super().transaction() as tx:
            yield tx


PUSH = "http://127.0.0.1:9530"


def context_of(database: Database, *, dsn: str, folder: Path, push: str = PUSH) -> Context:
    settings = Settings(
        environment="demo",
        data_dir=folder,
        secret_key=Secret("a key that only tests use, long enough"),
        database_url=dsn,
        acquirer_url="http://127.0.0.1:8790",
        webpush_practice_url=push,
    )
    return build_context(settings, database=database)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def demo(
    test_database_server: TestServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Context]:
    with test_database_server.temporary("demo") as dsn:
        database = Database(dsn, connections_min=1, connections_max=4)
        await database.open()
        async with database.transaction() as tx:
            await a_shop(tx, now=NOW - timedelta(days=200), on_hand=1)
        context = context_of(database, dsn=dsn, folder=tmp_path_factory.mktemp("demo"))
        await context.open(services_of(all_modules()))
        await coalition.load_coalition(context, NOW)
        await feeds.connect(context, NOW)
        yield context
        await context.close_services()
        await database.close()


async def findings(context: Context) -> list[str]:
    known = [one for module in all_modules() for one in module.checks]
    # The sums of the desk are made of events, which no worker has delivered here.
    checks = [one for one in known if one.area in AREAS and not one.name.startswith("desk.")]
    async with context.database.snapshot() as snap:
        return [
            f"{check.name}: {found.subject}: {found.message}"
            for check in checks
            for found in await check.run(snap)
        ]


async def test_half_a_year_is_proven_closed_and_partly_paid(demo: Context) -> None:
    assert await findings(demo) == []
    [programme] = demo.service(programmes.Directory).coalition.programmes.values()
    today = settlement.day_of(NOW, programme.time_zone)
    async with demo.database.snapshot() as snap:
        closings = await settlement.list_closings(snap, programme_id=programme.id, limit=12)
        statements = await settlement.statements_of_closing(snap, closed=closings[0])
        paid = await settlement.sum_paid(snap, statements=[one.id for one in statements if one.id])
        standings = await settlement.read_standings(
            snap,
            coalition=demo.service(programmes.Directory).coalition,
            programme=programme,
            now=NOW,
        )
    assert len(closings) >= 5
    assert len(statements) == len(neighbours.NEIGHBOURS)
    states = {
        settlement.payment_state(
            due_minor=one.due_minor, paid_minor=paid[one.id], due_on=one.due_on, today=today
        )
        for one in statements
        if one.id
    }
    assert PaymentState.OPEN in states
    assert all(one.left is None or one.left > 0 for one in standings)


async def test_most_members_have_a_telephone_and_decide_once_whether_it_may_ring(
    demo: Context,
) -> None:
    async def seen() -> tuple[members.Member, int, int, bool]:
        async with demo.database.snapshot() as snap:
            found, _ = await members.list_members(snap, limit=100)
            ids = [one.member.id for one in found]
            devices = await notifications.list_devices(snap, member_ids=ids)
            first = found[-1].member
            decided = await members.list_consents(snap, member_id=first.id)
        may_ring = any(one.purpose == members.PUSH and one.is_granted for one in decided)
        return first, len(ids), sum(map(len, devices.values())), may_ring

    await telephones.connect(demo, NOW)
    member, people, ringing, may_ring = await seen()
    later = NOW + timedelta(minutes=1)  # of two decisions the later one counts
    async with demo.database.transaction() as tx:
        await members.set_consent(
            tx, member_id=member.id, purpose=members.PUSH, is_granted=False, now=later
        )
    await telephones.connect(demo, later)

    assert people * 2 // 3 < ringing < people
    assert may_ring
    assert await seen() == (member, people, ringing, False)


async def test_a_push_service_at_another_port_takes_the_place_of_the_former_one(
    demo: Context,
) -> None:
    async def addresses() -> list[str]:
        async with demo.database.snapshot() as snap:
            found, _ = await members.list_members(snap, limit=100)
            ids = [one.member.id for one in found]
            devices = await notifications.list_devices(snap, member_ids=ids)
        return sorted(one.address for listed in devices.values() for one in listed)

    await telephones.connect(demo, NOW)
    before = await addresses()

    elsewhere = "http://127.0.0.1:9531"
    dsn, folder = demo.settings.database_url or "", demo.settings.data_dir
    moved = context_of(demo.database, dsn=dsn, folder=folder, push=elsewhere)
    await telephones.connect(moved, NOW)
    after = await addresses()
    await telephones.connect(demo, NOW)

    assert before
    assert after == [one.replace(PUSH, elsewhere) for one in before]
    assert await addresses() == before


async def test_there_is_something_to_see_and_to_take_and_a_second_start_changes_nothing(
    demo: Context,
) -> None:
    async def seen() -> tuple[object, ...]:
        async with demo.database.snapshot() as snap:
            shown = await members.find_member(
                snap,
                ref=members.MemberRef(members.RefKind.PHONE, coalition.PHONES[0]),
                partner_id=None,
            )
            [programme] = demo.service(programmes.Directory).coalition.programmes.values()
            had = await points.read_balances(snap, members=[(programme.id, shown.id)], now=NOW)
            catalogue = await rewards.list_rewards(
                snap, programme_id=programme.id, limit=50, now=NOW
            )
            connected = await intake.list_feeds(snap)
        [balance] = had.values()
        return balance, len(catalogue), [(one.code, one.mapping_version) for one in connected]

    first = await seen()
    await coalition.load_coalition(demo, NOW)
    await feeds.connect(demo, NOW)

    assert await seen() == first
    balance, rewards_shown, connected = first
    assert isinstance(balance, points.Balance)
    assert balance.available > 1_000
    assert balance.pending > 0
    assert balance.expiring > 0
    assert rewards_shown == len(prizes.PRIZES)
    assert connected == [("insurer", 1), ("marketplace", 1), ("till", 1)]
    assert all([await demo.storage.exists(one.picture) for one in prizes.PRIZES])


async def test_a_load_that_was_broken_off_is_finished_by_the_next(
    test_database_server: TestServer, tmp_path: Path
) -> None:
    with test_database_server.temporary("broken_off") as dsn:
        database = Mortal(dsn, connections_min=1, connections_max=4)
        await database.open()
        async with database.transaction() as tx:
            await a_shop(tx, now=SHORT_NOW - timedelta(days=60), on_hand=1)
        context = context_of(database, dsn=dsn, folder=tmp_path)
        await context.open(services_of(all_modules()))
        for days_later, transactions in enumerate((1, 20, 60)):
            database.transactions_left = transactions
            with pytest.raises(BrokenOff):
                await load_short(context, days_later=days_later)

        database.transactions_left = None
        await load_short(context, days_later=5)

        assert await findings(context) == []
        [programme] = context.service(programmes.Directory).coalition.programmes.values()
        async with database.snapshot() as snap:
            closings = await settlement.list_closings(snap, programme_id=programme.id, limit=12)
            written = await offers.list_offers(snap, programme_id=programme.id, limit=100)
            rules = await offers.list_rules(snap, programme_id=programme.id, limit=100)
            enrolled = await snap.scalar("select count(*) from loyalty_member")
            cards = await snap.scalar("select count(*) from loyalty_card")
            days = await snap.scalar(
                "select count(distinct recorded_at) from ledger_posting where kind = 'purchase'"
            )
            presents = await snap.scalar(
                "select count(*) from ledger_posting where key like 'present-%'"
            )
        assert len(closings) == 1
        assert len(rules) == 1
        assert {one.code for one in written} == {code for _, code, _ in neighbours.OFFERS}
        assert [one.code for one in written if one.state is OfferState.IN_REVIEW] == [
            neighbours.OFFERS[-1][1]
        ]
        assert (enrolled, cards) == (len(coalition.PHONES) + SHORT_DAYS // 2, enrolled)
        assert days > SHORT_DAYS // 2
        assert presents == 3
        await context.close_services()
        await database.close()


async def load_short(context: Context, *, days_later: int) -> None:
    now = SHORT_NOW + timedelta(days=days_later)
    await coalition.load_coalition(context, now, days=SHORT_DAYS)
