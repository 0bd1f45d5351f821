"""CSV, read in pieces: a broken row is refused alone, the rows behind it are read."""

import codecs
import csv
from collections.abc import AsyncIterator, Iterator

from hansa.modules.loyalty.intake.mapping import ROW, Source
from hansa.modules.loyalty.intake.reading.found import (
    RECORD_BYTES_MAX,
    Chunks,
    Found,
    SourceBroken,
    has_bad_text,
    unreadable,
)

COLUMNS_MAX = 1_000


class _Table:
    """The columns, once they are known, and the number of the last row."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.columns = source.columns
        self.row = 0

    def take(self, cells: list[str]) -> Found | None:
        self.row += 1
        if not self.columns:
            self.columns = self._header(cells)
            return None
        if not cells or cells == [""]:
            return None
        if len(cells) != len(self.columns):
            return unreadable(
                self.row, f"it has {len(cells)} cells where {len(self.columns)} were expected"
            )
        if any(has_bad_text(cell) for cell in cells):
            return unreadable(self.row, "it holds characters that are no text in this encoding")
        return Found(self.row, {ROW: self.row, **dict(zip(self.columns, cells, strict=True))})

    def _header(self, cells: list[str]) -> tuple[str, ...]:
        names = tuple(cell.strip() for cell in cells)
        if any(has_bad_text(name) for name in names):
            raise SourceBroken(self.row, "the header is not written in this encoding")
        if not all(names) or len(set(names)) != len(names) or len(names) > COLUMNS_MAX:
            raise SourceBroken(self.row, "the header names a column twice, or not at all")
        return names


async def read_rows(chunks: Chunks, source: Source) -> AsyncIterator[Found]:
    """Read the rows of a CSV.

    Raises:
        SourceBroken: the header cannot be used.
    """
    table, rest = _Table(source), ""
    decoder = codecs.getincrementaldecoder(
        "utf-8-sig" if source.encoding == "utf-8" else source.encoding
    )(errors="replace")
    async for chunk in chunks:
        whole, rest = _cut(rest + decoder.decode(chunk), source.quote)
        for found in _parse(whole, table):
            yield found
        if len(rest) > RECORD_BYTES_MAX:
            # A quote that never ends: its row is refused, the next line begins anew.
            _, _, rest = rest.partition("\n")
            table.row += 1
            yield unreadable(table.row, "a quotation mark in it is never closed")
    rest += decoder.decode(b"", final=True)
    while rest:
        whole, left = _cut(rest + "\n", source.quote)
        for found in _parse(whole, table):
            yield found
        if not left:
            return
        _, _, rest = left.removesuffix("\n").partition("\n")
        table.row += 1
        yield unreadable(table.row, "a quotation mark in it is never closed")


def _cut(text: str, quote: str) -> tuple[str, str]:
    """Part whole rows from the beginning of one: a line ends outside of quotation marks only."""
    end = text.rfind("\n")
    if end < 0:
        return "", text
    if quote not in text:
        return text[: end + 1], text[end + 1 :]
    place = whole = 0
    is_open = False
    while True:
        after = text.find("\n", place)
        if after < 0:
            return text[:whole], text[whole:]
        if text.count(quote, place, after) % 2:
            is_open = not is_open
        place = after + 1
        if not is_open:
            whole = place


def _parse(text: str, table: _Table) -> Iterator[Found]:
    source = table.source
    reader = csv.reader(
        text.splitlines(keepends=True) if "\r" not in text else _lines(text),
        delimiter=source.delimiter,
        quotechar=source.quote,
    )
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            table.row += 1
            yield unreadable(table.row, str(error))
            continue
        found = table.take(cells)
        if found is not None:
            yield found


def _lines(text: str) -> list[str]:
    return [line + "\n" for line in text.replace("\r\n", "\n").split("\n")[:-1]]
