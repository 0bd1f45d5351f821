"""A shop with a queue to a 1C."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from hansa.assembly.modules import all_modules, services_of
from hansa.modules import erp
from hansa.modules.erp import outgoing
from hansa.runtime.clock import SystemClock
from hansa.runtime.database import Database
from hansa.runtime.http import Actor
from tests.support.erp import a_context
from tests.support.erp_queue import KEY, World
from tests.support.kafka import a_broker
from tests.support.onec_service import PASSWORD, USER, OnecService, onec_service
from tests.support.shop import a_shop


@pytest.fixture
def onec() -> Iterator[OnecService]:
    with onec_service() as running:
        yield running


@pytest.fixture
def staff() -> Actor:
    return Actor(id=uuid4(), kind="staff", name="Мария")


@pytest_asyncio.fixture(loop_scope="session")
async def world(
    committing: Database, settings, tmp_path: Path, onec: OnecService
) -> AsyncIterator[World]:
    """A shop and a queue; nothing runs yet."""
    clock = SystemClock()
    async with committing.transaction() as tx:
        shop = await a_shop(tx, now=clock.now(), on_hand=1000)
        connection = await erp.ensure_connection(tx, market="ru", now=clock.now())
        await outgoing.save_outgoing(
            tx,
            outgoing=outgoing.Outgoing(
                connection_id=connection.id,
                address=onec.address,
                sign_in=outgoing.SignIn.BASIC,
                user_name=USER,
                kinds=(outgoing.MessageKind.ORDER,),
                starts_at=clock.now() - timedelta(seconds=1),
                answer_seconds=2,
                refusals_max=3,
                pause_seconds=0.02,
                pause_seconds_max=0.2,
            ),
            key=KEY,
            secret=PASSWORD,
        )
    async with a_context(
        committing, settings, clock, tmp_path, services_of(all_modules())
    ) as context:
        yield World(context, shop, onec, connection)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real broker process."""
    with a_broker(tmp_path_factory.mktemp("kafka")) as address:
        yield address
