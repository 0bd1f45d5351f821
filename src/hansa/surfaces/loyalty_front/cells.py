"""The cells there are, and which of them a member or a name belongs to."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hansa.modules.loyalty import members
from hansa.runtime.settings.cells import BUCKETS, Span


@dataclass(frozen=True, slots=True)
class Cell:
    """One installation: its place in the table and its address."""

    number: int
    address: str


class Cells:
    """All of them; the first is the home cell, where what belongs to the programme is written."""

    def __init__(self, table: Sequence[tuple[Span, str]]) -> None:
        self.all = [Cell(number, address) for number, (_, address) in enumerate(table)]
        self.home = self.all[0]
        self._of_bucket = [self.home] * BUCKETS
        for cell, (span, _) in zip(self.all, table, strict=True):
            for bucket in range(span.first, span.last + 1):
                self._of_bucket[bucket] = cell

    def of_member(self, member_id: UUID) -> Cell:
        """Give the cell that keeps a member."""
        return self._of_bucket[members.bucket_of(member_id)]

    def of_text(self, text: str) -> Cell:
        """Give the cell for something that none knows yet: always the same for the same text."""
        return self._of_bucket[hashlib.sha256(text.encode()).digest()[0]]
