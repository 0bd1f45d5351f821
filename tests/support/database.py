"""Databases for tests: one embedded server, one migrated template, clones that are used again.

To copy the template takes half a second of a core; to empty what a test wrote takes a tenth of it.
A clone whose tables, triggers or functions a test changed is dropped.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
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


# What a database is apart from its rows; `truncate` changes none of it.
SHAPE = """
    select sum(hashtextextended(told, 0)) from (
        select row(oid, relname, relkind, relchecks, reloptions)::text as told
          from pg_class where oid >= 16384
        union all
        select row(oid, tgenabled)::text from pg_trigger
        union all
        select row(oid, convalidated)::text from pg_constraint where oid >= 16384
        union all
        select row(attrelid, attnum, attname, atttypid, attnotnull)::text
          from pg_attribute where attrelid >= 16384
        union all
        select row(oid, prosrc)::text from pg_proc where oid >= 16384
        union all
        select row(oid, nspname)::text from pg_namespace where oid >= 16384
        union all
        select row(oid, extversion)::text from pg_extension
        union all
        select setconfig::text from pg_db_role_setting
    ) as shape
"""
WRITTEN = """
    select oid::regclass::text
      from pg_class
     where relkind = 'r' and oid >= 16384 and pg_relation_size(oid) > 0
"""
RESTART = """
    select setval(seqrelid, seqstart, false)
      from pg_sequence
     where pg_sequence_last_value(seqrelid) is not null
"""
END_SESSIONS = """
    select pg_terminate_backend(pid, 10000)
      from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()
"""
LENT_MAX = 40


@dataclass
class Pristine:
    """What a fresh clone of the template holds: its shape, and the rows migrations wrote."""

    shape: object
    rows: dict[str, bytes]

    @classmethod
    def of(cls, dsn: str) -> Pristine:
        """Read it from a database nobody has used yet."""
        with psycopg.connect(dsn, autocommit=True) as connection:
            called = connection.execute(
                "select 1 from pg_sequence where pg_sequence_last_value(seqrelid) is not null"
            ).fetchone()
            assert called is None, "a migration drew from a sequence: reset it here too"
            rows: dict[str, bytes] = {}
            for (table,) in connection.execute(WRITTEN).fetchall():
                with connection.cursor().copy(f"copy {table} to stdout (format binary)") as copy:
                    rows[table] = b"".join(bytes(block) for block in copy)
            return cls(connection.execute(SHAPE).fetchone(), rows)

    def restore(self, dsn: str) -> bool:
        """Empty a used clone; false when it is to be dropped instead."""
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(END_SESSIONS)
            if connection.execute(SHAPE).fetchone() != self.shape:
                return False
            with connection.transaction():
                connection.execute("set local session_replication_role = replica")
                written = [table for (table,) in connection.execute(WRITTEN).fetchall()]
                connection.execute(f"truncate {', '.join({*written, *self.rows})} cascade")
                connection.execute(RESTART)
                for table, rows in self.rows.items():
                    statement = f"copy {table} from stdin (format binary)"
                    with connection.cursor().copy(statement) as copy:
                        copy.write(rows)
        return True


@dataclass
class TestServer:
    """The server of this test run, and the migrated template in it."""

    __test__ = False

    server: EmbeddedServer
    template: str
    free: list[tuple[str, int]] = field(default_factory=list)
    pristine: Pristine | None = None

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
        """Lend a database of its own, dropped or emptied afterwards; the value is its address."""
        if empty:
            name, lent = self._name(purpose), LENT_MAX
            self.create(name, empty=True)
        elif self.free:
            name, lent = self.free.pop()
        else:
            name, lent = self._name("clone"), 0
            self.create(name)
            self.pristine = self.pristine or Pristine.of(self.dsn(name))
        try:
            yield self.dsn(name)
        finally:
            if lent < LENT_MAX and self.pristine and self.pristine.restore(self.dsn(name)):
                self.free.append((name, lent + 1))
            else:
                self.drop(name)

    def _name(self, purpose: str) -> str:
        return f"t_{os.getpid()}_{purpose}_{time.monotonic_ns()}"

    def _maintenance(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.dsn("postgres"), autocommit=True)


@contextlib.contextmanager
def test_server() -> Iterator[TestServer]:
    """Use the test server, making its template when the migrations changed."""
    server = EmbeddedServer(_server_directory(), PARAMETERS)
    server.acquire()
    try:
        _drop_leftovers(server)
        lent = TestServer(server, _ensure_template(server))
        yield lent
        for name, _ in lent.free:
            lent.drop(name)
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
