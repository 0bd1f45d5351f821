"""Statements as files: Excel for all of it, CSV for its lines, PDF for what is signed."""

from hansa.modules.loyalty.settlement.printing.cells import Cells
from hansa.modules.loyalty.settlement.printing.excel import EXCEL, excel_of
from hansa.modules.loyalty.settlement.printing.papers import Paper, Translate, paper_of
from hansa.modules.loyalty.settlement.printing.pdf import PDF, pdf_of
from hansa.modules.loyalty.settlement.printing.text import CSV, csv_of

__all__ = [
    "CSV",
    "EXCEL",
    "PDF",
    "Cells",
    "Paper",
    "Translate",
    "csv_of",
    "excel_of",
    "paper_of",
    "pdf_of",
]
