"""The JSON API: by permission, once per key, paged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest_asyncio

from hansa.modules import accounts, webhooks
from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from tests.conftest import NOON
from tests.support.http import Site, application
from tests.support.webhooks import World, a_receiver

API = "/api/v1/webhooks"
PARTNER = "https://partner.example/hooks"


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings, committing: Database, clock: FixedClock) -> AsyncIterator[Site]:
    async with application(settings, committing, clock=clock) as running:
        yield running


async def a_key(database: Database, *scopes: str) -> str:
    async with database.transaction() as tx:
        _, secret = await accounts.create_api_key(
            tx,
            name="a program",
            scopes=scopes,
            by=None,
            known_permissions=scopes,
            now=NOON,
        )
    return secret


@pytest_asyncio.fixture(loop_scope="session")
async def client(site: Site, committing: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A program that may do everything with webhooks."""
    secret = await a_key(committing, "webhooks.view", "webhooks.edit")
    async with site.client(headers={"Authorization": f"Bearer {secret}"}) as given:
        yield given


async def add(client: httpx.AsyncClient, **changes: object) -> dict:
    body = {"owner_id": str(uuid4()), "url": PARTNER, "event_types": ["points.*"]}
    answer = await client.post(f"{API}/endpoints", json=body | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_an_endpoint_lives_by_its_calls(client: httpx.AsyncClient) -> None:
    made = await add(client, description="Till")
    here = f"{API}/endpoints/{made['endpoint']['id']}"

    changed = await client.patch(here, json={"event_types": ["*"], "calls_max": 2})
    rotated = await client.post(f"{here}/secrets", json={"signing_by": "ed25519"})
    shown = (await client.get(here)).json()
    disabled = (await client.post(f"{here}/disabled")).json()
    pinged = await client.post(f"{here}/tests")
    enabled = (await client.post(f"{here}/enabled")).json()
    pinged_again = await client.post(f"{here}/tests")
    removed = await client.delete(here)

    assert made["secret"]["secret"].startswith("whsec_")
    assert changed.json()["event_types"] == ["*"]
    assert changed.json()["description"] == "Till"
    assert rotated.json()["secret"] == shown["secrets"][0]["public_key"]
    assert [one["kind"] for one in shown["secrets"]] == ["ed25519", "hmac"]
    assert shown["secrets"][1]["ends_at"] == "2026-11-22T12:00:00Z"
    assert made["secret"]["secret"] not in (await client.get(f"{API}/endpoints")).text
    assert (disabled["state"], disabled["reason"]) == ("disabled", "by_hand")
    assert pinged.status_code == 409
    assert pinged.json()["code"] == "webhooks.endpoint_off"
    assert enabled["state"] == "active"
    assert pinged_again.status_code == 201
    assert removed.status_code == 204
    assert (await client.get(here)).status_code == 404


async def test_a_secret_is_never_kept_for_a_repeat_of_the_call(client: httpx.AsyncClient) -> None:
    body = {"owner_id": str(uuid4()), "url": PARTNER, "event_types": ["*"]}
    headers = {"Idempotency-Key": "the-same-call"}

    first = await client.post(f"{API}/endpoints", json=body, headers=headers)
    again = await client.post(f"{API}/endpoints", json=body, headers=headers)
    without = await client.post(f"{API}/endpoints", json=body, headers={"Idempotency-Key": ""})

    found = (await client.get(f"{API}/endpoints", params={"owner_id": body["owner_id"]})).json()
    assert first.status_code == 201
    assert again.status_code == 409
    assert "whsec_" not in again.text
    assert without.status_code == 400
    assert len(found["items"]) == 1


async def test_what_cannot_be_is_refused_with_a_reason(client: httpx.AsyncClient) -> None:
    owner = str(uuid4())
    for changes in (
        {"url": "http://partner.example/"},
        {"url": "https://user:word@partner.example/"},
        {"event_types": ["a b"]},
        {"event_types": []},
        {"calls_max": 99},
        {"nothing": 1},
        {"owner_id": "anna"},
    ):
        body = {"owner_id": owner, "url": PARTNER, "event_types": ["*"]} | changes
        answer = await client.post(f"{API}/endpoints", json=body)
        assert answer.status_code == 400, answer.text
    for _ in range(webhooks.ENDPOINTS_MAX):
        await add(client, owner_id=owner)
    over = await client.post(
        f"{API}/endpoints", json={"owner_id": owner, "url": PARTNER, "event_types": ["*"]}
    )
    assert over.json()["code"] == "webhooks.too_many_endpoints"


async def test_messages_are_paged_filtered_and_shown_with_attempts(
    site: Site, client: httpx.AsyncClient
) -> None:
    async with a_receiver() as receiver:
        world = World(site.context, receiver)
        first, _ = await world.endpoint("first")
        second, _ = await world.endpoint("second", "percent.*")
        for _ in range(5):
            await world.send()
        await world.send("percent.changed")
        async with world.delivering():
            await world.until(*["delivered"] * 7)

    seen: list[str] = []
    params: dict[str, object] = {"limit": 3}
    while True:
        page = (await client.get(f"{API}/messages", params=params)).json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        params["after"] = page["next"]
    of_second = (
        await client.get(f"{API}/messages", params={"endpoint_id": str(second.id)})
    ).json()["items"]
    of_type = (await client.get(f"{API}/messages", params={"type": "percent.changed"})).json()
    dead = (await client.get(f"{API}/messages", params={"state": "dead"})).json()
    whole = (await client.get(f"{API}/messages/{of_second[0]['id']}")).json()

    assert len(seen) == len(set(seen)) == 7
    assert [one["endpoint_id"] for one in of_second] == [str(second.id)]
    assert {one["endpoint_id"] for one in of_type["items"]} == {str(first.id), str(second.id)}
    assert dead["items"] == []
    assert whole["body"]["type"] == "percent.changed"
    assert [one["status"] for one in whole["attempts"]] == [204]


async def test_a_replay_counts_first_and_then_sends(site: Site, client: httpx.AsyncClient) -> None:
    async with a_receiver() as receiver:
        world = World(site.context, receiver)
        endpoint, _ = await world.endpoint("anna")
        await world.send()
        replays = f"{API}/endpoints/{endpoint.id}/replays"
        async with world.delivering():
            [message] = await world.until("delivered")
            counted = await client.post(replays, json={"since": NOON.isoformat()})
            naive = await client.post(replays, json={"since": "2026-11-21T12:00:00"})
            sent = await client.post(replays, json={"since": NOON.isoformat(), "dry_run": False})
            await world.until_true(
                lambda: len(receiver.box("anna").deliveries) == 2, "it did not come again"
            )
            await world.until("delivered")
            one = await client.post(f"{API}/messages/{message.id}/replays")
            await world.until_true(
                lambda: len(receiver.box("anna").deliveries) == 3, "it did not come a third time"
            )
            await world.until("delivered")

    assert counted.json() == {"messages": 1, "dry_run": True}
    assert sent.json() == {"messages": 1, "dry_run": False}
    assert naive.status_code == 400
    assert one.json()["state"] == "waiting"


async def test_permissions_are_asked_for(site: Site, committing: Database) -> None:
    viewer = await a_key(committing, "webhooks.view")
    other = await a_key(committing, "orders.view")
    anything = uuid4()
    body = {"owner_id": str(anything), "url": PARTNER, "event_types": ["*"]}
    async with site.client(headers={"Authorization": f"Bearer {viewer}"}) as client:
        assert (await client.get(f"{API}/endpoints")).status_code == 200
        for path, sent in (
            ("endpoints", body),
            (f"endpoints/{anything}/secrets", {}),
            (f"endpoints/{anything}/disabled", None),
            (f"endpoints/{anything}/enabled", None),
            (f"endpoints/{anything}/tests", None),
            (f"endpoints/{anything}/replays", {"since": NOON.isoformat()}),
            (f"messages/{anything}/replays", None),
        ):
            answer = await client.post(f"{API}/{path}", json=sent)
            assert answer.status_code == 403, path
        assert (await client.delete(f"{API}/endpoints/{anything}")).status_code == 403
        assert (await client.patch(f"{API}/endpoints/{anything}", json={})).status_code == 403
    async with site.client(headers={"Authorization": f"Bearer {other}"}) as client:
        for path in ("endpoints", "messages", f"endpoints/{anything}", f"messages/{anything}"):
            assert (await client.get(f"{API}/{path}")).status_code == 403
    async with site.client() as client:
        assert (await client.get(f"{API}/endpoints")).status_code == 401
