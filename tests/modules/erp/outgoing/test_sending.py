"""Messages leave at once, in order per subject, as often as it takes, and mean one thing."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from hansa.modules import orders
from hansa.modules.erp import outgoing
from hansa.runtime.http import Actor
from tests.support.erp_queue import World, running

CONFIRMED, PACKED = orders.OrderState.CONFIRMED, orders.OrderState.PACKED


async def test_an_order_reaches_1c_and_is_known_there(world: World) -> None:
    async with running(world):
        placed = await world.buy(pieces=2)

        await world.until_states("acknowledged")

    [taken] = world.onec.accepted()
    order = await world.order(placed.order_id)
    assert taken.order_number == placed.number
    assert order.exported_number == order.change_number
    payload = world.onec.intake.orders[placed.number]
    assert payload["lines"][0]["quantity"] == "2"
    assert payload["total"] == str(order.total.to_decimal()).removesuffix(".00")
    assert await world.findings() == []


async def test_statuses_follow_in_their_order(world: World) -> None:
    async with running(world):
        placed = await world.buy()
        await world.until_states("acknowledged")
        await world.advance(placed.order_id, CONFIRMED)
        await world.until_states("acknowledged", "acknowledged")
        await world.cancel(placed.order_id)
        await world.until_states(*["acknowledged"] * 3)

    assert [one.outcome for one in world.onec.accepted()] == ["accepted"] * 3
    assert world.onec.intake.orders[placed.number]["state"] == "cancelled"
    assert world.onec.intake.faults() == []


async def test_newer_states_of_an_unsent_message_take_its_place(world: World) -> None:
    placed = await world.buy()
    async with running(world, sender=False):
        await world.until_states("waiting")
        await world.advance(placed.order_id, CONFIRMED)
        await world.until_covered(placed.order_id)
        [message] = await world.messages()

    async with running(world):
        await world.until_states("acknowledged")

    [taken] = world.onec.accepted()
    assert taken.id == str(message.id)
    assert world.onec.intake.orders[placed.number]["state"] == "confirmed"


async def test_a_message_that_may_have_been_sent_keeps_its_content(world: World) -> None:
    world.onec.misbehave(lose_answers=1)
    placed = await world.buy()
    async with running(world):
        await world.until(lambda: len(world.onec.intake.records) == 1)
        await world.advance(placed.order_id, CONFIRMED)
        await world.until_states("acknowledged", "acknowledged")

    first, *rest = world.onec.intake.records
    assert [one.id for one in rest if one.is_repeat] == [first.id]
    assert world.onec.intake.faults() == []
    assert world.onec.intake.orders[placed.number]["state"] == "confirmed"


async def test_a_refused_order_holds_back_itself_alone(world: World) -> None:
    refused = await world.buy()
    world.onec.misbehave(refuse=[refused.number])
    async with running(world):
        await world.until_states("dead")
        others = [await world.buy() for _ in range(5)]
        await world.until_counted(dead=1, acknowledged=5)
        await world.advance(refused.order_id, CONFIRMED)
        await world.advance(others[0].order_id, CONFIRMED)
        await world.until_counted(dead=1, waiting=1, acknowledged=6)

    taken = {one.order_number for one in world.onec.accepted()}
    assert taken == {one.number for one in others}
    [dead] = await world.messages(states=[outgoing.MessageState.DEAD])
    assert (dead.error_code, dead.refusals) == ("no_such_item", 3)
    assert await world.findings() == []


async def test_a_dead_letter_is_replayed_with_its_id_and_what_is_behind_follows(
    world: World, staff: Actor
) -> None:
    placed = await world.buy()
    world.onec.misbehave(refuse=["*"])
    async with running(world):
        await world.until_states("dead")
        [dead] = await world.messages()
        await world.advance(placed.order_id, CONFIRMED)
        await world.until_states("dead", "waiting")
        world.onec.misbehave(refuse=[])
        async with world.context.database.transaction() as tx:
            replayed = await outgoing.replay(
                tx,
                connection_id=world.connection.id,
                error_code="no_such_item",
                by=staff,
                now=world.context.clock.now(),
            )
        await world.until_states("acknowledged", "acknowledged")

    assert replayed == 1
    assert next(one.id for one in world.onec.accepted()) == str(dead.id)
    assert world.onec.intake.faults() == []


async def test_a_discarded_message_lets_the_next_go(world: World, staff: Actor) -> None:
    placed = await world.buy()
    world.onec.misbehave(refuse=["*"])
    async with running(world):
        await world.until_states("dead")
        await world.advance(placed.order_id, CONFIRMED)
        await world.until_states("dead", "waiting")
        [dead, _] = await world.messages()
        world.onec.misbehave(refuse=[])
        async with world.context.database.transaction() as tx:
            await outgoing.discard(
                tx, message_id=dead.id, reason="entered by hand", by=staff,
                now=world.context.clock.now(),
            )  # fmt: skip
        await world.until_states("discarded", "acknowledged")

    async with world.context.database.transaction() as tx:
        with pytest.raises(outgoing.MessageEnded):
            await outgoing.discard(
                tx, message_id=dead.id, reason="", by=staff, now=world.context.clock.now()
            )


async def test_try_later_is_no_refusal_and_never_given_up(world: World) -> None:
    placed = await world.buy()
    world.onec.misbehave(later=[placed.number])
    async with running(world):
        await world.until(lambda: len(world.onec.intake.records) > 5)
        assert await world.states() == ["waiting"]
        world.onec.misbehave(later=[])
        await world.until_states("acknowledged")


async def test_one_message_that_brings_1c_down_holds_back_itself_alone(world: World) -> None:
    poison = await world.buy()
    world.onec.misbehave(break_on=[poison.number])
    others = [await world.buy() for _ in range(10)]
    async with running(world):
        await world.until(lambda: len(world.onec.accepted()) == len(others))
        late = await world.buy()
        await world.until(lambda: len(world.onec.accepted()) == len(others) + 1)

        await world.until_states("dead", *["acknowledged"] * 11)

    assert {one.order_number for one in world.onec.accepted()} == {
        late.number,
        *(one.number for one in others),
    }


async def test_a_call_refused_as_a_whole_is_divided(world: World) -> None:
    bad = await world.buy()
    others = [await world.buy() for _ in range(5)]
    world.onec.misbehave(malformed_on=[bad.number])
    async with running(world):
        await world.until_states("dead", *["acknowledged"] * 5)

    [dead] = await world.messages(states=[outgoing.MessageState.DEAD])
    assert dead.error_code == "http_400"
    assert {one.order_number for one in world.onec.accepted()} == {one.number for one in others}


@pytest.mark.parametrize("mood", ["down", "cut", "nonsense"])
async def test_an_outage_loses_nothing_and_keeps_the_order(world: World, mood: str) -> None:
    world.onec.misbehave(**{mood: True})
    async with running(world):
        placed = [await world.buy() for _ in range(20)]
        await world.until_breaker("open")
        await world.advance(placed[0].order_id, CONFIRMED)
        await asyncio.sleep(0.5)  # several probes
        assert "dead" not in await world.states()
        world.onec.misbehave(**{mood: False})
        await world.until(
            lambda: len({one.order_number for one in world.onec.accepted()}) == len(placed)
        )
        await world.until_breaker("closed")
        await world.until(
            lambda: world.onec.intake.orders[placed[0].number]["state"] == "confirmed"
        )

    assert world.onec.intake.faults() == []
    assert set(await world.states()) == {"acknowledged"}


async def test_answers_out_of_order_twice_invented_or_missing_are_harmless(world: World) -> None:
    world.onec.misbehave(shuffle=True, twice=True, invent=True, forget=True)
    placed = [await world.buy() for _ in range(8)]
    async with running(world):
        await world.until(lambda: len(world.onec.accepted()) == len(placed))
        world.onec.misbehave(forget=False)
        await world.until_states(*["acknowledged"] * len(placed))

    assert world.onec.intake.faults() == []


async def test_a_wrong_password_is_the_connections_fault_not_the_messages(world: World) -> None:
    await world.configure(sign_in=outgoing.SignIn.NONE)
    async with running(world):
        await world.buy()
        await world.until_breaker("open")
        await asyncio.sleep(0.3)  # several probes
        [message] = await world.messages()
        assert (message.state, message.failures) == (outgoing.MessageState.WAITING, 0)
        health = await world.health()
        assert "http_401" in health.failure
        await world.configure(sign_in=outgoing.SignIn.BASIC)

        await world.until_states("acknowledged")


async def test_acknowledging_again_changes_nothing(world: World) -> None:
    placed = await world.buy()
    async with running(world):
        await world.until_states("acknowledged")
    [message] = await world.messages()
    now = world.context.clock.now()

    async with world.context.database.transaction() as tx:
        again = await outgoing.acknowledge(
            tx,
            connection_id=world.connection.id,
            message_ids=[message.id, UUID(int=7)],
            received_at=now,
            now=now,
        )

    assert again == []
    assert (await world.order(placed.order_id)).exported_number == 1


async def test_what_is_resent_has_a_new_id(world: World) -> None:
    await world.buy()
    async with running(world):
        await world.until_states("acknowledged")
        [first] = await world.messages()
        number = await world.resend()
        await world.until_states("acknowledged", "acknowledged")

    assert number == 1
    assert len({one.id for one in world.onec.accepted()}) == 2
    assert str(first.id) in {one.id for one in world.onec.accepted()}


async def test_a_sender_that_dies_between_call_and_answer_sends_the_same_again(
    world: World,
) -> None:
    world.onec.misbehave(slow_seconds=3)
    await world.buy()
    async with running(world, sender=False):
        await world.until_states("waiting")
        sending = asyncio.create_task(world.send_until_cancelled())
        await world.until(lambda: world.onec.intake.calls == 1)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        assert await world.states() == ["waiting"]
    world.onec.misbehave(slow_seconds=0)

    async with running(world):
        await world.until_states("acknowledged")

    await world.until(lambda: len(world.onec.intake.records) == 2)
    assert len({one.id for one in world.onec.intake.records}) == 1
    assert world.onec.intake.faults() == []
