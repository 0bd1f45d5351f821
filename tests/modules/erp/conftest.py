"""A connection of 1C to a market, on a database of its own."""

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from hansa.modules import erp, markets, stock
from hansa.runtime.context import Context
from hansa.runtime.database import Database
from tests.support.erp import a_context, a_market

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "commerceml"


@pytest.fixture
def real_exports() -> Path:
    """The folder of real exports, which a lone checkout does not have."""
    if not REAL.is_dir():
        pytest.skip("the folder of real exports is not beside this checkout")
    return REAL


@pytest_asyncio.fixture
async def context(committing: Database, settings, clock, tmp_path):
    """A process's context on the test's database."""
    async with a_context(committing, settings, clock, tmp_path) as made:
        yield made


@pytest_asyncio.fixture
async def connection(context: Context, now) -> erp.Connection:
    """A connection to the market `ru`."""
    async with context.database.transaction() as tx:
        await a_market(tx, now=now)
        return await erp.ensure_connection(tx, market="ru", now=now)
