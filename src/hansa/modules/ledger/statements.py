"""What a ledger moved in a period, streamed or in pages, for those who make statements of it.

What counts for a period is when a transfer was recorded: late events keep their own instant, but
belong to the period they came in.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import namedtuple_row

from hansa.modules.ledger.store import statements as sql
from hansa.runtime.database import Snapshot

STREAM_ROWS = 2_000
LOWEST: tuple[int, UUID, int] = (-1, UUID(int=0), -1)


class Move(NamedTuple):
    """A transfer with what its posting says."""

    bucket: int
    posting_id: UUID
    line: int
    debit: int
    credit: int
    amount: int
    issuer: int
    tag: UUID | None
    recorded_at: datetime
    kind: str
    owner: UUID
    key: str
    reference: str
    effective_at: datetime

    @property
    def place(self) -> tuple[int, UUID, int]:
        """Where it stands among the others: the next page begins after it."""
        return (self.bucket, self.posting_id, self.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Moves of a ledger from an instant (None: from the first) to another, the end excluded.

    With `issuer`, only what is of this issuer or touches one of `accounts`.
    """

    ledger: int
    begins_at: datetime | None
    ends_at: datetime
    issuer: int | None = None
    accounts: tuple[int, ...] = ()


class PeriodProof:
    """The digest of a period, made while its moves stream by: the same that sealing makes."""

    def __init__(self) -> None:
        self._whole = hashlib.sha256()
        self._last: UUID | None = None
        self.postings = 0

    def add(self, moves: Sequence[Move]) -> None:
        """Take moves in, in their order."""
        for one in moves:
            self._whole.update(
                f"{one.bucket}|{one.posting_id.hex}|{one.line}|{one.debit}|{one.credit}|"
                f"{one.amount}|{one.issuer}|{one.tag}\n".encode()
            )
            if one.posting_id != self._last:
                self._last = one.posting_id
                self.postings += 1

    @property
    def digest(self) -> bytes:
        """The digest of all that was taken in."""
        return self._whole.digest()


async def stream_moves(snap: Snapshot, *, span: Span) -> AsyncIterator[list[Move]]:
    """Give all moves of a span, some thousands at a time: memory does not grow with the period.

    The snapshot stays open meanwhile; it must not be a single one.
    """
    async with snap.connection.cursor(
        "ledger_moves", binary=True, row_factory=namedtuple_row
    ) as cursor:
        cursor.itersize = STREAM_ROWS
        await cursor.execute(sql.STREAM_MOVES, _asked(span))
        while rows := await cursor.fetchmany(STREAM_ROWS):
            yield [Move(*row) for row in rows]


async def list_moves(
    snap: Snapshot, *, span: Span, after: tuple[int, UUID, int] = LOWEST, limit: int
) -> list[Move]:
    """Give a page of the moves of a span, after a place."""
    rows = await snap.all(
        sql.PAGE_OF_MOVES,
        {
            **_asked(span),
            "bucket": after[0],
            "posting_id": after[1],
            "line": after[2],
            "limit": limit,
        },
    )
    return [Move(*row) for row in rows]


def _asked(span: Span) -> dict[str, Any]:
    return {
        "ledger": span.ledger,
        "begins_at": span.begins_at,
        "ends_at": span.ends_at,
        "issuer": span.issuer,
        "accounts": list(span.accounts),
    }
