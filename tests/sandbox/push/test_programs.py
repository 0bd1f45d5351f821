"""The practice push services as programs: they start, say where they are, show what arrived."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.support.http import free_port

SECONDS_MAX = 60


@asynccontextmanager
async def program(name: str, *arguments: str) -> AsyncIterator[str]:
    """Run one on a free port; the value is its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"sandbox.{name}",
        "--port",
        str(free_port()),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(SECONDS_MAX):
            said = (await process.stdout.readline()).decode()
        found = re.search(r"http://\S+", said)
        assert found is not None, said
        yield found[0].rstrip("/")
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS_MAX):
            assert await process.wait() == 0


@pytest.mark.parametrize(
    ("name", "title", "arguments"),
    [
        ("webpush", "Practice Web Push", ["--browser", "Анна <b>"]),
        ("fcm", "Practice Firebase", ["--telephone", "Анна <b>"]),
        ("edna", "Practice EDNA", []),
    ],
)
async def test_a_program_shows_its_page(name: str, title: str, arguments: list[str]) -> None:
    async with program(name, *arguments) as url, httpx.AsyncClient(trust_env=False) as client:
        page = await client.get(url + "/")
        nowhere = await client.get(url + "/nowhere")
        mood = await client.post(url + "/control", json={"too_many": 2})
        wrong = await client.post(url + "/control", json={"angry": 2})

    assert title in page.text
    assert ("Анна &lt;b&gt;" in page.text) == bool(arguments)
    assert nowhere.status_code == 404
    assert mood.json()["too_many"] == 2
    assert wrong.status_code == 400


async def test_browsers_made_elsewhere_are_there(tmp_path: Path) -> None:
    made = {
        "token": "t" * 32,
        "name": "Вера",
        "secret": f"{7:064x}",
        "auth": "AAAAAAAAAAAAAAAAAAAAAA",
    }
    kept = tmp_path / "telephones.json"
    kept.write_bytes(msgspec.json.encode({"url": "", "browsers": [made]}))
    async with (
        program("webpush", "--browsers", str(kept)) as url,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        page = await client.get(url + "/")
        messages = await client.get(f"{url}/messages/{made['token']}")

    assert "Вера" in page.text
    assert messages.json() == []


async def test_firebase_writes_the_account_to_send_with(tmp_path: Path) -> None:
    account = tmp_path / "account.json"
    async with program("fcm", "--account", str(account)) as url:
        told = msgspec.json.decode(account.read_bytes())

    assert told["token_uri"] == f"{url}/token"
    assert "PRIVATE KEY" in told["private_key"]


async def test_edna_takes_an_address_only_if_it_answers() -> None:
    async with program("edna") as url, httpx.AsyncClient(trust_env=False) as client:
        headers = {"X-API-KEY": "practice-key"}
        answer = await client.post(
            f"{url}/api/callback/set",
            headers=headers,
            json={"statusCallbackUrl": f"{url}/nowhere"},
        )

    assert answer.status_code == 400
    assert answer.json()["title"] == "callback-url-not-available"
