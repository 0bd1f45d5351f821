"""Endpoints that lead to a real receiver over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from hansa.runtime.clock import FixedClock
from hansa.runtime.database import Database
from tests.support.erp import a_context
from tests.support.webhooks import Receiver, World, a_receiver


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def world(
    committing: Database, settings, clock: FixedClock, tmp_path: Path, receiver: Receiver
) -> AsyncIterator[World]:
    """Nothing is there yet and nothing is delivered."""
    async with a_context(committing, settings, clock, tmp_path, ()) as context:
        yield World(context, receiver)
