"""Endpoints: their secrets, limits, states, and what is told of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from hansa.modules import accounts, webhooks
from hansa.modules.webhooks.jobs import ForgetWebhooks, run_forget
from hansa.modules.webhooks.model import COLLECTED_FOR
from tests.support.webhooks import KEY, World

HOUR = timedelta(hours=1)
SEALED = "select sealed, ends_at from webhook_secret order by id"


async def rotate(world: World, endpoint: webhooks.Endpoint, **more: object) -> webhooks.NewSecret:
    world.move(timedelta(milliseconds=1))  # so that ids, which begin with the time, have an order
    async with world.context.database.transaction() as tx:
        return await webhooks.rotate_secret(
            tx,
            endpoint_id=endpoint.id,
            key=KEY,
            by=None,
            now=world.context.clock.now(),
            **more,  # type: ignore[arg-type]
        )


async def change(world: World, operation, **more: object):
    async with world.context.database.transaction() as tx:
        return await operation(tx, by=None, now=world.context.clock.now(), **more)


async def test_a_secret_is_shown_once_and_kept_encrypted(world: World) -> None:
    endpoint, secret = await world.endpoint("anna")

    async with world.context.database.snapshot() as snap:
        [row] = await snap.all(SEALED)
        facts = await webhooks.list_secrets(
            snap, endpoint_ids=[endpoint.id], now=world.context.clock.now()
        )
        audited = await accounts.list_audit(snap, subject_kind="webhook_endpoint")

    assert accounts.unseal(KEY, bytes(row.sealed)).decode() == secret.shown
    assert secret.shown.encode() not in bytes(row.sealed)
    assert secret.shown not in repr((endpoint, secret, facts, audited))
    assert [one.action for one in audited] == ["webhooks.endpoint_added"]


async def test_the_former_secret_signs_beside_the_new_one_until_its_end(world: World) -> None:
    endpoint, former = await world.endpoint("anna")
    new = await rotate(world, endpoint)
    box = world.receiver.box("anna")

    async with world.delivering():
        await world.send()
        await world.until("delivered")
        both = box.deliveries[-1].signatures
        box.secrets = [new.shown]
        await world.send()
        await world.until("delivered", "delivered")
        world.move(webhooks.OVERLAP)
        await world.send()
        await world.until(*["delivered"] * 3)
        box.secrets = [former.shown]
        await world.send()
        await world.until_true(lambda: len(box.deliveries) == 4, "the fourth never came")

    assert [len(one.signatures.split(" ")) for one in box.deliveries] == [2, 2, 1, 1]
    assert both.startswith("v1,")
    assert [one.fault for one in box.deliveries] == ["", "", "", "no signature holds"]


async def test_after_a_leak_the_former_secret_ends_at_once(world: World) -> None:
    endpoint, _ = await world.endpoint("anna")

    new = await rotate(world, endpoint, overlap=timedelta(0))

    async with world.context.database.snapshot() as snap:
        found = await webhooks.list_secrets(
            snap, endpoint_ids=[endpoint.id], now=world.context.clock.now()
        )
    assert [one.id for one in found[endpoint.id]] == [new.id]


async def test_an_endpoint_may_go_over_to_a_key_pair(world: World) -> None:
    endpoint, _ = await world.endpoint("anna")
    pair = await rotate(
        world, endpoint, signing_by=webhooks.SecretKind.ED25519, overlap=timedelta(0)
    )
    world.receiver.box("anna").secrets = [pair.shown]

    async with world.delivering():
        await world.send()
        await world.until("delivered")

    [got] = world.receiver.box("anna").deliveries
    assert pair.shown.startswith("whpk_")
    assert got.fault == ""
    assert got.signatures.startswith("v1a,")


async def test_never_more_than_five_secrets_sign(world: World) -> None:
    endpoint, _ = await world.endpoint("anna")
    secrets = [(await rotate(world, endpoint)).shown for _ in range(9)]
    world.receiver.box("anna").secrets = secrets[-1:]

    async with world.delivering():
        await world.send()
        await world.until("delivered")

    [got] = world.receiver.box("anna").deliveries
    assert len(got.signatures.split(" ")) == 5
    assert got.fault == ""


async def test_owners_have_a_limit_also_when_two_add_at_once(world: World) -> None:
    for number in range(webhooks.ENDPOINTS_MAX - 1):
        await world.endpoint(f"box-{number}")

    results = await asyncio.gather(
        *(world.endpoint(f"last-{number}") for number in range(4)), return_exceptions=True
    )

    refused = [one for one in results if isinstance(one, webhooks.TooManyEndpoints)]
    assert len(refused) == 3
    await world.endpoint("another", owner=uuid4())
    added = next(one for one in results if isinstance(one, tuple))[0]
    await change(world, webhooks.remove_endpoint, endpoint_id=added.id)
    await world.endpoint("instead")
    await world.prove()


async def test_another_owner_knows_nothing_of_an_endpoint(world: World) -> None:
    endpoint, _ = await world.endpoint("anna")
    await world.send()
    [message] = await world.messages()
    stranger = uuid4()

    for operation in (
        webhooks.disable_endpoint,
        webhooks.enable_endpoint,
        webhooks.remove_endpoint,
    ):
        with pytest.raises(webhooks.NoSuchEndpoint):
            await change(world, operation, endpoint_id=endpoint.id, owner=stranger)
    with pytest.raises(webhooks.NoSuchEndpoint):
        await rotate(world, endpoint, owner=stranger)
    with pytest.raises(webhooks.NoSuchMessage):
        await change(world, webhooks.replay_message, message_id=message.id, owner=stranger)
    assert await world.messages(owner=stranger) == []
    assert len(await world.messages(owner=world.owner)) == 1


async def test_a_changed_address_gets_what_waits(world: World) -> None:
    endpoint, secret = await world.endpoint("old", "points.*")
    await world.send()
    world.receiver.box("new").secrets.append(secret.shown)

    changed = await change(
        world,
        webhooks.change_endpoint,
        endpoint_id=endpoint.id,
        url=f"{world.receiver.url}/in/new",
        event_types=["percent.*"],
        is_production=False,
    )
    async with world.delivering():
        await world.until("delivered")

    assert changed.event_types == ("percent.*",)
    assert len(world.receiver.box("new").ids()) == 1
    assert world.receiver.box("old").calls == 0
    assert await world.send("points.changed") == 0


async def test_what_a_disabled_endpoint_missed_is_replayed(world: World) -> None:
    endpoint, _ = await world.endpoint("anna")
    before = world.context.clock.now()
    await world.send(key="waiting")
    await change(world, webhooks.disable_endpoint, endpoint_id=endpoint.id)
    world.move(HOUR)
    await world.send(key="meanwhile")
    with pytest.raises(webhooks.EndpointOff):
        await change(world, webhooks.replay_since, endpoint_id=endpoint.id, since=before)

    await change(world, webhooks.enable_endpoint, endpoint_id=endpoint.id)
    async with world.delivering():
        await world.send(key="after")
        await world.until("cancelled", "cancelled", "delivered")
        async with world.context.database.snapshot() as snap:
            counted = await webhooks.count_since(snap, endpoint_id=endpoint.id, since=before)
            missed = await webhooks.count_since(
                snap, endpoint_id=endpoint.id, since=before, only_undelivered=True
            )
            later = await webhooks.count_since(
                snap, endpoint_id=endpoint.id, since=before + HOUR, only_undelivered=True
            )
        replayed = await change(
            world,
            webhooks.replay_since,
            endpoint_id=endpoint.id,
            since=before,
            only_undelivered=True,
        )
        await world.until(*["delivered"] * 3)

    assert (counted, missed, later, replayed) == (3, 2, 1, 2)
    assert len(world.receiver.box("anna").ids()) == 3
    await world.prove()


async def test_a_replay_of_what_arrived_sends_it_again_under_its_id(world: World) -> None:
    endpoint, _ = await world.endpoint("anna")
    await world.send()

    async with world.delivering():
        await world.until("delivered")
        await change(
            world,
            webhooks.replay_since,
            endpoint_id=endpoint.id,
            since=world.context.clock.now(),
        )
        await world.until_true(
            lambda: len(world.receiver.box("anna").deliveries) == 2, "it did not come again"
        )
        await world.until("delivered")

    assert len(world.receiver.box("anna").ids()) == 1


async def test_a_change_of_a_disabled_endpoint_does_not_make_it_disabled_later(
    world: World,
) -> None:
    endpoint, _ = await world.endpoint("anna")
    disabled = await change(world, webhooks.disable_endpoint, endpoint_id=endpoint.id)
    world.move(HOUR)

    changed = await change(
        world,
        webhooks.change_endpoint,
        endpoint_id=endpoint.id,
        description="Moved to another cellar",
        is_production=False,
    )
    enabled = await change(world, webhooks.enable_endpoint, endpoint_id=endpoint.id)

    assert changed.changed_at == disabled.changed_at
    assert changed.description == "Moved to another cellar"
    assert enabled.changed_at == disabled.changed_at + HOUR


async def test_long_after_it_was_disabled_nothing_is_collected(world: World) -> None:
    endpoint, _ = await world.endpoint("anna")
    await change(world, webhooks.disable_endpoint, endpoint_id=endpoint.id)
    world.move(COLLECTED_FOR)

    assert await world.send() == 0


async def test_a_test_message_goes_to_one_endpoint_whatever_it_wants(world: World) -> None:
    endpoint, _ = await world.endpoint("anna", "nothing.else")
    await world.endpoint("other")

    async with world.context.database.transaction() as tx:
        message_id = await webhooks.send_test(
            tx, endpoint_id=endpoint.id, now=world.context.clock.now()
        )
    async with world.delivering():
        await world.until("delivered")

    [got] = world.receiver.box("anna").deliveries
    assert (got.id, got.event["type"]) == (str(message_id), webhooks.PING)
    assert world.receiver.box("other").calls == 0


async def test_a_removed_endpoint_gets_nothing_and_is_forgotten_in_time(world: World) -> None:
    endpoint, _ = await world.endpoint("anna")
    await world.send()
    await change(world, webhooks.remove_endpoint, endpoint_id=endpoint.id)

    async with world.delivering():
        [message] = await world.until("cancelled")
    with pytest.raises(webhooks.NoSuchEndpoint):
        await change(world, webhooks.replay_message, message_id=message.id)
    await run_forget(world.context, ForgetWebhooks())
    assert len(await world.messages()) == 1
    world.move(timedelta(days=world.context.settings.webhooks_retention_days, seconds=1))
    await run_forget(world.context, ForgetWebhooks())

    assert await world.messages() == []
    async with world.context.database.snapshot() as snap:
        assert await snap.scalar("select count(*) from webhook_endpoint") == 0
        assert await snap.scalar("select count(*) from webhook_secret") == 0
    assert world.receiver.box("anna").calls == 0


async def test_what_waits_is_never_forgotten(world: World) -> None:
    await world.endpoint("anna")
    await world.send()
    world.move(timedelta(days=1000))

    await run_forget(world.context, ForgetWebhooks())

    assert [str(one.state) for one in await world.messages()] == ["waiting"]
