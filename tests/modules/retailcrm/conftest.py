"""A shop that sells, with a CRM connected."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from hansa.modules import retailcrm
from hansa.runtime.context import Context
from tests.support.retailcrm import CrmAccount, a_crm, connect
from tests.support.selling import bank, context, shop
from tests.support.shop import Shop

__all__ = ["bank", "connection", "context", "crm", "shop"]


@pytest_asyncio.fixture(loop_scope="session")
async def crm() -> AsyncIterator[CrmAccount]:
    async with a_crm() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def connection(context: Context, shop: Shop, crm: CrmAccount) -> retailcrm.Connection:
    return await connect(context, shop, crm)
