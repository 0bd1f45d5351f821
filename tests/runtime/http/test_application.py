"""The application as a whole answers, refuses and describes itself."""

from pathlib import Path

import httpx
import pytest

from hansa.runtime.supervision import STATE_FILE_VARIABLE


async def test_a_ready_process_says_so(client: httpx.AsyncClient) -> None:
    live = await client.get("/health/live")
    ready = await client.get("/health/ready")

    assert live.json() == {"status": "ok", "parts": {}}
    assert ready.status_code == 200, ready.text


async def test_a_process_whose_supervisor_stops_is_not_ready(
    client: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = tmp_path / "running"
    running.touch()
    monkeypatch.setenv(STATE_FILE_VARIABLE, str(running))

    before = await client.get("/health/ready")
    running.unlink()
    after = await client.get("/health/ready")

    assert (before.status_code, after.status_code) == (200, 503)
    assert after.json()["parts"]["draining"] == "yes"


async def test_an_unknown_address_is_a_problem_for_programs(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/nothing", headers={"X-Request-Id": "abc-12345"})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "request.not_found"
    assert answer.json()["instance"] == "abc-12345"


async def test_an_unknown_address_is_a_page_for_people(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ru/nothing", headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert 'lang="ru"' in answer.text


@pytest.mark.parametrize("path", ["/api/docs", "/api/openapi.json", "/metrics"])
async def test_the_application_describes_itself(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.status_code == 200, answer.text
