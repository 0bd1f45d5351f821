"""Writing messages: what happened, for every endpoint of the owner that wants to know."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hansa.kernel.identifiers import new_id
from hansa.modules.webhooks import model, writing
from hansa.modules.webhooks.model import EndpointOff, EndpointState, NewMessage
from hansa.modules.webhooks.operations import lock_endpoint
from hansa.modules.webhooks.store import endpoints as endpoints_sql
from hansa.modules.webhooks.store import messages as sql
from hansa.runtime.database import Row, Transaction

SOURCE = "/webhooks"


async def send(  # noqa: PLR0913 - the attributes of an event
    tx: Transaction,
    *,
    owner: UUID,
    type: str,  # noqa: A002 - the attribute of a CloudEvent
    subject: str,
    data: object,
    occurred_at: datetime,
    source: str,
    now: datetime,
    key: str | None = None,
) -> int:
    """Write a message to each endpoint of an owner that wants events of this type.

    They leave after the commit. With a `key`, what has it already changes nothing, for as long as
    messages are kept. Gives how many were written.

    Raises:
        MessageInvalid: it cannot be written as a CloudEvent.
    """
    new = NewMessage(
        owner=owner,
        type=type,
        subject=subject,
        data=data,
        occurred_at=occurred_at,
        source=source,
        key=key,
    )
    return await send_many(tx, [new], now=now)


async def send_many(tx: Transaction, messages: Sequence[NewMessage], *, now: datetime) -> int:
    """Write many messages, of any owners, by one statement; see `send`.

    Raises:
        MessageInvalid: one cannot be written as a CloudEvent; none is written then.
    """
    for new in messages:
        model.check_message(new)
    endpoints = await _endpoints_of(tx, {new.owner for new in messages}, now)
    wanted: list[tuple[Row, NewMessage, bytes]] = []
    for new in messages:
        to = [one for one in endpoints[new.owner] if model.wants(one.event_types, new.type)]
        data = writing.data_of(new) if to else b""
        wanted += [(endpoint, new, data) for endpoint in to]
    return await _add(tx, wanted, now) if wanted else 0


async def send_test(
    tx: Transaction, *, endpoint_id: UUID, owner: UUID | None = None, now: datetime
) -> UUID:
    """Write a message of type `webhooks.ping` to an endpoint, whatever it wants; give its id.

    Raises:
        NoSuchEndpoint: there is none.
        EndpointOff: it is disabled.
    """
    endpoint = await lock_endpoint(tx, endpoint_id=endpoint_id, owner=owner)
    if endpoint.state is not EndpointState.ACTIVE:
        raise EndpointOff
    new = NewMessage(
        owner=endpoint.owner_id,
        type=model.PING,
        subject=str(endpoint_id),
        data={"endpoint": endpoint_id},
        occurred_at=now,
        source=SOURCE,
    )
    message_id = new_id(now)
    await _write(tx, [message_id], [(endpoint, new, writing.data_of(new))], now)
    return message_id


async def _endpoints_of(
    tx: Transaction, owners: set[UUID], now: datetime
) -> defaultdict[UUID, list[Row]]:
    found: defaultdict[UUID, list[Row]] = defaultdict(list)
    for row in await tx.all(
        endpoints_sql.ENDPOINTS_OF_OWNERS,
        {"owner_ids": sorted(owners), "collected_after": now - model.COLLECTED_FOR},
    ):
        found[row.owner_id].append(row)
    return found


async def _add(
    tx: Transaction, wanted: Sequence[tuple[Row, NewMessage, bytes]], now: datetime
) -> int:
    return await _write(tx, [new_id(now) for _ in wanted], wanted, now)


async def _write(
    tx: Transaction,
    ids: Sequence[UUID],
    wanted: Sequence[tuple[Row | model.Endpoint, NewMessage, bytes]],
    now: datetime,
) -> int:
    return await tx.execute(
        sql.ADD_MESSAGES,
        {
            "ids": list(ids),
            "endpoint_ids": [endpoint.id for endpoint, _, _ in wanted],
            "owner_ids": [endpoint.owner_id for endpoint, _, _ in wanted],
            "keys": [new.key for _, new, _ in wanted],
            "types": [new.type for _, new, _ in wanted],
            "subjects": [new.subject for _, new, _ in wanted],
            "bodies": [
                writing.body_of(message_id, new, data)
                for message_id, (_, new, data) in zip(ids, wanted, strict=True)
            ],
            "are_active": [
                endpoint.state == EndpointState.ACTIVE.value for endpoint, _, _ in wanted
            ],
            "now": now,
        },
    )
