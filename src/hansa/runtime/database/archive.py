"""Backup and restore: the database and the files of an installation in one archive.

An archive is a tar of `database.dump` (PostgreSQL's custom format), `files/...`, the secret key if
Hansa made it itself, and, last, `manifest.json` with the SHA-256 of each. Without a sound manifest
nothing is restored. The archive holds everything there is about the customers, and is readable by
its owner alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import psycopg

from hansa.runtime.database.installed_postgres import binary
from hansa.runtime.database.migrate import head_revision, migrate
from hansa.runtime.storage import Storage

__all__ = ["ArchiveRefused", "Archived", "back_up", "restore"]

FORMAT = 1
MANIFEST = "manifest.json"
DUMP = "database.dump"
SECRET_KEY = "secret_key"  # noqa: S105 - the name of a member
FILES = "files/"
SPOOL_BYTES = 8 * 1024 * 1024
PIECE_BYTES = 256 * 1024

OnStep = Callable[[str], None]


class ArchiveRefused(RuntimeError):
    """The backup or the restore was not done; the text says why, for the person who asked."""


@dataclass(frozen=True, kw_only=True)
class Archived:
    """What an archive holds."""

    revision: str
    made_at: str
    file_count: int
    bytes: int


async def back_up(
    dsn: str,
    storage: Storage,
    target: Path,
    *,
    now: datetime,
    secret_key: Path | None = None,
    on_step: OnStep = lambda _: None,
) -> Archived:
    """Write database and files into the archive `target`, which appears only when it is whole.

    The database is dumped first, as of one moment: every file it names is in the archive. The
    installation may be at work meanwhile.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(target.name + ".part")
    members: dict[str, str] = {}
    file_count = 0
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w") as archive:
            on_step("database")
            with _spool() as dump:
                _dump(dsn, dump)
                members[DUMP] = _append(archive, DUMP, dump)
            if secret_key is not None:
                with secret_key.open("rb") as key:
                    members[SECRET_KEY] = _append(archive, SECRET_KEY, key)
            async for name in storage.names():
                on_step(name)
                with _spool() as content:
                    async for piece in storage.stream(name):
                        content.write(piece)
                    members[FILES + name] = _append(archive, FILES + name, content)
                file_count += 1
            revision = _revision(dsn)
            manifest = {
                "format": FORMAT,
                "revision": revision,
                "made_at": now.isoformat(),
                "members": members,
            }
            with _spool() as content:
                content.write(json.dumps(manifest, indent=1).encode())
                _append(archive, MANIFEST, content)
            raw.flush()
            os.fsync(raw.fileno())
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    return Archived(
        revision=revision,
        made_at=now.isoformat(),
        file_count=file_count,
        bytes=target.stat().st_size,
    )


async def restore(
    dsn: str,
    storage: Storage,
    source: Path,
    *,
    replace: bool = False,
    secret_key: Path | None = None,
    on_step: OnStep = lambda _: None,
) -> Archived:
    """Put an archive into an empty installation and bring it to this release's migrations.

    `replace` allows to overwrite one that is not empty. The database changes in one transaction or
    not at all. The key of the archive, if it has one, is written to `secret_key`.

    Raises:
        ArchiveRefused: the archive is damaged or of a newer release, or the database is not empty.
    """
    with _opened(source) as archive:
        manifest = _manifest(archive, source)
        on_step("checking the archive")
        _check_members(archive, manifest, source)
        if not replace and not _is_empty(dsn):
            raise ArchiveRefused("The database is not empty; give --replace to lose what is in it.")
        names = [name for name in manifest["members"] if name.startswith(FILES)]
        for name in names:
            on_step(name.removeprefix(FILES))
            await storage.put(name.removeprefix(FILES), _pieces(archive, name))
        on_step("database")
        with _spool() as dump:
            shutil.copyfileobj(_member(archive, DUMP), dump)
            dump.seek(0)
            _load(dsn, dump)
        if secret_key is not None and SECRET_KEY in manifest["members"]:
            secret_key.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(secret_key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as key:
                shutil.copyfileobj(_member(archive, SECRET_KEY), key)
    on_step("migrations")
    migrate(dsn)
    return Archived(
        revision=manifest["revision"],
        made_at=manifest["made_at"],
        file_count=len(names),
        bytes=source.stat().st_size,
    )


# -- PostgreSQL's own programs ---------------------------------------------------------------------


def _run(
    program: str,
    arguments: Sequence[str],
    *,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes] | None = None,
) -> None:
    done = subprocess.run(
        [str(binary(program)), *arguments],
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        stdout=subprocess.DEVNULL if stdout is None else stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        check=False,
    )
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", "replace").strip()
        raise ArchiveRefused(f"{program} failed: {reason}")


def _dump(dsn: str, into: IO[bytes]) -> None:
    _run(
        "pg_dump",
        ["--format=custom", "--no-owner", "--no-privileges", f"--dbname={dsn}"],
        stdout=into,
    )


def _load(dsn: str, dump: IO[bytes]) -> None:
    """Replace all schemas by those of the dump, in one transaction."""
    with tempfile.TemporaryFile() as script:
        for schema in _schemas(dsn):
            script.write(f'drop schema "{schema}" cascade;\n'.encode())
        script.write(b"create schema public;\n")
        script.flush()
        # Our own file, whose place in it the program shares with us.
        _run("pg_restore", ["--no-owner", "--no-privileges", "--file=-"], stdin=dump, stdout=script)
        script.seek(0)
        arguments = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        _run("psql", [*arguments, f"--dbname={dsn}"], stdin=script)


def _schemas(dsn: str) -> list[str]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = connection.execute(
            """
            select nspname
              from pg_namespace
             where nspname !~ '^pg_'
               and nspname <> 'information_schema'
             order by nspname
            """
        ).fetchall()
    return [str(name).replace('"', '""') for (name,) in rows]


def _is_empty(dsn: str) -> bool:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(
            """
            select count(*)
              from pg_class
              join pg_namespace on pg_namespace.oid = relnamespace
             where relkind in ('r', 'p')
               and nspname !~ '^pg_'
               and nspname <> 'information_schema'
            """
        ).fetchone()
    return row == (0,)


def _revision(dsn: str) -> str:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute("select version_num from alembic_version").fetchone()
    assert row is not None, "the database has been migrated"
    return str(row[0])


# -- the archive -----------------------------------------------------------------------------------


def _spool() -> tempfile.SpooledTemporaryFile[bytes]:
    return tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)


def _append(archive: tarfile.TarFile, name: str, content: Any) -> str:
    """Write one member; answer its SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    content.seek(0, os.SEEK_END)
    entry = tarfile.TarInfo(name)
    entry.size = content.tell()
    entry.mode = 0o600
    content.seek(0)
    while piece := content.read(PIECE_BYTES):
        digest.update(piece)
    content.seek(0)
    archive.addfile(entry, content)
    return digest.hexdigest()


@contextlib.contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, "r:") as archive:
            yield archive
    except (tarfile.TarError, EOFError) as error:
        raise ArchiveRefused(f"{source} is damaged: {error}") from error
    except FileNotFoundError as error:
        raise ArchiveRefused(f"There is no file {source}.") from error


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        content = archive.extractfile(name)
    except KeyError:
        content = None
    if content is None:
        raise ArchiveRefused(
            f"{archive.name!s} lacks {name}: it is damaged or no archive of Hansa."
        )
    return content


def _manifest(archive: tarfile.TarFile, source: Path) -> dict[str, Any]:
    try:
        manifest = json.load(_member(archive, MANIFEST))
    except ValueError as error:
        raise ArchiveRefused(f"{source} has no readable manifest.") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArchiveRefused(f"{source} has a format this release does not know.")
    if str(manifest["revision"]) > head_revision():
        raise ArchiveRefused(
            f"{source} was made by a newer release (migration {manifest['revision']}, this one "
            f"knows {head_revision()}): restore it with that release."
        )
    return manifest


def _check_members(archive: tarfile.TarFile, manifest: dict[str, Any], source: Path) -> None:
    for name, expected in manifest["members"].items():
        digest = hashlib.file_digest(_member(archive, name), "sha256")  # type: ignore[arg-type]  # its stub wants less
        if digest.hexdigest() != expected:
            raise ArchiveRefused(f"{source} is damaged: {name} is not what was backed up.")


async def _pieces(archive: tarfile.TarFile, name: str) -> AsyncIterator[bytes]:
    content = _member(archive, name)
    while piece := content.read(PIECE_BYTES):
        yield piece
