"""Guests who buy over HTTP, whole orders, and repeat what got no answer with the same key."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID, uuid4

import httpx

FORM = {
    "recipient_name": "Анна Иванова",
    "email": "",
    "delivery_method": "courier",
    "address": {"city": "Москва", "street": "Мясницкая", "house": "1"},
    "payment_method": "cash",
    "accepts_terms": True,
}
SOLD_OUT = {"stock.out_of_stock", "checkout.items_gone"}
COME_AGAIN = {"idempotency.running"}
PATIENCE_SECONDS = 150.0
PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Receipt:
    """An order the shop said yes to."""

    order_id: UUID
    number: str
    key: str
    variant_id: UUID
    quantity: int
    is_paid: bool
    """Paid on the acquirer's page, which said thank you."""


@dataclass
class Book:
    """What guests lived through, written by all of them."""

    receipts: list[Receipt] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    sent: int = 0
    refused: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def note_sent(self) -> None:
        with self.changed:
            self.sent += 1
            self.changed.notify_all()

    def note_answer(self, what: str) -> None:
        with self.changed:
            self.statuses[what] += 1

    def note_receipt(self, receipt: Receipt) -> None:
        with self.changed:
            self.receipts.append(receipt)
            self.changed.notify_all()

    def note_refusal(self) -> None:
        with self.changed:
            self.refused += 1
            self.changed.notify_all()

    def note_fault(self, fault: str) -> None:
        with self.changed:
            self.faults.append(fault)
            self.changed.notify_all()


class Street:
    """So many guests, each buying one thing after the other until the block ends."""

    def __init__(self, address: str, variants: Sequence[UUID], *, guests: int) -> None:
        self.book = Book()
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(
                target=_Guest(address, variants, self.book, self._closing, seed).live,
                name=f"guest {seed}",
            )
            for seed in range(guests)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join(timeout=PATIENCE_SECONDS + 30)
        assert not any(thread.is_alive() for thread in self._threads)

    def wait_for_requests(self, number: int) -> None:
        """Return when so many more have been sent: the last of them is in work right then."""
        self._wait(lambda: self.book.sent, number)

    def wait_for_orders(self, number: int) -> None:
        """Return when so many more have been acknowledged."""
        self._wait(lambda: len(self.book.receipts), number)

    def wait_for_refusals(self, number: int) -> None:
        """Return when so many more have been told that there is not enough left."""
        self._wait(lambda: self.book.refused, number)

    def _wait(self, count: Callable[[], int], more: int) -> None:
        with self.book.changed:
            target = count() + more
            came = self.book.changed.wait_for(
                lambda: count() >= target or self.book.faults, timeout=PATIENCE_SECONDS
            )
        assert not self.book.faults, self.book.faults[:5]
        assert came, f"nothing happens any more: {self.book.statuses}"


class _Guest:
    def __init__(
        self,
        address: str,
        variants: Sequence[UUID],
        book: Book,
        closing: threading.Event,
        seed: int,
    ) -> None:
        self._http = httpx.Client(base_url=address, timeout=30, trust_env=False)
        self._variants = variants
        self._book = book
        self._closing = closing
        self._chance = random.Random(seed)

    def live(self) -> None:
        with self._http:
            while not self._closing.is_set():
                try:
                    self._buy()
                except Exception as error:  # noqa: BLE001 - it is told by the test's own thread
                    self._book.note_fault(repr(error))
                    return

    def _buy(self) -> None:
        variant_id, quantity = self._chance.choice(self._variants), self._chance.choice((1, 1, 2))
        line = {"variant_id": str(variant_id), "quantity": quantity}
        token = self._expect(201, "POST", "/api/v1/basket/lines", line)["token"]
        form = {
            **FORM,
            "phone": f"+7916{self._chance.randrange(10**7):07}",
            "payment_method": self._chance.choice(("cash", "card")),
        }
        self._expect(204, "PUT", "/api/v1/basket/details", form, token=token)
        basket = self._expect(200, "GET", "/api/v1/basket", token=token)
        kept = [one["quantity"] for one in basket["lines"]]
        assert kept == [f"{quantity}.000"], f"the basket is not what was put in: {basket}"
        key = uuid4().hex
        wish = {"expected_total_minor": basket["totals"]["total"]["minor"]}
        answer = self._call("POST", "/api/v1/orders", wish, token=token, key=key)
        if answer.status_code == httpx.codes.CONFLICT and answer.json()["code"] in SOLD_OUT:
            self._book.note_refusal()
            return
        assert answer.status_code == httpx.codes.CREATED, answer.text
        placed = answer.json()
        while placed["needs_page"] and placed["redirect_url"] is None:
            time.sleep(PAUSE_SECONDS)  # the page is not ready yet: the answer asks to come again
            placed = self._same_order(placed, wish, token, key)
        if placed["needs_page"]:
            self._pay(placed["redirect_url"])
        self._book.note_receipt(
            Receipt(
                order_id=UUID(placed["order_id"]),
                number=placed["number"],
                key=key,
                variant_id=variant_id,
                quantity=quantity,
                is_paid=placed["needs_page"],
            )
        )
        if self._chance.random() < 0.25:
            self._same_order(placed, wish, token, key)

    def _same_order(self, placed: Any, wish: Any, token: str, key: str) -> Any:
        again = self._expect(201, "POST", "/api/v1/orders", wish, token=token, key=key)
        assert again["order_id"] == placed["order_id"], "one key made two orders"
        return again

    def _pay(self, page: str) -> None:
        """Press the button on the acquirer's page; the acquirer is never killed."""
        answer = self._http.post(page, data={"action": "pay"})
        assert answer.status_code == httpx.codes.SEE_OTHER, f"pay: {answer.text}"

    def _expect(self, status: int, *request: Any, **more: str) -> Any:
        answer = self._call(*request, **more)
        assert answer.status_code == status, f"{request[:2]}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def _call(
        self, method: str, path: str, body: Any = None, *, token: str = "", key: str = ""
    ) -> httpx.Response:
        """Send until there is an answer, always with the same key."""
        headers = {"Idempotency-Key": key or uuid4().hex}
        if token:
            headers["X-Basket-Token"] = token
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            self._book.note_sent()
            try:
                answer = self._http.request(method, path, json=body, headers=headers)
            except httpx.TransportError as error:
                self._book.note_answer(type(error).__name__)
            else:
                code = _code_of(answer)
                self._book.note_answer(f"{answer.status_code} {code}".strip())
                # Anything but "come again" is an answer, a bug (500) too.
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE and code not in COME_AGAIN:
                    return answer
            assert time.monotonic() < give_up_at, f"{method} {path} never got an answer"
            time.sleep(PAUSE_SECONDS)  # as a polite program waits before it repeats


def _code_of(answer: httpx.Response) -> str:
    if answer.headers.get("content-type") != "application/problem+json":
        return ""
    return str(answer.json()["code"])
