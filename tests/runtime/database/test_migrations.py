"""Migrations run from nothing, once, and end in the schema that is kept for review."""

import psycopg
import pytest

from hansa.runtime.database.migrate import (
    head_revision,
    migrate,
    migration_files,
    pending_revisions,
)


def test_empty_database_is_migrated_step_by_step(empty_database_dsn: str) -> None:
    missing = pending_revisions(empty_database_dsn)
    steps: list[str] = []

    applied = migrate(empty_database_dsn, on_step=steps.append)

    assert applied == steps == missing
    assert applied[0] == "0001"
    assert applied[-1] == head_revision()
    assert pending_revisions(empty_database_dsn) == []


def test_second_migration_finds_nothing_to_do(database_dsn: str) -> None:
    assert migrate(database_dsn) == []


def test_migration_gives_up_when_a_table_is_locked(empty_database_dsn: str) -> None:
    with psycopg.connect(empty_database_dsn) as blocker:
        blocker.execute("create extension ltree")  # holds what step 0001 wants, uncommitted

        with pytest.raises(Exception, match=r"lock timeout|statement timeout"):
            migrate(empty_database_dsn)

    assert pending_revisions(empty_database_dsn)[0] == "0001"
    assert migrate(empty_database_dsn)[0] == "0001"


def test_revisions_are_numbered_like_their_files() -> None:
    names = [path.name for path in migration_files()[1:]]

    numbers = [int(name.split("_", 1)[0]) for name in names]

    assert numbers == list(range(1, len(names) + 1))
