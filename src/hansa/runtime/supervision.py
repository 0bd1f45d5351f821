"""Keep the processes of an installation alive, and take them all along at the end.

`Supervisor` starts programs, starts a dead one again with growing pauses, and drains all on
SIGTERM, SIGINT or SIGHUP. Its children are killed by the kernel when it is itself killed
(`die_with_parent`), so `kill -9` of it leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

__all__ = [
    "LineWriter",
    "Program",
    "Supervisor",
    "die_with_parent",
    "follow_supervisor",
    "is_stopping",
]

STATE_FILE_VARIABLE = "SUPERVISION_STOPPING_FILE"
PAUSE_FIRST_SECONDS = 0.2
PAUSE_MAX_SECONDS = 30.0
STEADY_AFTER_SECONDS = 20.0
LINE_BYTES_MAX = 1024 * 1024
PR_SET_PDEATHSIG = 1
ON_LINUX = os.uname().sysname == "Linux"
ORPHAN_POLL_SECONDS = 0.5
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def is_stopping() -> bool:
    """Whether the supervisor of this process has begun to stop: readiness says no from then on."""
    path = os.environ.get(STATE_FILE_VARIABLE)
    return path is not None and not os.path.exists(path)  # noqa: PTH110 - asked by every probe


def follow_supervisor() -> None:
    """Called by a role: die with the supervisor, if this process has one."""
    if STATE_FILE_VARIABLE in os.environ:
        die_with_parent()


def die_with_parent() -> None:
    """Have this process killed as soon as its parent is gone, even by `kill -9`.

    On Linux the kernel does it, and it must be asked again in each process (children do not inherit
    it). Elsewhere a thread looks every half second.
    """
    parent = os.getppid()
    if ON_LINUX:
        _set_parent_death_signal()
        if os.getppid() != parent:  # it died before the kernel was asked
            os.kill(os.getpid(), signal.SIGKILL)
        return
    threading.Thread(target=_watch_parent, args=(parent,), daemon=True).start()


def _set_parent_death_signal() -> None:
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(ORPHAN_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


# Loaded here and not after the fork, where loading a library may deadlock.
_LIBC: ctypes.CDLL | None = ctypes.CDLL(None, use_errno=True) if ON_LINUX else None


@dataclass(frozen=True, kw_only=True)
class Program:
    """A process to keep alive. Programs of a lower stage are stopped first."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stage: int = 0


class _Child:
    """One program, whichever process runs it at the moment."""

    def __init__(self, program: Program, write: Callable[[str, str], None]) -> None:
        self.program = program
        self.process: asyncio.subprocess.Process | None = None
        self.stopping = False
        self._write = write

    def _may_run(self) -> bool:
        return not self.stopping

    async def keep_alive(self, environment: Mapping[str, str]) -> None:
        """Run the program; again, after a pause that doubles, each time it ends unasked."""
        pause = PAUSE_FIRST_SECONDS
        while self._may_run():
            began = time.monotonic()
            try:
                code: int | None = await self._run(environment)
            except OSError as error:
                self._write(self.program.name, f"cannot be started: {error}")
                code = None
            if self.stopping:
                return
            if time.monotonic() - began > STEADY_AFTER_SECONDS:
                pause = PAUSE_FIRST_SECONDS
            if code is not None:
                how = f"signal {-code}" if code < 0 else f"code {code}"
                self._write(
                    self.program.name, f"ended with {how}; starting it again in {pause:g} s"
                )
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_MAX_SECONDS)

    async def _run(self, environment: Mapping[str, str]) -> int:
        # A pipe of our own, not asyncio's: its `wait` would wait for the pipe too, which an orphan
        # may hold open.
        reading, writing = os.pipe()
        lines = asyncio.create_task(self._copy_lines(reading))
        try:
            self.process = await asyncio.create_subprocess_exec(
                *self.program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                env={**os.environ, **self.program.environment, **environment},
                # Of its own session: Ctrl-C reaches the supervisor alone, which then stops all in
                # order.
                start_new_session=True,
                preexec_fn=_set_parent_death_signal,
            )
        finally:
            os.close(writing)
        if self.stopping:
            self.signal(signal.SIGTERM)
        code = await self.process.wait()
        self.signal(signal.SIGKILL)  # what it left of its session goes with it
        await lines
        return code

    async def _copy_lines(self, descriptor: int) -> None:
        reader = asyncio.StreamReader(limit=LINE_BYTES_MAX)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", 0)
        )
        try:
            while True:
                try:
                    line = await reader.readline()
                except ValueError:  # a line beyond all measure: its beginning is dropped
                    continue
                if not line:
                    return
                self._write(self.program.name, line.decode("utf-8", "replace").rstrip())
        finally:
            transport.close()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal: SIGKILL to the whole session, others to the program itself."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if number is signal.SIGKILL:
                os.killpg(self.process.pid, number)
            elif self.process.returncode is None:
                self.process.send_signal(number)


class Supervisor:
    """Runs programs until it is told to stop.

    `environment` is given to every program. `keep` is called every second in a thread (to look
    after what is not a program of ours, such as the embedded database). `directory` is for a file
    that tells the programs that a stop has begun. `write` gets each line with the name of the
    program it came from.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        grace_seconds: float,
        environment: Mapping[str, str] | None = None,
        keep: Callable[[], object] | None = None,
        write: Callable[[str, str], None] | None = None,
        directory: Path | None = None,
    ) -> None:
        self._write = write or LineWriter([program.name for program in programs])
        self._children = [_Child(program, self._write) for program in programs]
        self._grace_seconds = grace_seconds
        self._environment = dict(environment or {})
        self._keep = keep
        self._directory = directory
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    def stop(self) -> None:
        """Begin to stop; called again, stop without waiting for work in hand."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    async def run(self, *, started: Callable[[], Awaitable[None]] | None = None) -> None:
        """Start all programs, call `started` beside them, and return when all have been stopped."""
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            # Explicitly, since a process started with `&` inherits SIGINT ignored. SIGHUP ignored
            # is `nohup`: left so.
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue
            loop.add_signal_handler(number, self.stop)
        handle, name = tempfile.mkstemp(prefix="hansa-running-", dir=self._directory)
        os.close(handle)
        state = Path(name)
        environment = {**self._environment, STATE_FILE_VARIABLE: name}
        running = [asyncio.create_task(child.keep_alive(environment)) for child in self._children]
        beside = [asyncio.create_task(self._look_after())]
        if started is not None:
            beside.append(asyncio.ensure_future(self._announce(started)))
        try:
            await self._stop.wait()
            state.unlink(missing_ok=True)
            await self._drain()
        finally:
            state.unlink(missing_ok=True)
            for child in self._children:
                child.signal(signal.SIGKILL)
            for task in (*running, *beside):
                task.cancel()
            await asyncio.gather(*running, *beside, return_exceptions=True)

    async def _announce(self, started: Callable[[], Awaitable[None]]) -> None:
        try:
            await started()
        except Exception as error:  # noqa: BLE001 - said, and the programs go on
            self._write("supervisor", f"{type(error).__name__}: {error}")

    async def _look_after(self) -> None:
        while self._keep is not None:
            await asyncio.sleep(1)
            try:
                await asyncio.to_thread(self._keep)
            except Exception as error:  # noqa: BLE001 - it is tried again in a second; the shop goes on
                self._write("supervisor", f"{type(error).__name__}: {error}")

    async def _drain(self) -> None:
        for stage in sorted({child.program.stage for child in self._children}):
            children = [child for child in self._children if child.program.stage == stage]
            for child in children:
                child.stopping = True
                child.signal(signal.SIGTERM)
            await self._wait_for_end(children)
            for child in children:
                child.signal(signal.SIGKILL)

    async def _wait_for_end(self, children: Sequence[_Child]) -> None:
        waiting = [
            asyncio.create_task(child.process.wait())
            for child in children
            if child.process is not None
        ]
        if not waiting:
            return
        ended = asyncio.create_task(asyncio.wait(waiting))
        hurry = asyncio.create_task(self._hurry.wait())
        both: set[asyncio.Task[object]] = {ended, hurry}
        await asyncio.wait(both, timeout=self._grace_seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in (*both, *waiting):
            task.cancel()
        await asyncio.gather(*both, *waiting, return_exceptions=True)


class LineWriter:
    """Writes lines to a stream (standard output), each with its program's name before it."""

    def __init__(self, names: Sequence[str], *, stream: TextIO | None = None) -> None:
        self._width = max(map(len, [*names, "supervisor"]))
        self._stream = sys.stdout if stream is None else stream

    def __call__(self, name: str, line: str) -> None:
        """Write one line."""
        with contextlib.suppress(BrokenPipeError):
            self._stream.write(f"{name:<{self._width}} | {line}\n")
            self._stream.flush()
