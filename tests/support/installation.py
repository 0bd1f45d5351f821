"""A whole installation for tests: `hansa serve` on a data folder of its own, to call and to kill.

with installed() as shop:                  # an embedded database, migrated, nothing running
    shop.prepare(fill)
    with shop.serving():                   # web, worker and relay answer at shop.address
        shop.kill("worker")
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from hansa.runtime.database import Database, watcher
from hansa.runtime.database.embedded import EmbeddedServer, embedded_postgres
from hansa.runtime.database.migrate import migrate
from tests.support.http import free_port
from tests.support.processes import ROOT, Program, eventually, is_running, processes_naming

__all__ = ["ROLES", "Installation", "installed"]

T = TypeVar("T")
ROLES = ("web", "worker", "relay")
READY_SECONDS = 200.0


class Installation:
    """A data folder, its settings, and the `hansa serve` that runs on it at the moment."""

    def __init__(self, data_dir: Path, settings: Mapping[str, str]) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.log = data_dir / "serve.log"
        self.environment = {
            "HANSA_DATA_DIR": str(data_dir),
            "HANSA_HTTP_PORT": str(self.port),
            "HANSA_WEB_WORKERS": "2",
            "HANSA_RATE_LIMIT_REQUESTS_PER_MINUTE": "0",
            **settings,
        }
        self._program: Program | None = None
        self._running = contextlib.ExitStack()

    @property
    def address(self) -> str:
        """Address of the shop, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def dsn(self) -> str:
        """Address of the database."""
        return EmbeddedServer(self.data_dir).dsn()

    # -- running -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Serve for the length of the block, then stop as a person would.

        When the block fails, the end of the log is written for whoever looks.
        """
        self.start()
        try:
            yield
            assert self._program is not None
            assert self._program.terminate() == 0
        except BaseException:
            print(self.tail())
            raise
        finally:
            self._running.close()

    def start(self) -> None:
        """Start, and return when the shop answers."""
        output = self._running.enter_context(self.log.open("a"))
        self._program = self._running.enter_context(
            Program.started("-m", "hansa", "serve", environment=self.environment, output=output)
        )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Return when the shop answers."""
        try:
            eventually(self.is_ready, within_seconds=READY_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"the shop never became ready:\n{self.tail()}") from error

    def is_ready(self) -> bool:
        try:
            answer = httpx.get(f"{self.address}/health/ready", timeout=5, trust_env=False)
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK

    def tail(self) -> str:
        """The end of what the roles wrote."""
        return self.log.read_text()[-6_000:]

    # -- killing -------------------------------------------------------------------------------

    def kill(self, victim: str) -> None:
        """`kill -9` of a process; return when it is back and the shop answers.

        A role, `web worker`, `postgresql`, `postgresql backend`, its `watcher`, or `supervisor`,
        which is started again by this call; all others come back by themselves.
        """
        if victim == "supervisor":
            assert self._program is not None
            self._program.kill()
            self.start()
            return
        # It may be about to start again, for reasons of its own or of the kill before.
        eventually(lambda: bool(self.pids(victim)), within_seconds=READY_SECONDS)
        before = self.pids(victim)
        pid = before[0]
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not is_running(pid))
        # How many backends there are is the pools' business.
        expected = 1 if victim == "postgresql backend" else len(before)
        eventually(
            lambda: len(set(self.pids(victim)) - {pid}) >= expected,
            within_seconds=READY_SECONDS,
            what=f"{victim} stayed dead",
        )
        self.wait_until_ready()

    def pids(self, victim: str) -> list[int]:
        """The processes of that name there are now."""
        if victim == "postgresql":
            postmaster = self._postmaster()
            return [] if postmaster is None or not is_running(postmaster) else [postmaster]
        if victim == "postgresql backend":
            # Their titles are such as "postgres: hansa hansa [local] idle".
            return self._children(self._postmaster(), lambda line: "[local]" in line)
        if victim == "watcher":
            return [one.pid for one in processes_naming(f"{watcher.__file__} {self.data_dir}")]
        role = self._role(victim.partition(" ")[0])
        if victim == "web worker":
            return self._children(role, lambda line: "resource_tracker" not in line)
        return [] if role is None else [role]

    def _children(self, parent: int | None, wanted: Callable[[str], bool]) -> list[int]:
        """Living children whose command line is wanted; it may all change while one looks."""
        found = []
        if parent is not None:
            with contextlib.suppress(psutil.Error):
                for child in psutil.Process(parent).children():
                    with contextlib.suppress(psutil.Error):
                        if wanted(" ".join(child.cmdline())) and is_running(child.pid):
                            found.append(child.pid)
        return found

    def _role(self, name: str) -> int | None:
        assert self._program is not None
        found = self._children(
            self._program.process.pid, lambda line: line.endswith(f"run-role {name}")
        )
        return found[0] if found else None

    def _postmaster(self) -> int | None:
        try:
            lines = (self.data_dir / "postgresql/cluster/postmaster.pid").read_text().splitlines()
            return int(lines[0])
        except (OSError, IndexError, ValueError):
            return None

    # -- looking -------------------------------------------------------------------------------

    def prepare(self, work: Callable[[Database], Awaitable[T]]) -> T:
        """Do something in the database while nothing runs."""
        with embedded_postgres(self.data_dir):
            return self.in_database(work)

    def in_database(self, work: Callable[[Database], Awaitable[T]]) -> T:
        """Do something in the database of the running shop, with a connection of its own."""

        async def run() -> T:
            database = Database(self.dsn, connections_min=1, connections_max=2)
            await database.open()
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(run())

    def scalar(self, sql: str, **params: object) -> Any:
        """Read one value."""

        async def read(database: Database) -> Any:
            async with database.snapshot(single=True) as snap:
                return await snap.scalar(sql, params)  # type: ignore[arg-type]

        return self.in_database(read)

    def check(self, *areas: str) -> dict[str, Any]:
        """What `hansa check --json` reports."""
        done = subprocess.run(
            [sys.executable, "-m", "hansa", "check", *areas, "--json"],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.stdout, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        assert report["ok"] == (done.returncode == 0)
        return report


@contextlib.contextmanager
def installed(**settings: str) -> Iterator[Installation]:
    """Make an installation with an empty, migrated database; take it away at the end.

    `settings` are those of the environment without their prefix: `hold_minutes="1"`.
    """
    # The server's account, which is not root's, must be able to reach the folder.
    data_dir = Path(tempfile.mkdtemp(prefix="hansa-i-"))
    data_dir.chmod(0o755)
    try:
        shop = Installation(
            data_dir, {f"HANSA_{name.upper()}": value for name, value in settings.items()}
        )
        with embedded_postgres(data_dir) as dsn:
            migrate(dsn)
        yield shop
    finally:
        eventually(
            lambda: not processes_naming(str(data_dir)),
            within_seconds=READY_SECONDS,
            what="something outlived the installation",
        )
        shutil.rmtree(data_dir)
