"""The practice marketplace as a program: its pages, its export, its moods."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio

from sandbox import keeping
from sandbox.fashion_marketplace.market import Market
from sandbox.fashion_marketplace.service import Service
from tests.support.feeds import listening
from tests.support.http import free_port
from tests.support.processes import Program, eventually

HEADERS = {"Authorization": "Bearer token"}


@pytest_asyncio.fixture(loop_scope="session")
async def api() -> AsyncIterator[httpx.AsyncClient]:
    service = Service(token="token")
    async with (
        listening(service.answer) as address,
        httpx.AsyncClient(base_url=address, headers=HEADERS, trust_env=False) as client,
    ):
        yield client


async def act(api: httpx.AsyncClient, name: str, *arguments: object) -> httpx.Response:
    return await api.post("/acts", json={"act": name, "arguments": list(arguments)})


async def test_changes_are_told_page_by_page(api: httpx.AsyncClient) -> None:
    number = (await act(api, "place", "+79161230001", 1000, 2500)).json()["result"]
    await act(api, "deliver", number)
    await act(api, "bring_back", number, 1, 1000)

    first = (await api.get("/api/orders", params={"limit": 2})).json()
    second = (await api.get("/api/orders", params={"cursor": first["next_cursor"]})).json()

    assert [one["state"] for one in first["orders"]] == ["placed", "delivered"]
    assert first["has_more"]
    (last,) = second["orders"]
    assert (last["state"], last["version"], second["has_more"]) == ("partly_returned", 3, False)
    assert [one["returned_sum"] for one in last["lines"]] == ["10.00", "0.00"]


async def test_the_export_has_a_row_per_line_of_what_is_now(api: httpx.AsyncClient) -> None:
    number = (await act(api, "place", "+79161230001", 1000, 2500)).json()["result"]
    await act(api, "cancel", number)

    answer = await api.get("/exports/orders.csv")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("cp1251")), delimiter=";"))
    assert [(one["Статус"], one["Строка"], one["Сумма"]) for one in rows] == [
        ("Отменён", "1", "10,00"),
        ("Отменён", "2", "25,00"),
    ]


async def test_what_cannot_happen_does_not(api: httpx.AsyncClient) -> None:
    number = (await act(api, "place", "+79161230001", 1000)).json()["result"]

    assert (await act(api, "bring_back", number, 1, 500)).status_code == 409
    assert (await act(api, "burn", number)).status_code == 400
    assert (await api.get("/api/orders", headers={"Authorization": "no"})).status_code == 401


async def test_it_misbehaves_on_demand(api: httpx.AsyncClient) -> None:
    await act(api, "place", "+79161230001", 1000)
    await api.post("/control", json={"fail": 1, "too_many": 1, "retry_after": 3, "repeat": 2})

    failed, limited = [await api.get("/api/orders") for _ in range(2)]
    repeated = (await api.get("/api/orders", params={"cursor": 1})).json()

    assert (failed.status_code, limited.status_code) == (500, 429)
    assert limited.headers["retry-after"] == "3"
    assert len(repeated["orders"]) == 1


def test_it_runs_as_a_program() -> None:
    port = free_port()
    with Program.started("-m", "sandbox.fashion_marketplace", "--port", str(port)):
        eventually(lambda: _answers(f"http://127.0.0.1:{port}/health"))


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False


def test_customers_have_a_past_that_outlives_the_program(tmp_path: Path) -> None:
    market = Market()
    market.practise(["+79161230001", "+79161230002"])

    keeping.write(tmp_path / "market.json", market)
    again = keeping.read(tmp_path / "market.json", Market)

    states = [one.state for one in market.orders.values()]
    assert states == ["partly_returned", "delivered", "delivered", "delivered"]
    assert again == market
    assert again.place("+79161230001", 1000) == "F-00005"
