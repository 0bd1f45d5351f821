"""Reads."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hansa.modules.accounts.oauth import model, store
from hansa.runtime.database import Row, Snapshot


async def list_clients(
    snap: Snapshot,
    *,
    partner_id: UUID | None = None,
    after: UUID | None = None,
    limit: int = 50,
    now: datetime,
) -> list[model.Client]:
    """Give clients with their good secrets and keys, newest first; of one partner if named."""
    rows = await snap.all(
        store.LIST_CLIENTS, {"partner_id": partner_id, "after": after, "limit": limit}
    )
    return await _with_proofs(snap, rows, now=now)


async def get_client(
    snap: Snapshot, *, client_id: UUID, partner_id: UUID | None = None, now: datetime
) -> model.Client:
    """Give a client, ended ones too; with a partner only one of theirs.

    Raises:
        NoSuchClient: there is none.
    """
    row = await snap.maybe(store.GET_CLIENT, {"id": client_id, "partner_id": partner_id})
    if row is None:
        raise model.NoSuchClient
    return (await _with_proofs(snap, [row], now=now))[0]


async def keys_of(snap: Snapshot, *, client_id: UUID) -> list[model.ClientKey]:
    """Give the public keys of a client, newest first."""
    rows = await snap.all(store.LIST_KEYS, {"client_ids": [client_id]})
    return [_key(row) for row in rows]


def client_of(row: Row) -> model.Client:
    """Make a client, without secrets and keys, of its row."""
    values = row._asdict()
    for name in ("scopes", "networks"):
        values[name] = tuple(values[name])
    return model.Client(**values)


async def _with_proofs(snap: Snapshot, rows: Sequence[Row], *, now: datetime) -> list[model.Client]:
    ids = [row.id for row in rows]
    secrets: dict[UUID, list[model.ClientSecret]] = {}
    keys: dict[UUID, list[model.ClientKey]] = {}
    if ids:
        for row in await snap.all(store.LIST_SECRETS, {"client_ids": ids, "now": now}):
            secrets.setdefault(row.client_id, []).append(_secret(row))
        for row in await snap.all(store.LIST_KEYS, {"client_ids": ids}):
            keys.setdefault(row.client_id, []).append(_key(row))
    return [
        replace(
            client_of(row), secrets=tuple(secrets.get(row.id, ())), keys=tuple(keys.get(row.id, ()))
        )
        for row in rows
    ]


def _secret(row: Row) -> model.ClientSecret:
    values = row._asdict()
    del values["client_id"]
    return model.ClientSecret(**values)


def _key(row: Row) -> model.ClientKey:
    values = row._asdict()
    del values["client_id"]
    return model.ClientKey(**values)
