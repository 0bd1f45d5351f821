"""Taking a batch: cut into short transactions, each answering its rows.

One bad row never spoils the others: what a transaction refuses as a whole is tried again by halves
under savepoints, until the bad row stands alone. Between two transactions the batch steps aside, so
that pages and other writers get their share.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import psycopg

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.modules.erp.importing.desk import Desk
from hansa.modules.erp.model import Connection
from hansa.modules.erp.rest import heard as last_words
from hansa.modules.erp.rest.batches import Opening, close_batch, open_batch
from hansa.modules.erp.rest.errors import (
    ClockAhead,
    NotOwned,
    OutOfOrder,
    SequenceReused,
    ValueOutOfRange,
)
from hansa.modules.erp.rest.intake import Intake, Message, desk_for
from hansa.modules.erp.rest.kind import Kind
from hansa.modules.erp.rest.kinds import KINDS
from hansa.modules.erp.rest.model import AHEAD_MAX, Fate, Outcome, Verdict, judge
from hansa.modules.erp.rest.rows import RawRow, in_order, read_row
from hansa.modules.erp.rest.turns import Turns
from hansa.modules.erp.rest.waiting import take_arrived
from hansa.modules.erp.rows import connection_of
from hansa.modules.erp.store import incoming as sql
from hansa.modules.erp.store.exchange import CONNECTION
from hansa.runtime.context import Context
from hansa.runtime.database import Database, Transaction

STEP_ASIDE_SHARE = 2.0
STEP_ASIDE_SECONDS_MAX = 0.25
TRIES = 3

T = TypeVar("T")

_DEADLOCKED = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
_REFUSED_BY_DATABASE = (psycopg.DataError, psycopg.IntegrityError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who sends what: a batch of rows of a kind, and how its answer is written."""

    opening: Opening
    connection: Connection
    kind: Kind[Any]
    render: Callable[["Call", "Taken"], bytes]

    @property
    def now(self) -> datetime:
        """The instant at which the batch came in."""
        return self.opening.now


@dataclass(slots=True, kw_only=True)
class Taken:
    """What became of a batch."""

    batch_id: UUID
    fates: Sequence[Fate]
    counts: Counter[str] = field(default_factory=Counter)

    def count(self) -> None:
        """Count the rows by what became of them."""
        self.counts = Counter(str(fate.outcome) for fate in self.fates)
        self.counts["rows"] = len(self.fates)
        noted = sum(1 for fate in self.fates if fate.notes)
        if noted:
            self.counts["noted"] = noted


class Answered(NamedTuple):
    """The answer of a batch; `is_repeat`: it was given before under the same key."""

    answer: bytes
    is_repeat: bool


class _Undo(Exception):
    """Rolls a dry run back."""


async def take_batch(
    context: Context, call: Call, rows: Sequence[RawRow], fates: Sequence[Fate]
) -> Answered:
    """Apply the rows of a batch and answer each. A dry run is rolled back at its end.

    Raises:
        KeyReused, StillRunning: the call's key came before.
        psycopg.OperationalError: the database is away; what was committed stays, and the same batch
            may be sent again.
    """
    chunks = _chunks(call.kind, rows)
    if len(chunks) <= 1 and not call.opening.is_dry_run:
        return await _take_at_once(context, call, chunks, fates)
    async with context.database.transaction() as tx:
        batch_id, kept = await open_batch(tx, call.opening)
    if kept is not None:
        return Answered(kept, is_repeat=True)
    intake = _intake(call, batch_id)
    if call.opening.is_dry_run:
        await _rehearse(context, call, intake, chunks)
    else:
        await _perform(context, call, intake, chunks)
    async with context.database.transaction() as tx:
        answer = await _finish(tx, call, intake, fates, now=context.clock.now())
    return Answered(answer, is_repeat=False)


async def _take_at_once(
    context: Context, call: Call, chunks: Sequence[Sequence[RawRow]], fates: Sequence[Fate]
) -> Answered:
    """Take a small batch in one transaction."""
    messages = [message for chunk in chunks for message in _read(call, chunk)]
    turns = context.service(Turns)

    async def attempt() -> Answered:
        async with turns.free, context.database.transaction() as tx:
            batch_id, kept = await open_batch(tx, call.opening)
            if kept is not None:
                return Answered(kept, is_repeat=True)
            intake = _intake(call, batch_id)
            await _take_chunk(tx, call, intake, messages)
            answer = await _finish(tx, call, intake, fates, now=context.clock.now())
            return Answered(answer, is_repeat=False)

    return await _again_if_deadlocked(attempt, messages)


async def _finish(
    tx: Transaction, call: Call, intake: Intake, fates: Sequence[Fate], *, now: datetime
) -> bytes:
    """Write down what became of the batch; give its answer."""
    for fate in fates:
        if fate.outcome is Outcome.REFUSED and not fate.is_logged:
            intake.log(fate)
    await intake.desk.write_log(tx, now=call.now)
    taken = Taken(batch_id=intake.batch_id, fates=fates)
    taken.count()
    answer = call.render(call, taken)
    await close_batch(
        tx,
        batch_id=intake.batch_id,
        counts=dict(+taken.counts),
        answer=answer if call.opening.idempotency_key is not None else None,
        now=now,
    )
    return answer


def _intake(call: Call, batch_id: UUID) -> Intake:
    return Intake(
        connection=call.connection,
        kind=call.kind.name,
        batch_id=batch_id,
        now=call.now,
        desk=desk_for(call.connection, batch_id=batch_id, kind=call.kind.name, now=call.now),
        is_dry_run=call.opening.is_dry_run,
    )


async def _perform(
    context: Context, call: Call, intake: Intake, chunks: Sequence[Sequence[RawRow]]
) -> None:
    clock = asyncio.get_running_loop().time
    for number, chunk in enumerate(chunks):
        began = clock()
        await _take_chunk_alone(context, call, intake, chunk)
        if number + 1 < len(chunks):
            pause = (clock() - began) * STEP_ASIDE_SHARE
            await asyncio.sleep(min(pause, STEP_ASIDE_SECONDS_MAX))


async def _take_chunk_alone(
    context: Context, call: Call, intake: Intake, chunk: Sequence[RawRow]
) -> None:
    messages = _read(call, chunk)
    mark, logged = intake.mark(), intake.logged
    turns = context.service(Turns)

    async def attempt() -> None:
        intake.go_back(mark, messages)
        intake.logged = logged
        async with turns.free, context.database.transaction() as tx:
            await _take_chunk(tx, call, intake, messages)
            await intake.desk.write_log(tx, now=call.now)

    await _again_if_deadlocked(attempt, messages)


async def _again_if_deadlocked(
    attempt: Callable[[], Awaitable[T]], messages: Sequence[Message[Any]]
) -> T:
    """Try anew when others were met crosswise: their locks are in another order than ours."""
    for _ in range(TRIES - 1):
        try:
            return await attempt()
        except _DEADLOCKED:
            for message in messages:
                message.fate.forget()
    return await attempt()


async def _rehearse(
    context: Context, call: Call, intake: Intake, chunks: Sequence[Sequence[RawRow]]
) -> None:
    """Do everything in one transaction and undo it."""
    turns = context.service(Turns)
    try:
        async with turns.free, context.database.transaction() as tx:
            for chunk in chunks:
                await _take_chunk(tx, call, intake, _read(call, chunk))
            raise _Undo  # noqa: TRY301 - what ends the transaction
    except _Undo:
        pass


def _chunks(kind: Kind[Any], rows: Sequence[RawRow]) -> list[list[RawRow]]:
    """Cut rows into transactions: each key once in each, in the order of its sequences."""
    chunks: list[list[RawRow]] = []
    for group in (
        [row for row in rows if kind.first(row.fate.key)],
        [row for row in rows if not kind.first(row.fate.key)],
    ):
        for round_ in in_order(group):
            chunk: list[RawRow] = []
            weight = 0
            for row in round_:
                if chunk and (
                    len(chunk) >= kind.rows_per_transaction
                    or weight + row.weight > kind.bytes_per_transaction
                ):
                    chunks.append(chunk)
                    chunk, weight = [], 0
                chunk.append(row)
                weight += row.weight
            if chunk:
                chunks.append(chunk)
    return chunks


def _read(call: Call, chunk: Sequence[RawRow]) -> list[Message[Any]]:
    decoder, kind = call.kind.decoder, call.kind
    messages: list[Message[Any]] = []
    latest = call.now + AHEAD_MAX
    for raw in chunk:
        row = read_row(raw, decoder, kind.row)
        if row is None:
            continue
        as_of = call.now
        if row.as_of is not None:
            as_of = row.as_of
            if as_of.tzinfo is None:
                as_of = call.connection.instant(as_of)
        if as_of > latest:
            raw.fate.refuse(ClockAhead(), "as_of")
            continue
        if kind.owned and not call.connection.owns(kind.owned):
            raw.fate.refuse(NotOwned(kind.owned))
            continue
        messages.append(
            Message(
                fate=raw.fate,
                kind=kind.name,
                row=row,
                as_of=as_of,
                digest=last_words.digest_of_row(row),
                takes=kind.parts(row),
            )
        )
    return messages


async def _take_chunk(
    tx: Transaction, call: Call, intake: Intake, messages: Sequence[Message[Any]]
) -> None:
    await tx.execute(sql.LOCK_CONNECTION, {"connection_id": call.connection.id})
    news = await _sift(tx, call, messages)
    await apply_safely(tx, intake, call.kind, news)
    await last_words.keep(
        tx,
        connection_id=call.connection.id,
        kind=call.kind,
        messages=[one for one in news if one.fate.outcome is not Outcome.REFUSED],
        now=call.now,
    )
    await intake.keep_waiting(tx)
    await take_arrived(tx, intake, apply_safely, KINDS)
    for message in messages:
        intake.log(message.fate)


async def _sift(
    tx: Transaction, call: Call, messages: Sequence[Message[Any]]
) -> list[Message[Any]]:
    """Give the rows that are news; say of the others why they are none."""
    heard = await last_words.load(
        tx,
        connection_id=call.connection.id,
        kind=call.kind.name,
        keys=[message.row.key for message in messages],
    )
    news = []
    for message in messages:
        message.takes = call.kind.parts(message.row)
        known = message.heard = heard.get(message.row.key)
        verdict, takes = judge(
            known, sequence=message.row.sequence, digest=message.digest, parts=message.takes
        )
        fate = message.fate
        if verdict is Verdict.NEWS:
            message.takes = takes
            news.append(message)
        elif verdict is Verdict.DUPLICATE:
            fate.settle(Outcome.DUPLICATE)
        elif verdict is Verdict.REUSED:
            fate.refuse(SequenceReused(message.row.sequence), "sequence")
        else:
            assert known is not None
            fate.settle(Outcome.STALE, OutOfOrder(known.sequence), "sequence")
    return news


async def apply_safely(
    tx: Transaction, intake: Intake, kind: Kind[Any], messages: Sequence[Message[Any]]
) -> None:
    """Apply rows; if they cannot be applied together, find the bad ones by halves."""
    if not messages:
        return
    mark = intake.mark()
    try:
        async with tx.connection.transaction():
            await kind.apply(tx, intake, messages)
    except (HansaError, *_REFUSED_BY_DATABASE) as error:
        intake.go_back(mark, messages)
        if len(messages) == 1:
            refusal = error if isinstance(error, HansaError) else ValueOutOfRange()
            messages[0].fate.refuse(refusal)
            return
        middle = len(messages) // 2
        await apply_safely(tx, intake, kind, messages[:middle])
        await apply_safely(tx, intake, kind, messages[middle:])
        return
    for message in messages:
        assert message.fate.outcome is not None, f"{kind.name} left a row without an answer"


async def take_what_arrived(tx: Transaction, desk: Desk, *, now: datetime) -> None:
    """Take the rows that waited for goods a file has brought; the connection must be locked."""
    if not desk.arrived:
        return
    intake = Intake(
        connection=desk.connection,
        kind="",
        batch_id=desk.file.id,
        now=now,
        desk=desk,
        arrived=desk.arrived,
    )
    desk.arrived = []
    await take_arrived(tx, intake, apply_safely, KINDS)


async def wake_waiting(database: Database, *, now: datetime) -> None:
    """Take rows whose items have become known by other ways than a row or a file."""
    async with database.snapshot(single=True) as snap:
        found = await snap.all(sql.COULD_BE_TAKEN)
    for row in found:
        async with database.transaction() as tx:
            await tx.execute(sql.LOCK_CONNECTION, {"connection_id": row.connection_id})
            connection = connection_of(await tx.one(CONNECTION, {"id": row.connection_id}))
            desk = desk_for(connection, batch_id=new_id(now), kind="waiting", now=now)
            desk.arrived = list(row.arrived)
            await take_what_arrived(tx, desk, now=now)
            await desk.write_log(tx, now=now)
