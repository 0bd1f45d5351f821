"""Settings of an installation that is split into cells, each with a range of members' buckets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from hansa.runtime.settings.source import SettingsInvalid, setting

__all__ = ["BUCKETS", "CellSettings", "Span", "check_cells"]

BUCKETS = 256
SECTION = "Cells of loyalty"
_RANGE = r"(\d{1,3})-(\d{1,3})"
_CELL = re.compile(_RANGE + r"=(https?://[^\s/]+)")


@dataclass(frozen=True, slots=True)
class Span:
    """Buckets from `first` to `last`, both included."""

    first: int
    last: int

    @classmethod
    def read(cls, text: str) -> Span:
        """Read `0-127`.

        Raises:
            SettingsInvalid: it is no range of buckets.
        """
        found = re.fullmatch(_RANGE, text)
        span = cls(int(found[1]), int(found[2])) if found else cls(1, 0)
        if not span.first <= span.last < BUCKETS:
            raise SettingsInvalid(
                f"{text!r} is no range of buckets: expected one within 0-{BUCKETS - 1}"
            )
        return span

    def share_of(self, total: int) -> int:
        """Give the part of a total that these buckets have; the parts of all cells sum to it."""
        return total * (self.last + 1) // BUCKETS - total * self.first // BUCKETS


@dataclass(frozen=True, kw_only=True)
class CellSettings:
    """What a cell and the front before the cells must know."""

    loyalty_buckets: str = setting(
        f"0-{BUCKETS - 1}",
        "Buckets of the members that are made here; a cell has a part of them.",
        section=SECTION,
        pattern=_RANGE,
        expected="a range such as 0-127",
    )
    loyalty_cells: tuple[str, ...] = setting(
        (),
        "For the role `loyalty.front`: every cell by its buckets, the home cell, which "
        "has bucket 0, first: "
        "`0-127=http://10.0.0.1:8000,128-255=http://10.0.0.2:8000`.",
        section=SECTION,
    )
    loyalty_places_max: int = setting(
        100_000,
        "Names (as keyed hashes) whose cell a front remembers.",
        section=SECTION,
        at_least=1,
        at_most=10_000_000,
    )
    database_is_followed: bool = setting(
        False,
        "Lets other databases follow the embedded one (`wal_level` logical): for the home cell, "
        "and for a cell whose parts have databases of their own.",
        section=SECTION,
    )

    parts_apart: tuple[str, ...] = setting(
        (),
        "Parts that write to a database of their own: `loyalty.events`. The same in every process, "
        "those of the main database, which leave that work alone, and those of the part. Needs "
        "kafka_servers.",
        section=SECTION,
    )
    follow_database_url: str | None = setting(
        None,
        "The database that `hansa cells join` follows: the home cell's, or for a part that of its "
        "cell.",
        section=SECTION,
        masked=True,
    )

    @property
    def buckets(self) -> Span:
        """The buckets of the members that are made here."""
        return Span.read(self.loyalty_buckets)

    @property
    def is_home(self) -> bool:
        """Whether what belongs to the programme is written here: where bucket 0 is."""
        return self.buckets.first == 0

    @property
    def cells(self) -> list[tuple[Span, str]]:
        """Every cell with its address, the home cell first.

        Raises:
            SettingsInvalid: one is none, or a bucket is in none or in two.
        """
        return read_table(self.loyalty_cells)


def read_table(texts: Sequence[str]) -> list[tuple[Span, str]]:
    """Read `0-127=http://host:port`, one for each cell.

    Raises:
        SettingsInvalid: one is none, or a bucket is in none or in two.
    """
    cells = []
    for text in texts:
        found = _CELL.fullmatch(text)
        if found is None:
            raise SettingsInvalid(
                f"loyalty_cells: {text!r} is no cell: expected 0-127=http://host:port"
            )
        cells.append((Span.read(f"{found[1]}-{found[2]}"), found[3]))
    spans = sorted((span for span, _ in cells), key=lambda span: span.first)
    if cells and cells[0][0].first != 0:
        raise SettingsInvalid("loyalty_cells: the home cell has bucket 0 and comes first")
    is_whole = bool(spans) and spans[0].first == 0 and spans[-1].last == BUCKETS - 1
    if not is_whole or any(one.last + 1 != two.first for one, two in pairwise(spans)):
        raise SettingsInvalid(
            f"loyalty_cells: each bucket from 0 to {BUCKETS - 1} belongs to exactly one cell"
        )
    return cells


def check_cells(settings: CellSettings) -> None:
    """Prove that ranges are ranges and, if there are cells, each bucket is in one.

    Raises:
        SettingsInvalid: they are not.
    """
    Span.read(settings.loyalty_buckets)
    if settings.loyalty_cells:
        read_table(settings.loyalty_cells)
