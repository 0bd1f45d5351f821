"""Reads of sessions."""

from datetime import datetime
from uuid import UUID

from hansa.modules.loyalty.members import bucket_of
from hansa.modules.loyalty.sessions import store
from hansa.modules.loyalty.sessions.model import Session, SessionKind, digest
from hansa.runtime.database import Row, Snapshot

SHOWN_MAX = 50


async def find_session(
    snap: Snapshot, *, token: str, kind: SessionKind, now: datetime
) -> Session | None:
    """Give the session a token stands for, if it has not ended."""
    asked = {"token_hash": digest(token), "kind": kind.value, "now": now}
    row = await snap.maybe(store.FIND, asked)
    return None if row is None else _session(row)


async def list_sessions(
    snap: Snapshot, *, member_id: UUID, now: datetime, limit: int = SHOWN_MAX
) -> list[Session]:
    """Give where a member is signed in, the one heard of last first; web views of shells aside."""
    asked = {"bucket": bucket_of(member_id), "member_id": member_id, "now": now, "limit": limit}
    return [_session(row) for row in await snap.all(store.LIST, asked)]


def _session(row: Row) -> Session:
    return Session(**(row._asdict() | {"kind": SessionKind(row.kind)}))
