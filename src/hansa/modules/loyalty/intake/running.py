"""Runs: records of one source, from its beginning or from where a run was broken off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import structlog

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.modules.loyalty.intake import queries
from hansa.modules.loyalty.intake.facts import facts_of
from hansa.modules.loyalty.intake.mapping import Engine
from hansa.modules.loyalty.intake.model import Feed, FeedInvalid, ItemState, RunState
from hansa.modules.loyalty.intake.reading import Chunks, Found, SourceBroken, read_records
from hansa.modules.loyalty.intake.recording import Place, Recorder
from hansa.modules.loyalty.intake.store import feeds as feeds_sql
from hansa.modules.loyalty.intake.store import runs as sql
from hansa.modules.loyalty.intake.wiring import Intake
from hansa.modules.loyalty.intake.working import Result, Worker
from hansa.runtime.context import Context
from hansa.runtime.database import Row, Transaction

BATCH_RECORDS = 200

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A feed ready to work."""

    context: Context
    feed: Feed
    engine: Engine
    worker: Worker
    recorder: Recorder

    # -- runs --------------------------------------------------------------------------------------

    async def begin(
        self, tx: Transaction, *, source: str, file: str = "", body: bytes = b""
    ) -> Row:
        """Begin the run of a source, or give the one it has."""
        sealer = self.context.service(Intake).sealer
        now = self.context.clock.now()
        await tx.execute(
            sql.BEGIN_RUN,
            {
                "id": new_id(now),
                "feed_id": self.feed.id,
                "source": source,
                "file": file,
                "body": sealer.seal(body) if body else None,
                "mapping_version": self.feed.mapping_version,
                "now": now,
            },
        )
        return await tx.one(sql.GET_RUN_OF_SOURCE, {"feed_id": self.feed.id, "source": source})

    async def carry_out(self, run: Row, chunks: Chunks) -> None:
        """Take in a source, behind the place up to which it was taken in before.

        Raises:
            Unavailable: points or the database are away; the run goes on later.
        """
        place = Place(run.id, run.position, set(run.warnings))
        batch: list[Found] = []
        failure: SourceBroken | None = None
        ordinal = 0
        try:
            async for found in read_records(chunks, self.engine.document.source):
                ordinal += 1
                if ordinal <= place.position + len(batch):
                    continue
                batch.append(found)
                if len(batch) >= BATCH_RECORDS:
                    await self.take(batch, place)
                    batch = []
        except SourceBroken as broken:
            failure = broken
        if batch:
            await self.take(batch, place)
        await self.finish(run.id, failure)

    async def finish(self, run_id: UUID, failure: HansaError | None) -> None:
        """Close a run; with a failure it is broken off for good."""
        async with self.context.database.transaction() as tx:
            await tx.execute(
                sql.FINISH,
                {
                    "id": run_id,
                    "state": RunState.DONE if failure is None else RunState.BROKEN,
                    "failure": "" if failure is None else failure.message,
                    "facts": "{}" if failure is None else facts_of(failure),
                    "now": self.context.clock.now(),
                },
            )

    async def take(
        self,
        batch: Sequence[Found],
        place: Place | None,
        *,
        is_asked: bool = False,
        run_id: UUID | None = None,
    ) -> list[Result]:
        """Carry out records and write down what became of them.

        With `is_asked` somebody waits for the answers, so that what is known is asked for again.

        Raises:
            Unavailable: points are away; nothing is written down.
        """
        now = self.context.clock.now()
        results = [self.worker.read(one) for one in batch]
        await self._recognise(results, is_asked=is_asked)
        await self.worker.carry_out([one for one in results if not one.is_repeat], now=now)
        async with self.context.database.transaction() as tx:
            await self.recorder.record(tx, results, place, now=now, run_id=run_id)
        return results

    async def _recognise(self, results: Sequence[Result], *, is_asked: bool) -> None:
        ids = {one.id for one in results if not one.is_skipped}
        asked = {"feed_id": self.feed.id, "ids": sorted(ids)}
        async with self.context.database.snapshot(single=True) as snap:
            known = {row.id: row for row in await snap.all(sql.KNOWN_ITEMS, asked)}
        seen: set[UUID] = set()
        for one in results:
            if one.is_skipped:
                continue
            row = known.get(one.id)
            is_taken = row is not None and row.state == ItemState.TAKEN and not is_asked
            if is_taken or one.id in seen:
                one.is_repeat, one.state = True, None
            elif row is not None:
                one.attempt, one.first_at = row.attempt, row.first_at
            seen.add(one.id)

    # -- once more ---------------------------------------------------------------------------------

    async def try_again(self, rows: Sequence[Row]) -> list[Result]:
        """Try records again by the mapping of now; `rows` hold them sealed.

        Raises:
            Unavailable: points are away.
        """
        sealer, now = self.context.service(Intake).sealer, self.context.clock.now()
        pairs = []
        for row in rows:
            if row.sealed is None:
                continue
            record = _decoder.decode(sealer.unseal(bytes(row.sealed)))
            found = Found(row.row_number, record)
            pairs.append((row, self.worker.read(found, attempt=row.attempt, first_at=row.first_at)))
        results = [result for _, result in pairs]
        await self.worker.carry_out(results, now=now)
        async with self.context.database.transaction() as tx:
            for row, result in pairs:
                if result.id != row.id:
                    await tx.execute(sql.FORGET_ITEM, {"feed_id": self.feed.id, "id": row.id})
                state = "skipped" if result.is_skipped else str(result.state)
                moved = {"run_id": row.run_id, "from": row.state, "to": state}
                await tx.execute(sql.MOVE_COUNT, moved)
                await self.recorder.record(tx, [result], None, run_id=row.run_id, now=now)
        return results


_decoder = msgspec.json.Decoder(dict[str, object], float_hook=Decimal)


async def open_desk(context: Context, feed: Feed) -> Desk:
    """Make a feed ready to work.

    Raises:
        MappingInvalid: its mapping cannot be used.
        FeedInvalid: it has none.
    """
    async with context.database.snapshot(single=True) as snap:
        mapping = await queries.get_mapping(snap, feed=feed)
    if mapping is None:
        raise FeedInvalid("mapping")
    intake = context.service(Intake)
    engine = intake.engine(feed, mapping.written)
    return Desk(
        context=context,
        feed=feed,
        engine=engine,
        worker=intake.worker(feed, engine),
        recorder=intake.recorder(feed, engine),
    )


async def note_ran(context: Context, feed: Feed, failure: HansaError | None) -> None:
    """Note that a feed ran, and why it could not."""
    now: datetime = context.clock.now()
    if failure is not None:
        _log.warning("a feed failed", feed=feed.code, code=failure.code)
    async with context.database.transaction() as tx:
        await tx.execute(
            feeds_sql.NOTE_RAN,
            {
                "id": feed.id,
                "now": now,
                "failure": "" if failure is None else failure.message,
                "facts": "{}" if failure is None else facts_of(failure),
            },
        )
