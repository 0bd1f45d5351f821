"""Moving what a part writes from the database it was in to one of its own, once.

Tables, and how far the part's subscriptions have come. While it happens nobody may write them, so
the part must be at a stand; readers go on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

__all__ = ["MoveFailed", "Moved", "moving"]

LOCK_SECONDS = 10
_OUTBOX = ("outbox_cursor", "outbox_inbox", "outbox_stuck", "outbox_waiting")


class MoveFailed(RuntimeError):
    """Nothing was moved; the sentence is for whoever asked for it."""


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What a part writes: tables, those others refer to first; its subscriptions and its loops."""

    tables: Sequence[str]
    subscriptions: Sequence[str]
    loops: Sequence[str]


COLUMNS = """
    select column_name, is_identity = 'YES'
      from information_schema.columns
     where table_schema = 'public'
       and table_name = %s
       and is_generated = 'NEVER'
     order by ordinal_position
"""

# A loop holds its connection for as long as it runs.
RUNNING = """
    select count(*)
      from pg_stat_activity
     where datname = current_database()
       and application_name = any(%s)
"""

FOLLOWED_ELSEWHERE = """
    select string_agg(distinct pubname, ', ')
      from pg_publication_tables
     where schemaname = 'public'
       and tablename = any(%s)
"""


@contextlib.contextmanager
def moving(
    here: psycopg.Connection[Any], there: psycopg.Connection[Any], what: Moved
) -> Iterator[None]:
    """Copy everything here, and when the block is done forget it there.

    Fails the block, nothing is forgotten there, and the next time begins anew.

    Raises:
        MoveFailed: the part still runs there, or others follow its tables.
    """
    loops = [f"hansa loop {name}"[:63] for name in what.loops]
    if _one(there, RUNNING, [loops]):
        raise MoveFailed(
            "the part still runs on the database it leaves: start everything there with it named "
            "in parts_apart first"
        )
    if publications := _one(there, FOLLOWED_ELSEWHERE, [list(what.tables)]):
        raise MoveFailed(f"other databases follow its tables: publications {publications}")
    with there.transaction():
        there.execute("set local statement_timeout = 0")
        there.execute(sql.SQL("set local lock_timeout = {}").format(LOCK_SECONDS * 1000))
        tables = sql.SQL(", ").join(map(sql.Identifier, what.tables))
        there.execute(sql.SQL("lock table {} in exclusive mode").format(tables))
        with here.transaction():
            here.execute("set local statement_timeout = 0")
            _empty(here, what, tables)
            for table in what.tables:
                _copy(here, there, table, sql.SQL("true"))
            for table in _OUTBOX:
                _copy(here, there, table, _of_subscriptions(what))
        yield
        _empty(there, what, tables)


def _empty(connection: psycopg.Connection[Any], what: Moved, tables: sql.Composable) -> None:
    connection.execute(sql.SQL("truncate {}").format(tables))
    for table in reversed(_OUTBOX):
        connection.execute(
            sql.SQL("delete from {} where {}").format(
                sql.Identifier(table), _of_subscriptions(what)
            )
        )


def _of_subscriptions(what: Moved) -> sql.Composable:
    return sql.SQL("subscription = any({})").format(list(what.subscriptions))


def _copy(
    here: psycopg.Connection[Any],
    there: psycopg.Connection[Any],
    table: str,
    wanted: sql.Composable,
) -> None:
    """Copy rows as they are, and let numbers that are given here go on behind them."""
    known = there.execute(COLUMNS, [table]).fetchall()
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in known)
    name = sql.Identifier(table)
    out = sql.SQL("copy (select {} from {} where {}) to stdout (format binary)")
    into = sql.SQL("copy {} ({}) from stdin (format binary)")
    with (
        there.cursor().copy(out.format(names, name, wanted)) as rows,
        here.cursor().copy(into.format(name, names)) as place,
    ):
        for block in rows:
            place.write(block)
    for column, is_numbered in known:
        if is_numbered:
            here.execute(
                sql.SQL(
                    "select setval(pg_get_serial_sequence({}, {}), greatest(max({}), 1)) from {}"
                ).format(table, column, sql.Identifier(column), name)
            )


def _one(connection: psycopg.Connection[Any], statement: Any, values: Sequence[object]) -> Any:
    row = connection.execute(statement, values).fetchone()
    return None if row is None else row[0]
