"""Fixtures of a process that sells, with the acquirer connected; a conftest names those it wants.

from tests.support.selling import bank, context, shop
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio

from hansa.assembly.application import build_context
from hansa.modules import checkout, markets, payments, pricing, stock
from hansa.runtime.clock import FixedClock
from hansa.runtime.context import Context
from hansa.runtime.database import Database
from hansa.runtime.settings import Secret, Settings
from tests.conftest import NOON
from tests.support.acquirer import SECRET, Bank, a_bank
from tests.support.shop import Shop, a_shop

__all__ = ["SERVICES", "bank", "context", "shop"]

SERVICES = (
    markets.MarketDirectory,
    pricing.Profiles,
    stock.Reserver,
    payments.Providers,
    checkout.Offers,
)


@pytest_asyncio.fixture(loop_scope="session")
async def bank() -> AsyncIterator[Bank]:
    async with a_bank() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def shop(committing: Database) -> Shop:
    async with committing.transaction() as tx:
        return await a_shop(tx, now=NOON)


@pytest_asyncio.fixture(loop_scope="session")
async def context(
    settings: Settings, committing: Database, shop: Shop, bank: Bank, clock: FixedClock
) -> AsyncIterator[Context]:
    own = replace(
        settings,
        database_url=committing.dsn,
        database_pool_size=16,
        acquirer_url=bank.url,
        acquirer_secret=Secret(SECRET),
    )
    made = build_context(own, clock=clock)
    await made.open(SERVICES)
    yield made
    await made.close()
