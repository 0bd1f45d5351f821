"""API keys: `hk_<public part>_<secret>`, with scopes. Only a digest of the secret is kept."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules.accounts import model, store
from hansa.modules.accounts.audit import record
from hansa.modules.accounts.secrets_kept import digest, new_token
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http.identity import Actor, PermissionMissing

PREFIX = "hk_"
PUBLIC_BYTES = 6
NAME_CHARACTERS_MAX = 100


async def create_api_key(
    tx: Transaction,
    *,
    name: str,
    scopes: Sequence[str],
    by: Actor | None,
    expires_at: datetime | None = None,
    known_permissions: Sequence[str] | None = None,
    now: datetime,
) -> tuple[model.ApiKey, str]:
    """Make a key; the second part of the answer is the whole key, which nobody can read again.

    Nobody gives a key more than they may do themselves.

    Raises:
        PermissionMissing: `by` lacks one of the scopes.
        RoleInvalid: a scope is no permission of any module.
    """
    wanted = sorted(set(scopes))
    if known_permissions is not None:
        model.check_role("key", wanted, known_permissions)
    if by is not None:
        for scope in wanted:
            if not by.may(scope):
                raise PermissionMissing(scope)
    public_id, secret = secrets.token_hex(PUBLIC_BYTES), new_token()
    key = model.ApiKey(
        id=new_id(now),
        public_id=public_id,
        name=name.strip()[:NAME_CHARACTERS_MAX],
        scopes=tuple(wanted),
        created_by=by.id if by else None,
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
        used_at=None,
    )
    await tx.execute(
        store.INSERT_KEY,
        {
            "id": key.id,
            "public_id": public_id,
            "secret_hash": digest(secret),
            "name": key.name,
            "scopes": wanted,
            "created_by": key.created_by,
            "expires_at": expires_at,
            "now": now,
        },
    )
    await record(
        tx,
        actor=by,
        action="accounts.create_api_key",
        subject_kind="api_key",
        subject_id=key.id,
        after={"name": key.name, "scopes": wanted, "expires_at": expires_at},
        now=now,
    )
    return key, f"{PREFIX}{public_id}_{secret}"


async def revoke_api_key(tx: Transaction, *, key_id: UUID, by: Actor | None, now: datetime) -> None:
    """End a key. Processes that know it stop taking it within five seconds.

    Raises:
        NoSuchKey: there is none, or it was ended before.
    """
    row = await tx.maybe(store.REVOKE_KEY, {"id": key_id, "now": now})
    if row is None:
        raise model.NoSuchKey
    await record(
        tx,
        actor=by,
        action="accounts.revoke_api_key",
        subject_kind="api_key",
        subject_id=key_id,
        before={"name": row.name},
        now=now,
    )


async def list_api_keys(snap: Snapshot) -> list[model.ApiKey]:
    """Give every key, those that are good first, newest first."""
    rows = await snap.all(store.LIST_KEYS)
    return [model.ApiKey(**{**row._asdict(), "scopes": tuple(row.scopes)}) for row in rows]


def parts_of(key: str) -> tuple[str, str] | None:
    """Give the public part and the secret of a key, or None if it is not one."""
    if not key.startswith(PREFIX):
        return None
    public_id, separator, secret = key[len(PREFIX) :].partition("_")
    return (public_id, secret) if separator and public_id and secret else None
