"""Reads."""

from datetime import datetime
from uuid import UUID

from hansa.modules.accounts import model, store
from hansa.runtime.database import Row, Snapshot


async def get_user(snap: Snapshot, *, user_id: UUID) -> model.User:
    """Give a user.

    Raises:
        NoSuchUser: there is none.
    """
    row = await snap.maybe(store.GET_USER, {"id": user_id})
    if row is None:
        raise model.NoSuchUser
    return _user(row)


async def find_user(snap: Snapshot, *, email: str, kind: model.UserKind) -> model.User | None:
    """Give the user who signs in with an address, or None."""
    row = await snap.maybe(store.FIND_USER, {"email": email.strip().lower(), "kind": kind})
    return None if row is None else _user(row)


async def list_users(
    snap: Snapshot,
    *,
    kind: model.UserKind = "staff",
    search: str | None = None,
    partner_id: UUID | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[model.User]:
    """Give users, of one partner or all, newest first; `search` looks in addresses and names."""
    pattern = None
    if search and search.strip():
        cleaned = search.strip().lower().replace("\\", "\\\\")
        pattern = "%" + cleaned.replace("%", r"\%").replace("_", r"\_") + "%"
    rows = await snap.all(
        store.LIST_USERS,
        {
            "kind": kind,
            "search": pattern,
            "partner_id": partner_id,
            "after": after,
            "limit": limit,
        },
    )
    return [_user(row) for row in rows]


async def list_roles(snap: Snapshot) -> list[model.Role]:
    """Give every role, those that come with Hansa first."""
    return [_role(row) for row in await snap.all(store.LIST_ROLES)]


async def find_role(snap: Snapshot, *, code: str) -> model.Role | None:
    """Give a role, or None."""
    row = await snap.maybe(store.GET_ROLE, {"code": code})
    return None if row is None else _role(row)


async def permissions_of(snap: Snapshot, *, user_id: UUID) -> frozenset[str]:
    """Give what a user's roles allow."""
    rows = await snap.all(store.PERMISSIONS_OF_USER, {"id": user_id})
    return frozenset(row.permission for row in rows)


async def list_sessions(snap: Snapshot, *, user_id: UUID, now: datetime) -> list[model.Session]:
    """Give a user's sessions that are still good, the last used first."""
    rows = await snap.all(store.LIST_SESSIONS, {"user_id": user_id, "now": now})
    return [model.Session(**row._asdict()) for row in rows]


def _user(row: Row) -> model.User:
    values = row._asdict()
    values["roles"] = tuple(values["roles"])
    return model.User(**values)


def _role(row: Row) -> model.Role:
    values = row._asdict()
    values["permissions"] = tuple(values["permissions"])
    return model.Role(**values)
