"""Batches: their rows in the table, their answers, and the same call twice."""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from hansa.kernel.errors import NotFound
from hansa.modules.erp.rest.model import Batch
from hansa.modules.erp.store import incoming as sql
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http.idempotency import KeyReused, StillRunning

RUNNING_AT_MOST = timedelta(minutes=1)
"""A batch that runs for longer has died: its repeat takes its place. Rows tell repeats apart."""


class NoSuchBatch(NotFound):
    """There is no such batch."""

    code = "erp.no_such_batch"
    message = "There is no such batch."


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A batch as it comes in."""

    id: UUID
    connection_id: UUID
    kind: str
    key_id: UUID
    address: str
    is_dry_run: bool
    body: bytes
    idempotency_key: str | None
    now: datetime


async def open_batch(tx: Transaction, opening: Opening) -> tuple[UUID, bytes | None]:
    """Write the batch down; give its id, and the answer if it came before with the same key.

    Raises:
        KeyReused: the key came before with another content.
        StillRunning: the first call with the key is being worked on.
    """
    key = opening.idempotency_key
    digest = None
    if key is not None:
        head = f"{opening.kind} {opening.is_dry_run} ".encode()
        digest = hashlib.sha256(head + opening.body).digest()
    is_new = await tx.execute(
        sql.OPEN_BATCH,
        {
            "id": opening.id,
            "connection_id": opening.connection_id,
            "kind": opening.kind,
            "key_id": opening.key_id,
            "idempotency_key": key,
            "digest": digest,
            "address": opening.address,
            "is_dry_run": opening.is_dry_run,
            "size_bytes": len(opening.body),
            "now": opening.now,
        },
    )
    if is_new:
        return opening.id, None
    named = {"connection_id": opening.connection_id, "idempotency_key": key}
    held = await tx.one(sql.BATCH_OF_KEY, named)
    if bytes(held.digest) != digest:
        raise KeyReused
    if held.state == "done":
        return held.id, zlib.decompress(held.answer)
    again = {"id": held.id, "now": opening.now, "before": opening.now - RUNNING_AT_MOST}
    if not await tx.execute(sql.REOPEN_BATCH, again):
        raise StillRunning
    return held.id, None


async def close_batch(
    tx: Transaction,
    *,
    batch_id: UUID,
    counts: Mapping[str, int],
    answer: bytes | None,
    now: datetime,
) -> None:
    """Write down what became of a batch; the answer is kept if the call may be repeated."""
    await tx.execute(
        sql.CLOSE_BATCH,
        {
            "id": batch_id,
            "counts": msgspec.json.encode(counts).decode(),
            "answer": None if answer is None else zlib.compress(answer, 1),
            "now": now,
        },
    )


async def list_batches(
    snap: Snapshot,
    *,
    connection_id: UUID,
    kind: str | None = None,
    only_refused: bool = False,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> tuple[Batch, ...]:
    """Give batches, the newest first; `before` is (received_at, id) of the last one seen."""
    rows = await snap.all(
        sql.BATCHES,
        {
            "connection_id": connection_id,
            "kind": kind,
            "only_refused": only_refused,
            "before_at": None if before is None else before[0],
            "before_id": None if before is None else before[1],
            "limit": limit,
        },
    )
    return tuple(Batch(**row._asdict()) for row in rows)


async def get_batch(snap: Snapshot, *, batch_id: UUID) -> Batch:
    """Give a batch.

    Raises:
        NoSuchBatch: there is none.
    """
    row = await snap.maybe(sql.BATCH, {"id": batch_id})
    if row is None:
        raise NoSuchBatch
    return Batch(**row._asdict())
