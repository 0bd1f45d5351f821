"""Sessions begun, handed over and ended."""

from datetime import datetime
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules.loyalty.members import bucket_of
from hansa.modules.loyalty.sessions import store
from hansa.modules.loyalty.sessions.model import (
    HANDOVER_LIFETIME,
    HANDOVER_PREFIX,
    KEY_PREFIX,
    LIFETIME,
    SEEN_AFTER,
    TOKEN_CHARACTERS_MAX,
    Handover,
    HandoverWrong,
    Session,
    SessionKind,
    Started,
    digest,
    token_of,
)
from hansa.modules.loyalty.sessions.queries import find_session
from hansa.runtime.context import Context
from hansa.runtime.database import Transaction


async def start_session(
    tx: Transaction, *, member_id: UUID, kind: SessionKind, agent: str = "", now: datetime
) -> Started:
    """Sign a member in; the token is shown this once and only its digest is kept."""
    return await _start(tx, member_id, kind, agent, parent_id=None, now=now)


async def hand_over(tx: Transaction, *, session: Session, now: datetime) -> Handover:
    """Make a token with which a web view of a shell begins a session: once, within a minute."""
    token = token_of(HANDOVER_PREFIX, session.member_id)
    expires_at = now + HANDOVER_LIFETIME
    columns = {
        "token_hash": digest(token),
        "session_id": session.id,
        "expires_at": expires_at,
        "now": now,
    }
    await tx.execute(store.ADD_HANDOVER, columns)
    return Handover(expires_at=expires_at, token=token)


async def take_over(tx: Transaction, *, token: str, agent: str = "", now: datetime) -> Started:
    """Begin the session of a web view with the token of its shell; it ends with the shell's.

    Raises:
        HandoverWrong: the token was used, is too old, or is none.
    """
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise HandoverWrong
    row = await tx.maybe(store.USE_HANDOVER, {"token_hash": digest(token), "now": now})
    if row is None:
        raise HandoverWrong
    return await _start(tx, row.member_id, SessionKind.BROWSER, agent, parent_id=row.id, now=now)


async def end_session(
    tx: Transaction, *, member_id: UUID, session_id: UUID | None, now: datetime
) -> None:
    """End a session of a member and those inside it, or all of the member's. Again: nothing."""
    bucket = bucket_of(member_id)
    ended = {"bucket": bucket, "member_id": member_id, "id": session_id, "now": now}
    await tx.execute(store.END, ended)


async def find_and_note(
    context: Context, *, token: str, kind: SessionKind, now: datetime
) -> Session | None:
    """Give the session of a token and note, every few minutes, that it was heard of."""
    if not token or len(token) > TOKEN_CHARACTERS_MAX:
        return None
    async with context.database.snapshot(single=True) as snap:
        session = await find_session(snap, token=token, kind=kind, now=now)
    if session is not None and now - session.seen_at > SEEN_AFTER:
        async with context.database.transaction() as tx:
            await tx.execute(store.TOUCH, {"id": session.id, "now": now})
    return session


async def _start(
    tx: Transaction,
    member_id: UUID,
    kind: SessionKind,
    agent: str,
    *,
    parent_id: UUID | None,
    now: datetime,
) -> Started:
    prefix = KEY_PREFIX if kind is SessionKind.SHELL else ""
    started = Started(
        id=new_id(now),
        expires_at=now + LIFETIME,
        token=token_of(prefix, member_id),
    )
    columns = {
        "id": started.id,
        "token_hash": digest(started.token),
        "kind": kind.value,
        "bucket": bucket_of(member_id),
        "member_id": member_id,
        "parent_id": parent_id,
        "agent": agent,
        "expires_at": started.expires_at,
        "now": now,
    }
    await tx.execute(store.INSERT, columns)
    return started
