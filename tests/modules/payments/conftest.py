"""Payments against a running acquirer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio

from hansa.assembly.application import build_context
from hansa.modules import payments
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from hansa.runtime.database import Database
from hansa.runtime.settings import Secret, Settings
from tests.support.acquirer import SECRET, Bank, a_bank


@pytest_asyncio.fixture(loop_scope="session")
async def bank() -> AsyncIterator[Bank]:
    async with a_bank() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def context(
    settings: Settings, committing: Database, bank: Bank, clock: FixedClock
) -> AsyncIterator[Context]:
    """A process with the acquirer connected."""
    own = replace(
        settings,
        database_url=committing.dsn,
        acquirer_url=bank.url,
        acquirer_secret=Secret(SECRET),
    )
    made = build_context(own, clock=clock)
    await made.open([payments.Providers])
    yield made
    await made.close()
