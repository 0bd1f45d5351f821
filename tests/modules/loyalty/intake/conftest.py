"""A coalition whose partner sends files, pages and events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio

from hansa.assembly.application import build_context
from hansa.assembly.modules import services_of
from hansa.modules.loyalty import intake, points
from hansa.modules.loyalty.manifest import MODULE
from hansa.modules.markets.manifest import MODULE as MARKETS
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from hansa.runtime.database import Database
from hansa.runtime.settings import Settings
from tests.support.feeds import Coalition, WatchedDoor, a_coalition
from tests.support.http import Site, application
from tests.support.loyalty import a_member


@pytest_asyncio.fixture(loop_scope="session")
async def context(
    settings: Settings, committing: Database, clock: FixedClock
) -> AsyncIterator[Context]:
    made = build_context(replace(settings, database_url=committing.dsn), clock=clock)
    await made.open(services_of([MARKETS, MODULE]))
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings: Settings, committing: Database, clock: FixedClock) -> AsyncIterator[Site]:
    """The whole application, for partners that tell us something."""
    async with application(settings, committing, clock=clock) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def coalition(context: Context) -> Coalition:
    return await a_coalition(context, now=context.clock.now())


@pytest_asyncio.fixture(loop_scope="session")
async def door(context: Context, coalition: Coalition) -> WatchedDoor:
    """The door to points, watched; ten members are known by their telephones."""
    now = context.clock.now()
    async with context.database.transaction() as tx:
        for number in range(10):
            await a_member(tx, coalition.programme, now=now, phone=f"+7916123450{number}")
    kept = WatchedDoor(context.service(points.Poster))
    context.service(intake.Intake).door = kept
    return kept
