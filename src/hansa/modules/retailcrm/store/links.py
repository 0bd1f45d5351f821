"""What of ours stands for what of the CRM."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from hansa.modules.retailcrm.model import Fields, Kind, Link
from hansa.runtime.database import Row, Snapshot, Transaction

LINKS_OF = """
    select kind, internal_id, crm_id, owner_id, agreed
      from retailcrm_link
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and internal_id = any(%(ids)s::uuid[])
"""

LINKS_OF_CRM = """
    select kind, internal_id, crm_id, owner_id, agreed
      from retailcrm_link
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and crm_id = any(%(crm_ids)s::bigint[])
"""

LINKS_OF_OWNER = """
    select kind, internal_id, crm_id, owner_id, agreed
      from retailcrm_link
     where owner_id = %(owner_id)s
       and connection_id = %(connection_id)s
     order by crm_id
"""

# Either side may have been linked to something else before (a merge, a person's repair): the last
# word counts, and no side ever stands for two.
DROP_OTHERS = """
    delete from retailcrm_link
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and crm_id = %(crm_id)s
       and internal_id <> %(internal_id)s
"""

SAVE_LINK = """
    insert into retailcrm_link
           (connection_id, kind, internal_id, crm_id, owner_id, agreed, linked_at)
    values (%(connection_id)s, %(kind)s, %(internal_id)s, %(crm_id)s, %(owner_id)s, %(agreed)s,
            %(now)s)
        on conflict (connection_id, kind, internal_id) do update
       set crm_id = excluded.crm_id, agreed = excluded.agreed, owner_id = excluded.owner_id
"""

REMOVE_LINK = """
    delete from retailcrm_link
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and internal_id = %(internal_id)s
"""

MOVE_LINK = """
    update retailcrm_link
       set internal_id = %(to)s
     where connection_id = %(connection_id)s
       and kind = %(kind)s
       and internal_id = %(from)s
       and not exists (select
                         from retailcrm_link as taken
                        where taken.connection_id = %(connection_id)s
                          and taken.kind = %(kind)s
                          and taken.internal_id = %(to)s)
"""

CONNECTIONS_OF_LINK = """
    select link.connection_id
      from retailcrm_link as link
      join retailcrm_connection as connection on connection.id = link.connection_id
     where link.kind = %(kind)s
       and link.internal_id = %(internal_id)s
       and connection.is_active
     order by link.connection_id
"""


async def links_of(
    snap: Snapshot, connection_id: UUID, kind: Kind, ids: Iterable[UUID]
) -> dict[UUID, Link]:
    """Give the links of ours, by our id."""
    asked = {"connection_id": connection_id, "kind": kind, "ids": list(ids)}
    return {row.internal_id: _link(row) for row in await snap.all(LINKS_OF, asked)}


async def links_of_crm(
    snap: Snapshot, connection_id: UUID, kind: Kind, crm_ids: Collection[int]
) -> dict[int, Link]:
    """Give the links of theirs, by the CRM's id."""
    asked = {"connection_id": connection_id, "kind": kind, "crm_ids": list(crm_ids)}
    return {row.crm_id: _link(row) for row in await snap.all(LINKS_OF_CRM, asked)}


async def links_of_owner(snap: Snapshot, connection_id: UUID, owner_id: UUID) -> list[Link]:
    """Give what belongs to an order of ours: its payments."""
    asked = {"connection_id": connection_id, "owner_id": owner_id}
    return [_link(row) for row in await snap.all(LINKS_OF_OWNER, asked)]


async def save_link(
    tx: Transaction,
    connection_id: UUID,
    link: Link,
    *,
    now: datetime,
) -> None:
    """Let one stand for the other, and nothing else for either."""
    row = {
        "connection_id": connection_id,
        "kind": link.kind,
        "internal_id": link.internal_id,
        "crm_id": link.crm_id,
        "owner_id": link.owner_id,
        "agreed": Jsonb(dict(link.agreed)),
        "now": now,
    }
    await tx.execute(DROP_OTHERS, row)
    await tx.execute(SAVE_LINK, row)


async def remove_link(tx: Transaction, connection_id: UUID, kind: Kind, internal_id: UUID) -> None:
    """Let ours stand for nothing in the CRM."""
    await tx.execute(
        REMOVE_LINK, {"connection_id": connection_id, "kind": kind, "internal_id": internal_id}
    )


async def move_link(
    tx: Transaction, connection_id: UUID, kind: Kind, *, source: UUID, target: UUID
) -> bool:
    """Let another of ours stand for the same in the CRM; False if it stands for something."""
    moved = {"connection_id": connection_id, "kind": kind, "from": source, "to": target}
    return await tx.execute(MOVE_LINK, moved) > 0


def _link(row: Row) -> Link:
    agreed: Fields = row.agreed
    return Link(
        kind=Kind(row.kind),
        internal_id=row.internal_id,
        crm_id=row.crm_id,
        owner_id=row.owner_id,
        agreed=agreed,
    )
