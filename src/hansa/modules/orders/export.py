"""Orders as a table that spreadsheet programs open as it is."""

import csv
import io
from collections.abc import AsyncIterator

from hansa.modules.orders.model import OrderSummary

HEADINGS = (
    "number",
    "erp_number",
    "placed_at",
    "market",
    "state",
    "payment_state",
    "recipient",
    "phone",
    "email",
    "delivery",
    "payment",
    "items",
    "total",
    "currency",
    "given_up",
)
_BYTE_ORDER_MARK = "\ufeff"
# Spreadsheet programs run a cell that begins like a formula; a leading apostrophe makes it text.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


async def write_csv(pages: AsyncIterator[list[OrderSummary]]) -> AsyncIterator[bytes]:
    """Write pages of orders as CSV, piece by piece."""
    yield (_BYTE_ORDER_MARK + _rows([list(HEADINGS)])).encode()
    async for page in pages:
        yield _rows([_row(order) for order in page]).encode()


def _rows(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _row(order: OrderSummary) -> list[str]:
    texts = [
        order.number,
        order.erp_number or "",
        order.placed_at.strftime("%Y-%m-%d %H:%M:%S"),
        order.market,
        order.state,
        order.payment_state,
        order.recipient.name,
        order.recipient.phone,
        order.recipient.email,
        order.delivery_method,
        order.payment_method,
        f"{order.item_count.normalize():f}",
        str(order.total.to_decimal()),
        order.total.currency,
        f"{order.given_up_count.normalize():f}",
    ]
    return [_harmless(text) for text in texts]


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text
