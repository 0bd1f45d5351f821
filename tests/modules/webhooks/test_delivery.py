"""Messages reach a real receiver over HTTP, however it misbehaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from standardwebhooks import Webhook

from hansa.contracts.webhooks import EndpointDisabled
from hansa.modules import webhooks
from hansa.modules.webhooks.model import FAILING_MAX, SCHEDULE
from tests.support.webhooks import World

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EVENTS = """
    select payload
      from outbox_event
     where type = 'webhooks.EndpointDisabled'
     order by serial
"""


async def published(world: World) -> list[dict[str, object]]:
    async with world.context.database.snapshot(single=True) as snap:
        return [row.payload for row in await snap.all(EVENTS)]


async def test_a_message_arrives_signed_and_the_authors_library_takes_it(world: World) -> None:
    _, secret = await world.endpoint("anna", "points.*")
    assert await world.send("points.changed") == 1
    assert await world.send("percent.changed") == 0

    async with world.delivering():
        [message] = await world.until("delivered")

    [got] = world.receiver.box("anna").deliveries
    assert got.fault == ""
    assert got.id == got.event["id"] == str(message.id)
    assert got.event["data"] == {"points": 12}
    assert got.content_type == "application/cloudevents+json; charset=utf-8"
    library = Webhook(secret.shown)
    assert f"{library.sign(got.id, world.context.clock.now(), message.body.decode())}" == (
        got.signatures
    )
    [attempt] = await world.attempts(message.id)
    assert (attempt.status, attempt.code) == (204, "")
    await world.prove()


async def test_each_owner_gets_its_own_and_each_endpoint_a_message(world: World) -> None:
    await world.endpoint("first")
    await world.endpoint("second")
    other, _ = await world.endpoint("other", owner=uuid4())

    assert await world.send() == 2
    assert await world.send(owner=other.owner_id) == 1
    async with world.delivering():
        await world.until("delivered", "delivered", "delivered")

    ids = [world.receiver.box(name).ids() for name in ("first", "second", "other")]
    assert [len(one) for one in ids] == [1, 1, 1]
    assert len({one[0] for one in ids}) == 3


async def test_the_same_event_told_again_changes_nothing(world: World) -> None:
    await world.endpoint("anna")

    assert await world.send(key="posting-1") == 1
    assert await world.send(key="posting-1") == 0
    assert await world.send(key="posting-2") == 1
    assert await world.send() == 1
    assert await world.send() == 1

    keys = sorted(str(one.key) for one in await world.messages())
    assert keys == ["None", "None", "posting-1", "posting-2"]


async def test_a_failure_is_repeated_by_the_schedule_with_the_same_bytes(world: World) -> None:
    await world.endpoint("anna")
    world.receiver.misbehave("anna", fail=3)
    await world.send()
    began = world.context.clock.now()

    async with world.delivering():
        for failures in (1, 2, 3):
            message = await world.until_failures(failures)
            wait = message.next_at - world.context.clock.now()
            assert SCHEDULE[failures] <= wait <= SCHEDULE[failures] * 1.1
            world.move(wait)
        await world.until("delivered")

    got = world.receiver.box("anna").deliveries
    assert [one.status for one in got] == [500, 500, 500, 204]
    assert len({one.id for one in got}) == 1
    assert all(one.event == got[0].event for one in got)
    assert got[0].timestamp == int(began.timestamp()) < got[3].timestamp
    attempts = await world.attempts(message.id)
    assert [one.status for one in attempts] == [500, 500, 500, 204]
    await world.prove()


async def test_what_an_endpoint_answers_is_kept_masked_and_short(world: World) -> None:
    await world.endpoint("anna")
    await world.endpoint("long")
    world.receiver.misbehave("anna", fail=1)
    world.receiver.misbehave("long", long_answer=2_000_000)
    await world.send()

    async with world.delivering():
        await world.until_true(lambda: world.receiver.box("long").calls, "nothing came")
        messages = await world.until("waiting", "delivered")
        found = {str(one.state): (await world.attempts(one.id))[0] for one in messages}

    assert "abc123secret" not in found["waiting"].answer
    assert "anna@example.com" not in found["waiting"].answer
    assert "failed" in found["waiting"].answer
    assert found["delivered"].answer == "x" * 1024


async def test_after_the_last_attempt_a_message_is_dead_and_can_be_replayed(world: World) -> None:
    endpoint, _ = await world.endpoint("anna")
    world.receiver.misbehave("anna", fail=len(SCHEDULE))
    await world.send()

    async with world.delivering():
        for failures in range(1, len(SCHEDULE)):
            message = await world.until_failures(failures)
            world.move(message.next_at - world.context.clock.now())
        [message] = await world.until("dead")
        assert (await world.find(endpoint)).state is webhooks.EndpointState.ACTIVE
        async with world.context.database.transaction() as tx:
            await webhooks.replay_message(
                tx, message_id=message.id, by=None, now=world.context.clock.now()
            )
        await world.until("delivered")

    assert world.receiver.box("anna").ids() == [str(message.id)]
    assert len(await world.attempts(message.id)) == len(SCHEDULE) + 1
    await world.prove()


@pytest.mark.parametrize(
    ("moods", "status", "code", "least"),
    [
        ({"too_many": 1, "retry_after": 90}, 429, "http_429", timedelta(seconds=90)),
        ({"unavailable": 1, "retry_after": 90}, 503, "http_503", timedelta(seconds=90)),
        ({"redirect": 1}, 302, "http_302", SCHEDULE[1]),
        ({"cut": 1}, None, "no_answer", SCHEDULE[1]),
    ],
)
async def test_other_answers_are_failures(world: World, moods, status, code, least) -> None:
    await world.endpoint("anna")
    world.receiver.misbehave("anna", **moods, redirect_to=f"{world.receiver.url}/in/elsewhere")
    await world.send()

    async with world.delivering():
        message = await world.until_failures(1)
        [attempt] = await world.attempts(message.id)
        wait = message.next_at - world.context.clock.now()
        world.move(wait)
        await world.until("delivered")

    assert (attempt.status, attempt.code, message.code) == (status, code, code)
    assert least <= wait <= least * 1.1
    assert world.receiver.box("elsewhere").calls == 0


async def test_a_lost_answer_leads_to_a_repeat_under_the_same_id(world: World) -> None:
    await world.endpoint("anna")
    world.receiver.misbehave("anna", lose_answers=1)
    await world.send()

    async with world.delivering():
        message = await world.until_failures(1)
        world.move(message.next_at - world.context.clock.now())
        await world.until("delivered")

    got = world.receiver.box("anna").deliveries
    assert [one.is_repeat for one in got] == [False, True]
    assert len(world.receiver.box("anna").ids()) == 1


async def test_410_disables_at_once_and_tells_of_it(world: World) -> None:
    endpoint, _ = await world.endpoint("anna")
    world.receiver.misbehave("anna", gone=-1)
    await world.send()
    async with world.delivering():
        [message] = await world.until("cancelled")
    await world.send()

    found = await world.find(endpoint)
    assert (found.state, found.reason) == (
        webhooks.EndpointState.DISABLED,
        webhooks.Reason.GONE,
    )
    assert message.code == "endpoint_gone"
    codes = {one.code for one in await world.messages()}
    assert codes == {"endpoint_gone", "endpoint_disabled"}
    [event] = await published(world)
    assert event["reason"] == "gone"
    assert event["endpoint_id"] == str(endpoint.id)
    assert event["owner_id"] == str(endpoint.owner_id)
    await world.prove()


async def test_an_endpoint_that_only_failed_for_five_days_is_disabled(world: World) -> None:
    endpoint, _ = await world.endpoint("anna")
    world.receiver.misbehave("anna", fail=-1)
    await world.send()

    async with world.delivering():
        message = await world.until_failures(1)
        failing_since = (await world.find(endpoint)).failing_since
        for failures in (1, 2):
            message = await world.until_failures(failures)
            world.move(message.next_at - world.context.clock.now())
        await world.until_failures(3)
        assert (await world.find(endpoint)).state is webhooks.EndpointState.ACTIVE
        world.move(FAILING_MAX)
        await world.until("cancelled")

    found = await world.find(endpoint)
    assert failing_since is not None
    assert found.reason is webhooks.Reason.FAILING
    [event] = await published(world)
    assert event["reason"] == "failing"
    assert EndpointDisabled.type == "webhooks.EndpointDisabled"


async def test_a_success_ends_the_count_of_days(world: World) -> None:
    endpoint, _ = await world.endpoint("anna")
    world.receiver.misbehave("anna", fail=1)
    await world.send()

    async with world.delivering():
        message = await world.until_failures(1)
        assert (await world.find(endpoint)).failing_since is not None
        world.move(message.next_at - world.context.clock.now())
        await world.until("delivered")

    found = await world.find(endpoint)
    assert found.failing_since is None
    assert found.delivered_at == world.context.clock.now()


async def test_a_slow_endpoint_holds_up_no_other(world: World) -> None:
    await world.endpoint("slow", calls_max=3)
    await world.endpoint("quick", "quick.*")
    world.receiver.misbehave("slow", slow_seconds=600)
    for _ in range(10):
        await world.send("slow.one")
    async with world.delivering():
        slow, quick = world.receiver.box("slow"), world.receiver.box("quick")
        await world.until_true(lambda: slow.under_way == 3, "the slow one was not called")
        for number in range(20):
            await world.send("quick.one")
            await world.until_true(
                lambda number=number: len(quick.ids()) > number, "it waits for the slow one"
            )

        assert slow.under_way_max == 3
        assert slow.ids() == []
        world.receiver.misbehave("slow")
        world.receiver.wake()
        await world.until_true(lambda: len(slow.ids()) == 30, "not all came")
    await world.prove()


async def test_no_answer_in_time_is_a_failure(world: World, settings) -> None:
    world.context.settings = replace(world.context.settings, webhooks_answer_seconds=0.3)
    await world.endpoint("slow")
    world.receiver.misbehave("slow", slow_seconds=600)
    await world.send()

    async with world.delivering():
        message = await world.until_failures(1)

    [attempt] = await world.attempts(message.id)
    assert (attempt.status, attempt.code) == (None, "no_answer")
    assert attempt.milliseconds >= 250


async def test_an_endpoint_that_fails_gets_one_call_at_a_time(world: World) -> None:
    await world.endpoint("anna", calls_max=8)
    world.receiver.misbehave("anna", fail=1)
    await world.send()
    async with world.delivering():
        await world.until_failures(1)
        world.receiver.misbehave("anna", slow_seconds=600)
        for _ in range(8):
            await world.send()
        box = world.receiver.box("anna")
        await world.until_true(lambda: box.under_way == 1, "it was not called")
        world.receiver.misbehave("anna")
        assert box.under_way_max == 1
        world.receiver.wake()
        await world.until_true(lambda: len(box.ids()) == 8, "not all came")


async def test_a_thousand_messages_all_arrive_once(world: World) -> None:
    for number in range(5):
        await world.endpoint(f"box-{number}", calls_max=8)
    now = world.context.clock.now()
    new = [
        webhooks.NewMessage(
            owner=world.owner,
            type="points.changed",
            subject=f"member-{number}",
            data={"number": number},
            occurred_at=now,
            source="/loyalty",
            key=f"posting-{number}",
        )
        for number in range(200)
    ]
    async with world.context.database.transaction() as tx:
        assert await webhooks.send_many(tx, new, now=now) == 1000
        assert await webhooks.send_many(tx, new[:50], now=now) == 0

    async with world.delivering():
        await world.until(*["delivered"] * 1000)

    for number in range(5):
        box = world.receiver.box(f"box-{number}")
        assert len(box.ids()) == len(box.deliveries) == 200
        assert box.under_way_max <= 8
    await world.prove()
