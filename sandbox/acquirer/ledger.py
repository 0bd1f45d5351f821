"""Payments at the acquirer, and what may be done with them."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec

from sandbox.acquirer.clock import Clock, Setting

PENDING, AUTHORISED, CAPTURED = "pending", "authorised", "captured"
REFUNDED, CANCELLED, DECLINED = "refunded", "cancelled", "declined"
EXPIRED = "expired"
HOLD_SECONDS = 7 * 24 * 3600.0


class Refund(msgspec.Struct):
    """Money given back, by the key it was asked under."""

    key: str
    amount: int


class Payment(msgspec.Struct):
    """A payment; amounts in minor units."""

    id: str
    shop: str
    key: str
    amount: int
    currency: str
    description: str
    language: str
    capture: bool
    return_url: str
    notice_url: str
    created_at: str
    state: str = PENDING
    authorised: int = 0
    captured: int = 0
    refunded: int = 0
    refunds: list[Refund] = []
    reason: str | None = None
    expires_at: datetime | None = None
    """When held money is let go by itself."""
    released: int = 0
    """What was held and let go, because less was captured."""
    capture_key: str | None = None


@dataclass
class Refused(Exception):
    """The acquirer says no; `payment` is given where its state is why."""

    error: str
    status: int = 422
    payment: Payment | None = None


@dataclass
class Ledger:
    """All payments, in memory, and in a file if there is one."""

    payments: dict[str, Payment] = field(default_factory=dict)
    by_key: dict[tuple[str, str], str] = field(default_factory=dict)
    file: sqlite3.Connection | None = None
    clock: Clock = field(default_factory=lambda: Clock(Setting()))
    hold_seconds: float = HOLD_SECONDS

    @classmethod
    def open(cls, path: str | None) -> "Ledger":
        """Open a ledger, with what the file holds."""
        ledger = cls()
        if path is not None:
            ledger.file = sqlite3.connect(path, isolation_level=None)
            ledger.file.execute("pragma journal_mode = wal")
            ledger.file.execute(
                "create table if not exists payment (id text primary key, body blob)"
            )
            for (body,) in ledger.file.execute("select body from payment order by rowid"):
                ledger._remember(msgspec.json.decode(body, type=Payment))
        return ledger

    def _remember(self, payment: Payment) -> None:
        self.payments[payment.id] = payment
        self.by_key[payment.shop, payment.key] = payment.id

    def keep(self, payment: Payment) -> None:
        """Write a payment down."""
        self._remember(payment)
        if self.file is not None:
            self.file.execute(
                "insert into payment (id, body) values (?, ?)"
                " on conflict (id) do update set body = excluded.body",
                (payment.id, msgspec.json.encode(payment)),
            )

    def create(self, shop: str, key: str, asked: dict[str, Any]) -> Payment:
        """Make a payment; the same key gives the first one."""
        known = self.by_key.get((shop, key))
        if known is not None:
            payment = self.payments[known]
            if payment.amount != asked.get("amount"):
                raise Refused("the key was used for another amount")
            return payment
        amount = asked.get("amount")
        if not isinstance(amount, int) or amount <= 0:
            raise Refused("amount must be a positive whole number")
        payment = Payment(
            id=f"p-{uuid4().hex[:20]}",
            shop=shop,
            key=key,
            amount=amount,
            currency=str(asked.get("currency", "")),
            description=str(asked.get("description", ""))[:200],
            language=str(asked.get("language", "en")),
            capture=bool(asked.get("capture", True)),
            return_url=str(asked.get("return_url", "")),
            notice_url=str(asked.get("notice_url", "")),
            created_at=self.clock.now().isoformat(),
        )
        self.keep(payment)
        return payment

    def find(self, payment_id: str, shop: str | None = None) -> Payment:
        """Give a payment, of that shop only if one is named."""
        payment = self.payments.get(payment_id)
        if payment is None or (shop is not None and payment.shop != shop):
            raise Refused("no such payment", 404)
        self.expire(payment)
        return payment

    def expire(self, payment: Payment) -> bool:
        """Let a hold go whose time is over; True if that happened just now."""
        ends = payment.expires_at
        if payment.state != AUTHORISED or ends is None or self.clock.now() < ends:
            return False
        payment.state, payment.reason, payment.authorised = EXPIRED, "expired_on_capture", 0
        self.keep(payment)
        return True

    def expire_all(self) -> list[Payment]:
        """Let every hold go whose time is over; give those."""
        return [payment for payment in list(self.payments.values()) if self.expire(payment)]

    def pay(self, payment: Payment) -> bool:
        """Take the payer's money; False if that is not possible any more."""
        if payment.state != PENDING:
            return False
        payment.state, payment.authorised = AUTHORISED, payment.amount
        if payment.capture:
            payment.state, payment.captured = CAPTURED, payment.amount
        else:
            payment.expires_at = self.clock.now() + timedelta(seconds=self.hold_seconds)
        self.keep(payment)
        return True

    def decline(self, payment: Payment, reason: str) -> bool:
        """Refuse the payer's card."""
        if payment.state != PENDING:
            return False
        payment.state, payment.reason = DECLINED, reason
        self.keep(payment)
        return True

    def capture(self, payment: Payment, key: str, amount: int) -> Payment:
        """Take held money once, all or a part; what is not taken is let go."""
        if payment.capture_key == key and payment.state in {CAPTURED, REFUNDED}:
            return payment
        if payment.state != AUTHORISED:
            raise Refused(f"a payment that is {payment.state} cannot be captured", 409, payment)
        if not 0 < amount <= payment.authorised:
            raise Refused("more than is held")
        payment.state, payment.captured, payment.capture_key = CAPTURED, amount, key
        payment.released, payment.authorised = payment.authorised - amount, amount
        self.keep(payment)
        return payment

    def refund(self, payment: Payment, key: str, amount: int) -> Payment:
        """Give money back; the same key does it once."""
        if any(refund.key == key for refund in payment.refunds):
            return payment
        if not 0 < amount <= payment.captured - payment.refunded:
            raise Refused("more than was taken and not given back")
        payment.refunds.append(Refund(key=key, amount=amount))
        payment.refunded += amount
        if payment.refunded == payment.captured:
            payment.state = REFUNDED
        self.keep(payment)
        return payment

    def cancel(self, payment: Payment) -> Payment:
        """Call a payment off before money moved."""
        if payment.state == CANCELLED:
            return payment
        if payment.state not in {PENDING, AUTHORISED}:
            raise Refused(f"a payment that is {payment.state} cannot be cancelled", 409, payment)
        payment.state, payment.authorised = CANCELLED, 0
        self.keep(payment)
        return payment
