"""Databases for tests: one embedded server, one migrated template, a clone for each worker."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from hansa.runtime.database.embedded import EmbeddedServer
from hansa.runtime.database.migrate import migrate, migration_files

__all__ = ["TestServer", "test_server"]

TEMPLATE_LOCK = 0x54454D50
TEMPLATE_AGE_MAX_SECONDS = 24 * 3600

# Tests may lose everything with the machine: nothing waits for the disk. Many workers share the
# server.
PARAMETERS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": 400,
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "autovacuum": "off",
    "max_locks_per_transaction": 256,
    "wal_level": "minimal",
    "max_wal_senders": 0,
    "summarize_wal": "off",
}


def _server_directory() -> Path:
    """Outside the source tree and kept between runs, so that the next run finds its template."""
    here = hashlib.sha256(os.fsencode(Path(__file__).resolve())).hexdigest()[:8]
    return Path(tempfile.gettempdir()) / f"hansa-tests-{os.geteuid()}-{here}"


def _migrations_hash() -> str:
    digest = hashlib.sha256()
    for path in migration_files():
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@dataclass(frozen=True)
class TestServer:
    """The server of this test run, and the migrated template in it."""

    __test__ = False

    server: EmbeddedServer
    template: str

    def dsn(self, database: str) -> str:
        """Address of a database of this server."""
        return self.server.dsn(database)

    def create(self, name: str, *, empty: bool = False) -> str:
        """Make a database, cloned from the template unless it is to be empty.

        Answer its address.
        """
        template = "template0" if empty else self.template
        with self._maintenance() as connection:
            connection.execute(
                sql.SQL("create database {} template {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return self.dsn(name)

    def drop(self, name: str) -> None:
        """Remove a database with whatever sessions it still has."""
        with self._maintenance() as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )

    @contextlib.contextmanager
    def temporary(self, purpose: str, *, empty: bool = False) -> Iterator[str]:
        """Lend a database of its own, dropped afterwards; the value is its address."""
        name = f"t_{os.getpid()}_{purpose}_{time.monotonic_ns()}"
        dsn = self.create(name, empty=empty)
        try:
            yield dsn
        finally:
            self.drop(name)

    def _maintenance(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.dsn("postgres"), autocommit=True)


@contextlib.contextmanager
def test_server() -> Iterator[TestServer]:
    """Use the test server, making its template when the migrations changed."""
    server = EmbeddedServer(_server_directory(), PARAMETERS)
    server.acquire()
    try:
        _drop_leftovers(server)
        yield TestServer(server, _ensure_template(server))
    finally:
        server.release()


test_server.__test__ = False  # type: ignore[attr-defined]


def _ensure_template(server: EmbeddedServer) -> str:
    """Migrate an empty database once; every later run and worker copies it."""
    name = f"template_{_migrations_hash()}"
    draft = f"{name}_draft"
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        found = connection.execute("select 1 from pg_database where datname = %s", [name])
        if found.fetchone() is not None:
            return name
        connection.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(draft))
        )
        connection.execute(
            sql.SQL("create database {} template template0").format(sql.Identifier(draft))
        )
        migrate(server.dsn(draft))
        connection.execute(
            sql.SQL("alter database {} rename to {}").format(
                sql.Identifier(draft), sql.Identifier(name)
            )
        )
        connection.execute(
            sql.SQL("comment on database {} is {}").format(
                sql.Identifier(name), sql.Literal(f"made {int(time.time())}")
            )
        )
    return name


def _drop_leftovers(server: EmbeddedServer) -> None:
    """Remove clones whose process is gone, and templates of migrations long past."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        rows = connection.execute(
            "select datname, shobj_description(oid, 'pg_database') from pg_database"
        ).fetchall()
        for name, comment in rows:
            gone = name.startswith("t_") and not _is_alive(int(name.split("_")[1]))
            made = (
                int(comment.removeprefix("made ")) if (comment or "").startswith("made ") else None
            )
            old = made is not None and time.time() - made > TEMPLATE_AGE_MAX_SECONDS
            if gone or old:
                with contextlib.suppress(psycopg.Error):
                    connection.execute(
                        sql.SQL("drop database if exists {} with (force)").format(
                            sql.Identifier(name)
                        )
                    )


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
