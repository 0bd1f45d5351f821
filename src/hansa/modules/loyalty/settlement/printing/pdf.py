"""Statements as PDF: one page to sign, with the proofs of what it says. The fonts are in it."""

from collections.abc import Sequence
from importlib import resources

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, TextEmphasis, XPos, YPos
from fpdf.fonts import FontFace

from hansa.modules.loyalty.settlement.printing.papers import Paper, Translate
from hansa.runtime.html.formats import format_number

PDF = "application/pdf"
_FONT = "golos"
_INK = (27, 31, 42)
_QUIET = (98, 104, 119)


class _Document(FPDF):
    """A4 with the proof of the statement at the foot of every page."""

    def normalize_text(self, text: str) -> str:
        """Write narrow spaces as wide ones: the font has no others."""
        return super().normalize_text(text.replace("\u202f", "\u00a0"))

    def footer(self) -> None:
        """Print the number of the page."""
        self.set_y(-12)
        self.set_font(_FONT, size=8)
        self.set_text_color(*_QUIET)
        self.cell(0, 6, f"{self.page_no()} / {{nb}}", align="R")


def pdf_of(paper: Paper, translate: Translate) -> bytes:
    """Print a statement. Takes some tenths of a second: run it in a thread."""
    document = _Document(format="A4")
    fonts = resources.files("hansa.modules.loyalty.settlement.printing") / "fonts"
    document.add_font(_FONT, fname=str(fonts / "GolosText-Regular.ttf"))
    document.add_font(_FONT, style="B", fname=str(fonts / "GolosText-SemiBold.ttf"))
    document.set_title(f"{paper.title}: {paper.partner}, {paper.period}")
    document.set_lang(paper.language)
    document.set_margin(18)
    document.add_page()
    _head(document, paper, translate)
    _table(
        document,
        [(translate("Points"), "")]
        + [(name, format_number(count, paper.language)) for name, count in paper.points],
        widths=(120, 50),
    )
    _table(
        document,
        [
            (
                translate("Money"),
                translate("Points"),
                translate("Price"),
                translate("Amount"),
            ),
            *paper.money,
        ],
        widths=(88, 26, 24, 34),
    )
    for name, value in paper.totals:
        document.set_font(_FONT, style="B" if name == paper.totals[0][0] else "", size=11)
        document.cell(120, 7, name)
        document.cell(0, 7, value, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    _proofs(document, paper, translate)
    return bytes(document.output())


def _head(document: FPDF, paper: Paper, translate: Translate) -> None:
    document.set_text_color(*_INK)
    document.set_font(_FONT, style="B", size=18)
    document.cell(0, 10, paper.title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    document.set_font(_FONT, size=11)
    for name, value in (
        (translate("Programme"), paper.programme),
        (translate("Partner"), paper.partner),
        (translate("Period"), paper.period),
    ):
        document.set_text_color(*_QUIET)
        document.cell(34, 6, name)
        document.set_text_color(*_INK)
        document.cell(0, 6, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    document.ln(5)


def _table(document: FPDF, rows: Sequence[tuple[str, ...]], *, widths: tuple[int, ...]) -> None:
    document.set_font(_FONT, size=10)
    document.set_draw_color(*_QUIET)
    alignment = ("LEFT", *("RIGHT" for _ in widths[1:]))
    with document.table(
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        col_widths=widths,
        text_align=alignment,
        headings_style=FontFace(emphasis=TextEmphasis.B),
        line_height=6,
        padding=0.6,
        width=sum(widths),
        align="LEFT",
    ) as table:
        for cells in rows:
            table.row(cells)
    document.ln(5)


def _proofs(document: FPDF, paper: Paper, translate: Translate) -> None:
    document.ln(6)
    document.set_text_color(*_QUIET)
    document.set_font(_FONT, size=8)
    if paper.is_draft:
        document.multi_cell(0, 5, translate("The month is not closed: this may still change."))
        return
    document.multi_cell(
        0,
        5,
        translate("This statement follows from the entries of the ledger and is sealed with them."),
        new_x=XPos.LMARGIN,
        new_y=YPos.NEXT,
    )
    for name, value in paper.proofs:
        document.cell(44, 5, name)
        document.cell(0, 5, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
