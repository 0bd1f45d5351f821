"""Reads of endpoints and messages. With `owner` a function knows those of that owner alone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hansa.modules.webhooks import rows
from hansa.modules.webhooks.model import (
    COLLECTED_FOR,
    Attempt,
    Endpoint,
    EndpointState,
    Message,
    MessageState,
    NoSuchEndpoint,
    NoSuchMessage,
    SecretFacts,
)
from hansa.modules.webhooks.store import endpoints as endpoints_sql
from hansa.modules.webhooks.store import messages as sql
from hansa.runtime.database import Snapshot

TALLIED_MAX = 1000
ATTEMPTS_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many messages of an endpoint wait or were given up; `TALLIED_MAX` stands for more."""

    waiting: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LostEndpoint:
    """An endpoint that was disabled because nothing arrived.

    What happens until `collected_until` is kept for it, and can be replayed once it is enabled.
    """

    endpoint: Endpoint
    lost_at: datetime
    collected_until: datetime


async def owners_with_endpoints(snap: Snapshot, *, owners: Collection[UUID]) -> set[UUID]:
    """Give those owners that have an endpoint: nothing needs to be written for the others."""
    found = await snap.all(endpoints_sql.OWNERS_WITH_ENDPOINTS, {"owner_ids": sorted(owners)})
    return {row.owner_id for row in found}


async def get_endpoint(snap: Snapshot, *, endpoint_id: UUID, owner: UUID | None = None) -> Endpoint:
    """Give an endpoint.

    Raises:
        NoSuchEndpoint: there is none.
    """
    row = await snap.maybe(endpoints_sql.ENDPOINT, {"id": endpoint_id, "owner_id": owner})
    if row is None:
        raise NoSuchEndpoint
    return rows.endpoint_of(row)


async def list_endpoints(
    snap: Snapshot,
    *,
    owner: UUID | None = None,
    state: EndpointState | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Endpoint]:
    """Give endpoints, the newest first; `before` is the id of the last one seen."""
    found = await snap.all(
        endpoints_sql.LIST_ENDPOINTS,
        {"owner_id": owner, "state": state, "before": before, "limit": limit},
    )
    return [rows.endpoint_of(row) for row in found]


async def list_lost(
    snap: Snapshot, *, owner: UUID | None = None, limit: int = 20
) -> list[LostEndpoint]:
    """Give endpoints that were disabled though nobody asked for it, the latest first."""
    found = await snap.all(endpoints_sql.LIST_LOST, {"owner_id": owner, "limit": limit})
    endpoints = [rows.endpoint_of(row) for row in found]
    return [
        LostEndpoint(
            endpoint=one, lost_at=one.changed_at, collected_until=one.changed_at + COLLECTED_FOR
        )
        for one in endpoints
    ]


async def list_secrets(
    snap: Snapshot, *, endpoint_ids: Sequence[UUID], now: datetime
) -> dict[UUID, list[SecretFacts]]:
    """Give the secrets in force, the newest first, by endpoint; never what they are."""
    found: dict[UUID, list[SecretFacts]] = {one: [] for one in endpoint_ids}
    for row in await snap.all(
        endpoints_sql.SECRETS, {"endpoint_ids": list(endpoint_ids), "now": now}
    ):
        found[row.endpoint_id].append(rows.secret_of(row))
    return found


async def tally(snap: Snapshot, *, endpoint_ids: Sequence[UUID]) -> dict[UUID, Tally]:
    """Count what waits and what was given up, by endpoint."""
    found = await snap.all(sql.TALLY, {"endpoint_ids": list(endpoint_ids), "bound": TALLIED_MAX})
    return {row.id: Tally(waiting=row.waiting, dead=row.dead) for row in found}


async def list_messages(
    snap: Snapshot,
    *,
    owner: UUID | None = None,
    endpoint_id: UUID | None = None,
    state: MessageState | None = None,
    type: str | None = None,  # noqa: A002 - the attribute of a CloudEvent
    before: UUID | None = None,
    limit: int = 50,
) -> list[Message]:
    """Give messages, the newest first; `before` is the id of the last one seen."""
    found = await snap.all(
        sql.LIST_MESSAGES,
        {
            "owner_id": owner,
            "endpoint_id": endpoint_id,
            "state": state,
            "type": type,
            "before": before,
            "limit": limit,
        },
    )
    return [rows.message_of(row) for row in found]


async def get_message(
    snap: Snapshot, *, message_id: UUID, owner: UUID | None = None
) -> tuple[Message, list[Attempt]]:
    """Give a message and its attempts, the latest first.

    Raises:
        NoSuchMessage: there is none.
    """
    row = await snap.maybe(sql.MESSAGE, {"id": message_id, "owner_id": owner})
    if row is None:
        raise NoSuchMessage
    attempts = await snap.all(sql.ATTEMPTS, {"message_id": message_id, "limit": ATTEMPTS_MAX})
    return rows.message_of(row), [Attempt(**one._asdict()) for one in attempts]
