"""The practice till as a program: limits without a connection, a queue that loses nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest_asyncio

from sandbox import keeping
from sandbox.acquirer.wire import Answer, Call
from sandbox.offline_till.service import Service
from sandbox.offline_till.till import Known, Till
from tests.support.feeds import listening
from tests.support.http import free_port
from tests.support.processes import Program, eventually


@dataclass
class World:
    """A till, and the programme it speaks with."""

    till: Till
    client: httpx.AsyncClient
    told: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200

    async def hear(self, call: Call) -> Answer:
        if call.method == "GET":
            return Answer.of({})
        ops = msgspec.json.decode(call.body)["ops"]
        if self.status == 200:
            self.told += ops
        return Answer.of({"results": [{"state": "taken"} for _ in ops]}, self.status)

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.client.post(path, json=body)


@pytest_asyncio.fixture(loop_scope="session")
async def world() -> AsyncIterator[World]:
    till = Till("", "secret")
    async with (
        listening(Service(till).answer) as address,
        httpx.AsyncClient(base_url=address, trust_env=False) as client,
    ):
        made = World(till, client)
        async with listening(made.hear) as ours:
            till.partner_url = ours
            yield made


async def test_online_it_holds_then_posts(world: World) -> None:
    await world.post("/sales", card="77", amount=10_000, points=20)

    hold, post = world.told
    assert (hold["op"], post["op"]) == ("hold", "post")
    assert post["lines"] == [{"line": 1, "amount": 8_000}]


async def test_offline_it_keeps_to_its_limits_and_queues(world: World) -> None:
    await world.post("/line", is_online=False)
    for points in (60, 40):
        assert (await world.post("/sales", card="77", amount=10_000, points=points)).is_success

    refused = await world.post("/sales", card="77", amount=10_000, points=1)

    assert refused.status_code == 409
    assert world.told == []
    assert (await world.client.get("/queue")).json()["waiting"] == 2


async def test_a_queue_that_is_not_taken_stays(world: World) -> None:
    await world.post("/line", is_online=False)
    await world.post("/sales", card="77", amount=10_000)
    world.status = 503

    failed = await world.post("/queue")
    world.status = 200
    done = await world.post("/queue", twice=True, shuffle=True)

    assert failed.status_code == 502
    assert done.json()["waiting"] == 0
    assert [one["receipt"] for one in world.told] == ["T1-1", "T1-1"]


def test_it_runs_as_a_program() -> None:
    port = free_port()
    arguments = ("--port", str(port), "--partner-url", "http://127.0.0.1:9/")
    with Program.started("-m", "sandbox.offline_till", *arguments):
        eventually(lambda: _answers(f"http://127.0.0.1:{port}/health"))


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False


async def test_it_sells_to_customers_and_goes_on_where_it_was(world: World, tmp_path: Path) -> None:
    state = tmp_path / "till.json"

    await world.till.practise(["77", "78"], state=state)

    assert sorted(one["receipt"] for one in world.told) == ["T1-1", "T1-2", "T1-3", "T1-4"]
    assert [one["points"] for one in world.told if one["receipt"] in {"T1-3", "T1-4"}] == [20, 20]
    again = Till(world.till.partner_url, "secret")
    known = keeping.read(state, Known)
    assert known is not None
    again.recall(known)
    assert await again.sell("77", 1_000) == "T1-5"
