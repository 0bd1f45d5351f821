"""Tables of one database that another follows, by PostgreSQL's own logical replication.

The leader publishes tables, the follower subscribes to them; both are told by `follow`, which may
be called again. Rows arrive as they were written, transaction by transaction, some milliseconds
later; neither triggers nor foreign keys of the follower look at them. A follower that is away is
caught up when it comes back: until then the leader keeps what it has written.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from hansa.runtime.database.moving import Moved, moving
from hansa.runtime.database.transaction import Snapshot
from hansa.runtime.module import Check, Finding

__all__ = ["CHECKS", "FollowFailed", "Followed", "follow"]

CONNECT_SECONDS = 10
STATEMENT_SECONDS = 60
POLL_SECONDS = 0.1
_SILENT = timedelta(minutes=2)
_KEPT_BYTES = 1024**3


class FollowFailed(RuntimeError):
    """A database cannot follow another; the sentence is for whoever asked for it."""


@dataclass(frozen=True)
class Followed:
    """What is followed: a name, whole tables, and tables of which some columns alone are.

    A follower must not have rows of its own in `empty` when it begins, since all of `tables` are
    emptied there then. `moved` is what the follower writes itself from then on.
    """

    name: str
    tables: Sequence[str]
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    empty: Sequence[str] = ()
    moved: Moved | None = None

    @property
    def every(self) -> list[str]:
        """Every table."""
        return [*self.tables, *self.columns]


def follow(dsn: str, *, leader: str, what: Followed, within_seconds: float) -> None:
    """Let the database at `dsn` follow the one at `leader`; return once it has all there is.

    Again it takes in what was added to the list, and a changed address of the leader.

    Raises:
        FollowFailed: the leader does not publish, the tables differ, the follower has rows of its
            own, or not all had arrived in time (it goes on in the background).
        MoveFailed: what the follower is to write itself is still written at the leader.
    """
    with _connected(dsn) as here, _connected(leader) as there:
        _check(here, there)
        _publish(there, what)
        name = _name_of(here, what)
        if _one(here, IS_SUBSCRIBED, [name]):
            _renew(here, name, leader)
        elif what.moved is None:
            _subscribe(here, there, name, leader, what)
        else:
            with _connected(leader) as source, moving(here, source, what.moved):
                _subscribe(here, there, name, leader, what)
        give_up_at = time.monotonic() + within_seconds
        while missing := _one(here, NOT_READY, [name]):
            if time.monotonic() > give_up_at:
                raise FollowFailed(
                    f"{missing} tables have not arrived yet; `hansa check cells` tells of it"
                )
            time.sleep(POLL_SECONDS)


def _connected(dsn: str) -> psycopg.Connection[Any]:
    options = f"-c statement_timeout={STATEMENT_SECONDS}s"
    return psycopg.connect(dsn, autocommit=True, connect_timeout=CONNECT_SECONDS, options=options)


def _one(connection: psycopg.Connection[Any], statement: Any, values: Sequence[object] = ()) -> Any:
    row = connection.execute(statement, values).fetchone()
    return None if row is None else row[0]


IS_SUBSCRIBED = "select 1 from pg_subscription where subname = %s"
NOT_READY = """
    select count(*)
      from pg_subscription_rel as table_
      join pg_subscription as subscription on subscription.oid = table_.srsubid
     where subscription.subname = %s
       and table_.srsubstate <> 'r'
"""
REVISION = "select version_num from alembic_version"


def _check(here: psycopg.Connection[Any], there: psycopg.Connection[Any]) -> None:
    if _one(there, "show wal_level") != "logical":
        raise FollowFailed(
            "the leader does not publish: set wal_level to logical there "
            "(HANSA_DATABASE_IS_FOLLOWED for the embedded one) and start it again"
        )
    if _one(here, REVISION) != _one(there, REVISION):
        raise FollowFailed("the databases are of two releases: run `hansa migrate` on both first")


def _publish(there: psycopg.Connection[Any], what: Followed) -> None:
    """Publish the tables; those that were added since, too."""
    listed: list[sql.Composable] = [sql.Identifier(one) for one in what.tables]
    for table, columns in what.columns.items():
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        listed.append(sql.SQL("{} ({})").format(sql.Identifier(table), names))
    publication = sql.Identifier(f"hansa_{what.name}")
    tables = sql.SQL(", ").join(listed)
    known = _one(there, "select 1 from pg_publication where pubname = %s", [f"hansa_{what.name}"])
    change = "alter publication {} set table {}" if known else "create publication {} for table {}"
    there.execute(sql.SQL(change).format(publication, tables))


def _name_of(here: psycopg.Connection[Any], what: Followed) -> str:
    """Name a subscription, and its slot at the leader, after the database that follows."""
    system = _one(here, "select system_identifier || current_database() from pg_control_system()")
    return f"hansa_{what.name}_{hashlib.sha256(str(system).encode()).hexdigest()[:12]}"


def _address(leader: str) -> sql.Literal:
    return sql.Literal(make_conninfo(leader, connect_timeout=CONNECT_SECONDS))


def _renew(here: psycopg.Connection[Any], name: str, leader: str) -> None:
    subscription = sql.Identifier(name)
    for change in (
        sql.SQL("alter subscription {} connection {}").format(subscription, _address(leader)),
        sql.SQL("alter subscription {} enable").format(subscription),
        sql.SQL("alter subscription {} refresh publication").format(subscription),
    ):
        here.execute(change)


def _subscribe(
    here: psycopg.Connection[Any],
    there: psycopg.Connection[Any],
    name: str,
    leader: str,
    what: Followed,
) -> None:
    """Empty the tables, which hold what migrations wrote at most, and subscribe."""
    for table in what.empty:
        if _one(here, sql.SQL("select 1 from {} limit 1").format(sql.Identifier(table))):
            raise FollowFailed(f"this database has rows of its own in {table}: it cannot follow")
    if not _one(there, "select 1 from pg_replication_slots where slot_name = %s", [name]):
        # Made here and not by the subscription, which would wait for its own transaction if both
        # databases are on one server.
        there.execute("select pg_create_logical_replication_slot(%s, 'pgoutput')", [name])
    with here.transaction():
        here.execute("set local session_replication_role = replica")
        for table in what.every:
            here.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))
    here.execute(
        sql.SQL(
            "create subscription {} connection {} publication {}"
            " with (create_slot = false, slot_name = {}, copy_data = true)"
        ).format(
            sql.Identifier(name),
            _address(leader),
            sql.Identifier(f"hansa_{what.name}"),
            sql.Literal(name),
        )
    )


# -- checks ----------------------------------------------------------------------------------------

# Of this database; nothing where it follows none.
SUBSCRIPTIONS = """
    select subscription.subname as name, subscription.subenabled as is_enabled,
           stat.pid is not null as is_running,
           coalesce(now() - stat.last_msg_receipt_time, interval '0') as silent_for,
           coalesce(pg_wal_lsn_diff(stat.received_lsn, stat.latest_end_lsn), 0)::bigint as behind,
           (select count(*)
              from pg_subscription_rel as table_
             where table_.srsubid = subscription.oid
               and table_.srsubstate <> 'r') as missing,
           coalesce(counted.apply_error_count, 0) as errors
      from pg_subscription as subscription
      join pg_database as here on here.oid = subscription.subdbid
                              and here.datname = current_database()
      left join pg_stat_subscription as stat on stat.subid = subscription.oid
                                            and stat.relid is null
                                            and stat.leader_pid is null
      left join pg_stat_subscription_stats as counted on counted.subid = subscription.oid
     order by subscription.subname
"""

ABANDONED_SLOTS = """
    select slot_name as name,
           pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint as kept_bytes
      from pg_replication_slots
     where database = current_database()
       and slot_name like 'hansa\\_%%'
       and not active
       and pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) > %(bytes_max)s
     order by slot_name
"""


async def _find_behind(snap: Snapshot) -> list[Finding]:
    """Find subscriptions of this database that do not keep up."""
    findings = []
    for row in await snap.all(SUBSCRIPTIONS):
        faults = [
            sentence
            for is_so, sentence in (
                (not row.is_enabled, "is switched off"),
                (row.is_enabled and not row.is_running, "does not run: see PostgreSQL's log"),
                (row.missing > 0, f"lacks {row.missing} tables"),
                (row.silent_for > _SILENT, f"has heard nothing for {row.silent_for}"),
            )
            if is_so
        ]
        findings += [
            Finding(
                check="cells.following",
                subject=row.name,
                message=f"{fault} ({row.behind} bytes behind, {row.errors} errors so far)",
            )
            for fault in faults
        ]
    return findings


async def _find_abandoned(snap: Snapshot) -> list[Finding]:
    """Find followers that are gone, for which this database keeps what it has written."""
    return [
        Finding(
            check="cells.followers",
            subject=row.name,
            message=f"is away, and {row.kept_bytes // 1024**2} MiB are kept for it: let it come "
            "back, or drop its slot",
        )
        for row in await snap.all(ABANDONED_SLOTS, {"bytes_max": _KEPT_BYTES})
    ]


CHECKS = (
    Check(area="cells", name="following", run=_find_behind),
    Check(area="cells", name="followers", run=_find_abandoned),
)
