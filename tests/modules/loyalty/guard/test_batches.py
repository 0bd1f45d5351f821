"""Facts that survive batches, a fixed number of statements, and two transactions at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from hansa.kernel.identifiers import new_id
from hansa.modules.loyalty import guard
from hansa.modules.loyalty.guard import Act, Decision, Kind, Limit, Rules, Scope
from hansa.modules.loyalty.guard.jobs import ForgetCounts, run_forget_counts
from hansa.runtime.clock import FixedClock
from tests.conftest import NOON
from tests.modules.loyalty.guard.conftest import ANNA, BORIS, PROGRAMME, earn, run, spend
from tests.support.http import application
from tests.support.races import until_blocked

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TWO_AN_HOUR = Rules(limits=(Limit(window_seconds=3600, number_max=2),))
ALLOW, STEP_UP, REFUSE = Decision.ALLOW, Decision.STEP_UP, Decision.REFUSE


def decisions(verdicts: list[guard.Verdict]) -> list[Decision]:
    return [one.decision for one in verdicts]


class Statements:
    """Counts what a transaction sends."""

    def __init__(self, tx) -> None:
        self.tx, self.count = tx, 0

    def __getattr__(self, name):
        found = getattr(self.tx, name)
        if name not in {"all", "maybe", "scalar", "execute"}:
            return found

        def counted(*given, **named):
            self.count += 1
            return found(*given, **named)

        return counted


async def test_a_later_batch_knows_of_an_earlier_one(tx):
    first = await run(tx, TWO_AN_HOUR, [spend(), spend(), spend()])
    later = await run(tx, TWO_AN_HOUR, [spend(at=NOON + 59 * MINUTE)])
    after = await run(tx, TWO_AN_HOUR, [spend(at=NOON + 61 * MINUTE)] * 3)

    assert decisions(first) == [ALLOW, ALLOW, REFUSE]
    assert decisions(later) == [REFUSE]
    assert decisions(after) == [ALLOW, ALLOW, REFUSE]


async def test_members_of_a_batch_do_not_count_for_each_other(tx):
    verdicts = await run(
        tx, TWO_AN_HOUR, [spend(), spend(member_id=BORIS), spend(), spend(member_id=BORIS), spend()]
    )

    assert decisions(verdicts) == [ALLOW, ALLOW, ALLOW, ALLOW, REFUSE]


async def test_what_was_not_posted_is_not_counted(tx):
    book = {PROGRAMME: TWO_AN_HOUR}
    allowed = guard.Verdict(ALLOW)
    failed = [guard.Outcome(spend(), allowed, is_posted=False)] * 5
    await guard.record(tx, outcomes=failed, rules=book, now=NOON)

    assert decisions(await run(tx, TWO_AN_HOUR, [spend(), spend()])) == [ALLOW, ALLOW]


async def test_several_limits_of_one_member_count_each_for_itself(tx):
    rules = Rules(
        limits=(
            Limit(window_seconds=60, number_max=1, decision=STEP_UP),
            Limit(window_seconds=86_400, points_max=250),
            Limit(window_seconds=86_400, scope=Scope.DEVICE, number_max=3),
        )
    )
    at = [NOON + number * 2 * MINUTE for number in range(3)]

    verdicts = [
        (await run(tx, rules, [spend(100, at=one, device="phone")]))[0].decision for one in at
    ]

    assert verdicts == [ALLOW, ALLOW, REFUSE]
    small = await run(
        tx,
        rules,
        [
            spend(10, at=at[2], device="phone"),
            spend(10, at=at[2]),
            spend(10, at=at[2], device="phone"),
        ],
    )
    assert decisions(small) == [ALLOW, STEP_UP, REFUSE]


async def test_fresh_points_are_known_across_batches(tx):
    rules = Rules(cooling_seconds=24 * 3600)
    await run(tx, rules, [earn(300), earn(50, is_pending=True)])

    verdicts = await run(tx, rules, [spend(200, available=500), spend(400, available=500)])

    assert decisions(verdicts) == [ALLOW, STEP_UP]


async def test_an_account_that_slept_is_known_across_batches(tx):
    rules = Rules(dormant_days=30)
    await run(tx, rules, [earn(100)])

    awake = await run(tx, rules, [spend(at=NOON + 29 * DAY)])
    asleep = await run(tx, rules, [spend(at=NOON + 80 * DAY)])

    assert decisions(awake) == [ALLOW]
    assert decisions(asleep) == [STEP_UP]


async def test_movements_of_one_day_are_written_once(tx):
    rules = Rules(dormant_days=30)
    await run(tx, rules, [earn(100)])
    before = await tx.scalar("select xmin::text from loyalty_guard_member")
    await tx.execute("savepoint later")
    await run(tx, rules, [earn(100, at=NOON + timedelta(hours=23))])

    moved_at = await tx.scalar("select moved_at from loyalty_guard_member")
    assert before
    assert moved_at == NOON


async def test_a_device_is_known_and_grows_trusted(tx):
    rules = Rules(new_device_points=100, trust_days=30)
    small = await run(tx, rules, [spend(100, device="phone")])
    much = [spend(500, device="phone", at=NOON + timedelta(days=days)) for days in (1, 30)]

    assert decisions(small) == [ALLOW]
    assert decisions(await run(tx, rules, much[:1])) == [STEP_UP]
    assert decisions(await run(tx, rules, much[1:])) == [ALLOW]
    kept = await tx.all("select row_to_json(held)::text as text from loyalty_guard_device as held")
    assert kept
    assert not [row for row in kept if "phone" in row.text]


async def test_the_number_of_statements_does_not_depend_on_the_batch(tx):
    rules = Rules(
        limits=(
            Limit(window_seconds=3600, number_max=100),
            Limit(window_seconds=60, scope=Scope.DEVICE, number_max=100),
            Limit(act=Act.EARN, scope=Scope.MEMBER_AT_PARTNER, window_seconds=86_400, number_max=9),
        ),
        cooling_seconds=3600,
        new_device_points=10_000,
        dormant_days=100,
    )
    counts = []
    for size in (2, 500):
        people = [new_id(NOON) for _ in range(size)]
        statements = Statements(tx)
        await run(
            statements,  # type: ignore[arg-type]
            rules,
            [
                *(spend(member_id=one, device=f"phone {one}", token="x") for one in people),
                *(earn(member_id=one) for one in people),
            ],
            members_locked=True,
        )
        counts.append(statements.count)

    assert counts[0] == counts[1] <= 9


@pytest.mark.parametrize(("attempt", "statements"), [(spend(), 1), (earn(), 0)])
async def test_a_programme_without_rules_costs_next_to_nothing(tx, attempt, statements):
    counted = Statements(tx)

    verdicts = await run(counted, guard.QUIET, [attempt] * 500)  # type: ignore[arg-type]

    assert set(decisions(verdicts)) == {ALLOW}
    assert counted.count == statements


@pytest.mark.parametrize(
    ("scope", "second_member"),
    [(Scope.MEMBER, ANNA), (Scope.DEVICE, BORIS), (Scope.PARTNER, BORIS)],
)
async def test_of_two_processes_at_once_no_more_goes_than_allowed(
    two_transactions, committing, scope, second_member
):
    rules = Rules(limits=(Limit(window_seconds=3600, scope=scope, number_max=1),))
    first, second = two_transactions
    assert decisions(await run(first, rules, [spend(device="phone")])) == [ALLOW]
    waiting = asyncio.create_task(
        run(second, rules, [spend(device="phone", member_id=second_member)])
    )

    await until_blocked(committing.dsn, waiting)
    await first.connection.execute("commit")

    assert decisions(await waiting) == [REFUSE]


async def test_two_batches_with_the_same_members_in_other_orders_do_not_deadlock(committing):
    rules = Rules(limits=(Limit(window_seconds=3600, number_max=30),))
    people = [new_id(NOON) for _ in range(50)]

    async def batch(order: list[UUID]) -> list[Decision]:
        async with committing.transaction() as tx:
            return decisions(await run(tx, rules, [spend(member_id=one) for one in order]))

    found = await asyncio.gather(*(batch(people if n % 2 else people[::-1]) for n in range(40)))

    assert sum(one is ALLOW for some in found for one in some) == 30 * len(people)


async def test_old_counters_are_forgotten_and_those_that_matter_stay(settings, committing):
    async with committing.transaction() as tx:
        await run(tx, TWO_AN_HOUR, [spend(), spend()])
        await run(tx, TWO_AN_HOUR, [spend(at=NOON + DAY, member_id=BORIS)])
    clock = FixedClock(NOON + DAY + 30 * MINUTE)
    async with application(settings, committing, clock=clock) as site:
        await run_forget_counts(site.context, ForgetCounts())
    async with committing.transaction() as tx:
        left = await tx.all("select number from loyalty_guard_count")
        again = await run(tx, TWO_AN_HOUR, [spend(at=clock.now(), member_id=BORIS)] * 2)

    assert [row.number for row in left] == [1]
    assert decisions(again) == [ALLOW, REFUSE]


async def test_rules_are_in_memory_of_every_process_soon(settings, committing, clock):
    async with application(settings, committing, clock=clock) as site:
        watch = site.context.service(guard.Watch)
        assert watch.of(PROGRAMME) == guard.QUIET
        async with committing.transaction() as tx:
            await guard.save_rules(tx, programme_id=PROGRAMME, rules=TWO_AN_HOUR, by=None, now=NOON)
        async with asyncio.timeout(60):
            while watch.of(PROGRAMME) != TWO_AN_HOUR:
                await asyncio.sleep(0.01)


async def test_a_refusal_is_counted_in_one_alert_and_told_once(tx):
    rules = Rules(limits=(Limit(window_seconds=3600, number_max=0),))
    await run(tx, rules, [spend(), spend(), spend(member_id=BORIS)])
    await run(tx, rules, [spend(at=NOON + MINUTE)])

    alerts = await guard.list_alerts(tx, chosen=guard.AlertFilter(member_id=ANNA))
    [alert] = alerts
    assert (alert.kind, alert.state, alert.number) == (Kind.VELOCITY, guard.AlertState.NEW, 3)
    assert (alert.opened_at, alert.last_at) == (NOON, NOON + MINUTE)
    assert alert.facts["limit"] == 0
    told = await tx.scalar("select count(*) from outbox_event where type = 'loyalty.FraudAlert'")
    assert told == 2
