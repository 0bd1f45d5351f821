"""Whatever arrives, the answer is clear and never 500."""

from __future__ import annotations

import json

import httpx
import pytest

JSON = {"Content-Type": "application/json"}


async def _send(client: httpx.AsyncClient, body: bytes | str, **headers: str) -> httpx.Response:
    return await client.post("/api/v1/echo", content=body, headers={**JSON, **headers})


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "request.invalid"),
        (b"{", 400, "request.body_invalid"),
        (b'{"name": "\xff\xfe"}', 400, "request.body_invalid"),
        (b'{"name": "a\\u0000b"}', 400, "request.control_character"),
        (b'{"name": "a\\u001bb"}', 400, "request.control_character"),
        (b'{"name": "\\ud800"}', 400, "request.body_invalid"),
        (b'{"na\\u0000me": "a"}', 400, "request.control_character"),
        (b"[" * 100_000, 400, "request.body_invalid"),
        (b'{"name":' * 50_000, 400, "request.body_invalid"),
        (b'{"name": "a", "price": 1e999999}', 400, "request.body_invalid"),
        (b'{"name": "a", "price": "1e999999"}', 400, "request.number"),
        (b'{"name": "a", "price": "NaN"}', 400, "request.number"),
        (b'{"name": "a", "price": "-Infinity"}', 400, "request.number"),
        (b'{"name": "a", "lines": [{"sku": "a", "quantity": 1e30}]}', 400, "request.invalid"),
        (
            b'{"name": "a", "lines": [{"sku": "a", "quantity": 99999999999999999999}]}',
            400,
            "request.invalid",
        ),
        (b'"text"', 400, "request.invalid"),
        (b"null", 400, "request.invalid"),
        (b'{"name": "' + b"a" * 2_000_000 + b'"}', 413, "request.too_large"),
    ],
    ids=lambda value: repr(value)[:30],
)
async def test_bad_bodies_get_a_clear_answer(client, body, status, code) -> None:
    answer = await _send(client, body)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_every_wrong_field_is_named(client: httpx.AsyncClient) -> None:
    body = {
        "price": "many",
        "lines": [{"sku": "", "quantity": 0}, {"quantity": "x", "colour": "green"}],
        "party": "nobody",
        "surprise": 1,
    }

    answer = await _send(client, json.dumps(body), **{"Accept-Language": "ru"})

    found = {(fault["field"], fault["code"]) for fault in answer.json()["errors"]}
    assert found == {
        ("name", "missing"),
        ("price", "type"),
        ("lines[0].sku", "short"),
        ("lines[0].quantity", "small"),
        ("lines[1].sku", "missing"),
        ("lines[1].quantity", "type"),
        ("lines[1].colour", "unknown"),
        ("party", "form"),
        ("surprise", "unknown"),
    }
    messages = {fault["field"]: fault["message"] for fault in answer.json()["errors"]}
    assert messages["name"] == "Заполните это поле."
    assert messages["lines[0].quantity"] == "Наименьшее допустимое значение: 1."


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
async def test_another_content_type_is_refused(client: httpx.AsyncClient, kind: str) -> None:
    answer = await _send(client, b'{"name": "a"}', **{"Content-Type": kind})

    assert answer.status_code == 415
    assert answer.json()["data"]["expected"] == "application/json"


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1000",
        "limit=x",
        "after=made-up",
        "after=%00",
        "word=%1b",
        "word=%ff",
        "limit=1&limit=2x",
    ],
)
async def test_bad_queries_are_refused(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/api/v1/list?{query}")

    assert answer.status_code == 400, answer.text


async def test_what_the_database_refuses_is_the_senders_fault(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/big-number", json={"n": 2**63})

    assert answer.status_code == 400
    assert answer.json()["code"] == "request.out_of_range"


async def test_a_bug_is_told_by_its_number_and_nothing_else(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/broken/bug", headers={"X-Request-Id": "number-12345"})

    assert answer.status_code == 500
    assert answer.json()["code"] == "server.error"
    assert "number-12345" in answer.json()["detail"]
    assert "secret inside" not in answer.text


async def test_unavailable_says_when_to_come_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/broken/away")

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1


async def test_wrong_methods_are_told(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/api/v1/echo")

    assert answer.status_code == 405
    assert answer.json()["code"] == "request.method_not_allowed"


async def test_strange_request_ids_are_replaced(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health/live", headers={"X-Request-Id": "a b; drop"})

    assert answer.headers["x-request-id"] != "a b; drop"


async def test_a_path_with_control_characters_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/broken/a%00b")

    assert answer.status_code == 400
