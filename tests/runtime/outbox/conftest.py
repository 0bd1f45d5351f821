"""Fixtures of the outbox: the two transports, the brokers, a table for effects."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from hansa.runtime.context import Context
from hansa.runtime.database import Database
from tests.runtime.outbox.world import EFFECTS, context_of
from tests.support.kafka import a_broker


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real broker process."""
    with a_broker(tmp_path_factory.mktemp("kafka")) as address:
        yield address


@pytest_asyncio.fixture(loop_scope="session")
async def outbox(committing: Database) -> Database:
    """A database of the test's own, with a table for effects."""
    async with committing.transaction() as tx:
        await tx.execute(EFFECTS)
    return committing


@pytest.fixture(params=["postgres", pytest.param("kafka", marks=pytest.mark.kafka)])
def context(request: pytest.FixtureRequest, outbox: Database, tmp_path: Path) -> Context:
    """A context whose events travel by one transport, then by the other."""
    if request.param == "postgres":
        return context_of(outbox, tmp_path)
    return own_topics(context_of(outbox, tmp_path, kafka=[request.getfixturevalue("kafka")]))


@pytest.fixture
def on_postgres(outbox: Database, tmp_path: Path) -> Context:
    """A context whose events travel through PostgreSQL."""
    return context_of(outbox, tmp_path)


def own_topics(context: Context) -> Context:
    """Give a test topics and groups of its own on the shared broker."""
    context.settings = dataclasses.replace(
        context.settings, kafka_topic_prefix=f"t{uuid.uuid4().hex[:8]}."
    )
    return context
