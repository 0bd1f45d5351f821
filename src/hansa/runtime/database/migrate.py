"""Migrations: plain SQL, forward only, run by Alembic.

Every step works with the code of the release before it. A step that cannot get its locks within
four seconds, or whose statement runs longer than five, is abandoned: a shop on air must not queue
behind a migration.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import alembic.command
import alembic.config
import alembic.script
import psycopg
import sqlalchemy
from alembic import op

__all__ = [
    "LOCK_TIMEOUT_SECONDS",
    "STATEMENT_TIMEOUT_SECONDS",
    "MigrationsMissing",
    "head_revision",
    "migrate",
    "migration_files",
    "pending_revisions",
    "run_sql",
]

LOCK_TIMEOUT_SECONDS = 4
STATEMENT_TIMEOUT_SECONDS = 5

# One migrator at a time for a database; the number only has to differ from other advisory locks.
_MIGRATION_LOCK = 0x48414E5341


class MigrationsMissing(RuntimeError):
    """The folder with the migrations is neither inside the package nor beside the source tree."""


def run_sql(sql: str) -> None:
    """Run statements of a migration as they are: no binding of `:name`, `%` or JSON colons."""
    connection = op.get_bind().execution_options(no_parameters=True)
    connection.exec_driver_sql(sql)


def _migrations_directory() -> Path:
    package = Path(__file__).resolve().parents[2]
    for candidate in (package / "migrations", package.parents[1] / "migrations"):
        if (candidate / "env.py").is_file():
            return candidate
    raise MigrationsMissing(f"no migrations inside {package} nor beside it")


def migration_files() -> list[Path]:
    """All files that decide what the migrated database looks like, in a stable order."""
    directory = _migrations_directory()
    return [directory / "env.py", *sorted((directory / "versions").glob("*.py"))]


def _config() -> alembic.config.Config:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(_migrations_directory()).replace("%", "%%"))
    return config


def head_revision() -> str:
    """Revision the code of this release expects."""
    head = alembic.script.ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None, "there is at least one migration"
    return head


def pending_revisions(dsn: str) -> list[str]:
    """Revisions the database at `dsn` still lacks, oldest first."""
    script = alembic.script.ScriptDirectory.from_config(_config())
    current = None
    with psycopg.connect(dsn, autocommit=True) as connection:
        there = connection.execute("select to_regclass('public.alembic_version')").fetchone()
        if there != (None,):
            row = connection.execute("select version_num from public.alembic_version").fetchone()
            current = None if row is None else str(row[0])
    revisions = script.iterate_revisions("heads", current or "base")
    return [revision.revision for revision in revisions][::-1]


def migrate(dsn: str, *, on_step: Callable[[str], None] | None = None) -> list[str]:
    """Bring the database at `dsn` to the newest revision; answer the revisions applied.

    Several processes may call this at once: one works, the others wait for it and find nothing left
    to do. `on_step` is called with each revision after it has been committed.
    """
    applied: list[str] = []

    def note(*, step: object, **_: object) -> None:
        revision = str(getattr(step, "up_revision_id", step))
        applied.append(revision)
        if on_step is not None:
            on_step(revision)

    with psycopg.connect(dsn, autocommit=True) as guard:
        guard.execute("select pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        if not pending_revisions(dsn):
            return []
        config = _config()
        config.attributes["on_step"] = note
        engine = _engine(dsn)
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, "head")
    return applied


def _engine(dsn: str) -> sqlalchemy.Engine:
    options = (
        f"-c lock_timeout={LOCK_TIMEOUT_SECONDS}s -c statement_timeout={STATEMENT_TIMEOUT_SECONDS}s"
    )

    def connect() -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(dsn, options=options)

    return sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=connect, poolclass=sqlalchemy.pool.NullPool
    )
