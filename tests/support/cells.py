"""Two cells, each with a PostgreSQL of its own, and a front before them; all real processes.

with two_cells() as cells:
    cells.home.shop, cells.other.shop       # installations, their databases running
    cells.front                             # port of the front
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from hansa.runtime.database.embedded import embedded_postgres
from tests.support.http import free_port
from tests.support.installation import Installation, installed
from tests.support.processes import ROOT, Program, eventually

__all__ = ["Cell", "Cells", "hansa", "is_ready", "served", "two_cells"]

SECRET = "a key that only tests use, long enough"
READY_SECONDS = 240.0


@dataclass
class Cell:
    """An installation, its port, and what runs of it."""

    shop: Installation
    roles: str
    port: int = field(default_factory=free_port)
    running: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve; return when it answers."""
        self.running.enter_context(
            served(self.shop.environment, self.roles, self.port, self.shop.log)
        )

    def kill(self) -> None:
        """`kill -9` of everything but the database; return when nothing answers."""
        self.running.close()
        eventually(lambda: not is_listening(self.port), within_seconds=READY_SECONDS)


@dataclass
class Cells:
    """What runs."""

    home: Cell
    other: Cell
    folder: Path
    stack: contextlib.ExitStack
    front: int = field(default_factory=free_port)
    headers: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Serve the cells and the front."""
        for cell in (self.home, self.other):
            cell.start()
            self.stack.callback(cell.running.close)
        table = f"0-127={self.home.address},128-255={self.other.address}"
        environment = {
            "HANSA_DATA_DIR": str(self.folder),
            "HANSA_SECRET_KEY": SECRET,
            "HANSA_LOYALTY_CELLS": table,
            "HANSA_OUTBOUND_TIMEOUT_SECONDS": "50",  # a machine that is busy is not away
        }
        log = self.folder / "front.log"
        self.stack.enter_context(served(environment, "loyalty.front", self.front, log))

    def sign_in(self, client: tuple[str, str]) -> None:
        """Get a program's token, through the front."""
        answer = self.send(
            "POST", "/oauth/token", data={"grant_type": "client_credentials"}, auth=client
        )
        assert answer.status_code == 200, answer.text
        self.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def send(
        self, method: str, path: str, *, key: str = "", port: int = 0, **more: Any
    ) -> httpx.Response:
        """Send a request to the front, or to a port, and give whatever answer comes."""
        headers = {**self.headers, "Idempotency-Key": key or str(uuid4())}
        url = f"http://127.0.0.1:{port or self.front}{path}"
        return httpx.request(method, url, headers=headers, timeout=60, trust_env=False, **more)

    def ask(self, method: str, path: str, *, key: str = "", **more: Any) -> httpx.Response:
        """Do as a partner's program does: told to wait, repeat with the same key."""
        key = key or str(uuid4())
        answers: list[httpx.Response] = []

        def is_answered() -> bool:
            answers.append(self.send(method, path, key=key, **more))
            return answers[-1].status_code != httpx.codes.SERVICE_UNAVAILABLE

        eventually(is_answered, within_seconds=READY_SECONDS, what=f"{path} stays busy")
        return answers[-1]

    def good(self, method: str, path: str, **more: Any) -> Any:
        """Do the same; give what a good answer says."""
        answer = self.ask(method, path, **more)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()


@contextlib.contextmanager
def two_cells() -> Iterator[Cells]:
    """Make two empty cells of one half of the buckets each; their databases run, nothing else."""
    with contextlib.ExitStack() as stack:
        made = []
        for buckets, roles in (("0-127", "web"), ("128-255", "web,worker,relay")):
            shop = stack.enter_context(
                installed(
                    secret_key=SECRET,
                    loyalty_buckets=buckets,
                    database_is_followed="true",
                    web_workers="1",
                    rate_limit_client_requests_per_minute="0",
                    trusted_proxies="127.0.0.1",
                )
            )
            stack.enter_context(embedded_postgres(shop.data_dir, {"wal_level": "logical"}))
            made.append(Cell(shop, roles))
        folder = made[0].shop.data_dir / "front"
        folder.mkdir()
        yield Cells(home=made[0], other=made[1], folder=folder, stack=stack)


def hansa(environment: dict[str, str], *arguments: str) -> str:
    """Run a command of `hansa`; give what it wrote."""
    done = subprocess.run(
        [sys.executable, "-m", "hansa", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextlib.contextmanager
def served(environment: dict[str, str], roles: str, port: int, log: Path) -> Iterator[Program]:
    """Run `hansa serve`; on the way out kill it. When the block fails, its log is told."""
    command = ("-m", "hansa", "serve", "--roles", roles, "--port", str(port), "--workers", "1")
    with log.open("a") as output:
        try:
            with Program.started(*command, environment=environment, output=output) as program:
                eventually(
                    lambda: is_ready(port),
                    within_seconds=READY_SECONDS,
                    what=f"nothing answers at {port}",
                )
                yield program
        except BaseException as failure:
            failure.add_note(log.read_text()[-6_000:])
            raise


def is_listening(port: int) -> bool:
    """Whether anything is there, ready or not."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def is_ready(port: int) -> bool:
    """Whether something answers that may get requests."""
    with contextlib.suppress(httpx.TransportError):
        url = f"http://127.0.0.1:{port}/health/ready"
        # Without certificates, of which reading them all is most of the work.
        answer = httpx.get(url, timeout=5, trust_env=False, verify=False)
        return answer.status_code == httpx.codes.OK
    return False
