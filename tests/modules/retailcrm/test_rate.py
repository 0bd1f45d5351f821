"""The key's rate is kept by everybody who calls with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hansa.modules.retailcrm.client import Crm
from tests.support.buying import buy
from tests.support.retailcrm import CrmAccount, a_crm, connect, settle


@pytest_asyncio.fixture(loop_scope="session")
async def crm() -> AsyncIterator[CrmAccount]:
    async with a_crm(per_second=10) as running:
        yield running


async def test_ten_a_second_by_all_callers_together(context, shop, crm):
    connection = await connect(context, shop, crm, requests_per_second=10)
    one, another = Crm(context, connection), Crm(context, connection)
    calls = [caller.by_ids("orders", [1]) for caller in (one, another) for _ in range(15)]
    await asyncio.gather(*calls)
    assert crm.service.over_limit == 0


@pytest.mark.parametrize("status", [503, 429])
async def test_excess_is_waited_out_whoever_else_uses_the_key(context, shop, crm, status):
    connection = await connect(context, shop, crm, requests_per_second=30)
    crm.mood.limit_status = status
    placed = await buy(context, (shop.variant, 1))
    await settle(context, connection)
    assert crm.order_of(placed.order_id)["number"] == placed.number
    assert len(crm.books.orders) == 1
