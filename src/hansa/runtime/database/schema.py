"""`migrations/schema.sql`: the state after the last migration, for reading and for review."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from hansa.runtime.database.installed_postgres import binary
from hansa.runtime.database.migrate import migration_files

__all__ = ["dump_schema", "schema_file"]

HEAD = "-- State of the database after the last migration. Written by `make fix`; do not edit.\n"


def schema_file() -> Path:
    """Where the schema is kept."""
    return migration_files()[0].with_name("schema.sql")


def dump_schema(dsn: str) -> str:
    """Write the schema of the database at `dsn` as SQL, the same on every machine and day."""
    done = subprocess.run(
        [
            str(binary("pg_dump")),
            "--schema-only",
            "--no-owner",
            "--no-privileges",
            "--no-comments",
            "--restrict-key=hansa",
            f"--dbname={dsn}",
        ],
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    lines = [
        line for line in done.stdout.splitlines() if line and not line.startswith(("--", "\\"))
    ]
    return HEAD + "\n".join(lines) + "\n"
