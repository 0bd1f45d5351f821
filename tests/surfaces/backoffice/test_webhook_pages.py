"""Webhooks as staff see them: endpoints, messages with attempts, replays, by permission."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio

from hansa.modules import webhooks
from tests.support.webhooks import World, a_receiver

HOME = "/office/webhooks"


@pytest_asyncio.fixture(loop_scope="session")
async def world(site) -> AsyncIterator[World]:
    """Endpoints at a receiver."""
    async with a_receiver() as receiver:
        yield World(site.context, receiver)


async def test_without_endpoints_the_page_says_so(root) -> None:
    assert "No endpoints yet" in await root.open(HOME)


async def test_a_failure_is_seen_with_its_attempts_and_replayed(world, root) -> None:
    endpoint, _ = await world.endpoint("anna", description="Till of Anna")
    world.receiver.misbehave("anna", fail=1)
    await world.send()
    async with world.delivering():
        message = await world.until_failures(1)
        page = await root.open(HOME)
        whole = await root.open(f"{HOME}/messages/{message.id}")
        await root.send(f"{HOME}/messages/{message.id}/replay")
        await world.until("delivered")

    assert "Till of Anna" in page
    assert "fails" in page
    assert "http_500" in page
    assert "abc123secret" not in whole
    assert "&#34;points&#34;: 12" in whole
    assert "arrived" in await root.open(f"{HOME}/endpoints/{endpoint.id}?view=delivered")
    assert "webhooks.message_replayed" in await root.open("/office/audit")


async def test_endpoints_that_were_lost_are_an_alert_until_they_are_switched_on(
    world, root
) -> None:
    endpoint, _ = await world.endpoint("anna")
    other, _ = await world.endpoint("boris")
    world.receiver.misbehave("anna", gone=-1)
    await root.send(f"{HOME}/endpoints/{other.id}/disable")  # by hand: no alarm
    await world.send()
    async with world.delivering():
        await world.until("cancelled", "cancelled")

    page = await root.open(HOME)
    assert page.count("alert-bad") == 1
    assert f"Nothing is sent to {endpoint.owner_id} any more" in page
    assert f"{endpoint.url} answered 410" in page
    assert f'href="{HOME}/endpoints/{endpoint.id}"' in page
    await root.send(f"{HOME}/endpoints/{endpoint.id}/enable")

    assert "alert-bad" not in await root.open(HOME)


async def test_a_replay_since_is_counted_before_it_is_sent(world, root) -> None:
    endpoint, _ = await world.endpoint("anna")
    here = f"{HOME}/endpoints/{endpoint.id}"
    await world.send()
    async with world.delivering():
        await world.until("delivered")
        since = {"since": "2026-11-21T00:00"}
        counted = await root.send(f"{here}/replay", since, status=200)
        assert len(world.receiver.box("anna").deliveries) == 1
        await root.send(f"{here}/replay", since | {"confirmed": "1"})
        await world.until_true(
            lambda: len(world.receiver.box("anna").deliveries) == 2, "it did not come again"
        )
        await world.until("delivered")
    wrong = await root.send(f"{here}/replay", {"since": "yesterday"}, status=422)

    assert "would be sent again: 1." in counted.text
    assert "This is not a date and time." in wrong.text


async def test_an_endpoint_is_disabled_enabled_and_tested(world, root) -> None:
    endpoint, _ = await world.endpoint("anna")
    here = f"{HOME}/endpoints/{endpoint.id}"

    await root.send(f"{here}/disable")
    disabled = await root.open(here)
    refused = await root.send(f"{here}/test", status=409)
    await root.send(f"{here}/enable")
    sent = await root.send(f"{here}/test")
    async with world.delivering():
        await world.until("delivered")

    assert "disabled by hand" in disabled
    assert "Enable it first" in refused.text
    assert "webhooks.ping" in await root.open(sent.headers["location"])


async def test_a_new_secret_is_shown_once(world, root) -> None:
    endpoint, _ = await world.endpoint("anna")
    here = f"{HOME}/endpoints/{endpoint.id}"
    world.move(timedelta(seconds=1))

    shown = await root.send(f"{here}/secret", {"overlap_hours": "1"}, status=200)
    wrong = await root.send(f"{here}/secret", {"overlap_hours": "10000"}, status=422)

    found = re.search(r"whsec_[A-Za-z0-9+/=]+", shown.text)
    assert found
    assert shown.headers["cache-control"] == "no-store"
    assert found[0] not in await root.open(here)
    assert "whsec_" not in wrong.text


async def test_whoever_may_only_look_changes_nothing(world, sign_in) -> None:
    endpoint, _ = await world.endpoint("anna")
    here = f"{HOME}/endpoints/{endpoint.id}"
    async with sign_in("webhooks.view", email="viewer@example.com", language="ru") as viewer:
        page = await viewer.open(here)
        for verb in ("disable", "enable", "test", "secret", "replay"):
            await viewer.send(f"{here}/{verb}", status=403)
    async with sign_in("orders.view", email="other@example.com") as other:
        await other.open(HOME, status=403)

    assert "работает" in page
    assert "Отключить" not in page
    assert (await world.find(endpoint)).state is webhooks.EndpointState.ACTIVE
