"""Fixtures of the outbox: the two transports, the brokers, a table for effects."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import noida_db
import pytest
import pytest_asyncio
from confluent_kafka.admin import AdminClient

from hansa.runtime.context import Context
from hansa.runtime.database import Database
from tests.runtime.outbox.world import EFFECTS, context_of
from tests.support.processes import eventually


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(address: str) -> bool:
    """Whether a broker tells its topics."""
    try:
        return bool(
            AdminClient({"bootstrap.servers": address, "log_level": 0}).list_topics(timeout=1)
        )
    except Exception:  # noqa: BLE001 - it is asked again
        return False


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real broker process."""
    port = free_port()
    directory = tmp_path_factory.mktemp("kafka")
    program = Path(noida_db.__file__).with_name("noida-db")
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(program),
                "start",
                "--only",
                "kafka",
                "--kafka-port",
                str(port),
                "--data-dir",
                str(directory),
            ],
            cwd=directory,
            stdout=log,
            stderr=log,
            env=dict(os.environ),
        )
        try:
            address = f"127.0.0.1:{port}"
            eventually(lambda: answers(address), what="the broker did not start")
            yield address
        finally:
            process.terminate()
            process.wait(30)


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
