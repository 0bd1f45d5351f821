"""`hansa telegram connect`: run as a program, against a practice Telegram."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from tests.support.processes import ROOT
from tests.support.telegram import SECRET, TOKEN, a_telegram


async def connect(database_dsn: str, tmp_path, **settings: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "hansa", "telegram", "connect"],
        cwd=ROOT,
        env={
            **os.environ,
            "HANSA_DATABASE_URL": database_dsn,
            "HANSA_DATA_DIR": str(tmp_path),
            **{f"HANSA_{name.upper()}": value for name, value in settings.items()},
        },
        check=False,
        capture_output=True,
        text=True,
    )


async def test_it_tells_telegram_the_address_and_the_secret(database_dsn, tmp_path):
    async with a_telegram(secret="") as telegram:
        done = await connect(
            database_dsn,
            tmp_path,
            public_url="https://shop.example",
            telegram_url=telegram.url,
            telegram_token=TOKEN,
            telegram_secret=SECRET,
        )
        hook = telegram.service.api.webhook

    assert done.returncode == 0, done.stderr
    assert hook.url == "https://shop.example/api/v1/fulfilment/telegram/updates"
    assert hook.secret == SECRET
    assert hook.url in done.stdout
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"telegram_secret": ""}, "telegram_secret is not set"),
        ({"telegram_token": "1:other"}, "Unauthorized"),
        ({"public_url": "http://shop.example"}, "HTTPS"),
    ],
)
async def test_it_says_what_is_wrong(database_dsn, tmp_path, changes, said):
    async with a_telegram() as telegram:
        settings = {
            "public_url": "https://shop.example",
            "telegram_url": telegram.url,
            "telegram_token": TOKEN,
            "telegram_secret": SECRET,
        }
        done = await connect(database_dsn, tmp_path, **{**settings, **changes})

    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
