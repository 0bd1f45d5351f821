"""`hansa serve` with its real roles: started, killed in every way, leaving nothing behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.http import free_port
from tests.support.processes import ROOT, Program, eventually, is_running, processes_naming

pytestmark = [pytest.mark.timeout(1200), pytest.mark.usefixtures("whole_machine")]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="hansa-s-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        eventually(lambda: not processes_naming(str(path)))
        shutil.rmtree(path)


class Shop:
    """A running `hansa serve` on its own embedded database."""

    def __init__(self, program: Program, data_dir: Path, port: int) -> None:
        self.program = program
        self.data_dir = data_dir
        self.port = port

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready") as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def wait_until_ready(self) -> None:
        eventually(self.is_ready, within_seconds=240, what="the shop never became ready")

    def role(self, name: str) -> int:
        """The pid of a role's process; 0 while there is none."""
        for child in psutil.Process(self.program.process.pid).children():
            with contextlib.suppress(psutil.Error):
                if child.cmdline()[-2:] == ["run-role", name]:
                    return child.pid
        return 0

    def everything(self) -> list[psutil.Process]:
        """All processes of the shop: roles, their workers, database, watcher."""
        tree = psutil.Process(self.program.process.pid).children(recursive=True)
        return [*tree, *self.of_database()]

    def of_database(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter(["cmdline"]):
            if str(self.data_dir) in " ".join(process.info["cmdline"] or ()):
                with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
                    found += [process, *process.children(recursive=True)]
        return found


@contextmanager
def serving(data_dir: Path) -> Iterator[Shop]:
    port = free_port()
    environment = {
        "HANSA_DATA_DIR": str(data_dir),
        "HANSA_HTTP_PORT": str(port),
        "HANSA_WEB_WORKERS": "2",
    }
    subprocess.run(
        [sys.executable, "-m", "hansa", "migrate"],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
    )
    with (
        (data_dir / "serve.log").open("w") as log,
        Program.started("-m", "hansa", "serve", environment=environment, output=log) as program,
    ):
        shop = Shop(program, data_dir, port)
        try:
            shop.wait_until_ready()
        except AssertionError as error:
            raise AssertionError((data_dir / "serve.log").read_text()[-5_000:]) from error
        yield shop


def all_gone(processes: list[psutil.Process]) -> bool:
    return not [process for process in processes if is_running(process.pid)]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stop_leaves_nothing(data_dir: Path, how: signal.Signals) -> None:
    with serving(data_dir) as shop:
        processes = shop.everything()
        assert len(processes) > 8

        assert shop.program.terminate(how) == 0

        eventually(lambda: all_gone(processes))
        assert list((data_dir / "run").iterdir()) == []


def test_kill_of_the_supervisor_leaves_nothing(data_dir: Path) -> None:
    with serving(data_dir) as shop:
        processes = shop.everything()

        shop.program.kill()

        eventually(lambda: all_gone(processes), what="something outlived the supervisor")
        eventually(lambda: not shop.of_database())


def test_whatever_is_killed_is_started_again(data_dir: Path) -> None:
    with serving(data_dir) as shop:
        for role in ("web", "worker", "relay"):
            pid = shop.role(role)
            workers = psutil.Process(pid).children(recursive=True)

            os.kill(pid, signal.SIGKILL)

            eventually(lambda: all_gone(workers), what=f"a worker outlived {role}")  # noqa: B023
            eventually(lambda: shop.role(role) not in {0, pid}, what=f"{role} stayed dead")  # noqa: B023
        shop.wait_until_ready()
        postmaster = data_dir / "postgresql" / "cluster" / "postmaster.pid"
        pid = int(postmaster.read_text().splitlines()[0])

        os.kill(pid, signal.SIGKILL)

        eventually(lambda: not is_running(pid))
        shop.wait_until_ready()
        assert shop.program.terminate() == 0
