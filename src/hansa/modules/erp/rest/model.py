"""Rows of a batch, the last words they are compared with, and what becomes of them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from hansa.kernel.errors import HansaError

BATCH_BYTES_MAX: Final = 8 * 1024 * 1024
BATCH_ROWS_MAX: Final = 10_000
DRY_ROWS_MAX: Final = 1_000
AHEAD_MAX: Final = timedelta(days=1)
KEY_CHARACTERS_MAX: Final = 200
SEQUENCE_MAX: Final = 2**63 - 1
WHOLE: Final = frozenset({""})
"""The parts of a row that is one piece."""


class Outcome(StrEnum):
    """What became of a row.

    `applied` changed something. `unchanged`: everything was so already. `stale`: a later row came
    before. `duplicate`: the same row came before. `refused`: it cannot be taken as it is.
    `deferred`: it is kept until the thing it is about comes.
    """

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    STALE = "stale"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    DEFERRED = "deferred"


class Told(NamedTuple):
    """Something told about a row: a stable code, an English msgid, what fills it, which field."""

    code: str
    message: str
    values: Mapping[str, object]
    field: str = ""

    @property
    def text(self) -> str:
        """Say it in English, as the log does."""
        return self.message.format_map(_Places(self.values))

    @classmethod
    def of(cls, error: HansaError, at: str = "") -> "Told":
        """Tell what a module refused."""
        return cls(error.code, error.message, error.data(), at)


class _Places(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


@dataclass(slots=True, kw_only=True)
class Fate:
    """What became of one row: made when the row is read, filled while it is dealt with.

    `notes` are about parts of it: what was left out though the rest was taken.
    """

    place: int
    key: str = ""
    sequence: int | None = None
    outcome: Outcome | None = None
    told: Told | None = None
    notes: list[Told] = field(default_factory=list)
    is_partial: bool = False
    is_logged: bool = False

    def settle(self, outcome: Outcome, error: HansaError | None = None, at: str = "") -> None:
        """Say what became of the row, and why."""
        self.outcome = outcome
        self.told = None if error is None else Told.of(error, at)

    def forget(self) -> None:
        """Forget what became of the row: it did not last."""
        self.outcome, self.told, self.is_partial, self.is_logged = None, None, False, False
        self.notes.clear()

    def refuse(self, error: HansaError, at: str = "") -> None:
        """Refuse the row."""
        self.settle(Outcome.REFUSED, error, at)

    def leave_out(self, error: HansaError, at: str, *, for_now: bool = True) -> None:
        """Refuse a part of the row; `for_now` lets the same row be sent again."""
        self.notes.append(Told.of(error, at))
        self.is_partial = self.is_partial or for_now

    def note(self, error: HansaError, at: str) -> None:
        """Tell something about a part that was taken."""
        self.notes.append(Told.of(error, at))


class Heard(NamedTuple):
    """The last word about a thing; `older` are sequences of parts it did not name."""

    sequence: int
    digest: bytes | None
    parts: frozenset[str]
    older: Mapping[str, int]


class Verdict(StrEnum):
    """How a row stands to what was heard before."""

    NEWS = "news"
    DUPLICATE = "duplicate"
    REUSED = "reused"
    STALE = "stale"


class Judgement(NamedTuple):
    """What may be taken of a row."""

    verdict: Verdict
    takes: frozenset[str]


NOTHING: Final[frozenset[str]] = frozenset()


def judge(heard: Heard | None, *, sequence: int, digest: bytes, parts: frozenset[str]) -> Judgement:
    """Compare a row with the last word about its thing.

    A row that comes late still counts for the parts (a warehouse, a field) no later row spoke of:
    so any order of arrival ends in the same state.
    """
    if heard is None or sequence > heard.sequence:
        return Judgement(Verdict.NEWS, parts)
    if sequence == heard.sequence:
        if heard.digest is None:
            return Judgement(Verdict.NEWS, parts)
        if heard.digest == digest:
            return Judgement(Verdict.DUPLICATE, NOTHING)
        return Judgement(Verdict.REUSED, NOTHING)
    takes = frozenset(
        part for part in parts if part not in heard.parts and heard.older.get(part, -1) < sequence
    )
    return Judgement(Verdict.NEWS if takes else Verdict.STALE, takes)


def hear(
    heard: Heard | None,
    *,
    sequence: int,
    digest: bytes | None,
    parts: frozenset[str],
    takes: frozenset[str],
) -> Heard:
    """Give the last word after a row of which `takes` was taken."""
    if heard is None:
        return Heard(sequence, digest, takes, {})
    if sequence >= heard.sequence:
        older = dict(heard.older)
        if sequence > heard.sequence:
            older |= dict.fromkeys(heard.parts, heard.sequence)
        named = takes if sequence > heard.sequence else takes | heard.parts
        return Heard(
            sequence, digest, named, {part: one for part, one in older.items() if part not in named}
        )
    late = dict.fromkeys(takes & parts, sequence)
    return heard._replace(older=dict(heard.older) | late)


def digest_of_parts(parts: frozenset[str]) -> bytes:
    """Give a short name of a set of parts."""
    joined = "\0".join(sorted(parts))
    return hashlib.blake2b(joined.encode(errors="replace"), digest_size=12).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A request with rows, as the back office sees it; `counts` are by outcome, with `rows`."""

    id: UUID
    connection_id: UUID
    kind: str
    key_id: UUID | None
    address: str
    is_dry_run: bool
    state: str
    size_bytes: int
    counts: Mapping[str, int]
    received_at: datetime
    finished_at: datetime | None
