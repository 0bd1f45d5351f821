"""Whether a database is fit for Hansa: asked before anything else starts."""

from __future__ import annotations

import psycopg

from hansa.runtime.database.migrate import head_revision, pending_revisions

__all__ = ["DatabaseUnfit", "database_faults", "ensure_database_fit"]

SERVER_VERSION_MIN = 160_000
EXTENSIONS = ("btree_gist", "ltree", "pg_trgm", "unaccent")


class DatabaseUnfit(RuntimeError):
    """The database cannot serve. The text is meant for the person who starts Hansa."""


def ensure_database_fit(dsn: str, *, migrated: bool = True) -> None:
    """Stop the start when the database cannot serve.

    `migrated` also demands the newest migration; leave it out before migrating.

    Raises:
        DatabaseUnfit: every fault, one sentence each.
    """
    faults = database_faults(dsn, migrated=migrated)
    if faults:
        raise DatabaseUnfit(" ".join(faults))


def database_faults(dsn: str, *, migrated: bool = True) -> list[str]:
    """Say what is wrong with the database at `dsn`, a sentence each; nothing when it is fit."""
    try:
        with psycopg.connect(dsn, autocommit=True, connect_timeout=10) as connection:
            faults = _server_faults(connection)
            if not faults:
                faults = _extension_faults(connection) or _locale_faults(connection)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        return [f"The database does not answer: {reason}. Check HANSA_DATABASE_URL."]
    if not faults and migrated and (missing := pending_revisions(dsn)):
        faults.append(
            f"The database lacks {len(missing)} of the migrations up to {head_revision()}: "
            "run `hansa migrate`."
        )
    return faults


def _server_faults(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    version = connection.info.server_version
    if version < SERVER_VERSION_MIN:
        return [f"PostgreSQL {version // 10_000} is too old: Hansa needs 16 or newer."]
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        remedy = "create it with `encoding 'UTF8' template template0`."
        return [f"The database is encoded in {encoding}: {remedy}"]
    return []


def _extension_faults(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    rows = connection.execute(
        """
        select name
          from pg_available_extensions
         where name = any(%s)
        """,
        [list(EXTENSIONS)],
    ).fetchall()
    missing = sorted(set(EXTENSIONS) - {str(name) for (name,) in rows})
    if missing:
        names = ", ".join(missing)
        return [f"PostgreSQL lacks the extensions {names}: install the server's contrib package."]
    return []


def _locale_faults(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Cyrillic in the locale "C" fails without a word of warning.

    Letters keep their case, search finds nothing.
    """
    remedy = (
        "Create the database with a UTF-8 locale, for example `create database hansa "
        "template template0 encoding 'UTF8' locale 'C.UTF-8'`."
    )
    lowered = connection.execute("select lower('ПЛАТЬЕ') = 'платье'").fetchone()
    if lowered != (True,):
        return [f"The database does not lower-case Cyrillic letters. {remedy}"]
    # The extension may not be there yet (before the first migration) nor be creatable by this role:
    # try, then undo.
    with connection.transaction(force_rollback=True):
        try:
            connection.execute("create extension if not exists pg_trgm")
        except psycopg.errors.InsufficientPrivilege:
            names = ", ".join(EXTENSIONS)
            return [f"The role may not create extensions: let a superuser create {names}."]
        found = connection.execute("select cardinality(show_trgm('ПЛАТЬЕ')) > 0").fetchone()
    if found != (True,):
        return [
            f"The database makes no trigrams of Cyrillic words: search would find nothing. {remedy}"
        ]
    return []
