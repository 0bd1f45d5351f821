"""What becomes of messages after a call: acknowledged, put off, left to a person, written anew."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import psycopg
import structlog

from hansa.modules import orders
from hansa.modules.erp.outgoing import model, store
from hansa.modules.erp.outgoing.model import (
    CONTRACT_UNSUPPORTED,
    Answer,
    Message,
    MessageKind,
    MessageState,
    Outcome,
    Outgoing,
)
from hansa.modules.erp.outgoing.queue import Cause, put_messages
from hansa.modules.erp.outgoing.rows import message_of
from hansa.modules.erp.outgoing.setup import find_outgoing
from hansa.modules.erp.outgoing.subjects import Subject
from hansa.modules.erp.rows import connection_of
from hansa.modules.erp.store.exchange import CONNECTION
from hansa.runtime.database import Database, Transaction

ERROR_CHARACTERS_MAX = 2000
_OPEN = frozenset(
    {MessageState.WAITING, MessageState.SENT, MessageState.REFUSED, MessageState.DEAD}
)
_DISCONTENT = frozenset({MessageState.WAITING, MessageState.SENT, MessageState.REFUSED})

_log = structlog.get_logger(__name__)


async def acknowledge(
    tx: Transaction,
    *,
    connection_id: UUID,
    message_ids: Sequence[UUID],
    received_at: datetime | None,
    now: datetime,
) -> list[UUID]:
    """Note that the ERP has messages, at `received_at` of its clock; give those it is news of.

    Again, late, or of a message that was set aside meanwhile: harmless. Ids that are none of this
    connection's are left out.
    """
    answers = [
        Answer(id=one, outcome=Outcome.ACCEPTED, received_at=received_at) for one in message_ids
    ]
    messages = await _lock(tx, connection_id, answers)
    source = await _source_of(tx, connection_id)
    return [
        answer.id
        for answer in _in_order(answers, messages)
        if await _acknowledge(tx, messages[answer.id], answer, source=source, now=now)
    ]


async def apply_answers(
    database: Database, *, outgoing: Outgoing, answers: Sequence[Answer], now: datetime
) -> None:
    """Take what the ERP answered to a call.

    All in one transaction; should that meet another one (each acknowledged order locks rows of the
    stock), one by one.
    """
    try:
        async with database.transaction() as tx:
            await _apply(tx, outgoing, answers, now)
    except psycopg.errors.DeadlockDetected:
        for answer in answers:
            async with database.transaction() as tx:
                await _apply(tx, outgoing, [answer], now)


async def _apply(
    tx: Transaction, outgoing: Outgoing, answers: Sequence[Answer], now: datetime
) -> None:
    messages = await _lock(tx, outgoing.connection_id, answers)
    source = await _source_of(tx, outgoing.connection_id)
    unknown = [str(one.id) for one in answers if one.id not in messages]
    if unknown:
        _log.warning("the ERP answers messages nobody sent", messages=unknown[:10])
    for answer in _in_order(answers, messages):
        message = messages[answer.id]
        if answer.outcome is Outcome.ACCEPTED:
            await _acknowledge(tx, message, answer, source=source, now=now)
        elif message.state not in _DISCONTENT:
            continue  # it was acknowledged, or a person has decided
        elif answer.outcome is Outcome.REFUSED and answer.code == CONTRACT_UNSUPPORTED:
            await _write_anew(tx, outgoing, message, answer, now)
        else:
            await _put_off(tx, outgoing, message, answer, now)


async def _source_of(tx: Transaction, connection_id: UUID) -> str:
    """Give what stock calls the numbers of a connection."""
    return connection_of(await tx.one(CONNECTION, {"id": connection_id})).source


async def _lock(
    tx: Transaction, connection_id: UUID, answers: Sequence[Answer]
) -> dict[UUID, Message]:
    rows = await tx.all(
        store.LOCK_MESSAGES,
        {"connection_id": connection_id, "ids": list({one.id for one in answers})},
    )
    return {row.id: message_of(row) for row in rows}


def _in_order(answers: Sequence[Answer], messages: dict[UUID, Message]) -> list[Answer]:
    """Give one answer a message, by subject: orders and stock are locked in that order.

    Should an ERP say two things of one message, being accepted counts: it has it then.
    """
    chosen: dict[UUID, Answer] = {}
    for answer in answers:
        if answer.id in messages and (
            answer.id not in chosen or answer.outcome is Outcome.ACCEPTED
        ):
            chosen[answer.id] = answer
    return sorted(
        chosen.values(), key=lambda one: (messages[one.id].subject_id, messages[one.id].number)
    )


async def _acknowledge(
    tx: Transaction, message: Message, answer: Answer, *, source: str, now: datetime
) -> bool:
    if message.state is MessageState.ACKNOWLEDGED:
        return False
    await tx.execute(
        store.ACKNOWLEDGE, {"id": message.id, "received_at": answer.received_at, "now": now}
    )
    if message.kind is MessageKind.ORDER:
        await orders.mark_exported(
            tx,
            order_id=message.subject_id,
            change_number=message.change_number,
            position=message.number,
            received_at=answer.received_at,
            source=source,
            now=now,
        )
    return message.state in _OPEN


async def _put_off(
    tx: Transaction, outgoing: Outgoing, message: Message, answer: Answer, now: datetime
) -> None:
    lane = {"connection_id": message.connection_id, "lane": message.lane, "number": message.number}
    if message.state is MessageState.SENT and await tx.scalar(store.IS_OVERTAKEN, lane):
        # The newer state says it all; sent again, the older one would come after it.
        note = f"{answer.code}: {answer.detail}"[:ERROR_CHARACTERS_MAX]
        await tx.execute(
            store.END,
            {"id": message.id, "state": MessageState.REPLACED, "note": note, "now": now},
        )
        return
    step = model.after(message, answer, outgoing, now)
    if step.state is MessageState.DEAD:
        _log.warning(
            "a message is left to a person",
            message=str(message.id),
            lane=message.lane,
            code=answer.code,
        )
    await tx.execute(
        store.PUT_OFF,
        {
            "id": message.id,
            "state": step.state,
            "refusals": step.refusals,
            "next_at": step.next_at,
            "error_code": answer.code[:100],
            "error": answer.detail[:ERROR_CHARACTERS_MAX],
        },
    )


async def _write_anew(
    tx: Transaction, outgoing: Outgoing, message: Message, answer: Answer, now: datetime
) -> None:
    """Write a message of a version the ERP does not take in those it does.

    The refusal proves that this id was never taken, so a new message under a new id doubles
    nothing. If only the refused version holds, the refusal counts as any other.
    """
    # As they are now: whoever called may have read the settings before they were changed.
    held = await find_outgoing(tx, connection_id=outgoing.connection_id) or outgoing
    if not set(held.versions(now)) - {message.version}:
        await _put_off(tx, outgoing, message, answer, now)
        return
    note = f"{answer.code}: {answer.detail}"[:ERROR_CHARACTERS_MAX]
    await tx.execute(
        store.END,
        {"id": message.id, "state": MessageState.REPLACED, "note": note, "now": now},
    )
    await put_messages(
        tx,
        subjects={Subject(kind=message.kind, id=message.subject_id): Cause.CONTENT},
        connection_id=outgoing.connection_id,
        without_version=message.version,
        now=now,
    )


async def write_outdated_anew(tx: Transaction, *, outgoing: Outgoing, now: datetime) -> int:
    """Write what nobody tried to send, in versions that are over, in those that hold now."""
    over = [one.version for one in outgoing.contracts if one.ends_at and one.ends_at <= now]
    if not over or not outgoing.versions(now):
        return 0
    rows = await tx.all(
        store.OUTDATED,
        {"connection_id": outgoing.connection_id, "versions": over, "limit": 200},
    )
    if not rows:
        return 0
    for row in rows:
        await tx.execute(
            store.END,
            {"id": row.id, "state": MessageState.REPLACED, "note": "contract", "now": now},
        )
    subjects = {
        Subject(kind=MessageKind(row.kind), id=row.subject_id): Cause.CONTENT for row in rows
    }
    await put_messages(tx, subjects=subjects, connection_id=outgoing.connection_id, now=now)
    return len(rows)


async def note_failure(
    database: Database,
    *,
    outgoing: Outgoing,
    message: Message,
    code: str,
    reason: str,
    answered_at: datetime | None,
    now: datetime,
) -> None:
    """Hold a failed call of its own against a message: others have their turn before it.

    `answered_at` is when the ERP last answered anything.
    """
    last = message.failed_at
    async with database.transaction() as tx:
        await tx.execute(
            store.NOTE_FAILURE,
            {
                "id": message.id,
                "next_at": now + outgoing.pause(message.failures + 1),
                "error_code": code[:100],
                "error": reason[:ERROR_CHARACTERS_MAX],
                "tries_max": outgoing.refusals_max,
                "is_blamed": last is None or (answered_at is not None and answered_at > last),
                "now": now,
            },
        )


async def suspect(database: Database, *, messages: Sequence[Message], now: datetime) -> None:
    """Have messages that were refused as a whole call sent one by one."""
    async with database.transaction() as tx:
        await tx.execute(store.SUSPECT, {"ids": sorted(one.id for one in messages), "now": now})


async def note_sent(database: Database, *, messages: Sequence[Message]) -> None:
    """Note that a broker has messages."""
    async with database.transaction() as tx:
        await tx.execute(store.NOTE_SENT, {"ids": sorted(one.id for one in messages)})
