"""Every statement of every store is understood by the migrated database."""

from __future__ import annotations

import importlib
import re

import psycopg
import pytest
from psycopg.pq import ExecStatus

from tests.codebase.sources import sources

PARAMETER = re.compile(r"%\((?P<name>\w+)\)[sbt]|%(?P<plain>[sbt])|%%")
STATEMENT = re.compile(
    r"\s*(--[^\n]*\n\s*|/\*.*?\*/\s*)*"
    r"(select|insert|update|delete|with|values|merge|copy|lock|truncate)\b",
    re.IGNORECASE | re.DOTALL,
)
TEMPORARY = re.compile(r"\s*create\s+temp", re.IGNORECASE)


def numbered(statement: str) -> str:
    """Write psycopg's parameters as PostgreSQL's `$1`, the same name with the same number."""
    names: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        name = found["name"] or f"#{len(names)}"
        return f"${names.setdefault(name, len(names) + 1)}"

    return PARAMETER.sub(number, statement)


def stores() -> list[str]:
    """Names of all modules that hold statements."""
    return [
        source.path.removeprefix("src/")
        .removesuffix(".py")
        .removesuffix("/__init__")
        .replace("/", ".")
        for source in sources()
        if re.search(r"/store(\.py|/\w+\.py)$", source.path) and source.path.startswith("src/")
    ]


def statements(module: str) -> dict[str, str]:
    """Every constant of the module that is a statement, by name."""
    return {
        name: value
        for name, value in vars(importlib.import_module(module)).items()
        if name.strip("_").isupper() and isinstance(value, str) and STATEMENT.match(value)
    }


def fault(connection: psycopg.Connection[tuple[object, ...]], statement: str) -> str | None:
    """What PostgreSQL has against the statement, or nothing."""
    result = connection.pgconn.prepare(b"", numbered(statement).encode())
    if result.status == ExecStatus.COMMAND_OK:
        return None
    return result.error_message.decode("utf-8", "replace").strip()


@pytest.mark.parametrize("module", stores())
def test_database_understands_every_statement(module: str, database_dsn: str) -> None:
    constants = vars(importlib.import_module(module))
    with psycopg.connect(database_dsn, autocommit=True) as connection:
        for value in constants.values():
            if isinstance(value, str) and TEMPORARY.match(value):
                connection.execute(value.replace("on commit drop", "").encode())
        faults = {
            name: refused
            for name, statement in statements(module).items()
            if (refused := fault(connection, statement)) is not None
        }

    assert not faults, "\n".join(f"{module}.{name}: {refused}" for name, refused in faults.items())


def test_statement_the_database_does_not_understand_is_found(database_dsn: str) -> None:
    with psycopg.connect(database_dsn, autocommit=True) as connection:
        assert fault(connection, "select nothing from nowhere where id = %(id)s") is not None
        assert fault(connection, "select version_num from alembic_version limit %(limit)s") is None


def test_parameters_are_numbered_by_name() -> None:
    assert numbered("a %(x)s b %(y)s c %(x)b %% %s") == "a $1 b $2 c $1 % $3"
