"""What makes, changes and ends clients, their secrets and their keys."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.types.json import Jsonb

from hansa.kernel.identifiers import new_id
from hansa.modules.accounts.audit import record
from hansa.modules.accounts.oauth import model, queries, store
from hansa.modules.accounts.oauth.public_keys import read_public_key
from hansa.modules.accounts.secrets_kept import digest, new_token
from hansa.runtime.database import Transaction
from hansa.runtime.http.identity import Actor, PermissionMissing

CLIENT_PREFIX = "hc_"
SECRET_PREFIX = "hcs_"  # noqa: S105 - how a secret begins
PUBLIC_BYTES = 10
HINT_CHARACTERS = 4
SUBJECT = "oauth_client"


async def create_client(  # noqa: PLR0913 - what a client is made of
    tx: Transaction,
    *,
    name: str,
    scopes: Sequence[str],
    partner_id: UUID | None = None,
    is_sandbox: bool = False,
    spend_needs_key: bool = False,
    networks: Sequence[str] = (),
    requests_per_minute: int | None = None,
    with_secret: bool = True,
    at_most: Collection[str] | None = None,
    known_permissions: Collection[str] | None = None,
    by: Actor | None,
    now: datetime,
) -> tuple[model.Client, str | None]:
    """Make a client; the second part of the answer is its secret, which nobody can read again.

    `at_most` are the scopes that may be given at most, for partners who make their own clients;
    without it nobody gives a client more than they may do themselves.

    Raises:
        ClientInvalid, ScopeNotOffered, PermissionMissing: as their names say.
    """
    wanted = _checked_scopes(scopes, known=known_permissions, at_most=at_most, by=by)
    client = model.Client(
        id=new_id(now),
        public_id=CLIENT_PREFIX + secrets.token_hex(PUBLIC_BYTES),
        name=model.check_name(name),
        partner_id=partner_id,
        scopes=tuple(wanted),
        is_sandbox=is_sandbox,
        spend_needs_key=spend_needs_key,
        networks=tuple(model.check_networks(networks)),
        requests_per_minute=model.check_rate(requests_per_minute),
        terms_id=new_id(now),
        created_by=by.id if by else None,
        created_at=now,
        revoked_at=None,
        used_at=None,
    )
    await tx.execute(
        store.INSERT_CLIENT,
        {
            "id": client.id,
            "public_id": client.public_id,
            "partner_id": partner_id,
            "is_sandbox": is_sandbox,
            "terms_id": client.terms_id,
            "created_by": client.created_by,
            "now": now,
            **_terms(client),
        },
    )
    secret = None
    if with_secret:
        kept, secret = await _add_secret(tx, client_id=client.id, now=now)
        client = replace(client, secrets=(kept,))
    after = {"partner_id": partner_id, "is_sandbox": is_sandbox, **_terms(client)}
    await _record(tx, by, "create_client", client.id, now, after=after)
    return client, secret


async def change_client(  # noqa: PLR0913 - each may be changed alone
    tx: Transaction,
    *,
    client_id: UUID,
    name: str | None = None,
    scopes: Sequence[str] | None = None,
    networks: Sequence[str] | None = None,
    requests_per_minute: int | None = None,
    is_rate_changed: bool = False,
    spend_needs_key: bool | None = None,
    partner_id: UUID | None = None,
    at_most: Collection[str] | None = None,
    known_permissions: Collection[str] | None = None,
    by: Actor | None,
    now: datetime,
) -> model.Client:
    """Change what is given and leave the rest; tokens given before are refused within 5 seconds.

    With `partner_id` only a client of this partner is found.

    Raises:
        NoSuchClient, ClientInvalid, ScopeNotOffered, PermissionMissing: as their names say.
    """
    before = await _lock(tx, client_id, partner_id)
    after = replace(
        before,
        name=before.name if name is None else model.check_name(name),
        scopes=before.scopes
        if scopes is None
        else tuple(_checked_scopes(scopes, known=known_permissions, at_most=at_most, by=by)),
        networks=before.networks if networks is None else tuple(model.check_networks(networks)),
        requests_per_minute=model.check_rate(requests_per_minute)
        if is_rate_changed
        else before.requests_per_minute,
        spend_needs_key=before.spend_needs_key if spend_needs_key is None else spend_needs_key,
    )
    old, new = _terms(before), _terms(after)
    changed = [field for field in new if old[field] != new[field]]
    if changed:
        terms_id = new_id(now)
        await tx.execute(
            store.UPDATE_CLIENT, {"id": client_id, "terms_id": terms_id, "now": now, **new}
        )
        await _end(tx, [before.terms_id], now)
        await _record(
            tx,
            by,
            "change_client",
            client_id,
            now,
            before={field: old[field] for field in changed},
            after={field: new[field] for field in changed},
        )
    return await queries.get_client(tx, client_id=client_id, now=now)


async def rotate_secret(
    tx: Transaction,
    *,
    client_id: UUID,
    overlap: timedelta = model.OVERLAP_DEFAULT,
    partner_id: UUID | None = None,
    by: Actor | None,
    now: datetime,
) -> tuple[model.ClientSecret, str]:
    """Give a client a new secret; those it has work for `overlap` more, then end by themselves.

    Without overlap they end at once, and the tokens they got with them. With `partner_id` only a
    client of this partner is found.

    Raises:
        NoSuchClient, TooManyProofs, ClientInvalid: as their names say.
    """
    if not timedelta(0) <= overlap <= model.OVERLAP_MAX:
        raise model.ClientInvalid(f"an old secret works for 0 to {model.OVERLAP_MAX.days} days")
    client = await _lock(tx, client_id, partner_id)
    good = await tx.all(store.LIST_SECRETS, {"client_ids": [client.id], "now": now})
    if overlap and len(good) >= model.SECRETS_MAX:
        raise model.TooManyProofs(model.SECRETS_MAX)
    kept, secret = await _add_secret(tx, client_id=client.id, now=now)
    ending = await tx.all(
        store.LIMIT_SECRETS,
        {"client_id": client.id, "but_not": kept.id, "ends_at": now + overlap},
    )
    if not overlap:
        await _end(tx, [row.id for row in ending], now)
    after = {"hint": kept.hint, "old_ones_end_at": now + overlap}
    await _record(tx, by, "rotate_client_secret", client.id, now, after=after)
    return kept, secret


async def revoke_secret(
    tx: Transaction,
    *,
    client_id: UUID,
    secret_id: UUID,
    partner_id: UUID | None = None,
    by: Actor | None,
    now: datetime,
) -> None:
    """End a secret; tokens that it got are refused within five seconds.

    Raises:
        NoSuchClient, NoSuchSecret: as their names say.
    """
    client = await _lock(tx, client_id, partner_id)
    row = await tx.maybe(store.REVOKE_SECRET, {"client_id": client.id, "id": secret_id, "now": now})
    if row is None:
        raise model.NoSuchSecret
    await _end(tx, [secret_id], now)
    await _record(tx, by, "revoke_client_secret", client.id, now, before={"hint": row.hint})


async def add_client_key(
    tx: Transaction,
    *,
    client_id: UUID,
    jwk: Mapping[str, object],
    partner_id: UUID | None = None,
    by: Actor | None,
    now: datetime,
) -> model.ClientKey:
    """Add a public key (JWK), which from now on checks assertions of the client.

    Raises:
        NoSuchClient, KeyUnfit, KeyThere, TooManyProofs: as their names say.
    """
    kid, kept = read_public_key(jwk)
    client = await _lock(tx, client_id, partner_id)
    there = await queries.keys_of(tx, client_id=client.id)
    if len(there) >= model.KEYS_MAX:
        raise model.TooManyProofs(model.KEYS_MAX)
    key = model.ClientKey(id=new_id(now), kid=kid, jwk=kept, created_at=now)
    made = await tx.execute(
        store.INSERT_KEY,
        {"id": key.id, "client_id": client.id, "kid": kid, "jwk": Jsonb(kept), "now": now},
    )
    if made == 0:
        raise model.KeyThere(kid)
    after = {"kid": kid, "kty": kept["kty"]}
    await _record(tx, by, "add_client_key", client.id, now, after=after)
    return key


async def remove_client_key(
    tx: Transaction,
    *,
    client_id: UUID,
    kid: str,
    partner_id: UUID | None = None,
    by: Actor | None,
    now: datetime,
) -> None:
    """Take a public key away; tokens that it got are refused within five seconds.

    Raises:
        NoSuchClient, NoSuchClientKey: as their names say.
    """
    client = await _lock(tx, client_id, partner_id)
    row = await tx.maybe(store.REVOKE_KEY, {"client_id": client.id, "kid": kid, "now": now})
    if row is None:
        raise model.NoSuchClientKey
    await _end(tx, [row.id], now)
    await _record(tx, by, "remove_client_key", client.id, now, before={"kid": kid})


async def revoke_client(
    tx: Transaction,
    *,
    client_id: UUID,
    partner_id: UUID | None = None,
    by: Actor | None,
    now: datetime,
) -> None:
    """End a client: it gets no token any more, and those it has are refused within five seconds.

    Raises:
        NoSuchClient: there is none, or it was ended before.
    """
    client = await _lock(tx, client_id, partner_id)
    await tx.execute(store.REVOKE_CLIENT, {"id": client.id, "now": now})
    await _end(tx, [client.id], now)
    await _record(tx, by, "revoke_client", client.id, now, before={"name": client.name})


def _checked_scopes(
    scopes: Sequence[str],
    *,
    known: Collection[str] | None,
    at_most: Collection[str] | None,
    by: Actor | None,
) -> list[str]:
    wanted = model.check_scopes(scopes, known=known, at_most=at_most)
    if at_most is None and by is not None:
        for scope in wanted:
            if not by.may(scope):
                raise PermissionMissing(scope)
    return wanted


def _terms(client: model.Client) -> dict[str, object]:
    """Give what may be changed of a client."""
    return {
        "name": client.name,
        "scopes": list(client.scopes),
        "networks": list(client.networks),
        "requests_per_minute": client.requests_per_minute,
        "spend_needs_key": client.spend_needs_key,
    }


async def _lock(tx: Transaction, client_id: UUID, partner_id: UUID | None) -> model.Client:
    row = await tx.maybe(store.LOCK_CLIENT, {"id": client_id, "partner_id": partner_id})
    if row is None:
        raise model.NoSuchClient
    return queries.client_of(row)


async def _add_secret(
    tx: Transaction, *, client_id: UUID, now: datetime
) -> tuple[model.ClientSecret, str]:
    secret = SECRET_PREFIX + new_token()
    kept = model.ClientSecret(
        id=new_id(now),
        hint=secret[-HINT_CHARACTERS:],
        created_at=now,
        expires_at=None,
        revoked_at=None,
    )
    await tx.execute(
        store.INSERT_SECRET,
        {
            "id": kept.id,
            "client_id": client_id,
            "secret_hash": digest(secret),
            "hint": kept.hint,
            "now": now,
        },
    )
    return kept, secret


async def _end(tx: Transaction, ids: Sequence[UUID], now: datetime) -> None:
    await tx.execute(store.ADD_ENDED, {"ids": list(ids), "now": now})


async def _record(
    tx: Transaction,
    by: Actor | None,
    verb: str,
    client_id: UUID,
    now: datetime,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    await record(
        tx,
        actor=by,
        action=f"accounts.{verb}",
        subject_kind=SUBJECT,
        subject_id=client_id,
        before=before,
        after=after,
        now=now,
    )
