"""The same call twice does its work once."""

from __future__ import annotations

import asyncio

import httpx


async def _call(client: httpx.AsyncClient, key: str, name: str = "anna") -> httpx.Response:
    return await client.post("/api/v1/echo", json={"name": name}, headers={"Idempotency-Key": key})


async def test_a_repeat_gets_the_first_answer_and_does_nothing(client: httpx.AsyncClient) -> None:
    first = await _call(client, "k1")
    second = await _call(client, "k1")
    other = await _call(client, "k2")

    assert first.status_code == second.status_code == 201
    assert first.json() == second.json() == {"name": "anna", "count": 1}
    assert second.headers["idempotency-replayed"] == "true"
    assert other.json()["count"] == 2


async def test_a_key_is_refused_for_another_request(client: httpx.AsyncClient) -> None:
    await _call(client, "k1", "anna")

    answer = await _call(client, "k1", "boris")

    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency.mismatch"


async def test_calls_at_once_do_the_work_once(client: httpx.AsyncClient) -> None:
    await _call(client, "before", "other")

    answers = await asyncio.gather(*(_call(client, "k1") for _ in range(8)))

    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["count"] for answer in answers} == {1}


async def test_a_refused_call_is_run_anew(client: httpx.AsyncClient) -> None:
    first = await _call(client, "k1", "refused")
    second = await _call(client, "k1", "refused")

    assert first.status_code == second.status_code == 422
    assert "idempotency-replayed" not in second.headers


async def test_a_missing_or_strange_key_is_refused(site) -> None:
    async with site.client(keyed=False) as client:
        missing = await client.post("/api/v1/echo", json={"name": "anna"})
        empty = await _call(client, "")
        long = await _call(client, "k" * 201)
        spaced = await _call(client, "a b")

    assert missing.json()["code"] == "idempotency.missing"
    assert {answer.json()["code"] for answer in (empty, long, spaced)} == {"idempotency.invalid"}
    assert {answer.status_code for answer in (missing, empty, long, spaced)} == {400}


async def test_one_callers_key_is_not_anothers(site) -> None:
    async with site.client() as anna, site.client() as boris:
        for one in (anna, boris):
            token = (await one.get("/ru/page")).text
            one.headers["X-CSRF-Token"] = token
        first = await _call(anna, "k1")
        second = await _call(boris, "k1")

    assert (first.json()["count"], second.json()["count"]) == (1, 2)
