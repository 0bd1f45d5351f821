"""Real processes for tests that kill: started, watched and always ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

import psutil

__all__ = ["Program", "eventually", "is_running", "processes_naming"]

ROOT = Path(__file__).resolve().parents[2]


def eventually(
    condition: Callable[[], bool], *, within_seconds: float = 120.0, what: str = ""
) -> None:
    """Return as soon as the condition holds; fail when it does not in time."""
    give_up_at = time.monotonic() + within_seconds
    while not condition():
        assert time.monotonic() < give_up_at, what or "the condition never came true"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether the process lives; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def processes_naming(text: str) -> list[psutil.Process]:
    """Every living process whose command line, environment apart, contains the text."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and text in " ".join(process.cmdline()):
                found.append(process)
    return found


class Program:
    """A Python program under test; its output is read line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    @classmethod
    @contextlib.contextmanager
    def started(
        cls,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        user: int | None = None,
        cwd: Path | None = None,
        output: TextIO | None = None,
    ) -> Iterator[Program]:
        """Run `python ARGUMENTS` in a session of its own.

        Whatever of it is left is killed at the end.
        """
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if output is None else output,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=cwd or ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            start_new_session=True,
            user=user,
            extra_groups=None if user is None else [],
        )
        try:
            yield cls(process)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()

    def read_until(self, text: str) -> str:
        """Read output up to and with the line that contains the text; answer that line."""
        assert self.process.stdout is not None
        seen: list[str] = []
        for line in self.process.stdout:
            seen.append(line)
            if text in line:
                return line.strip()
        raise AssertionError(f"{text!r} never came; the program wrote:\n{''.join(seen)}")

    def say_goodbye(self) -> int:
        """Close its input, which ends the programs made for these tests; answer the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=180)

    def kill(self) -> None:
        """`kill -9`."""
        self.process.kill()
        self.process.wait()

    def terminate(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; answer the exit code."""
        self.process.send_signal(how)
        return self.process.wait(timeout=180)
