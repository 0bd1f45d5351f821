"""`hansa rollout`: run as a program."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from uuid import uuid4

import pytest

from hansa.modules import rollout
from tests.support.http import application
from tests.support.processes import ROOT


@pytest.fixture
def hansa(committing, tmp_path):
    async def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "hansa", "rollout", *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "HANSA_DATABASE_URL": committing.dsn,
                "HANSA_DATA_DIR": str(tmp_path),
            },
            check=False,
            capture_output=True,
            text=True,
        )

    return run


async def test_features_are_listed_and_changed(hansa, committing):
    before = await hansa("list")
    done = await hansa("set", "loyalty.app", "--state", "some", "--percent", "2.5")
    after = await hansa("list")

    assert "loyalty.app: off for everybody" in before.stdout, before.stderr
    assert done.returncode == 0, done.stderr
    assert "loyalty.app: 2.5 % of people, 0 audiences" in after.stdout
    async with committing.snapshot() as snap:
        held = await rollout.get_setting(snap, feature="loyalty.app")
    assert (held.version, held.rules.parts) == (1, 250)


async def test_a_process_that_runs_knows_of_it_within_seconds(hansa, committing, settings, clock):
    somebody = uuid4()
    async with application(settings, committing, clock=clock) as site:
        assert not rollout.is_on(site.context, "loyalty.app", somebody)
        done = await hansa("set", "loyalty.app", "--state", "some", "--allow", str(somebody))
        async with asyncio.timeout(60):  # promised are two seconds; the machine may be busy
            while not rollout.is_on(site.context, "loyalty.app", somebody):
                await asyncio.sleep(0.01)

        assert done.returncode == 0, done.stderr
        assert not rollout.is_on(site.context, "loyalty.app", uuid4())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("no.such", "--state", "on"), "no feature"),
        (("loyalty.app", "--percent", "half"), "not a percentage"),
        (("loyalty.app", "--percent", "1.234"), "two digits"),
        (("loyalty.app", "--audience", "nobody"), "no audience nobody"),
        (("loyalty.app", "--allow", "who"), "not understood"),
    ],
)
async def test_it_says_what_is_wrong(hansa, arguments, said):
    done = await hansa("set", *arguments)

    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
