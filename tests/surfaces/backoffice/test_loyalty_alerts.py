"""Alerts of fraud: found, read, decided."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from hansa.modules.loyalty import guard, programmes
from hansa.modules.loyalty.guard import AlertState, Limit, Rules
from tests.conftest import NOON

HOME = "/office/loyalty/alerts"
ANNA, BORIS, PROGRAMME, SHOP = UUID(int=0xA1), UUID(int=0xB2), UUID(int=7), UUID(int=8)
RULES = Rules(limits=(Limit(window_seconds=3600, number_max=2),), dormant_days=30)


async def a_coalition(committing) -> None:
    async with committing.transaction() as tx:
        await programmes.save_programme(
            tx,
            programme=programmes.Programme(
                id=PROGRAMME, number=1, code="plus", name={"en": "Plus", "ru": "Плюс"}
            ),
            by=None,
            now=NOON,
        )
        await programmes.save_partner(
            tx,
            partner=programmes.Partner(
                id=SHOP, number=1, code="fuel", name={"en": "Fuel", "ru": "Топливо"}
            ),
            by=None,
            now=NOON,
        )


async def spend(committing, member_id: UUID = ANNA, *, times: int = 3, slept: int = 0) -> None:
    """Spend so often at noon, after so many days of sleep."""
    attempt = guard.Attempt(
        programme_id=PROGRAMME,
        member_id=member_id,
        partner_id=SHOP,
        act=guard.Act.SPEND,
        points=1_500,
        at=NOON,
        device="phone-of-anna",
        last_moved_at=NOON - timedelta(days=slept),
    )
    book = {PROGRAMME: RULES}
    async with committing.transaction() as tx:
        facts = await guard.load_facts(tx, attempts=[attempt], rules=book, now=NOON)
        outcomes = []
        for _ in range(times):
            verdict = guard.judge(RULES, facts, attempt)
            if verdict.is_allowed:
                facts.note(RULES, attempt, verdict)
            outcomes.append(guard.Outcome(attempt, verdict, is_posted=verdict.is_allowed))
        await guard.record(tx, outcomes=outcomes, rules=book, now=NOON)


async def alert_of(committing, member_id: UUID = ANNA) -> guard.Alert:
    async with committing.snapshot() as snap:
        found = await guard.list_alerts(snap, chosen=guard.AlertFilter(member_id=member_id))
    return found[0]


@pytest.fixture
async def alert(committing, shop) -> guard.Alert:
    await a_coalition(committing)
    await spend(committing)
    return await alert_of(committing)


async def test_alerts_are_found_by_state_kind_and_member(committing, alert, sign_in):
    await spend(committing, BORIS, times=1, slept=90)
    async with sign_in("loyalty.view") as browser:
        everything = await browser.open(HOME)
        fast = await browser.open(f"{HOME}?kind=velocity")
        boris = await browser.open(f"{HOME}?member={BORIS}")
        blocked = await browser.open(f"{HOME}?state=blocked")
        odd = await browser.open(f"{HOME}?state=odd&kind=odd&programme=odd&member=odd")

    assert "2 alerts nobody has looked at" in everything
    assert "Spends too fast" in everything
    assert "A sleeping account spends" in everything
    assert 'class="table-link"' in fast
    assert fast.count("table-link") == 1
    assert boris.count("table-link") == 1
    assert "No alert fits these filters." in blocked
    assert odd.count("table-link") == 2


async def test_one_alert_shows_its_facts(committing, alert, sign_in):
    async with sign_in("loyalty.view") as browser:
        page = await browser.open(f"{HOME}/{alert.id}")

    for said in ("Spends too fast", "was refused", "Plus", "Fuel", str(ANNA)):
        assert said in page
    assert "1,500" in page
    assert "phone-of-anna" not in page
    assert "Decide" not in page  # whoever may only view


async def test_an_alert_is_looked_at_blocked_and_lifted(committing, alert, sign_in):
    path = f"{HOME}/{alert.id}"
    async with sign_in("loyalty.view", "loyalty.correct") as browser:
        await browser.send(f"{path}/look")
        looked = (await alert_of(committing)).state
        await browser.send(f"{path}/block", {"reason": "A stolen card"})
        blocked = await browser.open(path)
        state = (await alert_of(committing)).state
        await browser.send(f"{path}/dismiss", {"reason": "The card is back"})
        lifted = await browser.open(path)

    assert (looked, state) == (AlertState.LOOKED_AT, AlertState.BLOCKED)
    assert "may not spend" in blocked
    assert "A stolen card" in blocked
    assert "may not spend" not in lifted
    assert "The card is back" in lifted
    assert (await alert_of(committing)).state is AlertState.DISMISSED


async def test_a_decision_needs_a_reason(committing, alert, sign_in):
    async with sign_in("loyalty.view", "loyalty.correct") as browser:
        for decision in ("block", "dismiss"):
            await browser.send(f"{HOME}/{alert.id}/{decision}", {"reason": " "}, status=422)

    assert (await alert_of(committing)).state is AlertState.NEW


async def test_whoever_may_not_sees_and_changes_nothing(committing, alert, sign_in):
    async with sign_in("loyalty.view") as browser:
        for action in ("look", "block", "dismiss"):
            await browser.send(f"{HOME}/{alert.id}/{action}", {"reason": "x"}, status=403)
    async with sign_in("catalog.view", email="other@example.com") as browser:
        await browser.open(HOME, status=403)
        await browser.open(f"{HOME}/{alert.id}", status=403)

    assert (await alert_of(committing)).state is AlertState.NEW


async def test_an_alert_that_is_not_there_is_not_found(committing, shop, sign_in):
    async with sign_in("loyalty.view") as browser:
        await browser.open(f"{HOME}/{ANNA}", status=404)


async def test_pages_are_russian_for_russians(committing, alert, sign_in):
    async with sign_in("loyalty.view", language="ru") as browser:
        listed = await browser.open(HOME)
        page = await browser.open(f"{HOME}/{alert.id}")

    assert "Слишком часто тратит" in listed
    assert "1 сигнал, который никто не смотрел" in listed
    assert "Топливо" in page
