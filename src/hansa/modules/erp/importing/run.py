"""The import of one file: read ahead in a thread, apply batch by batch, go on after a crash.

A batch is one short transaction that also moves the file's position, under the lock of the file's
row: after a kill the next run goes on behind the last batch that was committed, exactly once.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO, TypeVar, cast
from uuid import UUID

from hansa.contracts.erp import FileImported
from hansa.kernel.errors import HansaError, Invalid, NotFound
from hansa.modules.erp import commerceml, model
from hansa.modules.erp.commerceml import (
    Document,
    FileHeader,
    Group,
    MalformedFile,
    Offer,
    PriceType,
    Product,
    Property,
    Record,
    Refusal,
    Warehouse,
)
from hansa.modules.erp.importing import content, dictionaries, documents, goods, offers, owning
from hansa.modules.erp.importing.desk import Desk
from hansa.modules.erp.jobs_data import AttachPictures, FinishExchange
from hansa.modules.erp.model import FileState, ImportedFile
from hansa.modules.erp.rest import waiting
from hansa.modules.erp.rest.run import take_what_arrived
from hansa.modules.erp.rows import connection_of, file_of, to_json
from hansa.modules.erp.store import exchange as sql
from hansa.runtime.context import Context
from hansa.runtime.database import Transaction

K = TypeVar("K")

RECORDS_PER_BATCH = 2_000
LEVELS_PER_BATCH = 8_000
PRODUCTS_PER_PICTURE_JOB = 50


class _Batches:
    """Cuts the stream of records into batches; a fault of the file comes after what was good."""

    def __init__(self, stream: BinaryIO, *, skip: int) -> None:
        self._records: Iterator[Record | Refusal] = commerceml.read(stream, skip=skip)
        self._held: Record | Refusal | None = None
        self._fault: MalformedFile | None = None

    def next(self) -> tuple[list[Record | Refusal], MalformedFile | None]:
        """Give the next batch; empty at the end, with the fault if the file broke off.

        Refusals of parts stay in the batch of their record. A new section begins a new batch.
        """
        batch: list[Record | Refusal] = [self._held] if self._held is not None else []
        self._held = None
        levels = 0
        try:
            while self._fault is None:
                record = next(self._records)
                follows = bool(batch) and record.ordinal == batch[-1].ordinal
                is_header = isinstance(record, FileHeader)
                enough = len(batch) >= RECORDS_PER_BATCH or levels >= LEVELS_PER_BATCH
                if batch and (
                    (is_header and not _is_only_headers(batch)) or (enough and not follows)
                ):
                    self._held = record
                    return batch, None
                batch.append(record)
                if isinstance(record, Offer) and record.stock:
                    levels += len(record.stock)
        except StopIteration:
            return batch, None
        except MalformedFile as error:
            # Its traceback holds the parser, which belongs to this thread.
            self._fault = error.with_traceback(None)
        if batch:
            return batch, None
        return [], self._fault

    def close(self) -> None:
        """Let go of the parser, in the thread that used it."""
        self._records = iter(())


def _is_only_headers(batch: list[Record | Refusal]) -> bool:
    return all(isinstance(record, FileHeader) for record in batch)


async def run_import(context: Context, file_id: UUID) -> None:
    """Import a file from where it stands to its end, or to the fault that ends it."""
    desk = await _begin(context, file_id)
    if desk is None:
        return
    try:
        async with content.opened(context, desk.file) as path:
            with path.open("rb") as stream:
                fault = await _import(context, desk, stream)
    except (Invalid, NotFound) as error:
        fault = error
    await _finish(context, desk, fault)


async def _begin(context: Context, file_id: UUID) -> Desk | None:
    async with context.database.transaction() as tx:
        row = await tx.maybe(sql.LOCK_FILE, {"id": file_id})
        if row is None or row.state not in {FileState.WAITING, FileState.IMPORTING}:
            return None
        file = file_of(row)
        connection = connection_of(await tx.one(sql.CONNECTION, {"id": file.connection_id}))
        await tx.execute(
            sql.START_FILE,
            {"id": file_id, "state": FileState.IMPORTING, "now": context.clock.now()},
        )
    return Desk(connection, replace(file, state=FileState.IMPORTING))


async def _import(context: Context, desk: Desk, stream: BinaryIO) -> HansaError | None:
    batches = _Batches(stream, skip=desk.file.position)
    loop = asyncio.get_running_loop()
    # One thread for all of it, its end included: an lxml parser must not wander between threads.
    with ThreadPoolExecutor(1, thread_name_prefix="erp-read") as reader:
        reading = loop.run_in_executor(reader, batches.next)
        try:
            while True:
                batch, fault = await reading
                if not batch:
                    return fault
                # The next batch is parsed while this one is written.
                reading = loop.run_in_executor(reader, batches.next)
                if not await _apply_in_transaction(context, desk, batch):
                    return None
        finally:
            await asyncio.wait([reading])
            await loop.run_in_executor(reader, batches.close)


async def _apply_in_transaction(
    context: Context, desk: Desk, batch: list[Record | Refusal]
) -> bool:
    """Apply a batch; False when another run has overtaken this one."""
    now = context.clock.now()
    async with context.database.transaction() as tx:
        held = file_of(await tx.one(sql.LOCK_FILE, {"id": desk.file.id}))
        if held.position != desk.file.position or held.state is not FileState.IMPORTING:
            return False
        await waiting.lock(tx, desk.connection)
        await apply(tx, desk, batch, now=now)
        await take_what_arrived(tx, desk, now=now)
        position = max(desk.file.position, *(record.ordinal for record in batch))
        desk.counts["records"] = position
        await desk.write_log(tx, now=now)
        await _ask_for_pictures(tx, desk)
        await tx.execute(
            sql.SAVE_PROGRESS,
            {
                "id": desk.file.id,
                "position": position,
                "counts": to_json(+desk.counts),
                "facts": to_json(desk.facts),
                "formed_at": desk.as_of if desk.header and desk.header.formed_at else None,
                "is_full": bool(desk.facts.get("is_full")),
                "now": now,
            },
        )
    desk.file = replace(desk.file, position=position)
    return True


async def apply(  # noqa: C901 - one line a kind of record
    tx: Transaction, desk: Desk, batch: list[Record | Refusal], *, now: datetime
) -> None:
    """Apply the records of a batch, what others point to first."""
    by_kind: dict[type, list[Record | Refusal]] = {}
    for record in batch:
        by_kind.setdefault(type(record), []).append(record)
    for header in by_kind.get(FileHeader, ()):
        assert isinstance(header, FileHeader)
        desk.header = header
        if not header.changes_only:
            desk.facts["is_full"] = True
    for refusal in by_kind.get(Refusal, ()):
        assert isinstance(refusal, Refusal)
        desk.refused_row(refusal)
    if (groups := _all(by_kind, Group)) and owning.owned(desk, "groups"):
        await dictionaries.apply_groups(tx, desk, groups, now=now)
    if (properties := _all(by_kind, Property)) and owning.owned(desk, "attributes"):
        await dictionaries.apply_properties(tx, desk, properties, now=now)
    if price_types := _all(by_kind, PriceType):
        listed = dictionaries.retail_first(price_types)
        await dictionaries.ensure_price_types(tx, desk, listed, now=now)
    if warehouses := _all(by_kind, Warehouse):
        await dictionaries.ensure_warehouses(tx, desk, warehouses, now=now)
    if products := _all(by_kind, Product):
        await goods.apply_products(tx, desk, products, now=now)
    if offered := _all(by_kind, Offer):
        await offers.apply_offers(tx, desk, offered, now=now)
    if papers := _all(by_kind, Document):
        await documents.apply_documents(tx, desk, papers, now=now)


def _all(by_kind: dict[type, list[Record | Refusal]], kind: type[K]) -> list[K]:
    return cast("list[K]", by_kind.get(kind, []))


async def _ask_for_pictures(tx: Transaction, desk: Desk) -> None:
    wanted, desk.pictures = desk.pictures, []
    for start in range(0, len(wanted), PRODUCTS_PER_PICTURE_JOB):
        part = wanted[start : start + PRODUCTS_PER_PICTURE_JOB]
        await tx.enqueue(
            AttachPictures(
                file_id=desk.file.id,
                product_ids=tuple(one for one, _, _ in part),
                titles=tuple(title for _, title, _ in part),
                names=tuple(names for _, _, names in part),
            )
        )


async def _finish(context: Context, desk: Desk, fault: HansaError | None) -> None:
    now = context.clock.now()
    async with context.database.transaction() as tx:
        held = file_of(await tx.one(sql.LOCK_FILE, {"id": desk.file.id}))
        if held.state is not FileState.IMPORTING or held.position != desk.file.position:
            return
        counts = +desk.counts
        await tx.execute(
            sql.FINISH_FILE,
            {
                "id": desk.file.id,
                "state": FileState.DONE if fault is None else FileState.FAILED,
                "counts": to_json(counts),
                "error_code": None if fault is None else fault.code,
                "error": None if fault is None else str(fault),
                "now": now,
            },
        )
        await tx.publish(
            FileImported(
                connection_id=desk.connection.id,
                file_id=desk.file.id,
                name=desk.file.name,
                is_done=fault is None,
                counts=dict(counts),
                finished_at=now,
            )
        )
        if fault is None and _is_whole_alone(desk.file, desk):
            await tx.enqueue(
                FinishExchange(
                    connection_id=desk.connection.id,
                    exchange_id=desk.file.exchange_id,
                    file_id=desk.file.id,
                )
            )


def _is_whole_alone(file: ImportedFile, desk: Desk) -> bool:
    """Say whether what a full file leaves out may be taken away without waiting for others."""
    return bool(desk.facts.get("is_full")) and not model.is_portion(file.name)
