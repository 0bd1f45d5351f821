"""What waits in either direction, and what was refused."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from hansa.kernel.identifiers import new_id
from hansa.modules.retailcrm.model import Arrival, Kind, Outgoing, Refusal
from hansa.runtime.database import Row, Snapshot, Transaction

# A change of what waits already is the same row, so the order per subject is kept by itself; what
# was refused is tried again when it changes.
MARK = """
    insert into retailcrm_outgoing (connection_id, kind, subject_id, other_id, created_at,
                                    changed_at)
    select %(connection_id)s, %(kind)s, subject_id, %(other_id)s::uuid, %(now)s, %(now)s
      from unnest(%(ids)s::uuid[]) as subject (subject_id)
     order by subject_id
        on conflict (connection_id, kind, subject_id) do update
       set version = retailcrm_outgoing.version + 1, state = 'waiting', not_before = null,
           changed_at = excluded.changed_at,
           other_id = coalesce(excluded.other_id, retailcrm_outgoing.other_id)
"""

NEXT_OUTGOING = """
    select number, kind, subject_id, other_id, version, intent, attempts, error, state, created_at,
           changed_at
      from retailcrm_outgoing
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and state = 'waiting'
       and (not_before is null or not_before <= %(now)s)
     order by number
     limit %(limit)s
"""

GET_OUTGOING = """
    select number, kind, subject_id, other_id, version, intent, attempts, error, state, created_at,
           changed_at
      from retailcrm_outgoing
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and subject_id = %(subject_id)s
"""

INTEND = """
    update retailcrm_outgoing
       set intent = %(intent)s, attempts = attempts + 1
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and subject_id = any(%(ids)s::uuid[])
"""

# What changed while the call was under way stays, and is looked at again.
FINISH = """
    delete from retailcrm_outgoing
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and subject_id = %(subject_id)s
       and version = %(version)s
"""

SETTLE = """
    update retailcrm_outgoing
       set intent = null, attempts = 0
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and subject_id = %(subject_id)s
"""

REFUSE = """
    update retailcrm_outgoing
       set state = 'refused', intent = null, error = %(error)s, changed_at = %(now)s
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and subject_id = %(subject_id)s
       and version = %(version)s
"""

LIST_REFUSED = """
    select number, kind, subject_id, other_id, version, intent, attempts, error, state, created_at,
           changed_at
      from retailcrm_outgoing
     where connection_id = %(connection_id)s
       and state = 'refused'
     order by changed_at desc, number
     limit %(limit)s
"""

COUNT_WAITING = """
    select kind, count(*) filter (where state = 'waiting') as waiting,
           count(*) filter (where state = 'refused') as refused,
           min(created_at) filter (where state = 'waiting') as oldest
      from retailcrm_outgoing
     where connection_id = %(connection_id)s
     group by kind
"""

ARRIVE = """
    insert into retailcrm_arrival (connection_id, kind, crm_id, other_crm_id, arrived_at)
    select %(connection_id)s, %(kind)s, crm_id, nullif(other_crm_id, 0), %(now)s
      from unnest(%(crm_ids)s::bigint[], %(other_crm_ids)s::bigint[])
           with ordinality as arrived (crm_id, other_crm_id, position)
     order by position
        on conflict (connection_id, kind, crm_id) do update
       set other_crm_id = excluded.other_crm_id, not_before = null
"""

NEXT_ARRIVALS = """
    select number, kind, crm_id, other_crm_id, attempts
      from retailcrm_arrival
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and (not_before is null or not_before <= %(now)s)
     order by number
     limit %(limit)s
"""

REMOVE_ARRIVAL = """
    delete from retailcrm_arrival
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and crm_id = %(crm_id)s
"""

COUNT_ARRIVALS = """
    select count(*) from retailcrm_arrival where connection_id = %(connection_id)s
"""

ADD_REFUSAL = """
    insert into retailcrm_refusal
           (id, connection_id, kind, crm_id, internal_id, code, message, facts, first_at, last_at)
    values (%(id)s, %(connection_id)s, %(kind)s, %(crm_id)s, %(internal_id)s, %(code)s,
            %(message)s, %(facts)s, %(now)s, %(now)s)
        on conflict on constraint retailcrm_refusal_key do update
       set message = excluded.message, facts = excluded.facts, last_at = excluded.last_at,
           times = retailcrm_refusal.times + 1, done_at = null,
           internal_id = coalesce(excluded.internal_id, retailcrm_refusal.internal_id)
"""

CLOSE_REFUSALS = """
    update retailcrm_refusal
       set done_at = %(now)s
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and crm_id = %(crm_id)s
       and (%(codes)s::text[] is null or code = any(%(codes)s::text[]))
       and done_at is null
"""

CLOSE_REFUSAL = """
    update retailcrm_refusal
       set done_at = %(now)s, attempt = attempt + 1
     where id = %(id)s
       and connection_id = %(connection_id)s
 returning kind, crm_id, internal_id, code
"""

LIST_REFUSALS = """
    select id, kind, crm_id, internal_id, code, message, facts, times, attempt, first_at, last_at,
           done_at
      from retailcrm_refusal
     where connection_id = %(connection_id)s
       and done_at is null
     order by last_at desc, id
     limit %(limit)s
"""

FIND_REFUSAL = """
    select attempt, done_at
      from retailcrm_refusal
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and crm_id = %(crm_id)s
       and code = %(code)s
"""

OLD_WAITING = """
    select connection.name, outgoing.kind, count(*) as number
      from retailcrm_outgoing as outgoing
      join retailcrm_connection as connection on connection.id = outgoing.connection_id
     where outgoing.state = 'waiting'
       and connection.is_active
       and outgoing.changed_at < now() - interval '15 minutes'
     group by connection.name, outgoing.kind
     order by connection.name, outgoing.kind
"""


async def mark(
    tx: Transaction,
    connection_id: UUID,
    kind: Kind,
    ids: Iterable[UUID],
    *,
    other_id: UUID | None = None,
    now: datetime,
) -> None:
    """Note that these of ours have to be compared with the CRM."""
    asked = {"connection_id": connection_id, "kind": kind, "ids": sorted(set(ids)), "now": now}
    if asked["ids"]:
        await tx.execute(MARK, {**asked, "other_id": other_id})


async def next_outgoing(
    snap: Snapshot, connection_id: UUID, kind: Kind, *, limit: int, now: datetime
) -> list[Outgoing]:
    """Give what waits, the oldest first."""
    asked = {"connection_id": connection_id, "kind": kind, "limit": limit, "now": now}
    return [_outgoing(row) for row in await snap.all(NEXT_OUTGOING, asked)]


async def get_outgoing(
    snap: Snapshot, connection_id: UUID, kind: Kind, subject_id: UUID
) -> Outgoing | None:
    """Give what waits of a subject."""
    asked = {"connection_id": connection_id, "kind": kind, "subject_id": subject_id}
    row = await snap.maybe(GET_OUTGOING, asked)
    return None if row is None else _outgoing(row)


async def intend(
    tx: Transaction,
    connection_id: UUID,
    kind: Kind,
    ids: Sequence[UUID],
    intent: Mapping[str, object],
) -> None:
    """Write down what a call will say, before it is made."""
    asked = {"connection_id": connection_id, "kind": kind, "ids": list(ids)}
    await tx.execute(INTEND, {**asked, "intent": Jsonb(dict(intent))})


async def finish(tx: Transaction, connection_id: UUID, row: Outgoing) -> None:
    """Take away what has reached the CRM, unless it changed meanwhile."""
    asked = {"connection_id": connection_id, "kind": row.kind, "subject_id": row.subject_id}
    if not await tx.execute(FINISH, {**asked, "version": row.version}):
        await tx.execute(SETTLE, asked)


async def refuse(
    tx: Transaction, connection_id: UUID, row: Outgoing, *, error: str, now: datetime
) -> None:
    """Leave to a person what the CRM refuses."""
    await tx.execute(
        REFUSE,
        {
            "connection_id": connection_id,
            "kind": row.kind,
            "subject_id": row.subject_id,
            "version": row.version,
            "error": error[:2000],
            "now": now,
        },
    )


async def arrive(
    tx: Transaction,
    connection_id: UUID,
    kind: Kind,
    crm_ids: Sequence[int],
    *,
    others: Sequence[int] = (),
    now: datetime,
) -> None:
    """Note that these of the CRM have to be looked at; `others` are what they were merged into."""
    if crm_ids:
        await tx.execute(
            ARRIVE,
            {
                "connection_id": connection_id,
                "kind": kind,
                "crm_ids": list(crm_ids),
                "other_crm_ids": list(others) or [0] * len(crm_ids),
                "now": now,
            },
        )


async def next_arrivals(
    snap: Snapshot, connection_id: UUID, kind: Kind, *, limit: int, now: datetime
) -> list[Arrival]:
    """Give what has to be looked at, the oldest first."""
    asked = {"connection_id": connection_id, "kind": kind, "limit": limit, "now": now}
    return [
        Arrival(**{**row._asdict(), "kind": Kind(row.kind)})
        for row in await snap.all(NEXT_ARRIVALS, asked)
    ]


async def remove_arrival(tx: Transaction, connection_id: UUID, kind: Kind, crm_id: int) -> None:
    """Take away what was looked at."""
    asked = {"connection_id": connection_id, "kind": kind, "crm_id": crm_id}
    await tx.execute(REMOVE_ARRIVAL, asked)


async def add_refusal(  # noqa: PLR0913 - what was refused, why, and where it belongs
    tx: Transaction,
    connection_id: UUID,
    *,
    kind: Kind,
    crm_id: int,
    internal_id: UUID | None = None,
    code: str,
    message: str,
    facts: Mapping[str, str] | None = None,
    now: datetime,
) -> None:
    """Note what of the CRM was not taken over; the same again only counts."""
    await tx.execute(
        ADD_REFUSAL,
        {
            "id": new_id(now),
            "connection_id": connection_id,
            "kind": kind,
            "crm_id": crm_id,
            "internal_id": internal_id,
            "code": code,
            "message": message,
            "facts": Jsonb(dict(facts or {})),
            "now": now,
        },
    )


async def is_refused(
    snap: Snapshot, connection_id: UUID, *, kind: Kind, crm_id: int, code: str
) -> bool:
    """Say whether a person was told this already, whatever they made of it."""
    asked = {"connection_id": connection_id, "kind": kind, "crm_id": crm_id, "code": code}
    return await snap.maybe(FIND_REFUSAL, asked) is not None


async def attempt_of(
    snap: Snapshot, connection_id: UUID, *, kind: Kind, crm_id: int, code: str
) -> int:
    """Say how often something was tried, this time included."""
    asked = {"connection_id": connection_id, "kind": kind, "crm_id": crm_id, "code": code}
    row = await snap.maybe(FIND_REFUSAL, asked)
    return 1 if row is None else int(row.attempt)


async def close_refusals(
    tx: Transaction,
    connection_id: UUID,
    *,
    kind: Kind,
    crm_id: int,
    codes: Sequence[str] | None = None,
    now: datetime,
) -> None:
    """Note that what was refused is taken over by now."""
    await tx.execute(
        CLOSE_REFUSALS,
        {
            "connection_id": connection_id,
            "kind": kind,
            "crm_id": crm_id,
            "codes": None if codes is None else list(codes),
            "now": now,
        },
    )


async def list_refusals(snap: Snapshot, connection_id: UUID, *, limit: int) -> list[Refusal]:
    """Give what of the CRM was not taken over, the latest first."""
    asked = {"connection_id": connection_id, "limit": limit}
    return [Refusal(**row._asdict()) for row in await snap.all(LIST_REFUSALS, asked)]


async def list_refused(snap: Snapshot, connection_id: UUID, *, limit: int) -> list[Outgoing]:
    """Give what of ours the CRM refused, the latest first."""
    asked = {"connection_id": connection_id, "limit": limit}
    return [_outgoing(row) for row in await snap.all(LIST_REFUSED, asked)]


def _outgoing(row: Row) -> Outgoing:
    return Outgoing(**{**row._asdict(), "kind": Kind(row.kind)})
