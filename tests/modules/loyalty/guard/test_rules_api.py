"""What a programme watches for, over HTTP."""

from __future__ import annotations

from uuid import UUID

import pytest

from hansa.modules import accounts
from hansa.modules.loyalty import guard, programmes
from tests.conftest import NOON
from tests.support.http import application

PROGRAMME = UUID(int=7)
URL = f"/api/v1/loyalty/guard/{PROGRAMME}/rules"
LIMIT = {"act": "spend", "scope": "member", "window_seconds": 3600, "number_max": 3}


@pytest.fixture
async def site(settings, committing, clock):
    async with committing.transaction() as tx:
        await programmes.save_programme(
            tx,
            programme=programmes.Programme(
                id=PROGRAMME, number=1, code="plus", name={"en": "Plus"}
            ),
            by=None,
            now=NOON,
        )
    async with application(settings, committing, clock=clock) as running:
        yield running


@pytest.fixture
def key(committing):
    async def make(*scopes: str) -> dict[str, str]:
        async with committing.transaction() as tx:
            _, secret = await accounts.create_api_key(
                tx, name="Key", scopes=scopes, by=None, now=NOON
            )
        return {"Authorization": f"Bearer {secret}"}

    return make


async def test_rules_are_saved_shown_and_hold_at_once(site, key):
    rules = {"limits": [LIMIT], "cooling_seconds": 86_400, "new_device_points": 5_000}
    async with site.client(headers=await key("loyalty.view", "loyalty.edit")) as client:
        before = await client.get(URL)
        saved = await client.put(URL, json=rules)
        after = await client.get(URL)

    assert before.json()["limits"] == []
    assert saved.status_code == 200, saved.text
    assert after.json() == saved.json()
    assert after.json()["limits"] == [LIMIT | {"points_max": None, "decision": "refuse"}]
    held = site.context.service(guard.Watch).of(PROGRAMME)
    assert held.limits == (guard.Limit(window_seconds=3600, number_max=3),)


@pytest.mark.parametrize(
    "rules",
    [
        {"limits": [LIMIT | {"window_seconds": 0}]},
        {"limits": [{"act": "spend", "scope": "member", "window_seconds": 60}]},
        {"limits": [LIMIT | {"act": "earn", "decision": "step_up"}]},
        {"limits": [LIMIT | {"scope": "planet"}]},
        {"limits": [LIMIT] * 21},
        {"dormant_days": 0},
        {"unknown": 1},
    ],
)
async def test_rules_that_cannot_be_are_refused(site, key, rules):
    async with site.client(headers=await key("loyalty.edit")) as client:
        answer = await client.put(URL, json=rules)

    assert answer.status_code == 400, answer.text
    assert site.context.service(guard.Watch).of(PROGRAMME) == guard.QUIET


async def test_whoever_may_not_does_not(site, key):
    other = f"/api/v1/loyalty/guard/{UUID(int=9)}/rules"
    async with site.client(headers=await key("loyalty.view")) as client:
        refused = await client.put(URL, json={})
        missing = await client.get(other)
    async with site.client(headers=await key("catalog.view")) as client:
        unseen = await client.get(URL)

    assert (refused.status_code, unseen.status_code, missing.status_code) == (403, 403, 404)
