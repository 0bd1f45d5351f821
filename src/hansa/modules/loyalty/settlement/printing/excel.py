"""Statements as Excel files: row by row, so that memory does not grow with the lines."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import IO

import xlsxwriter

from hansa.modules.loyalty.settlement.printing.cells import Cells
from hansa.modules.loyalty.settlement.printing.papers import Paper, Translate
from hansa.modules.loyalty.settlement.queries import StatementLine

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_MAX = 1_000_000
WIDTHS = (18, 18, 30, 24, 12, 16, 22, 22, 12, 12, 16, 8)


async def excel_of(
    file: IO[bytes],
    *,
    paper: Paper,
    cells: Cells,
    pages: AsyncIterator[Sequence[StatementLine]],
    translate: Translate,
) -> int:
    """Write a statement and all its lines to a file; give how many lines there were.

    Texts are written as texts: nothing a partner sent becomes a formula. What is beyond the rows a
    sheet can hold goes on on the next sheet.
    """
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    try:
        writer = _Lines(book, cells, translate)
        _summary(book, paper, translate)
        async for page in pages:
            await asyncio.to_thread(writer.add, page)
        return writer.count
    finally:
        await asyncio.to_thread(book.close)


def _summary(book: xlsxwriter.Workbook, paper: Paper, translate: Translate) -> None:
    bold = book.add_format({"bold": True})
    sheet = book.add_worksheet(translate("Statement"))
    sheet.set_column(0, 0, 46)
    sheet.set_column(1, 3, 20)
    rows: list[tuple[object, ...]] = [
        (paper.title,),
        (translate("Programme"), paper.programme),
        (translate("Partner"), paper.partner),
        (translate("Period"), paper.period),
        (),
        *paper.points,
        (),
        (translate("Money"), translate("Points"), translate("Price"), translate("Amount")),
        *paper.money,
        (),
        *paper.totals,
        (),
        *paper.proofs,
    ]
    for number, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            style = bold if number == 0 else None
            if isinstance(cell, int):
                sheet.write_number(number, column, cell, style)
            else:
                sheet.write_string(number, column, str(cell), style)


class _Lines:
    def __init__(self, book: xlsxwriter.Workbook, cells: Cells, translate: Translate) -> None:
        self.count = 0
        self._book = book
        self._cells = cells
        self._title = translate("Entries")
        self._moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._head = book.add_format({"bold": True, "bottom": 1})
        self._row = ROWS_MAX
        self._sheets = 0

    def add(self, lines: Sequence[StatementLine]) -> None:
        for one in lines:
            if self._row >= ROWS_MAX:
                self._begin()
            self._write(one)
            self._row += 1
            self.count += 1

    def _begin(self) -> None:
        self._sheets += 1
        name = self._title if self._sheets == 1 else f"{self._title} {self._sheets}"
        self._sheet = self._book.add_worksheet(name)
        for column, width in enumerate(WIDTHS):
            self._sheet.set_column(column, column, width)
        self._sheet.freeze_panes(1, 0)
        for column, title in enumerate(self._cells.titles):
            self._sheet.write_string(0, column, title, self._head)
        self._row = 1

    def _write(self, one: StatementLine) -> None:
        for column, cell in enumerate(self._cells.row(one)):
            if isinstance(cell, datetime):
                self._sheet.write_datetime(self._row, column, cell, self._moment)
            elif isinstance(cell, str):
                self._sheet.write_string(self._row, column, cell)
            else:
                self._sheet.write_number(self._row, column, cell)
