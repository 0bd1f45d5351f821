"""Changes of endpoints: added, changed, disabled, enabled, removed; secrets replaced.

With `owner` a function knows endpoints of that owner alone. `key` is the installation's, under
which secrets are kept. Every change is in the audit log, without secrets.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from hansa.contracts.webhooks import EndpointDisabled
from hansa.kernel.identifiers import new_id
from hansa.modules import accounts
from hansa.modules.webhooks import model, rows, signing
from hansa.modules.webhooks.model import (
    Endpoint,
    EndpointState,
    NewSecret,
    NoSuchEndpoint,
    Reason,
    SecretKind,
    TooManyEndpoints,
)
from hansa.modules.webhooks.store import endpoints as sql
from hansa.modules.webhooks.store import messages as messages_sql
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

SUBJECT = "webhook_endpoint"
REMOVED = "removed"


async def add_endpoint(  # noqa: PLR0913 - what is told of an endpoint
    tx: Transaction,
    *,
    owner: UUID,
    url: str,
    event_types: Sequence[str],
    description: str = "",
    calls_max: int = model.CALLS_USUAL,
    signing_by: SecretKind = SecretKind.HMAC,
    key: bytes,
    is_production: bool,
    by: Actor | None,
    now: datetime,
) -> tuple[Endpoint, NewSecret]:
    """Add an endpoint; give it and its secret, which nobody can read again.

    Raises:
        EndpointInvalid: the address or an event type is none.
        TooManyEndpoints: the owner has as many as it may.
    """
    model.check_url(url, is_production=is_production)
    wanted = model.check_patterns(event_types)
    model.check_rest(description=description, calls_max=calls_max)
    limit = model.ENDPOINTS_MAX
    if await tx.scalar(sql.TAKE_PLACE, {"owner_id": owner, "limit": limit}) is None:
        raise TooManyEndpoints(limit)
    row = await tx.one(
        sql.ADD_ENDPOINT,
        {
            "id": new_id(now),
            "owner_id": owner,
            "url": url,
            "description": description,
            "event_types": list(wanted),
            "calls_max": calls_max,
            "now": now,
        },
    )
    endpoint = rows.endpoint_of(row)
    secret = await _add_secret(tx, endpoint, signing_by, key=key, now=now)
    await _record(tx, endpoint, "added", by=by, after=_told(endpoint), now=now)
    return endpoint, secret


async def change_endpoint(  # noqa: PLR0913 - what is told of an endpoint
    tx: Transaction,
    *,
    endpoint_id: UUID,
    owner: UUID | None = None,
    url: str | None = None,
    event_types: Sequence[str] | None = None,
    description: str | None = None,
    calls_max: int | None = None,
    is_production: bool,
    by: Actor | None,
    now: datetime,
) -> Endpoint:
    """Change what is told of an endpoint; None leaves it. What waits goes to the new address.

    Raises:
        NoSuchEndpoint: there is none.
        EndpointInvalid: the address or an event type is none.
    """
    before = await lock_endpoint(tx, endpoint_id=endpoint_id, owner=owner)
    if url is not None:
        model.check_url(url, is_production=is_production)
    wanted = before.event_types if event_types is None else model.check_patterns(event_types)
    described = before.description if description is None else description
    calls = before.calls_max if calls_max is None else calls_max
    model.check_rest(description=described, calls_max=calls)
    row = await tx.one(
        sql.CHANGE_ENDPOINT,
        {
            "id": endpoint_id,
            "url": before.url if url is None else url,
            "description": described,
            "event_types": list(wanted),
            "calls_max": calls,
            "now": now,
        },
    )
    after = rows.endpoint_of(row)
    if _told(before) != _told(after):
        await _record(
            tx, after, "changed", by=by, before=_told(before), after=_told(after), now=now
        )
    return after


async def rotate_secret(  # noqa: PLR0913 - who, which, how, until when
    tx: Transaction,
    *,
    endpoint_id: UUID,
    owner: UUID | None = None,
    signing_by: SecretKind = SecretKind.HMAC,
    overlap: timedelta = model.OVERLAP,
    key: bytes,
    by: Actor | None,
    now: datetime,
) -> NewSecret:
    """Give an endpoint a new secret, shown now and never again.

    The former ones sign beside it for `overlap`; with none they end at once, as after a leak.

    Raises:
        NoSuchEndpoint: there is none.
        EndpointInvalid: the time is negative or too long.
    """
    model.check_overlap(overlap)
    endpoint = await lock_endpoint(tx, endpoint_id=endpoint_id, owner=owner)
    await tx.execute(
        sql.END_SECRETS,
        {
            "endpoint_id": endpoint_id,
            "kept": model.SECRETS_MAX,
            "ends_at": now + overlap,
            "now": now,
        },
    )
    secret = await _add_secret(tx, endpoint, signing_by, key=key, now=now)
    told = {"signing_by": signing_by, "former_end_at": (now + overlap).isoformat()}
    await _record(tx, endpoint, "secret_rotated", by=by, after=told, now=now)
    return secret


async def disable_endpoint(
    tx: Transaction,
    *,
    endpoint_id: UUID,
    owner: UUID | None = None,
    by: Actor | None,
    now: datetime,
) -> Endpoint:
    """Send nothing to an endpoint any more; what waits is cancelled and may be replayed later.

    Publishes EndpointDisabled. Calling again changes nothing.

    Raises:
        NoSuchEndpoint: there is none.
    """
    before = await lock_endpoint(tx, endpoint_id=endpoint_id, owner=owner)
    if before.state is EndpointState.DISABLED:
        return before
    after = await _set_state(tx, before, EndpointState.DISABLED, now, reason=Reason.BY_HAND)
    await _cancel_waiting(tx, endpoint_id, "endpoint_disabled", now)
    await tx.publish(
        EndpointDisabled(
            endpoint_id=endpoint_id,
            owner_id=after.owner_id,
            reason=Reason.BY_HAND,
            disabled_at=now,
        )
    )
    await _record(tx, after, "disabled", by=by, now=now)
    return after


async def enable_endpoint(
    tx: Transaction,
    *,
    endpoint_id: UUID,
    owner: UUID | None = None,
    by: Actor | None,
    now: datetime,
) -> Endpoint:
    """Send to an endpoint again what happens from now on; for what happened before see replays.

    Raises:
        NoSuchEndpoint: there is none.
    """
    before = await lock_endpoint(tx, endpoint_id=endpoint_id, owner=owner)
    if before.state is EndpointState.ACTIVE:
        return before
    after = await _set_state(tx, before, EndpointState.ACTIVE, now)
    told = {"reason": before.reason or ""}
    await _record(tx, after, "enabled", by=by, before=told, now=now)
    return after


async def remove_endpoint(
    tx: Transaction,
    *,
    endpoint_id: UUID,
    owner: UUID | None = None,
    by: Actor | None,
    now: datetime,
) -> None:
    """Remove an endpoint and its secrets; what waits is cancelled, what was sent stays to be seen.

    Raises:
        NoSuchEndpoint: there is none.
    """
    endpoint = await lock_endpoint(tx, endpoint_id=endpoint_id, owner=owner)
    await tx.execute(sql.SET_STATE, {"id": endpoint_id, "state": REMOVED, "reason": "", "now": now})
    await tx.execute(sql.REMOVE_SECRETS, {"endpoint_id": endpoint_id})
    await tx.execute(sql.GIVE_PLACE_BACK, {"owner_id": endpoint.owner_id})
    await _cancel_waiting(tx, endpoint_id, "endpoint_removed", now)
    await _record(tx, endpoint, "removed", by=by, before=_told(endpoint), now=now)


async def lock_endpoint(tx: Transaction, *, endpoint_id: UUID, owner: UUID | None) -> Endpoint:
    """Give an endpoint nobody else changes until the end of the transaction.

    Raises:
        NoSuchEndpoint: there is none.
    """
    row = await tx.maybe(sql.LOCK_ENDPOINT, {"id": endpoint_id, "owner_id": owner})
    if row is None:
        raise NoSuchEndpoint
    return rows.endpoint_of(row)


async def _add_secret(
    tx: Transaction, endpoint: Endpoint, kind: SecretKind, *, key: bytes, now: datetime
) -> NewSecret:
    made, secret_id = signing.make_secret(kind), new_id(now)
    await tx.execute(
        sql.ADD_SECRET,
        {
            "id": secret_id,
            "endpoint_id": endpoint.id,
            "kind": kind,
            "sealed": accounts.seal(key, made.kept.encode()),
            "public_key": made.public_key,
            "now": now,
        },
    )
    return NewSecret(id=secret_id, kind=kind, shown=made.shown)


async def _set_state(
    tx: Transaction,
    endpoint: Endpoint,
    state: EndpointState,
    now: datetime,
    *,
    reason: Reason | None = None,
) -> Endpoint:
    row = await tx.one(
        sql.SET_STATE, {"id": endpoint.id, "state": state, "reason": reason or "", "now": now}
    )
    return rows.endpoint_of(row)


async def _cancel_waiting(tx: Transaction, endpoint_id: UUID, code: str, now: datetime) -> None:
    await tx.execute(
        messages_sql.CANCEL_WAITING, {"endpoint_ids": [endpoint_id], "code": code, "now": now}
    )


def _told(endpoint: Endpoint) -> dict[str, object]:
    return {
        "owner": str(endpoint.owner_id),
        "url": endpoint.url,
        "description": endpoint.description,
        "event_types": list(endpoint.event_types),
        "calls_max": endpoint.calls_max,
    }


async def _record(
    tx: Transaction,
    endpoint: Endpoint,
    verb: str,
    *,
    by: Actor | None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    now: datetime,
) -> None:
    await accounts.record(
        tx,
        actor=by,
        action=f"webhooks.endpoint_{verb}",
        subject_kind=SUBJECT,
        subject_id=endpoint.id,
        before=before,
        after=after,
        now=now,
    )
