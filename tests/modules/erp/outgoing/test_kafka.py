"""Messages by Kafka: with the broker first, acknowledged by the ERP itself over HTTP."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import uuid

import pytest
from confluent_kafka import Consumer, Message

from hansa.modules import orders
from hansa.modules.erp import outgoing
from hansa.modules.erp.outgoing.answers import apply_answers
from tests.support.erp_queue import World, running

pytestmark = pytest.mark.kafka
CONFIRMED = orders.OrderState.CONFIRMED


async def by_kafka(world: World, kafka: str) -> str:
    """Have messages leave by the broker; give the topic of orders."""
    prefix = f"t{uuid.uuid4().hex[:8]}."
    world.context.settings = dataclasses.replace(world.context.settings, kafka_topic_prefix=prefix)
    await world.configure(transport=outgoing.Transport.KAFKA, address=kafka)
    return f"{prefix}erp.{world.connection.code}.order"


def read(kafka: str, topic: str, number: int) -> list[Message]:
    """Read that many messages of a topic."""
    consumer = Consumer(
        {"bootstrap.servers": kafka, "group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    found: list[Message] = []
    try:
        for _ in range(100):
            message = consumer.poll(0.2)
            if message is not None and message.error() is None:
                found.append(message)
            if len(found) == number:
                return found
    finally:
        consumer.close()
    raise AssertionError(f"{len(found)} of {number} messages came")


async def test_the_broker_gets_messages_of_an_order_in_order(world: World, kafka: str) -> None:
    topic = await by_kafka(world, kafka)
    async with running(world):
        placed = await world.buy()
        await world.until_states("sent")
        await world.advance(placed.order_id, CONFIRMED)
        await world.until_states("sent", "sent")

    first, second = await asyncio.to_thread(read, kafka, topic, 2)
    headers = {name: value.decode() for name, value in first.headers()}
    [message, _] = await world.messages()
    assert first.key() == second.key() == str(placed.order_id).encode()
    assert [json.loads(one.value())["state"] for one in (first, second)] == ["placed", "confirmed"]
    assert headers["ce_id"] == str(message.id)
    assert headers["ce_type"] == "hansa.erp.order.v1"
    assert headers["ce_sequence"] == str(message.number)


async def test_the_erp_says_itself_what_it_took(world: World, kafka: str) -> None:
    await by_kafka(world, kafka)
    async with running(world):
        placed = await world.buy()
        await world.until_states("sent")
    [message] = await world.messages()
    now = world.context.clock.now()

    async with world.context.database.transaction() as tx:
        news = await outgoing.acknowledge(
            tx,
            connection_id=world.connection.id,
            message_ids=[message.id],
            received_at=now,
            now=now,
        )

    assert news == [message.id]
    assert await world.states() == ["acknowledged"]
    assert (await world.order(placed.order_id)).exported_number == 1


async def test_what_is_refused_after_a_newer_state_was_sent_is_not_sent_again(
    world: World, kafka: str
) -> None:
    await by_kafka(world, kafka)
    async with running(world):
        placed = await world.buy()
        await world.until_states("sent")
        await world.advance(placed.order_id, CONFIRMED)
        await world.until_states("sent", "sent")
    [first, _] = await world.messages()
    async with world.context.database.snapshot() as snap:
        held = await outgoing.find_outgoing(snap, connection_id=world.connection.id)
    assert held is not None

    await apply_answers(
        world.context.database,
        outgoing=held,
        answers=[outgoing.Answer(id=first.id, outcome=outgoing.Outcome.REFUSED, code="locked")],
        now=world.context.clock.now(),
    )

    assert await world.states() == ["replaced", "sent"]
