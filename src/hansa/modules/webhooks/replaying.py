"""Sending again what was sent, given up or cancelled: the same bodies under the same ids."""

from datetime import datetime
from uuid import UUID

from hansa.modules import accounts
from hansa.modules.webhooks import model, rows
from hansa.modules.webhooks.model import (
    EndpointOff,
    EndpointState,
    Message,
    NoSuchMessage,
    TooMuchToReplay,
)
from hansa.modules.webhooks.operations import SUBJECT, lock_endpoint
from hansa.modules.webhooks.queries import get_endpoint
from hansa.modules.webhooks.store import messages as sql
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import Actor


async def replay_message(
    tx: Transaction,
    *,
    message_id: UUID,
    owner: UUID | None = None,
    by: Actor | None,
    now: datetime,
) -> Message:
    """Have a message sent at once and with all its attempts again, whatever became of it.

    Raises:
        NoSuchMessage: there is none.
        NoSuchEndpoint: its endpoint was removed.
        EndpointOff: its endpoint is disabled.
    """
    params = {"id": message_id, "owner_id": owner}
    row = await tx.maybe(sql.MESSAGE, params)
    if row is None:
        raise NoSuchMessage
    endpoint = await lock_endpoint(tx, endpoint_id=row.endpoint_id, owner=owner)
    if endpoint.state is not EndpointState.ACTIVE:
        raise EndpointOff
    if await tx.execute(sql.REPLAY, {"id": message_id, "now": now}):
        await accounts.record(
            tx,
            actor=by,
            action="webhooks.message_replayed",
            subject_kind="webhook_message",
            subject_id=message_id,
            before={"state": row.state},
            now=now,
        )
    return rows.message_of(await tx.one(sql.MESSAGE, params))


async def count_since(
    snap: Snapshot,
    *,
    endpoint_id: UUID,
    owner: UUID | None = None,
    since: datetime,
    only_undelivered: bool = False,
) -> int:
    """Count what `replay_since` would send, up to one more than it may.

    Raises:
        NoSuchEndpoint: there is none.
    """
    await get_endpoint(snap, endpoint_id=endpoint_id, owner=owner)
    number: int = await snap.scalar(
        sql.COUNT_SINCE,
        _since(endpoint_id, since, only_undelivered=only_undelivered)
        | {"bound": model.REPLAYED_MAX + 1},
    )
    return number


async def replay_since(
    tx: Transaction,
    *,
    endpoint_id: UUID,
    owner: UUID | None = None,
    since: datetime,
    only_undelivered: bool = False,
    by: Actor | None,
    now: datetime,
) -> int:
    """Have everything written to an endpoint since an instant sent again; give how many.

    Also the dead and the cancelled; with `only_undelivered` these alone. What waits already is not
    counted. Ask `count_since` first.

    Raises:
        NoSuchEndpoint: there is none.
        EndpointOff: it is disabled.
        TooMuchToReplay: it is more than one replay may hold.
    """
    endpoint = await lock_endpoint(tx, endpoint_id=endpoint_id, owner=owner)
    if endpoint.state is not EndpointState.ACTIVE:
        raise EndpointOff
    number = await count_since(
        tx, endpoint_id=endpoint_id, since=since, only_undelivered=only_undelivered
    )
    if number > model.REPLAYED_MAX:
        raise TooMuchToReplay(messages=number, limit=model.REPLAYED_MAX)
    replayed = await tx.execute(
        sql.REPLAY_SINCE,
        _since(endpoint_id, since, only_undelivered=only_undelivered) | {"now": now},
    )
    await accounts.record(
        tx,
        actor=by,
        action="webhooks.endpoint_replayed",
        subject_kind=SUBJECT,
        subject_id=endpoint_id,
        after={
            "since": since.isoformat(),
            "messages": replayed,
            "only_undelivered": only_undelivered,
        },
        now=now,
    )
    return replayed


def _since(endpoint_id: UUID, since: datetime, *, only_undelivered: bool) -> dict[str, object]:
    milliseconds = max(0, int(since.timestamp() * 1000))
    return {
        "endpoint_id": endpoint_id,
        # The least id of that millisecond: ids are UUIDv7 and begin with their time.
        "from_id": UUID(int=milliseconds << 80),
        "since": since,
        "only_undelivered": only_undelivered,
    }
