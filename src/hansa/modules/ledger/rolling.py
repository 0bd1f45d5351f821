"""The roller: numbers batches as they become visible, chains them, adds them up; seals periods."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from hansa.kernel.errors import Conflict, Rejected
from hansa.modules.ledger import model
from hansa.modules.ledger.store import rolling as sql
from hansa.runtime.database import Snapshot, Transaction

if TYPE_CHECKING:
    from hansa.runtime.context import Context

BATCHES_MAX = 500
IDLE_SECONDS = 0.25
PAGE = 5_000
_LOWEST = UUID(int=0)


@dataclass(eq=False)
class PeriodNotOver(Rejected):
    """A period can be closed when it has ended and everything in it is numbered."""

    code: ClassVar[str] = "ledger.period_not_over"
    message: ClassVar[str] = "This period has not ended yet. Close it after {ends_at}."

    ends_at: datetime


@dataclass(eq=False)
class PeriodOutOfOrder(Conflict):
    """Periods follow each other without a gap."""

    code: ClassVar[str] = "ledger.period_out_of_order"
    message: ClassVar[str] = "The next period to close begins at {begins_at}."

    begins_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A closed period: `digest` is of all its transfers, `chain` of all batches up to its end."""

    ledger: int
    begins_at: datetime
    ends_at: datetime
    number: int
    chain: bytes
    digest: bytes
    postings: int
    sealed_at: datetime


async def roll(tx: Transaction, *, limit: int = BATCHES_MAX) -> int:
    """Number the oldest batches that have none, and add them up; give how many there were."""
    head = await tx.one(sql.LOCK_CHAIN)
    rows = await tx.all(sql.TAKE_UNNUMBERED, {"limit": limit})
    if not rows:
        return 0
    number, chain = head.number, bytes(head.chain)
    numbers: list[int] = []
    chains: list[bytes] = []
    sums: dict[tuple[int, int], int] = {}
    for row in rows:
        number += 1
        chain = model.next_link(chain, number, bytes(row.digest))
        numbers.append(number)
        chains.append(chain)
        for ledger, account, amount in zip(row.ledgers, row.accounts, row.amounts, strict=True):
            sums[ledger, account] = sums.get((ledger, account), 0) + amount
    await tx.execute(
        sql.NUMBER_BATCHES,
        {"ids": [row.id for row in rows], "numbers": numbers, "chains": chains},
    )
    await tx.execute(sql.MOVE_CHAIN, {"number": number, "chain": chain})
    moved = [(key, amount) for key, amount in sums.items() if amount]
    await tx.execute(
        sql.ADD_UP,
        {
            "ledgers": [key[0] for key, _ in moved],
            "accounts": [key[1] for key, _ in moved],
            "amounts": [amount for _, amount in moved],
        },
    )
    return len(rows)


async def run_roller(context: "Context", stop: asyncio.Event) -> None:
    """Roll until told to stop; a moment's rest when there is nothing to do."""
    while not stop.is_set():
        async with context.database.transaction() as tx:
            count = await roll(tx)
        if count < BATCHES_MAX:
            try:
                await asyncio.wait_for(stop.wait(), IDLE_SECONDS)
            except TimeoutError:
                continue


async def seal_period(
    tx: Transaction, *, ledger: int, begins_at: datetime, ends_at: datetime, now: datetime
) -> Period:
    """Close a period of a ledger: what was recorded in it is proven for ever.

    Late events keep their own instant but are recorded, and so counted, in the period they came in.

    Raises:
        PeriodNotOver: it has not ended, or a batch of it is not numbered yet.
        PeriodOutOfOrder: another period comes first.
    """
    await tx.one(sql.LOCK_CHAIN)  # no batch is numbered meanwhile
    last = await tx.scalar(sql.LAST_PERIOD, {"ledger": ledger})
    if last is not None and last != begins_at:
        raise PeriodOutOfOrder(last)
    if ends_at > now or await tx.scalar(sql.COUNT_UNNUMBERED_BEFORE, {"before": ends_at}):
        raise PeriodNotOver(ends_at)
    batch = await tx.maybe(sql.LAST_BATCH_BEFORE, {"before": ends_at})
    digest, postings = await digest_of_period(
        tx, ledger=ledger, begins_at=begins_at, ends_at=ends_at
    )
    period = Period(
        ledger=ledger,
        begins_at=begins_at,
        ends_at=ends_at,
        number=batch.number if batch else 0,
        chain=bytes(batch.chain) if batch else b"",
        digest=digest,
        postings=postings,
        sealed_at=now,
    )
    await tx.execute(
        sql.SEAL_PERIOD,
        {
            "ledger": ledger,
            "begins_at": begins_at,
            "ends_at": ends_at,
            "number": period.number,
            "chain": period.chain,
            "digest": digest,
            "postings": postings,
            "now": now,
        },
    )
    return period


async def digest_of_period(
    snap: Snapshot, *, ledger: int, begins_at: datetime, ends_at: datetime
) -> tuple[bytes, int]:
    """Give the digest of all transfers recorded in a period, and how many postings they are of."""
    whole = hashlib.sha256()
    seen: set[UUID] = set()
    postings = 0
    place: tuple[int, UUID, int] = (-1, _LOWEST, -1)
    while True:
        rows = await snap.all(
            sql.PERIOD_TRANSFERS,
            {
                "ledger": ledger,
                "begins_at": begins_at,
                "ends_at": ends_at,
                "bucket": place[0],
                "posting_id": place[1],
                "line": place[2],
                "limit": PAGE,
            },
        )
        for row in rows:
            whole.update(
                f"{row.bucket}|{row.posting_id.hex}|{row.line}|{row.debit}|{row.credit}|"
                f"{row.amount}|{row.issuer}|{row.tag}\n".encode()
            )
            if row.posting_id not in seen:
                seen = {row.posting_id}  # rows come posting by posting
                postings += 1
        if len(rows) < PAGE:
            return whole.digest(), postings
        place = (rows[-1].bucket, rows[-1].posting_id, rows[-1].line)


async def list_periods(snap: Snapshot, *, ledger: int, limit: int) -> list[Period]:
    """Give closed periods, newest first."""
    rows = await snap.all(sql.LIST_PERIODS, {"ledger": ledger, "limit": limit})
    return [
        Period(**{**row._asdict(), "chain": bytes(row.chain), "digest": bytes(row.digest)})
        for row in rows
    ]
