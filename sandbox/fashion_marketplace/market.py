"""Orders and what happens to them."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAY = 86_400.0
MOSCOW = ZoneInfo("Europe/Moscow")
STATES = {
    "placed": "Размещён",
    "shipped": "Отправлен",
    "delivered": "Доставлен",
    "partly_returned": "Частичный возврат",
    "returned": "Возвращён",
    "cancelled": "Отменён",
}
COLUMNS = (
    "Заказ", "Статус", "Версия", "Телефон", "Размещён", "Доставлен", "Изменён", "Строка",
    "Артикул", "Категория", "Количество", "Сумма", "Возвращено",
)  # fmt: skip


class Impossible(ValueError):
    """An order is not in a state for this."""


@dataclass
class Line:
    """A line; money in kopecks."""

    line: int
    sku: str
    category: str
    quantity: int
    sum: int
    returned_sum: int = 0


@dataclass
class Order:
    """An order. Every change makes it one version older."""

    number: str
    phone: str
    lines: list[Line]
    placed_at: datetime
    state: str = "placed"
    version: int = 1
    delivered_at: datetime | None = None
    changed_at: datetime | None = None


@dataclass
class Market:
    """All orders, and the log of their changes, which is what the API's cursor counts."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    orders: dict[str, Order] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)

    def pass_time(self, seconds: float) -> None:
        """Let time pass; no two changes share a second."""
        self.now += timedelta(seconds=seconds)

    def place(self, phone: str, *sums: int, category: str = "dresses") -> str:
        """Place an order of a line per sum (kopecks)."""
        number = f"F-{len(self.orders) + 1:05}"
        lines = [
            Line(one, f"SKU-{one}", category, 1, amount) for one, amount in enumerate(sums, start=1)
        ]
        self.orders[number] = Order(number, phone, lines, self.now, changed_at=self.now)
        self._tell(self.orders[number])
        return number

    def deliver(self, number: str) -> None:
        """Hand an order over."""
        order = self._in(number, "placed", "shipped")
        order.state, order.delivered_at = "delivered", self.now
        self._change(order)

    def bring_back(self, number: str, line: int, amount: int) -> None:
        """Take goods of a line back, for so much."""
        order = self._in(number, "delivered", "partly_returned")
        held = next(one for one in order.lines if one.line == line)
        if not 0 < amount <= held.sum - held.returned_sum:
            raise Impossible("more than is left of the line")
        held.returned_sum += amount
        is_all = all(one.sum == one.returned_sum for one in order.lines)
        order.state = "returned" if is_all else "partly_returned"
        self._change(order)

    def cancel(self, number: str) -> None:
        """Call an order off before it is handed over."""
        order = self._in(number, "placed", "shipped")
        order.state = "cancelled"
        self._change(order)

    def correct(self, number: str, line: int, amount: int) -> None:
        """Correct what was paid for a line, after the fact."""
        order = self._in(number, "delivered", "partly_returned")
        held = next(one for one in order.lines if one.line == line)
        if amount < held.returned_sum or amount <= 0:
            raise Impossible("less than came back")
        held.sum = amount
        self._change(order)

    def kept(self, number: str) -> int:
        """Kopecks of an order that were paid for and not given back."""
        order = self.orders[number]
        if order.state not in {"delivered", "partly_returned"}:
            return 0
        return sum(one.sum - one.returned_sum for one in order.lines)

    def practise(self, customers: Sequence[str]) -> None:
        """Lead orders of customers through six weeks that are over now."""
        present, self.now = self.now, self.now - timedelta(days=42)
        for place, phone in enumerate(customers):
            sums = (499_000, 259_000) if place % 2 == 0 else (789_000,)
            number = self.place(phone, *sums)
            self.pass_time(2 * DAY)
            self.deliver(number)
            self.pass_time(DAY)
            if len(sums) > 1:
                self.bring_back(number, 2, sums[1])
        self.now = present - timedelta(days=4)
        for phone in customers:
            self.deliver(self.place(phone, 359_000, category="shoes"))
            self.pass_time(DAY / 4)
        self.now = present

    def page(self, after: int, limit: int) -> tuple[list[dict[str, Any]], int]:
        """Give changes behind a place of the log, and the place behind them."""
        found = self.log[after : after + limit]
        return found, after + len(found)

    def export(self) -> bytes:
        """Write every order as it is now."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for order in self.orders.values():
            head = [
                order.number, STATES[order.state], order.version, order.phone,
                _local(order.placed_at), _local(order.delivered_at), _local(order.changed_at),
            ]  # fmt: skip
            for one in order.lines:
                sums = [_roubles(one.sum, ","), _roubles(one.returned_sum, ",")]
                writer.writerow([*head, one.line, one.sku, one.category, one.quantity, *sums])
        return text.getvalue().encode("cp1251")

    def _in(self, number: str, *states: str) -> Order:
        order = self.orders[number]
        if order.state not in states:
            raise Impossible(f"the order is {order.state}")
        return order

    def _change(self, order: Order) -> None:
        order.version += 1
        order.changed_at = self.now
        self._tell(order)

    def _tell(self, order: Order) -> None:
        self.log.append(
            {
                "number": order.number,
                "state": order.state,
                "version": order.version,
                "customer": {"phone": order.phone},
                "placed_at": order.placed_at.isoformat(),
                "delivered_at": order.delivered_at.isoformat() if order.delivered_at else None,
                "changed_at": self.now.isoformat(),
                "lines": [
                    {
                        "line": one.line,
                        "sku": one.sku,
                        "category": one.category,
                        "quantity": one.quantity,
                        "sum": _roubles(one.sum, "."),
                        "returned_sum": _roubles(one.returned_sum, "."),
                    }
                    for one in order.lines
                ],
            }
        )


def _roubles(kopecks: int, mark: str) -> str:
    return f"{kopecks // 100}{mark}{kopecks % 100:02}"


def _local(instant: datetime | None) -> str:
    return "" if instant is None else instant.astimezone(MOSCOW).strftime("%d.%m.%Y %H:%M:%S")
