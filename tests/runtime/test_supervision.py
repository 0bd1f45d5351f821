"""Roles are started again when they die, drained when stopped, never outlive their supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.support.processes import ROOT, Program, eventually, is_running, processes_naming

SHOP = str(Path(__file__).with_name("supervised_shop.py"))
NAMES = {"web", "web-worker", "relay", "sandbox"}


def supervising(directory: Path, *, grace_seconds: float = 20) -> AbstractContextManager[Program]:
    return Program.started(SHOP, str(directory), str(grace_seconds))


def starts(directory: Path) -> list[tuple[str, int]]:
    """Each start of a program: its name and pid, oldest first."""
    try:
        lines = (directory / "starts").read_text().splitlines()
    except FileNotFoundError:
        return []
    return [(line.split()[0], int(line.split()[1])) for line in lines if line.endswith("=False")]


def ends(directory: Path) -> list[str]:
    return (directory / "ends").read_text().splitlines()


def wait_for_all(directory: Path) -> dict[str, int]:
    eventually(lambda: {name for name, _ in starts(directory)} == NAMES, what="not all started")
    return dict(starts(directory))


def nothing_is_left(directory: Path) -> bool:
    return not processes_naming(str(directory))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stop_drains_every_program(tmp_path: Path, how: signal.Signals) -> None:
    if signal.getsignal(how) is signal.SIG_IGN:
        pytest.skip("these tests run under nohup, which the supervisor heeds")
    with supervising(tmp_path) as shop:
        wait_for_all(tmp_path)

        assert shop.terminate(how) == 0

        assert nothing_is_left(tmp_path)
        ended = [line for line in ends(tmp_path) if not line.startswith("web-worker")]
        assert sorted(ended) == [
            "relay stopping=True",
            "sandbox stopping=True",
            "web stopping=True",
        ]
        assert ended[-1] == "sandbox stopping=True"


@pytest.mark.parametrize("victim", ["web", "relay", "sandbox"])
def test_killed_program_is_started_again(tmp_path: Path, victim: str) -> None:
    with supervising(tmp_path) as shop:
        pids = wait_for_all(tmp_path)

        os.kill(pids[victim], signal.SIGKILL)

        eventually(lambda: [name for name, _ in starts(tmp_path)].count(victim) == 2)
        assert not is_running(pids[victim])
        assert shop.terminate() == 0
        assert nothing_is_left(tmp_path)


def test_worker_of_a_killed_program_goes_with_it(tmp_path: Path) -> None:
    with supervising(tmp_path) as shop:
        pids = wait_for_all(tmp_path)

        os.kill(pids["web"], signal.SIGKILL)

        eventually(lambda: not is_running(pids["web-worker"]))
        shop.terminate()


def test_pause_before_the_next_start_grows(tmp_path: Path) -> None:
    with supervising(tmp_path) as shop:
        wait_for_all(tmp_path)
        pauses = []
        for _ in range(3):
            pid = dict(starts(tmp_path))["relay"]
            os.kill(pid, signal.SIGKILL)
            pauses.append(shop.read_until("starting it again").rsplit(" ", 2)[-2])
            eventually(lambda pid=pid: dict(starts(tmp_path))["relay"] != pid)  # type: ignore[misc]

        assert pauses == ["0.2", "0.4", "0.8"]


def test_kill_of_the_supervisor_leaves_nothing(tmp_path: Path) -> None:
    with supervising(tmp_path) as shop:
        pids = wait_for_all(tmp_path)

        shop.kill()

        for pid in pids.values():
            eventually(lambda pid=pid: not is_running(pid), what=f"{pid} outlived it")  # type: ignore[misc]
        assert nothing_is_left(tmp_path)


def test_program_that_does_not_finish_in_time_is_killed(tmp_path: Path) -> None:
    (tmp_path / "stubborn").touch()
    with supervising(tmp_path, grace_seconds=0.2) as shop:
        wait_for_all(tmp_path)

        assert shop.terminate() == 0

        assert nothing_is_left(tmp_path)


def test_second_interrupt_does_not_wait(tmp_path: Path) -> None:
    (tmp_path / "stubborn").touch()
    with supervising(tmp_path, grace_seconds=600) as shop:
        wait_for_all(tmp_path)

        shop.process.send_signal(signal.SIGINT)
        eventually((tmp_path / "ends").exists)
        assert shop.terminate(signal.SIGINT) == 0

        assert nothing_is_left(tmp_path)


def test_start_in_the_background_of_a_script_can_be_interrupted(tmp_path: Path) -> None:
    # A shell without job control starts `&` with SIGINT ignored.
    script = f"{sys.executable} {SHOP} {tmp_path} 20 & echo $!; wait $!"
    with subprocess.Popen(
        ["sh", "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
    ) as shell:
        assert shell.stdout is not None
        pid = int(shell.stdout.readline())
        try:
            wait_for_all(tmp_path)

            os.kill(pid, signal.SIGINT)

            eventually(lambda: not is_running(pid))
            assert "all stopped" in shell.stdout.read()
            assert nothing_is_left(tmp_path)
        finally:
            os.killpg(shell.pid, signal.SIGKILL)


def test_lines_carry_the_name_of_their_program(tmp_path: Path) -> None:
    with supervising(tmp_path) as shop:
        assert shop.read_until("relay runs") == "relay      | relay runs"
        shop.terminate()
