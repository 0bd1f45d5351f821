"""Statements as Excel files: row by row, so that memory does not grow with the lines."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import IO
from zoneinfo import ZoneInfo

import xlsxwriter

from hansa.modules.loyalty.programmes import Coalition
from hansa.modules.loyalty.settlement.printing.papers import (
    WHAT_WORDS,
    Paper,
    Translate,
    major,
    partner_name,
)
from hansa.modules.loyalty.settlement.queries import StatementLine

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_MAX = 1_000_000
WIDTHS = (18, 18, 30, 24, 12, 16, 22, 22, 12, 12, 16, 8)
TITLES = (
    "Recorded",
    "Happened",
    "Key",
    "Document",
    "Member",
    "What",
    "Issuer",
    "Partner",
    "Points",
    "Price",
    "Money, exact",
    "Late",
)


async def excel_of(
    file: IO[bytes],
    *,
    paper: Paper,
    pages: AsyncIterator[Sequence[StatementLine]],
    coalition: Coalition,
    currency: str,
    translate: Translate,
) -> int:
    """Write a statement and all its lines to a file; give how many lines there were.

    Texts are written as texts: nothing a partner sent becomes a formula. What is beyond the rows a
    sheet can hold goes on on the next sheet.
    """
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    try:
        writer = _Lines(book, paper, coalition, currency, translate)
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
    def __init__(
        self,
        book: xlsxwriter.Workbook,
        paper: Paper,
        coalition: Coalition,
        currency: str,
        translate: Translate,
    ) -> None:
        self.count = 0
        self._book = book
        self._zone = ZoneInfo(paper.zone)
        self._currency = currency
        self._translate = translate
        self._moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._head = book.add_format({"bold": True, "bottom": 1})
        own = translate("the programme")
        self._names = {
            one.number: partner_name(coalition, one.number, paper.language, own)
            for one in coalition.partners.values()
        } | {0: own}
        self._words = {what: translate(word) for what, word in WHAT_WORDS.items()}
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
        title = self._translate("Entries")
        name = title if self._sheets == 1 else f"{title} {self._sheets}"
        self._sheet = self._book.add_worksheet(name)
        for column, width in enumerate(WIDTHS):
            self._sheet.set_column(column, column, width)
        self._sheet.freeze_panes(1, 0)
        for column, title in enumerate(TITLES):
            self._sheet.write_string(0, column, self._translate(title), self._head)
        self._row = 1

    def _write(self, one: StatementLine) -> None:
        sheet, row = self._sheet, self._row
        sheet.write_datetime(row, 0, self._local(one.recorded_at), self._moment)
        sheet.write_datetime(row, 1, self._local(one.effective_at), self._moment)
        sheet.write_string(row, 2, one.key)
        sheet.write_string(row, 3, one.reference)
        sheet.write_string(row, 4, one.member)
        sheet.write_string(row, 5, self._words[one.what])
        sheet.write_string(row, 6, self._names.get(one.issuer, str(one.issuer)))
        sheet.write_string(row, 7, self._names.get(one.partner, str(one.partner)))
        sheet.write_number(row, 8, one.points)
        sheet.write_number(row, 9, major(one.price, self._currency))
        sheet.write_number(row, 10, major(one.value, self._currency))
        sheet.write_string(row, 11, self._translate("yes") if one.is_late else "")

    def _local(self, instant: datetime) -> datetime:
        # A sheet knows no zones: it shows the programme's wall clock.
        return instant.astimezone(self._zone).replace(tzinfo=None)
