"""What this 1C knows and does: a stock book, the orders it received, and its working day.

The book lives in one JSON file of a folder; every change is written before it is acted on, so a
restart goes on where it stopped.
"""

import json
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from sandbox.onec.client import OneC, Refused
from sandbox.onec.mischief import Mischief
from sandbox.onec.papers import (
    Goods,
    Line,
    Order,
    read_goods,
    read_orders,
    write_documents,
    write_rests,
)

LOG_LINES = 200
WAITS_SECONDS = 1e12
"""So far away is the shipment of an order whose goods are not promised yet."""


def waits(order: Order) -> bool:
    """Say whether nobody has promised the goods of an order yet."""
    return order.status == "received" and order.due_at > time.time() + WAITS_SECONDS / 2


class World:
    """Goods, stock and orders of one 1C. Safe to use from several threads."""

    def __init__(self, state: Path | None = None, *, utc_offset_hours: float = 3.0) -> None:
        self.goods: dict[str, Goods] = {}
        self.warehouses: dict[str, str] = {}
        self.orders: dict[str, Order] = {}
        self.log: list[str] = []
        self.changed: set[str] = set()
        self.lock = threading.RLock()
        self._path = state / "world.json" if state else None
        self._zone = timezone(timedelta(hours=utc_offset_hours))
        self._last_number = 0
        self._stale: tuple[datetime, dict[str, dict[str, float]]] | None = None
        self.moved = timedelta(0)
        if self._path and self._path.exists():
            self._load()

    def now(self) -> datetime:
        """Give 1C's local time."""
        at = (datetime.now(UTC) + self.moved).astimezone(self._zone)
        return at.replace(tzinfo=None, microsecond=0)

    def move_clock(self, step: timedelta) -> None:
        """Let time pass at once: whatever this 1C says is later from now on."""
        self.moved += step

    def tell(self, text: str) -> None:
        """Write a line into the visible log."""
        with self.lock:
            self.log.append(f"{self.now():%H:%M:%S} {text}")
            del self.log[:-LOG_LINES]

    def read_folder(self, folder: Path) -> None:
        """Take goods, stock and warehouses from a folder of exports, unless they are known."""
        goods, warehouses = read_goods(folder)
        with self.lock:
            for identifier, one in goods.items():
                self.goods.setdefault(identifier, one)
            self.warehouses.update(
                {k: v for k, v in warehouses.items() if k not in self.warehouses}
            )
            self.save()

    # Stock.

    def set_stock(self, goods_id: str, warehouse: str, quantity: float) -> None:
        """Write a number into the book, as after a stocktaking."""
        with self.lock:
            self.goods.setdefault(goods_id, Goods(goods_id)).stock[warehouse] = quantity
            self.changed.add(goods_id)
            self.save()

    def receive(self, goods_id: str, warehouse: str, quantity: float) -> None:
        """Add goods that arrived."""
        with self.lock:
            known = self.goods.setdefault(goods_id, Goods(goods_id)).stock.get(warehouse, 0.0)
            self.set_stock(goods_id, warehouse, known + quantity)

    def rests(
        self, *, full: bool, mischief: Mischief | None = None, dialect: str = "rests"
    ) -> bytes:
        """Write the stock file: everything, or what changed since the last one sent."""
        mischief = mischief or Mischief()
        with self.lock:
            chosen = list(self.goods.values()) if full else self._changed_goods()
            formed_at = self._formed_at()
            if mischief.stale_rests and self._stale:
                formed_at, old = self._stale
                chosen = [Goods(one.id, stock=old.get(one.id, one.stock)) for one in chosen]
            return write_rests(
                chosen,
                formed_at=formed_at,
                full=full,
                dialect=dialect,
                encoding="windows-1251" if mischief.windows_1251 else "UTF-8",
            )

    def _formed_at(self) -> datetime:
        """Give the time of a stock file: a later second than that of the last shipment in it."""
        shipped = [
            datetime.fromisoformat(order.shipped_at)
            for order in self.orders.values()
            if order.shipped_at
        ]
        return max([self.now(), *(one + timedelta(seconds=1) for one in shipped)])

    def remember_stock(self) -> None:
        """Keep the book as it is now: what a slow 1C will send as stock later."""
        with self.lock:
            book = {one.id: dict(one.stock) for one in self.goods.values()}
            self._stale = (self.now(), book)

    def _changed_goods(self) -> list[Goods]:
        return [self.goods[one] for one in sorted(self.changed) if one in self.goods]

    # Orders.

    def take_orders(self, orders: Iterable[Order], *, due_in_seconds: float = 0.0) -> list[Order]:
        """Enter orders by number; those known already are only counted, unless cancelled now."""
        fresh = []
        with self.lock:
            for order in orders:
                known = self.orders.get(order.number)
                if known is None:
                    self._last_number += 1
                    order.number_1c = f"ЦБ-{self._last_number:06d}"
                    order.due_at = time.time() + due_in_seconds
                    order.status = "cancelled" if order.cancelled else "received"
                    self.orders[order.number] = order
                    fresh.append(order)
                    self.tell(f"order {order.number} for {order.total} {order.currency}")
                    continue
                known.times_received += 1
                known.paid = order.paid
                if order.cancelled and known.status in {"received", "confirmed"}:
                    known.status = "cancelled"
                    known.cancelled = True
                    self.tell(f"order {known.number} was cancelled by the site")
            self.save()
        return fresh

    def make_ready(self, order: Order, *, ship_after_seconds: float) -> None:
        """Begin to pick an order whose goods are promised now, from where the site says."""
        with self.lock:
            known = self.orders[order.number]
            if known.status not in {"received", "confirmed"}:
                return
            known.lines, known.total, known.warehouse = order.lines, order.total, order.warehouse
            if waits(known):
                known.due_at = time.time() + ship_after_seconds
                known.status = "confirmed"
                self.tell(f"order {known.number} is confirmed")
            self.save()

    def confirm(self, number: str) -> Order:
        """Accept an order; goods stay where they are."""
        return self._set_status(number, "confirmed", {"received"})

    def cancel(self, number: str) -> Order:
        """Refuse an order that has not left."""
        return self._set_status(number, "cancelled", {"received", "confirmed"})

    def ship(self, number: str) -> Order:
        """Ship an order: the book falls by what it takes."""
        with self.lock:
            order = self._set_status(number, "shipped", {"received", "confirmed"})
            order.shipped_at = self.now().strftime("%Y-%m-%dT%H:%M:%S")
            for line in order.lines:
                self._take(line, order.warehouse)
            self.save()
            return order

    def due(self) -> list[Order]:
        """Give the orders whose time to be shipped has come."""
        with self.lock:
            return [
                order
                for order in self.orders.values()
                if order.status in {"received", "confirmed"} and order.due_at <= time.time()
            ]

    def _take(self, line: Line, preferred: str | None) -> None:
        known = self.goods.setdefault(line.id, Goods(line.id, line.name))
        wanted = line.warehouse or preferred
        left = line.quantity
        places = sorted(known.stock, key=lambda one: (one != wanted, -known.stock[one]))
        for place in places:
            taken = min(left, max(0.0, known.stock[place]))
            known.stock[place] -= taken
            left -= taken
        if left and places:
            # The site sold more than 1C has: the book goes below zero, as 1C's would.
            known.stock[places[0]] -= left
            self.tell(f"OVERSOLD: {line.name or line.id} by {left:g}")
        self.changed.add(line.id)

    def _set_status(self, number: str, status: str, allowed: set[str]) -> Order:
        with self.lock:
            order = self.orders[number]
            if order.status not in allowed:
                raise ValueError(f"order {number} is {order.status}; it cannot become {status}")
            order.status = status
            self.tell(f"order {number} is {status}")
            self.save()
            return order

    # Exchanges.

    def pull(self, site: OneC, *, ship_after_seconds: float = 0.0) -> list[Order]:
        """Fetch orders from the site; say success unless told to misbehave."""
        self.remember_stock()
        site.check_auth("sale")
        site.init("sale")
        orders = read_orders(site.query_orders())
        fresh = self.take_orders(orders, due_in_seconds=ship_after_seconds)
        if not site.mischief.repeat_query:
            site.success()
        return fresh

    def report(self, site: OneC, orders: Iterable[Order], *, version: str = "3.1") -> None:
        """Send back what became of orders."""
        chosen = list(orders)
        if not chosen:
            return
        encoding = "windows-1251" if site.mischief.windows_1251 else "UTF-8"
        content = write_documents(chosen, now=self.now(), version=version, encoding=encoding)
        site.check_auth("sale")
        site.init("sale")
        site.send_documents(content, f"documents___{int(time.time() * 1000)}.xml")
        self.tell(f"sent {len(chosen)} documents")

    def send_stock(self, site: OneC, *, full: bool, dialect: str = "rests") -> None:
        """Send the stock file, whole or changes only."""
        with self.lock:
            sending = set(self.changed)
            content = self.rests(full=full, mischief=site.mischief, dialect=dialect)
        name = f"rests___{int(time.time() * 1000)}.xml"
        site.check_auth()
        site.init()
        for _ in range(2 if site.mischief.duplicate_file else 1):
            site.send_file(content, name)
            site.import_file(name)
        if full and not site.mischief.skip_complete:
            site.complete()
        with self.lock:
            self.changed -= sending
            self.save()
        self.tell(f"sent {'full stock' if full else f'stock of {len(sending)} goods'}")

    def step(self, site: OneC, *, ship_after_seconds: float, pulls: bool = True) -> None:
        """Do one round of the working day: pull, ship what is due, report it with its stock."""
        if pulls:
            self.pull(site, ship_after_seconds=ship_after_seconds)
        shipped = [self.ship(order.number) for order in self.due()]
        if shipped:
            self.report(site, shipped)
        if self.changed:
            self.send_stock(site, full=False)

    def watch(
        self,
        site: OneC,
        *,
        every_seconds: float,
        ship_after_seconds: float,
        stop: threading.Event,
        pulls: bool = True,
    ) -> None:
        """Repeat `step` until stopped; a site that is down or refuses is asked again."""
        while not stop.is_set():
            try:
                self.step(site, ship_after_seconds=ship_after_seconds, pulls=pulls)
            except Refused as error:
                self.tell(f"refused: {error}")
            stop.wait(every_seconds)

    # The book on disk.

    def save(self) -> None:
        """Write the book; a crash leaves the old one or the new one, never half."""
        if self._path is None:
            return
        with self.lock:
            book = {
                "goods": [asdict(one) for one in self.goods.values()],
                "warehouses": self.warehouses,
                "orders": [asdict(one) for one in self.orders.values()],
                "changed": sorted(self.changed),
                "last_number": self._last_number,
            }
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps(book, ensure_ascii=False), encoding="utf-8")
            os.replace(fresh, self._path)  # noqa: PTH105 - atomic by contract

    def _load(self) -> None:
        assert self._path is not None
        book = json.loads(self._path.read_text(encoding="utf-8"))
        self.goods = {one["id"]: Goods(**one) for one in book["goods"]}
        self.warehouses = book["warehouses"]
        for one in book["orders"]:
            one["lines"] = [Line(**line) for line in one["lines"]]
            self.orders[one["number"]] = Order(**one)
        self.changed = set(book["changed"])
        self._last_number = book["last_number"]
