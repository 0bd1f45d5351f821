"""What reading a source gives: records with their place, and rows that are broken."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.errors import Invalid
from hansa.modules.loyalty.intake.mapping import RecordRefused, RowUnreadable

RECORD_BYTES_MAX = 1024 * 1024
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\ud800-\udfff]")

Chunks = AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Found:
    """A record, or why there is none at this place. `row` counts from one, as people do."""

    row: int
    record: Mapping[str, object]
    fault: RecordRefused | None = None


@dataclass(eq=False)
class SourceBroken(Invalid):
    """From here on nothing can be read; what came before is good."""

    code: ClassVar[str] = "intake.source_broken"
    message: ClassVar[str] = "Nothing can be read after row {row}: {reason}."

    row: int
    reason: str


def unreadable(row: int, reason: str) -> Found:
    """Make the answer for a broken row."""
    return Found(row, {}, RowUnreadable(row=row, reason=reason))


def has_bad_text(text: str) -> bool:
    """Tell whether a text holds what no text may hold, or what could not be decoded."""
    return _CONTROL.search(text) is not None
