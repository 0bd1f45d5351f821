"""The practice insurer as a program: signed webhooks, signed answers, moods."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
import pytest_asyncio

from sandbox import keeping
from sandbox.acquirer.wire import Answer, Call
from sandbox.insurer.desk import Desk, Known, sign
from sandbox.insurer.service import Service
from tests.support.feeds import listening
from tests.support.http import free_port
from tests.support.processes import Program, eventually


@dataclass
class World:
    """An insurer, and the programme it tells."""

    desk: Desk
    address: str = ""
    told: list[Call] = field(default_factory=list)
    status: int = 202
    both_told: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self, call: Call) -> Answer:
        if call.method == "GET":
            return Answer.of({})
        self.told.append(call)
        if len(self.told) > 1:
            self.both_told.set()
        return Answer.of({}, self.status)

    def events(self) -> list[str]:
        return [msgspec.json.decode(call.body)["event"] for call in self.told]

    async def answer(self, quote: str, secret: str = "ours", number: str = "m1") -> int:
        body = msgspec.json.encode({"state": "taken", "discount_minor": 500, "reason": ""})
        headers = {
            "webhook-id": number,
            "webhook-timestamp": "1",
            "webhook-signature": f"v1,{sign(secret, number, '1', body)}",
        }
        async with httpx.AsyncClient(trust_env=False) as client:
            path = f"{self.address}/quotes/{quote}/points"
            return (await client.post(path, content=body, headers=headers)).status_code


@pytest_asyncio.fixture(loop_scope="session")
async def world() -> AsyncIterator[World]:
    made = World(Desk("", "theirs", "ours"))
    async with listening(made.hear) as ours, listening(Service(made.desk).answer) as theirs:
        made.desk.partner_url, made.address = f"{ours}/events", theirs
        yield made


async def test_webhooks_are_signed_and_sent_until_they_are_taken(world: World) -> None:
    world.status = 500
    await world.desk.quote("77", 100_000, 5)

    (first, *_) = world.told
    signed = sign(
        "theirs", first.headers["webhook-id"], first.headers["webhook-timestamp"], first.body
    )
    assert world.events() == ["quote.created"] * 3
    assert first.headers["webhook-signature"] == f"v1,{signed}"
    assert len({call.headers["webhook-id"] for call in world.told}) == 1


async def test_only_signed_answers_count(world: World) -> None:
    quote = await world.desk.quote("77", 100_000, 5)

    assert await world.answer(quote.number, "wrong") == 401
    assert quote.state == "asked"
    assert await world.answer(quote.number) == 200
    assert (quote.state, quote.discount) == ("held", 500)


async def test_a_policy_may_be_issued_before_the_answer(world: World) -> None:
    world.desk.mood.issue_before_answer = True
    world.desk.mood.double = True
    quote = await world.desk.quote("77", 100_000, 5)

    await world.answer(quote.number)

    assert world.events() == ["quote.created"] * 2 + ["policy.issued"] * 2


async def test_it_tells_backwards_what_it_kept(world: World) -> None:
    world.desk.mood.silent = True
    quote = await world.desk.quote("77", 100_000, 5)
    await world.desk.refuse(quote.number)
    assert world.events() == []

    await world.desk.speak(backwards=True)

    assert world.events() == ["quote.refused", "quote.created"]


def test_it_runs_as_a_program() -> None:
    port = free_port()
    arguments = ("--port", str(port), "--partner-url", "http://127.0.0.1:9/")
    with Program.started("-m", "sandbox.insurer", *arguments):
        eventually(lambda: _answers(f"http://127.0.0.1:{port}/health"))


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False


async def test_customers_are_insured_but_for_the_last(world: World, tmp_path: Path) -> None:
    state = tmp_path / "insurer.json"
    practice = asyncio.create_task(world.desk.practise(["77", "78"], state=state))
    await asyncio.wait_for(world.both_told.wait(), timeout=60)

    await world.answer("Q-0001", number="m1")
    await world.answer("Q-0002", number="m2")
    await practice

    assert world.events() == ["quote.created", "quote.created", "policy.issued", "quote.refused"]
    again = Desk("", "theirs", "ours")
    known = keeping.read(state, Known)
    assert known is not None
    again.recall(known)
    assert again.quotes["Q-0001"].policy == "P-0001"
