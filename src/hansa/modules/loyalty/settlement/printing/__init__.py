"""Statements as files: Excel for all of it, PDF for what is signed."""

from hansa.modules.loyalty.settlement.printing.excel import EXCEL, excel_of
from hansa.modules.loyalty.settlement.printing.papers import Paper, Translate, paper_of
from hansa.modules.loyalty.settlement.printing.pdf import PDF, pdf_of

__all__ = ["EXCEL", "PDF", "Paper", "Translate", "excel_of", "paper_of", "pdf_of"]
