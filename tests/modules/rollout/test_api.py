"""The JSON API: who may see, who may change, what is answered."""

from __future__ import annotations

from uuid import UUID

import pytest

from hansa.modules import rollout
from hansa.modules.accounts.model import BUILT_IN_ROLES
from tests.modules.rollout.conftest import FEATURE, Rolling

ANNA = UUID(int=1)
HOME = "/api/v1/rollout"
URL = f"{HOME}/features/{FEATURE}"


async def test_whoever_may_view_may_not_change(rolling: Rolling):
    async with rolling.program("rollout.view") as client:
        listed = await client.get(f"{HOME}/features")
        refused = await client.put(URL, json={"state": "on"})
        killed = await client.put(f"{URL}/kill-switch", json={"is_killed": True})
        made = await client.post(f"{HOME}/audiences", json={"code": "a", "name": "A"})
    async with rolling.program("catalog.view") as client:
        unseen = await client.get(f"{HOME}/features")
    async with rolling.site.client() as client:
        stranger = await client.get(f"{HOME}/features")

    assert FEATURE in {one["code"] for one in listed.json()["items"]}
    assert {refused.status_code, killed.status_code, made.status_code} == {403}
    assert (unseen.status_code, stranger.status_code) == (403, 401)


def test_a_marketer_may_view_and_not_change():
    [marketer] = [role for role in BUILT_IN_ROLES if role.code == "marketer"]

    held = marketer.permissions(["rollout.view", "rollout.edit"])

    assert held == ("rollout.view",)


async def test_a_change_is_answered_explained_and_taken_back(rolling: Rolling):
    async with rolling.program("rollout.view", "rollout.edit") as client:
        made = await client.post(f"{HOME}/audiences", json={"code": "family", "name": "Family"})
        audience = made.json()["id"]
        people = f"{HOME}/audiences/{audience}/members"
        added = await client.post(people, json={"people": [str(ANNA), "who"]})
        rules = {"state": "some", "audience_ids": [audience], "percent": "12.34", "version": 0}
        saved = await client.put(URL, json=rules)
        stale = await client.put(URL, json=rules | {"percent": "13"})
        answer = await client.get(f"{URL}/answer", params={"subject_id": str(ANNA)})
        await client.put(f"{URL}/kill-switch", json={"is_killed": True})
        killed = await client.get(f"{URL}/answer", params={"subject_id": str(ANNA)})
        history = await client.get(f"{URL}/versions", params={"limit": 1})
        more = await client.get(f"{URL}/versions", params={"after": history.json()["next"]})
        restored = await client.post(f"{URL}/versions/1/restoration")
        await client.delete(f"{people}/{ANNA}")
        left = await client.get(people)

    assert made.status_code == 201, made.text
    assert added.json() == {
        "added": 1,
        "present": 0,
        "faults_count": 1,
        "faults": [{"line": 2, "why": "not_understood"}],
    }
    assert (saved.json()["version"], saved.json()["rules"]["percent"]) == (1, "12.34")
    assert (stale.status_code, stale.json()["code"]) == (409, "rollout.feature_changed")
    assert (answer.json()["is_on"], answer.json()["reason"]) == (True, "audience")
    assert (killed.json()["is_on"], killed.json()["reason"]) == (False, "killed")
    assert [one["version"] for one in history.json()["items"]] == [2]
    assert [one["version"] for one in more.json()["items"]] == [1]
    assert restored.json()["rules"] == saved.json()["rules"]
    assert left.json()["items"] == []


async def test_a_repeat_of_a_call_changes_nothing_more(rolling: Rolling):
    key = {"Idempotency-Key": "one-and-the-same"}
    async with rolling.program("rollout.edit") as client:
        first = await client.put(URL, json={"state": "on"}, headers=key)
        again = await client.put(URL, json={"state": "on"}, headers=key)
    async with rolling.database.snapshot() as snap:
        held = await rollout.get_setting(snap, feature=FEATURE)

    assert first.content == again.content
    assert held.version == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"state": "perhaps"}, 400),
        ({"state": "some", "percent": "100.01"}, 400),
        ({"state": "some", "percent": "-1"}, 400),
        ({"state": "some", "percents": "1"}, 400),
        ({"state": "some", "audience_ids": [str(ANNA)]}, 404),
        (
            {
                "state": "on",
                "starts_at": "2026-12-01T00:00:00Z",
                "ends_at": "2026-11-01T00:00:00Z",
            },
            400,
        ),
    ],
)
async def test_rules_that_cannot_be_are_refused(rolling: Rolling, body, status):
    async with rolling.program("rollout.edit") as client:
        answer = await client.put(URL, json=body)

    assert answer.status_code == status, answer.text


async def test_what_is_not_there_is_not_found(rolling: Rolling):
    async with rolling.program("rollout.view", "rollout.edit") as client:
        answers = [
            await client.get(f"{HOME}/features/no.such"),
            await client.put(f"{HOME}/features/no.such", json={"state": "on"}),
            await client.get(f"{HOME}/audiences/{ANNA}"),
            await client.get(f"{HOME}/audiences/{ANNA}/members"),
            await client.delete(f"{HOME}/audiences/{ANNA}"),
            await client.post(f"{URL}/versions/5/restoration"),
        ]

    assert {one.status_code for one in answers} == {404}
