"""Reads what partners send, whatever its format, in pieces and with bounded memory."""

from collections.abc import AsyncIterator

from hansa.modules.loyalty.intake.mapping import Source
from hansa.modules.loyalty.intake.reading.found import Chunks, Found, SourceBroken
from hansa.modules.loyalty.intake.reading.grouping import group_rows
from hansa.modules.loyalty.intake.reading.rows import read_rows
from hansa.modules.loyalty.intake.reading.trees import read_json, read_json_lines, read_xml

__all__ = ["Chunks", "Found", "SourceBroken", "pieces_of", "read_records"]

PIECE_BYTES = 64 * 1024


def read_records(chunks: Chunks, source: Source) -> AsyncIterator[Found]:
    """Read the records of a source; rows that belong together come as one.

    Raises:
        SourceBroken: nothing can be read from here on.
    """
    readers = {
        "csv": read_rows,
        "ndjson": read_json_lines,
        "json": read_json,
        "xml": read_xml,
    }
    found = readers[source.format](chunks, source)
    return group_rows(found, source) if source.group_by else found


async def pieces_of(content: bytes) -> AsyncIterator[bytes]:
    """Give what is in memory already as a stream."""
    for start in range(0, len(content), PIECE_BYTES):
        yield content[start : start + PIECE_BYTES]
