"""Statements to download: made in a file beside, then sent in pieces."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack
from enum import StrEnum
from typing import IO
from uuid import UUID

from litestar.response import Stream

from hansa.modules.loyalty.programmes import Coalition, Directory
from hansa.modules.loyalty.settlement import printing, queries
from hansa.modules.loyalty.settlement.model import Statement
from hansa.modules.loyalty.settlement.months import month_name
from hansa.runtime.http import Request

SPOOL_BYTES_MAX = 4 * 1024 * 1024
PIECE_BYTES = 64 * 1024


class FileFormat(StrEnum):
    """What a statement is printed as; CSV has its lines alone."""

    XLSX = "xlsx"
    PDF = "pdf"
    CSV = "csv"


_MEDIA = {
    FileFormat.XLSX: printing.EXCEL,
    FileFormat.PDF: printing.PDF,
    FileFormat.CSV: printing.CSV,
}


async def statement_file(
    request: Request,
    *,
    statement_id: UUID,
    file_format: FileFormat,
    partner_id: UUID | None = None,
) -> Stream:
    """Print a closed statement in the language of the request; a partner gets its own only.

    Raises:
        StatementNotFound: there is none.
    """
    coalition = request.context.service(Directory).coalition
    translate = _words(request)
    async with request.snapshot() as snap:
        statement = await queries.get_statement(
            snap, statement_id=statement_id, partner_id=partner_id
        )
        closed = await queries.closing_of(snap, statement=statement)
        paper = printing.paper_of(
            statement=statement,
            closing=closed,
            coalition=coalition,
            language=request.language,
            translate=translate,
        )
        with ExitStack() as stack:
            spool = stack.enter_context(tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES_MAX))
            cells = printing.Cells(
                paper, coalition=coalition, currency=statement.currency, translate=translate
            )
            pages = queries.stream_lines(snap, coalition=coalition, statement=statement)
            if file_format is FileFormat.PDF:
                spool.write(await asyncio.to_thread(printing.pdf_of, paper, translate))
            elif file_format is FileFormat.CSV:
                await printing.csv_of(spool, cells=cells, pages=pages)
            else:
                await printing.excel_of(
                    spool, paper=paper, cells=cells, pages=pages, translate=translate
                )
            stack.pop_all()  # it is whole: whoever sends it closes it
    name = _name_of(statement, coalition, closed.time_zone)
    return Stream(
        _pieces(spool),
        media_type=_MEDIA[file_format],
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{file_format.value}"',
            "Cache-Control": "no-store",
        },
    )


def _words(request: Request) -> printing.Translate:
    translator = request.visit.wiring.translator
    return lambda message: translator.sentence(request.language, message)


def _name_of(statement: Statement, coalition: Coalition, zone: str) -> str:
    programme = coalition.programmes[statement.programme_id]
    partner = coalition.partners[statement.partner_id]
    return f"{programme.code}-{partner.code}-{month_name(statement.begins_at, zone)}"


async def _pieces(spool: IO[bytes]) -> AsyncIterator[bytes]:
    with spool:
        spool.seek(0)
        while piece := await asyncio.to_thread(spool.read, PIECE_BYTES):
            yield piece
