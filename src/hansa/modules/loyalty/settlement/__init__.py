"""Clearing between partners: point blocks, statements, liability.

Owns: loyalty_settlement_rule, loyalty_prepayment, loyalty_point_block, loyalty_settlement_alert,
loyalty_closing, loyalty_statement, loyalty_statement_payment; ledgers of money beside the points.
Promises: a statement is a fold of what the ledger moved in its month and can be made again from it
for ever; what is closed never changes, and what comes late is in the next month; a month's opening
is the closing of the one before; every amount is rounded once, by name; money is cleared through
the programme, and all accounts together are zero.
Publishes: contracts.loyalty.StatementClosed, BlockLow, ExposureHigh.
Locks: the ledger's chain while a period is sealed; a partner's prepayment while a block is added.
"""

from hansa.modules.loyalty.settlement.blocks import (
    BlockEnded,
    BlockInvalid,
    BlockNotFound,
    InvoiceTaken,
    cancel_block,
    order_block,
    pay_block,
    save_rule,
)
from hansa.modules.loyalty.settlement.clearing import (
    Conversion,
    ConversionReused,
    CurrencyUnknown,
    MoneyBalance,
    read_money,
    record_conversions,
)
from hansa.modules.loyalty.settlement.closing import (
    BooksMoved,
    Draft,
    close_month,
    draft_month,
    last_closing,
    read_rule,
)
from hansa.modules.loyalty.settlement.files import FileFormat, statement_file
from hansa.modules.loyalty.settlement.folding import What
from hansa.modules.loyalty.settlement.jobs import run_close_month, run_watch_partners
from hansa.modules.loyalty.settlement.liability import (
    Breakage,
    Cohort,
    Liability,
    LiabilityRow,
    breakage_of,
    estimate_breakage,
    list_liabilities,
    read_liability,
)
from hansa.modules.loyalty.settlement.model import (
    Alert,
    AlertKind,
    BlockState,
    Closing,
    IssuerMoved,
    LineKind,
    MoneyLine,
    Payment,
    PaymentState,
    PointBlock,
    PointsMoved,
    SettlementRule,
    Standing,
    Statement,
    StatementContent,
    WhenExhausted,
    payment_state,
)
from hansa.modules.loyalty.settlement.months import bounds_of, day_of, month_of, next_month
from hansa.modules.loyalty.settlement.payments import (
    PaymentInvalid,
    PaymentReused,
    list_payments,
    record_payment,
    sum_paid,
)
from hansa.modules.loyalty.settlement.printing import EXCEL, PDF, Paper, excel_of, paper_of, pdf_of
from hansa.modules.loyalty.settlement.printing.papers import (
    LINE_WORDS,
    WHAT_WORDS,
    partner_name,
    points_rows,
)
from hansa.modules.loyalty.settlement.queries import (
    StatementLine,
    StatementNotFound,
    closing_of,
    get_statement,
    list_blocks,
    list_closings,
    list_lines,
    list_statements,
    statements_of_closing,
    stream_lines,
)
from hansa.modules.loyalty.settlement.standing import (
    list_alerts,
    partners_of,
    read_standing,
    read_standings,
    watch,
)
from hansa.modules.loyalty.settlement.work import CloseMonth, WatchPartners

__all__ = [
    "EXCEL",
    "LINE_WORDS",
    "PDF",
    "WHAT_WORDS",
    "Alert",
    "AlertKind",
    "BlockEnded",
    "BlockInvalid",
    "BlockNotFound",
    "BlockState",
    "BooksMoved",
    "Breakage",
    "CloseMonth",
    "Closing",
    "Cohort",
    "Conversion",
    "ConversionReused",
    "CurrencyUnknown",
    "Draft",
    "FileFormat",
    "InvoiceTaken",
    "IssuerMoved",
    "Liability",
    "LiabilityRow",
    "LineKind",
    "MoneyBalance",
    "MoneyLine",
    "Paper",
    "Payment",
    "PaymentInvalid",
    "PaymentReused",
    "PaymentState",
    "PointBlock",
    "PointsMoved",
    "SettlementRule",
    "Standing",
    "Statement",
    "StatementContent",
    "StatementLine",
    "StatementNotFound",
    "WatchPartners",
    "What",
    "WhenExhausted",
    "bounds_of",
    "breakage_of",
    "cancel_block",
    "close_month",
    "closing_of",
    "day_of",
    "draft_month",
    "estimate_breakage",
    "excel_of",
    "get_statement",
    "last_closing",
    "list_alerts",
    "list_blocks",
    "list_closings",
    "list_liabilities",
    "list_lines",
    "list_payments",
    "list_statements",
    "month_of",
    "next_month",
    "order_block",
    "paper_of",
    "partner_name",
    "partners_of",
    "pay_block",
    "payment_state",
    "pdf_of",
    "points_rows",
    "read_liability",
    "read_money",
    "read_rule",
    "read_standing",
    "read_standings",
    "record_conversions",
    "record_payment",
    "run_close_month",
    "run_watch_partners",
    "save_rule",
    "statement_file",
    "statements_of_closing",
    "stream_lines",
    "sum_paid",
    "watch",
]
