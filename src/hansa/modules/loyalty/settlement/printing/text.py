"""The lines of a statement as CSV, for programs and for months too long for a sheet."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import IO

from hansa.modules.loyalty.settlement.printing.cells import Cell, Cells
from hansa.modules.loyalty.settlement.queries import StatementLine

CSV = "text/csv"
_MARK = b"\xef\xbb\xbf"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def csv_of(
    file: IO[bytes], *, cells: Cells, pages: AsyncIterator[Sequence[StatementLine]]
) -> int:
    """Write the lines of a statement to a file; give how many there were.

    UTF-8 with its mark and semicolons, as spreadsheets open it; no text becomes a formula.
    """
    file.write(_MARK + _written([cells.titles]))
    count = 0
    async for page in pages:
        rows = [cells.row(one) for one in page]
        await asyncio.to_thread(file.write, _written(rows))
        count += len(rows)
    return count


def _written(rows: Sequence[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([_plain(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _plain(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    text = str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(_FORMULA) else text
