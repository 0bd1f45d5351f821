"""A real broker of Kafka's protocol for tests, a process of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import noida_db
from confluent_kafka.admin import AdminClient

from tests.support.http import free_port
from tests.support.processes import eventually

__all__ = ["a_broker"]


def answers(address: str) -> bool:
    """Whether a broker tells its topics."""
    try:
        return bool(
            AdminClient({"bootstrap.servers": address, "log_level": 0}).list_topics(timeout=1)
        )
    except Exception:  # noqa: BLE001 - it is asked again
        return False


@contextlib.contextmanager
def a_broker(directory: Path) -> Iterator[str]:
    """Run a broker that keeps its topics in a folder; give its address."""
    port = free_port()
    program = Path(noida_db.__file__).with_name("noida-db")
    command = [str(program), "start", "--only", "kafka", "--kafka-port", str(port)]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--data-dir", str(directory)],
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
