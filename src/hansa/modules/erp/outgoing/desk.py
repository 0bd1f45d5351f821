"""What a person does with messages: try again, discard, send a range of days once more."""

from datetime import datetime
from uuid import UUID

from hansa.modules import accounts, orders
from hansa.modules.erp import rows
from hansa.modules.erp.model import NoConnection
from hansa.modules.erp.outgoing import store
from hansa.modules.erp.outgoing.jobs_data import QueueAgain
from hansa.modules.erp.outgoing.model import (
    Message,
    MessageEnded,
    MessageKind,
    MessageState,
    NoOutgoing,
    NoSuchMessage,
)
from hansa.modules.erp.outgoing.rows import message_of
from hansa.modules.erp.outgoing.setup import find_outgoing
from hansa.modules.erp.store import exchange as exchange_sql
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

NOTE_CHARACTERS_MAX = 500
_CHUNK = 100
_ENDED = frozenset({MessageState.ACKNOWLEDGED, MessageState.REPLACED, MessageState.DISCARDED})


async def replay(
    tx: Transaction,
    *,
    connection_id: UUID,
    message_id: UUID | None = None,
    error_code: str | None = None,
    by: Actor,
    now: datetime,
) -> int:
    """Have dead and refused messages sent again at once, as they are: one, or all of a reason.

    Gives how many; written to the audit log.
    """
    number = await tx.execute(
        store.REPLAY,
        {
            "connection_id": connection_id,
            "id": message_id,
            "error_code": error_code,
            "now": now,
        },
    )
    if number:
        await accounts.record(
            tx,
            actor=by,
            action="erp.messages_replayed",
            subject_kind="erp_connection" if message_id is None else "erp_message",
            subject_id=message_id or connection_id,
            after={"messages": number, "reason": error_code or ""},
            now=now,
        )
        await tx.all(store.RING)
    return number


async def discard(
    tx: Transaction, *, message_id: UUID, reason: str, by: Actor, now: datetime
) -> Message:
    """Give a message up, so that what is behind it goes on; written to the audit log.

    Raises:
        NoSuchMessage: there is none.
        MessageEnded: it needs nothing any more.
    """
    row = await tx.maybe(store.MESSAGE, {"id": message_id})
    if row is None:
        raise NoSuchMessage
    locked = await tx.one(
        store.LOCK_MESSAGES, {"connection_id": row.connection_id, "ids": [message_id]}
    )
    message = message_of(locked)
    if message.state in _ENDED:
        raise MessageEnded(message.state)
    note = reason[:NOTE_CHARACTERS_MAX]
    await tx.execute(
        store.END, {"id": message.id, "state": MessageState.DISCARDED, "note": note, "now": now}
    )
    await accounts.record(
        tx,
        actor=by,
        action="erp.message_discarded",
        subject_kind="erp_message",
        subject_id=message.id,
        before={"state": message.state, "number": message.number, "lane": message.lane},
        after={"reason": note},
        now=now,
    )
    await tx.all(store.RING)
    return message


async def resend(
    tx: Transaction,
    *,
    connection_id: UUID,
    kind: str | None,
    since: datetime,
    until: datetime,
    now: datetime,
) -> int:
    """Queue orders placed in `[since, until)`, and their customers, once more as they stand now.

    `kind` takes one of the two alone. They get new messages with new ids, written by jobs; the
    answer is how many subjects they are about.

    Raises:
        NoConnection: there is no such connection.
        NoOutgoing: nothing leaves by it.
    """
    outgoing = await find_outgoing(tx, connection_id=connection_id)
    row = await tx.maybe(exchange_sql.CONNECTION, {"id": connection_id})
    if row is None:
        raise NoConnection
    if outgoing is None:
        raise NoOutgoing
    wanted = orders.OrderFilter(
        market=rows.connection_of(row).market, placed_from=since, placed_until=min(until, now)
    )
    found: dict[MessageKind, dict[UUID, None]] = {
        MessageKind.CUSTOMER: {},
        MessageKind.ORDER: {},
    }
    async for page in orders.stream_orders(tx, wanted=wanted):
        for order in page:
            found[MessageKind.ORDER][order.id] = None
            if order.party_id is not None:
                found[MessageKind.CUSTOMER][order.party_id] = None
    number = 0
    for one, ids in found.items():
        if one not in outgoing.kinds or kind not in {None, one}:
            continue
        listed = list(ids)
        for start in range(0, len(listed), _CHUNK):
            chunk = tuple(listed[start : start + _CHUNK])
            await tx.enqueue(
                QueueAgain(connection_id=connection_id, kind=one.value, subject_ids=chunk)
            )
        number += len(listed)
    return number
