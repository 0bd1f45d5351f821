"""A database that cannot serve is refused with a sentence that says why."""

import os

import psycopg
import pytest

from hansa.runtime.database.checks import DatabaseUnfit, database_faults, ensure_database_fit
from hansa.runtime.database.migrate import migrate
from tests.support.database import TestServer


def test_migrated_database_is_fit(database_dsn: str) -> None:
    assert database_faults(database_dsn) == []


def test_database_that_is_not_migrated_is_refused(empty_database_dsn: str) -> None:
    assert database_faults(empty_database_dsn, migrated=False) == []

    with pytest.raises(DatabaseUnfit, match="run `hansa migrate`"):
        ensure_database_fit(empty_database_dsn)

    migrate(empty_database_dsn)
    ensure_database_fit(empty_database_dsn)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ("encoding 'UTF8' locale_provider libc locale 'C'", "does not lower-case Cyrillic"),
        (
            "encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8' locale 'C'",
            "no trigrams of Cyrillic",
        ),
        ("encoding 'SQL_ASCII' locale_provider libc locale 'C'", "encoded in SQL_ASCII"),
    ],
)
def test_database_that_cannot_read_cyrillic_is_refused(
    test_database_server: TestServer, options: str, fault: str
) -> None:
    name = f"t_{os.getpid()}_unfit"
    with psycopg.connect(test_database_server.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template template0 {options}".encode())
        try:
            faults = database_faults(test_database_server.dsn(name), migrated=False)
        finally:
            connection.execute(f"drop database {name}".encode())

    assert len(faults) == 1
    assert fault in faults[0]


def test_database_that_does_not_answer_is_named(tmp_path: object) -> None:
    faults = database_faults(f"postgresql:///nothing?host={tmp_path}")

    assert len(faults) == 1
    assert faults[0].startswith("The database does not answer")
