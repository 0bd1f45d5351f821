"""What people do about alerts: look, dismiss with a reason, block; all of it audited."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from hansa.modules.loyalty import guard
from hansa.modules.loyalty.guard import AlertState, Decision, Kind, Limit, Rules
from hansa.runtime.http import Actor
from tests.conftest import NOON
from tests.modules.loyalty.guard.conftest import ANNA, PROGRAMME, earn, run, spend
from tests.support.races import until_blocked

VERA = Actor(id=UUID(int=9), kind="staff", name="Vera", permissions=frozenset({"*"}))
NOTHING = Rules(limits=(Limit(window_seconds=3600, number_max=0),))
DORMANT = Rules(dormant_days=30)


async def an_alert(tx, rules: Rules = NOTHING) -> guard.Alert:
    await run(tx, rules, [spend(last_moved_at=NOON - timedelta(days=90))])
    kind = Kind.DORMANT if rules is DORMANT else Kind.VELOCITY
    [alert] = await guard.list_alerts(tx, chosen=guard.AlertFilter(kind=kind))
    return alert


async def findings(tx) -> list[str]:
    return [found.check for check in guard.CHECKS for found in await check.run(tx)]


async def test_an_alert_is_looked_at_and_dismissed_with_a_reason(tx):
    alert = await an_alert(tx)
    looked = await guard.look_at_alert(tx, alert_id=alert.id, by=VERA, now=NOON)
    with pytest.raises(guard.ReasonNeeded):
        await guard.dismiss_alert(tx, alert_id=alert.id, reason="  ", by=VERA, now=NOON)
    done = await guard.dismiss_alert(
        tx, alert_id=alert.id, reason="A gift for the whole office", by=VERA, now=NOON
    )

    assert looked.state is AlertState.LOOKED_AT
    assert (done.state, done.handled_by) == (AlertState.DISMISSED, VERA.id)
    actions = await tx.all(
        "select action, before, after from account_audit where subject_kind = 'loyalty_alert'"
    )
    assert {row.action for row in actions} == {"loyalty.alert_looked_at", "loyalty.alert_dismissed"}
    for operation in (guard.dismiss_alert, guard.block_member):
        with pytest.raises(guard.AlertOver):
            await operation(tx, alert_id=alert.id, reason="Again", by=VERA, now=NOON)


async def test_after_a_dismissal_the_same_opens_a_new_alert(tx):
    alert = await an_alert(tx)
    await guard.dismiss_alert(tx, alert_id=alert.id, reason="Known", by=VERA, now=NOON)
    await run(tx, NOTHING, [spend(at=NOON + timedelta(minutes=1))])

    newest, oldest = await guard.list_alerts(tx, chosen=guard.AlertFilter())
    assert (newest.state, oldest.state) == (AlertState.NEW, AlertState.DISMISSED)
    assert await guard.count_new_alerts(tx) == 1


async def test_whoever_is_blocked_spends_nothing_until_it_is_dismissed(tx):
    alert = await an_alert(tx)
    await guard.block_member(tx, alert_id=alert.id, reason="Stolen card", by=VERA, now=NOON)

    assert (await run(tx, guard.QUIET, [spend()]))[0].reasons[0].kind is Kind.BLOCKED
    assert (await run(tx, guard.QUIET, [earn()]))[0].is_allowed
    assert await findings(tx) == []
    await guard.dismiss_alert(tx, alert_id=alert.id, reason="A new card", by=VERA, now=NOON)
    assert (await run(tx, guard.QUIET, [spend()]))[0].is_allowed
    assert await findings(tx) == []


async def test_a_block_trusts_no_device_any_more(tx):
    made = await guard.make_challenge(
        tx, programme_id=PROGRAMME, member_id=ANNA, device="phone", now=NOON
    )
    await guard.finish_step_up(tx, challenge_id=made.challenge.id, code=made.code, now=NOON)
    alert = await an_alert(tx)
    await guard.block_member(tx, alert_id=alert.id, reason="Stolen phone", by=VERA, now=NOON)
    await guard.dismiss_alert(tx, alert_id=alert.id, reason="Found", by=VERA, now=NOON)

    [verdict] = await run(tx, Rules(new_device_points=0), [spend(device="phone")])

    assert verdict.decision is Decision.STEP_UP


async def test_of_two_alerts_that_block_one_is_enough(tx):
    first, second = await an_alert(tx), await an_alert(tx, DORMANT)
    for alert in (first, second):
        await guard.block_member(tx, alert_id=alert.id, reason="Both", by=VERA, now=NOON)

    await guard.dismiss_alert(tx, alert_id=first.id, reason="Not this", by=VERA, now=NOON)
    assert not (await run(tx, guard.QUIET, [spend()]))[0].is_allowed
    assert await findings(tx) == []
    await guard.dismiss_alert(tx, alert_id=second.id, reason="Nor this", by=VERA, now=NOON)
    assert (await run(tx, guard.QUIET, [spend()]))[0].is_allowed
    assert await findings(tx) == []


async def test_of_two_people_who_decide_at_once_the_second_is_told(two_transactions, committing):
    async with committing.transaction() as tx:
        alert = await an_alert(tx)
    first, second = two_transactions
    await guard.dismiss_alert(first, alert_id=alert.id, reason="Fine", by=VERA, now=NOON)
    waiting = asyncio.create_task(
        guard.block_member(second, alert_id=alert.id, reason="Not fine", by=VERA, now=NOON)
    )

    await until_blocked(committing.dsn, waiting)
    await first.connection.execute("commit")

    with pytest.raises(guard.AlertOver):
        await waiting


async def test_a_dormant_account_that_wakes_is_told_of(tx):
    alert = await an_alert(tx, DORMANT)

    assert alert.facts["found"] == 90
    assert alert.facts["decision"] == "step_up"


async def test_alerts_are_filtered_and_paged(tx):
    await an_alert(tx)
    await an_alert(tx, DORMANT)
    everything = await guard.list_alerts(tx, chosen=guard.AlertFilter())
    first = await guard.list_alerts(tx, chosen=guard.AlertFilter(), limit=1)
    rest = await guard.list_alerts(
        tx, chosen=guard.AlertFilter(), before=(first[0].opened_at, first[0].id)
    )

    assert [*first, *rest] == list(everything)
    assert len(everything) == 2
    blocked = guard.AlertFilter(state=AlertState.BLOCKED)
    assert not await guard.list_alerts(tx, chosen=blocked)


async def test_what_is_not_there_is_told(tx):
    with pytest.raises(guard.NoSuchAlert):
        await guard.get_alert(tx, alert_id=ANNA)
    with pytest.raises(guard.NoSuchAlert):
        await guard.look_at_alert(tx, alert_id=ANNA, by=VERA, now=NOON)


async def test_rules_are_audited_and_checked(tx):
    await guard.save_rules(tx, programme_id=PROGRAMME, rules=NOTHING, by=VERA, now=NOON)
    await guard.save_rules(tx, programme_id=PROGRAMME, rules=NOTHING, by=VERA, now=NOON)
    with pytest.raises(guard.RulesInvalid):
        await guard.save_rules(
            tx, programme_id=PROGRAMME, rules=Rules(dormant_days=0), by=VERA, now=NOON
        )

    assert await guard.get_rules(tx, programme_id=PROGRAMME) == NOTHING
    audited = await tx.scalar(
        "select count(*) from account_audit where action = 'loyalty.save_guard_rules'"
    )
    assert audited == 1
